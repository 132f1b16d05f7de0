//! Tries mutants: each on a database of its own, scenario after scenario until one turns red.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use super::behaviour::{Touched, judges};
use super::{Mutant, Standing, inexpressible};
use crate::diag::Span;
use crate::engine::EngineError;
use crate::interrupt;
use crate::model::Schema;
use crate::story::format::{Scenario, Story};
use crate::story::report::Failure;
use crate::story::run::{Ground, RunOptions, World, run_scenario};

/// Makes databases of mutants.
pub trait Laboratory: Sync {
    /// A database of this schema, in all else like the migrated one, that says so
    /// ([`World::schema`]). It goes away with the value.
    ///
    /// # Errors
    /// When it cannot be made.
    fn specimen(&self, schema: &Schema) -> Result<Box<dyn World>, EngineError>;
}

/// A mutant and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// The mutant.
    pub mutant: Mutant,
    /// What became of it.
    pub verdict: Verdict,
    /// How long it took.
    pub duration: Duration,
}

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// A scenario turned red.
    Killed(Killer),
    /// None did.
    Survived,
    /// No row can tell it from the schema, for this reason.
    Equivalent(String),
    /// It is an index for speed that no story's plan names.
    NoPlan,
    /// It could not be tried, for this reason.
    Untried(String),
}

/// The scenario that killed a mutant.
#[derive(Debug, Clone, PartialEq)]
pub struct Killer {
    /// Its story.
    pub story: String,
    /// Its name.
    pub scenario: String,
    /// The number of the step that did not go as it says.
    pub step: String,
    /// What was wrong.
    pub message: String,
    /// The place of the step.
    pub span: Option<Span>,
}

/// What a run of mutants came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Trials {
    /// The mutants in their order, with what became of each.
    pub trials: Vec<Trial>,
    /// How many scenarios judged.
    pub judges: usize,
    /// The scenarios that did not.
    pub set_aside: Vec<SetAside>,
}

/// A scenario that may not judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Its story.
    pub story: String,
    /// Its name.
    pub scenario: String,
    /// Why it would kill mutants for nothing.
    pub reason: String,
}

/// A scenario that may judge, with what it touches.
struct Judge<'s> {
    story: &'s Story,
    scenario: &'s Scenario,
    touched: Touched,
}

/// Tries every mutant that counts, several at once, and tells `progress` of each that was tried.
/// The trials come in the order of the mutants whatever ends first.
///
/// `ground` is what the stories hold on: its schema is the whole one, and its database is not used.
///
/// # Errors
/// When not even a database with nothing broken can be made.
pub fn run(
    ground: &Ground<'_>,
    stories: &[Story],
    mutants: Vec<Mutant>,
    laboratory: &dyn Laboratory,
    options: &RunOptions,
    progress: &(dyn Fn(&Mutant) + Sync),
) -> Result<Trials, EngineError> {
    let whole = laboratory.specimen(ground.schema)?;
    let (judges, set_aside) = bench(ground, stories, whole.as_ref(), options)?;
    let next = AtomicUsize::new(0);
    let ended: Mutex<Vec<Option<(Verdict, Duration)>>> = Mutex::new(vec![None; mutants.len()]);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(mutants.len()) {
            scope.spawn(|| {
                while let Some((at, mutant)) = take(&next, &mutants) {
                    let clock = Stopwatch::now();
                    let verdict = verdict(ground, &judges, mutant, laboratory, options);
                    let mut ended = ended
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    ended[at] = Some((verdict, clock.elapsed()));
                    drop(ended);
                    progress(mutant);
                }
            });
        }
    });
    let ended = ended
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let trials = mutants.into_iter().zip(ended).map(|(mutant, ended)| {
        let (verdict, duration) = ended.expect("a thread that panics ends the run");
        Trial {
            mutant,
            verdict,
            duration,
        }
    });
    Ok(Trials {
        trials: trials.collect(),
        judges: judges.len(),
        set_aside,
    })
}

fn take<'m>(next: &AtomicUsize, mutants: &'m [Mutant]) -> Option<(usize, &'m Mutant)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, mutants.get(at)?))
}

/// The scenarios that were asked for: those that may judge, and those that may not. A scenario that
/// fails on a specimen with nothing broken would fail on each, and is no judge of any.
fn bench<'s>(
    ground: &Ground<'_>,
    stories: &'s [Story],
    whole: &dyn World,
    options: &RunOptions,
) -> Result<(Vec<Judge<'s>>, Vec<SetAside>), EngineError> {
    let mut bench = Vec::new();
    let mut aside = Vec::new();
    for story in stories {
        for scenario in &story.scenarios {
            if !options.chooses(&scenario.name) {
                continue;
            }
            let reason = if judges(scenario) {
                let world = whole.fresh()?;
                let ground = Ground {
                    world: &*world,
                    ..*ground
                };
                let control = run_scenario(&ground, story, scenario, options);
                let failed = control.failure.map(|failure| failure.finding.message);
                failed.map(|message| format!("it fails with nothing broken: {message}"))
            } else {
                Some("it looks at the form of the database, or changes it".to_owned())
            };
            match reason {
                None => bench.push(Judge {
                    story,
                    scenario,
                    touched: Touched::by(scenario),
                }),
                Some(reason) => aside.push(SetAside {
                    story: story.id.clone(),
                    scenario: scenario.name.clone(),
                    reason,
                }),
            }
        }
    }
    Ok((bench, aside))
}

fn verdict(
    ground: &Ground<'_>,
    bench: &[Judge<'_>],
    mutant: &Mutant,
    laboratory: &dyn Laboratory,
    options: &RunOptions,
) -> Verdict {
    match &mutant.standing {
        Standing::Equivalent(why) => return Verdict::Equivalent(why.clone()),
        Standing::NoPlan => return Verdict::NoPlan,
        Standing::Counts => {}
    }
    if let Some(finding) = inexpressible(mutant, ground.dialect) {
        return Verdict::Untried(finding.message);
    }
    let specimen = match laboratory.specimen(&mutant.schema(ground.schema)) {
        Ok(specimen) => specimen,
        Err(error) => return Verdict::Untried(error.message),
    };
    // A stable sort: equally likely ones stay in the order of the stories.
    let mut bench: Vec<&Judge<'_>> = bench.iter().collect();
    bench.sort_by_key(|judge| judge.touched.distance(mutant));
    if mutant.takes_others {
        bench.retain(|judge| judge.touched.distance(mutant) == 0);
    }
    for judge in bench {
        if interrupt::asked() {
            return Verdict::Untried("the run was interrupted".to_owned());
        }
        // What another scenario left behind must not be what turns this one red.
        let world = match specimen.fresh() {
            Ok(world) => world,
            Err(error) => return Verdict::Untried(error.message),
        };
        let ground = Ground {
            world: &*world,
            ..*ground
        };
        let result = run_scenario(&ground, judge.story, judge.scenario, options);
        let Some(failure) = result.failure else {
            continue;
        };
        if failure.finding.code == "story/connection" {
            return Verdict::Untried(failure.finding.message);
        }
        if kills(mutant, &failure) {
            return Verdict::Killed(Killer {
                story: judge.story.id.clone(),
                scenario: judge.scenario.name.clone(),
                step: failure.step,
                message: failure.finding.message,
                span: failure.finding.span,
            });
        }
    }
    Verdict::Survived
}

/// Whether a failure shows what is broken.
fn kills(mutant: &Mutant, failure: &Failure) -> bool {
    match failure.finding.code {
        "story/plan" => mutant.is_for_speed,
        _ => true,
    }
}

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
pub fn run(
    ground: &Ground<'_>,
    stories: &[Story],
    mutants: Vec<Mutant>,
    laboratory: &dyn Laboratory,
    options: &RunOptions,
    progress: &(dyn Fn(&Mutant) + Sync),
) -> Vec<Trial> {
    let judges = bench(stories, options);
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
    mutants
        .into_iter()
        .zip(ended)
        .map(|(mutant, ended)| {
            let (verdict, duration) = ended.expect("a thread that panics ends the run");
            Trial {
                mutant,
                verdict,
                duration,
            }
        })
        .collect()
}

fn take<'m>(next: &AtomicUsize, mutants: &'m [Mutant]) -> Option<(usize, &'m Mutant)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, mutants.get(at)?))
}

/// The scenarios that were asked for and may judge.
fn bench<'s>(stories: &'s [Story], options: &RunOptions) -> Vec<Judge<'s>> {
    let mut bench = Vec::new();
    for story in stories {
        for scenario in &story.scenarios {
            if options.chooses(&scenario.name) && judges(scenario) {
                bench.push(Judge {
                    story,
                    scenario,
                    touched: Touched::by(scenario),
                });
            }
        }
    }
    bench
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

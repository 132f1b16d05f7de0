//! Runs stories against a database.
//!
//! Scenarios run in declared order, each on a connection of its own and in tenants of its own. A
//! scenario that fails does not stop the others unless the options say so. Whatever happens, there
//! is a report.

mod actor;
mod catalog;
mod concurrent;
mod connection;
mod crash;
mod evidence;
mod expect;
mod guarded;
mod project;
mod query;
mod rows;
mod stop;
mod term;
mod write;

pub(in crate::story) use write::needs_value;

use std::path::PathBuf;
use std::time::{Duration, Instant as Stopwatch};

use super::Tenancy;
use super::against::Against;
use super::apart::Apart;
use super::clock::Instant;
use super::format::{Action, Criterion, GroundKind, ProvenBy, Scenario, Step, Story};
use super::generate::Generator;
use super::report::{
    CriterionResult, CriterionStatus, Failure, ScenarioResult, ScenarioStatus, StoryReport,
    StoryResult,
};
use crate::diag::{Diagnostic, Phase};
use crate::dialect::Dialect;
use crate::engine::{Catalog, EngineError, ErrorKind, Session};
use crate::exit::Exit;
use crate::migration::Version;
use crate::model::Schema;
use crate::settings::Settings;
use stop::Stop;

/// A throwaway database to which all migrations were applied, as the caller keeps it.
///
/// Between calls an implementation holds no connection open through which rows are read or written,
/// so that a step `restart` really leaves the database without any.
pub trait World: Sync {
    /// A new connection to the database.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open(&self) -> Result<Box<dyn Session>, EngineError>;

    /// How the live catalog differs from what the migrations made.
    ///
    /// # Errors
    /// When it cannot be read.
    fn drift(&self) -> Result<Vec<Diagnostic>, EngineError>;

    /// The catalogs of this database's migrations applied twice to two empty databases.
    ///
    /// # Errors
    /// When a migration fails or a catalog cannot be read.
    fn second_catalog(&self) -> Result<(Catalog, Catalog), EngineError>;

    /// Another database of the same kind, for a scenario that changes the database itself. It goes
    /// away with the value.
    ///
    /// # Errors
    /// When it cannot be made.
    fn fresh(&self) -> Result<Box<dyn World>, EngineError>;

    /// Another, empty database of the same kind, with the same migrations. It goes away with the
    /// value.
    ///
    /// # Errors
    /// When it cannot be made.
    fn empty(&self) -> Result<Box<dyn World>, EngineError> {
        Err(unable("makes no empty database"))
    }

    /// A connection to the database that a process of its own holds, so that the process can be
    /// killed.
    ///
    /// # Errors
    /// When the process cannot be started, or cannot open the database.
    fn open_apart(&self) -> Result<Apart, EngineError> {
        Err(unable("has no process of its own to kill"))
    }

    /// The folder with this database's migrations. A scenario may change it, so it is a copy.
    ///
    /// # Errors
    /// When it cannot be copied.
    fn migrations(&self) -> Result<PathBuf, EngineError> {
        Err(unable("has no migrations folder"))
    }

    /// Applies what is pending, up to and including a version, as the command `migrate` does; how
    /// many migrations that were.
    ///
    /// # Errors
    /// How it ended, and what it found.
    fn migrate(&self, to: Option<&Version>) -> Result<usize, (Exit, Vec<Diagnostic>)> {
        let _ = to;
        let why = unable("applies no migrations").message;
        let finding = Diagnostic::error(Phase::Migration, "story/unable", why);
        Err((Exit::Unexpected, vec![finding]))
    }

    /// What the command `drift-check` says of the database and the folder.
    ///
    /// # Errors
    /// When the database or the folder cannot be read.
    fn gate(&self) -> Result<(Exit, Vec<Diagnostic>), EngineError> {
        Err(unable("has no migrations folder"))
    }

    /// The settings that connections are resolved by.
    fn settings(&self) -> Option<&Settings> {
        None
    }

    /// The neutral schema that the database really has, where that is on purpose not the one that
    /// the stories were loaded with. Engines that do not name a key tell its columns, and those are
    /// the real ones.
    fn schema(&self) -> Option<&Schema> {
        None
    }

    /// Why its catalog cannot be held against what was declared, where it cannot: a stand-in tells
    /// too little. Scenarios that ask for the catalog are then not judged.
    fn silence(&self) -> Option<&str> {
        None
    }
}

/// The error of a [`World`] that lacks something.
fn unable(what: &str) -> EngineError {
    let message = format!("what the stories run on {what}");
    EngineError::new(ErrorKind::Statement, message)
}

/// What stories run on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The neutral schema that the stories were loaded with.
    pub schema: &'a Schema,
    /// Which tables belong to tenants.
    pub tenancy: &'a Tenancy,
    /// The language of the database.
    pub dialect: &'a dyn Dialect,
    /// The database.
    pub world: &'a dyn World,
}

impl<'a> Ground<'a> {
    /// The schema that the database really has.
    fn real_schema(&self) -> &'a Schema {
        self.world.schema().unwrap_or(self.schema)
    }
}

/// How to run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// What generated values and tenants are derived from. On a database that outlives the run,
    /// each run needs its own, since the tenants of one seed are the same each time.
    pub seed: u32,
    /// The instant of the run's clock; the database's present time when it is not said.
    pub now: Option<Instant>,
    /// Stop at the first scenario that fails.
    pub fail_fast: bool,
    /// Only scenarios whose name contains one of these texts; all when it is empty.
    pub only: Vec<String>,
    /// The environment in which scenarios look for what the application wrote. Without it they are
    /// not run.
    pub against: Option<Against>,
}

impl RunOptions {
    /// Whether the scenario of this name is to run.
    pub fn chooses(&self, scenario: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| scenario.contains(part))
    }
}

/// Why a scenario was skipped that the options leave out.
const NOT_RUN: &str = "it was not run";

/// Runs stories and tells `progress` of each scenario that has ended, with its story's identifier.
pub fn run(
    ground: &Ground<'_>,
    stories: &[Story],
    options: &RunOptions,
    progress: &mut dyn FnMut(&str, &ScenarioResult),
) -> StoryReport {
    let mut stopped = false;
    let mut results = Vec::new();
    for story in stories {
        let mut scenarios = Vec::new();
        for scenario in &story.scenarios {
            let chosen = options.chooses(&scenario.name)
                && (scenario.ground != GroundKind::Against || options.against.is_some());
            let result = if stopped || !chosen {
                skipped(scenario, NOT_RUN)
            } else if let Some(why) = ground
                .world
                .silence()
                .filter(|_| asks_catalog(&scenario.steps))
            {
                skipped(scenario, why)
            } else {
                run_scenario(ground, story, scenario, options)
            };
            stopped |= options.fail_fast && result.status == ScenarioStatus::Failed;
            progress(&story.id, &result);
            scenarios.push(result);
        }
        results.push(StoryResult {
            id: story.id.clone(),
            title: story.title.clone(),
            criteria: story
                .criteria
                .iter()
                .map(|criterion| judge(criterion, &scenarios))
                .collect(),
            scenarios,
        });
    }
    StoryReport {
        seed: options.seed,
        stories: results,
    }
}

/// Runs one scenario.
pub(in crate::story) fn run_scenario(
    ground: &Ground<'_>,
    story: &Story,
    scenario: &Scenario,
    options: &RunOptions,
) -> ScenarioResult {
    let start = Stopwatch::now();
    let generator = Generator::new(options.seed.into(), &story.id, &scenario.name);
    let perform =
        |ground: &Ground<'_>, now, window| actor::perform(ground, scenario, generator, now, window);
    let apart = |world: Result<Box<dyn World>, EngineError>| match world {
        Ok(world) => Ok(world),
        Err(error) => Err(stop::unreachable(&error, &scenario.span)),
    };
    let failure = match scenario.ground {
        GroundKind::Shared => perform(ground, options.now, None),
        // The next scenario must not find what this one breaks.
        GroundKind::Own | GroundKind::Empty => {
            let world = match scenario.ground {
                GroundKind::Empty => ground.world.empty(),
                _ => ground.world.fresh(),
            };
            apart(world).and_then(|world| {
                let ground = Ground {
                    world: &*world,
                    ..*ground
                };
                perform(&ground, options.now, None)
            })
        }
        GroundKind::Against => match &options.against {
            // Whoever calls has skipped it.
            None => Ok(()),
            Some(against) => {
                let ground = Ground {
                    world: &*against.world,
                    dialect: &*against.dialect,
                    ..*ground
                };
                // The rows there are as old as the clock there says.
                perform(&ground, None, Some(against.window.clone()))
            }
        },
    };
    if let Err(Stop::Refused(refused)) = &failure
        && refused.is_gap()
    {
        let why = format!("not judged on this engine: {}", refused.error.message);
        return skipped(scenario, &why);
    }
    let failure = failure.err().map(|stop| {
        let (step, _, mut finding) = stop.into_finding();
        let place = if step.is_empty() {
            String::new()
        } else {
            format!(", step {step}")
        };
        finding.phase = Phase::Persistence;
        finding.message = format!(
            "{}, {:?}{place}: {}",
            story.id, scenario.name, finding.message
        );
        Failure { step, finding }
    });
    let status = match failure {
        None => ScenarioStatus::Passed,
        Some(_) => ScenarioStatus::Failed,
    };
    outcome(scenario, status, start.elapsed(), failure)
}

fn skipped(scenario: &Scenario, why: &str) -> ScenarioResult {
    ScenarioResult {
        reason: Some(why.to_owned()),
        ..outcome(scenario, ScenarioStatus::Skipped, Duration::ZERO, None)
    }
}

fn outcome(
    scenario: &Scenario,
    status: ScenarioStatus,
    duration: Duration,
    failure: Option<Failure>,
) -> ScenarioResult {
    ScenarioResult {
        name: scenario.name.clone(),
        proves: scenario.proves.clone(),
        status,
        duration,
        against: scenario.ground == GroundKind::Against,
        span: scenario.span.clone(),
        reason: None,
        failure,
    }
}

/// Whether steps hold the catalog against what was declared. That nothing changed since the
/// migrations ran can be seen in any catalog.
fn asks_catalog(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.action {
        Action::ExpectCatalog(_) | Action::ExpectPlan(_) | Action::ExpectGate(_) => true,
        Action::ExpectDrift(objects) => !objects.is_empty(),
        Action::Transaction(transaction) => asks_catalog(&transaction.steps),
        Action::Crash(crash) => asks_catalog(&crash.steps),
        Action::Concurrently(concurrently) => asks_catalog(&concurrently.steps),
        Action::ExpectError(expected) => asks_catalog(std::slice::from_ref(&expected.step)),
        Action::ExpectFailure(expected) => asks_catalog(std::slice::from_ref(&expected.step)),
        _ => false,
    })
}

/// What became of a criterion, given the scenarios of its story.
fn judge(criterion: &Criterion, scenarios: &[ScenarioResult]) -> CriterionResult {
    let by: Vec<&ScenarioResult> = scenarios
        .iter()
        .filter(|scenario| scenario.proves.contains(&criterion.id))
        .collect();
    let elsewhere = match criterion.proven_by {
        ProvenBy::Database | ProvenBy::Settings => None,
        ProvenBy::Application => Some(
            "only the running application can prove it: a scenario that writes a row itself says \
             nothing about the application",
        ),
        ProvenBy::Environment => Some(
            "only the environment can prove it: a throwaway database has neither its server nor \
             its secret",
        ),
    };
    // What a throwaway database shows proves nothing about what is elsewhere.
    let telling: Vec<ScenarioStatus> = by
        .iter()
        .filter(|scenario| elsewhere.is_none() || scenario.against)
        .map(|scenario| scenario.status)
        .collect();
    let any = |status| telling.contains(&status);
    let (status, reason) = match elsewhere {
        _ if any(ScenarioStatus::Failed) => (CriterionStatus::Failed, None),
        None if telling.is_empty() => (
            CriterionStatus::Unproven,
            Some("no scenario proves it".to_owned()),
        ),
        None if any(ScenarioStatus::Skipped) => {
            let mut reasons = by.iter().filter_map(|scenario| scenario.reason.as_deref());
            let silence = reasons.find(|reason| *reason != NOT_RUN);
            let reason = silence.unwrap_or("a scenario that proves it was not run");
            (CriterionStatus::Unproven, Some(reason.to_owned()))
        }
        Some(why) if telling.is_empty() => (CriterionStatus::NotProvenHere, Some(why.to_owned())),
        Some(why) if any(ScenarioStatus::Skipped) => (
            CriterionStatus::NotProvenHere,
            Some(format!("{why}; --against ENV looks there")),
        ),
        _ => (CriterionStatus::Proven, None),
    };
    CriterionResult {
        id: criterion.id.clone(),
        text: criterion.text.clone(),
        proven_by: criterion.proven_by,
        status,
        reason,
        by: by
            .into_iter()
            .map(|scenario| scenario.name.clone())
            .collect(),
    }
}

#[cfg(test)]
pub(in crate::story) mod tests;

//! Runs stories against a database.
//!
//! Scenarios run in declared order, each on a connection of its own and in tenants of its own. A
//! scenario that fails does not stop the others unless the options say so. Whatever happens, there
//! is a report.

mod actor;
mod catalog;
mod concurrent;
mod expect;
mod rows;
mod stop;
mod write;

use std::time::{Duration, Instant as Stopwatch};

use super::Tenancy;
use super::clock::Instant;
use super::format::{Action, Criterion, ProvenBy, Scenario, Step, Story};
use super::generate::Generator;
use super::report::{
    CriterionResult, CriterionStatus, Failure, ScenarioResult, ScenarioStatus, StoryReport,
    StoryResult,
};
use crate::diag::{Diagnostic, Phase};
use crate::dialect::Dialect;
use crate::engine::{Catalog, EngineError, Session};
use crate::model::Schema;

/// A throwaway database to which all migrations were applied, as the caller keeps it.
///
/// Between calls an implementation holds no connection open, so that a step `restart` really
/// leaves the database without any.
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

    /// The neutral schema that the database really has, where that is on purpose not the one that
    /// the stories were loaded with. Engines that do not name a key tell its columns, and those are
    /// the real ones.
    fn schema(&self) -> Option<&Schema> {
        None
    }
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
}

impl RunOptions {
    /// Whether the scenario of this name is to run.
    pub fn chooses(&self, scenario: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| scenario.contains(part))
    }
}

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
            let result = if stopped || !options.chooses(&scenario.name) {
                outcome(scenario, ScenarioStatus::Skipped, Duration::ZERO, None)
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
    let failure = if alters(&scenario.steps) {
        // The next scenario must not find what this one breaks.
        match ground.world.fresh() {
            Ok(world) => {
                let ground = Ground {
                    world: &*world,
                    ..*ground
                };
                actor::perform(&ground, scenario, generator, options.now)
            }
            Err(error) => Err(stop::unreachable(&error, &scenario.span)),
        }
    } else {
        actor::perform(ground, scenario, generator, options.now)
    };
    let failure = failure.err().map(|stop| {
        let (step, mut finding) = stop.into_finding();
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
        span: scenario.span.clone(),
        failure,
    }
}

/// Whether steps change the database itself.
fn alters(steps: &[Step]) -> bool {
    // `alter` stands in no transaction, copy or expected error: the loader sees to it.
    steps
        .iter()
        .any(|step| matches!(step.action, Action::Alter(_)))
}

/// What became of a criterion, given the scenarios of its story.
fn judge(criterion: &Criterion, scenarios: &[ScenarioResult]) -> CriterionResult {
    let by: Vec<&ScenarioResult> = scenarios
        .iter()
        .filter(|scenario| scenario.proves.contains(&criterion.id))
        .collect();
    let any = |status| by.iter().any(|scenario| scenario.status == status);
    let (status, reason) = match criterion.proven_by {
        ProvenBy::Application => (
            CriterionStatus::NotProvenHere,
            Some(
                "only the running application can prove it: a scenario that writes a row itself \
                 says nothing about the application",
            ),
        ),
        ProvenBy::Environment => (
            CriterionStatus::NotProvenHere,
            Some(
                "only the environment can prove it: a throwaway database has neither its server \
                 nor its secret",
            ),
        ),
        ProvenBy::Database if any(ScenarioStatus::Failed) => (CriterionStatus::Failed, None),
        ProvenBy::Database if by.is_empty() => {
            (CriterionStatus::Unproven, Some("no scenario proves it"))
        }
        ProvenBy::Database if any(ScenarioStatus::Skipped) => (
            CriterionStatus::Unproven,
            Some("a scenario that proves it was not run"),
        ),
        ProvenBy::Database => (CriterionStatus::Proven, None),
    };
    CriterionResult {
        id: criterion.id.clone(),
        text: criterion.text.clone(),
        proven_by: criterion.proven_by,
        status,
        reason: reason.map(str::to_owned),
        by: by
            .into_iter()
            .map(|scenario| scenario.name.clone())
            .collect(),
    }
}

#[cfg(test)]
pub(in crate::story) mod tests;

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

    /// Why its catalog cannot be held against what was declared, where it cannot: a stand-in tells
    /// too little. Scenarios that ask for the catalog are then not judged.
    fn silence(&self) -> Option<&str> {
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
            let only = &options.only;
            let chosen = only.is_empty() || only.iter().any(|part| scenario.name.contains(part));
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

fn run_scenario(
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
    if let Err(Stop::Refused(refused)) = &failure
        && refused.is_gap()
    {
        let why = format!("not judged on this engine: {}", refused.error.message);
        return skipped(scenario, &why);
    }
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
        span: scenario.span.clone(),
        reason: None,
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

/// Whether steps hold the catalog against what was declared. That nothing changed since the
/// migrations ran can be seen in any catalog.
fn asks_catalog(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.action {
        Action::ExpectCatalog(_) | Action::ExpectPlan(_) => true,
        Action::ExpectDrift(objects) => !objects.is_empty(),
        Action::Transaction(transaction) => asks_catalog(&transaction.steps),
        Action::Concurrently(concurrently) => asks_catalog(&concurrently.steps),
        Action::ExpectError(expected) => asks_catalog(std::slice::from_ref(&expected.step)),
        _ => false,
    })
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
        ProvenBy::Database if any(ScenarioStatus::Skipped) => {
            let mut reasons = by.iter().filter_map(|scenario| scenario.reason.as_deref());
            let silence = reasons.find(|reason| *reason != NOT_RUN);
            let reason = silence.unwrap_or("a scenario that proves it was not run");
            (CriterionStatus::Unproven, Some(reason))
        }
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
mod tests;

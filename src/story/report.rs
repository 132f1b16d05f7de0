//! What a run of stories found, as plain values for every renderer.
//!
//! As JSON (all keys camelCase):
//!
//! ```json
//! {
//!   "seed": 7,
//!   "stories": [{
//!     "id": "S2vDB-03",
//!     "title": "…",
//!     "criteria": [{
//!       "id": "intakeAtomic", "text": "…", "provenBy": "database",
//!       "status": "proven",          // proven | failed | notProvenHere | unproven
//!       "reason": null,              // why it is not proven, when it is not
//!       "by": ["scenario name"]
//!     }],
//!     "scenarios": [{
//!       "name": "…", "proves": ["intakeAtomic"],
//!       "status": "passed",          // passed | failed | skipped
//!       "durationMs": 12.5,
//!       "against": false,            // whether it looks into an environment
//!       "file": "fixtures/stories/S2vDB-03.yaml", "line": 20,
//!       "reason": null,              // why it was skipped
//!       "failure": null              // or code, step, message, help, file, line, column,
//!     }]                             // expected, found
//!   }]
//! }
//! ```

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::format::ProvenBy;
use crate::diag::{Diagnostic, Span};

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoryReport {
    /// What generated values and tenants were derived from; the same seed makes the same ones.
    pub seed: u32,
    /// The stories in the order of their identifiers.
    pub stories: Vec<StoryResult>,
}

/// The result of a story.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoryResult {
    /// Its identifier.
    pub id: String,
    /// What it promises.
    pub title: String,
    /// Its criteria in declared order.
    pub criteria: Vec<CriterionResult>,
    /// Its scenarios in the order in which they ran.
    pub scenarios: Vec<ScenarioResult>,
}

/// What became of a criterion.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CriterionResult {
    /// Its identifier within the story.
    pub id: String,
    /// What is promised.
    pub text: String,
    /// What it takes to prove it.
    pub proven_by: ProvenBy,
    /// What became of it.
    pub status: CriterionStatus,
    /// Why it is neither proven nor failed.
    pub reason: Option<String>,
    /// The scenarios that name it.
    pub by: Vec<String>,
}

/// What became of a criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CriterionStatus {
    /// Every scenario that proves it passed, and there is one (✓).
    Proven,
    /// A scenario that proves it failed (✗).
    Failed,
    /// A throwaway database cannot prove it, whatever its scenarios say, and no environment was
    /// looked at (○).
    NotProvenHere,
    /// No scenario proves it, or one that does was not run (○).
    Unproven,
}

/// What became of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScenarioResult {
    /// Its name.
    pub name: String,
    /// The criteria that it names.
    pub proves: Vec<String>,
    /// What became of it.
    pub status: ScenarioStatus,
    /// How long it took; zero when it was skipped.
    #[serde(rename = "durationMs", serialize_with = "milliseconds")]
    pub duration: Duration,
    /// Whether it looks at what the application wrote in an environment.
    pub against: bool,
    /// Where its name stands: flattened to `file` and `line`.
    #[serde(flatten, serialize_with = "place")]
    pub span: Span,
    /// Why it was skipped.
    pub reason: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// What became of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ScenarioStatus {
    /// All went as it says.
    Passed,
    /// A step did not.
    Failed,
    /// It was not run.
    Skipped,
}

/// Why a scenario failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The number of the step, from 1; `4.2` is the second step within the fourth.
    pub step: String,
    /// What is wrong, at the step's place, for every renderer of findings.
    pub finding: Diagnostic,
}

/// How many criteria and scenarios came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Criteria that are proven.
    pub proven: usize,
    /// Criteria that failed.
    pub failed: usize,
    /// Criteria that cannot be proven on a throwaway database.
    pub not_proven_here: usize,
    /// Criteria without a scenario that ran.
    pub unproven: usize,
    /// Scenarios that passed.
    pub scenarios_passed: usize,
    /// Scenarios that failed.
    pub scenarios_failed: usize,
    /// Scenarios that were not run.
    pub scenarios_skipped: usize,
}

impl StoryReport {
    /// Whether a scenario failed.
    pub fn failed(&self) -> bool {
        self.counts().scenarios_failed > 0
    }

    /// Why scenarios failed, in the order in which they ran.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.stories
            .iter()
            .flat_map(|story| &story.scenarios)
            .filter_map(|scenario| scenario.failure.as_ref())
    }

    /// How many criteria and scenarios came out how, over all stories.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for story in &self.stories {
            counts.add(&story.counts());
        }
        counts
    }
}

impl StoryResult {
    /// Whether a scenario of the story failed.
    pub fn failed(&self) -> bool {
        self.counts().scenarios_failed > 0
    }

    /// How many criteria and scenarios of the story came out how.
    pub fn counts(&self) -> Counts {
        let criteria = |status| self.criteria.iter().filter(|c| c.status == status).count();
        let scenarios = |status| self.scenarios.iter().filter(|s| s.status == status).count();
        Counts {
            proven: criteria(CriterionStatus::Proven),
            failed: criteria(CriterionStatus::Failed),
            not_proven_here: criteria(CriterionStatus::NotProvenHere),
            unproven: criteria(CriterionStatus::Unproven),
            scenarios_passed: scenarios(ScenarioStatus::Passed),
            scenarios_failed: scenarios(ScenarioStatus::Failed),
            scenarios_skipped: scenarios(ScenarioStatus::Skipped),
        }
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.proven += other.proven;
        self.failed += other.failed;
        self.not_proven_here += other.not_proven_here;
        self.unproven += other.unproven;
        self.scenarios_passed += other.scenarios_passed;
        self.scenarios_failed += other.scenarios_failed;
        self.scenarios_skipped += other.scenarios_skipped;
    }
}

fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    // Whole microseconds: more digits are noise.
    serializer.serialize_f64(duration.as_micros() as f64 / 1_000.0)
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
}

fn place<S: Serializer>(span: &Span, serializer: S) -> Result<S::Ok, S::Error> {
    let (line, _) = span.line_column();
    let place = Place {
        file: &span.source.name,
        line,
    };
    place.serialize(serializer)
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            code: &'a str,
            step: &'a str,
            message: &'a str,
            help: Option<&'a str>,
            file: Option<&'a str>,
            line: Option<usize>,
            column: Option<usize>,
            expected: Option<&'a str>,
            found: Option<&'a str>,
        }
        let finding = &self.finding;
        let place = finding.span.as_ref().map(Span::line_column);
        let difference = finding.difference.as_ref();
        Shape {
            code: finding.code,
            step: &self.step,
            message: &finding.message,
            help: finding.help.as_deref(),
            file: finding.span.as_ref().map(|span| span.source.name.as_str()),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            expected: difference.map(|difference| difference.expected.as_str()),
            found: difference.map(|difference| difference.found.as_str()),
        }
        .serialize(serializer)
    }
}

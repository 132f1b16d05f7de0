//! What a run has to say, as one value, and its renderers.
//!
//! A command fills a [`Report`] and never formats anything itself. Each renderer is a function
//! from a report to text, one a file; [`write_reports`] is the only one that writes. Text from
//! outside goes through [`text`] before anybody sees it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde_json::Value;

use crate::diag::{Diagnostic, Phase, Severity};
use crate::engine::Engine;
use crate::exit::Exit;

mod cases;
mod csv;
mod diagnostic;
mod difference;
mod github;
mod human;
mod json;
mod junit;
mod markdown;
mod place;
mod sarif;
mod story;
mod table;
pub mod text;
mod write;

#[cfg(test)]
mod tests;

pub use cases::tree;
pub use csv::csv;
pub use difference::unified;
pub use human::{Style, closing, findings, human};
pub use json::json;
pub use table::table;
pub use write::{WriteError, parse_target, write_file, write_reports};

/// What a run has to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The command, as typed: `drift-check`.
    pub command: &'static str,
    /// What it worked on; `None` for commands that open no database.
    pub environment: Option<Environment>,
    /// How it ended.
    pub exit: Exit,
    /// What it found, in the order in which it is to be read.
    pub findings: Vec<Diagnostic>,
    /// What the command was asked for, in the documented shape of its JSON.
    pub data: Value,
    /// The single things that were tried, for commands that try things.
    pub cases: Vec<Case>,
    /// What is known of the rules behind the findings' codes, for formats that list rules.
    pub rules: Vec<RuleFacts>,
    /// What it came to beside the counts of cases and findings, in a few words.
    pub summary: Option<String>,
}

/// What is known of the rule behind a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleFacts {
    /// The code of its findings.
    pub code: &'static str,
    /// Its name in words.
    pub name: &'static str,
    /// What it flags, in a phrase.
    pub title: &'static str,
    /// Why.
    pub explanation: &'static str,
    /// What to do instead, in a sentence.
    pub help: &'static str,
    /// The same as SQL.
    pub rewrite: &'static str,
    /// How much it matters where nothing else is set.
    pub severity: Severity,
}

/// The environment that a run works on, credentials redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name in the settings.
    pub name: String,
    /// The engine.
    pub engine: Engine,
    /// Product and version: `SQLite 3.54.0`.
    pub product: String,
    /// The database: a path, or `server/database`.
    pub database: String,
}

/// Something that was tried, and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What it belongs to: a story, or a part of the gate.
    pub suite: String,
    /// What was tried.
    pub name: String,
    /// The part of the gate.
    pub phase: Phase,
    /// How it went.
    pub status: Status,
    /// How long it took, where that was measured.
    pub duration: Option<Duration>,
    /// Why it was skipped or not proven.
    pub note: Option<String>,
    /// What it found: places in [`Report::findings`].
    pub findings: Vec<usize>,
    /// What it was tried with, where that has names of its own: the scenarios of a criterion.
    pub parts: Vec<Part>,
}

/// Something that was tried for a [`Case`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What was tried.
    pub name: String,
    /// How it went.
    pub status: Status,
    /// How long it took.
    pub duration: Option<Duration>,
    /// What else is to be said of it; with a note it is shown also when it passed.
    pub note: Option<String>,
}

/// How a [`Case`] went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// It was not tried, because something before it failed or it was not asked for.
    Skipped,
    /// It cannot be proven here.
    NotProven,
    /// Nothing that was run proves it.
    Unproven,
}

impl Status {
    /// Every status, in the order of summaries.
    pub const ALL: [Self; 5] = [
        Self::Passed,
        Self::Failed,
        Self::Skipped,
        Self::NotProven,
        Self::Unproven,
    ];
}

/// A format that `--report FORMAT=PATH` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The documented JSON of the command.
    Json,
    /// JUnit XML, for the test tabs of CI systems.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitHub's workflow commands, which become annotations of a pull request.
    Github,
    /// Markdown, for job summaries and comments.
    Markdown,
}

impl Report {
    /// A report of this command that found nothing and ended well.
    pub fn new(command: &'static str) -> Self {
        Self {
            command,
            environment: None,
            exit: Exit::Ok,
            findings: Vec::new(),
            data: Value::Null,
            cases: Vec::new(),
            rules: Vec::new(),
            summary: None,
        }
    }

    /// Adds a case together with what it found.
    pub fn add_case(&mut self, mut case: Case, findings: impl IntoIterator<Item = Diagnostic>) {
        for finding in findings {
            case.findings.push(self.findings.len());
            self.findings.push(finding);
        }
        self.cases.push(case);
    }

    /// The number of findings of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        let same = |finding: &&Diagnostic| finding.severity == severity;
        self.findings.iter().filter(same).count()
    }

    /// The findings of a case. A place that does not exist is passed over.
    fn findings_of<'a>(&'a self, case: &'a Case) -> impl Iterator<Item = &'a Diagnostic> {
        let known = |&place: &usize| self.findings.get(place);
        case.findings.iter().filter_map(known)
    }

    /// The findings that no case claims.
    fn loose_findings(&self) -> impl Iterator<Item = &Diagnostic> {
        let claimed = |place: usize| self.cases.iter().any(|case| case.findings.contains(&place));
        let indexed = self.findings.iter().enumerate();
        indexed.filter_map(move |(place, finding)| (!claimed(place)).then_some(finding))
    }
}

impl Case {
    /// A case that passed.
    pub fn passed(phase: Phase, suite: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            suite: suite.into(),
            name: name.into(),
            phase,
            status: Status::Passed,
            duration: None,
            note: None,
            findings: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// A case that failed; [`Report::add_case`] adds what it found.
    pub fn failed(phase: Phase, suite: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            status: Status::Failed,
            ..Self::passed(phase, suite, name)
        }
    }

    /// A case that was not tried, and why.
    pub fn skipped(
        phase: Phase,
        suite: impl Into<String>,
        name: impl Into<String>,
        note: impl Into<String>,
    ) -> Self {
        Self {
            status: Status::Skipped,
            note: Some(note.into()),
            ..Self::passed(phase, suite, name)
        }
    }

    /// A case that cannot be proven here, and what could prove it.
    pub fn not_proven(
        phase: Phase,
        suite: impl Into<String>,
        name: impl Into<String>,
        note: impl Into<String>,
    ) -> Self {
        Self {
            status: Status::NotProven,
            ..Self::skipped(phase, suite, name, note)
        }
    }

    /// A case that nothing proves, and why.
    pub fn unproven(
        phase: Phase,
        suite: impl Into<String>,
        name: impl Into<String>,
        note: impl Into<String>,
    ) -> Self {
        Self {
            status: Status::Unproven,
            ..Self::skipped(phase, suite, name, note)
        }
    }

    /// Adds how long it took.
    #[must_use]
    pub fn took(mut self, duration: Duration) -> Self {
        self.duration = Some(duration);
        self
    }
}

impl Status {
    /// The word for it in machine-readable output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::NotProven => "notProven",
            Self::Unproven => "unproven",
        }
    }

    /// The words for it in text for people.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::NotProven => "not proven here",
            other => other.word(),
        }
    }
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [
        Self::Json,
        Self::Junit,
        Self::Sarif,
        Self::Github,
        Self::Markdown,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Markdown => "markdown",
        }
    }

    /// The report in this format.
    pub fn render(self, report: &Report) -> String {
        match self {
            Self::Json => json(report),
            Self::Junit => junit::junit(report),
            Self::Sarif => sarif::sarif(report),
            Self::Github => github::github(report),
            Self::Markdown => markdown::markdown(report),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or(UnknownFormat)
    }
}

/// A name that is no [`Format`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the report formats are json, junit, sarif, github and markdown")]
pub struct UnknownFormat;

/// A number of things, with the plural formed by an `s`.
pub(crate) fn counted(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

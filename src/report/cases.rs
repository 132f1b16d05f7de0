//! The tree of cases for people.

use std::time::Duration;

use super::text;
use super::{Case, Report, Status, Style, counted};
use crate::diag::{Diagnostic, Phase, Severity};

/// The cases as a tree: suites in the order in which they first come, their cases below them.
/// Empty without cases.
pub fn tree(report: &Report, style: &Style) -> String {
    let mut tree = String::new();
    for (phase, suite) in suites(report) {
        let heading = format!(
            "{} {} {}",
            phase.word(),
            style.separator(),
            text::line(suite)
        );
        tree.push_str(&style.bold(&heading));
        tree.push('\n');
        for case in members(report, phase, suite) {
            tree.push_str(&branch(report, case, style));
        }
    }
    tree
}

/// Every suite once, in the order in which they first come.
pub(super) fn suites(report: &Report) -> Vec<(Phase, &str)> {
    let mut suites: Vec<(Phase, &str)> = Vec::new();
    for case in &report.cases {
        let suite = (case.phase, case.suite.as_str());
        if !suites.contains(&suite) {
            suites.push(suite);
        }
    }
    suites
}

/// The cases of a suite.
pub(super) fn members<'a>(
    report: &'a Report,
    phase: Phase,
    suite: &'a str,
) -> impl Iterator<Item = &'a Case> {
    let same = move |case: &&Case| case.phase == phase && case.suite == suite;
    report.cases.iter().filter(same)
}

fn branch(report: &Report, case: &Case, style: &Style) -> String {
    let mut branch = format!("  {} {}", sign(case.status, style), text::line(&case.name));
    if matches!(case.status, Status::NotProven | Status::Unproven) {
        branch.push_str(&format!(": {}", case.status.phrase()));
    }
    if let Some(note) = &case.note {
        branch.push_str(&format!(": {}", text::line(note)));
    }
    // Parts with notes are all listed below, so that nobody need count them.
    let parts = match case.parts.iter().filter(|part| part.note.is_none()).count() {
        0 => None,
        number => Some(counted(number, "scenario")),
    };
    let measures: Vec<String> = parts
        .into_iter()
        .chain(case.duration.map(spelled))
        .collect();
    if !measures.is_empty() {
        branch.push_str(&style.dim(&format!(" ({})", measures.join(", "))));
    }
    branch.push('\n');
    for part in &case.parts {
        if part.status == Status::Passed && part.note.is_none() {
            continue;
        }
        let name = text::line(&part.name);
        branch.push_str(&format!("      {} {name}", sign(part.status, style)));
        if let Some(note) = &part.note {
            branch.push_str(&format!(": {}", text::line(note)));
        }
        branch.push('\n');
    }
    // Its parts say what of it is no error.
    let errors = |finding: &&Diagnostic| finding.severity == Severity::Error;
    for finding in report.findings_of(case).filter(errors) {
        let headline = format!(
            "{}[{}]: {}",
            finding.severity.word(),
            finding.code,
            text::line(&finding.message)
        );
        branch.push_str(&format!("      {headline}\n"));
    }
    branch
}

fn sign(status: Status, style: &Style) -> String {
    let (sign, word) = match status {
        Status::Passed => ("✓", "ok  "),
        Status::Failed => ("✗", "FAIL"),
        Status::Skipped => ("-", "skip"),
        Status::NotProven | Status::Unproven => ("○", "open"),
    };
    let shown = if style.unicode { sign } else { word };
    let paint = match status {
        Status::Passed => style.green(),
        Status::Failed => style.red(),
        Status::Skipped | Status::NotProven | Status::Unproven => style.yellow(),
    };
    paint.paint(shown)
}

/// A duration as people say it: `4 ms`, `1.25 s`, `2 min 5 s`.
pub(crate) fn spelled(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{:.2} s", duration.as_secs_f64()),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

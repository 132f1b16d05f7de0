//! JUnit XML as GitHub's and Azure DevOps's readers take it.
//!
//! There is no one schema for it. Written is what both read: `testsuites`, `testsuite` with
//! counts, `testcase` with `classname`, `name` and `time`, and `failure` or `skipped` in it. Errors
//! that no case claims become cases of their own, so that a red run is never an all-green file.

use std::fmt::Write as _;
use std::time::Duration;

use super::cases::{members, spelled, suites};
use super::human::Style;
use super::place::Place;
use super::{Case, Part, Report, Status, diagnostic, text};
use crate::diag::{Diagnostic, Phase, Severity};

/// The report as one `testsuites` document.
pub(super) fn junit(report: &Report) -> String {
    let suites = collect(report);
    let all = || suites.iter().flat_map(|suite| &suite.tests);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    line(
        &mut xml,
        0,
        &format!(
            "<testsuites name=\"{}\" {}>",
            attribute(&format!("dbtool {}", report.command)),
            totals(all(), false),
        ),
    );
    for suite in &suites {
        let name = attribute(&suite.name);
        let totals = totals(suite.tests.iter(), true);
        line(
            &mut xml,
            1,
            &format!("<testsuite name=\"{name}\" {totals}>"),
        );
        for test in &suite.tests {
            write_test(&mut xml, &suite.class, test);
        }
        line(&mut xml, 1, "</testsuite>");
    }
    line(&mut xml, 0, "</testsuites>");
    xml
}

struct Suite {
    name: String,
    /// What its tests belong to, short and without blanks: readers group by it, and take each dot
    /// for a level.
    class: String,
    tests: Vec<Test>,
}

/// `persistence.S2vDB-03`: the identifier that a suite begins with, else all of its name.
fn class(phase: Phase, suite: &str) -> String {
    let first = suite.split(' ').next().unwrap_or_default();
    let name = match first.contains(|it: char| it.is_ascii_digit()) {
        true => first,
        false => suite,
    };
    format!(
        "{}.{}",
        phase.word(),
        name.replace(' ', "-").replace('.', "_")
    )
}

struct Test {
    name: String,
    status: Status,
    duration: Duration,
    note: Option<String>,
    place: Option<Place>,
    /// Code, first line and full text of each finding.
    findings: Vec<(&'static str, String, String)>,
    /// What it was tried with, a line each.
    parts: Vec<String>,
}

fn collect(report: &Report) -> Vec<Suite> {
    let mut collected = Vec::new();
    for (phase, suite) in suites(report) {
        collected.push(Suite {
            name: format!("{}: {suite}", phase.word()),
            class: class(phase, suite),
            tests: members(report, phase, suite)
                .map(|case| of_case(report, case))
                .collect(),
        });
    }
    for phase in [
        Phase::Setup,
        Phase::Schema,
        Phase::Migration,
        Phase::Drift,
        Phase::Persistence,
    ] {
        let loose = report.loose_findings();
        let tests: Vec<Test> = loose
            .filter(|finding| finding.phase == phase)
            .map(of_finding)
            .collect();
        if !tests.is_empty() {
            collected.push(Suite {
                name: format!("{}: {}", phase.word(), report.command),
                class: class(phase, report.command),
                tests,
            });
        }
    }
    let failed = |suite: &Suite| suite.tests.iter().any(|it| it.status == Status::Failed);
    let unexplained = report.exit.code() != 0 && !collected.iter().any(failed);
    if collected.is_empty() || unexplained {
        // A file without tests reads as "nothing ran": say that the command did, and how it ended.
        collected.push(Suite {
            name: report.command.to_owned(),
            class: report.command.to_owned(),
            tests: vec![Test {
                name: report.command.to_owned(),
                status: if unexplained {
                    Status::Failed
                } else {
                    Status::Passed
                },
                duration: Duration::ZERO,
                note: unexplained.then(|| report.exit.meaning().to_owned()),
                place: None,
                findings: Vec::new(),
                parts: Vec::new(),
            }],
        });
    }
    collected
}

fn of_case(report: &Report, case: &Case) -> Test {
    let first = report.findings_of(case).next();
    Test {
        name: case.name.clone(),
        status: case.status,
        duration: case.duration.unwrap_or_default(),
        note: match case.status {
            Status::NotProven | Status::Unproven => Some(match &case.note {
                Some(note) => format!("{}: {note}", case.status.phrase()),
                None => case.status.phrase().to_owned(),
            }),
            _ => case.note.clone(),
        },
        place: first.and_then(Place::of),
        findings: report.findings_of(case).map(explained).collect(),
        parts: case.parts.iter().map(listed).collect(),
    }
}

/// A part on one line: `passed: an intake leaves a job (12 ms)`.
fn listed(part: &Part) -> String {
    let mut line = format!("{}: {}", part.status.phrase(), text::line(&part.name));
    if let Some(duration) = part.duration {
        line.push_str(&format!(" ({})", spelled(duration)));
    }
    if let Some(note) = &part.note {
        line.push_str(&format!(": {}", text::line(note)));
    }
    line
}

fn of_finding(finding: &Diagnostic) -> Test {
    let object = finding.path.as_ref().map(ToString::to_string);
    Test {
        name: match object {
            Some(object) => format!("{} {object}", finding.code),
            None => format!("{} {}", finding.code, finding.message),
        },
        status: match finding.severity {
            Severity::Error => Status::Failed,
            Severity::Warning | Severity::Note => Status::Passed,
        },
        duration: Duration::ZERO,
        note: None,
        place: Place::of(finding),
        findings: vec![explained(finding)],
        parts: Vec::new(),
    }
}

fn explained(finding: &Diagnostic) -> (&'static str, String, String) {
    let full = diagnostic::diagnostic(finding, &Style::PLAIN);
    (finding.code, finding.message.clone(), full)
}

fn write_test(xml: &mut String, suite: &str, test: &Test) {
    let mut head = format!(
        "<testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
        attribute(suite),
        attribute(&test.name),
        seconds(test.duration),
    );
    if let Some(place) = &test.place {
        head.push_str(&format!(
            " file=\"{}\" line=\"{}\"",
            attribute(&place.file),
            place.line
        ));
    }
    let note = test.note.as_deref().unwrap_or_default();
    let body: Vec<&str> = test
        .findings
        .iter()
        .map(|(_, _, full)| full.as_str())
        .collect();
    let body = body.join("\n");
    let mut inner = Vec::new();
    let mut out = test.parts.join("\n");
    match test.status {
        Status::Failed => {
            let (code, message) = match test.findings.first() {
                Some((code, message, _)) => (*code, message.as_str()),
                None => ("", note),
            };
            let body = if body.is_empty() { note } else { &body };
            inner.push(format!(
                "<failure type=\"{}\" message=\"{}\">{}</failure>",
                attribute(code),
                attribute(message),
                content(body)
            ));
        }
        Status::Skipped | Status::NotProven | Status::Unproven => {
            inner.push(format!("<skipped message=\"{}\"/>", attribute(note)));
        }
        Status::Passed if out.is_empty() => out = body,
        Status::Passed => {}
    }
    if !out.is_empty() {
        inner.push(format!("<system-out>{}</system-out>", content(&out)));
    }
    if inner.is_empty() {
        line(xml, 2, &format!("{head}/>"));
        return;
    }
    line(xml, 2, &format!("{head}>"));
    for inner in inner {
        line(xml, 3, &inner);
    }
    line(xml, 2, "</testcase>");
}

/// Counts as attributes. Readers that hold files to a schema know skipped tests of suites alone.
fn totals<'a>(tests: impl Iterator<Item = &'a Test>, of_suite: bool) -> String {
    let (mut number, mut failures, mut skipped) = (0, 0, 0);
    let mut time = Duration::ZERO;
    for test in tests {
        number += 1;
        time += test.duration;
        match test.status {
            Status::Passed => {}
            Status::Failed => failures += 1,
            Status::Skipped | Status::NotProven | Status::Unproven => skipped += 1,
        }
    }
    format!(
        "tests=\"{number}\" failures=\"{failures}\" errors=\"0\"{} time=\"{}\"",
        match of_suite {
            true => format!(" skipped=\"{skipped}\""),
            false => String::new(),
        },
        seconds(time)
    )
}

fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

fn line(xml: &mut String, depth: usize, text: &str) {
    writeln!(xml, "{}{text}", "  ".repeat(depth)).expect("a String takes everything");
}

/// Text of an attribute, on one line.
fn attribute(text: &str) -> String {
    escaped(&text::line(text)).replace('"', "&quot;")
}

/// Text of an element.
fn content(text: &str) -> String {
    escaped(&text::block(text))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

//! The documented JSON: one shape for every command, `data` is the command's own.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::place::Place;
use super::{Case, Part, Report, text};
use crate::diag::Diagnostic;
use crate::engine::Engine;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    format: String,
    command: &'a str,
    environment: Option<Environment<'a>>,
    outcome: &'a str,
    exit_code: u8,
    findings: Vec<Finding<'a>>,
    cases: Vec<Tried<'a>>,
    data: &'a Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Environment<'a> {
    name: &'a str,
    engine: Engine,
    product: &'a str,
    database: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    code: &'a str,
    severity: &'a str,
    phase: &'a str,
    object: Option<String>,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    message: &'a str,
    help: Option<&'a str>,
    expected: Option<&'a str>,
    found: Option<&'a str>,
    remedy: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tried<'a> {
    suite: &'a str,
    name: &'a str,
    phase: &'a str,
    status: &'a str,
    duration_ms: Option<f64>,
    note: Option<&'a str>,
    /// Places in `findings`, from 0.
    findings: &'a [usize],
    parts: Vec<TriedPart<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TriedPart<'a> {
    name: &'a str,
    status: &'a str,
    duration_ms: Option<f64>,
    note: Option<&'a str>,
}

/// The report as JSON, `{"format": "dbtool.<command>/1", …}`: always the same keys in the same
/// order, `null` where something does not apply, a line break at the end.
pub fn json(report: &Report) -> String {
    let envelope = Envelope {
        format: format!("dbtool.{}/1", report.command),
        command: report.command,
        environment: report.environment.as_ref().map(|it| Environment {
            name: &it.name,
            engine: it.engine,
            product: &it.product,
            database: &it.database,
        }),
        outcome: report.exit.word(),
        exit_code: report.exit.code(),
        findings: report.findings.iter().map(finding).collect(),
        cases: report.cases.iter().map(tried).collect(),
        data: &report.data,
    };
    pretty(&envelope)
}

/// Pretty JSON in which no character of the text can act on a terminal.
pub(super) fn pretty(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value)
        .expect("the envelope has string keys and finite numbers only");
    let mut safe = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        match character {
            // serde_json escapes C0 itself; these are legal raw in JSON and yet not inert. They
            // can only stand inside strings, where an escape is the same character.
            '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                write!(safe, "\\u{:04x}", character as u32).expect("a String takes everything");
            }
            other => safe.push(other),
        }
    }
    safe.push('\n');
    text::json(safe)
}

fn finding(finding: &Diagnostic) -> Finding<'_> {
    let place = Place::of(finding);
    let place = place.as_ref();
    Finding {
        code: finding.code,
        severity: finding.severity.word(),
        phase: finding.phase.word(),
        object: finding.path.as_ref().map(ToString::to_string),
        file: place.map(|it| it.file.clone()),
        line: place.map(|it| it.line),
        column: place.map(|it| it.column),
        end_line: place.map(|it| it.end_line),
        end_column: place.map(|it| it.end_column),
        message: &finding.message,
        help: finding.help.as_deref(),
        expected: finding.difference.as_ref().map(|it| it.expected.as_str()),
        found: finding.difference.as_ref().map(|it| it.found.as_str()),
        remedy: finding.remedy.as_deref(),
    }
}

fn tried(case: &Case) -> Tried<'_> {
    Tried {
        suite: &case.suite,
        name: &case.name,
        phase: case.phase.word(),
        status: case.status.word(),
        duration_ms: case.duration.map(milliseconds),
        note: case.note.as_deref(),
        findings: &case.findings,
        parts: case.parts.iter().map(part).collect(),
    }
}

fn part(part: &Part) -> TriedPart<'_> {
    TriedPart {
        name: &part.name,
        status: part.status.word(),
        duration_ms: part.duration.map(milliseconds),
        note: part.note.as_deref(),
    }
}

/// To the microsecond: more digits are noise.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

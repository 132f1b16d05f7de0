//! GitHub's workflow commands: one annotation a finding.
//!
//! The escaping is the runner's: `%`, CR and LF in the message, `:` and `,` too in properties.
//! See <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>.

use super::Report;
use super::place::Place;
use super::{Style, difference, text};
use crate::diag::{Diagnostic, Severity};

/// One line a finding. Findings without a place become annotations of the run.
pub(super) fn github(report: &Report) -> String {
    let mut lines = String::new();
    for finding in &report.findings {
        lines.push_str(&annotation(finding));
        lines.push('\n');
    }
    lines
}

fn annotation(finding: &Diagnostic) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(place) = Place::of(finding) {
        properties.push(format!("file={}", property(&place.file)));
        properties.push(format!("line={}", place.line));
        if place.end_line == place.line {
            // The runner takes columns only for places on one line.
            properties.push(format!("col={}", place.column));
            properties.push(format!("endColumn={}", place.end_column.max(place.column)));
        } else {
            properties.push(format!("endLine={}", place.end_line));
        }
    }
    let title = format!("{} ({})", finding.code, finding.phase.word());
    properties.push(format!("title={}", property(&title)));
    format!(
        "::{command} {}::{}",
        properties.join(","),
        data(&body(finding))
    )
}

/// The message with everything a reader needs to act.
fn body(finding: &Diagnostic) -> String {
    let mut body = text::block(&finding.message).into_owned();
    if let Some(path) = &finding.path {
        body.push_str(&format!("\nobject: {}", text::line(&path.to_string())));
    }
    if let Some(help) = &finding.help {
        body.push_str(&format!("\nhelp: {}", text::block(help)));
    }
    if let Some(difference) = &finding.difference {
        let lines = difference::unified(difference, &Style::PLAIN);
        if !lines.is_empty() {
            body.push_str(&format!("\n- expected, + found:\n{}", lines.trim_end()));
        }
    }
    if let Some(remedy) = &finding.remedy {
        body.push_str(&format!("\nremedy:\n{}", text::block(remedy).trim_end()));
    }
    body
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&text::line(text))
        .replace(':', "%3A")
        .replace(',', "%2C")
}

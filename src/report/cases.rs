//! The tree of cases for people.

use std::time::Duration;

use super::text;
use super::{Case, Part, Report, Status, Style};
use crate::diag::Phase;

/// How long a line with a note may become where there is no terminal.
const BESIDE: u16 = 120;

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
        let mut said = None;
        for case in members(report, phase, suite) {
            tree.push_str(&branch(report, case, &mut said, style));
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

/// A case with what there is below it. `said` is the note of a case before, which is not repeated.
fn branch<'a>(
    report: &Report,
    case: &'a Case,
    said: &mut Option<&'a str>,
    style: &Style,
) -> String {
    let mut head = text::line(&case.name).into_owned();
    if let Some(duration) = case.duration {
        head.push_str(&format!(" ({})", spelled(duration)));
    }
    let mut branch = leaf(&sign(case.status, style), &head, 2, style);
    if let Some(note) = stated(case, said) {
        branch.push_str(&block(&note, 4, style));
    }
    let all = case.parts.len() > 1;
    for part in &case.parts {
        if all || part.status != Status::Passed || part.note.is_some() {
            branch.push_str(&twig(part, style));
        }
    }
    if case.parts.is_empty() && case.note.is_none() {
        for finding in report.findings_of(case) {
            let (word, code) = (finding.severity.word(), finding.code);
            let headline = format!("{word}[{code}]: {}", text::line(&finding.message));
            branch.push_str(&block(&headline, 4, style));
        }
    }
    branch
}

/// What is to be said of a case beside its name.
fn stated<'a>(case: &'a Case, said: &mut Option<&'a str>) -> Option<String> {
    let open = matches!(case.status, Status::NotProven | Status::Unproven);
    let phrase = open.then(|| case.status.phrase());
    let note = case.note.as_deref();
    let known = note.is_some() && note == *said;
    *said = note.or(*said);
    match (phrase, note.filter(|_| !known)) {
        (Some(phrase), Some(note)) => Some(format!("{phrase}: {}", text::line(note))),
        (Some(phrase), None) => Some(phrase.to_owned()),
        (None, note) => note.map(|note| text::line(note).into_owned()),
    }
}

fn twig(part: &Part, style: &Style) -> String {
    let mut head = text::line(&part.name).into_owned();
    if let Some(duration) = part.duration {
        head.push_str(&format!(" ({})", spelled(duration)));
    }
    let Some(note) = &part.note else {
        return leaf(&sign(part.status, style), &head, 6, style);
    };
    let note = text::line(note);
    let beside = format!("{head}: {note}");
    if beside.chars().count() + 12 <= usize::from(style.width.unwrap_or(BESIDE)) {
        return leaf(&sign(part.status, style), &beside, 6, style);
    }
    leaf(&sign(part.status, style), &head, 6, style) + &block(&note, 8, style)
}

/// A sign and words beside it, wrapped where the terminal ends.
fn leaf(sign: &str, words: &str, indent: usize, style: &Style) -> String {
    let signed = if style.unicode { 1 } else { 4 };
    let margin = " ".repeat(indent);
    let lines = wrapped(words, indent + signed + 1, style);
    let hanging = " ".repeat(indent + signed + 1);
    format!("{margin}{sign} {}\n", lines.join(&format!("\n{hanging}")))
}

/// Words below something, wrapped where the terminal ends.
fn block(words: &str, indent: usize, style: &Style) -> String {
    let margin = " ".repeat(indent);
    let lines = wrapped(words, indent, style);
    let lines = lines.iter().map(|line| format!("{margin}{line}\n"));
    lines.collect()
}

/// Lines of whole words that fit beside an indent; a word that is too long has a line of its own.
fn wrapped(words: &str, indent: usize, style: &Style) -> Vec<String> {
    let Some(width) = style.width else {
        return vec![words.to_owned()];
    };
    let room = usize::from(width).saturating_sub(indent).max(20);
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let last = lines.last_mut().expect("there is a first line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > room {
            lines.push(word.to_owned());
            continue;
        }
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(word);
    }
    lines
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

//! The report for people: what was tried, what was found, and how it ended.

use super::{Report, Status, cases, counted, diagnostic};
use crate::diag::Severity;
use crate::exit::Exit;

/// What the reader's terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Colours and emphasis.
    pub color: bool,
    /// Signs outside ASCII.
    pub unicode: bool,
    /// The width in columns; `None` where nothing is to be wrapped or cut.
    pub width: Option<u16>,
}

/// A way to paint a piece of text.
pub(super) struct Paint {
    codes: Option<&'static str>,
}

impl Paint {
    pub(super) fn paint(&self, text: &str) -> String {
        match self.codes {
            Some(codes) if !text.is_empty() => format!("\u{1b}[{codes}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}

impl Style {
    /// No colour, no limit: files and CI logs.
    pub const PLAIN: Self = Self {
        color: false,
        unicode: true,
        width: None,
    };

    fn codes(self, codes: &'static str) -> Paint {
        Paint {
            codes: self.color.then_some(codes),
        }
    }

    pub(super) fn none(self) -> Paint {
        Paint { codes: None }
    }

    pub(super) fn red(self) -> Paint {
        self.codes("31")
    }

    pub(super) fn red_strong(self) -> Paint {
        self.codes("1;4;31")
    }

    pub(super) fn green(self) -> Paint {
        self.codes("32")
    }

    pub(super) fn green_strong(self) -> Paint {
        self.codes("1;4;32")
    }

    pub(super) fn yellow(self) -> Paint {
        self.codes("33")
    }

    /// A sign of the frame around source lines.
    pub(super) fn bar(self, sign: &str) -> String {
        self.codes("1;94").paint(sign)
    }

    /// Text that something is wrong.
    pub fn alarm(self, text: &str) -> String {
        self.codes("1;91").paint(text)
    }

    /// Emphasised text.
    pub fn bold(self, text: &str) -> String {
        self.codes("1").paint(text)
    }

    /// Text that steps back.
    pub fn dim(self, text: &str) -> String {
        self.codes("2").paint(text)
    }

    /// The separator between things on one line.
    pub fn separator(self) -> &'static str {
        if self.unicode { "·" } else { "-" }
    }
}

/// The report for people: cases as a tree, findings as annotated source, a closing count line.
pub fn human(report: &Report, style: &Style) -> String {
    let mut text = cases::tree(report, style);
    for part in [findings(report, style), closing(report, style)] {
        if !text.is_empty() && !part.is_empty() {
            text.push('\n');
        }
        text.push_str(&part);
    }
    text
}

/// The findings as annotated source, an empty line between them. Empty without findings.
pub fn findings(report: &Report, style: &Style) -> String {
    let shown = report.findings.iter();
    let shown: Vec<String> = shown
        .map(|finding| diagnostic::diagnostic(finding, style))
        .collect();
    shown.join("\n")
}

/// One line that says how it ended and how many of what there were.
pub fn closing(report: &Report, style: &Style) -> String {
    let verdict = match report.exit {
        Exit::Ok => style.green().paint("ok"),
        other => style.red().paint(&format!(
            "failed with exit {} ({}){}",
            other.code(),
            other.word(),
            red_phases(report)
        )),
    };
    let counts = counts(report);
    let counts = if counts.is_empty() {
        "no findings".to_owned()
    } else {
        counts.join(", ")
    };
    format!("{}: {verdict}: {counts}\n", style.bold(report.command))
}

/// ` in persistence`: the parts of the gate in which a case failed; empty without any.
pub(super) fn red_phases(report: &Report) -> String {
    let failed = report
        .cases
        .iter()
        .filter(|case| case.status == Status::Failed);
    let mut phases: Vec<&str> = failed.map(|case| case.phase.word()).collect();
    phases.dedup();
    match phases.is_empty() {
        true => String::new(),
        false => format!(" in {}", phases.join(" and ")),
    }
}

/// `12 passed`, `1 failed`, `2 errors`: only what there is, after the summary.
pub(super) fn counts(report: &Report) -> Vec<String> {
    let mut counts: Vec<String> = report.summary.iter().cloned().collect();
    for status in Status::ALL {
        let number = report.cases.iter().filter(|it| it.status == status).count();
        if number > 0 {
            counts.push(format!("{number} {}", status.phrase()));
        }
    }
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let number = report.count(severity);
        if number > 0 {
            counts.push(counted(number, severity.word()));
        }
    }
    counts
}

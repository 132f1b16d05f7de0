//! Findings: what is wrong, where, and what to do about it.
//!
//! Every layer reports what it finds in its input as a [`Diagnostic`]; `Err` is kept for jobs that
//! could not be done. Rendering belongs to `report`.

use std::ops::Range;
use std::sync::Arc;

use crate::model::ObjectPath;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// For information.
    Note,
    /// Worth a look; does not fail the run.
    Warning,
    /// Fails the run.
    Error,
}

/// The part of the gate in which something was found, so that a failure says at once what broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// What stands before: arguments, settings, the secret, the connection.
    Setup,
    /// The declared schema or stories.
    Schema,
    /// The migrations folder, history, or applying a migration.
    Migration,
    /// The live catalog.
    Drift,
    /// A persistence assertion.
    Persistence,
}

/// A text file that findings point into.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path as the user knows it, with `/` between folders.
    pub name: String,
    /// Its text, as read.
    pub text: String,
}

/// A range of bytes in a source. The range lies on character boundaries within the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes.
    pub range: Range<usize>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code such as `schema/unknown-key`, for filters and documentation.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Which part of the gate found it.
    pub phase: Phase,
    /// The object concerned.
    pub path: Option<ObjectPath>,
    /// The place in a file.
    pub span: Option<Span>,
    /// One sentence without a full stop that names the object and the consequence.
    pub message: String,
    /// A short label for the marked place; the message is used when there is none.
    pub label: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// For differences: what was expected and what was found, as text to compare line by line.
    pub difference: Option<Difference>,
    /// The statements that would put it right.
    pub remedy: Option<String>,
}

/// Two texts that should have been the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl Diagnostic {
    /// An error with its code and message.
    pub fn error(phase: Phase, code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, phase, code, message)
    }

    /// A warning with its code and message.
    pub fn warning(phase: Phase, code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, phase, code, message)
    }

    /// A note with its code and message.
    pub fn note(phase: Phase, code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, phase, code, message)
    }

    fn new(
        severity: Severity,
        phase: Phase,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            phase,
            path: None,
            span: None,
            message: message.into(),
            label: None,
            help: None,
            difference: None,
            remedy: None,
        }
    }

    /// Adds the object concerned.
    #[must_use]
    pub fn at(mut self, path: ObjectPath) -> Self {
        self.path = Some(path);
        self
    }

    /// Adds the place in a file, if it is known.
    #[must_use]
    pub fn spanned(mut self, span: impl Into<Option<Span>>) -> Self {
        self.span = span.into();
        self
    }

    /// Adds a short label for the marked place.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what was expected and what was found.
    #[must_use]
    pub fn difference(mut self, expected: impl Into<String>, found: impl Into<String>) -> Self {
        self.difference = Some(Difference {
            expected: expected.into(),
            found: found.into(),
        });
        self
    }

    /// Adds the statements that would put it right.
    #[must_use]
    pub fn remedy(mut self, statements: impl Into<String>) -> Self {
        self.remedy = Some(statements.into());
        self
    }
}

impl Severity {
    /// The word for it in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Phase {
    /// The word for it in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Schema => "schema",
            Self::Migration => "migration",
            Self::Drift => "drift",
            Self::Persistence => "persistence",
        }
    }
}

impl Span {
    /// The place of a range in a source; the range is clamped to the text.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        let mut start = range.start.min(source.text.len());
        while !source.text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = range.end.clamp(start, source.text.len());
        while !source.text.is_char_boundary(end) {
            end += 1;
        }
        Self {
            source: Arc::clone(source),
            range: start..end,
        }
    }

    /// Line and column of the first character, both from 1, the column in characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.source.text[..self.range.start];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (line, before[start..].chars().count() + 1)
    }

    /// The marked text.
    pub fn text(&self) -> &str {
        &self.source.text[self.range.clone()]
    }
}

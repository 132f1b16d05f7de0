//! Where a finding is, in the numbers that every format wants.

use crate::diag::{Diagnostic, Span};

/// A place in a file. Lines and columns count from 1, columns in characters; the end is exclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
}

impl Place {
    /// The place of a finding, if it has one.
    pub(super) fn of(finding: &Diagnostic) -> Option<Self> {
        let span = finding.span.as_ref()?;
        let (line, column) = span.line_column();
        let end = Span::new(&span.source, span.range.end..span.range.end);
        let (end_line, end_column) = end.line_column();
        Some(Self {
            file: span.source.name.clone(),
            line,
            column,
            end_line,
            end_column,
        })
    }
}

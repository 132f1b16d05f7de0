//! Expectations that are made of others.

use super::{Condition, ExpectError, Step};
use crate::diag::{Phase, Span};
use crate::exit::Exit;
use crate::model::Ident;

/// Wants each of many rows to be refused: a row that would be taken, with what is wrong in each
/// case.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectErrors {
    /// The table, for messages.
    pub table: Ident,
    /// The cases, at least one.
    pub cases: Vec<ExpectError>,
}

/// Wants a record of what somebody did.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectAudit {
    /// The table that holds the records.
    pub table: Ident,
    /// What the record must say, in the order in which it is looked for: when there is no such
    /// record, the finding says which of these is missing.
    pub conditions: Vec<(AuditRole, Condition)>,
    /// How many records there must be; at least one when it is not said.
    pub count: Option<u64>,
    /// The name by which later steps refer to the record; only when exactly one is expected.
    pub save: Option<String>,
}

/// What a column of a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditRole {
    /// What was done.
    Action,
    /// Who did it.
    Actor,
    /// What ties it to the request.
    Correlation,
    /// How it ended.
    Outcome,
    /// Anything else.
    Other,
}

/// Wants a step to fail, and the gate to say so in this part.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectFailure {
    /// The part of the gate that must have failed.
    pub phase: Phase,
    /// The exit code that the failure must have.
    pub exit: Exit,
    /// The code of the finding; any when it is not said.
    pub finding: Option<String>,
    /// The step.
    pub step: Step,
    /// Where the phase stands.
    pub span: Span,
}

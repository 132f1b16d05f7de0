//! Columns and what they say about their values.

use serde::{Deserialize, Serialize};

use super::{Expression, Ident, Native, Type};

/// A column of a table, with every name resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: Type,
    /// Whether it takes NULL.
    #[serde(default, skip_serializing_if = "is_false")]
    pub nullable: bool,
    /// Its default, which has a name of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Default>,
    /// Values that the engine counts up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The expression that it is computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed: Option<Computed>,
    /// A collation other than the type's own, by engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<Native>,
    /// What it means, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Kept in the database, left out of exports.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deprecated: bool,
    /// The reserved name of the check (or trigger) by which an engine keeps what the type promises
    /// and the engine's own type does not. Each dialect decides whether it needs one.
    pub type_check: Ident,
}

/// A named default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Default {
    /// The name of the constraint.
    pub name: Ident,
    /// The value.
    pub value: DefaultValue,
}

/// The value of a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DefaultValue {
    /// A constant.
    Literal(super::Literal),
    /// The present instant in UTC.
    UtcNow,
    /// A random UUID.
    NewUuid,
    /// A UUID that grows with time, kind to a clustered index.
    NewSequentialId,
    /// Taken over verbatim, by engine.
    Native(Native),
    /// Only in engine form: the text of the default as the engine holds it, without the outer
    /// parentheses.
    Sql(String),
}

/// Values that the engine counts up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// The first value.
    pub seed: i64,
    /// The step, not 0.
    pub increment: i64,
}

/// A computed column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Computed {
    /// What it is computed from.
    pub expression: Expression,
    /// Whether the value is stored.
    #[serde(default, skip_serializing_if = "is_false")]
    pub persisted: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(super) fn is_false(value: &bool) -> bool {
    !*value
}

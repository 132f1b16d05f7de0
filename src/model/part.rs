//! What hangs on a table beside its columns: keys, checks, foreign keys and indexes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::column::is_false;
use super::{Expression, Ident};

/// A named part of a table. Keys, checks, foreign keys and indexes are added, dropped, altered and
/// renamed alike, so they share one list and one path through diff, plan and fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// The primary key; at most one in a table.
    PrimaryKey(PrimaryKey),
    /// A unique constraint.
    Unique(Unique),
    /// A check constraint.
    Check(Check),
    /// A foreign key.
    ForeignKey(ForeignKey),
    /// An index, unique or not.
    Index(Index),
}

/// The class of a [`Part`], in the order in which reports list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// See [`Part::PrimaryKey`].
    PrimaryKey,
    /// See [`Part::Unique`].
    Unique,
    /// See [`Part::Check`].
    Check,
    /// See [`Part::ForeignKey`].
    ForeignKey,
    /// See [`Part::Index`].
    Index,
}

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrimaryKey {
    /// Its name.
    pub name: Ident,
    /// Its columns, in key order.
    pub columns: Vec<KeyColumn>,
    /// Whether the rows are stored in its order. True unless declared otherwise.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub clustered: bool,
}

/// A unique constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unique {
    /// Its name.
    pub name: Ident,
    /// Its columns, in key order.
    pub columns: Vec<KeyColumn>,
    /// Whether the rows are stored in its order.
    #[serde(default, skip_serializing_if = "is_false")]
    pub clustered: bool,
}

/// A check constraint. A row passes when the expression is true or unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Check {
    /// Its name.
    pub name: Ident,
    /// What must not be false.
    pub expression: Expression,
}

/// A foreign key. `columns` and `referenced_columns` are of one length and correspond in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForeignKey {
    /// Its name.
    pub name: Ident,
    /// The referencing columns.
    pub columns: Vec<Ident>,
    /// The table referred to.
    pub references: Ident,
    /// The columns referred to: a primary key or unique constraint of that table.
    pub referenced_columns: Vec<Ident>,
    /// What happens to a referencing row when the referenced one is deleted.
    #[serde(default, skip_serializing_if = "ReferentialAction::is_none")]
    pub on_delete: ReferentialAction,
    /// What happens to a referencing row when the referenced key changes.
    #[serde(default, skip_serializing_if = "ReferentialAction::is_none")]
    pub on_update: ReferentialAction,
}

/// What a foreign key does to the referencing row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReferentialAction {
    /// Refuse the change.
    #[default]
    NoAction,
    /// Delete or change it too.
    Cascade,
    /// Set the referencing columns to NULL.
    SetNull,
    /// Set the referencing columns to their defaults.
    SetDefault,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Index {
    /// Its name.
    pub name: Ident,
    /// The key columns, in key order.
    pub columns: Vec<KeyColumn>,
    /// Columns that the index carries beside its key. Their order means nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Ident>,
    /// Whether two rows may share a key.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unique: bool,
    /// Only rows for which this is true are indexed.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<Expression>,
    /// Whether the rows are stored in its order.
    #[serde(default, skip_serializing_if = "is_false")]
    pub clustered: bool,
}

/// A column in a key, with its direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumn {
    /// The column.
    pub column: Ident,
    /// Whether it is sorted downwards.
    pub descending: bool,
}

impl Part {
    /// The name of the part.
    pub fn name(&self) -> &Ident {
        match self {
            Self::PrimaryKey(part) => &part.name,
            Self::Unique(part) => &part.name,
            Self::Check(part) => &part.name,
            Self::ForeignKey(part) => &part.name,
            Self::Index(part) => &part.name,
        }
    }

    /// The same part under another name.
    pub fn renamed(mut self, to: Ident) -> Self {
        match &mut self {
            Self::PrimaryKey(part) => part.name = to,
            Self::Unique(part) => part.name = to,
            Self::Check(part) => part.name = to,
            Self::ForeignKey(part) => part.name = to,
            Self::Index(part) => part.name = to,
        }
        self
    }

    /// The class of the part.
    pub fn kind(&self) -> PartKind {
        match self {
            Self::PrimaryKey(_) => PartKind::PrimaryKey,
            Self::Unique(_) => PartKind::Unique,
            Self::Check(_) => PartKind::Check,
            Self::ForeignKey(_) => PartKind::ForeignKey,
            Self::Index(_) => PartKind::Index,
        }
    }

    /// Whether the part names this column: as key, included or referencing column, or in an
    /// expression. `None` when an expression cannot be analysed.
    pub fn uses(&self, column: &Ident) -> Option<bool> {
        let keyed = |columns: &[KeyColumn]| columns.iter().any(|key| key.column == *column);
        match self {
            Self::PrimaryKey(part) => Some(keyed(&part.columns)),
            Self::Unique(part) => Some(keyed(&part.columns)),
            Self::ForeignKey(part) => Some(part.columns.contains(column)),
            Self::Check(part) => part.expression.uses(column),
            Self::Index(part) => {
                if keyed(&part.columns) || part.include.contains(column) {
                    return Some(true);
                }
                part.filter
                    .as_ref()
                    .map_or(Some(false), |filter| filter.uses(column))
            }
        }
    }
}

impl PartKind {
    /// The field's term for it, as messages use it.
    pub fn noun(self) -> &'static str {
        match self {
            Self::PrimaryKey => "primary key",
            Self::Unique => "unique constraint",
            Self::Check => "check constraint",
            Self::ForeignKey => "foreign key",
            Self::Index => "index",
        }
    }
}

impl ReferentialAction {
    /// Whether it is the one that need not be written.
    pub fn is_none(&self) -> bool {
        *self == Self::NoAction
    }

    /// The words of SQL for it.
    pub fn sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

impl KeyColumn {
    /// A column sorted upwards.
    pub fn ascending(column: impl Into<Ident>) -> Self {
        Self {
            column: column.into(),
            descending: false,
        }
    }
}

impl fmt::Display for KeyColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}",
            self.column,
            if self.descending { " desc" } else { "" }
        )
    }
}

/// `createdAt desc` in YAML. A name that itself ends in ` desc` is written with ` asc` behind it.
impl Serialize for KeyColumn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = self.column.as_str();
        if !self.descending && (name.ends_with(" desc") || name.ends_with(" asc")) {
            return serializer.collect_str(&format_args!("{name} asc"));
        }
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyColumn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::parse(&text))
    }
}

impl KeyColumn {
    /// Reads `createdAt desc`, `createdAt asc` or `createdAt`.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let (name, descending) = match (text.strip_suffix(" desc"), text.strip_suffix(" asc")) {
            (Some(name), _) => (name, true),
            (None, Some(name)) => (name, false),
            (None, None) => (text, false),
        };
        Self {
            column: Ident::new(name.trim()),
            descending,
        }
    }
}

fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_true(value: &bool) -> bool {
    *value
}

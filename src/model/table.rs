//! Tables and the schema that holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Check, Column, ForeignKey, Ident, Index, Part, PartKind, PrimaryKey, Unique};

/// A whole schema. Tables are unique by name and iterate in order of name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// The tables by name.
    pub tables: BTreeMap<Ident, Table>,
}

/// A table with its columns in declared order and its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Table {
    /// Its name.
    pub name: Ident,
    /// What it means, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When set, rows can be added but neither changed nor removed; the value is the reserved name
    /// of the triggers that see to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub append_only: Option<Ident>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its keys, checks, foreign keys and indexes. Names are unique.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

impl Schema {
    /// A schema of these tables.
    pub fn new(tables: impl IntoIterator<Item = Table>) -> Self {
        Self {
            tables: tables
                .into_iter()
                .map(|table| (table.name.clone(), table))
                .collect(),
        }
    }

    /// The table of this name.
    pub fn table(&self, name: &Ident) -> Option<&Table> {
        self.tables.get(name)
    }
}

impl Table {
    /// The column of this name.
    pub fn column(&self, name: &Ident) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == *name)
    }

    /// The part of this name.
    pub fn part(&self, name: &Ident) -> Option<&Part> {
        self.parts.iter().find(|part| part.name() == name)
    }

    /// The parts of one class, in declared order.
    pub fn parts_of(&self, kind: PartKind) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.kind() == kind)
    }

    /// The primary key, if there is one.
    pub fn primary_key(&self) -> Option<&PrimaryKey> {
        self.parts.iter().find_map(|part| match part {
            Part::PrimaryKey(key) => Some(key),
            _ => None,
        })
    }

    /// The unique constraints.
    pub fn uniques(&self) -> impl Iterator<Item = &Unique> {
        self.parts.iter().filter_map(|part| match part {
            Part::Unique(unique) => Some(unique),
            _ => None,
        })
    }

    /// The check constraints.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.parts.iter().filter_map(|part| match part {
            Part::Check(check) => Some(check),
            _ => None,
        })
    }

    /// The foreign keys.
    pub fn foreign_keys(&self) -> impl Iterator<Item = &ForeignKey> {
        self.parts.iter().filter_map(|part| match part {
            Part::ForeignKey(key) => Some(key),
            _ => None,
        })
    }

    /// The indexes.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.parts.iter().filter_map(|part| match part {
            Part::Index(index) => Some(index),
            _ => None,
        })
    }
}

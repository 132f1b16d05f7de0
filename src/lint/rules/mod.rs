//! The rules, one a file.
//!
//! Severities follow one line. An *error* cannot work, does silent damage, or fails only where
//! there are rows, which is in production. A *warning* costs locks, time or a later surprise. What a
//! contract migration does on purpose, with its reason on record, is not held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::facts::Facts;
use super::state::{State, Table};
use super::tsql::Batch;
use super::tsql::statement::{
    Action, AlterTable, Column, Constraint, CreateIndex, Kind, Name, Rule as Demand, Statement,
};
use super::{Options, path};
use crate::diag::Severity;
use crate::model::ObjectPath;

mod l01;
mod l02;
mod l03;
mod l04;
mod l05;
mod l06;
mod l07;
mod l08;
mod l09;
mod l10;
mod l11;
mod l12;
mod l13;
mod l14;
mod l15;
mod l16;
mod l17;
mod l18;
mod l19;
mod l20;
mod l21;
mod l22;
mod l23;
mod l24;
mod l25;
mod l26;
mod l27;
mod l28;
mod l29;
mod l30;
mod l31;
mod l32;

/// Every rule, by id.
pub const RULES: [Rule; 32] = [
    l01::RULE,
    l02::RULE,
    l03::RULE,
    l04::RULE,
    l05::RULE,
    l06::RULE,
    l07::RULE,
    l08::RULE,
    l09::RULE,
    l10::RULE,
    l11::RULE,
    l12::RULE,
    l13::RULE,
    l14::RULE,
    l15::RULE,
    l16::RULE,
    l17::RULE,
    l18::RULE,
    l19::RULE,
    l20::RULE,
    l21::RULE,
    l22::RULE,
    l23::RULE,
    l24::RULE,
    l25::RULE,
    l26::RULE,
    l27::RULE,
    l28::RULE,
    l29::RULE,
    l30::RULE,
    l31::RULE,
    l32::RULE,
];

/// How many statements away a rule looks for what belongs to a statement, so that it takes no time
/// with the square of a script's length.
const NEAR: usize = 2_000;

/// A rule.
pub struct Rule {
    /// Its id: `L15`.
    pub id: &'static str,
    /// The code of its findings: `lint/L15`.
    pub code: &'static str,
    /// Its name in words: `offline-index`.
    pub name: &'static str,
    /// What it flags, in a phrase.
    pub title: &'static str,
    /// Its severity where nothing else is set.
    pub severity: Severity,
    /// What goes wrong on a server, and when it does not.
    pub explanation: &'static str,
    /// What to do, in a sentence.
    pub help: &'static str,
    /// The safe way, as SQL.
    pub rewrite: &'static str,
    /// Judges one statement.
    pub check: fn(&Scene<'_>, &mut Vec<Hit>),
}

/// A place that a rule flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The bytes.
    pub range: Range<usize>,
    /// What is wrong and what follows, without a full stop.
    pub message: String,
    /// The most that it matters, whatever the rule's severity.
    pub most: Severity,
    /// The object.
    pub path: Option<ObjectPath>,
}

/// A statement with everything that a rule may ask about it.
pub struct Scene<'a> {
    /// The project.
    pub options: &'a Options,
    /// What is true of the whole script.
    pub facts: &'a Facts,
    /// The script.
    pub text: &'a str,
    /// Its batches.
    pub batches: &'a [Batch],
    /// All statements of the script.
    pub statements: &'a [Statement],
    /// The place of this one among them.
    pub place: usize,
    /// The statement.
    pub statement: &'a Statement,
    /// The tables before the statement.
    pub now: &'a State,
    /// The tables after the whole script.
    pub after: &'a State,
    /// The columns that its batch has added so far, by name, with their tables; in lower case.
    pub added: &'a BTreeMap<String, BTreeSet<String>>,
}

/// A table with columns and constraints that a statement adds to it.
pub struct Adding<'a> {
    /// The table.
    pub table: &'a Name,
    /// Whether the statement makes the table itself.
    pub creates: bool,
    /// The new columns.
    pub columns: &'a [Column],
    /// The new constraints.
    pub constraints: &'a [Constraint],
    /// The new indexes that are declared with it.
    pub indexes: &'a [CreateIndex],
    /// Whether WITH VALUES stands there.
    pub with_values: bool,
}

impl Hit {
    /// A place and what is wrong there.
    pub fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            range,
            message: message.into(),
            most: Severity::Error,
            path: None,
        }
    }

    /// Limits how much it matters.
    pub fn at_most(mut self, most: Severity) -> Self {
        self.most = most;
        self
    }

    /// Adds the object.
    pub fn about(mut self, table: &str, member: Option<&str>) -> Self {
        self.path = Some(path(table, member));
        self
    }
}

impl<'a> Scene<'a> {
    /// What the statement adds, when it is CREATE TABLE or ALTER TABLE ADD of a table that lasts.
    pub fn adding(&self) -> Option<Adding<'a>> {
        let adding = match &self.statement.kind {
            Kind::CreateTable(create) => Adding {
                table: &create.table,
                creates: true,
                columns: &create.columns,
                constraints: &create.constraints,
                indexes: &create.indexes,
                with_values: false,
            },
            Kind::AlterTable(AlterTable {
                table,
                action:
                    Action::Add {
                        columns,
                        constraints,
                        indexes,
                        with_values,
                        ..
                    },
            }) => Adding {
                table,
                creates: false,
                columns,
                constraints,
                indexes,
                with_values: *with_values,
            },
            _ => return None,
        };
        (!adding.table.is_temporary()).then_some(adding)
    }

    /// As [`Scene::adding`], when the table was there before this script, with rows in it.
    pub fn adding_to_existing(&self) -> Option<Adding<'a>> {
        let adding = self.adding()?;
        (!adding.creates && !self.now.is_made_here(adding.table)).then_some(adding)
    }

    /// The column that the statement alters, with its table, unless this script made the table.
    pub fn altered_column(&self) -> Option<(&'a Name, &'a Column)> {
        match &self.statement.kind {
            Kind::AlterTable(AlterTable {
                table,
                action: Action::AlterColumn(column),
            }) if !self.now.is_made_here(table) => Some((table, column)),
            _ => None,
        }
    }

    /// CREATE INDEX on a table that lasts.
    pub fn created_index(&self) -> Option<(&'a Name, &'a CreateIndex)> {
        match &self.statement.kind {
            Kind::CreateIndex(index) => {
                let table = index.table.as_ref()?;
                (!table.is_temporary()).then_some((table, index))
            }
            _ => None,
        }
    }

    /// The table as it is once the statement has run.
    pub fn table_with(&self, name: &Name) -> Option<Table> {
        self.now.table_with(name, self.statement, self.text)
    }

    /// Whether the table is one that keeps tenants apart, and by which column, in lower case.
    pub fn tenant_column(&self, table: &Name) -> Option<String> {
        let (column, exempt) = self.options.tenant.as_ref()?;
        let name = table.last().to_lowercase();
        (!exempt.iter().any(|exempt| exempt.folded() == name)).then(|| column.folded())
    }
}

impl Adding<'_> {
    /// The default that stands with a column.
    pub fn default_of(&self, column: &Column) -> Option<&[String]> {
        self.constraints.iter().find_map(|constraint| {
            let Demand::Default { column: of, words } = &constraint.rule else {
                return None;
            };
            super::state::same(of, &column.name.name).then_some(words.as_slice())
        })
    }
}

impl Column {
    /// Whether a new column of a table that has rows needs no value for them.
    pub(super) fn fills_itself(&self) -> bool {
        self.identity
            || self.computed.is_some()
            || self.generated
            || self
                .ty
                .as_ref()
                .is_some_and(super::tsql::types::SqlType::is_row_version)
    }

    /// Whether it takes no NULL, by its own words.
    pub(super) fn is_required(&self) -> bool {
        self.nullable == Some(false) || self.primary
    }
}

/// The rule of an id, in any case.
pub fn find(id: &str) -> Option<&'static Rule> {
    static ALL: [Rule; 32] = RULES;
    ALL.iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

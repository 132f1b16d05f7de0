//! Tenants that never see each other: the guard in front of SQL.
//!
//! Owns which tables belong to tenants ([`Tenancy`]) and the [`Guard`], which reads a statement and
//! says whether it can reach another tenant's rows. It takes text and returns values: no database,
//! no files. Who asks (the runner of stories before each statement, `lint --queries` for an
//! application's files) decides what a denial means.
//!
//! # The rule
//! Every reference to a table that belongs to tenants must be held to one tenant at the level of
//! the query in which it stands: its tenant column equals the reserved parameter in a condition
//! that all rows must pass. Such a condition is a part of an AND in WHERE, or in ON where ON
//! filters the table: both sides of an inner join, the nullable side of an outer one, neither side
//! of a full one. The tenant column may also equal that of another table that is held so already,
//! at this level or in a query around it. Nothing counts below OR, NOT, CASE or a function, and no
//! other value counts than the parameter.
//!
//! # The law
//! The answer to an allowed query, and what an allowed statement changes, does not depend on the
//! rows of other tenants, and their rows stay as they are. The tests try it on databases.
//!
//! # What is not known is denied
//! The guard lists what it understands. Everything else, from a syntax it cannot parse to a
//! function that it has not heard of, is denied as not analysed. It does not judge side channels:
//! an error that a server raises while it evaluates another tenant's row before it drops it, or
//! how long an answer takes.

mod change;
mod expression;
mod from;
mod level;
mod merge;
mod name;
mod projection;
mod query;
mod statement;
mod text;
mod words;

use std::collections::BTreeSet;
use std::ops::Range;

use crate::engine::Engine;
use crate::model::{Ident, Schema, Table};
use crate::yaml::schema::TenantRule;

/// Which tables belong to a tenant, and by which column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tenancy {
    /// The column that holds the tenant; `None` when the schema knows no tenants.
    pub column: Option<Ident>,
    /// Tables that no tenant owns although they have the column.
    pub exempt: BTreeSet<Ident>,
}

/// What the configuration says about tenants.
impl From<Option<&TenantRule>> for Tenancy {
    fn from(rule: Option<&TenantRule>) -> Self {
        rule.map_or_else(Self::default, |rule| Self {
            column: Some(rule.column.clone()),
            exempt: rule.exempt.keys().cloned().collect(),
        })
    }
}

impl Tenancy {
    /// The tenant column of a table, when its rows belong to tenants.
    pub fn column_of(&self, table: &Table) -> Option<&Ident> {
        self.column
            .as_ref()
            .filter(|column| table.column(column).is_some() && !self.exempt.contains(&table.name))
    }
}

/// Reads statements for one schema in one engine's language.
#[derive(Debug, Clone, Copy)]
pub struct Guard<'a> {
    /// The language.
    pub engine: Engine,
    /// The tables that there are. A statement on any other is denied.
    pub schema: &'a Schema,
    /// Which of them belong to tenants.
    pub tenancy: &'a Tenancy,
    /// The engine's schema that holds the tables, the only one that a name may be qualified with:
    /// `dbo`, or `main` on SQLite.
    pub namespace: &'a str,
    /// The parameter that holds the tenant, exactly as statements spell it: `@tenantId`.
    pub parameter: &'a str,
}

/// What was said of a text: one entry a statement, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The statements. A text that cannot be cut into statements is one statement.
    pub statements: Vec<Judged>,
}

/// A statement and what stands against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Its bytes, without semicolon.
    pub range: Range<usize>,
    /// Why it is denied, by place; it is allowed when there is nothing.
    pub denials: Vec<Denial>,
    /// A comment directly above it that allows it to cross tenants.
    pub allowance: Option<Allowance>,
}

/// `-- dbtool:allow-cross-tenant REASON` above a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The bytes of the comment.
    pub range: Range<usize>,
    /// The reason; `None` when none is given, and then it allows nothing.
    pub reason: Option<String>,
}

/// Why a statement is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// A stable code such as `guard/missing-predicate`.
    pub code: &'static str,
    /// The bytes concerned.
    pub range: Range<usize>,
    /// Line of its first character, from 1.
    pub line: usize,
    /// Column of its first character, from 1, in characters.
    pub column: usize,
    /// What is wrong with which table or word.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Guard<'_> {
    /// Reads a text of one or several statements, separated by semicolons, and in T-SQL by `GO`
    /// lines.
    pub fn judge(&self, sql: &str) -> Verdict {
        text::judge(self, sql)
    }
}

impl Verdict {
    /// Whether nothing stands against any statement. Allowances count for nothing here.
    pub fn is_allowed(&self) -> bool {
        self.denials().next().is_none()
    }

    /// Everything that stands against the statements.
    pub fn denials(&self) -> impl Iterator<Item = &Denial> {
        self.statements.iter().flat_map(|judged| &judged.denials)
    }
}

#[cfg(test)]
mod tests;

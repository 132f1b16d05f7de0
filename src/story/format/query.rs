//! Free queries.

use std::collections::BTreeMap;

use super::{Condition, Direction, Term};
use crate::diag::Span;
use crate::engine::Engine;
use crate::model::{Column, Ident};

/// Reads with an SQL query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The query.
    pub text: Text,
    /// What its answer must be.
    pub result: QueryResult,
    /// Whether rows are compared in the order in which they come.
    pub ordered: bool,
    /// The columns that expected rows name, with the types that their values have.
    pub columns: Vec<Column>,
}

/// The text of a query. `@tenantId` in it is the present tenant (by whatever name the schema calls
/// the column), and other `@names` are parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The SQL by engine.
    pub sql: BTreeMap<Engine, String>,
    /// The parameters, each with a column that says of which type it is.
    pub parameters: Vec<(String, Column, Term)>,
    /// Where the SQL stands.
    pub span: Span,
}

/// What the answer of a query must be.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryResult {
    /// So many rows.
    Count(u64),
    /// So many rows or more.
    AtLeast(u64),
    /// Exactly these rows, each given by some of its columns.
    Rows(Vec<Vec<Condition>>),
}

/// The query whose plan is looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanOf {
    /// All columns of rows of the tenant.
    Rows {
        /// The conditions, beside that on the tenant.
        filter: Vec<Condition>,
        /// The order.
        order: Vec<(Ident, Direction)>,
    },
    /// This one.
    Query(Text),
}

//! The values of a story file: what its author says, resolved against the schema and the named
//! rows, with the place of everything that can fail.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diag::Span;
use crate::engine::{Engine, Value, ViolationKind};
use crate::model::Ident;
use crate::story::mutation::survivor::Explained;

mod connection;
mod expect;
mod project;
mod query;

pub use connection::{Given, Resolution, ResolveConnection, Resolved};
pub use expect::{AuditRole, ExpectAudit, ExpectErrors, ExpectFailure};
pub use project::{AddMigration, EditMigration, ExpectGate, Migrate, MigrateEnd, Verdict, Which};
pub use query::{PlanOf, Query, QueryResult, Text};

/// One story file.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// Its identifier, such as `S2vDB-03`.
    pub id: String,
    /// What it promises, in one sentence.
    pub title: String,
    /// Where the identifier stands.
    pub span: Span,
    /// Its acceptance criteria; identifiers are unique within the story.
    pub criteria: Vec<Criterion>,
    /// Its scenarios in the order in which they run; names are unique within the story.
    pub scenarios: Vec<Scenario>,
    /// What it says about mutants of the schema that no scenario notices.
    pub survivors: Vec<Explained>,
}

/// An acceptance criterion.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Its identifier within the story.
    pub id: String,
    /// What is promised.
    pub text: String,
    /// What it takes to prove it.
    pub proven_by: ProvenBy,
    /// Where the identifier stands.
    pub span: Span,
}

/// What it takes to prove a criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ProvenBy {
    /// The database alone: a scenario on a throwaway database proves it.
    Database,
    /// The settings: what `dbtool.yaml` points at, and what comes of it with given variables.
    Settings,
    /// The environment: a resolved secret, a reachable server. Only `--against` proves it.
    Environment,
    /// The running application: that it writes the row, that it answers so. A scenario that writes
    /// a row itself proves nothing about that; only `--against` does.
    Application,
}

/// A scenario: steps that must all go as they say.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The criteria that it proves, at least one.
    pub proves: Vec<String>,
    /// On what it runs.
    pub ground: GroundKind,
    /// On whose behalf it begins.
    pub principal: Principal,
    /// What it does.
    pub steps: Vec<Step>,
}

/// On what a scenario runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroundKind {
    /// A throwaway database to which all migrations were applied, shared with other scenarios.
    Shared,
    /// The same, for this scenario alone, because it changes the database or the migrations.
    Own,
    /// An empty database for this scenario alone.
    Empty,
    /// The environment that `--against` names, which is only read.
    Against,
}

/// On whose behalf statements run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The tenant's label; the value in the database also carries the scenario's token.
    pub tenant: String,
    /// Who acts: the value of `$actor`.
    pub actor: Option<String>,
    /// What ties the rows of one request together: the value of `$correlation`.
    pub correlation: Option<String>,
}

/// A step and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// Its first line.
    pub span: Span,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// From here to the end of this list of steps, another tenant, actor or correlation.
    As(Principal),
    /// Adds rows.
    Insert(Insert),
    /// Changes rows of the tenant.
    Update(Update),
    /// Removes rows of the tenant.
    Delete(Delete),
    /// Runs steps in one transaction.
    Transaction(Transaction),
    /// Runs steps several times at once, on connections of their own.
    Concurrently(Concurrently),
    /// Drops every connection and opens a new one.
    Restart,
    /// Runs steps in a process that is killed.
    Crash(Crash),
    /// Looks at rows of the tenant.
    ExpectRows(ExpectRows),
    /// Wants a step to be refused.
    ExpectError(Box<ExpectError>),
    /// Looks at the live catalog.
    ExpectCatalog(ExpectCatalog),
    /// Wants two databases that were migrated apart to have one catalog.
    ExpectSameCatalog,
    /// Changes the database behind the migrations' back.
    Alter(Alter),
    /// Wants these and no other objects to have drifted; none when the list is empty.
    ExpectDrift(Vec<String>),
    /// Wants a query to use an index.
    ExpectPlan(ExpectPlan),
    /// Wants many rows to be refused.
    ExpectErrors(ExpectErrors),
    /// Wants a record of what somebody did.
    ExpectAudit(Box<ExpectAudit>),
    /// Wants a step to fail, in a certain part of the gate.
    ExpectFailure(Box<ExpectFailure>),
    /// Reads with an SQL query.
    Query(Query),
    /// Applies migrations.
    Migrate(Migrate),
    /// Adds a migration to the scenario's copy of the migrations folder.
    AddMigration(AddMigration),
    /// Edits a migration in that copy.
    EditMigration(EditMigration),
    /// Wants the gate to say this of the database and the folder.
    ExpectGate(ExpectGate),
    /// Follows a connection reference, and opens nothing.
    ResolveConnection(ResolveConnection),
    /// Wants the database to answer on a new connection.
    Reachable,
}

/// Runs steps in one transaction, in a process of its own that is killed with SIGKILL.
#[derive(Debug, Clone, PartialEq)]
pub struct Crash {
    /// The steps.
    pub steps: Vec<Step>,
    /// Where the process stands when it is killed.
    pub when: Moment,
}

/// Where a process stands when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// All steps are done, and the transaction is open.
    BeforeCommit,
    /// The database has said that the transaction is committed.
    AfterCommit,
}

/// Adds rows, each in a statement of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: Ident,
    /// The rows, at least one.
    pub rows: Vec<Row>,
    /// How often all of them are added; generated values differ each time.
    pub count: u32,
    /// The name by which later steps refer to the row; only with one row.
    pub save: Option<String>,
}

/// The values of a row that the author gives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Columns and values, without the tenant column.
    pub values: Vec<(Ident, Term)>,
}

/// Changes rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The table.
    pub table: Ident,
    /// The new values, at least one, never of the tenant column.
    pub set: Vec<(Ident, Term)>,
    /// Which rows.
    pub filter: Vec<Condition>,
    /// How many rows must change; at least one when it is not said, since a step that changes
    /// nothing proves nothing.
    pub changes: Option<u64>,
}

/// Removes rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    /// The table.
    pub table: Ident,
    /// Which rows.
    pub filter: Vec<Condition>,
    /// How many rows must go; at least one when it is not said.
    pub changes: Option<u64>,
}

/// Runs steps in one transaction. It is rolled back when one of them fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// The steps.
    pub steps: Vec<Step>,
    /// How it ends when all of them went well.
    pub commit: bool,
}

/// Runs steps several times at once. The connections are opened first, and all copies are released
/// together.
#[derive(Debug, Clone, PartialEq)]
pub struct Concurrently {
    /// How many copies, 2 to 64.
    pub copies: u32,
    /// What each of them does. A copy ends at its first refusal.
    pub steps: Vec<Step>,
    /// How many copies must succeed; all when it is not said.
    pub succeeded: u32,
    /// How the others must fail.
    pub failed: Option<Refusal>,
}

/// An error that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectError {
    /// Which.
    pub refusal: Refusal,
    /// The step that must be refused.
    pub step: Step,
}

/// How the database must refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The class of the error.
    pub kind: ViolationKind,
    /// The constraint, compared where the engine says which it was.
    pub constraint: Option<Ident>,
    /// Where it is said.
    pub span: Span,
}

/// Looks at rows.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectRows {
    /// The table.
    pub table: Ident,
    /// Which rows.
    pub filter: Vec<Condition>,
    /// In which order rows are compared; in any order when it is empty.
    pub order: Vec<(Ident, Direction)>,
    /// What must be there.
    pub expected: ExpectedRows,
    /// The name by which later steps refer to the row; only when exactly one is expected.
    pub save: Option<String>,
}

/// What [`ExpectRows`] wants.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectedRows {
    /// So many rows.
    Count(u64),
    /// So many rows or more.
    AtLeast(u64),
    /// Exactly these rows, each given by some of its columns.
    Rows(Vec<Vec<Condition>>),
}

/// The direction of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Upwards.
    Ascending,
    /// Downwards.
    Descending,
}

/// Looks at the live catalog. Everything is optional; what is listed must exist.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExpectCatalog {
    /// Tables.
    pub tables: Vec<(Ident, Span)>,
    /// Columns by table.
    pub columns: Vec<(Ident, Vec<(Ident, Span)>)>,
    /// Indexes by table.
    pub indexes: Vec<(Ident, Vec<(Ident, Span)>)>,
    /// Keys, checks and foreign keys by table.
    pub constraints: Vec<(Ident, Vec<(Ident, Span)>)>,
    /// Tables whose rows can be added but neither changed nor removed.
    pub append_only: Vec<(Ident, Span)>,
    /// All names must be camelCase.
    pub camel_case: bool,
    /// Every object that the schema declares must be there.
    pub complete: bool,
}

/// Changes the database behind the migrations' back: the one escape from portable steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Alter {
    /// The statement, by engine.
    pub sql: BTreeMap<Engine, String>,
}

/// Wants a query on a table to use an index.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectPlan {
    /// The table.
    pub table: Ident,
    /// The query.
    pub query: PlanOf,
    /// The index.
    pub index: Ident,
}

/// What rows must satisfy in one column. All tests must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The column.
    pub column: Ident,
    /// The tests, at least one.
    pub tests: Vec<Test>,
    /// Where it stands.
    pub span: Span,
}

/// A test of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// The same; NULL is the same as NULL.
    Equal(Term),
    /// Not the same; NULL differs from every value.
    NotEqual(Term),
    /// One of these.
    In(Vec<Term>),
    /// Not NULL, and no less.
    AtLeast(Term),
    /// Not NULL, and no more.
    AtMost(Term),
    /// Not NULL, and more.
    Greater(Term),
    /// Not NULL, and less.
    Less(Term),
    /// The same JSON document, whatever its spelling and the order of its keys; only on rows that
    /// were read.
    Json(serde_json::Value),
    /// What a JSON document holds at a path such as `candidates[0].field`; only on rows that were
    /// read.
    JsonPath(Vec<(String, serde_json::Value)>),
}

/// A value as the author gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// Itself, in the portable spelling of its column's type.
    Literal(Value),
    /// A column of a row that was saved.
    Saved {
        /// The row's name.
        row: String,
        /// The column.
        column: Ident,
    },
    /// `$tenant`: the current tenant as the database knows it.
    Tenant,
    /// `$actor`.
    Actor,
    /// `$correlation`.
    Correlation,
    /// `$copy`: the number of this copy within `concurrently`, from 1; else 0.
    Copy,
    /// The instant of the run's clock, moved.
    Now(Offset),
    /// `$since`: where the window begins in which the application's rows are looked for.
    Since,
    /// `$default`: whatever the database puts there; only in new rows.
    Default,
    /// `$generated`: a generated value, where none would be needed.
    Generated,
    /// What the column holds plus this; only in the `set` of an update.
    Increment(Value),
}

/// A distance in time with its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offset {
    /// Whether it points to the past.
    pub back: bool,
    /// How far.
    pub by: Duration,
}

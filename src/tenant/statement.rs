//! Statements: which kinds there are, and what every analysis of one needs.

use std::collections::BTreeSet;

use sqlparser::ast::{Ident, Query, Set, SetExpr, SetSessionParamKind, Statement, With};
use sqlparser::tokenizer::Span;

use super::Guard;
use super::name::{Names, fold, is_variable};
use super::query::Ctes;
use super::text::Finding;
use super::words;
use crate::engine::Engine;
use crate::model::Table;

/// How deep the walk goes. The parser's own limit is lower, but counts in its own way.
const MAX_DEPTH: usize = 120;

/// How many steps the walk takes, since a recursive expression is read more than once.
const MAX_STEPS: usize = 100_000;

/// Session settings that change nothing about what a statement means.
const SETTINGS: [&str; 3] = ["NOCOUNT", "XACT_ABORT", "DEADLOCK_PRIORITY"];

/// Words that begin a statement on objects or rights.
const DEFINITIONS: [&str; 6] = ["CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "DENY"];

/// Reads one statement.
pub(super) struct Analyser<'a> {
    pub(super) guard: &'a Guard<'a>,
    pub(super) names: &'a Names<'a>,
    pub(super) findings: Vec<Finding>,
    /// The nearest place that is known, for what has none of its own.
    pub(super) present: Span,
    /// The sources of the present level whose tenant column a condition names.
    pub(super) mentions: BTreeSet<usize>,
    depth: usize,
    steps: usize,
}

impl<'a> Analyser<'a> {
    pub(super) fn new(guard: &'a Guard<'a>, names: &'a Names<'a>, start: Span) -> Self {
        Self {
            guard,
            names,
            findings: Vec::new(),
            present: start,
            mentions: BTreeSet::new(),
            depth: 0,
            steps: 0,
        }
    }

    /// What stands against a statement.
    pub(super) fn statement(mut self, statement: &Statement, first: &str) -> Vec<Finding> {
        let start = self.present;
        match statement {
            Statement::Query(query) => self.top(query),
            Statement::Explain {
                analyze: false,
                verbose: false,
                query_plan: true,
                estimate: false,
                statement,
                format: None,
                options: None,
                ..
            } if self.guard.engine == Engine::Sqlite => match &**statement {
                Statement::Query(query) => self.top(query),
                _ => self.want(false, "the plan of what is no query"),
            },
            Statement::Insert(insert) => self.insert(insert, &Ctes::NONE),
            Statement::Update(update) => self.update(update, &Ctes::NONE),
            Statement::Delete(delete) => self.delete(delete, &Ctes::NONE),
            Statement::Merge(merge) => self.merge(merge, &Ctes::NONE),
            Statement::StartTransaction {
                modifier: None,
                statements,
                exception: None,
                has_end_keyword: false,
                ..
            } if statements.is_empty() => {}
            Statement::Commit {
                chain: false,
                end: false,
                modifier: None,
            }
            | Statement::Rollback {
                chain: false,
                savepoint: None,
            } => {}
            Statement::Set(Set::SetSessionParam(SetSessionParamKind::Generic(setting)))
                if setting
                    .names
                    .iter()
                    .all(|name| SETTINGS.contains(&name.to_uppercase().as_str())) => {}
            Statement::Set(_) | Statement::Declare { .. } => self.deny(
                "guard/variable",
                start,
                "a variable or setting is changed, so nobody knows what the parameter holds".into(),
                "bind values as parameters, and the tenant as the reserved one",
            ),
            Statement::Execute { .. } | Statement::Call(_) | Statement::Prepare { .. } => self
                .deny(
                    "guard/dynamic-sql",
                    start,
                    "what a procedure or a text does cannot be seen from here".into(),
                    "write the statement itself",
                ),
            Statement::Truncate(_) => self.deny(
                "guard/truncate",
                start,
                "TRUNCATE removes the rows of all tenants".into(),
                "use DELETE with the tenant's predicate",
            ),
            _ if DEFINITIONS.contains(&first.to_uppercase().as_str()) => self.deny(
                "guard/definition",
                start,
                "the statement changes what the database is, not what is in it".into(),
                "make the change in the schema, and a migration with `dbtool generate`",
            ),
            _ => self.want(false, "this kind of statement"),
        }
        if self.is_exhausted() {
            self.deny(
                "guard/not-analysed",
                start,
                "the statement is too large or too deep to be analysed".into(),
                "cut it into smaller ones",
            );
        }
        self.findings
    }

    /// A query on its own; T-SQL and SQLite also put WITH before other statements.
    fn top(&mut self, query: &Query) {
        let changes = matches!(
            &*query.body,
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
        );
        if !changes {
            self.query(query, None, &Ctes::NONE);
            return;
        }
        self.want(
            query.order_by.is_none()
                && query.limit_clause.is_none()
                && query.fetch.is_none()
                && query.locks.is_empty()
                && query.for_clause.is_none()
                && query.settings.is_none()
                && query.format_clause.is_none()
                && query.pipe_operators.is_empty(),
            "a clause behind the statement",
        );
        let with: Option<&With> = query.with.as_ref();
        let own = self.with(with, None, &Ctes::NONE);
        let ctes = Ctes { outer: None, own };
        match &*query.body {
            SetExpr::Insert(Statement::Insert(insert)) => self.insert(insert, &ctes),
            SetExpr::Update(Statement::Update(update)) => self.update(update, &ctes),
            SetExpr::Delete(Statement::Delete(delete)) => self.delete(delete, &ctes),
            SetExpr::Merge(Statement::Merge(merge)) => self.merge(merge, &ctes),
            _ => self.want(false, "this kind of statement"),
        }
    }

    /// A name that the statement makes: an alias, or that of a common table expression. `of` is the
    /// table that an alias stands for.
    pub(super) fn new_name(&mut self, name: &Ident, of: Option<&Table>) {
        self.not_reserved(name);
        if let Some(table) = self.names.table(&fold(name))
            && of.is_none_or(|of| of.name != table.name)
        {
            self.shadowed(name, "is also the name of a table");
        }
    }

    pub(super) fn shadowed(&mut self, name: &Ident, why: &str) {
        let message = format!("{} {why}, so nobody knows which is meant", name.value);
        self.deny(
            "guard/shadowed-name",
            name.span,
            message,
            "choose another name",
        );
    }

    pub(super) fn not_reserved(&mut self, name: &Ident) {
        if self.guard.engine == Engine::Mssql
            && name.quote_style.is_none()
            && words::is_reserved(&name.value)
        {
            let message = format!(
                "{} stands in the place of an alias, where the server may see another statement \
                 begin",
                name.value
            );
            self.deny(
                "guard/not-parsed",
                name.span,
                message,
                "end the statement before it with a semicolon, or quote the alias",
            );
        }
        if is_variable(name) {
            self.assigned(name.span);
        }
    }

    pub(super) fn assigned(&mut self, place: Span) {
        self.deny(
            "guard/variable",
            place,
            "a variable is assigned, so nobody knows what the parameter holds".into(),
            "select the value, and bind it as a parameter where it is needed",
        );
    }

    pub(super) fn table_function(&mut self, place: Span) {
        self.deny(
            "guard/table-function",
            place,
            "what rows a function gives cannot be seen from here".into(),
            "query tables of the schema",
        );
    }

    /// Denies what is not understood.
    pub(super) fn want(&mut self, understood: bool, what: &str) {
        if !understood {
            let place = self.present;
            let message = format!("{what} was not analysed, so the statement is denied");
            self.deny(
                "guard/not-analysed",
                place,
                message,
                "write it as plain SELECT, INSERT, UPDATE, DELETE or MERGE",
            );
        }
    }

    pub(super) fn deny(&mut self, code: &'static str, place: Span, message: String, help: &str) {
        self.findings.push(Finding {
            code,
            place,
            message,
            help: help.to_owned(),
        });
    }

    /// Goes one level deeper, unless that is too deep; the statement is then denied.
    pub(super) fn deeper<T>(&mut self, place: Span, go: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.steps += 1;
        if self.depth >= MAX_DEPTH {
            self.steps = MAX_STEPS + 1;
        }
        if self.is_exhausted() {
            return None;
        }
        self.depth += 1;
        self.present = place;
        let result = go(self);
        self.depth -= 1;
        Some(result)
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.steps > MAX_STEPS
    }

    pub(super) fn place_of(&self, query: &Query) -> Span {
        match &*query.body {
            SetExpr::Select(select) => select.select_token.0.span,
            _ => self.present,
        }
    }
}

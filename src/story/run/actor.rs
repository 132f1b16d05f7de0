//! Performs the steps of one scenario on one connection.

use std::collections::BTreeMap;

use super::rows::Record;
use super::stop::{self, Refused, Stop};
use super::{Ground, catalog};
use crate::diag::{Diagnostic, Phase, Span};
use crate::engine::{EngineError, Rows, Session, TransactionOptions, Value};
use crate::model::{Column, Ident, Table};
use crate::story::clock::Instant;
use crate::story::format::{Action, Alter, Principal, Scenario, Step, Term, Transaction};
use crate::story::generate::Generator;
use crate::story::statement::{Builder, Statement};
use crate::story::value;

/// Performs a scenario from its first step to its last.
pub(super) fn perform(
    ground: &Ground<'_>,
    scenario: &Scenario,
    generator: Generator,
    now: Option<Instant>,
) -> Result<(), Stop> {
    begin(ground, scenario, generator, now)?.steps(&scenario.steps)
}

/// Somebody who stands before the first step of a scenario.
pub(super) fn begin<'a>(
    ground: &Ground<'a>,
    scenario: &Scenario,
    mut generator: Generator,
    now: Option<Instant>,
) -> Result<Actor<'a>, Stop> {
    let broken = |error: EngineError| stop::unreachable(&error, &scenario.span);
    let mut session = ground.world.open().map_err(broken)?;
    let now = match now {
        Some(now) => now,
        None => {
            let text = session.now().map_err(broken)?;
            Instant::parse(&text).unwrap_or_default()
        }
    };
    let correlation = generator.correlation();
    Ok(Actor {
        ground: *ground,
        session: Some(session),
        state: State {
            now,
            token: generator.token(),
            correlation,
            generator,
            principal: scenario.principal.clone(),
            copy: 0,
            saved: BTreeMap::new(),
            latest: BTreeMap::new(),
            step: Vec::new(),
        },
    })
}

/// Somebody who performs steps on a connection.
pub(super) struct Actor<'a> {
    pub(super) ground: Ground<'a>,
    /// The connection; `None` only while `restart` has closed it.
    pub(super) session: Option<Box<dyn Session>>,
    pub(super) state: State,
}

/// What a scenario knows.
#[derive(Clone)]
pub(super) struct State {
    pub(super) now: Instant,
    pub(super) token: String,
    /// The correlation where the author gives none.
    pub(super) correlation: String,
    pub(super) generator: Generator,
    pub(super) principal: Principal,
    pub(super) copy: u32,
    /// Rows by the name they were saved under.
    pub(super) saved: BTreeMap<String, Record>,
    /// The row that was last added to a table for a tenant: what a foreign key refers to when the
    /// author does not say.
    pub(super) latest: BTreeMap<(Ident, String), Record>,
    /// The number of the present step, one number a level.
    pub(super) step: Vec<usize>,
}

impl Actor<'_> {
    pub(super) fn steps(&mut self, steps: &[Step]) -> Result<(), Stop> {
        let principal = self.state.principal.clone();
        for (at, step) in steps.iter().enumerate() {
            self.state.step.push(at + 1);
            self.step(step)?;
            self.state.step.pop();
        }
        self.state.principal = principal;
        Ok(())
    }

    pub(super) fn step(&mut self, step: &Step) -> Result<(), Stop> {
        let span = &step.span;
        match &step.action {
            Action::As(principal) => {
                self.state.principal = principal.clone();
                Ok(())
            }
            Action::Insert(insert) => self.insert(insert, span),
            Action::Update(update) => self.update(update, span),
            Action::Delete(delete) => self.delete(delete, span),
            Action::Transaction(transaction) => self.transaction(transaction, span),
            Action::Concurrently(concurrently) => self.concurrently(concurrently, span),
            Action::Restart => self.restart(span),
            Action::ExpectRows(expected) => self.expect_rows(expected, span),
            Action::ExpectError(expected) => self.expect_error(expected, span),
            Action::ExpectCatalog(expected) => catalog::expect_catalog(self, expected, span),
            Action::ExpectSameCatalog => catalog::expect_same_catalog(self, span),
            Action::Alter(alter) => self.alter(alter, span),
            Action::ExpectDrift(objects) => catalog::expect_drift(self, objects, span),
            Action::ExpectPlan(expected) => catalog::expect_plan(self, expected, span),
        }
    }

    fn transaction(&mut self, transaction: &Transaction, span: &Span) -> Result<(), Stop> {
        let latest = self.state.latest.clone();
        let result = self.session(span)?.begin(TransactionOptions::default());
        result.map_err(|error| {
            self.refused(
                error,
                span,
                "begin of a transaction".into(),
                None,
                Vec::new(),
            )
        })?;
        let done = self.steps(&transaction.steps);
        let end = if done.is_ok() && transaction.commit {
            self.session(span)?.commit()
        } else {
            // Rows that are gone are no parents.
            self.state.latest = latest;
            self.session(span)?.rollback()
        };
        // What happened within says more than a rollback that failed after it.
        done?;
        end.map_err(|error| {
            // The transaction may still be open; the commit's error is the one to tell.
            if let Some(session) = &mut self.session {
                let _ = session.rollback();
            }
            self.refused(
                error,
                span,
                "end of the transaction".into(),
                None,
                Vec::new(),
            )
        })
    }

    fn restart(&mut self, span: &Span) -> Result<(), Stop> {
        self.session = None;
        match self.ground.world.open() {
            Ok(session) => {
                self.session = Some(session);
                Ok(())
            }
            Err(error) => Err(self.refused(
                error,
                span,
                "connection after the restart".into(),
                None,
                Vec::new(),
            )),
        }
    }

    fn alter(&mut self, alter: &Alter, span: &Span) -> Result<(), Stop> {
        let engine = self.ground.dialect.engine();
        let Some(sql) = alter.sql.get(&engine) else {
            return Err(self.fail(
                "story/no-statement",
                span,
                format!("`alter` has no statement for {}", engine.name()),
                format!("add `{}: …` to its `sql`", engine.name()),
            ));
        };
        let result = self.session(span)?.execute(sql);
        result.map(|_| ()).map_err(|error| {
            self.refused(
                error,
                span,
                "the out-of-band change".into(),
                None,
                Vec::new(),
            )
        })
    }

    pub(super) fn resolve(&self, column: &Column, term: &Term, span: &Span) -> Result<Value, Stop> {
        let state = &self.state;
        let text = |text: &str| Ok(Value::Text(text.to_owned()));
        match term {
            Term::Literal(value) | Term::Increment(value) => Ok(value.clone()),
            Term::Tenant => text(&self.tenant()),
            Term::Actor => text(state.principal.actor.as_deref().unwrap_or_default()),
            Term::Correlation => text(
                state
                    .principal
                    .correlation
                    .as_deref()
                    .unwrap_or(&state.correlation),
            ),
            Term::Copy => match value::range(&column.ty) {
                Some(_) => Ok(Value::Integer(state.copy.into())),
                None => text(&state.copy.to_string()),
            },
            Term::Now(offset) => {
                let instant = state.now.moved(*offset);
                // The loader lets only columns that hold a time have one.
                Ok(value::instant(&column.ty, instant).unwrap_or(Value::Null))
            }
            Term::Saved { row, column: name } => {
                let value = state.saved.get(row).and_then(|row| row.get(name));
                value.cloned().ok_or_else(|| {
                    self.fail(
                        "story/unknown-reference",
                        span,
                        format!("no row is saved as {row}, so ${row}.{name} has no value"),
                        "save the row in a step that was performed before",
                    )
                })
            }
            Term::Default | Term::Generated => Ok(Value::Null),
        }
    }

    /// The present tenant as the database knows it.
    fn tenant(&self) -> String {
        format!("{}-{}", self.state.principal.tenant, self.state.token)
    }

    /// The tenant to whom rows of a table belong now; empty for a table that no tenant owns.
    pub(super) fn owner(&self, table: &Table) -> String {
        match self.ground.tenancy.column_of(table) {
            Some(_) => self.tenant(),
            None => String::new(),
        }
    }

    pub(super) fn builder<'t>(&'t self, table: &'t Table) -> Builder<'t> {
        Builder::new(
            self.ground.dialect,
            self.ground.tenancy,
            table,
            self.tenant(),
        )
    }

    /// Runs a statement that the guard lets pass; the number of rows that it changed.
    pub(super) fn execute(
        &mut self,
        statement: &Statement,
        span: &Span,
    ) -> Result<Result<u64, EngineError>, Stop> {
        self.guard(statement, span)?;
        let session = self.session(span)?;
        Ok(session.execute_with(&statement.sql, &statement.parameters))
    }

    /// Runs a query that the guard lets pass.
    pub(super) fn query(
        &mut self,
        statement: &Statement,
        span: &Span,
    ) -> Result<Result<Rows, EngineError>, Stop> {
        self.guard(statement, span)?;
        let session = self.session(span)?;
        Ok(session.query(&statement.sql, &statement.parameters))
    }

    pub(super) fn session(&mut self, span: &Span) -> Result<&mut (dyn Session + 'static), Stop> {
        match &mut self.session {
            Some(session) => Ok(&mut **session),
            None => {
                let error = EngineError::new(
                    crate::engine::ErrorKind::Connection,
                    "the connection is closed",
                );
                Err(stop::unreachable(&error, span))
            }
        }
    }
}

impl<'a> Actor<'a> {
    pub(super) fn table(&self, name: &Ident, span: &Span) -> Result<&'a Table, Stop> {
        self.ground.schema.table(name).ok_or_else(|| {
            self.fail(
                "story/unknown-table",
                span,
                format!("the schema has no table {name}"),
                "load the story with the schema that it runs on",
            )
        })
    }

    pub(super) fn column<'t>(
        &self,
        table: &'t Table,
        name: &Ident,
        span: &Span,
    ) -> Result<&'t Column, Stop> {
        table.column(name).ok_or_else(|| {
            self.fail(
                "story/unknown-column",
                span,
                format!("{} has no column {name}", table.name),
                "load the story with the schema that it runs on",
            )
        })
    }

    /// The stop of a statement that the database refused.
    pub(super) fn refused(
        &self,
        error: EngineError,
        span: &Span,
        attempt: String,
        table: Option<&Ident>,
        generated: Vec<Ident>,
    ) -> Stop {
        Stop::Refused(Box::new(Refused {
            error,
            step: self.number(),
            span: span.clone(),
            attempt,
            table: table.cloned(),
            generated,
        }))
    }

    /// The stop of a step that did not go as it says.
    pub(super) fn fail(
        &self,
        code: &'static str,
        span: &Span,
        message: String,
        help: impl Into<String>,
    ) -> Stop {
        Stop::Failed {
            step: self.number(),
            finding: Box::new(
                Diagnostic::error(Phase::Persistence, code, message)
                    .spanned(span.clone())
                    .help(help),
            ),
        }
    }

    /// The same with what was expected and what was found.
    pub(super) fn differ(
        &self,
        code: &'static str,
        span: &Span,
        message: String,
        help: impl Into<String>,
        (expected, found): (String, String),
    ) -> Stop {
        match self.fail(code, span, message, help) {
            Stop::Failed { step, finding } => Stop::Failed {
                step,
                finding: Box::new(finding.difference(expected, found)),
            },
            other => other,
        }
    }

    fn number(&self) -> String {
        let numbers: Vec<String> = self.state.step.iter().map(usize::to_string).collect();
        numbers.join(".")
    }
}

//! Performs the steps of one scenario on one connection.

use std::collections::BTreeMap;

use super::rows::Record;
use super::stop::{self, Refused, Stop};
use super::{Ground, catalog};
use crate::diag::{Diagnostic, Phase, Span};
use crate::engine::{Engine, EngineError, Rows, Session, TransactionOptions};
use crate::exit::Exit;
use crate::model::{Column, Ident, Table};
use crate::story::against::Window;
use crate::story::clock::Instant;
use crate::story::format::{Action, Alter, Principal, Scenario, Step, Transaction};
use crate::story::generate::Generator;
use crate::story::statement::{Builder, Statement};

/// Performs a scenario from its first step to its last.
pub(super) fn perform(
    ground: &Ground<'_>,
    scenario: &Scenario,
    generator: Generator,
    now: Option<Instant>,
    window: Option<Window>,
) -> Result<(), Stop> {
    let mut actor = begin(ground, scenario, generator, now, window)?;
    actor.see_to_a_tenant(&scenario.span)?;
    actor.steps(&scenario.steps)
}

/// Somebody who stands before the first step of a scenario.
pub(super) fn begin<'a>(
    ground: &Ground<'a>,
    scenario: &Scenario,
    mut generator: Generator,
    now: Option<Instant>,
    window: Option<Window>,
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
            window,
            copy: 0,
            wants_refusal: false,
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
    /// What is looked at in an environment; `None` on a throwaway database.
    pub(super) window: Option<Window>,
    pub(super) copy: u32,
    /// Whether the present step is to be refused.
    pub(super) wants_refusal: bool,
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
            Action::Crash(crash) => self.crash(crash, span),
            Action::ExpectErrors(expected) => self.expect_errors(expected),
            Action::ExpectAudit(expected) => self.expect_audit(expected, span),
            Action::ExpectFailure(expected) => self.expect_failure(expected),
            Action::Query(query) => self.query(query, span),
            Action::Migrate(migrate) => self.migrate(migrate, span),
            Action::AddMigration(migration) => self.add_migration(migration, span),
            Action::EditMigration(edit) => self.edit_migration(edit, span),
            Action::ExpectGate(expected) => self.expect_gate(expected),
            Action::ResolveConnection(wanted) => self.resolve_connection(wanted, span),
            Action::Reachable => self.restart(span),
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

    /// Closes the connection, opens another, and has it answer.
    pub(super) fn restart(&mut self, span: &Span) -> Result<(), Stop> {
        self.session = None;
        let opened = self.ground.world.open().and_then(|mut session| {
            session.now()?;
            Ok(session)
        });
        match opened {
            Ok(session) => {
                self.session = Some(session);
                Ok(())
            }
            Err(error) => {
                let attempt = "opening of a new connection".into();
                Err(self.refused(error, span, attempt, None, Vec::new()))
            }
        }
    }

    fn alter(&mut self, alter: &Alter, span: &Span) -> Result<(), Stop> {
        let sql = self.sql_of("alter", &alter.sql, span)?.to_owned();
        let result = self.session(span)?.execute(&sql);
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

    /// The SQL that an author wrote for the engine that the scenario runs on.
    pub(super) fn sql_of<'s>(
        &self,
        step: &str,
        sql: &'s BTreeMap<Engine, String>,
        span: &Span,
    ) -> Result<&'s str, Stop> {
        let engine = self.ground.dialect.engine();
        sql.get(&engine).map(String::as_str).ok_or_else(|| {
            self.fail(
                "story/no-statement",
                span,
                format!("`{step}` has no statement for {}", engine.name()),
                format!("add `{}: …` to its `sql`", engine.name()),
            )
        })
    }

    /// Runs a statement that changes rows. Together with [`Actor::ask`] the only way from a step's
    /// statement to the database.
    pub(super) fn change(
        &mut self,
        statement: &Statement,
        span: &Span,
        attempt: &str,
        table: &Table,
        generated: &[Ident],
    ) -> Result<u64, Stop> {
        self.guard(statement, span)?;
        let result = self
            .session(span)?
            .execute_with(&statement.sql, &statement.parameters);
        result.map_err(|error| {
            let table = Some(&table.name);
            self.refused(error, span, attempt.to_owned(), table, generated.to_vec())
        })
    }

    /// Runs a statement that reads and that the guard lets pass.
    pub(super) fn ask(
        &mut self,
        statement: &Statement,
        span: &Span,
        attempt: &str,
        table: Option<&Table>,
    ) -> Result<Rows, Stop> {
        self.guard(statement, span)?;
        let result = self
            .session(span)?
            .query(&statement.sql, &statement.parameters);
        result.map_err(|error| {
            let table = table.map(|table| &table.name);
            self.refused(error, span, attempt.to_owned(), table, Vec::new())
        })
    }

    pub(super) fn builder<'t>(&'t self, table: &'t Table) -> Builder<'t> {
        Builder::new(
            self.ground.dialect,
            self.ground.tenancy,
            table,
            self.tenant(),
        )
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
            unsettled: None,
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
            exit: Exit::Assertion,
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
            Stop::Failed {
                step,
                exit,
                finding,
            } => Stop::Failed {
                step,
                exit,
                finding: Box::new(finding.difference(expected, found)),
            },
            other => other,
        }
    }

    pub(super) fn number(&self) -> String {
        let numbers: Vec<String> = self.state.step.iter().map(usize::to_string).collect();
        numbers.join(".")
    }
}

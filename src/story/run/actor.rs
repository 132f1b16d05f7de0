//! Performs the steps of one scenario on one connection.

use std::collections::BTreeMap;
use std::sync::Barrier;

use super::rows::{self, Check, Pattern, Record};
use super::stop::{self, Refused, Stop};
use super::{Ground, catalog};
use crate::diag::{Diagnostic, Phase, Span};
use crate::engine::{EngineError, Session, TransactionOptions, Value};
use crate::model::{Column, DefaultValue, Ident, Table, Type};
use crate::story::clock::Instant;
use crate::story::format::{
    Action, Alter, Concurrently, Condition, Delete, Direction, ExpectError, ExpectRows,
    ExpectedRows, Insert, Principal, Row, Scenario, Step, Term, Test, Transaction, Update,
};
use crate::story::generate::Generator;
use crate::story::statement::{Assignment, Builder, Predicate, Statement};
use crate::story::value;

/// Performs a scenario from its first step to its last.
pub(super) fn perform(
    ground: &Ground<'_>,
    scenario: &Scenario,
    mut generator: Generator,
    now: Option<Instant>,
) -> Result<(), Stop> {
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
    let mut actor = Actor {
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
    };
    actor.steps(&scenario.steps)
}

/// Somebody who performs steps on a connection.
pub(super) struct Actor<'a> {
    pub(super) ground: Ground<'a>,
    /// The connection; `None` only while `restart` has closed it.
    session: Option<Box<dyn Session>>,
    state: State,
}

/// What a scenario knows.
#[derive(Clone)]
struct State {
    now: Instant,
    token: String,
    /// The correlation where the author gives none.
    correlation: String,
    generator: Generator,
    principal: Principal,
    copy: u32,
    /// Rows by the name they were saved under.
    saved: BTreeMap<String, Record>,
    /// The row that was last added to a table for a tenant: what a foreign key refers to when the
    /// author does not say.
    latest: BTreeMap<(Ident, String), Record>,
    /// The number of the present step, one number a level.
    step: Vec<usize>,
}

impl Actor<'_> {
    fn steps(&mut self, steps: &[Step]) -> Result<(), Stop> {
        let principal = self.state.principal.clone();
        for (at, step) in steps.iter().enumerate() {
            self.state.step.push(at + 1);
            self.step(step)?;
            self.state.step.pop();
        }
        self.state.principal = principal;
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
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

    fn insert(&mut self, insert: &Insert, span: &Span) -> Result<(), Stop> {
        let table = self.table(&insert.table, span)?;
        for _ in 0..insert.count {
            for row in &insert.rows {
                let record = self.insert_row(table, row, span)?;
                if let Some(name) = &insert.save {
                    self.state.saved.insert(name.clone(), record.clone());
                }
                let key = (table.name.clone(), self.owner(table));
                self.state.latest.insert(key, record);
            }
        }
        Ok(())
    }

    /// Adds a row, and reads it back with what the database put into it.
    fn insert_row(&mut self, table: &Table, row: &Row, span: &Span) -> Result<Record, Stop> {
        let (values, generated) = self.complete(table, row, span)?;
        let statement = self.builder(table).insert(&values);
        let attempt = format!("insert into {}", table.name);
        let result = self
            .session(span)?
            .execute_with(&statement.sql, &statement.parameters);
        result.map_err(|error| {
            self.refused(error, span, attempt, Some(&table.name), generated.clone())
        })?;
        let key: Vec<&Ident> = match table.primary_key() {
            Some(key) => key.columns.iter().map(|key| &key.column).collect(),
            None => Vec::new(),
        };
        let tenant = self.ground.tenancy.column_of(table);
        let known = |column: &Ident| {
            Some(column) == tenant || values.iter().any(|(name, _)| name == column)
        };
        let by_key = !key.is_empty() && key.iter().all(|column| known(column));
        let filter: Vec<(Ident, Predicate)> = values
            .into_iter()
            .filter(|(column, _)| !by_key || key.contains(&column))
            .map(|(column, value)| (column, Predicate::Equal(value)))
            .collect();
        let mut found = self.read(table, &filter, &[], span)?;
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(self.fail(
                "story/row-lost",
                span,
                format!("the row that was inserted into {} cannot be read back", table.name),
                "see whether a trigger changes rows as they are written",
            )),
            more => Err(self.fail(
                "story/ambiguous-row",
                span,
                format!(
                    "the row that was inserted into {} cannot be told from {} others",
                    table.name,
                    more - 1
                ),
                "give its primary key, or remove `$default` from it",
            )),
        }
    }

    /// The values of a new row: the author's, and generated ones for the columns that need a value
    /// and have none. Also the names of the latter.
    fn complete(
        &mut self,
        table: &Table,
        row: &Row,
        span: &Span,
    ) -> Result<(Vec<(Ident, Value)>, Vec<Ident>), Stop> {
        let tenant = self.ground.tenancy.column_of(table);
        let mut values = Vec::new();
        let mut generated = Vec::new();
        for column in &table.columns {
            if Some(&column.name) == tenant {
                continue;
            }
            let given = row.values.iter().find(|(name, _)| *name == column.name);
            let value = match given.map(|(_, term)| term) {
                Some(Term::Default) => continue,
                Some(Term::Generated) => self.generate(table, column, span)?,
                Some(term) => {
                    values.push((column.name.clone(), self.resolve(column, term, span)?));
                    continue;
                }
                None if !needs_value(table, column) => continue,
                None => match self.parent_key(table, column, span)? {
                    Some(value) => value,
                    None => self.generate(table, column, span)?,
                },
            };
            generated.push(column.name.clone());
            values.push((column.name.clone(), value));
        }
        Ok((values, generated))
    }

    fn generate(&mut self, table: &Table, column: &Column, span: &Span) -> Result<Value, Stop> {
        let now = self.state.now;
        let made = self.state.generator.value(table, column, now);
        made.map_err(|why| {
            self.fail(
                "story/no-value",
                span,
                format!("no value can be generated for {}.{}: {why}", table.name, column.name),
                "give it a value",
            )
        })
    }

    /// For a column that refers to another table: the key of the row that this scenario last added
    /// there for the tenant.
    fn parent_key(
        &self,
        table: &Table,
        column: &Column,
        span: &Span,
    ) -> Result<Option<Value>, Stop> {
        let reference = table.foreign_keys().find_map(|key| {
            let at = key.columns.iter().position(|name| *name == column.name)?;
            Some((&key.references, &key.referenced_columns[at]))
        });
        let Some((parent, referenced)) = reference else {
            return Ok(None);
        };
        let owner = match self.ground.schema.table(parent) {
            Some(parent) => self.owner(parent),
            None => String::new(),
        };
        let latest = self.state.latest.get(&(parent.clone(), owner));
        match latest.and_then(|row| row.get(referenced)) {
            Some(value) => Ok(Some(value.clone())),
            None => Err(self.fail(
                "story/no-parent",
                span,
                format!(
                    "{}.{} refers to {parent}, but this scenario has inserted no row there for \
                     the tenant {}",
                    table.name, column.name, self.state.principal.tenant
                ),
                format!("insert a row into {parent} before, or give {} a value", column.name),
            )),
        }
    }

    fn update(&mut self, update: &Update, span: &Span) -> Result<(), Stop> {
        let table = self.table(&update.table, span)?;
        let filter = self.predicates(table, &update.filter, span)?;
        let mut set = Vec::new();
        for (name, term) in &update.set {
            let column = self.column(table, name, span)?;
            let assignment = match term {
                Term::Increment(by) => Assignment::Plus(by.clone()),
                Term::Generated => Assignment::Value(self.generate(table, column, span)?),
                term => Assignment::Value(self.resolve(column, term, span)?),
            };
            set.push((name.clone(), assignment));
        }
        let statement = self.builder(table).update(&set, &filter);
        self.change("update of", table, &statement, update.changes, span)
    }

    fn delete(&mut self, delete: &Delete, span: &Span) -> Result<(), Stop> {
        let table = self.table(&delete.table, span)?;
        let filter = self.predicates(table, &delete.filter, span)?;
        let statement = self.builder(table).delete(&filter);
        self.change("delete from", table, &statement, delete.changes, span)
    }

    fn change(
        &mut self,
        what: &str,
        table: &Table,
        statement: &Statement,
        wanted: Option<u64>,
        span: &Span,
    ) -> Result<(), Stop> {
        let attempt = format!("{what} {}", table.name);
        let result = self
            .session(span)?
            .execute_with(&statement.sql, &statement.parameters);
        let changed = result.map_err(|error| {
            self.refused(error, span, attempt.clone(), Some(&table.name), Vec::new())
        })?;
        let message = match wanted {
            Some(wanted) if wanted != changed => {
                format!("the {attempt} touched {}, not {wanted}", rows::counted(changed))
            }
            None if changed == 0 => format!("the {attempt} touched no row, so it proves nothing"),
            _ => return Ok(()),
        };
        Err(self.fail(
            "story/rows-touched",
            span,
            message,
            "see which rows the tenant has, or say with `changes` how many should be touched",
        ))
    }

    fn transaction(&mut self, transaction: &Transaction, span: &Span) -> Result<(), Stop> {
        let latest = self.state.latest.clone();
        let result = self.session(span)?.begin(TransactionOptions::default());
        result.map_err(|error| self.refused(error, span, "begin of a transaction".into(), None, Vec::new()))?;
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
            self.refused(error, span, "end of the transaction".into(), None, Vec::new())
        })
    }

    fn concurrently(&mut self, wanted: &Concurrently, span: &Span) -> Result<(), Stop> {
        // All connections first: a copy that could not open its own would leave the others waiting
        // at the barrier.
        let mut copies = Vec::new();
        for copy in 1..=wanted.copies {
            let session = self.ground.world.open().map_err(|error| {
                let attempt = format!("connection of copy {copy}");
                self.refused(error, span, attempt, None, Vec::new())
            })?;
            let mut state = self.state.clone();
            state.copy = copy;
            state.generator = self.state.generator.copy(copy);
            copies.push(Actor {
                ground: self.ground,
                session: Some(session),
                state,
            });
        }
        let barrier = Barrier::new(copies.len());
        let ended: Vec<(State, Result<(), Stop>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = copies
                .into_iter()
                .map(|mut copy| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        let result = copy.steps(&wanted.steps);
                        (copy.state, result)
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| match thread.join() {
                    Ok(ended) => ended,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect()
        });
        self.judge_copies(wanted, ended, span)
    }

    /// Whether as many copies succeeded as should, and the others failed as they should.
    fn judge_copies(
        &mut self,
        wanted: &Concurrently,
        ended: Vec<(State, Result<(), Stop>)>,
        span: &Span,
    ) -> Result<(), Stop> {
        let mut succeeded = Vec::new();
        let mut refusals = Vec::new();
        for (state, result) in ended {
            match result {
                Ok(()) => succeeded.push(state),
                Err(Stop::Refused(refused)) => refusals.push((state.copy, refused)),
                Err(failed) => return Err(failed),
            }
        }
        let found = u32::try_from(succeeded.len()).unwrap_or(u32::MAX);
        let as_wanted = |refused: &Refused| {
            let refusal = wanted.failed.as_ref();
            refusal.is_some_and(|refusal| stop::as_wanted(refused, refusal, self.ground.schema))
        };
        let count_is_right = found == wanted.succeeded;
        let wrong = refusals.iter().find(|(_, refused)| !as_wanted(refused));
        if count_is_right && wrong.is_none() {
            if let ([winner], 1) = (succeeded.as_mut_slice(), wanted.succeeded) {
                self.state.saved = std::mem::take(&mut winner.saved);
                self.state.latest = std::mem::take(&mut winner.latest);
            }
            return Ok(());
        }
        let message = match wrong {
            Some((copy, refused)) if count_is_right || wanted.failed.is_none() => format!(
                "copy {copy} of {} failed in its own way: {} was refused: {}",
                wanted.copies, refused.attempt, refused.error.message
            ),
            _ => format!(
                "{found} of {} copies succeeded at once, not {}",
                wanted.copies, wanted.succeeded
            ),
        };
        let manner = wanted.failed.as_ref().map_or("nothing".into(), |refusal| {
            stop::manner(refusal.kind, refusal.constraint.as_ref().map(Ident::as_str))
        });
        let expected = (0..wanted.copies).map(|copy| match copy < wanted.succeeded {
            true => "succeeded".to_owned(),
            false => format!("refused by {manner}"),
        });
        let fell = refusals.iter().map(|(_, refused)| match as_wanted(refused) {
            true => format!("refused by {manner}"),
            false => format!("refused by {}", refused.manner()),
        });
        let found = succeeded.iter().map(|_| "succeeded".to_owned()).chain(fell);
        let difference = (join(expected), join(found));
        Err(self.differ(
            "story/copies",
            span,
            message,
            "see the constraint that should let only so many through, and how the engine waits",
            difference,
        ))
    }

    fn restart(&mut self, span: &Span) -> Result<(), Stop> {
        self.session = None;
        match self.ground.world.open() {
            Ok(session) => {
                self.session = Some(session);
                Ok(())
            }
            Err(error) => Err(self.refused(error, span, "connection after the restart".into(), None, Vec::new())),
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
        result
            .map(|_| ())
            .map_err(|error| self.refused(error, span, "the out-of-band change".into(), None, Vec::new()))
    }

    fn expect_error(&mut self, expected: &ExpectError, span: &Span) -> Result<(), Stop> {
        let refusal = &expected.refusal;
        let wanted = stop::manner(refusal.kind, refusal.constraint.as_ref().map(Ident::as_str));
        let depth = self.state.step.len();
        let principal = self.state.principal.clone();
        match self.step(&expected.step) {
            Err(Stop::Refused(refused)) => {
                // The step ended in its middle.
                self.state.step.truncate(depth);
                self.state.principal = principal;
                if stop::as_wanted(&refused, refusal, self.ground.schema) {
                    return Ok(());
                }
                let message = format!(
                    "{} was refused, but not by {wanted}: {}",
                    refused.attempt, refused.error.message
                );
                Err(self.differ(
                    "story/wrong-error",
                    span,
                    message,
                    "see which constraint should have been the one to refuse",
                    (wanted, refused.manner()),
                ))
            }
            Err(failed) => Err(failed),
            Ok(()) => Err(self.differ(
                "story/no-error",
                &expected.step.span,
                format!("the step was accepted, but {wanted} should have refused it"),
                "the constraint is missing in the database, or weaker than the story says",
                (format!("refused by {wanted}"), "accepted".into()),
            )),
        }
    }

    fn expect_rows(&mut self, expected: &ExpectRows, span: &Span) -> Result<(), Stop> {
        let table = self.table(&expected.table, span)?;
        let filter = self.predicates(table, &expected.filter, span)?;
        let found = self.read(table, &filter, &expected.order, span)?;
        let help = "see what the steps before wrote, or what the schema let through";
        match &expected.expected {
            ExpectedRows::Count(count) => {
                if *count != found.len() as u64 {
                    let has = rows::counted(found.len() as u64);
                    let wanted = rows::counted(*count);
                    let message = format!("{} has {has} of this kind, not {wanted}", table.name);
                    let difference = (wanted, rows::listing(&found));
                    return Err(self.differ("story/rows-differ", span, message, help, difference));
                }
            }
            ExpectedRows::Rows(patterns) => {
                let patterns = patterns
                    .iter()
                    .map(|pattern| self.pattern(table, pattern, span))
                    .collect::<Result<Vec<_>, _>>()?;
                let ordered = !expected.order.is_empty();
                if let Some(mismatch) = rows::compare(table, &patterns, &found, ordered) {
                    let message = format!("the rows of {} are not the expected ones", table.name);
                    let difference = (mismatch.expected, mismatch.found);
                    return Err(self.differ("story/rows-differ", span, message, help, difference));
                }
            }
        }
        if let (Some(name), Some(row)) = (&expected.save, found.into_iter().next()) {
            self.state.saved.insert(name.clone(), row);
        }
        Ok(())
    }

    /// The rows of the tenant, in the order that is asked for, else in that of the primary key.
    fn read(
        &mut self,
        table: &Table,
        filter: &[(Ident, Predicate)],
        order: &[(Ident, Direction)],
        span: &Span,
    ) -> Result<Vec<Record>, Stop> {
        let columns: Vec<Ident> = table.columns.iter().map(|column| column.name.clone()).collect();
        let mut order = order.to_vec();
        if let (true, Some(key)) = (order.is_empty(), table.primary_key()) {
            let key = key.columns.iter().map(|key| key.column.clone());
            order.extend(key.map(|column| (column, Direction::Ascending)));
        }
        let statement = self.builder(table).select(&columns, filter, &order);
        let result = self.session(span)?.query(&statement.sql, &statement.parameters);
        let answer = result.map_err(|error| {
            let attempt = format!("select from {}", table.name);
            self.refused(error, span, attempt, Some(&table.name), Vec::new())
        })?;
        let dialect = self.ground.dialect;
        let record = |row: Vec<Value>| {
            let values = table.columns.iter().zip(row);
            let values = values
                .map(|(column, value)| (column.name.clone(), dialect.load(&column.ty, value)));
            values.collect()
        };
        Ok(answer.rows.into_iter().map(record).collect())
    }

    pub(super) fn predicates(
        &self,
        table: &Table,
        conditions: &[Condition],
        span: &Span,
    ) -> Result<Vec<(Ident, Predicate)>, Stop> {
        let mut predicates = Vec::new();
        for (column, checks) in self.pattern(table, conditions, span)? {
            predicates.extend(checks.into_iter().filter_map(|check| match check {
                Check::Value(predicate) => Some((column.clone(), predicate)),
                // The loader keeps tests of documents out of queries.
                Check::Json(_) | Check::JsonPath(_) => None,
            }));
        }
        Ok(predicates)
    }

    fn pattern(
        &self,
        table: &Table,
        conditions: &[Condition],
        span: &Span,
    ) -> Result<Pattern, Stop> {
        let mut pattern = Vec::new();
        for condition in conditions {
            let column = self.column(table, &condition.column, span)?;
            let mut checks = Vec::new();
            for test in &condition.tests {
                let value = |term| self.resolve(column, term, &condition.span);
                checks.push(match test {
                    Test::Equal(term) => Check::Value(Predicate::Equal(value(term)?)),
                    Test::NotEqual(term) => Check::Value(Predicate::NotEqual(value(term)?)),
                    Test::AtLeast(term) => Check::Value(Predicate::AtLeast(value(term)?)),
                    Test::AtMost(term) => Check::Value(Predicate::AtMost(value(term)?)),
                    Test::Greater(term) => Check::Value(Predicate::Greater(value(term)?)),
                    Test::Less(term) => Check::Value(Predicate::Less(value(term)?)),
                    Test::In(terms) => {
                        let values = terms.iter().map(value).collect::<Result<_, _>>()?;
                        Check::Value(Predicate::In(values))
                    }
                    Test::Json(json) => Check::Json(json.clone()),
                    Test::JsonPath(paths) => Check::JsonPath(paths.clone()),
                });
            }
            pattern.push((column.name.clone(), checks));
        }
        Ok(pattern)
    }

    fn resolve(&self, column: &Column, term: &Term, span: &Span) -> Result<Value, Stop> {
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
    fn owner(&self, table: &Table) -> String {
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

    fn column<'t>(&self, table: &'t Table, name: &Ident, span: &Span) -> Result<&'t Column, Stop> {
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

/// Whether a column that the author leaves out needs a value from the runner. Defaults are left to
/// the database, so that stories prove them; but not those of a key, without which the row could
/// not be found again.
fn needs_value(table: &Table, column: &Column) -> bool {
    if column.identity.is_some() || column.computed.is_some() || column.ty == Type::RowVersion {
        return false;
    }
    let in_key = table
        .primary_key()
        .is_some_and(|key| key.columns.iter().any(|key| key.column == column.name));
    match &column.default {
        None => !column.nullable,
        Some(default) => in_key && !matches!(default.value, DefaultValue::Literal(_)),
    }
}

fn join(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

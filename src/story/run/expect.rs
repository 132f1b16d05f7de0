//! Expectations on rows and refusals.

use super::actor::Actor;
use super::rows::{self, Check, Pattern, Record};
use super::stop::{self, Stop};
use crate::diag::Span;
use crate::engine::Value;
use crate::model::{Ident, Table};
use crate::story::format::{Condition, Direction, ExpectError, ExpectRows, ExpectedRows, Test};
use crate::story::statement::Predicate;

impl Actor<'_> {
    pub(super) fn expect_error(&mut self, expected: &ExpectError, span: &Span) -> Result<(), Stop> {
        let refusal = &expected.refusal;
        let wanted = stop::manner(refusal.kind, refusal.constraint.as_ref().map(Ident::as_str));
        let depth = self.state.step.len();
        let principal = self.state.principal.clone();
        self.state.wants_refusal = true;
        let result = self.step(&expected.step);
        self.state.wants_refusal = false;
        match result {
            // The product cannot say whether the schema would have refused.
            Err(Stop::Refused(refused)) if refused.is_gap() => Err(Stop::Refused(refused)),
            Err(Stop::Refused(refused)) => {
                // The step ended in its middle.
                self.state.step.truncate(depth);
                self.state.principal = principal;
                if stop::as_wanted(&refused, refusal, &self.ground) {
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

    pub(super) fn expect_rows(&mut self, expected: &ExpectRows, span: &Span) -> Result<(), Stop> {
        let table = self.table(&expected.table, span)?;
        let filter = self.predicates(table, &expected.filter, span)?;
        let found = self.read(table, &filter, &expected.order, span)?;
        let help = "see what the steps before wrote, or what the schema let through";
        match &expected.expected {
            ExpectedRows::Count(_) | ExpectedRows::AtLeast(_) => {
                let wanted = match expected.expected {
                    ExpectedRows::AtLeast(least) => rows::at_least(least, &found),
                    ExpectedRows::Count(count) => rows::exactly(count, &found),
                    ExpectedRows::Rows(_) => None,
                };
                if let Some(wanted) = wanted {
                    let has = rows::counted(found.len() as u64);
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
    pub(super) fn read(
        &mut self,
        table: &Table,
        filter: &[(Ident, Predicate)],
        order: &[(Ident, Direction)],
        span: &Span,
    ) -> Result<Vec<Record>, Stop> {
        let columns: Vec<Ident> = table
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let mut order = order.to_vec();
        if let (true, Some(key)) = (order.is_empty(), table.primary_key()) {
            let key = key.columns.iter().map(|key| key.column.clone());
            order.extend(key.map(|column| (column, Direction::Ascending)));
        }
        let statement = self.builder(table).select(&columns, filter, &order);
        let attempt = format!("select from {}", table.name);
        let answer = self.ask(&statement, span, &attempt, Some(table))?;
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

    pub(super) fn pattern(
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
}

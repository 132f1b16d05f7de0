//! Free queries.

use super::actor::Actor;
use super::rows::{self, Record};
use super::stop::Stop;
use crate::diag::Span;
use crate::engine::Value;
use crate::model::{Ident, Table};
use crate::story::format::{Query, QueryResult, Text};
use crate::story::placeholder;
use crate::story::statement::Statement;

impl Actor<'_> {
    pub(super) fn query(&mut self, query: &Query, span: &Span) -> Result<(), Stop> {
        let statement = self.statement("query", &query.text)?;
        let answer = self.ask(&statement, &query.text.span, "query", None)?;
        let named = |name: &str| Ident::new(name).folded();
        if let QueryResult::Rows(wanted) = &query.result
            && let Some(condition) = wanted.iter().flatten().find(|condition| {
                let mut names = answer.columns.iter();
                !names.any(|name| named(name) == condition.column.folded())
            })
        {
            return Err(self.fail(
                "story/unknown-column",
                &condition.span,
                format!("the query gives no column {}", condition.column),
                format!("its columns are {}", answer.columns.join(", ")),
            ));
        }
        let table = Table {
            name: Ident::new("the answer"),
            description: None,
            append_only: None,
            columns: query.columns.clone(),
            parts: Vec::new(),
        };
        let dialect = self.ground.dialect;
        let loaded = |(name, value): (&String, Value)| {
            let typed = query
                .columns
                .iter()
                .find(|column| column.name.folded() == named(name));
            match typed {
                Some(column) => (column.name.clone(), dialect.load(&column.ty, value)),
                None => (Ident::new(name.as_str()), value),
            }
        };
        let record = |row: Vec<Value>| answer.columns.iter().zip(row).map(loaded).collect();
        let found: Vec<Record> = answer.rows.into_iter().map(record).collect();
        let help = "see what the steps before wrote, and what the query asks for";
        let (message, difference) = match &query.result {
            QueryResult::Count(_) | QueryResult::AtLeast(_) => {
                let wanted = match query.result {
                    QueryResult::AtLeast(least) => rows::at_least(least, &found),
                    QueryResult::Count(count) => rows::exactly(count, &found),
                    QueryResult::Rows(_) => None,
                };
                let Some(wanted) = wanted else {
                    return Ok(());
                };
                let has = rows::counted(found.len() as u64);
                let message = format!("the query gives {has}, not {wanted}");
                (message, (wanted, rows::listing(&found)))
            }
            QueryResult::Rows(patterns) => {
                let patterns = patterns
                    .iter()
                    .map(|pattern| self.pattern(&table, pattern, span))
                    .collect::<Result<Vec<_>, _>>()?;
                match rows::compare(&table, &patterns, &found, query.ordered) {
                    None => return Ok(()),
                    Some(mismatch) => (
                        "the rows of the query are not the expected ones".to_owned(),
                        (mismatch.expected, mismatch.found),
                    ),
                }
            }
        };
        Err(self.differ("story/rows-differ", span, message, help, difference))
    }

    /// A query as it is sent: names become numbers. Where the schema knows tenants, the present one
    /// is the first parameter, as in every other statement.
    pub(super) fn statement(&self, step: &str, text: &Text) -> Result<Statement, Stop> {
        let sql = self.sql_of(step, &text.sql, &text.span)?;
        let mut names = Vec::new();
        let mut parameters = Vec::new();
        if let Some(column) = &self.ground.tenancy.column {
            names.push(column.as_str());
            parameters.push(Value::Text(self.tenant()));
        }
        for (name, column, term) in &text.parameters {
            let value = self.resolve(column, term, &text.span)?;
            names.push(name);
            parameters.push(self.ground.dialect.store(&column.ty, value));
        }
        let sql = placeholder::replaced(sql, |name| {
            match names.iter().position(|known| *known == name) {
                Some(at) => format!("@P{}", at + 1),
                // The loader lets no name without a value pass.
                None => format!("@{name}"),
            }
        });
        Ok(Statement { sql, parameters })
    }
}

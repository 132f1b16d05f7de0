//! Writes rows.

use std::collections::BTreeMap;

use super::actor::Actor;
use super::rows::{self, Record};
use super::stop::Stop;
use crate::diag::Span;
use crate::engine::Value;
use crate::model::{Column, DefaultValue, Ident, Table, Type};
use crate::story::format::{Delete, Insert, Row, Term, Update};
use crate::story::generate::{Draft, literal};
use crate::story::statement::{Assignment, Predicate, Statement};

/// A new row as it is written.
struct Complete {
    values: Vec<(Ident, Value)>,
    /// The columns whose values the author did not give.
    generated: Vec<Ident>,
    /// The check that no values were found for.
    unsettled: Option<Ident>,
}

impl Actor<'_> {
    pub(super) fn insert(&mut self, insert: &Insert, span: &Span) -> Result<(), Stop> {
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
        let Complete {
            values,
            generated,
            unsettled,
        } = self.complete(table, row, span)?;
        let statement = self.builder(table).insert(&values);
        let attempt = format!("insert into {}", table.name);
        let inserted = self.change(&statement, span, &attempt, table, &generated);
        inserted.map_err(|stop| match stop {
            Stop::Refused(mut refused) => {
                refused.unsettled = unsettled;
                Stop::Refused(refused)
            }
            failed => failed,
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
                format!(
                    "the row that was inserted into {} cannot be read back",
                    table.name
                ),
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
    /// and have none.
    fn complete(&mut self, table: &Table, row: &Row, span: &Span) -> Result<Complete, Stop> {
        let tenant = self.ground.tenancy.column_of(table);
        let mut draft = Draft {
            table,
            given: BTreeMap::new(),
            free: BTreeMap::new(),
            parents: BTreeMap::new(),
        };
        let mut written = Vec::new();
        let mut left_out = Vec::new();
        for column in &table.columns {
            let name = || column.name.clone();
            if Some(&column.name) == tenant {
                draft.given.insert(name(), Value::Text(self.tenant()));
                continue;
            }
            let given = row.values.iter().find(|(name, _)| *name == column.name);
            match given.map(|(_, term)| term) {
                Some(Term::Generated) => {
                    let value = self.generate(table, column, span)?;
                    draft.free.insert(name(), value);
                }
                Some(Term::Default) => {
                    draft.given.extend(constant_default(column));
                    continue;
                }
                Some(term) => {
                    let value = self.resolve(column, term, span)?;
                    draft.given.insert(name(), value);
                }
                None if needs_value(table, column) => {
                    let value = match self.parent_key(table, column, span)? {
                        Some(value) => {
                            // Whoever refers to a row refers to that one.
                            draft.parents.insert(name(), value.clone());
                            value
                        }
                        None => self.generate(table, column, span)?,
                    };
                    draft.free.insert(name(), value);
                }
                None if may_be_null(column) => {
                    if let Ok(Some(value)) = self.parent_key(table, column, span) {
                        draft.parents.insert(name(), value);
                    }
                    draft.free.insert(name(), Value::Null);
                    left_out.push(name());
                }
                None => {
                    draft.given.extend(constant_default(column));
                    continue;
                }
            }
            written.push(name());
        }
        // What is to be refused must not be mended. Elsewhere the database has the last word where
        // nothing is found, and the finding says so.
        let now = self.state.now;
        let unsettled = match self.state.wants_refusal {
            true => None,
            false => draft.settle(&mut self.state.generator, now).err(),
        };
        let mut values = Vec::new();
        let mut generated = Vec::new();
        for name in written {
            let value = match draft.free.remove(&name) {
                // A column that nobody speaks of is not spoken of.
                Some(Value::Null) if left_out.contains(&name) => continue,
                Some(value) => {
                    generated.push(name.clone());
                    Some(value)
                }
                None => draft.given.remove(&name),
            };
            values.extend(value.map(|value| (name, value)));
        }
        Ok(Complete {
            values,
            generated,
            unsettled,
        })
    }

    fn generate(&mut self, table: &Table, column: &Column, span: &Span) -> Result<Value, Stop> {
        let now = self.state.now;
        let made = self.state.generator.value(table, column, now);
        made.map_err(|why| {
            self.fail(
                "story/no-value",
                span,
                format!(
                    "no value can be generated for {}.{}: {why}",
                    table.name, column.name
                ),
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
                format!(
                    "insert a row into {parent} before, or give {} a value",
                    column.name
                ),
            )),
        }
    }

    pub(super) fn update(&mut self, update: &Update, span: &Span) -> Result<(), Stop> {
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
        self.touch("update of", table, &statement, update.changes, span)
    }

    pub(super) fn delete(&mut self, delete: &Delete, span: &Span) -> Result<(), Stop> {
        let table = self.table(&delete.table, span)?;
        let filter = self.predicates(table, &delete.filter, span)?;
        let statement = self.builder(table).delete(&filter);
        self.touch("delete from", table, &statement, delete.changes, span)
    }

    fn touch(
        &mut self,
        what: &str,
        table: &Table,
        statement: &Statement,
        wanted: Option<u64>,
        span: &Span,
    ) -> Result<(), Stop> {
        let attempt = format!("{what} {}", table.name);
        let changed = self.change(statement, span, &attempt, table, &[])?;
        let message = match wanted {
            Some(wanted) if wanted != changed => {
                format!(
                    "the {attempt} touched {}, not {wanted}",
                    rows::counted(changed)
                )
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
}

/// Whether a column that the author leaves out is NULL.
fn may_be_null(column: &Column) -> bool {
    column.nullable
        && column.default.is_none()
        && column.identity.is_none()
        && column.computed.is_none()
        && column.ty != Type::RowVersion
}

/// The value that the database puts into a column that is left out, where everybody knows it.
fn constant_default(column: &Column) -> Option<(Ident, Value)> {
    let value = match column.default.as_ref().map(|default| &default.value) {
        Some(DefaultValue::Literal(constant)) => literal(&column.ty, constant).ok()?,
        None if may_be_null(column) => Value::Null,
        _ => return None,
    };
    Some((column.name.clone(), value))
}

/// Whether a column that the author leaves out needs a value from the runner. Defaults are left to
/// the database, so that stories prove them; but not those of a key, without which the row could
/// not be found again.
pub(in crate::story) fn needs_value(table: &Table, column: &Column) -> bool {
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

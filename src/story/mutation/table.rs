//! The mutants of one table: its own rules, its columns, and its parts.

use std::collections::BTreeSet;

use super::key::unique_columns;
use super::{Kind, Mutant, Standing, check};
use crate::engine::Value;
use crate::model::{
    Column, Default, DefaultValue, Expr, Expression, Ident, Literal, Native, ObjectPath, Part,
    Schema, Table, Type,
};
use crate::story::clock::Instant;
use crate::story::{Tenancy, value};

/// An instant that no story's clock comes near.
const LONG_AGO: &str = "2000-01-01T00:00:00.000Z";

/// Makes the mutants of a table.
pub(super) struct Maker<'a> {
    pub(super) schema: &'a Schema,
    pub(super) table: &'a Table,
    /// The column of the tenant, when the table's rows belong to tenants.
    pub(super) tenant: Option<&'a Ident>,
    /// Table and name of the indexes that plans of stories name.
    plans: &'a BTreeSet<(Ident, Ident)>,
    mutants: Vec<Mutant>,
}

/// What a mutant says of itself.
pub(super) struct Words {
    pub(super) kind: Kind,
    pub(super) change: String,
    pub(super) advice: String,
}

impl Words {
    pub(super) fn new(kind: Kind, change: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            kind,
            change: change.into(),
            advice: advice.into(),
        }
    }
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        schema: &'a Schema,
        table: &'a Table,
        tenancy: &'a Tenancy,
        plans: &'a BTreeSet<(Ident, Ident)>,
    ) -> Self {
        Self {
            schema,
            table,
            tenant: tenancy.column_of(table),
            plans,
            mutants: Vec::new(),
        }
    }

    pub(super) fn mutants(mut self) -> Vec<Mutant> {
        if let Some(triggers) = &self.table.append_only {
            self.rewritable(triggers);
        }
        for column in &self.table.columns {
            self.column(column);
        }
        for part in &self.table.parts {
            self.part(part);
        }
        self.mutants
    }

    /// The table with something changed.
    pub(super) fn changed(&self, change: impl FnOnce(&mut Table)) -> Table {
        let mut table = self.table.clone();
        change(&mut table);
        table
    }

    fn with_column(&self, name: &Ident, change: impl FnOnce(&mut Column)) -> Table {
        self.changed(|table| {
            let column = table.columns.iter_mut().find(|column| column.name == *name);
            change(column.expect("the column is one of the table's"));
        })
    }

    /// The table with another part in the place of the one of the same name.
    pub(super) fn with_part(&self, part: Part) -> Table {
        self.changed(|table| {
            for other in &mut table.parts {
                if other.name() == part.name() {
                    *other = part.clone();
                }
            }
        })
    }

    pub(super) fn add_part(&mut self, part: &Part, words: Words, tables: Vec<Table>) {
        let noun = match part {
            Part::Index(index) if index.unique => "unique index",
            other => other.kind().noun(),
        };
        self.add(part.name(), noun, None, words, tables);
    }

    fn add(
        &mut self,
        object: &Ident,
        noun: &'static str,
        column: Option<&Ident>,
        words: Words,
        tables: Vec<Table>,
    ) {
        let name = &self.table.name;
        self.mutants.push(Mutant {
            object: ObjectPath::member(name, object),
            noun,
            kind: words.kind,
            change: words.change,
            advice: words.advice,
            place: ObjectPath::member(name, column.unwrap_or(object)),
            column: column.cloned(),
            tables,
            is_for_speed: false,
            takes_others: false,
            standing: Standing::Counts,
        });
    }

    /// Sets the mutant that was added last apart, when there is a reason.
    pub(super) fn set_apart(&mut self, why: Option<String>) {
        if let (Some(why), Some(last)) = (why, self.mutants.last_mut()) {
            last.standing = Standing::Equivalent(why);
        }
    }

    fn rewritable(&mut self, triggers: &Ident) {
        let name = &self.table.name;
        let advice = format!(
            "update and delete a row of {name} within `expectError: {{ kind: appendOnly }}`"
        );
        let words = Words::new(Kind::Rewritable, "lets rows be changed and removed", advice);
        let mutant = self.changed(|table| table.append_only = None);
        self.add(triggers, "append-only trigger", None, words, vec![mutant]);
        // The triggers have no line of their own.
        if let Some(last) = self.mutants.last_mut() {
            last.place = ObjectPath::table(&self.table.name);
        }
    }

    fn column(&mut self, column: &Column) {
        self.nullable(column);
        if let Some(default) = &column.default {
            self.default(column, default);
        }
        self.case_ignored(column);
        if column.ty == Type::RowVersion {
            self.version_frozen(column);
        }
    }

    fn nullable(&mut self, column: &Column) {
        if column.nullable || column.computed.is_some() {
            return;
        }
        let (table, name) = (&self.table.name, &column.name);
        let advice = format!(
            "write NULL into {name} within `expectError: {{ kind: notNull, constraint: \
             {table}.{name} }}`"
        );
        let words = Words::new(Kind::Nullable, "takes NULL", advice);
        let mutant = self.with_column(name, |column| column.nullable = true);
        self.add(name, "column", Some(name), words, vec![mutant]);
        let in_key = self
            .table
            .primary_key()
            .is_some_and(|key| key.columns.iter().any(|key| key.column == *name));
        let why = if in_key {
            "it is part of the primary key, which takes no NULL"
        } else if self.tenant == Some(name) {
            "every statement carries its tenant"
        } else if column.ty == Type::RowVersion {
            "the engine gives every row its version"
        } else if column.identity.is_some() {
            "the engine counts it up"
        } else if check::demands_value(self.table, name) {
            "a check wants a value there too"
        } else {
            return;
        };
        self.set_apart(Some(why.to_owned()));
    }

    fn default(&mut self, column: &Column, default: &Default) {
        let name = &column.name;
        let words = Words::new(
            Kind::DefaultDropped,
            "is dropped",
            format!(
                "insert a row that leaves {name} to the database (`$default`), and expect its value"
            ),
        );
        let mutant = self.with_column(name, |column| column.default = None);
        self.add(&default.name, "default", Some(name), words, vec![mutant]);
        let Some((other, shown)) = self.other_default(column, &default.value) else {
            return;
        };
        let words = Words::new(
            Kind::DefaultChanged,
            format!("is {shown}"),
            match default.value {
                DefaultValue::UtcNow => format!(
                    "insert a row without {name}, and expect the present time: `{name}: {{ atLeast: \
                     {{ now: -1m }} }}`"
                ),
                _ => format!("insert a row without {name}, and expect exactly its default"),
            },
        );
        let mutant = self.with_column(name, |column| {
            if let Some(default) = &mut column.default {
                default.value = other;
            }
        });
        self.add(&default.name, "default", Some(name), words, vec![mutant]);
    }

    /// Another default that the column takes, and how to show it.
    fn other_default(
        &self,
        column: &Column,
        value: &DefaultValue,
    ) -> Option<(DefaultValue, String)> {
        let literal = match value {
            DefaultValue::Literal(Literal::Bool(value)) => Literal::Bool(!value),
            DefaultValue::Literal(Literal::Number(text)) => {
                let (scale, unit) = check::unit(&column.ty)?;
                Literal::Number(value::unscaled(value::scaled(text, scale)? + unit, scale))
            }
            DefaultValue::Literal(Literal::Text(text)) => {
                let values = check::values_of(self.table, &column.name);
                let another = values.into_iter().find(|value| *value != *text);
                Literal::Text(another?)
            }
            DefaultValue::UtcNow => match value::instant(&column.ty, Instant::parse(LONG_AGO)?)? {
                Value::Text(text) => Literal::Text(text),
                _ => return None,
            },
            DefaultValue::Literal(Literal::Null | Literal::Bytes(_))
            | DefaultValue::NewUuid
            | DefaultValue::NewSequentialId
            | DefaultValue::Native(_)
            | DefaultValue::Sql(_) => return None,
        };
        let shown = check::shown(&Expr::Literal(literal.clone()));
        Some((DefaultValue::Literal(literal), shown))
    }

    /// Keys are compared byte by byte; the collation that most databases have by default is not.
    fn case_ignored(&mut self, column: &Column) {
        let name = &column.name;
        let mut keys = self.table.parts.iter().filter_map(unique_columns);
        let in_key = keys.any(|columns| columns.iter().any(|key| key.column == *name));
        if !in_key || !matches!(column.ty, Type::Key(_)) || column.collation.is_some() {
            return;
        }
        let advice = if self.tenant == Some(name) {
            format!(
                "write a row of {} as `acme` and one as `ACME`, and expect each of the two to see \
                 its own",
                self.table.name
            )
        } else {
            format!("insert two rows whose {name} differs only in case, and expect both")
        };
        let words = Words::new(Kind::CaseIgnored, "ignores case", advice);
        let mutant = self.with_column(name, |column| {
            column.collation = Some(Native {
                mssql: Some("Latin1_General_100_CI_AS".to_owned()),
                sqlite: Some("NOCASE".to_owned()),
            });
        });
        self.add(name, "column", Some(name), words, vec![mutant]);
    }

    fn version_frozen(&mut self, column: &Column) {
        let name = &column.name;
        let words = Words::new(
            Kind::VersionFrozen,
            "stays the same when its row changes",
            format!("save a row, update it, and expect `{name}: {{ not: $row.{name} }}`"),
        );
        let mutant = self.with_column(name, |column| {
            column.ty = Type::BigInt;
            column.default = Some(Default {
                name: Ident::new(format!("{}Frozen", column.type_check)),
                value: DefaultValue::Literal(Literal::Number("1".to_owned())),
            });
        });
        self.add(name, "row version", Some(name), words, vec![mutant]);
        let stays = self.table.append_only.is_some();
        self.set_apart(stays.then(|| "its rows never change".to_owned()));
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::PrimaryKey(_) | Part::Unique(_) => {
                self.key_dropped(part);
                self.key(part);
            }
            Part::Index(index) if index.unique => {
                self.key_dropped(part);
                self.key(part);
            }
            Part::Index(_) => self.index_dropped(part),
            Part::Check(one) => {
                self.dropped(part, "write a row that it refuses", "check");
                if let Expression::Portable(expression) = &one.expression {
                    self.set_apart(check::implied(self.table, &one.name, None, expression));
                    self.check(part, expression);
                }
            }
            Part::ForeignKey(key) => {
                self.dropped(part, "refer to a row that is not there", "foreignKey");
                self.foreign_key(part, key);
            }
        }
    }

    fn without(&self, part: &Part) -> Table {
        self.changed(|table| table.parts.retain(|other| other.name() != part.name()))
    }

    /// A part that refuses rows is gone; `what` a scenario does that it must refuse as `kind`.
    fn dropped(&mut self, part: &Part, what: &str, kind: &str) {
        let tables = self.without_referrers(part, self.without(part));
        let takes_others = tables.len() > 1;
        let name = part.name();
        let words = Words::new(
            Kind::Dropped,
            "is dropped",
            format!("{what} within `expectError: {{ kind: {kind}, constraint: {name} }}`"),
        );
        self.add_part(part, words, tables);
        if let Some(last) = self.mutants.last_mut() {
            last.takes_others = takes_others;
        }
    }

    fn key_dropped(&mut self, part: &Part) {
        self.dropped(part, "insert the same key a second time", "unique");
        let takes_others = self.mutants.last().is_some_and(|last| last.takes_others);
        if let (Some(columns), false) = (unique_columns(part), takes_others) {
            self.set_apart(self.covered(part, columns));
        }
    }

    /// An index that is there for speed alone is gone.
    fn index_dropped(&mut self, part: &Part) {
        let (table, name) = (&self.table.name, part.name());
        let advice = format!("name it in an `expectPlan` for the query on {table} that it is for");
        let words = Words::new(Kind::Dropped, "is dropped", advice);
        let planned = self.plans.contains(&(table.clone(), name.clone()));
        self.add_part(part, words, vec![self.without(part)]);
        if let Some(last) = self.mutants.last_mut() {
            last.is_for_speed = true;
            if !planned {
                last.standing = Standing::NoPlan;
            }
        }
    }
}

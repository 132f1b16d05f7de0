//! The promises that follow from the schema alone: tenants never see each other.
//!
//! For each table that belongs to tenants, scenarios are made that the runner performs like those
//! of any story. Two tenants hold rows under the very same keys, so that whatever leaves the tenant
//! out (a key, a foreign key, a statement of the runner) shows at once.

use std::collections::BTreeSet;

use super::Tenancy;
use super::agree::{self, Known};
use super::format::{
    Action, Condition, Criterion, Delete, ExpectError, ExpectRows, ExpectedRows, GroundKind,
    Insert, Principal, ProvenBy, Refusal, Row, Scenario, Step, Story, Term, Test, Update,
};
use super::generate;
use super::run::needs_value;
use crate::diag::Span;
use crate::engine::ViolationKind;
use crate::model::{Column, Expression, ForeignKey, Ident, Part, PartKind, Schema, Table, Type};

/// The identifier of the story.
pub const ID: &str = "tenancy";

const READ: (&str, &str) = ("read", "A tenant reads its own rows alone.");
const UPDATE: (&str, &str) = ("update", "A tenant changes its own rows alone.");
const DELETE: (&str, &str) = ("delete", "A tenant removes its own rows alone.");
const APPEND: (&str, &str) = (
    "appendOnly",
    "Rows of append-only tables are changed and removed by nobody, their own tenant included.",
);
const REFERENCE: (&str, &str) = (
    "reference",
    "A row of one tenant cannot refer to a row of another.",
);
const KEY: (&str, &str) = (
    "key",
    "A key that one tenant uses is free for every other, and taken within the tenant.",
);

/// The story of a schema, unless no table belongs to tenants. `place` says where a table is
/// declared.
pub fn story(schema: &Schema, tenancy: &Tenancy, place: &dyn Fn(&Ident) -> Span) -> Option<Story> {
    let mut scenarios = Vec::new();
    for table in schema.tables.values() {
        if let Some(tenant) = tenancy.column_of(table) {
            let maker = Maker {
                schema,
                tenancy,
                table,
                tenant,
                span: place(&table.name),
            };
            maker.scenarios(&mut scenarios);
        }
    }
    let span = scenarios.first()?.span.clone();
    let criteria = [READ, UPDATE, DELETE, APPEND, REFERENCE, KEY]
        .into_iter()
        .filter(|(id, _)| {
            let mut proves = scenarios.iter().flat_map(|scenario| &scenario.proves);
            proves.any(|proven| proven == id)
        })
        .map(|(id, text)| Criterion {
            id: id.to_owned(),
            text: text.to_owned(),
            proven_by: ProvenBy::Database,
            span: span.clone(),
        })
        .collect();
    Some(Story {
        survivors: Vec::new(),
        id: ID.to_owned(),
        title: "Tenants never see each other".to_owned(),
        span,
        criteria,
        scenarios,
    })
}

/// Makes the scenarios of one table.
struct Maker<'a> {
    schema: &'a Schema,
    tenancy: &'a Tenancy,
    table: &'a Table,
    tenant: &'a Ident,
    span: Span,
}

/// Whose rows a row copies its key from.
#[derive(Clone, Copy, PartialEq)]
enum Keys {
    /// Nobody's: they are new.
    New,
    /// Those that [`THEIRS`] saved.
    Theirs,
}

/// The first tenant's rows are saved under this and the name of their table.
const THEIRS: &str = "their";
/// The second tenant's.
const MINE: &str = "my";

impl Maker<'_> {
    fn scenarios(&self, scenarios: &mut Vec<Scenario>) {
        let name = &self.table.name;
        let mut add = |(id, _): (&str, &str), what: String, steps: Vec<Step>| {
            scenarios.push(Scenario {
                name: format!("{name}: {what}"),
                span: self.span.clone(),
                proves: vec![id.to_owned()],
                ground: GroundKind::Shared,
                principal: principal("acme"),
                steps,
            });
        };
        add(READ, "each tenant reads its own row".into(), self.read());
        match &self.table.append_only {
            None => {
                if let Some(column) = self.settable() {
                    let steps = self.change(&|maker, changes| maker.update(column, changes));
                    add(UPDATE, "each tenant changes its own row".into(), steps);
                }
                let steps = self.change(&|maker, changes| maker.delete(changes));
                add(DELETE, "each tenant removes its own row".into(), steps);
            }
            Some(trigger) => {
                let steps = self.unchangeable(trigger);
                let what = "no tenant changes or removes a row, its own included";
                add(APPEND, what.into(), steps);
            }
        }
        for key in self.table.foreign_keys() {
            if self.belongs(&key.references) {
                let what = format!("{} does not reach another tenant's row", key.name);
                add(REFERENCE, what, self.reference(key));
            }
        }
        for (key, columns, filter) in self.keys() {
            let what = format!("{key} is free for another tenant, and taken within its own");
            add(KEY, what, self.key(key, &columns, filter));
        }
    }

    /// Each tenant has a row under the same key, and finds one.
    fn read(&self) -> Vec<Step> {
        let mut steps = self.insert(Keys::New, THEIRS);
        steps.push(self.become_other());
        if let Some(key) = self.keyed(THEIRS) {
            steps.push(self.expect(key, ExpectedRows::Count(0)));
        }
        steps.extend(self.insert(Keys::Theirs, MINE));
        steps.push(self.expect(self.of(MINE), ExpectedRows::Count(1)));
        steps.push(self.unchanged(MINE));
        steps.push(self.step(Action::As(principal("acme"))));
        steps.push(self.unchanged(THEIRS));
        steps
    }

    /// The other tenant changes nothing where it has no row, and its own row where it has one.
    fn change(&self, change: &dyn Fn(&Self, u64) -> Action) -> Vec<Step> {
        let mut steps = self.insert(Keys::New, THEIRS);
        steps.push(self.become_other());
        steps.push(self.step(change(self, 0)));
        steps.extend(self.insert(Keys::Theirs, MINE));
        if self.keyed(THEIRS).is_some() {
            steps.push(self.step(change(self, 1)));
        }
        steps.push(self.step(Action::As(principal("acme"))));
        steps.push(self.unchanged(THEIRS));
        steps
    }

    fn unchangeable(&self, trigger: &Ident) -> Vec<Step> {
        let mut steps = self.insert(Keys::New, THEIRS);
        let mut changes: Vec<Action> = Vec::new();
        if let Some(column) = self.settable() {
            changes.push(self.update(column, 1));
        }
        changes.push(self.delete(1));
        for tenant in ["acme", "globex"] {
            if tenant == "globex" {
                steps.push(self.become_other());
                steps.extend(self.insert(Keys::Theirs, MINE));
            }
            for change in &changes {
                let kind = ViolationKind::AppendOnly;
                steps.push(self.refused(kind, trigger, self.step(change.clone())));
            }
            let row = if tenant == "acme" { THEIRS } else { MINE };
            steps.push(self.unchanged(row));
        }
        steps
    }

    /// A row of the other tenant refers to the first one's.
    fn reference(&self, key: &ForeignKey) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Some(parent) = self.schema.table(&key.references) {
            let maker = Maker {
                table: parent,
                span: self.span.clone(),
                ..*self
            };
            steps = maker.insert(Keys::New, THEIRS);
        }
        steps.push(self.become_other());
        steps.extend(self.parents(Keys::New, MINE));
        let saved = saved(THEIRS, &key.references);
        let references = key.columns.iter().zip(&key.referenced_columns);
        let values = references
            .filter(|(column, _)| *column != self.tenant)
            .map(|(column, referenced)| {
                let row = saved.clone();
                let column_of_row = referenced.clone();
                let term = Term::Saved {
                    row,
                    column: column_of_row,
                };
                (column.clone(), term)
            })
            .collect();
        let insert = self.step(self.row(values, None));
        steps.push(self.refused(ViolationKind::ForeignKey, &key.name, insert));
        steps
    }

    /// The same key again: refused within the tenant, taken from another.
    fn key(&self, name: &Ident, columns: &[Ident], filter: Option<&Expression>) -> Vec<Step> {
        let fixed = filter.map_or(Some(Vec::new()), |filter| self.fixed(filter));
        let referring = |column: &Ident| {
            let mut keys = self.table.foreign_keys();
            keys.any(|key| key.columns.contains(column))
        };
        let mut values = fixed.clone().unwrap_or_default();
        for column in columns {
            let declared = self.table.column(column);
            let left_out = declared.is_some_and(|column| !needs_value(self.table, column));
            if left_out && !referring(column) && !values.iter().any(|(name, _)| name == column) {
                values.push((column.clone(), Term::Generated));
            }
        }
        let mut steps = self.parents(Keys::New, THEIRS);
        let row = saved(THEIRS, &self.table.name);
        steps.push(self.step(self.row(values.clone(), Some(row.clone()))));
        let mut same = fixed.clone().unwrap_or_default();
        for column in columns {
            same.retain(|(name, _)| name != column);
            let (row, column) = (row.clone(), column.clone());
            same.push((column.clone(), Term::Saved { row, column }));
        }
        if fixed.is_some() {
            let again = self.step(self.row(same.clone(), None));
            steps.push(self.refused(ViolationKind::Unique, name, again));
        }
        steps.push(self.become_other());
        steps.extend(self.parents(Keys::Theirs, MINE));
        let mine = saved(MINE, &self.table.name);
        steps.push(self.step(self.row(same, Some(mine))));
        steps
    }

    /// The keys whose columns can be given, with the columns beside the tenant's.
    fn keys(&self) -> Vec<(&Ident, Vec<Ident>, Option<&Expression>)> {
        let mut keys = Vec::new();
        for part in &self.table.parts {
            let (columns, filter) = match part {
                Part::PrimaryKey(key) => (&key.columns, None),
                Part::Unique(key) => (&key.columns, None),
                Part::Index(index) if index.unique => (&index.columns, index.filter.as_ref()),
                Part::Index(_) | Part::Check(_) | Part::ForeignKey(_) => continue,
            };
            let columns = columns.iter().map(|key| key.column.clone());
            let columns: Vec<Ident> = columns.filter(|column| column != self.tenant).collect();
            if !columns.is_empty() && columns.iter().all(|column| self.can_be_given(column)) {
                keys.push((part.name(), columns, filter));
            }
        }
        keys
    }

    /// The values that put a row under a filter; `None` when that cannot be told.
    fn fixed(&self, filter: &Expression) -> Option<Vec<(Ident, Term)>> {
        let Expression::Portable(filter) = filter else {
            return None;
        };
        let fixed = generate::satisfying(self.table, filter)?;
        let term = |(column, value)| (column, Term::Literal(value));
        Some(fixed.into_iter().map(term).collect())
    }

    /// Rows of the tables that a row of this one must refer to, and then that row.
    fn insert(&self, keys: Keys, whose: &str) -> Vec<Step> {
        let mut steps = self.parents(keys, whose);
        let values = self.copied(self.table, keys);
        steps.push(self.step(self.row(values, Some(saved(whose, &self.table.name)))));
        steps
    }

    fn parents(&self, keys: Keys, whose: &str) -> Vec<Step> {
        let mut order = Vec::new();
        self.collect(self.table, &mut BTreeSet::new(), &mut order);
        let insert = |table: &&Table| {
            self.step(Action::Insert(Insert {
                table: table.name.clone(),
                rows: vec![row_of(table, self.copied(table, keys))],
                count: 1,
                save: Some(saved(whose, &table.name)),
            }))
        };
        order.iter().map(insert).collect()
    }

    /// The tables that a row of this one must refer to, those first that need nothing.
    fn collect<'s>(
        &'s self,
        table: &Table,
        seen: &mut BTreeSet<&'s Ident>,
        order: &mut Vec<&'s Table>,
    ) {
        for key in table.foreign_keys() {
            let needed = key.columns.iter().any(|name| {
                let column = table.column(name);
                name != self.tenant && column.is_some_and(|column| needs_value(table, column))
            });
            let parent = self.schema.table(&key.references);
            if let (true, Some(parent)) = (needed, parent)
                && parent.name != self.table.name
                && seen.insert(&parent.name)
            {
                self.collect(parent, seen, order);
                order.push(parent);
            }
        }
    }

    /// The columns of the primary key, from the first tenant's row.
    fn copied(&self, table: &Table, keys: Keys) -> Vec<(Ident, Term)> {
        let key = table.primary_key();
        let (Some(key), Keys::Theirs) = (key, keys) else {
            return Vec::new();
        };
        let tenant = self.tenancy.column_of(table);
        let names = key.columns.iter().map(|key| &key.column);
        names
            .filter(|name| Some(*name) != tenant && can_be_given(table, name))
            .map(|name| {
                let row = saved(THEIRS, &table.name);
                let column = name.clone();
                (name.clone(), Term::Saved { row, column })
            })
            .collect()
    }

    fn row(&self, values: Vec<(Ident, Term)>, save: Option<String>) -> Action {
        Action::Insert(Insert {
            table: self.table.name.clone(),
            rows: vec![row_of(self.table, values)],
            count: 1,
            save,
        })
    }

    /// Sets a column to what the first tenant's row holds: nothing that a check could refuse.
    fn update(&self, column: &Column, changes: u64) -> Action {
        let value = Term::Saved {
            row: saved(THEIRS, &self.table.name),
            column: column.name.clone(),
        };
        Action::Update(Update {
            table: self.table.name.clone(),
            set: vec![(column.name.clone(), value)],
            filter: self.of(THEIRS),
            changes: Some(changes),
        })
    }

    fn delete(&self, changes: u64) -> Action {
        Action::Delete(Delete {
            table: self.table.name.clone(),
            filter: self.of(THEIRS),
            changes: Some(changes),
        })
    }

    /// A column that an update can set: one outside of all keys where there is one.
    fn settable(&self) -> Option<&Column> {
        let columns = || {
            let columns = self.table.columns.iter();
            columns.filter(|column| column.name != *self.tenant && self.can_be_given(&column.name))
        };
        let free = |column: &&Column| {
            let mut parts = self.table.parts.iter();
            parts.all(|part| {
                part.kind() == PartKind::Check || part.uses(&column.name) == Some(false)
            })
        };
        columns().find(free).or_else(|| columns().next())
    }

    fn can_be_given(&self, column: &Ident) -> bool {
        can_be_given(self.table, column)
    }

    fn belongs(&self, table: &Ident) -> bool {
        let table = self.schema.table(table);
        table.is_some_and(|table| self.tenancy.column_of(table).is_some())
    }

    /// That a row has the primary key of a saved one. `None` when the database makes the key, so
    /// that two tenants cannot be given the same.
    fn keyed(&self, whose: &str) -> Option<Vec<Condition>> {
        let key = self.table.primary_key()?;
        let given = |column: &Ident| self.can_be_given(column);
        key.columns
            .iter()
            .all(|key| given(&key.column))
            .then(|| self.of(whose))
    }

    /// That a row has the primary key of a saved one; without a primary key, all of its columns.
    fn of(&self, whose: &str) -> Vec<Condition> {
        let columns: Vec<&Ident> = match self.table.primary_key() {
            Some(key) => key.columns.iter().map(|key| &key.column).collect(),
            None => self.table.columns.iter().map(|it| &it.name).collect(),
        };
        let columns = columns.into_iter().filter(|column| *column != self.tenant);
        columns.map(|column| self.same(whose, column)).collect()
    }

    fn same(&self, whose: &str, column: &Ident) -> Condition {
        let row = saved(whose, &self.table.name);
        Condition {
            column: column.clone(),
            tests: vec![Test::Equal(Term::Saved {
                row,
                column: column.clone(),
            })],
            span: self.span.clone(),
        }
    }

    /// That a saved row is what it was, to the last column.
    fn unchanged(&self, whose: &str) -> Step {
        let columns = self.table.columns.iter();
        let row = columns.map(|column| self.same(whose, &column.name));
        self.expect(self.of(whose), ExpectedRows::Rows(vec![row.collect()]))
    }

    fn expect(&self, filter: Vec<Condition>, expected: ExpectedRows) -> Step {
        self.step(Action::ExpectRows(ExpectRows {
            table: self.table.name.clone(),
            filter,
            order: Vec::new(),
            expected,
            save: None,
        }))
    }

    fn refused(&self, kind: ViolationKind, constraint: &Ident, step: Step) -> Step {
        self.step(Action::ExpectError(Box::new(ExpectError {
            refusal: Refusal {
                kind,
                constraint: Some(constraint.clone()),
                span: self.span.clone(),
            },
            step,
        })))
    }

    fn become_other(&self) -> Step {
        self.step(Action::As(principal("globex")))
    }

    fn step(&self, action: Action) -> Step {
        Step {
            action,
            span: self.span.clone(),
        }
    }
}

/// A row with these values, and with others where the columns would not agree.
fn row_of(table: &Table, mut values: Vec<(Ident, Term)>) -> Row {
    let given: Vec<(Ident, Known)> = values
        .iter()
        .map(|(column, term)| {
            let known = match term {
                Term::Literal(value) => Known::Value(value.clone()),
                _ => Known::Some,
            };
            (column.clone(), known)
        })
        .collect();
    let chosen = agree::choices(table, &given).into_iter();
    values.extend(chosen.map(|(column, known)| {
        let term = match known {
            Known::Value(value) => Term::Literal(value),
            Known::Some => Term::Generated,
        };
        (column, term)
    }));
    Row { values }
}

/// Whether a statement can put a value into a column.
fn can_be_given(table: &Table, column: &Ident) -> bool {
    table.column(column).is_some_and(|column| {
        column.identity.is_none() && column.computed.is_none() && column.ty != Type::RowVersion
    })
}

fn saved(whose: &str, table: &Ident) -> String {
    format!("{whose} {table}")
}

fn principal(tenant: &str) -> Principal {
    Principal {
        tenant: tenant.to_owned(),
        actor: Some("isolation".to_owned()),
        correlation: None,
    }
}

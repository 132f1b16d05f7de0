//! What is known of the tables that a script works on, statement by statement.
//!
//! The tables that the migrations before have made are read from their own definition in T-SQL, by
//! the reader that reads scripts: there is one form in which tables are known, wherever they come
//! from. They are read when a script first names them.

use std::collections::{BTreeMap, BTreeSet};

use super::tsql;
use super::tsql::statement::{
    Action, Column, Constraint, CreateIndex, CreateTable, Kind, Name, Options, Part, Rename, Rule,
    Statement,
};
use super::tsql::types::SqlType;
use crate::dialect::Dialect;
use crate::model::{Ident, ObjectPath, Schema};

/// A table, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Its name as it was last written.
    pub name: String,
    /// Whether all its columns are known.
    pub whole: bool,
    /// Its columns.
    pub columns: Vec<KnownColumn>,
    /// Its primary key, unique constraints and indexes.
    pub keys: Vec<Key>,
    /// Its checks.
    pub checks: Vec<Check>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Whether it is a ledger table.
    pub ledger: bool,
}

/// A column of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownColumn {
    /// Its name.
    pub name: String,
    /// Its type; `None` when it is computed.
    pub ty: Option<SqlType>,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Its collation, where it has one of its own.
    pub collation: Option<String>,
    /// The constraint that is its default, where it has one: its name, which can be the server's.
    pub default: Option<Option<String>>,
    /// The words of what it is computed from.
    pub computed: Option<Vec<String>>,
}

/// A primary key, unique constraint or index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name, where it was given one.
    pub name: Option<String>,
    /// Its class.
    pub class: KeyClass,
    /// Whether the rows are kept in its order.
    pub clustered: bool,
    /// Its columns, in lower case.
    pub columns: Vec<String>,
    /// Its other columns, in lower case.
    pub include: Vec<String>,
    /// The words of its filter, in lower case.
    pub filter: Option<Vec<String>>,
}

/// The class of a [`Key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyClass {
    /// The primary key.
    Primary,
    /// A unique constraint.
    Unique,
    /// An index, unique or not.
    Index {
        /// Whether it is unique.
        unique: bool,
    },
}

/// A check of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name, where it was given one.
    pub name: Option<String>,
    /// Its condition as it was written.
    pub text: String,
    /// The words of its condition, in lower case.
    pub words: Vec<String>,
    /// Whether it is in force.
    pub enabled: bool,
}

/// A foreign key of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Its name, where it was given one.
    pub name: Option<String>,
    /// Its columns, in lower case.
    pub columns: Vec<String>,
    /// Whether it is in force.
    pub enabled: bool,
}

/// How much of a table is kept. The server takes 1,024 columns and 1,000 indexes; a script that has
/// more is no script for it, and must not take time with the square of its length.
const MOST: usize = 1_024;

/// What was there before, to be looked up on demand.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// The schema that the migrations before make.
    pub schema: &'a Schema,
    /// The language that its tables are defined in.
    pub dialect: &'a dyn Dialect,
}

/// The tables that scripts have named so far.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// By schema and name in lower case; `None` for one that was looked for and is not known.
    tables: BTreeMap<(String, String), Option<Table>>,
    /// The database schema that a bare name means, in lower case.
    default_schema: String,
    /// Tables that the present script has made.
    made: BTreeSet<(String, String)>,
}

impl State {
    /// Nothing is known yet.
    pub fn new(default_schema: &str) -> Self {
        Self {
            default_schema: default_schema.to_lowercase(),
            ..Self::default()
        }
    }

    /// A new script begins: what was made before exists now.
    pub fn next_script(&mut self) {
        self.made.clear();
    }

    fn key(&self, name: &Name) -> (String, String) {
        let schema = name
            .schema()
            .filter(|schema| !schema.is_empty())
            .map_or_else(|| self.default_schema.clone(), str::to_lowercase);
        (schema, name.last().to_lowercase())
    }

    /// The table, if it is known.
    pub fn table(&self, name: &Name) -> Option<&Table> {
        self.tables.get(&self.key(name))?.as_ref()
    }

    /// Whether the present script has made the table, so that it holds no rows of anybody.
    pub fn is_made_here(&self, name: &Name) -> bool {
        name.is_temporary() || self.made.contains(&self.key(name))
    }

    /// The table as a statement leaves it.
    pub fn table_with(&self, name: &Name, statement: &Statement, text: &str) -> Option<Table> {
        let key = self.key(name);
        let mut alone = Self::new(&self.default_schema);
        if let Some(known) = self.tables.get(&key) {
            alone.tables.insert(key, known.clone());
        }
        alone.apply(statement, text);
        alone.table(name).cloned()
    }

    /// Whether a constraint or index of any table that is known has this name.
    pub fn has_part(&self, name: &str) -> bool {
        let mut tables = self.tables.values().flatten().take(MOST);
        tables.any(|table| table.has_part(name))
    }

    /// Looks up the tables that a statement names.
    pub fn look_up(&mut self, statement: &Statement, before: Option<Before<'_>>) {
        let Some(before) = before else { return };
        for name in tables_of(&statement.kind) {
            let (key, written) = (self.key(name), name.last().to_owned());
            if key.0 == self.default_schema && !self.tables.contains_key(&key) {
                let found = find(before, &written, &key.1);
                self.tables.insert(key, found);
            }
        }
        if let Kind::Rename(rename) = &statement.kind
            && let Some(key) = self.renamed_table(rename)
            && key.0 == self.default_schema
            && !self.tables.contains_key(&key)
        {
            let written = rename
                .object
                .iter()
                .rev()
                .nth(usize::from(rename.class == "COLUMN"));
            let written = written.cloned().unwrap_or_default();
            let found = find(before, &written, &key.1);
            self.tables.insert(key, found);
        }
    }

    /// The table that a rename is about: itself, or whose column or index it is.
    fn renamed_table(&self, rename: &Rename) -> Option<(String, String)> {
        let of_member = matches!(rename.class.as_str(), "COLUMN" | "INDEX");
        let parts = rename.object.as_slice();
        let parts = &parts[..parts.len().saturating_sub(usize::from(of_member))];
        let (table, schema) = parts.split_last()?;
        let schema = schema
            .last()
            .map_or_else(|| self.default_schema.clone(), |text| text.to_lowercase());
        Some((schema, table.to_lowercase()))
    }

    fn known(&mut self, name: &Name) -> &mut Table {
        let key = self.key(name);
        self.tables
            .entry(key)
            .or_default()
            .get_or_insert_with(|| Table {
                name: name.last().to_owned(),
                ..Table::default()
            })
    }

    /// Takes over what a statement does. `text` is the whole script.
    pub fn apply(&mut self, statement: &Statement, text: &str) {
        match &statement.kind {
            Kind::CreateTable(create) => self.create(create, text),
            Kind::AlterTable(alter) => self.alter(&alter.table, &alter.action, text),
            Kind::CreateIndex(index) => {
                if let Some(table) = &index.table {
                    self.known(table).push_key(index_key(index));
                }
            }
            Kind::Drop(dropped) => {
                for dropped in dropped {
                    match (&dropped.table, dropped.class) {
                        (None, "TABLE") => {
                            let key = self.key(&dropped.name);
                            self.made.remove(&key);
                            self.tables.insert(key, None);
                        }
                        (Some(table), "INDEX") => {
                            let name = dropped.name.last().to_owned();
                            self.known(table).keys.retain(|key| !key.is_named(&name));
                        }
                        _ => {}
                    }
                }
            }
            Kind::Rename(rename) => self.rename(rename),
            Kind::Query {
                makes: Some(name), ..
            } => {
                let key = self.key(name);
                self.made.insert(key.clone());
                let table = Table {
                    name: name.last().to_owned(),
                    ..Table::default()
                };
                self.tables.insert(key, Some(table));
            }
            _ => {}
        }
    }

    fn create(&mut self, create: &CreateTable, text: &str) {
        let key = self.key(&create.table);
        let mut table = Table {
            name: create.table.last().to_owned(),
            whole: true,
            ledger: create.options.is_on("LEDGER"),
            ..Table::default()
        };
        table.add(&create.columns, &create.constraints, text);
        for index in &create.indexes {
            table.push_key(index_key(index));
        }
        self.made.insert(key.clone());
        self.tables.insert(key, Some(table));
    }

    fn alter(&mut self, name: &Name, action: &Action, text: &str) {
        let table = self.known(name);
        match action {
            Action::Add {
                columns,
                constraints,
                indexes,
                ..
            } => {
                table.add(columns, constraints, text);
                for index in indexes {
                    table.push_key(index_key(index));
                }
            }
            Action::AlterColumn(column) => {
                let nullable = column.nullable.unwrap_or(true);
                let known = table.column_mut(&column.name.name);
                if let Some(known) = known {
                    known.ty.clone_from(&column.ty);
                    known.nullable = nullable;
                    known.collation.clone_from(&column.collation);
                } else {
                    table.push_column(known_column(column, &[]));
                }
            }
            Action::Drop {
                constraints,
                columns,
            } => {
                for constraint in constraints {
                    table.drop_constraint(&constraint.name);
                }
                for column in columns {
                    let name = column.folded();
                    table
                        .columns
                        .retain(|known| known.name.to_lowercase() != name);
                }
            }
            Action::Check {
                enable,
                constraints,
                ..
            } => table.enable(constraints, *enable),
            Action::Set(options) => {
                if options.is_on("LEDGER") {
                    table.ledger = true;
                }
            }
            Action::Other => {}
        }
    }

    fn rename(&mut self, rename: &Rename) {
        let Some(key) = self.renamed_table(rename) else {
            return;
        };
        let Some(old) = rename.object.last() else {
            return;
        };
        match rename.class.as_str() {
            "COLUMN" | "INDEX" => {
                let Some(Some(table)) = self.tables.get_mut(&key) else {
                    return;
                };
                if rename.class == "COLUMN" {
                    table.rename_column(old, &rename.to);
                } else if let Some(known) = table.keys.iter_mut().find(|key| key.is_named(old)) {
                    known.name = Some(rename.to.clone());
                }
            }
            _ => {
                if let Some(Some(mut table)) = self.tables.remove(&key) {
                    table.name.clone_from(&rename.to);
                    let new = (key.0.clone(), rename.to.to_lowercase());
                    if self.made.remove(&key) {
                        self.made.insert(new.clone());
                    }
                    self.tables.insert(key, None);
                    self.tables.insert(new, Some(table));
                }
            }
        }
    }
}

impl Table {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&KnownColumn> {
        let name = name.to_lowercase();
        self.columns
            .iter()
            .find(|column| column.name.to_lowercase() == name)
    }

    fn column_mut(&mut self, name: &str) -> Option<&mut KnownColumn> {
        let name = name.to_lowercase();
        self.columns
            .iter_mut()
            .find(|column| column.name.to_lowercase() == name)
    }

    /// The column whose default has this name.
    pub fn defaulted(&self, constraint: &str) -> Option<&KnownColumn> {
        self.columns.iter().find(|column| {
            let name = column.default.as_ref().and_then(Option::as_deref);
            name.is_some_and(|name| same(name, constraint))
        })
    }

    /// Whether the table has a constraint or index of this name.
    pub fn has_part(&self, name: &str) -> bool {
        let named = |given: &Option<String>| given.as_deref().is_some_and(|it| same(it, name));
        self.keys.iter().any(|key| key.is_named(name))
            || self.checks.iter().any(|check| named(&check.name))
            || self.foreign_keys.iter().any(|key| named(&key.name))
            || self.defaulted(name).is_some()
    }

    fn add(&mut self, columns: &[Column], constraints: &[Constraint], text: &str) {
        for column in columns {
            self.push_column(known_column(column, constraints));
        }
        for constraint in constraints.iter().take(MOST) {
            let name = constraint.name.as_ref().map(|name| name.name.clone());
            match &constraint.rule {
                Rule::Key {
                    primary,
                    clustered,
                    columns,
                    ..
                } => {
                    let columns: Vec<String> = columns.iter().map(Part::folded).collect();
                    if *primary {
                        for column in &columns {
                            if let Some(known) = self.column_mut(column) {
                                known.nullable = false;
                            }
                        }
                    }
                    // A primary key is clustered unless it says otherwise or something else is.
                    let taken = self.keys.iter().any(|key| key.clustered)
                        || constraints.iter().any(|other| {
                            matches!(
                                other.rule,
                                Rule::Key {
                                    clustered: Some(true),
                                    primary: false,
                                    ..
                                }
                            )
                        });
                    self.push_key(Key {
                        name,
                        class: match primary {
                            true => KeyClass::Primary,
                            false => KeyClass::Unique,
                        },
                        clustered: clustered.unwrap_or(*primary && !taken),
                        columns,
                        include: Vec::new(),
                        filter: None,
                    });
                }
                Rule::Foreign { columns, .. } if self.foreign_keys.len() < MOST => {
                    self.foreign_keys.push(ForeignKey {
                        name,
                        columns: columns.iter().map(Part::folded).collect(),
                        enabled: true,
                    });
                }
                Rule::Foreign { .. } => {}
                Rule::Check { .. } if self.checks.len() >= MOST => {}
                Rule::Check { expression, words } => self.checks.push(Check {
                    name,
                    text: text[expression.clone()].to_owned(),
                    words: words.clone(),
                    enabled: true,
                }),
                Rule::Default { column, .. } => {
                    if let Some(known) = self.column_mut(column) {
                        known.default = Some(name);
                    }
                }
            }
        }
    }

    fn push_column(&mut self, column: KnownColumn) {
        if let Some(known) = self.column_mut(&column.name) {
            *known = column;
        } else if self.columns.len() < MOST {
            self.columns.push(column);
        } else {
            self.whole = false;
        }
    }

    fn push_key(&mut self, key: Key) {
        if self.keys.len() < MOST {
            self.keys.push(key);
        }
    }

    fn drop_constraint(&mut self, name: &str) {
        let named = |given: &Option<String>| given.as_deref().is_some_and(|it| same(it, name));
        self.keys.retain(|key| !key.is_named(name));
        self.checks.retain(|check| !named(&check.name));
        self.foreign_keys.retain(|key| !named(&key.name));
        for column in &mut self.columns {
            if column.default.as_ref().is_some_and(named) {
                column.default = None;
            }
        }
    }

    fn enable(&mut self, constraints: &[Part], enabled: bool) {
        let meant = |given: &Option<String>| {
            constraints.is_empty()
                || given
                    .as_deref()
                    .is_some_and(|it| constraints.iter().any(|part| same(&part.name, it)))
        };
        for check in self.checks.iter_mut().filter(|check| meant(&check.name)) {
            check.enabled = enabled;
        }
        for key in self.foreign_keys.iter_mut().filter(|key| meant(&key.name)) {
            key.enabled = enabled;
        }
    }

    fn rename_column(&mut self, old: &str, new: &str) {
        let (from, to) = (old.to_lowercase(), new.to_lowercase());
        if let Some(column) = self.column_mut(old) {
            new.clone_into(&mut column.name);
        }
        let columns = self
            .keys
            .iter_mut()
            .flat_map(|key| key.columns.iter_mut().chain(&mut key.include));
        let foreign = self
            .foreign_keys
            .iter_mut()
            .flat_map(|key| &mut key.columns);
        for column in columns.chain(foreign) {
            if *column == from {
                column.clone_from(&to);
            }
        }
    }
}

impl Key {
    /// Whether it has this name.
    pub fn is_named(&self, name: &str) -> bool {
        self.name.as_deref().is_some_and(|own| same(own, name))
    }

    /// Whether two rows may not share it.
    pub fn is_unique(&self) -> bool {
        self.class != KeyClass::Index { unique: false }
    }
}

/// Whether the server takes two names for one.
pub fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn known_column(column: &Column, constraints: &[Constraint]) -> KnownColumn {
    // A constraint that belongs to a column stands near it, but not in the order of columns.
    let default = constraints.iter().take(MOST).find_map(|constraint| {
        let Rule::Default { column: of, .. } = &constraint.rule else {
            return None;
        };
        same(of, &column.name.name).then(|| constraint.name.as_ref().map(|name| name.name.clone()))
    });
    let never_null = column.identity || column.generated || column.primary;
    KnownColumn {
        name: column.name.name.clone(),
        ty: column.ty.clone(),
        nullable: column.nullable.unwrap_or(!never_null),
        collation: column.collation.clone(),
        default,
        computed: column.computed.clone(),
    }
}

fn index_key(index: &CreateIndex) -> Key {
    Key {
        name: Some(index.name.name.clone()),
        class: KeyClass::Index {
            unique: index.unique,
        },
        clustered: index.clustered,
        columns: index.columns.iter().map(Part::folded).collect(),
        include: index.include.iter().map(Part::folded).collect(),
        filter: index.filter.as_ref().map(|filter| filter.words.clone()),
    }
}

/// The tables that a statement names and that its rules ask about.
pub fn tables_of(kind: &Kind) -> Vec<&Name> {
    match kind {
        Kind::CreateTable(create) => {
            let mut names = vec![&create.table];
            names.extend(create.constraints.iter().filter_map(references));
            names
        }
        Kind::AlterTable(alter) => {
            let mut names = vec![&alter.table];
            if let Action::Add { constraints, .. } = &alter.action {
                names.extend(constraints.iter().filter_map(references));
            }
            names
        }
        Kind::CreateIndex(index) => index.table.iter().collect(),
        Kind::Drop(dropped) => dropped
            .iter()
            .filter_map(|dropped| match (&dropped.table, dropped.class) {
                (Some(table), _) => Some(table),
                (None, "TABLE") => Some(&dropped.name),
                _ => None,
            })
            .collect(),
        Kind::Truncate(table) | Kind::Delete { table, .. } => vec![table],
        Kind::Query { updates, .. } => updates.iter().collect(),
        _ => Vec::new(),
    }
}

fn references(constraint: &Constraint) -> Option<&Name> {
    match &constraint.rule {
        Rule::Foreign { references, .. } => Some(references),
        _ => None,
    }
}

/// A table that the migrations before have made, read from its definition.
fn find(before: Before<'_>, written: &str, folded: &str) -> Option<Table> {
    let tables = &before.schema.tables;
    let table = tables
        .get(&Ident::new(written))
        .or_else(|| tables.values().find(|table| table.name.folded() == folded))?;
    let (schema, _) = before.dialect.lower(&Schema::new([table.clone()]));
    let lowered = schema.tables.values().next()?;
    let mut text = before
        .dialect
        .definition(&schema, &ObjectPath::table(&lowered.name))?;
    for index in lowered.indexes() {
        let path = ObjectPath::member(&lowered.name, &index.name);
        text.push_str("\n;");
        text.push_str(&before.dialect.definition(&schema, &path)?);
    }
    let (_, statements) = tsql::read(&text, std::slice::from_ref(&(0..text.len())));
    let mut state = State::new("");
    let mut key = None;
    for statement in &statements {
        state.apply(statement, &text);
        if let Kind::CreateTable(create) = &statement.kind {
            key = Some(state.key(&create.table));
        }
    }
    state.tables.remove(&key?)?
}

/// Whether an option list makes a table that keeps its own history, and names where.
pub fn history_is_anonymous(options: &Options) -> bool {
    options.get("SYSTEM_VERSIONING").is_some_and(|setting| {
        setting.value.starts_with("ON") && !setting.value.contains("HISTORY_TABLE")
    })
}

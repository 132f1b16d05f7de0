//! Changes that are made in place.

use crate::dialect::{Batch, Dialect};
use crate::diff::{Change, TableOptions};
use crate::model::{Column, Ident, Part, Table, Type};

use super::rename::{self, Renamed};
use super::render::{alter_table, append_only, describe, drop_append_only};
use super::{Mssql, bracketed, create, property, types};

/// One change with the states of the table around it.
pub(super) struct Alteration<'a> {
    pub(super) dialect: &'a Mssql,
    pub(super) before: Option<&'a Table>,
    pub(super) after: Option<&'a Table>,
    /// Whether every change builds an index, each in a transaction of its own.
    pub(super) online: bool,
    /// What the changes before this one have renamed.
    pub(super) renamed: &'a mut Renamed,
    pub(super) batches: &'a mut Vec<Batch>,
}

impl Alteration<'_> {
    pub(super) fn render(mut self, change: &Change) {
        match change {
            Change::CreateTable(table) => {
                self.push(create::table(self.dialect, table), String::new());
            }
            Change::DropTable(table) => self.push(
                format!("DROP TABLE {};", self.dialect.table(&table.name)),
                format!("Drops {} with all its rows.", table.name),
            ),
            Change::RenameTable { from, to } => rename::table(&mut self, from, to),
            Change::RenameColumn { table, from, to } => rename::column(&mut self, table, from, to),
            Change::RenamePart { table, from, to } => rename::part(&mut self, table, from, to),
            Change::AlterTable { table, from, to } => self.alter_options(table, from, to),
            Change::AddColumn { table, column } => self.add_column(table, column),
            Change::DropColumn { table, column } => {
                let sql = self.drop_column(table, column);
                self.push(
                    sql,
                    format!("Drops {table}.{} with all its values.", column.name),
                );
            }
            Change::AlterColumn { table, from, to } => self.alter_column(table, from, to),
            Change::AddPart { table, part } => {
                let sql = self.add_part(table, part);
                let comment = self.why_added(table, part);
                self.push(sql, comment);
            }
            Change::DropPart { table, part } => {
                let sql = self.drop_part(table, part);
                self.push(sql, String::new());
            }
            Change::AlterPart { table, from, to } => {
                let sql = [self.drop_part(table, from), self.add_part(table, to)].join("\n");
                let comment = format!(
                    "{} of {table} is made anew, as it cannot be altered.",
                    to.name()
                );
                self.push(sql, comment);
            }
        }
    }

    pub(super) fn push(&mut self, sql: String, comment: String) {
        let batch = Batch::new(sql);
        self.batches.push(if comment.is_empty() {
            batch
        } else {
            batch.comment(comment)
        });
    }

    /// The table whose columns say how constants are written.
    pub(super) fn around(&self) -> Option<&Table> {
        self.after.or(self.before)
    }

    pub(super) fn alter(&self, table: &Ident, action: &str) -> String {
        alter_table(self.dialect, table, action)
    }

    fn alter_options(&mut self, table: &Ident, from: &TableOptions, to: &TableOptions) {
        if from.append_only != to.append_only {
            if let Some(name) = &from.append_only {
                self.batches
                    .push(drop_append_only(self.dialect, table, name));
            }
            if let Some(name) = &to.append_only {
                self.batches.push(append_only(self.dialect, table, name));
            }
        }
        let description = property::change(
            self.dialect,
            table,
            None,
            from.description.as_deref(),
            to.description.as_deref(),
        );
        if let Some(sql) = description {
            self.push(sql, String::new());
        }
    }

    fn add_column(&mut self, table: &Ident, column: &Column) {
        let state = self.state(table, column);
        let mut action = format!("ADD {}", create::column(&state, column));
        let mut comment = format!("Adds {table}.{}.", column.name);
        match (&column.default, column.nullable) {
            (Some(_), true) => {
                // Elsewhere a new column has its default in old rows too.
                action.push_str(" WITH VALUES");
                comment
                    .push_str("\nWITH VALUES: rows that exist get the default too, and not NULL.");
            }
            (Some(default), false) => {
                comment.push_str("\nRows that exist get the default.");
                if create::default_text(&default.value).contains("NEW") {
                    comment.push_str(
                        " It is another value for each row, so that every row is written.",
                    );
                }
            }
            (None, false) if fills_itself(column) => {}
            (None, false) => comment.push_str(
                "\nThere is no value for rows that exist: this fails on a table that has rows.",
            ),
            (None, true) => {}
        }
        if let Some(check) = create::type_check(&state, column) {
            action.push_str(&format!("\n        {check}"));
        }
        let sql = self.alter(table, &action);
        self.push(sql, comment);
        if let Some(sql) = describe(self.dialect, table, None, Some(column)) {
            self.push(sql, String::new());
        }
    }

    /// The table around a column that its own state may not have yet.
    fn state(&self, table: &Ident, column: &Column) -> Table {
        let mut state = self.around().cloned().unwrap_or_else(|| Table {
            name: table.clone(),
            description: None,
            append_only: None,
            columns: vec![column.clone()],
            parts: Vec::new(),
        });
        state.name = table.clone();
        state
    }

    /// The column with what hangs on it.
    pub(super) fn drop_column(&self, table: &Ident, column: &Column) -> String {
        let default = column.default.as_ref().map(|default| &default.name);
        let promise = types::promise(column).map(|_| &column.type_check);
        let mut statements: Vec<String> = default
            .into_iter()
            .chain(promise)
            .map(|name| self.drop_constraint(table, name))
            .collect();
        let name = bracketed(column.name.as_str());
        statements.push(self.alter(table, &format!("DROP COLUMN {name}")));
        statements.join("\n")
    }

    /// The columns that are computed from a column, before and after alike: the engine lets no
    /// column be altered under them.
    fn resting_on(&self, column: &Column) -> Vec<Column> {
        let computed = |table: Option<&Table>, name: &Ident| {
            let column = table?.column(name)?;
            column.computed.as_ref()?;
            Some(column.clone())
        };
        let Some(after) = self.after else {
            return Vec::new();
        };
        let stays = |other: &&Column| {
            let existed = self
                .before
                .is_some_and(|before| before.column(&other.name).is_some());
            !existed || computed(self.before, &other.name).is_some()
        };
        let uses = |other: &&Column| {
            let expression = other.computed.as_ref().map(|computed| &computed.expression);
            other.name != column.name
                && expression.is_some_and(|expression| expression.uses(&column.name) == Some(true))
        };
        after
            .columns
            .iter()
            .filter(uses)
            .filter(stays)
            .cloned()
            .collect()
    }

    /// A computed column with its description, which went with it.
    pub(super) fn computed_again(&self, state: &Table, column: &Column) -> Vec<String> {
        let added = self.alter(
            &state.name,
            &format!("ADD {}", create::column(state, column)),
        );
        let described = describe(self.dialect, &state.name, None, Some(column));
        [added].into_iter().chain(described).collect()
    }

    fn alter_column(&mut self, table: &Ident, from: &Column, to: &Column) {
        let resting = if stored(from) == stored(to) && from.computed == to.computed {
            Vec::new()
        } else {
            self.resting_on(to)
        };
        if !resting.is_empty() {
            let off: Vec<String> = resting
                .iter()
                .map(|column| self.drop_column(table, column))
                .collect();
            let comment = format!(
                "No column can be altered under what is computed from {}.",
                to.name
            );
            self.push(off.join("\n"), comment);
        }
        self.alter_bare_column(table, from, to);
        for column in &resting {
            let state = self.state(table, to);
            for sql in self.computed_again(&state, column) {
                self.push(sql, String::new());
            }
        }
    }

    fn alter_bare_column(&mut self, table: &Ident, from: &Column, to: &Column) {
        if from.computed != to.computed || made_anew(&from.ty, &to.ty) {
            let sql = self.drop_column(table, from);
            let why = if from.computed == to.computed {
                "a row version is made of no other column, and becomes none"
            } else {
                "what a column is computed from cannot be altered"
            };
            self.push(sql, format!("{table}.{} is made anew: {why}.", to.name));
            self.add_column(table, to);
            return;
        }
        let state = self.state(table, to);
        let mut statements = Vec::new();
        let stored = stored(from) != stored(to);
        let retyped = base(&from.ty) != base(&to.ty);
        // A column cannot be altered under a check, unless it only grows.
        let grows = from.nullable == to.nullable
            && matches!((&from.ty, &to.ty), (Type::Key(a), Type::Key(b)) if a <= b);
        let same_promise = types::promise(from) == types::promise(to)
            && from.type_check == to.type_check
            && (!stored || grows);
        let same_default = from.default == to.default && !(stored && retyped);
        if !same_default && let Some(default) = &from.default {
            statements.push(self.drop_constraint(table, &default.name));
        }
        if !same_promise && types::promise(from).is_some() {
            statements.push(self.drop_constraint(table, &from.type_check));
        }
        if stored {
            statements.push(self.alter(table, &format!("ALTER COLUMN {}", type_of(to))));
        }
        if !same_promise && let Some(check) = create::type_check(&state, to) {
            statements.push(self.alter(table, &format!("WITH CHECK ADD {check}")));
        }
        if !same_default && let Some(default) = &to.default {
            statements.push(self.alter(
                table,
                &format!(
                    "ADD CONSTRAINT {} DEFAULT ({}) FOR {}",
                    bracketed(default.name.as_str()),
                    create::default_text(&default.value),
                    bracketed(to.name.as_str())
                ),
            ));
        }
        statements.extend(describe(self.dialect, table, Some(from), Some(to)));
        if !statements.is_empty() {
            let comment = why_altered(table, from, to);
            self.push(statements.join("\n"), comment);
        }
    }

    pub(super) fn drop_constraint(&self, table: &Ident, name: &Ident) -> String {
        self.alter(
            table,
            &format!("DROP CONSTRAINT {}", bracketed(name.as_str())),
        )
    }

    pub(super) fn drop_part(&self, table: &Ident, part: &Part) -> String {
        match part {
            Part::Index(index) => format!(
                "DROP INDEX {} ON {};",
                bracketed(index.name.as_str()),
                self.dialect.table(table)
            ),
            other => self.drop_constraint(table, other.name()),
        }
    }

    /// WITH CHECK reads the rows that exist, so that the engine may trust the constraint.
    pub(super) fn add_part(&self, table: &Ident, part: &Part) -> String {
        let mut state = self.around().cloned().unwrap_or_else(|| Table {
            name: table.clone(),
            description: None,
            append_only: None,
            columns: Vec::new(),
            parts: Vec::new(),
        });
        state.name = table.clone();
        let constraint = match part {
            Part::Index(index) if self.online => {
                return create::index_online(self.dialect, &state, index);
            }
            Part::Index(index) => return create::index(self.dialect, &state, index),
            other => create::constraint(self.dialect, &state, other)
                .expect("every part but an index is a constraint"),
        };
        let with_check = match part {
            Part::Check(_) | Part::ForeignKey(_) => "WITH CHECK ",
            Part::PrimaryKey(_) | Part::Unique(_) | Part::Index(_) => "",
        };
        let constraint = constraint.replace('\n', "\n    ");
        self.alter(table, &format!("{with_check}ADD {constraint}"))
    }

    /// Among other changes ONLINE = ON is left out on purpose: the migration is one transaction,
    /// which keeps the locks of the build until it commits, so that an online build would be slower
    /// and block all the same. Where the edition has it, the comment says how to get it.
    fn why_added(&self, table: &Ident, part: &Part) -> String {
        match part {
            Part::Index(_) if self.online => {
                format!("Built while {table} is written to.")
            }
            Part::Index(_) if self.before.is_some() && self.dialect.edition.builds_online() => {
                format!(
                    "Built offline: in a transaction ONLINE = ON would hold its locks to the end \
                     all the same.\n\
                     If {table} is large and written to, make this index in a migration that makes \
                     nothing\nbut indexes: `generate` then writes it WITH (ONLINE = ON)."
                )
            }
            _ => String::new(),
        }
    }
}

/// Name, type, collation and nullability: ALTER COLUMN resets what it is not told.
fn type_of(column: &Column) -> String {
    let mut text = format!(
        "{} {}",
        bracketed(column.name.as_str()),
        types::name(&column.ty)
    );
    if let Some(collation) = types::collation(column) {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    text.push_str(if column.nullable {
        " NULL"
    } else {
        " NOT NULL"
    });
    text
}

fn stored(column: &Column) -> (String, Option<&str>, bool) {
    (
        types::name(&column.ty),
        types::collation(column),
        column.nullable,
    )
}

/// The type without its length: a default stays on a column whose length alone changes.
fn base(ty: &Type) -> String {
    let name = types::name(ty);
    name.split('(').next().unwrap_or_default().to_owned()
}

/// Whether no column can be altered from one type to the other.
fn made_anew(from: &Type, to: &Type) -> bool {
    from != to && (*from == Type::RowVersion || *to == Type::RowVersion)
}

/// Whether the engine has a value for the column in every row.
fn fills_itself(column: &Column) -> bool {
    column.identity.is_some() || column.computed.is_some() || column.ty == Type::RowVersion
}

fn why_altered(table: &Ident, from: &Column, to: &Column) -> String {
    let path = format!("{table}.{}", to.name);
    if from.ty != to.ty {
        return format!("{path} changes from {} to {}.", from.ty, to.ty);
    }
    match (from.nullable, to.nullable) {
        (true, false) => format!("{path} takes no NULL any more: this fails where a row has one."),
        (false, true) => format!("{path} takes NULL."),
        _ if types::collation(from) != types::collation(to) => {
            format!("{path} is compared in another collation.")
        }
        _ => String::new(),
    }
}

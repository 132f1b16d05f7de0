//! Applying changes to a schema: folding all migrations gives the schema.

use crate::model::{Column, Ident, ObjectPath, Part, Schema, Table};

use super::{Change, TableOptions, rename, same_part};

/// Why a change does not apply: the schema is not what the change was made for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// What should be added is there already.
    #[error("{0} exists already")]
    Exists(ObjectPath),
    /// What should be changed or dropped is not there.
    #[error("{0} does not exist")]
    Missing(ObjectPath),
    /// What should be changed is not what the change says it was.
    #[error("{0} is not what the change says it was")]
    Differs(ObjectPath),
}

/// Applies changes in order.
///
/// # Errors
/// At the first change that does not apply, with its index; the schema is then partly changed.
pub fn apply_all(schema: &mut Schema, changes: &[Change]) -> Result<(), (usize, FoldError)> {
    changes
        .iter()
        .enumerate()
        .try_for_each(|(index, change)| apply(schema, change).map_err(|error| (index, error)))
}

/// Applies one change.
///
/// # Errors
/// When the schema is not what the change was made for; it is then as it was.
pub fn apply(schema: &mut Schema, change: &Change) -> Result<(), FoldError> {
    match change {
        Change::CreateTable(table) => {
            let path = ObjectPath::table(&table.name);
            absent(schema.tables.contains_key(&table.name), path)?;
            schema.tables.insert(table.name.clone(), table.clone());
        }
        Change::DropTable(table) => {
            schema
                .tables
                .remove(&table.name)
                .ok_or_else(|| FoldError::Missing(ObjectPath::table(&table.name)))?;
        }
        Change::RenameTable { from, to } => {
            table_of(schema, from)?;
            absent(schema.tables.contains_key(to), ObjectPath::table(to))?;
            rename::table(schema, from, to);
        }
        Change::AlterTable { table, from, to } => {
            let entry = table_of(schema, table)?;
            unchanged(TableOptions::of(entry) == *from, || {
                ObjectPath::table(table)
            })?;
            entry.description.clone_from(&to.description);
            entry.append_only.clone_from(&to.append_only);
        }
        Change::AddColumn { table, column } => {
            let path = ObjectPath::member(table, &column.name);
            let entry = table_of(schema, table)?;
            absent(entry.column(&column.name).is_some(), path)?;
            entry.columns.push(column.clone());
        }
        Change::DropColumn { table, column } => {
            let entry = table_of(schema, table)?;
            let at = column_of(entry, &column.name)?;
            entry.columns.remove(at);
        }
        Change::RenameColumn { table, from, to } => {
            let entry = table_of(schema, table)?;
            column_of(entry, from)?;
            absent(entry.column(to).is_some(), ObjectPath::member(table, to))?;
            rename::column(schema, table, from, to);
        }
        Change::AlterColumn { table, from, to } => {
            let entry = table_of(schema, table)?;
            let at = column_of(entry, &from.name)?;
            let column: &mut Column = &mut entry.columns[at];
            unchanged(column == from, || ObjectPath::member(table, &from.name))?;
            *column = to.clone();
        }
        Change::AddPart { table, part } => {
            let path = ObjectPath::member(table, part.name());
            let entry = table_of(schema, table)?;
            absent(entry.part(part.name()).is_some(), path)?;
            entry.parts.push(part.clone());
        }
        Change::DropPart { table, part } => {
            let entry = table_of(schema, table)?;
            let at = part_of(entry, part)?;
            entry.parts.remove(at);
        }
        Change::AlterPart { table, from, to } | Change::RenamePart { table, from, to } => {
            let entry = table_of(schema, table)?;
            let at = part_of(entry, from)?;
            if to.name() != from.name() {
                absent(
                    entry.part(to.name()).is_some(),
                    ObjectPath::member(table, to.name()),
                )?;
            }
            unchanged(same_part(&entry.parts[at], from), || {
                ObjectPath::member(table, from.name())
            })?;
            entry.parts[at] = to.clone();
        }
    }
    Ok(())
}

fn absent(present: bool, path: ObjectPath) -> Result<(), FoldError> {
    if present {
        Err(FoldError::Exists(path))
    } else {
        Ok(())
    }
}

fn unchanged(same: bool, path: impl FnOnce() -> ObjectPath) -> Result<(), FoldError> {
    if same {
        Ok(())
    } else {
        Err(FoldError::Differs(path()))
    }
}

fn table_of<'a>(schema: &'a mut Schema, name: &Ident) -> Result<&'a mut Table, FoldError> {
    schema
        .tables
        .get_mut(name)
        .ok_or_else(|| FoldError::Missing(ObjectPath::table(name)))
}

fn column_of(table: &Table, name: &Ident) -> Result<usize, FoldError> {
    table
        .columns
        .iter()
        .position(|column| column.name == *name)
        .ok_or_else(|| FoldError::Missing(ObjectPath::member(&table.name, name)))
}

fn part_of(table: &Table, part: &Part) -> Result<usize, FoldError> {
    table
        .parts
        .iter()
        .position(|candidate| candidate.name() == part.name() && candidate.kind() == part.kind())
        .ok_or_else(|| FoldError::Missing(ObjectPath::member(&table.name, part.name())))
}

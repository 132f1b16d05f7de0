//! Constraints that an engine keeps without a name.
//!
//! SQLite does not ask for names, and other tools give none. Such a constraint is the declared one
//! if it says the same: the name is all that it lacks, and nothing that runs can tell.

use crate::model::{Column, Ident, Schema, Table};

use super::same_part;

/// `schema` with the names that `like` has for the same things, where it has none itself. `None`
/// when there is nothing to name. `counts` is asked for each: the table, and what stands for the
/// name.
pub fn named_like(
    schema: &Schema,
    like: &Schema,
    counts: &dyn Fn(&Table, &Ident) -> bool,
) -> Option<Schema> {
    let mut named: Option<Schema> = None;
    for (name, table) in &schema.tables {
        let Some(model) = like.table(name) else {
            continue;
        };
        if let Some(table) = table_like(table, model, &|unnamed| counts(table, unnamed)) {
            named
                .get_or_insert_with(|| schema.clone())
                .tables
                .insert(name.clone(), table);
        }
    }
    named
}

fn table_like(table: &Table, like: &Table, counts: &dyn Fn(&Ident) -> bool) -> Option<Table> {
    let mut named = table.clone();
    let mut changed = false;
    for column in &mut named.columns {
        if let Some(model) = like.column(&column.name) {
            changed |= column_like(column, model, counts);
        }
    }
    for at in 0..named.parts.len() {
        let part = &named.parts[at];
        if !part.name().is_unnamed() || !counts(part.name()) {
            continue;
        }
        let free = |name: &Ident| !name.is_unnamed() && named.part(name).is_none();
        let model = like.parts.iter().find(|model| {
            free(model.name()) && same_part(&part.clone().renamed(model.name().clone()), model)
        });
        if let Some(name) = model.map(|model| model.name().clone()) {
            named.parts[at] = named.parts[at].clone().renamed(name);
            changed = true;
        }
    }
    changed.then_some(named)
}

fn column_like(column: &mut Column, like: &Column, counts: &dyn Fn(&Ident) -> bool) -> bool {
    let mut changed = false;
    if let (Some(own), Some(model)) = (&mut column.default, &like.default)
        && own.name.is_unnamed()
        && !model.name.is_unnamed()
        && own.value == model.value
        && counts(&own.name)
    {
        own.name = model.name.clone();
        changed = true;
    }
    let check = &column.type_check;
    if check.is_unnamed() && column.ty == like.ty && !like.type_check.is_unnamed() && counts(check)
    {
        column.type_check = like.type_check.clone();
        changed = true;
    }
    changed
}

/// Whether a table has, somewhere, something that goes by this name.
pub fn has_name(table: &Table, name: &Ident) -> bool {
    table.part(name).is_some()
        || table.columns.iter().any(|column| {
            column.type_check == *name
                || column.default.as_ref().is_some_and(|own| own.name == *name)
        })
}

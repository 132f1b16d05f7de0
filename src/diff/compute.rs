//! The difference of two schemas.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::expression::Comparison;
use crate::model::{Column, Expression, Ident, Part, Schema, Table};

use super::{Change, Renames, TableOptions, rename};

/// The changes that take `from` to `to`, by table in order of name. Both are neutral, or both in
/// the engine form of one engine.
///
/// An explicit rename counts only while `from` has the old name and lacks the new one. The order of
/// columns and of parts is no difference. Expressions that cannot be analysed differ unless their
/// texts are equal.
pub fn diff(from: &Schema, to: &Schema, renames: &Renames) -> Vec<Change> {
    let mut changes = Vec::new();
    let from = renamed(from, to, renames, &mut changes);
    for (name, table) in &to.tables {
        match from.tables.get(name) {
            None => changes.push(Change::CreateTable(table.clone())),
            Some(old) => diff_table(old, table, &mut changes),
        }
    }
    for (name, table) in &from.tables {
        if !to.tables.contains_key(name) {
            changes.push(Change::DropTable(table.clone()));
        }
    }
    changes
}

/// `from` with the explicit renames carried out, which are pushed to `changes`.
fn renamed<'a>(
    from: &'a Schema,
    to: &Schema,
    renames: &Renames,
    changes: &mut Vec<Change>,
) -> Cow<'a, Schema> {
    let mut from = Cow::Borrowed(from);
    for (new, old) in &renames.tables {
        let counts = from.tables.contains_key(old)
            && !from.tables.contains_key(new)
            && to.tables.contains_key(new);
        if counts {
            rename::table(from.to_mut(), old, new);
            changes.push(Change::RenameTable {
                from: old.clone(),
                to: new.clone(),
            });
        }
    }
    for ((table, new), old) in &renames.columns {
        let has = |schema: &Schema, column: &Ident| {
            schema
                .table(table)
                .is_some_and(|table| table.column(column).is_some())
        };
        if has(&from, old) && !has(&from, new) && has(to, new) {
            rename::column(from.to_mut(), table, old, new);
            changes.push(Change::RenameColumn {
                table: table.clone(),
                from: old.clone(),
                to: new.clone(),
            });
        }
    }
    from
}

fn diff_table(from: &Table, to: &Table, changes: &mut Vec<Change>) {
    let table = &to.name;
    let options = (TableOptions::of(from), TableOptions::of(to));
    if options.0 != options.1 {
        changes.push(Change::AlterTable {
            table: table.clone(),
            from: options.0,
            to: options.1,
        });
    }
    let old: BTreeMap<&Ident, &Column> = from.columns.iter().map(|c| (&c.name, c)).collect();
    let new: BTreeSet<&Ident> = to.columns.iter().map(|column| &column.name).collect();
    for column in &to.columns {
        match old.get(&column.name) {
            None => {
                changes.push(Change::AddColumn {
                    table: table.clone(),
                    column: column.clone(),
                });
            }
            Some(old) if !same_column(old, column) => changes.push(Change::AlterColumn {
                table: table.clone(),
                from: (*old).clone(),
                to: column.clone(),
            }),
            Some(_) => {}
        }
    }
    for column in from
        .columns
        .iter()
        .filter(|column| !new.contains(&column.name))
    {
        changes.push(Change::DropColumn {
            table: table.clone(),
            column: column.clone(),
        });
    }
    diff_parts(from, to, changes);
}

fn diff_parts(from: &Table, to: &Table, changes: &mut Vec<Change>) {
    let table = &to.name;
    let key = |part: &Part| (part.name().clone(), part.kind());
    let old: BTreeMap<_, &Part> = from.parts.iter().map(|part| (key(part), part)).collect();
    let new: BTreeSet<_> = to.parts.iter().map(key).collect();
    let mut gone: Vec<&Part> = from
        .parts
        .iter()
        .filter(|part| !new.contains(&key(part)))
        .collect();
    for part in &to.parts {
        if let Some(old) = old.get(&key(part)) {
            if !same_part(old, part) {
                changes.push(Change::AlterPart {
                    table: table.clone(),
                    from: (*old).clone(),
                    to: part.clone(),
                });
            }
            continue;
        }
        let namesake = gone
            .iter()
            .position(|old| same_part(&(*old).clone().renamed(part.name().clone()), part));
        match namesake {
            Some(at) => changes.push(Change::RenamePart {
                table: table.clone(),
                from: gone.remove(at).clone(),
                to: part.clone(),
            }),
            None => changes.push(Change::AddPart {
                table: table.clone(),
                part: part.clone(),
            }),
        }
    }
    for part in gone {
        changes.push(Change::DropPart {
            table: table.clone(),
            part: part.clone(),
        });
    }
}

fn same_expression(a: &Expression, b: &Expression) -> bool {
    a.compare(b) == Comparison::Same
}

fn same_column(a: &Column, b: &Column) -> bool {
    let computed = match (&a.computed, &b.computed) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a.persisted == b.persisted && same_expression(&a.expression, &b.expression)
        }
        _ => false,
    };
    computed
        && Column {
            computed: None,
            ..a.clone()
        } == Column {
            computed: None,
            ..b.clone()
        }
}

/// Whether two parts are the same, names included.
pub fn same_part(a: &Part, b: &Part) -> bool {
    match (a, b) {
        (Part::Check(a), Part::Check(b)) => {
            a.name == b.name && same_expression(&a.expression, &b.expression)
        }
        (Part::Index(a), Part::Index(b)) => {
            let filters = match (&a.filter, &b.filter) {
                (None, None) => true,
                (Some(a), Some(b)) => same_expression(a, b),
                _ => false,
            };
            let included = |include: &[Ident]| include.iter().cloned().collect::<BTreeSet<_>>();
            filters
                && a.name == b.name
                && a.columns == b.columns
                && a.unique == b.unique
                && a.clustered == b.clustered
                && included(&a.include) == included(&b.include)
        }
        _ => a == b,
    }
}

//! Objects that are there under another name.

use crate::diff::Renames;
use crate::model::{Column, Ident, Schema, Table};

/// Renames that explain a missing and an extra object at once: of one shape, and the only pair of
/// that shape. Names run from `live` (old) to `expected` (new).
pub(super) fn detect(live: &Schema, expected: &Schema) -> Renames {
    let mut renames = Renames::default();
    let missing: Vec<&Table> = expected
        .tables
        .values()
        .filter(|table| live.table(&table.name).is_none())
        .collect();
    let extra: Vec<&Table> = live
        .tables
        .values()
        .filter(|table| expected.table(&table.name).is_none())
        .collect();
    for (new, old) in pairs(&missing, &extra, same_shape) {
        renames.tables.insert(new.name.clone(), old.name.clone());
    }
    for table in expected.tables.values() {
        let old_name = renames.tables.get(&table.name).unwrap_or(&table.name);
        let Some(old) = live.table(old_name) else {
            continue;
        };
        let missing: Vec<&Column> = table
            .columns
            .iter()
            .filter(|column| old.column(&column.name).is_none())
            .collect();
        let extra: Vec<&Column> = old
            .columns
            .iter()
            .filter(|column| table.column(&column.name).is_none())
            .collect();
        for (new, old) in pairs(&missing, &extra, same_column) {
            renames
                .columns
                .insert((table.name.clone(), new.name.clone()), old.name.clone());
        }
    }
    renames
}

fn pairs<'a, T>(
    missing: &[&'a T],
    extra: &[&'a T],
    same: impl Fn(&T, &T) -> bool,
) -> Vec<(&'a T, &'a T)> {
    let mut found = Vec::new();
    for new in missing {
        let mut alike = extra.iter().filter(|old| same(new, old));
        if let (Some(old), None) = (alike.next(), alike.next()) {
            let rivals = missing.iter().filter(|rival| same(rival, old)).count();
            if rivals == 1 {
                found.push((*new, *old));
            }
        }
    }
    found
}

/// A column keeps its reserved check through a rename, which makes it recognisable.
fn same_column(a: &Column, b: &Column) -> bool {
    Column {
        name: Ident::new(""),
        computed: None,
        ..a.clone()
    } == Column {
        name: Ident::new(""),
        computed: None,
        ..b.clone()
    }
}

fn same_shape(a: &Table, b: &Table) -> bool {
    a.columns == b.columns
        && a.parts.len() == b.parts.len()
        && a.parts.iter().all(|part| b.part(part.name()).is_some())
}

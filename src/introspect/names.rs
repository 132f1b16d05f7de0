//! Names for constraints that have none: those of the files that exist, else those of the
//! convention.

use std::collections::BTreeSet;

use crate::diff::unnamed::named_like;
use crate::model::{Expression, ForeignKey, Ident, Part, Schema, Table};
use crate::yaml::convention;
use crate::yaml::write::derived_check;

/// `lifted` with a name for everything. `described` is the same in engine form, and `known` what is
/// declared already.
pub(super) fn named(described: &Schema, lifted: &Schema, known: &Schema) -> Schema {
    let called = named_like(described, known, &|_, _| true);
    let called = called.as_ref().unwrap_or(described);
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for table in called.tables.values() {
        taken.insert(table.name.folded());
        taken.extend(
            table
                .parts
                .iter()
                .map(Part::name)
                .filter(|name| !name.is_unnamed())
                .map(Ident::folded),
        );
    }
    let mut named = lifted.clone();
    for (name, table) in &mut named.tables {
        let own = called.table(name).unwrap_or(&*table).clone();
        for (column, own) in table.columns.iter_mut().zip(&own.columns) {
            column.type_check = convention::type_check(name, &column.name);
            if let (Some(default), Some(own)) = (&mut column.default, &own.default) {
                default.name = match own.name.is_unnamed() {
                    true => convention::default(name, &column.name),
                    false => own.name.clone(),
                };
            }
        }
        for at in 0..table.parts.len() {
            let called = own.parts.get(at).map_or(table.parts[at].name(), Part::name);
            let name = if called.is_unnamed() {
                let derived = derived(table, at);
                let free = free(&derived, &taken);
                taken.insert(free.folded());
                free
            } else {
                called.clone()
            };
            table.parts[at] = table.parts[at].clone().renamed(name);
        }
    }
    named
}

/// The name that the convention has for a part.
fn derived(table: &Table, at: usize) -> Ident {
    let name = &table.name;
    match &table.parts[at] {
        Part::PrimaryKey(_) => convention::primary_key(name),
        Part::Unique(part) => convention::unique(name, part.columns.iter().map(|key| &key.column)),
        Part::Index(part) => convention::index(name, part.columns.iter().map(|key| &key.column)),
        Part::ForeignKey(part) => foreign_key(table, part, at),
        Part::Check(part) => {
            let portable = match &part.expression {
                Expression::Portable(expr) => derived_check(table, expr),
                _ => None,
            };
            portable.unwrap_or_else(|| convention::check(name, []))
        }
    }
}

fn foreign_key(table: &Table, key: &ForeignKey, at: usize) -> Ident {
    let plain = convention::foreign_key(&table.name, &key.references);
    if table.parts[..at].iter().any(|part| *part.name() == plain) {
        convention::another_foreign_key(&table.name, &key.references, &key.columns)
    } else {
        plain
    }
}

/// The name, or the name with the first number behind it that nothing else has.
fn free(name: &Ident, taken: &BTreeSet<String>) -> Ident {
    let numbered = (2..).map(|number| Ident::new(format!("{name}{number}")));
    std::iter::once(name.clone())
        .chain(numbered)
        .find(|name| !taken.contains(&name.folded()))
        .expect("numbers do not run out")
}

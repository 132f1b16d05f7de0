//! The order in which changes go, so that each finds what it needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::Change;
use crate::model::{Ident, PartKind, Table};

/// The changes in the order in which they can be made on any engine: renames, then what goes
/// (foreign keys first), then tables by dependency, columns, keys, indexes and foreign keys.
///
/// Within one class the order of the input is kept. Tables that refer to each other in a circle
/// come in order of name.
pub fn order(changes: Vec<Change>) -> Vec<Change> {
    let rank: BTreeMap<Ident, usize> = created_rank(&changes)
        .into_iter()
        .map(|(name, rank)| (name.clone(), rank))
        .collect();
    let mut ordered = changes;
    ordered.sort_by_key(|change| (class(change), rank_of(change, &rank)));
    ordered
}

/// Where in the list a change belongs.
fn class(change: &Change) -> u8 {
    match change {
        Change::RenameTable { .. } => 0,
        Change::RenameColumn { .. } => 1,
        Change::DropPart { part, .. } => match part.kind() {
            PartKind::ForeignKey => 2,
            PartKind::Index => 3,
            PartKind::Check => 4,
            PartKind::Unique => 5,
            PartKind::PrimaryKey => 6,
        },
        // No column is altered under what is computed from it.
        Change::DropColumn { column, .. } if column.computed.is_some() => 7,
        Change::RenamePart { .. } => 7,
        Change::DropTable(_) => 8,
        Change::CreateTable(_) => 9,
        Change::AddColumn { .. } => 10,
        Change::AlterColumn { .. } => 11,
        Change::DropColumn { .. } => 12,
        Change::AddPart { part, .. } | Change::AlterPart { to: part, .. } => match part.kind() {
            PartKind::PrimaryKey => 13,
            PartKind::Unique => 14,
            PartKind::Check => 15,
            PartKind::Index => 16,
            PartKind::ForeignKey => 17,
        },
        Change::AlterTable { .. } => 18,
    }
}

fn rank_of(change: &Change, rank: &BTreeMap<Ident, usize>) -> usize {
    match change {
        Change::CreateTable(table) => rank.get(&table.name).copied().unwrap_or_default(),
        // A table goes before the tables that it refers to.
        Change::DropTable(table) => usize::MAX - rank.get(&table.name).copied().unwrap_or_default(),
        _ => 0,
    }
}

/// For every table that is created or dropped, its place when each comes after those that it
/// refers to.
fn created_rank(changes: &[Change]) -> BTreeMap<&Ident, usize> {
    let tables: BTreeMap<&Ident, &Table> = changes
        .iter()
        .filter_map(|change| match change {
            Change::CreateTable(table) | Change::DropTable(table) => Some((&table.name, table)),
            _ => None,
        })
        .collect();
    let mut rank = BTreeMap::new();
    let mut begun = BTreeSet::new();
    // Depth first without recursion, since a chain of references can be as long as the schema.
    for root in tables.keys() {
        let mut stack = vec![(*root, false)];
        while let Some((name, done)) = stack.pop() {
            if done {
                let place = rank.len();
                rank.entry(name).or_insert(place);
            } else if begun.insert(name)
                && let Some(table) = tables.get(name)
            {
                stack.push((name, true));
                let referenced: BTreeSet<&Ident> =
                    table.foreign_keys().map(|key| &key.references).collect();
                stack.extend(referenced.into_iter().rev().map(|name| (name, false)));
            }
        }
    }
    rank
}

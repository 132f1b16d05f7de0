//! From changes to the steps that one engine can take.

use std::collections::{BTreeMap, BTreeSet};

use crate::dialect::Capabilities;
use crate::diff::{Change, Renames, diff};
use crate::model::expression::parse;
use crate::model::{
    Column, DefaultValue, Expr, ForeignKey, Ident, Part, PartKind, Schema, Table, Type,
};

use super::{Rebuild, Step, order};

/// The steps that take an engine from `before` to `after`, both in its form.
pub fn steps(
    before: &Schema,
    after: &Schema,
    renames: &Renames,
    capabilities: &Capabilities,
) -> Vec<Step> {
    let changes = order(diff(before, after, renames));
    let mut planner = Planner::new(before, after, capabilities, &changes);
    let mut steps = planner.rebuilds(&changes);
    let mut late = Vec::new();
    planner.unlink_dropped(&changes, &mut steps);
    for change in planner.taken_apart(changes) {
        planner.place(change, &mut steps, &mut late);
    }
    steps.extend(late);
    steps
}

/// The step that makes a table anew in its expected shape, for an engine that alters tables by
/// rebuilding them: it also puts right what no [`Change`] can express, such as a conflict clause.
/// `None` for an engine that alters tables in place.
pub fn remake(
    before: &Table,
    after: &Table,
    reason: &str,
    capabilities: &Capabilities,
) -> Option<Step> {
    if capabilities.alter_constraints {
        return None;
    }
    let schemas = [before, after].map(|table| Schema::new([table.clone()]));
    let planner = Planner::new(&schemas[0], &schemas[1], capabilities, &[]);
    let mut rebuild = planner.rebuild(before, after, &[]);
    rebuild.reasons.push(reason.to_owned());
    Some(Step::Rebuild(Box::new(rebuild)))
}

struct Planner<'a> {
    before: &'a Schema,
    after: &'a Schema,
    capabilities: &'a Capabilities,
    /// New table name to old one, for tables that are renamed in this run.
    old_names: BTreeMap<Ident, Ident>,
    /// Tables that are made anew instead of altered, by new name.
    rebuilt: BTreeSet<Ident>,
    /// Tables that this run creates, in order.
    created: Vec<Ident>,
    /// Parts that this run adds, drops or alters: (table, part).
    touched: BTreeSet<(Ident, Ident)>,
}

impl<'a> Planner<'a> {
    fn new(
        before: &'a Schema,
        after: &'a Schema,
        capabilities: &'a Capabilities,
        changes: &[Change],
    ) -> Self {
        let mut planner = Self {
            before,
            after,
            capabilities,
            old_names: BTreeMap::new(),
            rebuilt: BTreeSet::new(),
            created: Vec::new(),
            touched: BTreeSet::new(),
        };
        for change in changes {
            match change {
                Change::RenameTable { from, to } => {
                    planner.old_names.insert(to.clone(), from.clone());
                }
                Change::CreateTable(table) => planner.created.push(table.name.clone()),
                Change::AddPart { table, part } | Change::DropPart { table, part } => {
                    planner.touched.insert((table.clone(), part.name().clone()));
                }
                Change::AlterPart { table, from, to } => {
                    planner.touched.insert((table.clone(), from.name().clone()));
                    planner.touched.insert((table.clone(), to.name().clone()));
                }
                _ => {}
            }
            if !planner.in_place(change) {
                planner.rebuilt.insert(change.table().clone());
            }
        }
        planner
    }

    /// Whether the engine can make this change to the table as it stands.
    fn in_place(&self, change: &Change) -> bool {
        let can = self.capabilities;
        match change {
            Change::CreateTable(_) | Change::DropTable(_) | Change::AlterTable { .. } => true,
            Change::RenameTable { .. } | Change::RenameColumn { .. } => can.rename,
            Change::AddColumn { column, .. } => {
                can.add_column_with_computed_default || plain_addition(column)
            }
            Change::DropColumn { .. } => can.drop_column,
            Change::AlterColumn { from, to, .. } => {
                let only_default = Column {
                    default: None,
                    ..from.clone()
                } == Column {
                    default: None,
                    ..to.clone()
                };
                if only_default {
                    can.alter_default
                } else if from.identity != to.identity {
                    can.alter_identity
                } else {
                    can.alter_column
                }
            }
            Change::AddPart { part, .. }
            | Change::DropPart { part, .. }
            | Change::AlterPart { to: part, .. } => {
                part.kind() == PartKind::Index || can.alter_constraints
            }
            // An index can always be dropped and made again under its new name.
            Change::RenamePart { to, .. } => to.kind() == PartKind::Index || can.rename_part,
        }
    }

    /// The changes with every part that is altered in place dropped and added instead, in order, so
    /// that it is out of the way while columns are altered. Foreign keys that hold on to a key that
    /// goes are dropped before it and added at the end.
    fn taken_apart(&mut self, changes: Vec<Change>) -> Vec<Change> {
        let mut apart = Vec::new();
        for change in changes {
            match change {
                Change::AlterPart { table, from, to } if !self.rebuilt.contains(&table) => {
                    apart.extend(anew(&table, from, to));
                }
                other => apart.push(other),
            }
        }
        let gone: Vec<(Ident, BTreeSet<Ident>)> = apart
            .iter()
            .filter_map(|change| match change {
                Change::DropPart { table, part } if !self.rebuilt.contains(table) => {
                    let columns = match part {
                        Part::PrimaryKey(key) => &key.columns,
                        Part::Unique(unique) => &unique.columns,
                        Part::Check(_) | Part::ForeignKey(_) | Part::Index(_) => return None,
                    };
                    let columns = columns.iter().map(|key| key.column.clone()).collect();
                    Some((table.clone(), columns))
                }
                _ => None,
            })
            .collect();
        let holds = |table: &Ident, key: &ForeignKey| {
            let columns: BTreeSet<Ident> = key.referenced_columns.iter().cloned().collect();
            !self.rebuilt.contains(table) && gone.contains(&(key.references.clone(), columns))
        };
        let mut unlinked = Vec::new();
        let mut renamed = Vec::new();
        for change in apart {
            match change {
                Change::RenamePart {
                    ref table,
                    ref from,
                    to: Part::ForeignKey(ref to),
                } if holds(table, to) => {
                    renamed.push((table.clone(), to.name.clone()));
                    unlinked.extend(anew(table, from.clone(), Part::ForeignKey(to.clone())));
                }
                Change::DropTable(ref dropped) => {
                    // Those that refer to another dropped table are gone already.
                    let keys = dropped
                        .foreign_keys()
                        .filter(|key| holds(&dropped.name, key));
                    unlinked.extend(keys.map(|key| Change::DropPart {
                        table: dropped.name.clone(),
                        part: Part::ForeignKey(key.clone()),
                    }));
                    unlinked.push(change);
                }
                other => unlinked.push(other),
            }
        }
        let mut relinked = self.lasting_foreign_keys();
        relinked.retain(|(table, key)| holds(table, key));
        self.touched.extend(renamed);
        for (table, key) in relinked {
            self.touched.insert((table.clone(), key.name.clone()));
            let key = Part::ForeignKey(key);
            unlinked.extend(anew(&table, key.clone(), key));
        }
        order(unlinked)
    }

    /// The foreign keys that this run leaves as they are: (referring table, key).
    fn lasting_foreign_keys(&self) -> Vec<(Ident, ForeignKey)> {
        let mut found = Vec::new();
        for table in self.after.tables.values() {
            let Some(before) = self.table_before(&table.name) else {
                continue;
            };
            let lasting = table.foreign_keys().filter(|key| {
                let id = (table.name.clone(), key.name.clone());
                before.part(&key.name).is_some() && !self.touched.contains(&id)
            });
            found.extend(lasting.map(|key| (table.name.clone(), key.clone())));
        }
        found
    }

    fn table_before(&self, name: &Ident) -> Option<&'a Table> {
        self.before.table(self.old_names.get(name).unwrap_or(name))
    }

    /// One rebuild for each table that needs it, in order of name.
    fn rebuilds(&self, changes: &[Change]) -> Vec<Step> {
        self.rebuilt
            .iter()
            .filter_map(|name| {
                let (before, after) = (self.table_before(name)?, self.after.table(name)?);
                Some(Step::Rebuild(Box::new(
                    self.rebuild(before, after, changes),
                )))
            })
            .collect()
    }

    fn rebuild(&self, before: &Table, after: &Table, changes: &[Change]) -> Rebuild {
        let old_columns: BTreeMap<&Ident, &Ident> = changes
            .iter()
            .filter_map(|change| match change {
                Change::RenameColumn { table, from, to } if *table == after.name => {
                    Some((to, from))
                }
                _ => None,
            })
            .collect();
        let taken: BTreeSet<&Ident> = old_columns.values().copied().collect();
        let copied = after
            .columns
            .iter()
            .filter(|column| column.computed.is_none())
            .filter_map(|column| {
                let old = match old_columns.get(&column.name) {
                    Some(old) => *old,
                    // The old column of this name went to another one.
                    None if taken.contains(&column.name) => return None,
                    None => &column.name,
                };
                before
                    .column(old)
                    .map(|_| (old.clone(), column.name.clone()))
            })
            .collect();
        let reasons = changes
            .iter()
            .filter(|change| *change.table() == after.name && !self.in_place(change))
            .map(Change::headline)
            .collect();
        let referring = self
            .after
            .tables
            .values()
            .filter(|table| table.name != after.name)
            .flat_map(|table| {
                let keys = table
                    .foreign_keys()
                    .filter(|key| key.references == after.name);
                keys.map(|key| (table.name.clone(), key.clone()))
            })
            .collect();
        Rebuild {
            before: before.clone(),
            after: after.clone(),
            copied,
            reasons,
            referring,
        }
    }

    /// Tables that go may refer to each other in any order, so their foreign keys go first where
    /// the engine would refuse otherwise.
    fn unlink_dropped(&self, changes: &[Change], steps: &mut Vec<Step>) {
        if self.capabilities.forward_foreign_keys {
            return;
        }
        let dropped: BTreeMap<&Ident, &Table> = changes
            .iter()
            .filter_map(|change| match change {
                Change::DropTable(table) => Some((&table.name, table)),
                _ => None,
            })
            .collect();
        for table in dropped.values() {
            let keys = table.foreign_keys().filter(|key| {
                key.references != table.name && dropped.contains_key(&key.references)
            });
            for key in keys {
                let change = Change::DropPart {
                    table: table.name.clone(),
                    part: Part::ForeignKey(key.clone()),
                };
                steps.push(self.alter(change));
            }
        }
    }

    fn alter(&self, change: Change) -> Step {
        let table = change.table();
        Step::Alter {
            before: self.table_before(table).cloned(),
            after: self.after.table(table).cloned(),
            change,
        }
    }

    fn place(&self, change: Change, steps: &mut Vec<Step>, late: &mut Vec<Step>) {
        if let Change::CreateTable(table) = change {
            self.create(table, steps, late);
            return;
        }
        if self.rebuilt.contains(change.table()) {
            return;
        }
        match change {
            Change::RenamePart { table, from, to } if !self.capabilities.rename_part => {
                steps.push(self.alter(Change::DropPart {
                    table: table.clone(),
                    part: from,
                }));
                steps.push(self.alter(Change::AddPart { table, part: to }));
            }
            Change::AlterColumn {
                ref table,
                ref from,
                ref to,
            } => {
                let off = self.parts_off(table, from, to);
                for (table, part) in &off {
                    steps.push(self.alter(Change::DropPart {
                        table: table.clone(),
                        part: part.clone(),
                    }));
                }
                steps.push(self.alter(change));
                for (table, part) in off.into_iter().rev() {
                    steps.push(self.alter(Change::AddPart { table, part }));
                }
            }
            other => steps.push(self.alter(other)),
        }
    }

    /// Creates a table; foreign keys to tables that do not exist yet follow at the end.
    fn create(&self, mut table: Table, steps: &mut Vec<Step>, late: &mut Vec<Step>) {
        if !self.capabilities.forward_foreign_keys {
            let place = self.created.iter().position(|name| *name == table.name);
            let later: BTreeSet<&Ident> = self
                .created
                .iter()
                .skip(place.map_or(0, |place| place + 1))
                .collect();
            let (deferred, kept) = table.parts.into_iter().partition(|part| match part {
                Part::ForeignKey(ForeignKey { references, .. }) => later.contains(references),
                _ => false,
            });
            table.parts = kept;
            let deferred: Vec<Part> = deferred;
            late.extend(deferred.into_iter().map(|part| {
                self.alter(Change::AddPart {
                    table: table.name.clone(),
                    part,
                })
            }));
        }
        steps.push(Step::CreateTable(table));
    }

    /// The unchanged parts that the engine wants gone while the column is altered, in the order in
    /// which they go.
    fn parts_off(&self, table: &Ident, from: &Column, to: &Column) -> Vec<(Ident, Part)> {
        let stored = |column: &Column| {
            (
                column.ty.clone(),
                column.nullable,
                column.collation.clone(),
                column.identity,
                column.computed.clone(),
            )
        };
        if !self.capabilities.altering_column_needs_parts_off || stored(from) == stored(to) {
            return Vec::new();
        }
        let Some(after) = self.after.table(table) else {
            return Vec::new();
        };
        // A variable-length column may grow under checks, unique constraints and indexes, but not
        // under a primary or foreign key.
        let grows = from.nullable == to.nullable
            && from.collation == to.collation
            && matches!(
                (&from.ty, &to.ty),
                (Type::Key(_), Type::Key(_))
                    | (Type::String(_), Type::String(_))
                    | (Type::Ascii(_), Type::Ascii(_))
                    | (Type::Binary(_), Type::Binary(_))
            );
        let mut off = Vec::new();
        for other in self.after.tables.values() {
            for key in other.foreign_keys() {
                let here = other.name == *table && key.columns.contains(&to.name);
                let there = key.references == *table && key.referenced_columns.contains(&to.name);
                if here || there {
                    off.push((other.name.clone(), Part::ForeignKey(key.clone())));
                }
            }
        }
        // The engine makes the computed columns that rest on it anew, without what uses them.
        let computed: Vec<&Ident> = after
            .columns
            .iter()
            .filter(|column| {
                let computed = column.computed.as_ref();
                computed.is_some_and(|computed| computed.expression.uses(&to.name) != Some(false))
            })
            .map(|column| &column.name)
            .collect();
        let mut own: Vec<&Part> = after
            .parts
            .iter()
            .filter(|part| {
                let direct = part.uses(&to.name) != Some(false);
                let through = computed.iter().any(|name| part.uses(name) != Some(false));
                match part.kind() {
                    PartKind::ForeignKey => false,
                    PartKind::PrimaryKey => direct || through,
                    _ => direct && !grows || through,
                }
            })
            .collect();
        own.sort_by_key(|part| std::cmp::Reverse(part.kind()));
        off.extend(own.into_iter().map(|part| (table.clone(), part.clone())));
        off.retain(|(table, part)| !self.touched.contains(&(table.clone(), part.name().clone())));
        off
    }
}

/// A part dropped and added instead of altered.
fn anew(table: &Ident, from: Part, to: Part) -> [Change; 2] {
    let dropped = Change::DropPart {
        table: table.clone(),
        part: from,
    };
    let added = Change::AddPart {
        table: table.clone(),
        part: to,
    };
    [dropped, added]
}

/// Whether a column can be added to rows that exist without computing anything for them.
fn plain_addition(column: &Column) -> bool {
    let constant = match &column.default {
        None => column.nullable,
        Some(default) => match &default.value {
            DefaultValue::Literal(_) => true,
            DefaultValue::Sql(text) => matches!(parse(text), Ok(Expr::Literal(_))),
            DefaultValue::UtcNow
            | DefaultValue::NewUuid
            | DefaultValue::NewSequentialId
            | DefaultValue::Native(_) => false,
        },
    };
    constant
        && column.computed.is_none()
        && column.identity.is_none()
        && column.ty != Type::RowVersion
}

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
    let planner = Planner::new(before, after, capabilities, &changes);
    let mut steps = planner.rebuilds(&changes);
    let mut late = Vec::new();
    planner.unlink_dropped(&changes, &mut steps);
    for change in planner.taken_apart(&changes) {
        match change {
            Change::CreateTable(table) => planner.create(table, &mut steps, &mut late),
            other => steps.push(planner.alter(other)),
        }
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
    /// Tables that gain or change columns or keys, so that nothing can refer to them before.
    unsettled: BTreeSet<Ident>,
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
            unsettled: BTreeSet::new(),
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
                Change::AlterPart { table, from, to } | Change::RenamePart { table, from, to } => {
                    planner.touched.insert((table.clone(), from.name().clone()));
                    planner.touched.insert((table.clone(), to.name().clone()));
                }
                _ => {}
            }
            match change {
                Change::AddColumn { table, .. }
                | Change::AlterColumn { table, .. }
                | Change::AddPart { table, .. }
                | Change::AlterPart { table, .. } => {
                    planner.unsettled.insert(table.clone());
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

    /// Tables that go may refer to each other in a circle: a foreign key to a table that goes before
    /// its own goes first where the engine would refuse otherwise.
    fn unlink_dropped(&self, changes: &[Change], steps: &mut Vec<Step>) {
        if self.capabilities.forward_foreign_keys {
            return;
        }
        let dropped = changes.iter().filter_map(|change| match change {
            Change::DropTable(table) => Some(table),
            _ => None,
        });
        let mut gone = BTreeSet::new();
        for table in dropped {
            gone.insert(&table.name);
            let earlier = table
                .foreign_keys()
                .filter(|key| key.references != table.name && gone.contains(&key.references));
            for key in earlier {
                steps.push(self.alter(Change::DropPart {
                    table: table.name.clone(),
                    part: Part::ForeignKey(key.clone()),
                }));
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

    /// The changes to make in place, in order, as engines take them: a part is not altered but
    /// dropped and added, and what stands in the way of another change is off while it is made.
    ///
    /// What goes, goes before all columns change, and what comes, comes after: a check that stops
    /// naming a column has to be gone when the column is dropped, and a foreign key cannot return
    /// before both its sides have grown.
    fn taken_apart(&self, changes: &[Change]) -> Vec<Change> {
        let obstacles = Obstacles::of(changes, self);
        let mut apart = Vec::new();
        let mut off_and_on = |table: &Ident, from: Part, to: Part| {
            let table = table.clone();
            apart.push(Change::DropPart {
                table: table.clone(),
                part: from,
            });
            apart.push(Change::AddPart { table, part: to });
        };
        for (table, part) in self.untouched_parts() {
            if obstacles.hinders(&table.name, part) {
                off_and_on(&table.name, part.clone(), part.clone());
            }
        }
        let mut whole = Vec::new();
        for change in changes {
            let creates = matches!(change, Change::CreateTable(_));
            if !creates && self.rebuilt.contains(change.table()) {
                continue;
            }
            match change {
                Change::AlterPart { table, from, to } => {
                    off_and_on(table, from.clone(), to.clone());
                }
                Change::RenamePart { table, from, to }
                    if !self.capabilities.rename_part || obstacles.hinders(table, to) =>
                {
                    off_and_on(table, from.clone(), to.clone());
                }
                Change::DropTable(dropped) => {
                    let keys = dropped
                        .foreign_keys()
                        .map(|key| Part::ForeignKey(key.clone()));
                    let keys = keys.filter(|key| obstacles.hinders(&dropped.name, key));
                    whole.extend(keys.map(|part| Change::DropPart {
                        table: dropped.name.clone(),
                        part,
                    }));
                    whole.push(change.clone());
                }
                other => whole.push(other.clone()),
            }
        }
        whole.extend(apart);
        order(whole)
    }

    /// The parts of tables that stay in place, which this run neither adds, drops nor alters.
    fn untouched_parts(&self) -> impl Iterator<Item = (&'a Table, &'a Part)> {
        let tables = self.after.tables.values().filter(|table| {
            !self.rebuilt.contains(&table.name) && !self.created.contains(&table.name)
        });
        tables
            .flat_map(|table| table.parts.iter().map(move |part| (table, part)))
            .filter(|(table, part)| {
                let key = (table.name.clone(), part.name().clone());
                !self.touched.contains(&key)
            })
    }

    /// Creates a table; foreign keys to tables that do not exist yet, or that only this run makes
    /// fit to be referred to, follow at the end.
    fn create(&self, mut table: Table, steps: &mut Vec<Step>, late: &mut Vec<Step>) {
        if !self.capabilities.forward_foreign_keys {
            let place = self.created.iter().position(|name| *name == table.name);
            let later: BTreeSet<&Ident> = self
                .created
                .iter()
                .skip(place.map_or(0, |place| place + 1))
                .chain(&self.unsettled)
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
}

/// What the changes of a run need out of their way.
struct Obstacles<'c> {
    /// Columns that change in a way that the engine refuses under keys, checks and indexes.
    altered: Vec<Altered<'c>>,
    /// Keys that go, for good or for a moment: (table, columns).
    keys_gone: Vec<(&'c Ident, BTreeSet<&'c Ident>)>,
}

/// A column that an engine alters only while nothing uses it.
struct Altered<'c> {
    table: &'c Ident,
    column: &'c Ident,
    /// The columns that are computed from it, which the engine makes anew.
    computed: Vec<&'c Ident>,
    /// Whether it only gets longer.
    grows: bool,
}

impl<'c> Obstacles<'c> {
    fn of(changes: &'c [Change], planner: &Planner<'c>) -> Self {
        let mut altered = Vec::new();
        let mut keys_gone = Vec::new();
        let in_place = changes
            .iter()
            .filter(|change| !planner.rebuilt.contains(change.table()));
        for change in in_place {
            match change {
                Change::AlterColumn { table, from, to }
                    if planner.capabilities.altering_column_needs_parts_off
                        && stored(from) != stored(to) =>
                {
                    altered.push(Altered {
                        table,
                        column: &to.name,
                        computed: computed_from(planner.after.table(table), &to.name),
                        grows: grows(from, to),
                    });
                }
                Change::DropPart { table, part }
                | Change::AlterPart {
                    table, from: part, ..
                } => {
                    let columns = match part {
                        Part::PrimaryKey(key) => &key.columns,
                        Part::Unique(unique) => &unique.columns,
                        Part::Check(_) | Part::ForeignKey(_) | Part::Index(_) => continue,
                    };
                    keys_gone.push((table, columns.iter().map(|key| &key.column).collect()));
                }
                _ => {}
            }
        }
        Self { altered, keys_gone }
    }

    /// Whether the engine would refuse one of the changes while this part is there.
    fn hinders(&self, table: &Ident, part: &Part) -> bool {
        let uses = |column: &Ident| part.uses(column) != Some(false);
        if let Part::ForeignKey(key) = part {
            let altered = self.altered.iter().any(|altered| {
                (altered.table == table && altered.all().any(uses))
                    || (*altered.table == key.references
                        && altered.all().any(|it| key.referenced_columns.contains(it)))
            });
            return altered || self.unlinks(key);
        }
        let mut own = self.altered.iter().filter(|altered| altered.table == table);
        own.any(|altered| {
            let bears_growth = altered.grows && part.kind() != PartKind::PrimaryKey;
            uses(altered.column) && !bears_growth || altered.computed.iter().any(|it| uses(it))
        })
    }

    /// Whether the key that a foreign key refers to goes.
    fn unlinks(&self, key: &ForeignKey) -> bool {
        let referenced: BTreeSet<&Ident> = key.referenced_columns.iter().collect();
        self.keys_gone
            .iter()
            .any(|(table, columns)| **table == key.references && *columns == referenced)
    }
}

impl<'c> Altered<'c> {
    /// The column and what is computed from it.
    fn all(&self) -> impl Iterator<Item = &'c Ident> {
        std::iter::once(self.column).chain(self.computed.iter().copied())
    }
}

fn computed_from<'t>(table: Option<&'t Table>, column: &Ident) -> Vec<&'t Ident> {
    let columns = table.into_iter().flat_map(|table| &table.columns);
    columns
        .filter(|other| {
            let computed = other.computed.as_ref();
            computed.is_some_and(|computed| computed.expression.uses(column) != Some(false))
        })
        .map(|other| &other.name)
        .collect()
}

/// What of a column an engine stores with it, so that it is altered when this differs.
fn stored(column: &Column) -> impl PartialEq {
    (
        column.ty.clone(),
        column.nullable,
        column.collation.clone(),
        column.identity,
        column.computed.clone(),
    )
}

/// Whether a column only gets longer: it may do that under checks, unique constraints and indexes,
/// but not under a primary or foreign key.
fn grows(from: &Column, to: &Column) -> bool {
    from.nullable == to.nullable
        && from.collation == to.collation
        && matches!(
            (&from.ty, &to.ty),
            (Type::Key(before), Type::Key(after))
                | (Type::String(before), Type::String(after))
                | (Type::Ascii(before), Type::Ascii(after))
                | (Type::Binary(before), Type::Binary(after))
                if before <= after
        )
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

//! Keys and foreign keys that hold too much together, or too little.

use super::Kind;
use super::table::{Maker, Words};
use crate::model::{ForeignKey, Ident, Index, KeyColumn, Part, ReferentialAction, Table};

impl Maker<'_> {
    /// Narrower versions of a unique key: across tenants, without its last column, without its
    /// filter.
    pub(super) fn key(&mut self, part: &Part) {
        let Some(columns) = unique_columns(part) else {
            return;
        };
        if !self.referrers(columns).is_empty() {
            return;
        }
        let tenant = self.tenant;
        let others: Vec<KeyColumn> = columns
            .iter()
            .filter(|key| Some(&key.column) != tenant)
            .cloned()
            .collect();
        if others.len() < columns.len() && !others.is_empty() {
            let words = Words::new(
                Kind::WithoutTenant,
                "holds over all tenants",
                format!(
                    "use one key of {} in two tenants, and expect both rows",
                    part.name()
                ),
            );
            let covered = self.covered(part, &others);
            let mutant = self.with_part(on_columns(part, others));
            self.add_part(part, words, vec![mutant]);
            self.set_apart(covered);
        }
        let last = columns.last().map(|key| &key.column);
        let keyed_by_hand = !matches!(part, Part::PrimaryKey(_));
        if let Some(last) = last.filter(|last| keyed_by_hand && Some(*last) != tenant)
            && columns.len() > 1
        {
            let words = Words::new(
                Kind::WithoutLastColumn,
                format!("lacks its last column {last}"),
                format!(
                    "insert two rows that differ in {last} and no other column of the key, and expect both"
                ),
            );
            let shorter = columns[..columns.len() - 1].to_vec();
            let covered = self.covered(part, &shorter);
            let mutant = self.with_part(on_columns(part, shorter));
            self.add_part(part, words, vec![mutant]);
            self.set_apart(covered);
        }
        if let Part::Index(index) = part
            && index.filter.is_some()
        {
            let words = Words::new(
                Kind::WithoutFilter,
                "holds for all rows, and not only those of its filter",
                "insert two rows with one key of which the filter leaves one out, and expect both",
            );
            let whole = Index {
                filter: None,
                ..index.clone()
            };
            let mutant = self.with_part(Part::Index(whole));
            self.add_part(part, words, vec![mutant]);
        }
    }

    /// Why a key on these columns refuses no row beyond what another key of the table refuses: that
    /// one is on some of the same columns, none of which takes NULL.
    pub(super) fn covered(&self, part: &Part, columns: &[KeyColumn]) -> Option<String> {
        let within = |other: &Vec<KeyColumn>| {
            other.iter().all(|key| {
                columns.iter().any(|column| column.column == key.column)
                    && self
                        .table
                        .column(&key.column)
                        .is_some_and(|it| !it.nullable)
            })
        };
        let mut others = self
            .table
            .parts
            .iter()
            .filter(|it| it.name() != part.name());
        let stricter = others.find(|other| {
            let whole = !matches!(other, Part::Index(index) if index.filter.is_some());
            whole && unique_columns(other).is_some_and(within)
        })?;
        Some(format!("{} refuses the same rows", stricter.name()))
    }

    /// The table without a key, and the tables whose foreign keys refer to it without these.
    pub(super) fn without_referrers(&self, part: &Part, without: Table) -> Vec<Table> {
        let referring = unique_columns(part).map(|columns| self.referrers(columns));
        let referring = referring.unwrap_or_default();
        let mut tables = vec![without];
        for (table, key) in referring {
            let at = tables.iter().position(|known| known.name == table.name);
            let at = at.unwrap_or_else(|| {
                tables.push(table.clone());
                tables.len() - 1
            });
            tables[at].parts.retain(|other| *other.name() != key.name);
        }
        tables
    }

    /// The foreign keys that refer to just these columns of the table, with their tables.
    fn referrers(&self, columns: &[KeyColumn]) -> Vec<(&Table, &ForeignKey)> {
        let mut columns: Vec<&Ident> = columns.iter().map(|key| &key.column).collect();
        columns.sort();
        let tables = self.schema.tables.values();
        let keys = tables.flat_map(|table| table.foreign_keys().map(move |key| (table, key)));
        keys.filter(|(_, key)| {
            let mut referred: Vec<&Ident> = key.referenced_columns.iter().collect();
            referred.sort();
            key.references == self.table.name && referred == columns
        })
        .collect()
    }

    pub(super) fn foreign_key(&mut self, part: &Part, key: &ForeignKey) {
        if let Some(tables) = self.across_tenants(key) {
            let words = Words::new(
                Kind::WithoutTenant,
                "reaches over all tenants",
                format!(
                    "refer to a row of {} that another tenant owns within `expectError: {{ kind: \
                     foreignKey, constraint: {} }}`",
                    key.references, key.name
                ),
            );
            self.add_part(part, words, tables);
        }
        let (action, change) = match key.on_delete {
            ReferentialAction::NoAction => (
                ReferentialAction::Cascade,
                "deletes the referring rows instead of refusing",
            ),
            ReferentialAction::Cascade => (
                ReferentialAction::NoAction,
                "refuses instead of deleting the referring rows",
            ),
            ReferentialAction::SetNull => (
                ReferentialAction::NoAction,
                "refuses instead of setting the referring columns to NULL",
            ),
            ReferentialAction::SetDefault => (
                ReferentialAction::NoAction,
                "refuses instead of setting the referring columns to their defaults",
            ),
        };
        let words = Words::new(
            Kind::DeleteAction,
            change,
            format!(
                "delete a row of {} to which a row of {} refers, and expect what becomes of both",
                key.references, self.table.name
            ),
        );
        let other = ForeignKey {
            on_delete: action,
            ..key.clone()
        };
        let mutant = self.with_part(Part::ForeignKey(other));
        self.add_part(part, words, vec![mutant]);
        let parent = self.schema.table(&key.references);
        let stays = parent.is_some_and(|parent| parent.append_only.is_some());
        self.set_apart(stays.then(|| format!("no row of {} is ever removed", key.references)));
    }

    /// The tables of a foreign key that leaves out the tenant. The columns that are left need a
    /// unique key to refer to, which the table referred to is given.
    fn across_tenants(&self, key: &ForeignKey) -> Option<Vec<Table>> {
        let at = key
            .columns
            .iter()
            .position(|name| Some(name) == self.tenant)?;
        let mut short = key.clone();
        short.columns.remove(at);
        short.referenced_columns.remove(at);
        if short.columns.is_empty() {
            return None;
        }
        let child = self.with_part(Part::ForeignKey(short.clone()));
        let parent = match key.references == self.table.name {
            true => &child,
            false => self.schema.table(&key.references)?,
        };
        let mut parent = parent.clone();
        parent.parts.push(Part::Index(Index {
            name: Ident::new(format!("{}AcrossTenants", key.name)),
            columns: short
                .referenced_columns
                .iter()
                .cloned()
                .map(KeyColumn::ascending)
                .collect(),
            include: Vec::new(),
            unique: true,
            filter: None,
            clustered: false,
        }));
        Some(match key.references == self.table.name {
            true => vec![parent],
            false => vec![child, parent],
        })
    }
}

/// The columns of a part of which no two rows may have the same values.
pub(super) fn unique_columns(part: &Part) -> Option<&Vec<KeyColumn>> {
    match part {
        Part::PrimaryKey(key) => Some(&key.columns),
        Part::Unique(key) => Some(&key.columns),
        Part::Index(index) => index.unique.then_some(&index.columns),
        Part::Check(_) | Part::ForeignKey(_) => None,
    }
}

/// The key on other columns.
fn on_columns(part: &Part, columns: Vec<KeyColumn>) -> Part {
    let mut part = part.clone();
    match &mut part {
        Part::PrimaryKey(key) => key.columns = columns,
        Part::Unique(key) => key.columns = columns,
        Part::Index(index) => index.columns = columns,
        Part::Check(_) | Part::ForeignKey(_) => {}
    }
    part
}

//! Keys, indexes, checks and foreign keys, with the state that they are in.

use crate::dialect::mssql::bracketed;
use crate::engine::CatalogObject;
use crate::model::{
    Check, Expression, ForeignKey, Ident, Index, KeyColumn, Part, PrimaryKey, ReferentialAction,
    Unique,
};

use super::source::Facts;
use super::table::Reader;
use super::text;

/// `sys.indexes.type` of rows stored in the index's order.
const CLUSTERED: i64 = 1;
/// `sys.indexes.type` of an ordinary index.
const NONCLUSTERED: i64 = 2;

impl Reader<'_, '_> {
    /// Primary keys and unique constraints.
    pub(super) fn keys(&mut self) {
        for row in self.source.rows("key") {
            let name = Ident::new(&row.name);
            let (columns, _) = self.index_columns(row);
            let clustered = row.number("type") == CLUSTERED;
            self.table.parts.push(if row.is("primaryKey") {
                Part::PrimaryKey(PrimaryKey {
                    name: name.clone(),
                    columns,
                    clustered,
                })
            } else {
                Part::Unique(Unique {
                    name: name.clone(),
                    columns,
                    clustered,
                })
            });
            self.index_options(row, &name);
            self.system_named(row, &name);
        }
    }

    /// Indexes that belong to no constraint.
    pub(super) fn indexes(&mut self) {
        for row in self.source.rows("index") {
            // Automatic tuning makes and drops indexes as it sees fit.
            if row.is("autoCreated") {
                continue;
            }
            let name = Ident::new(&row.name);
            let kind = row.number("type");
            if kind != CLUSTERED && kind != NONCLUSTERED || row.is("hypothetical") {
                let what = if row.is("hypothetical") {
                    "hypothetical".to_owned()
                } else {
                    row.fact("typeName")
                        .unwrap_or("of an unknown type")
                        .to_lowercase()
                };
                let full = self.full_name();
                self.refuse(
                    "index",
                    Some(&name),
                    format!("-- {what} index {} on {full}", bracketed(&row.name)),
                    format!("the index is {what}, which the model cannot say"),
                    Some(format!("DROP INDEX {} ON {full};", bracketed(&row.name))),
                );
                continue;
            }
            let (columns, include) = self.index_columns(row);
            let filter = match (row.definition.as_deref(), row.is("filtered")) {
                (Some(stored), _) => Some(text::condition(
                    &self.table,
                    self.sources.folds_names(),
                    stored,
                )),
                (None, true) => {
                    self.hide("filter of index", &row.name);
                    Some(Expression::Opaque(String::new()))
                }
                (None, false) => None,
            };
            self.table.parts.push(Part::Index(Index {
                name: name.clone(),
                columns,
                include,
                unique: row.is("unique"),
                filter,
                clustered: kind == CLUSTERED,
            }));
            self.index_options(row, &name);
        }
    }

    /// The key columns of an index in key order, and those that it carries beside them.
    fn index_columns(&self, row: &CatalogObject) -> (Vec<KeyColumn>, Vec<Ident>) {
        let rows = self.source.rows_of("indexColumn", &row.name);
        let mut keyed: Vec<_> = rows.iter().filter(|row| row.is("keyOrdinal")).collect();
        keyed.sort_by_key(|row| row.number("keyOrdinal"));
        let key = |row: &&&CatalogObject| {
            Some(KeyColumn {
                column: Ident::new(row.fact("column")?),
                descending: row.is("descending"),
            })
        };
        let included = rows.iter().filter(|row| row.is("included"));
        (
            keyed.iter().filter_map(key).collect(),
            included
                .filter_map(|row| row.fact("column").map(Ident::new))
                .collect(),
        )
    }

    /// What of an index, a key or a heap the model cannot say.
    pub(super) fn index_options(&mut self, row: &CatalogObject, name: &Ident) {
        let table = self.full_name();
        let member = (row.kind != "heap").then_some(name);
        let alter = match member {
            Some(_) => format!("ALTER INDEX {} ON {table}", bracketed(&row.name)),
            None => format!("ALTER TABLE {table}"),
        };
        let mut refuse = |definition: String, reason: String, removal: Option<String>| {
            self.refuse("index option", member, definition, reason, removal);
        };
        if row.is("disabled") {
            refuse(
                format!("{alter} DISABLE;"),
                "the index is disabled: it is neither used nor kept, and a key enforces nothing"
                    .to_owned(),
                Some(format!("{alter} REBUILD;")),
            );
        }
        let rebuilt = |option: String, usual: &str| {
            (
                format!("{alter} REBUILD WITH ({option});"),
                Some(format!("{alter} REBUILD WITH ({usual});")),
            )
        };
        if let Some(percent) = row.fact("fillFactorPercent") {
            let (made, removal) = rebuilt(format!("FILLFACTOR = {percent}"), "FILLFACTOR = 100");
            refuse(
                made,
                format!("its pages are filled to {percent} percent"),
                removal,
            );
        }
        if row.is("padded") {
            let (made, removal) = rebuilt("PAD_INDEX = ON".to_owned(), "PAD_INDEX = OFF");
            refuse(made, "its inner pages are padded".to_owned(), removal);
        }
        if let Some(compression) = row.fact("compression") {
            let (made, removal) = rebuilt(
                format!("DATA_COMPRESSION = {compression}"),
                "DATA_COMPRESSION = NONE",
            );
            refuse(
                made,
                format!("its data is compressed ({compression})"),
                removal,
            );
        }
        for (fact, option, changed, usual, reason) in [
            (
                "ignoreDuplicates",
                "IGNORE_DUP_KEY",
                "ON",
                "OFF",
                "a row whose key exists is dropped in silence",
            ),
            (
                "noRowLocks",
                "ALLOW_ROW_LOCKS",
                "OFF",
                "ON",
                "it takes no row locks",
            ),
            (
                "noPageLocks",
                "ALLOW_PAGE_LOCKS",
                "OFF",
                "ON",
                "it takes no page locks",
            ),
            (
                "sequentialKey",
                "OPTIMIZE_FOR_SEQUENTIAL_KEY",
                "ON",
                "OFF",
                "it is optimized for sequential keys",
            ),
        ] {
            if row.is(fact) {
                refuse(
                    format!("{alter} SET ({option} = {changed});"),
                    reason.to_owned(),
                    Some(format!("{alter} SET ({option} = {usual});")),
                );
            }
        }
        if let Some(space) = row.fact("dataSpace") {
            let what = if row.is("partitioned") {
                "partition scheme"
            } else {
                "filegroup"
            };
            refuse(
                format!(
                    "-- {} of {table} is on the {what} {}",
                    row.name,
                    bracketed(space)
                ),
                format!(
                    "it is on the {what} {space}, and the model knows only the default filegroup"
                ),
                None,
            );
        }
    }

    /// Checks that are no type's promise.
    pub(super) fn checks(&mut self) {
        for row in self.source.rows("check") {
            let name = Ident::new(&row.name);
            self.constraint_state(row, &name);
            if self.type_checks.contains(&row.name) {
                continue;
            }
            let expression = match row.definition.as_deref() {
                Some(stored) => text::condition(&self.table, self.sources.folds_names(), stored),
                None => {
                    self.hide("check constraint", &row.name);
                    Expression::Opaque(String::new())
                }
            };
            self.table.parts.push(Part::Check(Check {
                name: name.clone(),
                expression,
            }));
            self.system_named(row, &name);
        }
    }

    /// Foreign keys.
    pub(super) fn foreign_keys(&mut self) {
        for row in self.source.rows("foreignKey") {
            let name = Ident::new(&row.name);
            self.constraint_state(row, &name);
            self.system_named(row, &name);
            let pairs = self.source.rows_of("foreignKeyColumn", &row.name);
            let named = |fact: &str| -> Vec<Ident> {
                pairs
                    .iter()
                    .filter_map(|pair| pair.fact(fact).map(Ident::new))
                    .collect()
            };
            let Some(references) = row.fact("referencedTable") else {
                self.hide("table that foreign key refers to:", &row.name);
                continue;
            };
            let key = ForeignKey {
                name: name.clone(),
                columns: named("column"),
                references: Ident::new(references),
                referenced_columns: named("referencedColumn"),
                on_delete: action(row.fact("onDelete")),
                on_update: action(row.fact("onUpdate")),
            };
            let schema = row.fact("referencedSchema").unwrap_or_default();
            if schema.to_lowercase() == self.dialect.schema.to_lowercase() {
                self.table.parts.push(Part::ForeignKey(key));
                continue;
            }
            let full = self.full_name();
            self.refuse(
                "foreign key",
                Some(&name),
                format!(
                    "ALTER TABLE {full} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {}.{} ({}) \
                     ON DELETE {} ON UPDATE {};",
                    bracketed(&row.name),
                    list(&key.columns),
                    bracketed(schema),
                    bracketed(references),
                    list(&key.referenced_columns),
                    key.on_delete.sql(),
                    key.on_update.sql(),
                ),
                format!("it refers to a table of the schema {schema}"),
                Some(format!(
                    "ALTER TABLE {full} DROP CONSTRAINT {};",
                    bracketed(&row.name)
                )),
            );
        }
    }

    /// A constraint that is switched off, or that rows may break which were there before it.
    fn constraint_state(&mut self, row: &CatalogObject, name: &Ident) {
        let alter = format!("ALTER TABLE {}", self.full_name());
        let constraint = bracketed(&row.name);
        let on = Some(format!("{alter} WITH CHECK CHECK CONSTRAINT {constraint};"));
        if row.is("disabled") {
            self.refuse(
                "constraint state",
                Some(name),
                format!("{alter} NOCHECK CONSTRAINT {constraint};"),
                "the constraint is disabled, so that it refuses no row".to_owned(),
                on,
            );
        } else if row.is("notTrusted") && !row.is("notForReplication") {
            self.refuse(
                "constraint state",
                Some(name),
                format!("{alter} WITH NOCHECK CHECK CONSTRAINT {constraint};"),
                "the constraint is not trusted: rows that were there before it may break it"
                    .to_owned(),
                on,
            );
        }
        if row.is("notForReplication") {
            self.refuse(
                "constraint option",
                Some(name),
                format!("-- {constraint} is NOT FOR REPLICATION"),
                "replication may write rows that the constraint refuses".to_owned(),
                None,
            );
        }
    }
}

fn list(columns: &[Ident]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|name| bracketed(name.as_str()))
        .collect();
    columns.join(", ")
}

fn action(described: Option<&str>) -> ReferentialAction {
    match described {
        Some("CASCADE") => ReferentialAction::Cascade,
        Some("SET_NULL") => ReferentialAction::SetNull,
        Some("SET_DEFAULT") => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}

//! What SQL Server refuses, or takes and then fails on.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Phase};
use crate::model::expression::BinaryOp;
use crate::model::expression::canonical::canonical;
use crate::model::{
    Expr, Expression, Ident, Index, KeyColumn, ObjectPath, Part, Schema, Table, Type,
};

use super::super::types;

/// The most bytes in the key of a clustered index.
const CLUSTERED_BYTES: u32 = 900;
/// The most bytes in the key of any other index.
const NONCLUSTERED_BYTES: u32 = 1700;
/// The most columns in a key.
const KEY_COLUMNS: usize = 32;
/// The most characters of a description: `sql_variant` holds 7,500 bytes.
const DESCRIPTION_UNITS: usize = 3750;

/// Findings about a schema in engine form.
pub(super) fn check(schema: &Schema, findings: &mut Vec<Diagnostic>) {
    for table in schema.tables.values() {
        clustered_once(table, findings);
        for part in &table.parts {
            if let Some((columns, clustered)) = key(part) {
                key_fits(table, part, columns, clustered, findings);
            }
        }
        nulls_collide(table, findings);
        columns_possible(table, findings);
        descriptions_fit(table, findings);
    }
    cascades(schema, findings);
}

fn error(table: &Table, member: &Ident, code: &'static str, message: String) -> Diagnostic {
    Diagnostic::error(Phase::Schema, code, message).at(ObjectPath::member(&table.name, member))
}

fn warning(table: &Table, member: &Ident, code: &'static str, message: String) -> Diagnostic {
    Diagnostic::warning(Phase::Schema, code, message).at(ObjectPath::member(&table.name, member))
}

/// The columns of a key and whether rows are stored in its order.
fn key(part: &Part) -> Option<(&[KeyColumn], bool)> {
    match part {
        Part::PrimaryKey(key) => Some((&key.columns, key.clustered)),
        Part::Unique(unique) => Some((&unique.columns, unique.clustered)),
        Part::Index(index) => Some((&index.columns, index.clustered)),
        Part::Check(_) | Part::ForeignKey(_) => None,
    }
}

fn clustered_once(table: &Table, findings: &mut Vec<Diagnostic>) {
    let mut clustered = table
        .parts
        .iter()
        .filter(|part| key(part).is_some_and(|(_, clustered)| clustered));
    let Some(first) = clustered.next() else {
        return;
    };
    for second in clustered {
        findings.push(
            error(
                table,
                second.name(),
                "mssql/two-clustered",
                format!(
                    "{} and {} are both clustered, but the rows of {} can be stored in one order only",
                    first.name(),
                    second.name(),
                    table.name
                ),
            )
            .help(format!("set `clustered: false` on {}", first.name())),
        );
    }
    for index in table.indexes().filter(|index| index.clustered) {
        if index.filter.is_some() || !index.include.is_empty() {
            findings.push(
                error(
                    table,
                    &index.name,
                    "mssql/clustered-index",
                    format!(
                        "index {}.{} is clustered, which rules out a filter and included columns",
                        table.name, index.name
                    ),
                )
                .help("set `clustered: false` on it, or drop its `where` and `include`"),
            );
        }
    }
}

fn key_fits(
    table: &Table,
    part: &Part,
    columns: &[KeyColumn],
    clustered: bool,
    findings: &mut Vec<Diagnostic>,
) {
    let noun = part.kind().noun();
    let name = part.name();
    let typed = columns
        .iter()
        .filter_map(|key| table.column(&key.column))
        .map(|column| (&column.name, &column.ty));
    if columns.len() > KEY_COLUMNS {
        findings.push(
            error(
                table,
                name,
                "mssql/key-columns",
                format!(
                    "{noun} {}.{name} has {} columns; SQL Server takes {KEY_COLUMNS}",
                    table.name,
                    columns.len()
                ),
            )
            .help("leave out columns that do not tell rows apart"),
        );
    }
    let mut bytes = 0;
    for (column, ty) in typed {
        if types::is_large(ty) {
            findings.push(
                error(
                    table,
                    name,
                    "mssql/key-type",
                    format!(
                        "{noun} {}.{name} has the column {column} of type {ty}, which SQL Server \
                         takes in no key",
                        table.name
                    ),
                )
                .help(format!(
                    "give {column} a length, as in string(400), or index a hash of it"
                )),
            );
            return;
        }
        bytes += types::key_bytes(ty).unwrap_or(0);
    }
    let limit = if clustered {
        CLUSTERED_BYTES
    } else {
        NONCLUSTERED_BYTES
    };
    if bytes > limit {
        findings.push(
            warning(
                table,
                name,
                "mssql/key-bytes",
                format!(
                    "the key of {noun} {}.{name} can take {bytes} bytes, and SQL Server refuses \
                     rows whose key takes more than {limit}",
                    table.name
                ),
            )
            .help("shorten its columns, or make a hash of the long ones the key"),
        );
    }
}

/// A unique key takes NULL for a value: two rows with NULL collide.
fn nulls_collide(table: &Table, findings: &mut Vec<Diagnostic>) {
    let no_filter = BTreeSet::new();
    for part in &table.parts {
        let (columns, filtered) = match part {
            Part::Unique(unique) => (&unique.columns, no_filter.clone()),
            Part::Index(index) if index.unique => (&index.columns, tested(index)),
            _ => continue,
        };
        let nullable = columns
            .iter()
            .filter_map(|key| table.column(&key.column))
            .find(|column| column.nullable && !filtered.contains(&column.name));
        if let Some(column) = nullable {
            findings.push(
                warning(
                    table,
                    part.name(),
                    "mssql/unique-null",
                    format!(
                        "{} {}.{} has the nullable column {}: on SQL Server two rows with NULL \
                         there collide, on SQLite they do not",
                        part.kind().noun(),
                        table.name,
                        part.name(),
                        column.name
                    ),
                )
                .help(format!(
                    "make it a unique index with `where: {} is not null`",
                    column.name
                )),
            );
        }
    }
}

/// The columns that cannot be NULL in a row that the filter takes: those that it tests, except for
/// NULL.
fn tested(index: &Index) -> BTreeSet<Ident> {
    let Some(Expression::Portable(filter)) = &index.filter else {
        return BTreeSet::new();
    };
    let mut columns = BTreeSet::new();
    let mut open = vec![canonical(filter)];
    while let Some(expr) = open.pop() {
        match expr {
            Expr::Binary {
                op: BinaryOp::And,
                left,
                right,
            } => open.extend([*left, *right]),
            Expr::Binary { left, .. } => columns.extend(name(&left)),
            Expr::In { operand, .. } => columns.extend(name(&operand)),
            Expr::IsNull {
                operand,
                negated: true,
            } => columns.extend(name(&operand)),
            _ => {}
        }
    }
    columns
}

fn name(expr: &Expr) -> Option<Ident> {
    match expr {
        Expr::Column(name) => Some(name.clone()),
        _ => None,
    }
}

fn columns_possible(table: &Table, findings: &mut Vec<Diagnostic>) {
    for column in &table.columns {
        if column.computed.is_some() && matches!(column.ty, Type::Key(_) | Type::RowVersion) {
            findings.push(
                error(
                    table,
                    &column.name,
                    "mssql/computed-type",
                    format!(
                        "{}.{} is computed and of type {}, which SQL Server cannot compute",
                        table.name, column.name, column.ty
                    ),
                )
                .help("declare it as string(n), or fill a plain key(n) column"),
            );
        }
    }
    let identities: Vec<_> = table
        .columns
        .iter()
        .filter(|column| column.identity.is_some())
        .collect();
    if let [first, second, ..] = identities.as_slice() {
        findings.push(
            error(
                table,
                &second.name,
                "mssql/two-identities",
                format!(
                    "{0}.{1} and {0}.{2} are both identity columns, and a table can have one",
                    table.name, first.name, second.name
                ),
            )
            .help("give one of them a default, or fill it from the application"),
        );
    }
}

fn descriptions_fit(table: &Table, findings: &mut Vec<Diagnostic>) {
    let of_table = (ObjectPath::table(&table.name), &table.description);
    let of_columns = table.columns.iter().map(|column| {
        (
            ObjectPath::member(&table.name, &column.name),
            &column.description,
        )
    });
    for (path, description) in [of_table].into_iter().chain(of_columns) {
        let units = description
            .as_ref()
            .map_or(0, |text| text.encode_utf16().count());
        if units > DESCRIPTION_UNITS {
            findings.push(
                Diagnostic::error(
                    Phase::Schema,
                    "mssql/description",
                    format!(
                        "the description of {path} has {units} characters; an extended property \
                         of SQL Server holds {DESCRIPTION_UNITS}"
                    ),
                )
                .at(path)
                .help("shorten it, and keep the rest in a document"),
            );
        }
    }
}

/// A row may be reached by cascading actions in one way only (error 1785).
fn cascades(schema: &Schema, findings: &mut Vec<Diagnostic>) {
    // Referenced table to the tables that a change of it cascades to.
    let mut edges: BTreeMap<&Ident, Vec<(&Table, &Ident)>> = BTreeMap::new();
    for table in schema.tables.values() {
        for key in table.foreign_keys() {
            if !(key.on_delete.is_none() && key.on_update.is_none()) {
                edges
                    .entry(&key.references)
                    .or_default()
                    .push((table, &key.name));
            }
        }
    }
    let mut reported = BTreeSet::new();
    for root in schema.tables.keys() {
        let mut reached: BTreeSet<&Ident> = BTreeSet::from([root]);
        let mut open = vec![root];
        while let Some(from) = open.pop() {
            for (table, key) in edges.get(from).into_iter().flatten() {
                if reached.insert(&table.name) {
                    open.push(&table.name);
                } else if reported.insert(*key) {
                    findings.push(
                        error(
                            table,
                            key,
                            "mssql/cascade-paths",
                            format!(
                                "foreign key {}.{key} cascades from {from}, and rows of {} can be \
                                 reached from {root} in another way too: SQL Server refuses that",
                                table.name, table.name
                            ),
                        )
                        .help(
                            "keep the action on one of the ways, and delete by hand on the other",
                        ),
                    );
                }
            }
        }
    }
}

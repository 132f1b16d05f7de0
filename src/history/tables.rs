//! dbtool's own tables, declared like any other so that every dialect renders them.

use crate::model::{Column, Ident, KeyColumn, Part, PrimaryKey, Schema, Table, Type};

/// The table of events.
pub const HISTORY: &str = "dbtoolHistory";

/// The catalog as it was after the last run.
pub const CATALOG: &str = "dbtoolCatalog";

/// The batches that a migration without one transaction has done.
pub const JOURNAL: &str = "dbtoolJournal";

/// Whether a table is dbtool's own.
pub fn is_own(table: &str) -> bool {
    [HISTORY, CATALOG, JOURNAL]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(table))
}

/// The tables. Their shape is format 1; a change to it needs a migration of its own.
pub fn schema() -> Schema {
    let stamp = Type::Timestamp(3);
    let history = table(
        HISTORY,
        "What was applied to this database, by whom and with which checksum. Rows are only added.",
        true,
        vec![
            column(HISTORY, "id", Type::BigInt, false),
            column(HISTORY, "formatVersion", Type::Int, false),
            column(HISTORY, "version", Type::FixedAscii(14), false),
            column(HISTORY, "name", Type::String(200), false),
            column(HISTORY, "kind", Type::Ascii(20), false),
            column(HISTORY, "state", Type::Ascii(20), false),
            column(HISTORY, "changesChecksum", Type::FixedAscii(64), true),
            column(HISTORY, "sqlChecksum", Type::FixedAscii(64), true),
            column(HISTORY, "startedAt", stamp.clone(), false),
            column(HISTORY, "finishedAt", stamp.clone(), false),
            column(HISTORY, "durationMs", Type::BigInt, false),
            column(HISTORY, "batchCount", Type::BigInt, false),
            column(HISTORY, "appliedBy", Type::String(256), false),
            column(HISTORY, "hostName", Type::String(256), false),
            column(HISTORY, "toolVersion", Type::String(50), false),
            column(HISTORY, "sourceRevision", Type::String(200), true),
            column(HISTORY, "sqlText", Type::Text, true),
            column(HISTORY, "errorText", Type::Text, true),
            column(HISTORY, "reason", Type::Text, true),
            column(HISTORY, "chainHash", Type::FixedAscii(64), false),
        ],
        &["id"],
    );
    let catalog = table(
        CATALOG,
        "The catalog as the server told it after the last run, to judge drift by.",
        false,
        vec![
            column(CATALOG, "historyId", Type::BigInt, false),
            column(CATALOG, "recordedAt", stamp.clone(), false),
            column(CATALOG, "catalog", Type::Text, false),
        ],
        &["historyId"],
    );
    let journal = table(
        JOURNAL,
        "The batches that a migration without one transaction has done.",
        true,
        vec![
            column(JOURNAL, "version", Type::FixedAscii(14), false),
            column(JOURNAL, "batch", Type::Int, false),
            column(JOURNAL, "sqlChecksum", Type::FixedAscii(64), false),
            column(JOURNAL, "finishedAt", stamp, false),
        ],
        &["version", "batch"],
    );
    Schema::new([history, catalog, journal])
}

fn table(
    name: &str,
    description: &str,
    append_only: bool,
    columns: Vec<Column>,
    key: &[&str],
) -> Table {
    let pascal = pascal(name);
    Table {
        name: name.into(),
        description: Some(description.to_owned()),
        append_only: append_only.then(|| Ident::new(format!("tr{pascal}AppendOnly"))),
        columns,
        parts: vec![Part::PrimaryKey(PrimaryKey {
            name: Ident::new(format!("pk{pascal}")),
            columns: key
                .iter()
                .map(|column| KeyColumn::ascending(*column))
                .collect(),
            clustered: true,
        })],
    }
}

fn column(table: &str, name: &str, ty: Type, nullable: bool) -> Column {
    Column {
        name: name.into(),
        ty,
        nullable,
        default: None,
        identity: None,
        computed: None,
        collation: None,
        description: None,
        deprecated: false,
        type_check: Ident::new(format!("ty{}{}", pascal(table), pascal(name))),
    }
}

fn pascal(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect()
}

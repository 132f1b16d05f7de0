//! The engine's own account of a catalog, against ours.
//!
//! The pragmas tell what the engine understood of a statement. For every text that it takes, however
//! strange, reading the text has to come to the same.

use std::collections::BTreeSet;

use proptest::prelude::any;
use proptest::sample::Index as Pick;
use rusqlite::{Connection, Row};

use crate::dialect::Unsupported;
use crate::model::{DefaultValue, KeyColumn, ObjectPath, Part, Table, Type};

use super::interpret;
use super::key::without_parentheses;
use super::tests::{CASES, catalog, database};
use super::text::default_text;
use super::token::tokens;

fn rows<T>(
    connection: &Connection,
    sql: &str,
    name: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Vec<T> {
    let mut statement = connection.prepare(sql).expect("the pragma exists");
    let rows = statement.query_map([name], read).expect("the pragma runs");
    rows.collect::<Result<_, _>>()
        .expect("the pragma tells what the query reads")
}

/// Holds what is read from the database against what the engine says of it.
fn assert_agreement(connection: &Connection, sql: &str) {
    let described = interpret(&catalog(connection));
    for finding in &described.unsupported {
        assert!(
            !finding.reason.contains("could not be read"),
            "{finding:#?} in {sql}"
        );
    }
    for table in described.schema.tables.values() {
        assert_columns(connection, table, &described.unsupported, sql);
        assert_keys(connection, table, sql);
        assert_foreign_keys(connection, table, sql);
    }
}

fn assert_columns(connection: &Connection, table: &Table, unsupported: &[Unsupported], sql: &str) {
    struct Told {
        name: String,
        ty: String,
        not_null: bool,
        default: Option<String>,
        key: u32,
        hidden: u8,
    }
    let query =
        "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1)";
    let told = rows(connection, query, table.name.as_str(), |row| {
        Ok(Told {
            name: row.get(0)?,
            ty: row.get(1)?,
            not_null: row.get(2)?,
            default: row.get(3)?,
            key: row.get(4)?,
            hidden: row.get(5)?,
        })
    });
    assert_eq!(told.len(), table.columns.len(), "{sql}");
    let keys = told.iter().filter(|column| column.key > 0).count();
    for (told, column) in told.iter().zip(&table.columns) {
        let place = format!("{}.{} in {sql}", table.name, told.name);
        assert_eq!(told.name, column.name.as_str(), "{place}");
        let row_id = told.key > 0 && keys == 1 && told.ty.eq_ignore_ascii_case("INTEGER");
        let path = ObjectPath::member(&table.name, &column.name);
        let listed = |entry: &Unsupported| entry.kind == "nullable key" && entry.path == path;
        assert_eq!(
            column.nullable || unsupported.iter().any(listed),
            !(told.not_null || row_id),
            "NULL in {place}"
        );
        let stored = match told.hidden {
            2 => Some(false),
            3 => Some(true),
            _ => None,
        };
        let computed = column.computed.as_ref().map(|computed| computed.persisted);
        assert_eq!(computed, stored, "{place}");
        if column.ty != Type::RowVersion && stored.is_none() {
            let default = column.default.as_ref().map(|default| match &default.value {
                DefaultValue::Sql(text) => text.clone(),
                other => panic!("{other:?} is not in engine form"),
            });
            let expected = told
                .default
                .as_deref()
                .map(without_parentheses)
                .map(default_text);
            assert_eq!(default, expected, "default of {place}");
        }
    }
    let primary: Vec<&str> = match table.primary_key() {
        None => Vec::new(),
        Some(key) => key.columns.iter().map(|key| key.column.as_str()).collect(),
    };
    // The engine takes a column that is named twice and counts it once.
    if primary.iter().collect::<BTreeSet<_>>().len() < primary.len() {
        return;
    }
    for (at, column) in primary.iter().enumerate() {
        let told = told.iter().find(|told| told.key as usize == at + 1);
        assert_eq!(told.map(|told| told.name.as_str()), Some(*column), "{sql}");
    }
    assert_eq!(primary.len(), keys, "{sql}");
}

/// Indexes whole, and each unique constraint that the engine keeps: it keeps none that says what
/// another one says.
fn assert_keys(connection: &Connection, table: &Table, sql: &str) {
    let query = "SELECT name, \"unique\", origin, partial FROM pragma_index_list(?1)";
    let told = rows(connection, query, table.name.as_str(), |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, bool>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, bool>(3)?,
        ))
    });
    let mut readable = 0;
    for (name, unique, origin, partial) in told {
        let query = "SELECT name, desc FROM pragma_index_xinfo(?1) WHERE key ORDER BY seqno";
        let key = rows(connection, query, &name, |row| {
            Ok((row.get::<_, Option<String>>(0)?, row.get::<_, bool>(1)?))
        });
        let same = |columns: &[KeyColumn]| {
            columns.len() == key.len()
                && columns
                    .iter()
                    .zip(&key)
                    .all(|(column, (name, descending))| {
                        name.as_deref() == Some(column.column.as_str())
                            && *descending == column.descending
                    })
        };
        match origin.as_str() {
            "c" if key.iter().all(|(name, _)| name.is_some()) => {
                readable += 1;
                let index = table.indexes().find(|index| index.name.as_str() == name);
                // An index that shares its name with a constraint is reported instead.
                if let Some(index) = index {
                    assert!(same(&index.columns), "{index:?} in {sql}");
                    assert_eq!(
                        (index.unique, index.filter.is_some()),
                        (unique, partial),
                        "{sql}"
                    );
                } else {
                    assert!(
                        table.part(&name.as_str().into()).is_some(),
                        "{name} in {sql}"
                    );
                }
            }
            "c" => assert!(
                table.indexes().all(|index| index.name.as_str() != name),
                "{sql}"
            ),
            "u" => assert!(
                table.uniques().any(|unique| same(&unique.columns)),
                "{name} in {sql}"
            ),
            _ => {}
        }
    }
    assert!(table.indexes().count() <= readable, "{sql}");
}

fn assert_foreign_keys(connection: &Connection, table: &Table, sql: &str) {
    let query = "SELECT id, \"table\", \"from\", \"to\", on_delete, on_update \
                 FROM pragma_foreign_key_list(?1) ORDER BY id DESC, seq";
    let told = rows(connection, query, table.name.as_str(), |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, Option<String>>(3)?,
            [row.get::<_, String>(4)?, row.get::<_, String>(5)?]
                .map(|action| action.replace("RESTRICT", "NO ACTION")),
        ))
    });
    let read: Vec<_> = table
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::ForeignKey(key) => Some(key),
            _ => None,
        })
        .collect();
    let mut at = 0;
    for key in &read {
        let id = told.get(at).map(|told| told.0);
        for (own, referenced) in key.columns.iter().zip(
            key.referenced_columns
                .iter()
                .map(Some)
                .chain(std::iter::repeat(None)),
        ) {
            let Some((told_id, target, from, to, actions)) = told.get(at) else {
                panic!("{key:?} is unknown to the engine in {sql}");
            };
            assert_eq!(Some(*told_id), id, "{sql}");
            assert!(
                target.eq_ignore_ascii_case(key.references.as_str()),
                "{sql}"
            );
            assert_eq!(from, own.as_str(), "{sql}");
            if let (Some(to), Some(referenced)) = (to, referenced) {
                assert!(to.eq_ignore_ascii_case(referenced.as_str()), "{sql}");
            }
            assert_eq!(actions[0], key.on_delete.sql(), "{sql}");
            assert_eq!(actions[1], key.on_update.sql(), "{sql}");
            at += 1;
        }
    }
    assert_eq!(at, told.len(), "{sql}");
}

#[test]
fn the_engine_and_the_reader_agree_on_every_case() {
    for (sql, _) in CASES {
        assert_agreement(&database(sql), sql);
    }
}

/// Whatever of the statements the engine takes.
fn agree_on_what_is_taken(sql: &str) {
    let connection = Connection::open_in_memory().expect("memory is available");
    // An error ends the run; what was made before it stays.
    let _ = connection.execute_batch(sql);
    assert_agreement(&connection, sql);
}

#[test]
fn the_engine_and_the_reader_agree_when_any_one_token_is_missing() {
    for (sql, _) in CASES {
        for token in tokens(sql).filter(|token| !token.is_blank()) {
            let (before, after) = sql.split_at(token.offset);
            agree_on_what_is_taken(&format!("{before} {}", &after[token.text.len()..]));
        }
    }
}

proptest::proptest! {
    /// Tokens of all cases are put into one, so that clauses meet in ways that nobody thought of.
    #[test]
    fn the_engine_and_the_reader_agree_when_tokens_are_mixed(
        case in any::<Pick>(),
        edits in proptest::collection::vec((any::<Pick>(), any::<Pick>(), any::<bool>()), 1..3),
    ) {
        let pool: Vec<&str> = CASES
            .iter()
            .flat_map(|(sql, _)| tokens(sql))
            .filter(|token| !token.is_blank())
            .map(|token| token.text)
            .collect();
        let mut mixed: Vec<&str> = tokens(CASES[case.index(CASES.len())].0)
            .filter(|token| !token.is_blank())
            .map(|token| token.text)
            .collect();
        for (place, from, replace) in edits {
            let at = place.index(mixed.len());
            let token = pool[from.index(pool.len())];
            if replace {
                mixed[at] = token;
            } else {
                mixed.insert(at, token);
            }
        }
        agree_on_what_is_taken(&mixed.join(" "));
    }
}

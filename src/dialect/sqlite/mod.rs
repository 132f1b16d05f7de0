//! SQLite, with STRICT tables.
//!
//! | module | owns |
//! |---|---|
//! | `type_check` | what a neutral type becomes, and how it is proven |
//! | `lower` | neutral schema to engine form |
//! | `interpret` | catalog to engine form |
//! | `lift` | engine form to neutral schema, as far as it goes |
//! | `create`, `trigger` | the defining statement of every object |
//! | `render`, `rebuild`, `convert` | steps to statements |
//! | `split` | a migration's file to statements, and back |
//! | `handover` | a run as a script for the shell |
//! | `values` | values as a column holds them |

use crate::diag::Diagnostic;
use crate::dialect::{
    Batch, Capabilities, DatabaseSettings, Described, Dialect, Handover, Script, SplitError,
};
use crate::engine::{Catalog, Engine, Value};
use crate::model::{Expression, Ident, Native, ObjectPath, Schema, Table, Type};
use crate::plan::Step;

mod convert;
mod create;
mod handover;
mod interpret;
mod lift;
mod lower;
mod rebuild;
mod render;
mod split;
mod trigger;
pub mod type_check;
mod values;

/// The language of SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sqlite;

impl Dialect for Sqlite {
    fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    fn namespace(&self) -> &str {
        "main"
    }

    fn capabilities(&self) -> &Capabilities {
        &render::CAPABILITIES
    }

    fn lower(&self, schema: &Schema) -> (Schema, Vec<Diagnostic>) {
        lower::lower(schema)
    }

    fn interpret(&self, catalog: &Catalog) -> Described {
        interpret::interpret(catalog)
    }

    fn lift(&self, schema: &Schema) -> Schema {
        lift::lift(schema)
    }

    fn verbatim(&self, _: &Table, expression: &Expression) -> Native {
        Native {
            mssql: None,
            sqlite: Some(create::expression(expression)),
        }
    }

    fn render(&self, steps: &[Step]) -> Vec<Batch> {
        render::render(steps)
    }

    fn script(&self, headline: &[String], batches: &[Batch]) -> String {
        split::script(headline, batches)
    }

    /// With foreign keys on, DROP TABLE deletes the rows first, and with them those of every table
    /// that refers to it with ON DELETE CASCADE.
    fn by_hand(&self, batches: &[Batch]) -> String {
        let statements = super::ended(batches);
        if split::drop_a_table(batches) {
            format!(
                "-- All or nothing: have the client stop at the first error (sqlite3 -bail).\n\
                 PRAGMA foreign_keys = OFF;\nBEGIN IMMEDIATE;\n{statements}\nCOMMIT;\n\
                 PRAGMA foreign_keys = ON;"
            )
        } else {
            statements
        }
    }

    fn handover(&self, handover: &Handover) -> String {
        handover::script(handover)
    }

    fn fingerprint(&self) -> Option<&'static str> {
        Some("SELECT schema_version FROM pragma_schema_version")
    }

    fn split(&self, sql: &str) -> Result<Script, SplitError> {
        split::split(sql)
    }

    fn definition(&self, schema: &Schema, path: &ObjectPath) -> Option<String> {
        create::definition(schema, path)
    }

    fn quote(&self, name: &Ident) -> String {
        quote(name)
    }

    fn table(&self, name: &Ident) -> String {
        quote(name)
    }

    fn table_exists(&self, name: &Ident) -> String {
        format!(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = {} COLLATE NOCASE",
            values::quote_text(name.as_str())
        )
    }

    fn store(&self, ty: &Type, value: Value) -> Value {
        values::store(ty, value)
    }

    fn load(&self, ty: &Type, value: Value) -> Value {
        values::load(ty, value)
    }

    fn settings(&self) -> DatabaseSettings {
        SETTINGS
    }

    fn explain(&self, query: &str) -> Option<String> {
        Some(format!("EXPLAIN QUERY PLAN {query}"))
    }
}

/// How the file is kept, and whether it is sound: `quick_check` reads all of it.
const SETTINGS: DatabaseSettings = DatabaseSettings {
    names: &["encoding", "journal mode", "integrity"],
    query: "\
SELECT 'encoding', encoding, NULL FROM pragma_encoding
UNION ALL
SELECT 'journal mode', journal_mode, NULL FROM pragma_journal_mode
UNION ALL
SELECT 'integrity', group_concat(quick_check, '; '),
       CASE WHEN group_concat(quick_check) <> 'ok' THEN 'keep a copy of the file, and restore it from a backup' END
FROM pragma_quick_check",
};

/// A name as SQLite's SQL writes it.
fn quote(name: &Ident) -> String {
    format!("\"{}\"", name.as_str().replace('"', "\"\""))
}

#[cfg(test)]
mod tests;

//! A run as a script for the `sqlite3` shell.
//!
//! SQLite has no IF: what has to hold is a CHECK of a temporary table, into which the answer is
//! inserted. A check that fails undoes the transaction, and `.bail` ends the script.

use std::collections::BTreeMap;

use crate::dialect::handover::{Before, Deed, Handover, Unit, stale};
use crate::engine::Value;
use crate::history::tables;
use crate::model::Ident;

use super::quote;
use super::values::quote_text;

const GUARD: &str = "temp.\"dbtoolGuard\"";
const CHANGED: &str = "stopped: the schema of the database changed since this script was written; \
                       write a new one with dbtool plan --script";
const BROKEN_KEYS: &str =
    "stopped and undone: rows would refer to no row (PRAGMA foreign_key_check)";

/// See [`crate::dialect::Dialect::handover`].
pub(super) fn script(handover: &Handover) -> String {
    let mut guards = Guards::default();
    let mut body = String::new();
    for (index, unit) in handover.units.iter().enumerate() {
        let fingerprint = handover.fingerprint.as_ref().filter(|_| index == 0);
        body.push_str(&self::unit(unit, fingerprint, &mut guards));
    }
    let mut out = String::new();
    for line in &handover.headline {
        out.push_str(&comment(line));
    }
    out.push_str(&comment(""));
    out.push_str(&comment(
        "Run it as a file, so that it stops at the first error: sqlite3 DATABASE < THIS-FILE",
    ));
    out.push_str(".bail on\nPRAGMA foreign_keys = ON;\nPRAGMA recursive_triggers = ON;\n");
    out.push_str(&guards.table());
    out.push_str(&body);
    out.push_str(&format!("\nDROP TABLE {GUARD};\n"));
    out
}

/// What is checked on the way, each under the name of the column that it is checked in.
#[derive(Default)]
struct Guards(BTreeMap<String, usize>);

impl Guards {
    /// The statement that goes on only when `condition` is true.
    fn check(&mut self, message: &str, condition: &str) -> String {
        let next = self.0.len() + 1;
        let number = *self.0.entry(message.to_owned()).or_insert(next);
        format!("INSERT OR ROLLBACK INTO {GUARD} (\"guard{number}\") SELECT {condition};\n")
    }

    fn table(&self) -> String {
        let mut columns: Vec<(usize, &String)> = self
            .0
            .iter()
            .map(|(message, number)| (*number, message))
            .collect();
        columns.sort_unstable();
        let columns: Vec<String> = columns
            .into_iter()
            .map(|(number, message)| {
                let name = quote(&Ident::new(message.clone()));
                format!("    \"guard{number}\" INTEGER CONSTRAINT {name} CHECK (\"guard{number}\")")
            })
            .collect();
        format!(
            "DROP TABLE IF EXISTS {GUARD};\nCREATE TEMP TABLE \"dbtoolGuard\" (\n{}\n);\n",
            columns.join(",\n")
        )
    }
}

fn unit(unit: &Unit, fingerprint: Option<&(String, i64)>, guards: &mut Guards) -> String {
    let mut out = String::from("\n");
    for line in &unit.comment {
        out.push_str(&comment(line));
    }
    if unit.defer_foreign_keys {
        out.push_str("PRAGMA foreign_keys = OFF;\n");
    }
    if unit.is_transaction {
        out.push_str("BEGIN IMMEDIATE;\n");
    }
    if let Some((query, number)) = fingerprint {
        out.push_str(&guards.check(CHANGED, &format!("({query}) = {number}")));
    }
    out.push_str(&guards.check(&stale(&unit.before), &holds(&unit.before)));
    for deed in &unit.deeds {
        match deed {
            Deed::Run(batch) => {
                for _ in 0..batch.repeat {
                    out.push_str(&super::split::ended(&batch.sql));
                }
            }
            Deed::Insert { table, cells } => out.push_str(&insert(table, cells)),
        }
    }
    if unit.defer_foreign_keys {
        let whole = "NOT EXISTS (SELECT 1 FROM pragma_foreign_key_check)";
        out.push_str(&guards.check(BROKEN_KEYS, whole));
    }
    if unit.is_transaction {
        out.push_str("COMMIT;\n");
    }
    if unit.defer_foreign_keys {
        out.push_str("PRAGMA foreign_keys = ON;\nPRAGMA legacy_alter_table = OFF;\n");
    }
    out
}

fn holds(before: &Before) -> String {
    let history = quote(&tables::HISTORY.into());
    match before {
        Before::NoHistory => format!(
            "NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = {} COLLATE \
             NOCASE)",
            quote_text(tables::HISTORY)
        ),
        Before::EmptyHistory => format!("NOT EXISTS (SELECT 1 FROM {history})"),
        Before::Head(head) => format!(
            "coalesce((SELECT \"chainHash\" FROM {history} ORDER BY \"id\" DESC LIMIT 1), '') = {}",
            quote_text(head.as_str())
        ),
    }
}

fn insert(table: &Ident, cells: &[(Ident, Value)]) -> String {
    let names: Vec<String> = cells.iter().map(|(name, _)| quote(name)).collect();
    let values: Vec<String> = cells.iter().map(|(_, value)| literal(value)).collect();
    format!(
        "INSERT INTO {} ({})\n    VALUES ({});\n",
        quote(table),
        names.join(", "),
        values.join(", ")
    )
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        // The shell takes a carriage return at the end of a line for a part of the line's end.
        Value::Text(text) => text
            .split('\r')
            .map(quote_text)
            .collect::<Vec<_>>()
            .join(" || char(13) || "),
        Value::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("x'{digits}'")
        }
    }
}

fn comment(line: &str) -> String {
    // What comes from outside stays on its line.
    let line: String = line.chars().filter(|it| !it.is_control()).collect();
    format!("-- {line}").trim_end().to_owned() + "\n"
}

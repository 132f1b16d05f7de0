//! From a database to the files that declare it.
//!
//! Owns the way back: what the catalog describes, in engine form, becomes a neutral schema and its
//! YAML. Nothing is believed: what was written is loaded and lowered again and compared with what
//! was described, and whatever does not come back the same is written in the engine's own words, or
//! else left out and listed. [`merge`] brings the result together with files that exist. Pure;
//! reading the catalog and writing the files is the command's business.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Phase};
use crate::dialect::{Described, Dialect};
use crate::drift::ignore::is_like;
use crate::model::{Ident, ObjectPath, Part, Schema, Table};

pub mod merge;
mod names;
mod prove;

#[cfg(test)]
mod tests;

/// What to read, and how.
pub struct Request<'a> {
    /// The engine's language.
    pub dialect: &'a dyn Dialect,
    /// What the catalog says.
    pub described: &'a Described,
    /// The tables that are wanted, `*` standing for any text; all when empty.
    pub tables: &'a [String],
    /// What the files that exist declare, in engine form: constraints without a name are called as
    /// they are called there.
    pub known: &'a Schema,
}

/// A schema that was read from a database.
#[derive(Debug, Clone, Default)]
pub struct Introspected {
    /// The neutral schema, as the files declare it.
    pub schema: Schema,
    /// The same in engine form: what the catalog says, less what is listed as lost.
    pub lowered: Schema,
    /// The text of the file of each table.
    pub files: BTreeMap<Ident, String>,
    /// What the files do not say.
    pub losses: Vec<Diagnostic>,
}

/// Reads the schema that a catalog describes.
pub fn introspect(request: &Request<'_>) -> Introspected {
    let mut losses = Vec::new();
    let described = chosen(request, &mut losses);
    let lifted = names::named(&described, &request.dialect.lift(&described), request.known);
    let mut proof = prove::Proof::new(request.dialect, &described, &lifted);
    let mut introspected = proof.prove();
    losses.append(&mut introspected.losses);
    losses.extend(outside(request));
    losses.sort_by(|a, b| (&a.path, a.code, &a.message).cmp(&(&b.path, b.code, &b.message)));
    introspected.losses = losses;
    introspected
}

/// Whether a table is wanted.
fn is_wanted(name: &str, patterns: &[String]) -> bool {
    let name = name.to_lowercase();
    patterns.is_empty()
        || patterns
            .iter()
            .any(|pattern| is_like(&name, &pattern.to_lowercase()))
}

/// The tables that are wanted, without foreign keys to others.
fn chosen(request: &Request<'_>, losses: &mut Vec<Diagnostic>) -> Schema {
    let tables = &request.described.schema.tables;
    let is_wanted = |name: &Ident| is_wanted(name.as_str(), request.tables);
    let mut chosen: Vec<Table> = Vec::new();
    for table in tables.values().filter(|table| is_wanted(&table.name)) {
        let mut table = table.clone();
        table.parts.retain(|part| {
            let Part::ForeignKey(key) = part else {
                return true;
            };
            if !tables.contains_key(&key.references) || is_wanted(&key.references) {
                return true;
            }
            losses.push(
                lost(
                    ObjectPath::member(&table.name, &key.name),
                    format!(
                        "foreign key {}.{} is left out, because it refers to {}, which is not among \
                         the tables that were asked for",
                        table.name, key.name, key.references
                    ),
                    "introspect/left-out",
                )
                .help(format!("add {} to --tables", key.references)),
            );
            false
        });
        chosen.push(table);
    }
    Schema::new(chosen)
}

/// What the model cannot express, as the interpretation found it.
fn outside(request: &Request<'_>) -> Vec<Diagnostic> {
    request
        .described
        .unsupported
        .iter()
        .filter(|entry| is_wanted(entry.path.table.as_str(), request.tables))
        .map(|entry| {
            lost(
                entry.path.clone(),
                format!("{} {}: {}", entry.kind, entry.path, entry.reason),
                "introspect/outside-model",
            )
            .help(match entry.kind.as_str() {
                "view" | "trigger" | "index" | "virtual table" => {
                    "in this database it stays as it is; for a new one make it in a migration \
                     written by hand (`dbtool generate --empty`)"
                }
                _ => "in this database it stays as it is; a new one will not have it",
            })
        })
        .collect()
}

fn lost(path: ObjectPath, message: String, code: &'static str) -> Diagnostic {
    Diagnostic::warning(Phase::Schema, code, message).at(path)
}

/// Names of checks that are written out, by table.
type Explicit = BTreeMap<Ident, BTreeSet<Ident>>;

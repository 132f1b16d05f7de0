//! From the catalog of a SQLite database to a schema in engine form.
//!
//! Owns the way from the rows of `sqlite_schema` to the model. All that SQLite keeps of a schema is
//! the text of its CREATE statements, so one query is enough and everything else is reading:
//! [`token`] knows the lexical rules, [`create`] the grammar, [`syntax`] what a statement says,
//! [`table`] what of it the model can express, and [`proof`] which promises are kept. What the
//! model cannot express is listed as [`Unsupported`], never passed over.

use std::collections::BTreeMap;

use crate::dialect::foreign_tools::is_history_table;
use crate::dialect::{Described, Unsupported};
use crate::engine::{Catalog, CatalogObject};
use crate::model::{Ident, ObjectPath, Schema};

use super::quote;

mod constraint;
mod create;
mod cursor;
mod foreign_key;
mod key;
mod proof;
mod syntax;
mod table;
mod text;
pub(super) mod token;

pub(super) use text::understood;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

/// The schema that the catalog describes, and what of the catalog the model cannot express, sorted.
///
/// Left out wholly, with all that hangs on them: the engine's own tables, dbtool's, and those in
/// which other migration tools keep their history.
pub(super) fn interpret(catalog: &Catalog) -> Described {
    let mut described = Described::default();
    let mut sources: BTreeMap<String, Source<'_>> = BTreeMap::new();
    let mut hanging: Vec<(&CatalogObject, &str)> = Vec::new();
    for object in &catalog.objects {
        let place = object.table.as_deref().unwrap_or(&object.name);
        // The engine makes indexes of its own for keys: they have no text and are no objects.
        if is_left_out(place) || is_automatic(object) {
            continue;
        }
        let Some(text) = object.definition.as_deref() else {
            let reason = "the database does not tell its definition";
            described
                .unsupported
                .push(unsupported(object, reason, None));
            continue;
        };
        match object.kind.as_str() {
            "table" => match create::table(text) {
                Ok(syntax) => {
                    let source = Source {
                        object,
                        text,
                        syntax,
                        indexes: Vec::new(),
                        triggers: Vec::new(),
                    };
                    sources.insert(folded(&object.name), source);
                }
                Err(why) => described
                    .unsupported
                    .push(unreadable_table(object, text, &why)),
            },
            "index" | "trigger" => hanging.push((object, text)),
            "view" => {
                let reason = "the model has no views";
                described
                    .unsupported
                    .push(unsupported(object, reason, Some("VIEW")));
            }
            _ => {
                let reason = "the model has no such objects";
                described
                    .unsupported
                    .push(unsupported(object, reason, None));
            }
        }
    }
    for (object, text) in hanging {
        let place = object.table.as_deref().unwrap_or(&object.name);
        let source = sources.get_mut(&folded(place));
        match (object.kind.as_str(), source) {
            ("index", Some(source)) => source.indexes.push((object, text)),
            ("index", None) => {
                let reason = "its table could not be read";
                described
                    .unsupported
                    .push(unsupported(object, reason, Some("INDEX")));
            }
            (_, Some(source)) => source.triggers.push((object, text)),
            (_, None) => {
                let reason = "it hangs on what is no table of the model";
                described
                    .unsupported
                    .push(unsupported(object, reason, Some("TRIGGER")));
            }
        }
    }
    take_shadows(&mut sources, &mut described.unsupported);
    let mut tables = Vec::with_capacity(sources.len());
    for source in sources.values() {
        tables.push(table::read(source, &sources, &mut described.unsupported));
    }
    described.schema = Schema::new(tables);
    described.unsupported.sort();
    described
}

/// How the names of the tables end in which full-text search and R*Tree keep their data.
const SHADOWS: [&str; 12] = [
    "config", "content", "data", "docsize", "idx", "node", "parent", "rowid", "segdir", "segments",
    "stat", "vocab",
];

/// Tables that belong to a virtual one are made and dropped with it.
fn take_shadows(sources: &mut Sources<'_>, unsupported: &mut Vec<Unsupported>) {
    let owners: Vec<String> = unsupported
        .iter()
        .filter(|entry| entry.kind == VIRTUAL)
        .map(|entry| folded(entry.path.table.as_str()))
        .collect();
    sources.retain(|name, source| {
        let owner = owners.iter().find(|owner| {
            name.strip_prefix(owner.as_str())
                .and_then(|rest| rest.strip_prefix('_'))
                .is_some_and(|rest| SHADOWS.contains(&rest))
        });
        if let Some(owner) = owner {
            let reason = format!("it belongs to the virtual table {owner}");
            unsupported.push(super::interpret::unsupported(source.object, &reason, None));
        }
        owner.is_none()
    });
}

/// The class of a virtual table.
const VIRTUAL: &str = "virtual table";

/// A table with the objects that hang on it.
#[derive(Debug)]
struct Source<'a> {
    object: &'a CatalogObject,
    text: &'a str,
    syntax: syntax::Table<'a>,
    indexes: Vec<(&'a CatalogObject, &'a str)>,
    triggers: Vec<(&'a CatalogObject, &'a str)>,
}

/// Tables by their name in the case in which the engine compares it.
type Sources<'a> = BTreeMap<String, Source<'a>>;

/// A name in the case in which the engine compares it: it folds ASCII letters only.
fn folded(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Whether a table of this name is nobody's business but the engine's or a tool's.
fn is_left_out(name: &str) -> bool {
    let starts = |prefix: &str| {
        name.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    starts("sqlite_") || starts("dbtool") || is_history_table(name)
}

/// Whether the engine made the object itself, as it makes an index for a unique constraint.
fn is_automatic(object: &CatalogObject) -> bool {
    object.kind == "index" && object.name.starts_with("sqlite_")
}

/// The place of an object that hangs on a table, or of the object itself.
fn path(object: &CatalogObject) -> ObjectPath {
    let name = Ident::new(&object.name);
    match &object.table {
        Some(table) if *table != object.name => ObjectPath::member(&Ident::new(table), &name),
        _ => ObjectPath::table(&name),
    }
}

/// An object that as a whole is beyond the model. `class` is the word that DROP takes for it.
fn unsupported(object: &CatalogObject, reason: &str, class: Option<&str>) -> Unsupported {
    let name = quote(&Ident::new(&object.name));
    Unsupported {
        kind: object.kind.clone(),
        path: path(object),
        definition: object.definition.clone().unwrap_or_default(),
        reason: reason.to_owned(),
        removal: class.map(|class| format!("DROP {class} {name}")),
    }
}

fn unreadable_table(object: &CatalogObject, text: &str, why: &cursor::Unreadable) -> Unsupported {
    let mut words = token::tokens(text)
        .filter(|token| !token.is_blank())
        .skip(1);
    if words.next().is_some_and(|word| word.is_word("virtual")) {
        return Unsupported {
            kind: VIRTUAL.to_owned(),
            ..unsupported(object, "the model has no virtual tables", Some("TABLE"))
        };
    }
    let reason = format!("its definition could not be read: {why}");
    unsupported(object, &reason, Some("TABLE"))
}

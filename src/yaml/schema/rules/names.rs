//! Names: how they are written, which are reserved, and which clash.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Phase, Span};
use crate::engine::Engine;
use crate::model::{Ident, ObjectPath, PartKind, Type};
use crate::yaml::schema::{Naming, Rules, draft};
use crate::yaml::text::quote;
use crate::yaml::{Findings, convention};

/// Beginnings of names, in lower case, that belong to dbtool and to SQLite.
const RESERVED: [&str; 2] = ["dbtool", "sqlite_"];

pub(super) fn check(tables: &[draft::Table], rules: &Rules, findings: &Findings) {
    let mut spaces = Spaces::default();
    for table in tables {
        let name = table.name();
        let path = ObjectPath::table(name);
        let before = findings.count();
        written("table", name, &table.place, rules.naming, findings);
        reserved("table", name, &table.place, findings);
        let mut columns: BTreeMap<String, &Ident> = BTreeMap::new();
        for (column, places) in table.table.columns.iter().zip(&table.columns) {
            written("column", &column.name, &places.name, rules.naming, findings);
            if let Some(first) = columns.insert(column.name.folded(), &column.name) {
                findings.add_with_help(
                    "schema/duplicate-column",
                    places.name.clone(),
                    format!(
                        "the columns {} and {} differ only in case, so engines take them for one",
                        quote(first.as_str()),
                        quote(column.name.as_str())
                    ),
                    "rename one of the two",
                );
            }
            if let (Some(default), Some(place)) = (&column.default, &places.default_name) {
                written("default", &default.name, place, rules.naming, findings);
                reserved("default", &default.name, place, findings);
            }
        }
        for part in &table.parts {
            let noun = part.part.kind().noun();
            if part.named {
                written(noun, part.part.name(), &part.place, rules.naming, findings);
                reserved(noun, part.part.name(), &part.place, findings);
            }
        }
        spaces.add(table, rules, findings);
        findings.locate(before, &path);
    }
}

fn written(noun: &str, name: &Ident, place: &Span, naming: Naming, findings: &Findings) {
    let text = name.as_str();
    let add = |message: String, help: String| {
        findings.add_with_help("schema/name", place.clone(), message, help);
    };
    if convention::units(text) > Ident::MAX_CHARS {
        add(
            format!(
                "the name of the {noun} {} is longer than the {} characters that SQL Server takes",
                quote(text),
                Ident::MAX_CHARS
            ),
            "shorten it".into(),
        );
    } else if text.chars().any(char::is_control) {
        add(
            format!(
                "the name of the {noun} {} holds control characters",
                quote(text)
            ),
            "remove them".into(),
        );
    } else if text.trim().len() != text.len() || text.is_empty() {
        add(
            format!(
                "the name of the {noun} {} is empty or has white space at an end",
                quote(text)
            ),
            "remove the white space".into(),
        );
    } else if naming == Naming::CamelCase && !camel_case(text) {
        let suggestion = suggest(text).map_or(
            "use letters and digits, the first a lower-case letter".into(),
            |name| format!("write {}", quote(&name)),
        );
        add(
            format!("the name of the {noun} {} is not camelCase", quote(text)),
            format!("{suggestion}; `naming: off` in dbtool.yaml lifts the rule"),
        );
    }
}

fn camel_case(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The words of a name in camelCase, if that gives a name.
fn suggest(text: &str) -> Option<String> {
    let mut name = String::new();
    for word in text.split(|character: char| !character.is_ascii_alphanumeric()) {
        let shouted = !word.bytes().any(|byte| byte.is_ascii_lowercase());
        let word = if shouted {
            word.to_ascii_lowercase()
        } else {
            word.to_owned()
        };
        let mut characters = word.chars();
        let Some(first) = characters.next() else {
            continue;
        };
        name.push(if name.is_empty() {
            first.to_ascii_lowercase()
        } else {
            first.to_ascii_uppercase()
        });
        name.push_str(characters.as_str());
    }
    camel_case(&name).then_some(name)
}

fn reserved(noun: &str, name: &Ident, place: &Span, findings: &Findings) {
    if let Some(prefix) = RESERVED
        .iter()
        .find(|prefix| name.folded().starts_with(**prefix))
    {
        findings.add_with_help(
            "schema/reserved-name",
            place.clone(),
            format!(
                "the name of the {noun} {} begins with {prefix}",
                quote(name.as_str())
            ),
            if *prefix == "dbtool" {
                "choose another name: dbtool's own tables begin like that"
            } else {
                "choose another name: SQLite keeps such names to itself"
            },
        );
    }
}

/// What a name is taken by: noun and place.
#[derive(Debug)]
struct Taken {
    object: String,
    place: Span,
}

/// The name spaces of the engines. SQL Server has one for tables, constraints and triggers, and one
/// for the indexes of each table; SQLite has one for tables and indexes, and one for the constraints
/// of each table. A schema for both needs names that are unique in all.
#[derive(Debug, Default)]
struct Spaces {
    objects: BTreeMap<String, Taken>,
    /// By table and name.
    within: BTreeMap<(String, String), Taken>,
}

impl Spaces {
    fn add(&mut self, table: &draft::Table, rules: &Rules, findings: &Findings) {
        let name = table.name();
        let of = format!(" of {}", quote(name.as_str()));
        self.object("table".into(), name, &table.place, findings);
        let indexes_are_objects = rules.targets.contains(&Engine::Sqlite);
        let constraints_are_objects = rules.targets.contains(&Engine::Mssql);
        for part in &table.parts {
            let object = format!("{}{of}", part.part.kind().noun());
            let (part_name, place) = (part.part.name(), &part.place);
            let is_object = match part.part.kind() {
                PartKind::Index => indexes_are_objects,
                _ => constraints_are_objects,
            };
            if is_object {
                self.object(object, part_name, place, findings);
                continue;
            }
            let key = (name.folded(), part_name.folded());
            clash(&mut self.within, key, object, part_name, place, findings);
        }
        let mut columns = BTreeSet::new();
        for (column, places) in table.table.columns.iter().zip(&table.columns) {
            // Columns that differ only in case are told as such, not by what is made of them.
            if !columns.insert(column.name.folded()) {
                continue;
            }
            // Names of defaults mean nothing to SQLite.
            if let (Some(default), true) = (&column.default, constraints_are_objects) {
                let place = places.default.as_ref().unwrap_or(&places.name);
                let place = places.default_name.as_ref().unwrap_or(place);
                self.object(format!("default{of}"), &default.name, place, findings);
            }
            // A native type promises nothing that a check would have to keep.
            if !matches!(column.ty, Type::Native(_)) {
                self.object(
                    format!("type check{of}"),
                    &column.type_check,
                    &places.ty,
                    findings,
                );
            }
        }
        if let (Some(trigger), Some(place)) = (&table.table.append_only, &table.append_only) {
            self.object(format!("trigger{of}"), trigger, place, findings);
        }
    }

    fn object(&mut self, object: String, name: &Ident, place: &Span, findings: &Findings) {
        clash(
            &mut self.objects,
            name.folded(),
            object,
            name,
            place,
            findings,
        );
    }
}

fn clash<K: Ord>(
    space: &mut BTreeMap<K, Taken>,
    key: K,
    object: String,
    name: &Ident,
    place: &Span,
    findings: &Findings,
) {
    if let Some(first) = space.get(&key) {
        let (line, column) = first.place.line_column();
        findings.push(
            Diagnostic::error(
                Phase::Schema,
                "schema/duplicate-name",
                format!(
                    "{} is the name of two objects: the {} and the {object}",
                    quote(name.as_str()),
                    first.object
                ),
            )
            .spanned(place.clone())
            .labelled(format!(
                "first at {}:{line}:{column}",
                first.place.source.name
            ))
            .help("give one of them another name with `name: …`"),
        );
        return;
    }
    let place = place.clone();
    space.insert(key, Taken { object, place });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_another_style_is_translated() {
        assert_eq!(suggest("JobRuns").as_deref(), Some("jobRuns"));
        assert_eq!(suggest("job_runs").as_deref(), Some("jobRuns"));
        assert_eq!(suggest("JOB_RUNS").as_deref(), Some("jobRuns"));
        assert_eq!(suggest("[job runs]").as_deref(), Some("jobRuns"));
        assert_eq!(suggest("🦀"), None);
        assert_eq!(suggest("1st"), None);
    }
}

//! What was read from a database, brought together with the files that exist.
//!
//! A file whose table is what it says stays as it is, byte for byte. In any other only what is
//! different is changed (see [`crate::yaml::write::edit`]), and what the engine does not keep,
//! such as descriptions on SQLite, stays what its author wrote. The result is loaded and compared
//! before anybody writes it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::diag::{Diagnostic, Phase, Severity, Source};
use crate::dialect::Dialect;
use crate::diff::{Change, Renames, diff};
use crate::model::{Column, Ident, Schema, Table};
use crate::yaml::schema::{Loaded, Naming, Rules, load};
use crate::yaml::{parse, write};

use super::{Introspected, is_wanted};

/// Files of a schema folder that were read.
pub struct Existing {
    files: Vec<Arc<Source>>,
    loaded: Loaded,
    /// What they declare, in engine form.
    pub lowered: Schema,
    /// Why they cannot be used.
    pub findings: Vec<Diagnostic>,
}

/// What to write.
#[derive(Debug, Default)]
pub struct Plan {
    /// Each file of the folder that is to be written.
    pub files: Vec<Planned>,
    /// How many files are what they should be.
    pub unchanged: usize,
    /// What could not be brought together, and files of tables that are gone.
    pub findings: Vec<Diagnostic>,
}

/// A file that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The table.
    pub table: Ident,
    /// Its name in the folder.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Whether there is none yet.
    pub is_new: bool,
}

impl Existing {
    /// What these files declare, whatever the rules of the project say about names and tenants.
    pub fn read(files: &[Arc<Source>], dialect: &dyn Dialect) -> Self {
        let rules = Rules {
            naming: Naming::Off,
            tenant: None,
            targets: vec![dialect.engine()],
        };
        let (loaded, mut findings) = match files {
            [] => (Loaded::default(), Vec::new()),
            files => load(files, &rules),
        };
        findings.retain(|finding| finding.severity == Severity::Error);
        let (lowered, _) = dialect.lower(&loaded.schema);
        Self {
            files: files.to_vec(),
            loaded,
            lowered,
            findings,
        }
    }

    /// The file that declares a table.
    fn file(&self, table: &Ident) -> Option<&Arc<Source>> {
        let path = crate::model::ObjectPath::table(table);
        Some(&self.loaded.origins.get(&path)?.source)
    }
}

/// Brings the two together. With `force` a file that is different is written anew.
pub fn merge(
    existing: &Existing,
    fresh: &Introspected,
    dialect: &dyn Dialect,
    patterns: &[String],
    force: bool,
) -> Plan {
    let mut plan = Plan::default();
    let mut taken: Vec<String> = existing
        .files
        .iter()
        .map(|file| file_name(&file.name).to_lowercase())
        .collect();
    for (name, text) in &fresh.files {
        let Some(file) = existing.file(name) else {
            let file = new_name(name, &taken);
            taken.push(file.to_lowercase());
            plan.files.push(Planned {
                table: name.clone(),
                name: file,
                text: text.clone(),
                is_new: true,
            });
            continue;
        };
        let changes = differences(name, &existing.lowered, &fresh.lowered);
        if changes.is_empty() {
            plan.unchanged += 1;
            continue;
        }
        let edited = (!force)
            .then(|| edited(existing, fresh, dialect, name, file, &changes))
            .flatten();
        match edited {
            Some(text) => plan.files.push(planned(name, file, text)),
            None if force => plan.files.push(planned(name, file, text.clone())),
            None => plan.findings.push(
                Diagnostic::error(
                    Phase::Schema,
                    "introspect/not-merged",
                    format!(
                        "{} is laid out in a way in which the changes of {name} cannot be brought \
                         in without touching the rest",
                        file.name
                    ),
                )
                .at(crate::model::ObjectPath::table(name))
                .help(format!(
                    "change it by hand ({}), or have all files that differ written anew with \
                     --force",
                    headlines(&changes)
                )),
            ),
        }
    }
    for name in existing.loaded.schema.tables.keys() {
        if fresh.files.contains_key(name) || !is_wanted(name.as_str(), patterns) {
            continue;
        }
        let file = existing.file(name).map_or("", |file| file.name.as_str());
        plan.findings.push(
            Diagnostic::warning(
                Phase::Schema,
                "introspect/no-table",
                format!("{file} declares {name}, which is not in the database; it stays"),
            )
            .at(crate::model::ObjectPath::table(name))
            .help("remove the file if the table is gone for good"),
        );
    }
    plan
}

fn planned(table: &Ident, file: &Source, text: String) -> Planned {
    Planned {
        table: table.clone(),
        name: file_name(&file.name).to_owned(),
        text,
        is_new: false,
    }
}

fn file_name(path: &str) -> &str {
    Path::new(path)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or(path)
}

fn headlines(changes: &[Change]) -> String {
    let headlines: Vec<String> = changes.iter().map(Change::headline).collect();
    headlines.join(", ")
}

/// What differs in one table, both sides in engine form.
fn differences(table: &Ident, before: &Schema, after: &Schema) -> Vec<Change> {
    let only = |schema: &Schema| Schema::new(schema.table(table).cloned());
    diff(&only(before), &only(after), &Renames::default())
}

/// The file with the changes and nothing else, proven to declare what is there.
fn edited(
    existing: &Existing,
    fresh: &Introspected,
    dialect: &dyn Dialect,
    name: &Ident,
    file: &Arc<Source>,
    changes: &[Change],
) -> Option<String> {
    let root = parse(file).ok()?;
    let old = existing.loaded.schema.table(name)?;
    let new = merged(
        old,
        existing.lowered.table(name)?,
        fresh.schema.table(name)?,
        fresh.lowered.table(name)?,
        changes,
    );
    let text = write::edit::edit(&root, old, &new)?;
    let sources: Vec<Arc<Source>> = existing
        .files
        .iter()
        .map(|other| match Arc::ptr_eq(other, file) {
            true => Arc::new(Source {
                name: file.name.clone(),
                text: text.clone(),
            }),
            false => other.clone(),
        })
        .collect();
    let again = Existing::read(&sources, dialect);
    // References to tables whose files are yet to be written are no fault of this one.
    differences(name, &again.lowered, &fresh.lowered)
        .is_empty()
        .then_some(text)
}

/// What the author declared, with what changed taken from the database. Each side is given as it is
/// declared and as the engine holds it.
fn merged(
    old: &Table,
    old_lowered: &Table,
    fresh: &Table,
    fresh_lowered: &Table,
    changes: &[Change],
) -> Table {
    let mut table = old.clone();
    for change in changes {
        match change {
            Change::AlterTable { from, to, .. } => {
                if from.description != to.description {
                    table.description.clone_from(&fresh.description);
                }
                if from.append_only != to.append_only {
                    table.append_only.clone_from(&fresh.append_only);
                }
            }
            Change::AddColumn { column, .. } => {
                if let Some(new) = fresh.column(&column.name) {
                    let at = place(&table, fresh, &column.name);
                    table.columns.insert(at, new.clone());
                }
            }
            Change::DropColumn { column, .. } => {
                table.columns.retain(|kept| kept.name != column.name);
            }
            Change::AlterColumn { to, .. } => {
                let name = &to.name;
                let sides = (old_lowered.column(name), fresh_lowered.column(name));
                if let (Some(column), Some(new), (Some(was), Some(is))) = (
                    table.columns.iter_mut().find(|kept| kept.name == *name),
                    fresh.column(name),
                    sides,
                ) {
                    *column = altered(column, was, new, is);
                }
            }
            Change::AddPart { part, .. } => table.parts.extend(fresh.part(part.name()).cloned()),
            Change::DropPart { part, .. } => {
                table.parts.retain(|kept| kept.name() != part.name());
            }
            Change::AlterPart { from, to, .. } | Change::RenamePart { from, to, .. } => {
                let new = fresh.part(to.name());
                for part in &mut table.parts {
                    if let (true, Some(new)) = (part.name() == from.name(), new) {
                        *part = new.clone();
                    }
                }
            }
            Change::CreateTable(_)
            | Change::DropTable(_)
            | Change::RenameTable { .. }
            | Change::RenameColumn { .. } => {}
        }
    }
    table
}

/// Where a new column belongs: behind the one that it follows in the database.
fn place(table: &Table, fresh: &Table, name: &Ident) -> usize {
    let before = fresh
        .columns
        .iter()
        .take_while(|column| column.name != *name);
    let known = before.filter_map(|column| {
        table
            .columns
            .iter()
            .position(|kept| kept.name == column.name)
    });
    known.last().map_or(0, |at| at + 1)
}

/// A column as it is now, in its author's words where those still hold.
fn altered(author: &Column, was: &Column, fresh: &Column, is: &Column) -> Column {
    let mut column = fresh.clone();
    if was.ty == is.ty {
        column.ty = author.ty.clone();
    }
    if was.default == is.default {
        column.default.clone_from(&author.default);
    }
    if was.computed == is.computed {
        column.computed.clone_from(&author.computed);
    }
    if was.collation == is.collation {
        column.collation.clone_from(&author.collation);
    }
    if was.description == is.description {
        column.description.clone_from(&author.description);
    }
    column.deprecated = author.deprecated;
    column
}

/// The name of a new file for a table, in letters that every file system takes.
fn new_name(table: &Ident, taken: &[String]) -> String {
    let safe: String = table
        .as_str()
        .chars()
        .map(|character| match character {
            letter if letter.is_alphanumeric() || "_- ".contains(letter) => letter,
            _ => '_',
        })
        .collect();
    let safe = safe.trim();
    let numbered = (2..).map(|number| format!("{safe}-{number}.yaml"));
    std::iter::once(format!("{safe}.yaml"))
        .chain(numbered)
        .find(|name| !taken.contains(&name.to_lowercase()))
        .expect("numbers do not run out")
}

/// What the rules of a project say of the files, as advice on its settings: how many findings of a
/// kind there are, by their code.
pub fn advice(files: &BTreeMap<Ident, String>, rules: &Rules) -> BTreeMap<&'static str, usize> {
    let sources: Vec<Arc<Source>> = files
        .iter()
        .map(|(name, text)| {
            Arc::new(Source {
                name: name.to_string(),
                text: text.clone(),
            })
        })
        .collect();
    let mut counts = BTreeMap::new();
    if !sources.is_empty() {
        for finding in load(&sources, rules).1 {
            *counts.entry(finding.code).or_insert(0) += 1;
        }
    }
    counts
}

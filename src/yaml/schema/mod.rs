//! From the files of the schema folder to a [`Schema`], with the place of every object.
//!
//! Owns the format of an entity's file and every rule that can be judged from the declaration
//! alone. What one engine cannot do is said by its dialect while it lowers the schema; what is
//! dear or dangerous, by `lint`.
//!
//! Each file is read into a `draft` that remembers where everything stands; the rules over all
//! tables (`rules`) then look at the drafts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::text::quote;
use super::{Findings, parse_into};
use crate::diag::{Diagnostic, Phase, Source, Span};
use crate::diff::Renames;
use crate::engine::Engine;
use crate::model::{Ident, ObjectPath, Schema};

mod column;
mod draft;
mod expression;
mod limits;
pub(super) mod literal;
mod part;
mod rules;
mod table;
mod types;

/// The words of the format, for its JSON Schema.
pub(in crate::yaml) mod words {
    use super::{column, part};

    pub use super::part::NO_KEY;

    /// What a default can be beside a constant.
    pub fn generators() -> [&'static str; 3] {
        column::GENERATORS.map(|(word, _)| word)
    }

    /// What a foreign key can do.
    pub fn actions() -> [&'static str; 4] {
        part::ACTIONS.map(|(word, _)| word)
    }

    /// The word for a default that is made anew for each row; empty for any other.
    pub fn generator(value: &crate::model::DefaultValue) -> &'static str {
        let found = column::GENERATORS.iter().find(|(_, known)| known == value);
        found.map_or("", |(word, _)| word)
    }

    /// The word for what a foreign key does.
    pub fn action(action: crate::model::ReferentialAction) -> &'static str {
        let found = part::ACTIONS.iter().find(|(_, known)| *known == action);
        found.map_or("", |(word, _)| word)
    }
}

pub use expression::condition;
pub(crate) use literal::date as is_date;

/// What the configuration says about schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How names are written.
    pub naming: Naming,
    /// Which column keeps tenants apart; `None` where nothing does.
    pub tenant: Option<TenantRule>,
    /// The engines that the schema is for.
    pub targets: Vec<Engine>,
}

/// How names are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// `jobRuns`: letters and digits, the first one a lower-case letter.
    CamelCase,
    /// Any text of at most 128 characters without control characters.
    Off,
}

/// Which column keeps tenants apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRule {
    /// The column.
    pub column: Ident,
    /// Tables that belong to no tenant, each with its place in the configuration.
    pub exempt: BTreeMap<Ident, Option<Span>>,
}

/// What the schema folder declares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// The schema. Complete only when there is no finding of severity error.
    pub schema: Schema,
    /// What was renamed.
    pub renames: Renames,
    /// Where each table, column, constraint and index is declared. Something that has only a
    /// derived name has the place of what it is derived from.
    pub origins: BTreeMap<ObjectPath, Span>,
}

impl Default for Rules {
    /// The rules that hold without a configuration.
    fn default() -> Self {
        Self {
            naming: Naming::CamelCase,
            tenant: Some(TenantRule {
                column: Ident::new("tenantId"),
                exempt: BTreeMap::new(),
            }),
            targets: Engine::ALL.to_vec(),
        }
    }
}

/// Reads the schema from the texts of its files. The findings are those of all files, in the order
/// of the files and of the places in them.
pub fn load(files: &[Arc<Source>], rules: &Rules) -> (Loaded, Vec<Diagnostic>) {
    let findings = Findings::new(Phase::Schema);
    let mut drafts: Vec<draft::Table> = Vec::new();
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let Some(node) = parse_into(file, &findings) else {
            continue;
        };
        let Some(draft) = table::read(&node, &findings) else {
            continue;
        };
        if let Some(first) = by_name.get(&draft.name().folded()) {
            findings.push(twice(&draft, &drafts[*first]));
            continue;
        }
        by_name.insert(draft.name().folded(), drafts.len());
        drafts.push(draft);
    }
    if files.is_empty() {
        findings.push(
            Diagnostic::error(
                Phase::Schema,
                "schema/empty",
                "no table is declared: the schema folder holds no YAML file",
            )
            .help("add a file such as schema/jobRuns.yaml"),
        );
    }
    rules::check(&drafts, rules, &findings);
    let loaded = finish(drafts);
    let mut list = findings.into_list();
    // A stable sort: findings at one place stay in the order in which they were found.
    list.sort_by_cached_key(|finding| {
        let place = finding.span.as_ref();
        place.map(|span| {
            let file = files
                .iter()
                .position(|file| Arc::ptr_eq(file, &span.source));
            (file.unwrap_or(usize::MAX), span.range.start)
        })
    });
    list.dedup();
    (loaded, list)
}

fn twice(draft: &draft::Table, first: &draft::Table) -> Diagnostic {
    let (line, column) = first.place.line_column();
    let first_name = first.name();
    let message = if draft.name() == first_name {
        format!(
            "the table {} is declared twice",
            quote(draft.name().as_str())
        )
    } else {
        format!(
            "the tables {} and {} differ only in case, so engines take them for one",
            quote(draft.name().as_str()),
            quote(first_name.as_str())
        )
    };
    Diagnostic::error(Phase::Schema, "schema/duplicate-table", message)
        .at(ObjectPath::table(draft.name()))
        .spanned(draft.place.clone())
        .labelled(format!(
            "first at {}:{line}:{column}",
            first.place.source.name
        ))
        .help("rename one of the two, or merge the files")
}

fn finish(drafts: Vec<draft::Table>) -> Loaded {
    let mut loaded = Loaded::default();
    for draft in drafts {
        let table = draft.table.name.clone();
        loaded
            .origins
            .insert(ObjectPath::table(&table), draft.place.clone());
        for (member, place) in draft.members() {
            loaded
                .origins
                .entry(ObjectPath::member(&table, member))
                .or_insert_with(|| place.clone());
        }
        if let Some(from) = draft.renamed_from {
            loaded.renames.tables.insert(table.clone(), from.value);
        }
        for (column, places) in draft.table.columns.iter().zip(draft.columns) {
            if let Some(from) = places.renamed_from {
                loaded
                    .renames
                    .columns
                    .insert((table.clone(), column.name.clone()), from.value);
            }
        }
        let mut model = draft.table;
        model.parts = draft.parts.into_iter().map(|part| part.part).collect();
        loaded.schema.tables.insert(table, model);
    }
    loaded
}

//! Rules over the T-SQL of migrations: what a statement does to a server that has rows and users.
//!
//! ```text
//! mssql.sql -> split -> tsql::read -> statements ─┐
//! migrations before -> fold -> state::State ──────┼─> rules/l01 … l32 -> hits -> allow -> findings
//! dbtool.yaml -> Options ─────────────────────────┘
//! ```
//!
//! [`tsql`] reads, [`state`] knows what the tables are at each statement, each of [`rules`] judges,
//! and [`allow`] takes what a comment in the script accepts. What cannot be read is a finding:
//! nothing is passed in silence. Files come from the callers, and findings go to them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::diag::{Diagnostic, Phase, Severity, Source, Span};
use crate::dialect::mssql::Mssql;
use crate::migration::Document;
use crate::model::{Ident, ObjectPath};

pub mod allow;
pub mod explain;
pub mod facts;
pub mod rules;
pub mod state;
pub mod tsql;

#[cfg(test)]
mod tests;

use facts::Facts;
use rules::{Hit, RULES, Rule, Scene};
use state::{Before, State};
use tsql::statement::{Action, AlterTable, Kind, Statement};

/// The code of what could not be read.
pub const NOT_ANALYSED: &str = "lint/not-analysed";

/// The name of what could not be read, in settings and allowances.
pub const NOT_ANALYSED_ID: &str = "not-analysed";

/// How many findings of one rule a file has; the others are counted.
const MOST_OF_A_RULE: usize = 200;

/// What the rules are told of a project.
#[derive(Debug, Clone)]
pub struct Options {
    /// The language that tables are defined in.
    pub dialect: Mssql,
    /// The column that keeps tenants apart, and the tables that are exempt.
    pub tenant: Option<(Ident, Vec<Ident>)>,
    /// Severities other than a rule's own, by its id; `None` turns it off.
    pub levels: BTreeMap<String, Option<Severity>>,
}

/// A script to judge.
#[derive(Clone, Copy)]
pub struct Script<'a> {
    /// Its path and text.
    pub source: &'a Arc<Source>,
    /// What the migrations before it make, where that is known.
    pub before: Option<Before<'a>>,
    /// What it says that it changes, where it is a migration.
    pub document: Option<&'a Document>,
}

/// What was found in a script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Linted {
    /// The findings, by place.
    pub findings: Vec<Diagnostic>,
    /// How many statements it has.
    pub statements: usize,
    /// How many of them could not be read.
    pub unread: usize,
    /// How many findings its comments accept.
    pub allowed: usize,
}

impl Linted {
    /// Whether something stands against running it.
    pub fn has_errors(&self) -> bool {
        let error = |finding: &Diagnostic| finding.severity == Severity::Error;
        self.findings.iter().any(error)
    }
}

impl Options {
    fn level(&self, id: &str, own: Severity) -> Option<Severity> {
        self.levels.get(id).copied().unwrap_or(Some(own))
    }
}

/// Judges a script. `state` is what scripts before it have told, and is told what this one does.
pub fn lint(script: &Script<'_>, options: &Options, state: &mut State) -> Linted {
    let source = script.source;
    let text = &source.text;
    let (places, directives) = match Mssql::batch_places(text) {
        Ok(found) => found,
        Err(error) => return unsplittable(source, &error),
    };
    let (batches, statements) = tsql::read(text, &places);
    let facts = Facts::of(script.document, directives, &statements);

    state.next_script();
    let mut after = state.clone();
    for statement in &statements {
        after.look_up(statement, script.before);
        after.apply(statement, text);
    }

    let mut found = Vec::new();
    let mut added = AddedColumns::default();
    for (place, statement) in statements.iter().enumerate() {
        state.look_up(statement, script.before);
        let scene = Scene {
            options,
            facts: &facts,
            text,
            batches: &batches,
            statements: &statements,
            place,
            statement,
            now: state,
            after: &after,
            added: added.of(statement.batch),
        };
        let mut hits = Vec::new();
        for rule in &RULES {
            (rule.check)(&scene, &mut hits);
            let statement = &statement.range;
            found.extend(hits.drain(..).map(|hit| Found {
                subject: Subject::Rule(rule, hit),
                statement: statement.clone(),
            }));
        }
        found.extend(unread(statement));
        added.note(statement, state);
        state.apply(statement, text);
    }

    let mut linted = Linted {
        statements: statements.len(),
        unread: statements
            .iter()
            .filter(|statement| matches!(statement.kind, Kind::Unread { .. }))
            .count(),
        ..Linted::default()
    };
    let mut allowances = allow::Allowances::read(text, &batches[..places.len()]);
    for found in found {
        let (id, range) = found.place();
        if allowances.accept(id, &range, &found.statement) {
            linted.allowed += 1;
        } else {
            linted.findings.extend(found.diagnostic(options, source));
        }
    }
    linted.findings.extend(allowances.findings(source));
    linted
        .findings
        .sort_by_key(|finding| finding.span.as_ref().map(|span| span.range.start));
    cut(&mut linted, source);
    linted
}

/// What was found at a statement, before allowances and settings.
struct Found<'a> {
    subject: Subject<'a>,
    statement: Range<usize>,
}

enum Subject<'a> {
    Rule(&'a Rule, Hit),
    Unread(Range<usize>, &'static str),
}

impl Found<'_> {
    fn place(&self) -> (&'static str, Range<usize>) {
        match &self.subject {
            Subject::Rule(rule, hit) => (rule.id, hit.range.clone()),
            Subject::Unread(range, _) => (NOT_ANALYSED_ID, range.clone()),
        }
    }

    fn diagnostic(self, options: &Options, source: &Arc<Source>) -> Option<Diagnostic> {
        let (code, own, message, range, help, path) = match self.subject {
            Subject::Rule(rule, hit) => (
                rule.code,
                (rule.id, rule.severity, hit.most),
                hit.message,
                hit.range,
                format!("{} (`dbtool lint --explain {}`)", rule.help, rule.id),
                hit.path,
            ),
            Subject::Unread(range, expected) => (
                NOT_ANALYSED,
                (NOT_ANALYSED_ID, Severity::Warning, Severity::Error),
                format!("not analysed: {expected} was expected here, so no rule has judged this statement"),
                range,
                "read it with the rules in mind, and say so above it: `-- dbtool:allow not-analysed REASON`"
                    .to_owned(),
                None,
            ),
        };
        let (id, own, most) = own;
        let severity = options.level(id, own)?.min(most);
        let mut finding = Diagnostic::warning(Phase::Migration, code, message)
            .spanned(Span::new(source, range))
            .help(help);
        finding.severity = severity;
        finding.path = path;
        Some(finding)
    }
}

fn unread(statement: &Statement) -> Option<Found<'static>> {
    let Kind::Unread { at, expected } = &statement.kind else {
        return None;
    };
    Some(Found {
        subject: Subject::Unread(at.clone(), expected),
        statement: statement.range.clone(),
    })
}

fn unsplittable(source: &Arc<Source>, error: &crate::dialect::SplitError) -> Linted {
    let finding = Diagnostic::error(
        Phase::Migration,
        "migration/malformed",
        format!("{} cannot be split into batches: {error}", source.name),
    )
    .spanned(Span::new(source, error.offset..error.offset + 1))
    .help("mend the file: no statement of it was judged, and none could be run");
    Linted {
        findings: vec![finding],
        ..Linted::default()
    }
}

/// Of each rule so many findings in a file and no more: a file that is not T-SQL at all is not worth
/// a finding for each of its words, and nobody reads the thousandth of a kind.
fn cut(linted: &mut Linted, source: &Arc<Source>) {
    let mut counts: BTreeMap<&'static str, (usize, Severity)> = BTreeMap::new();
    linted.findings.retain(|finding| {
        let (count, _) = counts.entry(finding.code).or_insert((0, finding.severity));
        *count += 1;
        *count <= MOST_OF_A_RULE
    });
    for (code, (count, severity)) in counts {
        let Some(more) = count.checked_sub(MOST_OF_A_RULE).filter(|more| *more > 0) else {
            continue;
        };
        let (what, help) = if code == NOT_ANALYSED {
            ("not analysed", "is this a script of T-SQL?")
        } else {
            (
                "the same was found",
                "mend those that are shown, and look again",
            )
        };
        let message = format!("{what}: {more} more statements of {}", source.name);
        let mut rest = Diagnostic::warning(Phase::Migration, code, message)
            .spanned(Span::new(source, 0..0))
            .help(help);
        rest.severity = severity;
        linted.findings.push(rest);
    }
}

/// The columns that batches have added to tables that were there before them.
#[derive(Default)]
struct AddedColumns(BTreeMap<usize, Added>);

/// The columns that one batch has added.
#[derive(Default)]
struct Added {
    /// By name in lower case: the tables' names in lower case.
    columns: BTreeMap<String, BTreeSet<String>>,
    /// Tables that the batch itself makes: their names are resolved when they are there.
    made: BTreeSet<String>,
}

impl AddedColumns {
    fn of(&self, batch: usize) -> &BTreeMap<String, BTreeSet<String>> {
        static NONE: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        self.0.get(&batch).map_or(&NONE, |added| &added.columns)
    }

    fn note(&mut self, statement: &Statement, now: &State) {
        let added = self.0.entry(statement.batch).or_default();
        match &statement.kind {
            Kind::CreateTable(create) => {
                added.made.insert(create.table.last().to_lowercase());
            }
            Kind::Query {
                makes: Some(table), ..
            } => {
                added.made.insert(table.last().to_lowercase());
            }
            Kind::AlterTable(AlterTable {
                table,
                action: Action::Add { columns, .. },
            }) if !added.made.contains(&table.last().to_lowercase()) => {
                // One that is there already is added under a condition that does not hold.
                let is_there = |name: &str| {
                    let table = now.table(table);
                    table.is_some_and(|table| table.column(name).is_some())
                };
                for column in columns.iter().filter(|it| !is_there(&it.name.name)) {
                    let tables = added.columns.entry(column.name.folded()).or_default();
                    tables.insert(table.last().to_lowercase());
                }
            }
            _ => {}
        }
    }
}

/// The path of a table, or of something in it.
pub(crate) fn path(table: &str, member: Option<&str>) -> ObjectPath {
    let table = Ident::new(table);
    match member {
        Some(member) => ObjectPath::member(&table, &Ident::new(member)),
        None => ObjectPath::table(&table),
    }
}

//! Whether the live catalog is what it should be.
//!
//! Three questions are answered apart. Is the folder what history says was applied? That is
//! `migration::verify`. Is the live catalog what was recorded after the last apply? Is the recorded
//! catalog what the model says? Those are answered here, by one comparison of schemas in engine
//! form: each finding says which of the two it answers.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Phase, Severity, Span};
use crate::dialect::{Described, Dialect, Evidence, Unsupported};
use crate::diff::{Change, Renames, diff, fold, unnamed};
use crate::model::expression::{self, Comparison};
use crate::model::{
    Column, DefaultValue, Expression, Ident, ObjectPath, Part, Schema, Table, Type,
};
use crate::plan::{self, Step};

mod finding;
mod gate;
pub mod ignore;
mod live;
mod renamed;
pub mod saved;

pub use gate::{Accepted, Gate, gate};
pub use live::live;

/// What a comparison needs. Schemas are in the engine form of `dialect`.
pub struct Judgement<'a> {
    /// The engine's language.
    pub dialect: &'a dyn Dialect,
    /// What should be there.
    pub expected: &'a Schema,
    /// What is there.
    pub live: &'a Described,
    /// What was there after the last apply.
    pub recorded: Option<&'a Described>,
    /// Where an object is declared.
    pub place: &'a dyn Fn(&ObjectPath) -> Option<Span>,
}

/// When the live catalog came to be different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// After the last apply, by other hands than dbtool's.
    LastApply,
    /// It was so already when the last apply ended.
    Always,
    /// Nobody can tell, since no catalog was recorded.
    Unknown,
}

impl Judgement<'_> {
    /// Everything that differs, in order of table and object. Errors are drift; notes are what the
    /// model cannot express or judge and what is yet the same, byte for byte, as after the last
    /// apply.
    pub fn findings(&self) -> Vec<Diagnostic> {
        if let Evidence::RowsOnly(why) = &self.live.evidence {
            return self.by_rows(why);
        }
        // What another product recorded says nothing of this one.
        let is_rows = |then: &&Described| matches!(then.evidence, Evidence::RowsOnly(_));
        if self.recorded.as_ref().is_some_and(is_rows) {
            let alone = Judgement {
                recorded: None,
                ..*self
            };
            return alone.findings();
        }
        if let Some((live, recorded)) = self.with_names() {
            let named = Judgement {
                live: &live,
                recorded: Some(&recorded),
                ..*self
            };
            return named.findings();
        }
        let usual = self.live.collation.as_deref();
        if let Some(expected) = without_usual_collation(self.expected, usual) {
            let same = Judgement {
                expected: &expected,
                ..*self
            };
            return same.findings();
        }
        let renames = renamed::detect(&self.live.schema, self.expected);
        let changes = diff(&self.live.schema, self.expected, &renames);
        let before: BTreeSet<String> = self
            .recorded
            // Only differences have a before.
            .filter(|_| !changes.is_empty())
            .map(|recorded| {
                let renames = renamed::detect(&recorded.schema, self.expected);
                diff(&recorded.schema, self.expected, &renames)
                    .iter()
                    .map(|change| format!("{change:?}"))
                    .collect()
            })
            .unwrap_or_default();
        let mut findings = Vec::new();
        for change in &changes {
            if self.is_same_unknown(change) {
                findings.push(finding::unknown(change, (self.place)(&change.path())));
                continue;
            }
            let since = match self.recorded {
                None => Since::Unknown,
                Some(_) if before.contains(&format!("{change:?}")) => Since::Always,
                Some(_) => Since::LastApply,
            };
            findings.push(finding::changed(
                self,
                change,
                since,
                self.remedy(change, &changes, &renames),
            ));
        }
        findings.extend(self.unsupported(&changes));
        if let Evidence::Partial(why) = &self.live.evidence {
            findings.push(finding::hidden(why));
        }
        findings.sort_by(|a, b| (&a.path, a.code).cmp(&(&b.path, b.code)));
        findings
    }

    /// What is there and was recorded, with the declared names for constraints that had none when
    /// the catalog was recorded and have none now: a database that another tool made and that was
    /// adopted as it is. `None` when there are none.
    fn with_names(&self) -> Option<(Described, Described)> {
        let recorded = self.recorded?;
        let then = |table: &Table, name: &Ident| {
            let table = recorded.schema.table(&table.name);
            table.is_some_and(|table| unnamed::has_name(table, name))
        };
        let live = unnamed::named_like(&self.live.schema, self.expected, &then)?;
        let before = unnamed::named_like(&recorded.schema, self.expected, &|_, _| true)?;
        let with = |described: &Described, schema| Described {
            schema,
            ..described.clone()
        };
        Some((with(self.live, live), with(recorded, before)))
    }

    /// What differs from the rows after the last apply, for a catalog that says nothing more.
    fn by_rows(&self, why: &str) -> Vec<Diagnostic> {
        if self.recorded.is_none() {
            return vec![finding::nothing_recorded(why)];
        }
        let mut findings = self.unsupported(&[]);
        // That an object is what it was is what is proven here, and not worth a line for each.
        findings.retain(|finding| finding.severity == Severity::Error);
        findings.push(finding::rows_only(why));
        findings.sort_by(|a, b| (&a.path, a.code).cmp(&(&b.path, b.code)));
        findings
    }

    /// Whether a change is only a text that cannot be analysed and that is what it was, byte for
    /// byte, after the last apply.
    fn is_same_unknown(&self, change: &Change) -> bool {
        let Some(recorded) = self.recorded else {
            return false;
        };
        let Some(table) = recorded.schema.table(change.table()) else {
            return false;
        };
        match change {
            Change::AlterPart { from, to, .. } => {
                unknown_part(from, to) && table.part(from.name()) == Some(from)
            }
            Change::AlterColumn { from, to, .. } => {
                unknown_column(from, to) && table.column(&from.name) == Some(from)
            }
            _ => false,
        }
    }

    /// The statements that would put this change right.
    ///
    /// A table that has to be made anew for it is made with everything that it lacks, since each
    /// such statement replaces the whole table: one for this change alone would undo the others.
    /// What the table has beyond what is declared stays, unless it is this very change: it may be
    /// accepted by somebody, and it may hold values.
    fn remedy(&self, change: &Change, all: &[Change], renames: &Renames) -> Option<String> {
        let table = change.table();
        let old_name = match change {
            Change::RenameTable { from, .. } => from,
            other => renames.tables.get(other.table()).unwrap_or(other.table()),
        };
        let before: Schema = Schema::new(self.live.schema.table(old_name).into_iter().cloned());
        let alone = self.steps(&before, std::slice::from_ref(change))?;
        let remakes = alone.iter().any(|step| matches!(step, Step::Rebuild(_)));
        let steps = if remakes {
            let with = all
                .iter()
                .filter(|other| other.table() == table && (*other == change || !takes_away(other)));
            self.steps(&before, &with.cloned().collect::<Vec<_>>())?
        } else {
            alone
        };
        let statements = self.dialect.by_hand(&self.dialect.render(&steps));
        (!statements.is_empty()).then_some(statements)
    }

    /// Whether an object hangs on something that is a finding already, whose remedy takes it along:
    /// on a table that should not be there, on the guards of an append-only table, or on what counts
    /// a row's version.
    fn is_remains(entry: &Unsupported, changes: &[Change]) -> bool {
        let is_gone = |change: &Change| matches!(change, Change::DropTable(table) if table.name == entry.path.table);
        if changes.iter().any(is_gone) {
            return true;
        }
        let Some(name) = entry
            .path
            .member
            .as_ref()
            .filter(|_| entry.kind == "trigger")
        else {
            return false;
        };
        changes
            .iter()
            .filter(|change| *change.table() == entry.path.table)
            .any(|change| match change {
                Change::AlterTable { from, to, .. } => [&from.append_only, &to.append_only]
                    .into_iter()
                    .flatten()
                    .any(|guard| name.as_str().starts_with(guard.as_str())),
                Change::AlterColumn { to, .. } => to.type_check == *name,
                _ => false,
            })
    }

    /// The steps that make these changes to the tables of `before`. `None` when they do not apply.
    fn steps(&self, before: &Schema, changes: &[Change]) -> Option<Vec<Step>> {
        let mut after = before.clone();
        let changes = plan::order(changes.to_vec());
        fold::apply_all(&mut after, &changes).ok()?;
        let renames = Renames::among(&changes);
        let capabilities = self.dialect.capabilities();
        Some(plan::steps(before, &after, &renames, capabilities))
    }

    /// The statements that make the table anew around something that the model cannot express,
    /// with everything that it lacks.
    fn remake(&self, entry: &Unsupported, all: &[Change]) -> Option<String> {
        let table = &entry.path.table;
        let before = self.live.schema.table(table)?;
        let mut after = Schema::new([before.clone()]);
        self.expected.table(table)?;
        let lacking = all
            .iter()
            .filter(|change| change.table() == table && !takes_away(change));
        for change in plan::order(lacking.cloned().collect()) {
            fold::apply(&mut after, &change).ok()?;
        }
        let after = after.table(table)?;
        let step = plan::remake(before, after, &entry.reason, self.dialect.capabilities())?;
        Some(self.dialect.by_hand(&self.dialect.render(&[step])))
    }

    /// What the model cannot express: fine only while it is what it was after the last apply.
    fn unsupported(&self, changes: &[Change]) -> Vec<Diagnostic> {
        type Key<'a> = (&'a str, &'a ObjectPath, &'a str);
        fn keys(list: &[Unsupported]) -> BTreeMap<Key<'_>, &Unsupported> {
            list.iter()
                .map(|entry| {
                    (
                        (entry.kind.as_str(), &entry.path, entry.reason.as_str()),
                        entry,
                    )
                })
                .collect()
        }
        let live = keys(&self.live.unsupported);
        let recorded = self.recorded.map(|recorded| keys(&recorded.unsupported));
        let recorded = recorded.unwrap_or_default();
        let mut findings = Vec::new();
        for (key, entry) in &live {
            if Self::is_remains(entry, changes) {
                continue;
            }
            let then = recorded.get(key).copied();
            findings.push(match then {
                Some(then) if then.definition == entry.definition => finding::outside(entry),
                Some(then) => {
                    let remedy = match &entry.removal {
                        Some(removal) => Some(finding::joined(&[removal, &then.definition])),
                        None => self.remake(entry, changes),
                    };
                    finding::outside_changed(then, entry, remedy)
                }
                None => {
                    let remedy = entry
                        .removal
                        .as_ref()
                        .map(|removal| finding::joined(&[removal]))
                        .or_else(|| self.remake(entry, changes));
                    finding::outside_new(entry, self.recorded.is_some(), remedy)
                }
            });
        }
        for (key, entry) in recorded {
            if !live.contains_key(&key) && !Self::is_remains(entry, changes) {
                findings.push(finding::outside_gone(entry));
            }
        }
        findings
    }
}

/// A schema less the collations that are the database's own anyway; `None` when there are none.
pub fn without_usual_collation(schema: &Schema, usual: Option<&str>) -> Option<Schema> {
    let usual = usual?;
    let is_usual = |column: &Column| {
        let declared = column.collation.as_ref().and_then(|by| by.mssql.as_deref());
        // An identifier has a collation of its own, which the database's would replace.
        !matches!(column.ty, Type::Key(_))
            && declared.is_some_and(|declared| declared.eq_ignore_ascii_case(usual))
    };
    let mut columns = schema.tables.values().flat_map(|table| &table.columns);
    columns.find(|column| is_usual(column))?;
    let mut less = schema.clone();
    for table in less.tables.values_mut() {
        for column in table.columns.iter_mut().filter(|column| is_usual(column)) {
            column.collation = None;
        }
    }
    Some(less)
}

/// Whether a change only takes away something that is there beyond what is declared.
fn takes_away(change: &Change) -> bool {
    matches!(
        change,
        Change::DropTable(_) | Change::DropColumn { .. } | Change::DropPart { .. }
    )
}

/// Whether two columns differ in nothing but text that cannot be analysed.
fn unknown_column(from: &Column, to: &Column) -> bool {
    let computed = match (&from.computed, &to.computed) {
        (Some(a), Some(b)) if a.persisted == b.persisted => a.expression.compare(&b.expression),
        (None, None) => Comparison::Same,
        _ => Comparison::Different,
    };
    let default = match (&from.default, &to.default) {
        (a, b) if a == b => Comparison::Same,
        (Some(a), Some(b)) if a.name == b.name && !(is_analysed(a) && is_analysed(b)) => {
            Comparison::Unknown
        }
        _ => Comparison::Different,
    };
    let rest = |column: &Column| Column {
        computed: None,
        default: None,
        ..column.clone()
    };
    computed != Comparison::Different
        && default != Comparison::Different
        && (computed, default) != (Comparison::Same, Comparison::Same)
        && rest(from) == rest(to)
}

/// Whether the text of a default in engine form can be compared with another's.
fn is_analysed(default: &crate::model::Default) -> bool {
    match &default.value {
        DefaultValue::Sql(text) => expression::parse(text).is_ok(),
        _ => true,
    }
}

fn unknown_part(from: &Part, to: &Part) -> bool {
    let unknown = |a: &Expression, b: &Expression| a.compare(b) == Comparison::Unknown;
    match (from, to) {
        (Part::Check(a), Part::Check(b)) => unknown(&a.expression, &b.expression),
        (Part::Index(a), Part::Index(b)) => match (&a.filter, &b.filter) {
            (Some(x), Some(y)) => {
                unknown(x, y) && {
                    let mut same = b.clone();
                    same.filter.clone_from(&a.filter);
                    crate::diff::same_part(&Part::Index(a.clone()), &Part::Index(same))
                }
            }
            _ => false,
        },
        _ => false,
    }
}

/// The finding that nothing was ever applied.
pub fn no_history(database: &str) -> Diagnostic {
    Diagnostic::error(
        Phase::Drift,
        "drift/no-history",
        format!("{database} has no migration applied, so there is nothing to compare it with"),
    )
    .help("run `dbtool migrate` first; if that was done, check that this is the right database")
}

/// The finding that a migration is waiting.
pub fn pending(id: &crate::migration::Id) -> Diagnostic {
    Diagnostic::error(
        Phase::Drift,
        "drift/pending",
        format!("{id} is not applied: the database is behind the folder"),
    )
    .help("run `dbtool migrate`, or pass --allow-pending to judge the database by where it is")
}

/// The finding that something appeared since a catalog was recorded, while a run was under way.
pub fn unrecorded(entry: &Unsupported) -> Diagnostic {
    Diagnostic::error(
        Phase::Drift,
        "drift/unrecorded",
        format!(
            "{} {} appeared since the last catalog was recorded: the run that has not ended may \
             have made it, or other hands",
            entry.kind, entry.path
        ),
    )
    .at(entry.path.clone())
    .help("wait for the run that is at it, or run `dbtool migrate`: it goes on and records")
}

/// The note that what was applied last has no recorded catalog yet.
pub fn not_recorded() -> Diagnostic {
    Diagnostic::note(
        Phase::Drift,
        "drift/not-recorded",
        "the catalog was not recorded yet after what was applied last, as is so after a script that \
         ran by hand and within a run that has not ended: the model alone is judged by",
    )
    .help("`dbtool migrate` records it, also when nothing is pending")
}

/// The finding that a migration is half done.
pub fn midway(begun: &crate::history::Row) -> Diagnostic {
    Diagnostic::error(
        Phase::Drift,
        "drift/midway",
        format!(
            "{}_{} began at {} and is not done: it runs batch by batch, and the database is \
             between two versions",
            begun.version, begun.name, begun.started_at
        ),
    )
    .help("wait for the run that is at it, or run `dbtool migrate`: it goes on where that stopped")
}

#[cfg(test)]
mod tests;

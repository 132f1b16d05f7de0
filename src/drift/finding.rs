//! The words of drift.

use crate::diag::{Diagnostic, Phase, Span};
use crate::dialect::Unsupported;
use crate::diff::Change;
use crate::model::{ObjectPath, PartKind};

use super::{Judgement, Since};

/// A difference between the live catalog and what it should be.
pub(super) fn changed(
    comparison: &Judgement<'_>,
    change: &Change,
    since: Since,
    remedy: Option<String>,
) -> Diagnostic {
    let path = change.path();
    let (code, what) = describe(change, &path);
    let when = match since {
        Since::LastApply => " (since the last apply, by other hands than dbtool's)",
        Since::Always => " (already so when the last apply ended)",
        Since::Unknown => "",
    };
    let live = live_path(change);
    let expected = comparison
        .dialect
        .definition(comparison.expected, &path)
        .unwrap_or_default();
    let found = comparison
        .dialect
        .definition(&comparison.live.schema, &live)
        .unwrap_or_default();
    let mut finding = Diagnostic::error(Phase::Drift, code, format!("{what}{when}"))
        .at(path.clone())
        .spanned((comparison.place)(&path))
        .help(help(change));
    if expected != found {
        finding = finding.difference(expected, found);
    }
    match remedy {
        Some(remedy) => finding.remedy(remedy),
        None => finding,
    }
}

/// Statements one after another, each ended.
pub(super) fn joined(statements: &[&str]) -> String {
    let ended = statements.iter().map(|statement| {
        if statement.ends_with(';') {
            (*statement).to_owned()
        } else {
            format!("{statement};")
        }
    });
    ended.collect::<Vec<_>>().join("\n")
}

/// The path under which the live schema has the object.
fn live_path(change: &Change) -> ObjectPath {
    match change {
        Change::RenameTable { from, .. } => ObjectPath::table(from),
        Change::RenameColumn { table, from, .. } => ObjectPath::member(table, from),
        Change::RenamePart { table, from, .. } => ObjectPath::member(table, from.name()),
        other => other.path(),
    }
}

fn describe(change: &Change, path: &ObjectPath) -> (&'static str, String) {
    match change {
        Change::CreateTable(_) => ("drift/missing-table", format!("table {path} is missing")),
        Change::DropTable(_) => (
            "drift/extra-table",
            format!("table {path} is not declared, yet it exists"),
        ),
        Change::RenameTable { from, .. } => (
            "drift/renamed-table",
            format!("table {path} was renamed to {from}"),
        ),
        Change::AlterTable { from, to, .. } => {
            let what = match (&from.append_only, &to.append_only) {
                (None, Some(_)) => format!(
                    "table {path} is no longer append-only: its triggers are missing or changed"
                ),
                (Some(_), None) => {
                    format!("table {path} is append-only, which is not declared")
                }
                (Some(_), Some(_)) if from.append_only != to.append_only => {
                    format!("the append-only triggers of table {path} have other names")
                }
                _ => format!("the description of table {path} is another"),
            };
            ("drift/changed-table", what)
        }
        Change::AddColumn { .. } => ("drift/missing-column", format!("column {path} is missing")),
        Change::DropColumn { .. } => (
            "drift/extra-column",
            format!("column {path} is not declared, yet it exists"),
        ),
        Change::RenameColumn { from, .. } => (
            "drift/renamed-column",
            format!("column {path} was renamed to {from}"),
        ),
        Change::AlterColumn { from, to, .. } => (
            "drift/changed-column",
            format!("column {path} is another: {}", properties(from, to)),
        ),
        Change::AddPart { part, .. } => {
            let code = match part.kind() {
                PartKind::PrimaryKey => "drift/missing-primary-key",
                PartKind::Unique => "drift/missing-unique",
                PartKind::Check => "drift/missing-check",
                PartKind::ForeignKey => "drift/missing-foreign-key",
                PartKind::Index => "drift/missing-index",
            };
            (code, format!("{} {path} is missing", part.kind().noun()))
        }
        Change::DropPart { part, .. } => {
            let code = match part.kind() {
                PartKind::PrimaryKey => "drift/extra-primary-key",
                PartKind::Unique => "drift/extra-unique",
                PartKind::Check => "drift/extra-check",
                PartKind::ForeignKey => "drift/extra-foreign-key",
                PartKind::Index => "drift/extra-index",
            };
            (
                code,
                format!(
                    "{} {path} is not declared, yet it exists",
                    part.kind().noun()
                ),
            )
        }
        Change::AlterPart { to, .. } => {
            let code = match to.kind() {
                PartKind::PrimaryKey => "drift/changed-primary-key",
                PartKind::Unique => "drift/changed-unique",
                PartKind::Check => "drift/changed-check",
                PartKind::ForeignKey => "drift/changed-foreign-key",
                PartKind::Index => "drift/changed-index",
            };
            (
                code,
                format!("{} {path} is another than declared", to.kind().noun()),
            )
        }
        Change::RenamePart { from, to, .. } => {
            let code = match to.kind() {
                PartKind::PrimaryKey => "drift/renamed-primary-key",
                PartKind::Unique => "drift/renamed-unique",
                PartKind::Check => "drift/renamed-check",
                PartKind::ForeignKey => "drift/renamed-foreign-key",
                PartKind::Index => "drift/renamed-index",
            };
            (
                code,
                format!("{} {path} was renamed to {}", to.kind().noun(), from.name()),
            )
        }
    }
}

/// What of a column differs, found first.
fn properties(from: &crate::model::Column, to: &crate::model::Column) -> String {
    let mut what = Vec::new();
    if from.ty != to.ty {
        what.push(format!("its type is {} instead of {}", from.ty, to.ty));
    }
    if from.nullable != to.nullable {
        let word = |nullable| if nullable { "NULL" } else { "NOT NULL" };
        what.push(format!(
            "it is {} instead of {}",
            word(from.nullable),
            word(to.nullable)
        ));
    }
    if from.default != to.default {
        what.push("its default differs".to_owned());
    }
    if from.identity != to.identity {
        what.push("its identity differs".to_owned());
    }
    if from.computed != to.computed {
        what.push("its expression differs".to_owned());
    }
    if from.collation != to.collation {
        what.push("its collation differs".to_owned());
    }
    if from.description != to.description {
        what.push("its description differs".to_owned());
    }
    if from.type_check != to.type_check {
        what.push(if from.type_check.as_str().is_empty() {
            format!("its type check {} is missing", to.type_check)
        } else {
            format!(
                "its type check is named {} instead of {}",
                from.type_check, to.type_check
            )
        });
    }
    what.join(", ")
}

fn help(change: &Change) -> &'static str {
    match change {
        Change::DropTable(_) | Change::DropColumn { .. } | Change::DropPart { .. } => {
            "declare it in the schema if it belongs there; otherwise remove it with the statements \
             below, or have it ignored under `drift.ignore` in dbtool.yaml with owner and reason"
        }
        _ => {
            "put it right with the statements below; if the change was wanted, make it in the \
             schema and run `dbtool generate`"
        }
    }
}

/// Text that nobody can judge but that has not changed.
pub(super) fn unknown(change: &Change, span: Option<Span>) -> Diagnostic {
    let path = change.path();
    Diagnostic::note(
        Phase::Drift,
        "drift/unknown",
        format!("{path} cannot be analysed; its text is what it was after the last apply"),
    )
    .at(path)
    .spanned(span)
}

/// Outside the model, and what it was after the last apply.
pub(super) fn outside(entry: &Unsupported) -> Diagnostic {
    Diagnostic::note(
        Phase::Drift,
        "drift/outside-model",
        format!(
            "{} {}: {}; it is what it was after the last apply",
            entry.kind, entry.path, entry.reason
        ),
    )
    .at(entry.path.clone())
}

/// Outside the model, and not there after the last apply.
pub(super) fn outside_new(
    entry: &Unsupported,
    recorded: bool,
    remedy: Option<String>,
) -> Diagnostic {
    let when = if recorded {
        " (since the last apply, by other hands than dbtool's)"
    } else {
        ""
    };
    let finding = Diagnostic::error(
        Phase::Drift,
        unexpected(entry),
        format!("{} {}: {}{when}", entry.kind, entry.path, entry.reason),
    )
    .at(entry.path.clone())
    .difference("", entry.definition.clone())
    .help(
        "remove it, or create it in a migration (`dbtool generate --empty`) so that it is known; \
         or have it ignored under `drift.ignore` in dbtool.yaml with owner and reason",
    );
    match remedy {
        Some(remedy) => finding.remedy(remedy),
        None => finding,
    }
}

/// Outside the model, and another than after the last apply.
pub(super) fn outside_changed(
    then: &Unsupported,
    now: &Unsupported,
    remedy: Option<String>,
) -> Diagnostic {
    let finding = Diagnostic::error(
        Phase::Drift,
        unexpected(now),
        format!(
            "{} {}: {} (changed since the last apply, by other hands than dbtool's)",
            now.kind, now.path, now.reason
        ),
    )
    .at(now.path.clone())
    .difference(then.definition.clone(), now.definition.clone())
    .help("put it back as it was, or change it in a migration");
    match remedy {
        Some(remedy) => finding.remedy(remedy),
        None => finding,
    }
}

/// Outside the model, there after the last apply, and gone.
pub(super) fn outside_gone(entry: &Unsupported) -> Diagnostic {
    Diagnostic::error(
        Phase::Drift,
        "drift/gone",
        format!(
            "{} {} is gone: it was there after the last apply ({})",
            entry.kind, entry.path, entry.reason
        ),
    )
    .at(entry.path.clone())
    .difference(entry.definition.clone(), "")
    .restored(&entry.definition)
}

impl Diagnostic {
    /// Adds the statement that puts something back, unless all that is known of it is a comment.
    fn restored(self, definition: &str) -> Self {
        let is_statement = definition.lines().any(|line| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with("--")
        });
        if is_statement {
            self.remedy(joined(&[definition]))
                .help("put it back with the statements below, or drop it in a migration")
        } else {
            self.help("put it back as the migrations made it, or drop it in a migration")
        }
    }
}

/// Part of the catalog was kept back: what was not seen is not proven.
pub(super) fn hidden(why: &str) -> Diagnostic {
    Diagnostic::error(
        Phase::Drift,
        "drift/hidden",
        format!("the catalog cannot be judged as a whole: {why}"),
    )
    .help("grant the principal VIEW DEFINITION on the database, and run again")
}

/// The catalog can be judged by what was recorded alone, and nothing was.
pub(super) fn nothing_recorded(why: &str) -> Diagnostic {
    Diagnostic::error(
        Phase::Drift,
        "drift/nothing-recorded",
        format!("drift cannot be judged: no catalog was recorded, and {why}"),
    )
    .help("the next `dbtool migrate` that applies something records the catalog")
}

/// The catalog was judged by what was recorded alone.
pub(super) fn rows_only(why: &str) -> Diagnostic {
    Diagnostic::note(
        Phase::Drift,
        "drift/rows-only",
        format!(
            "the catalog was compared with the one of the last apply, not with the model: {why}"
        ),
    )
}

fn unexpected(entry: &Unsupported) -> &'static str {
    match entry.kind.as_str() {
        "table" => "drift/unexpected-table",
        "column" => "drift/unexpected-column",
        "index" => "drift/unexpected-index",
        "trigger" => "drift/unexpected-trigger",
        "view" => "drift/unexpected-view",
        _ => "drift/unexpected-object",
    }
}

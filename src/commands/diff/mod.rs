//! `diff`: what differs between any two schemas.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::{Diff, DiffTarget};
use crate::compare::{Comparison, Outside, compare};
use crate::diag::{Diagnostic, Difference, Phase, Severity};
use crate::dialect::Dialect;
use crate::diff::Change;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::model::{Ident, ObjectPath, Part, Schema};
use crate::registry;
use crate::report::{self, Report, counted};
use crate::settings::Usage;
use crate::yaml::write;

use super::{Context, Outcome, has_errors};
use side::{Loaded, Named};

mod side;

pub(super) fn run(context: &Context<'_>, arguments: &Diff) -> Result<Outcome> {
    let (from_name, to_name) = (Named::parse(&arguments.from)?, Named::parse(&arguments.to)?);
    let from = side::load(context, &from_name)?;
    let to = side::load(context, &to_name)?;
    let engine = engine(arguments, &from, &to, context)?;
    let dialect = engine.map(|engine| registry::dialect(engine, &context.settings.config));
    let dialect = dialect.as_deref();
    let mut report = Report::new("diff");
    report.environment = to.environment.clone().or_else(|| from.environment.clone());
    report.findings = from.findings.iter().chain(&to.findings).cloned().collect();
    let comparable = |loaded: &Loaded| !has_errors(&loaded.findings) || loaded.engine.is_some();
    if !comparable(&from) || !comparable(&to) {
        report.exit = exit_of(&report.findings);
        return Ok(outcome(report, String::new()));
    }
    let comparison = compare(&from.side, &to.side, &to.renames, dialect);
    report
        .findings
        .extend(comparison.unsaid.iter().map(|entry| {
            Diagnostic::note(
                Phase::Drift,
                "diff/outside-model",
                format!(
                    "{} {}: {}; it is not compared, because the other side cannot say it",
                    entry.kind, entry.path, entry.reason
                ),
            )
            .at(entry.path.clone())
        }));
    if !comparison.is_same() || has_errors(&report.findings) {
        report.exit = Exit::Drift;
    }
    let sql = dialect.map(|dialect| comparison.sql(&to.renames, dialect));
    report.data = json!({
        "from": arguments.from,
        "to": arguments.to,
        "target": engine,
        "changes": changes(&comparison, dialect),
        "outside": comparison.outside.iter().map(outside).collect::<Vec<_>>(),
        "sql": sql.as_deref().filter(|_| arguments.sql),
    });
    let text = match sql {
        Some(sql) if arguments.sql => sql,
        _ => shown(context, arguments, &comparison, dialect),
    };
    Ok(outcome(report, text))
}

fn outcome(report: Report, text: String) -> Outcome {
    Outcome {
        report,
        text,
        findings_are_the_answer: false,
    }
}

/// How it ends when a side cannot be read as a whole.
fn exit_of(findings: &[Diagnostic]) -> Exit {
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    Exit::first(errors.map(|finding| match finding.phase {
        Phase::Migration => Exit::History,
        _ => Exit::Findings,
    }))
}

/// The engine in whose form both are compared; `None` when both are neutral and none is asked for.
fn engine(
    arguments: &Diff,
    from: &Loaded,
    to: &Loaded,
    context: &Context<'_>,
) -> Result<Option<Engine>> {
    let wanted = arguments.target.map(|target| match target {
        DiffTarget::Mssql => Engine::Mssql,
        DiffTarget::Sqlite => Engine::Sqlite,
    });
    let all: BTreeSet<Engine> = [wanted, from.engine, to.engine]
        .into_iter()
        .flatten()
        .collect();
    let mut all = all.into_iter();
    match (all.next(), all.next()) {
        (Some(first), Some(second)) => Err(Usage::new(
            format!(
                "a catalog of {} and one of {} have nothing to compare",
                first.name(),
                second.name()
            ),
            "compare each with the schema, or give the --target of the catalog",
        )
        .into()),
        (None, _) if arguments.sql => match context.settings.config.targets.value.as_slice() {
            [only] => Ok(Some(*only)),
            _ => Err(Usage::new(
                "--sql needs to know for which engine to write",
                "add --target mssql or --target sqlite",
            )
            .into()),
        },
        (one, _) => Ok(one),
    }
}

fn changes(comparison: &Comparison, dialect: Option<&dyn Dialect>) -> Vec<Value> {
    let of = |schema: &Schema, path: &ObjectPath| {
        dialect.and_then(|dialect| dialect.definition(schema, path))
    };
    comparison
        .changes
        .iter()
        .zip(&comparison.hazards)
        .map(|(change, hazard)| {
            json!({
                "change": change.headline(),
                "object": change.path().to_string(),
                "class": hazard.class.word(),
                "code": hazard.code,
                "consequence": hazard.consequence,
                "before": of(&comparison.from, &before(change)),
                "after": of(&comparison.to, &change.path()),
            })
        })
        .collect()
}

/// The path of the object before the change.
fn before(change: &Change) -> ObjectPath {
    match change {
        Change::RenameTable { from, .. } => ObjectPath::table(from),
        Change::RenameColumn { table, from, .. } => ObjectPath::member(table, from),
        Change::AlterPart { table, from, .. } | Change::RenamePart { table, from, .. } => {
            ObjectPath::member(table, from.name())
        }
        other => other.path(),
    }
}

fn outside(outside: &Outside) -> Value {
    let entry = outside.entry();
    let (state, before, after) = match outside {
        Outside::Gone(entry) => ("gone", Some(&entry.definition), None),
        Outside::New(entry) => ("new", None, Some(&entry.definition)),
        Outside::Changed(from, to) => ("changed", Some(&from.definition), Some(&to.definition)),
    };
    json!({
        "object": entry.path.to_string(),
        "kind": entry.kind,
        "reason": entry.reason,
        "state": state,
        "before": before,
        "after": after,
    })
}

/// The differences for people, by table.
fn shown(
    context: &Context<'_>,
    arguments: &Diff,
    comparison: &Comparison,
    dialect: Option<&dyn Dialect>,
) -> String {
    if comparison.is_same() {
        return format!(
            "No difference: {} and {} say the same.\n",
            arguments.from, arguments.to
        );
    }
    let style = context.printer.style();
    let mut text = format!("--- {}\n+++ {}\n", arguments.from, arguments.to);
    let mut tables: Vec<&Ident> = Vec::new();
    for change in &comparison.changes {
        if !tables.contains(&change.table()) {
            tables.push(change.table());
        }
    }
    tables.sort();
    for table in tables {
        text.push_str(&format!(
            "\n{}\n",
            style.bold(&report::text::line(table.as_str()))
        ));
        let mut old_name = table;
        for (change, hazard) in comparison.changes.iter().zip(&comparison.hazards) {
            if change.table() != table {
                continue;
            }
            if let Change::RenameTable { from, .. } = change {
                old_name = from;
            }
            text.push_str(&format!(
                "  {:<12} {}\n",
                hazard.class.word(),
                report::text::line(&change.headline())
            ));
        }
        let difference = Difference {
            expected: definition(&comparison.from, old_name, dialect),
            found: definition(&comparison.to, table, dialect),
        };
        text.push_str(&report::text::indented(
            &report::unified(&difference, style),
            "  ",
        ));
    }
    if !comparison.outside.is_empty() {
        text.push_str(&format!("\n{}\n", style.bold("outside the model")));
    }
    for outside in &comparison.outside {
        let word = match outside {
            Outside::Gone(_) => "gone",
            Outside::New(_) => "new",
            Outside::Changed(..) => "changed",
        };
        let entry = outside.entry();
        text.push_str(&format!(
            "  {word:<12} {} {}: {}\n",
            entry.kind, entry.path, entry.reason
        ));
    }
    let count = comparison.changes.len() + comparison.outside.len();
    text.push_str(&format!("\n{}.\n", counted(count, "difference")));
    text
}

/// A table with all that hangs on it: as the engine makes it, or as its file says it.
fn definition(schema: &Schema, name: &Ident, dialect: Option<&dyn Dialect>) -> String {
    let Some(table) = schema.table(name) else {
        return String::new();
    };
    let Some(dialect) = dialect else {
        return write::table(table, &BTreeSet::new()).text;
    };
    let members = table
        .parts
        .iter()
        .filter(|part| matches!(part, Part::Index(_)));
    let paths = std::iter::once(ObjectPath::table(name))
        .chain(members.map(|part| ObjectPath::member(name, part.name())))
        .chain(
            table
                .append_only
                .iter()
                .map(|guard| ObjectPath::member(name, guard)),
        );
    let definitions: Vec<String> = paths
        .filter_map(|path| dialect.definition(schema, &path))
        .collect();
    definitions.join("\n")
}

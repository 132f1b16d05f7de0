//! `introspect`: a live database as schema files.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::{self, Access};
use crate::diag::{Diagnostic, Phase, Severity};
use crate::dialect::{Described, Evidence};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::introspect::merge::{Existing, Plan, advice, merge};
use crate::introspect::{Introspected, Request, introspect};
use crate::report::{self, Report, counted};
use crate::yaml::json_schema;

use super::{Context, Outcome, has_errors};

pub(super) fn run(context: &Context<'_>, arguments: &cli::Introspect) -> Result<Outcome> {
    let mut connection = context.connect(Access::Read)?;
    let dialect = connection.dialect.as_ref();
    let described = dialect.interpret(&connection.session.catalog()?);
    let mut report = Report::new("introspect");
    report.environment = Some(connection.environment.clone());
    let files = match &arguments.output {
        Some(folder) if folder.exists() => {
            let folder = crate::yaml::files::read_folder(folder, Phase::Schema)?;
            report.findings.extend(folder.findings);
            folder.files
        }
        _ => Vec::new(),
    };
    let existing = Existing::read(&files, dialect);
    report.findings.extend(existing.findings.clone());
    report.findings.extend(unseen(&described));
    if has_errors(&report.findings) {
        report.exit = Exit::Findings;
        return Ok(outcome(report, String::new()));
    }
    let fresh = introspect(&Request {
        dialect,
        described: &described,
        tables: &arguments.tables,
        known: &existing.lowered,
    });
    let plan = match &arguments.output {
        Some(_) => merge(
            &existing,
            &fresh,
            dialect,
            &arguments.tables,
            arguments.force,
        ),
        None => Plan::default(),
    };
    report.findings.extend(fresh.losses.clone());
    report.findings.extend(plan.findings.clone());
    if arguments.strict {
        for finding in &mut report.findings {
            if finding.severity == Severity::Warning {
                finding.severity = Severity::Error;
            }
        }
    }
    let refused = has_errors(&report.findings);
    if refused {
        report.exit = Exit::Findings;
    }
    report
        .findings
        .extend(settings(context, &fresh, dialect.engine()));
    report.data = json!({
        "tables": fresh.files.len(),
        "losses": fresh.losses.len(),
        "unchanged": plan.unchanged,
        "written": [],
    });
    let text = match &arguments.output {
        _ if refused => String::new(),
        None => {
            report.data["files"] = json!(fresh.files);
            fresh
                .files
                .values()
                .cloned()
                .collect::<Vec<_>>()
                .join("---\n")
        }
        Some(folder) => {
            let written = write(folder, &plan)?;
            report.data["written"] = json!(written);
            summary(&written, &plan)
        }
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

/// Part of the catalog that was kept back: a schema of the rest would pass for the whole.
fn unseen(described: &Described) -> Option<Diagnostic> {
    let (code, why, help) = match &described.evidence {
        Evidence::Whole => return None,
        Evidence::Partial(why) => (
            "introspect/hidden",
            why,
            "grant the principal VIEW DEFINITION on the database, and run again",
        ),
        Evidence::RowsOnly(why) => (
            "introspect/rows-only",
            why,
            "introspect a database of the same schema on SQL Server itself",
        ),
    };
    let message = format!("the catalog does not tell the whole schema: {why}");
    Some(Diagnostic::error(Phase::Drift, code, message).help(help))
}

/// What the project's settings would have to be for these files.
fn settings(context: &Context<'_>, fresh: &Introspected, engine: Engine) -> Vec<Diagnostic> {
    let found = advice(&fresh.files, &context.settings.rules());
    let engine = engine.name();
    let rules = [
        (
            "schema/name",
            "names are not camelCase".to_owned(),
            "set `naming: off` in dbtool.yaml".to_owned(),
        ),
        (
            "schema/tenant",
            "tables are not kept apart by tenant".to_owned(),
            "set `tenant: off` in dbtool.yaml, or list the tables under `tenant.exempt`".to_owned(),
        ),
        (
            "schema/native",
            format!("types are written for {engine} alone"),
            format!("set `targets: [{engine}]` in dbtool.yaml, or add the other engine's types"),
        ),
    ];
    rules
        .into_iter()
        .filter(|(code, ..)| found.contains_key(code))
        .map(|(code, what, help)| {
            let count = counted(found[code], "place");
            Diagnostic::note(
                Phase::Schema,
                "introspect/settings",
                format!("{what} ({count}), which the settings of this project do not allow"),
            )
            .help(help)
        })
        .collect()
}

/// Writes the files, each whole or not at all, and the JSON Schema that they name.
fn write(folder: &Path, plan: &Plan) -> Result<Vec<String>> {
    let mut written = Vec::new();
    for file in &plan.files {
        let path = folder.join(&file.name);
        report::write_file(&path, file.text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        written.push(path.display().to_string().replace('\\', "/"));
    }
    let name = Path::new(json_schema::SCHEMA_FILE).file_name();
    let editors = folder.join(name.unwrap_or_default());
    if !written.is_empty() && !editors.exists() {
        let text = json_schema::file(&json_schema::schema());
        report::write_file(&editors, text.as_bytes())
            .with_context(|| format!("cannot write {}", editors.display()))?;
    }
    Ok(written)
}

fn summary(written: &[String], plan: &Plan) -> String {
    let mut text = String::new();
    for (path, file) in written.iter().zip(&plan.files) {
        let verb = if file.is_new { "Wrote" } else { "Changed" };
        text.push_str(&format!("{verb} {path}\n"));
    }
    if plan.unchanged > 0 {
        let unchanged = counted(plan.unchanged, "file");
        text.push_str(&format!("{unchanged} said it already.\n"));
    }
    if written.is_empty() && plan.unchanged == 0 {
        text.push_str("There are no tables to write.\n");
    }
    text
}

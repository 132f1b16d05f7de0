//! `check`: everything that can be said without a database.

use anyhow::Result;
use serde_json::json;

use crate::diag::Diagnostic;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::generate::{Request, draft};
use crate::migration::{CHANGES_FILE, Version, verify};
use crate::report::{Report, counted};

use super::{Context, Outcome, has_errors, lint, pending_changes};

pub(super) fn run(context: &Context<'_>) -> Result<Outcome> {
    let mut declared = context.declared()?;
    let targets = &context.settings.config.targets.value;
    let folder = context.folder(targets)?;
    let files: Vec<&str> = std::iter::once(CHANGES_FILE)
        .chain(targets.iter().map(|engine: &Engine| engine.file_name()))
        .collect();
    let mut declared_sql = Vec::new();
    let mut conflicts = verify::against_sum(&folder, &files);
    let mut rules = Vec::new();
    if targets.contains(&Engine::Mssql) {
        let config = &context.settings.config;
        let after = lint::after(config);
        let wanted = |version: &Version| after.is_none_or(|after| version.as_str() > after);
        let mut scripts = Vec::new();
        // Migrations that do not fold are a conflict, which is found below.
        let _ = lint::migrations(&folder, &lint::options(config), &wanted, &mut scripts);
        let found = scripts
            .into_iter()
            .flat_map(|script| script.linted.findings);
        declared_sql.extend(found);
        rules = lint::described();
    }
    let mut changes = Vec::new();
    match folder.fold(None) {
        Err(finding) => conflicts.push(*finding),
        Ok(folded) if !declared.has_errors() => {
            let dialects = context.dialects();
            let dialects: Vec<_> = dialects.iter().map(AsRef::as_ref).collect();
            let draft = draft(&Request {
                folded: &folded,
                declared: &declared.schema,
                renames: &declared.renames,
                dialects: &dialects,
                contract: None,
                place: &|path| declared.place(path),
            });
            let pending = pending_changes(&draft.changes, &declared);
            changes = draft
                .changes
                .iter()
                .map(crate::diff::Change::headline)
                .collect();
            let refused = has_errors(&draft.findings);
            let found: Vec<Diagnostic> = if refused {
                draft.findings
            } else {
                draft.findings.into_iter().chain(pending).collect()
            };
            declared.findings.extend(found);
        }
        Ok(_) => {}
    }
    // Behind what the schema has, so that a person reads first what comes first.
    declared.findings.extend(declared_sql);
    let exit = Exit::first(
        [
            (Exit::History, &conflicts),
            (Exit::Findings, &declared.findings),
        ]
        .into_iter()
        .filter(|(_, findings)| has_errors(findings))
        .map(|(exit, _)| exit),
    );
    let tables = declared.schema.tables.len();
    let migrations = folder.migrations.len();
    let mut report = Report::new("check");
    report.exit = exit;
    report.rules = rules;
    report.findings = declared.findings.into_iter().chain(conflicts).collect();
    report.data = json!({
        "tables": tables,
        "migrations": migrations,
        "pendingChanges": changes,
    });
    let text = if exit == Exit::Ok {
        format!(
            "{} and {} are in order, and agree with each other.
",
            counted(tables, "table"),
            counted(migrations, "migration")
        )
    } else {
        String::new()
    };
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: true,
    })
}

//! `drift-check`: the gate between the live database and the schema.

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::{Access, DriftCheck};
use crate::diag::{Diagnostic, Severity};
use crate::drift;
use crate::executor;
use crate::exit::Exit;
use crate::report::{self, Report};

use super::{Context, Outcome, has_errors};

pub(super) fn run(context: &Context<'_>, arguments: &DriftCheck) -> Result<Outcome> {
    let engine = context.settings.target()?.engine();
    let folder = context.folder(&[engine])?;
    let mut connection = context.connect(Access::Read)?;
    let dialect = connection.dialect.as_ref();
    let session = connection.session.as_mut();
    let (history, verdict) = executor::verify_folder(session, dialect, &folder, false)?;
    if let Some(path) = &arguments.save {
        let catalog = drift::saved::to_text(&session.catalog()?);
        report::write_file(path, catalog.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        context
            .printer
            .message(&format!("Saved the catalog to {}", path.display()));
    }
    let mut report = Report::new("drift-check");
    report.environment = Some(connection.environment.clone());
    if !verdict.conflicts.is_empty() {
        report.exit = Exit::History;
        report.findings = verdict.conflicts;
        return Ok(Outcome {
            report,
            text: String::new(),
            findings_are_the_answer: true,
        });
    }
    let mut findings: Vec<Diagnostic> = Vec::new();
    if verdict.applied.is_empty() {
        findings.push(drift::no_history(&connection.environment.database));
    } else {
        let at = verdict.applied.iter().max();
        let folded = match folder.fold(at) {
            Ok(folded) => folded,
            Err(finding) => {
                report.exit = Exit::History;
                report.findings = vec![*finding];
                return Ok(Outcome {
                    report,
                    text: String::new(),
                    findings_are_the_answer: true,
                });
            }
        };
        findings.extend(drift::live(session, dialect, &folded, &history)?);
        findings = drift::ignore::apply(
            &context.settings.config.drift,
            &context.settings.today(),
            &folded,
            findings,
        );
        // The schema files only lend their places, so they are read only when there is something
        // to place; what counts is what was applied.
        if !findings.is_empty() {
            let declared = context.declared()?;
            declared.place_all(&mut findings);
        }
        if !arguments.allow_pending {
            let pending = folder
                .migrations
                .iter()
                .filter(|migration| verdict.pending.contains(&migration.id.version));
            findings.extend(pending.map(|migration| drift::pending(&migration.id)));
        }
    }
    if has_errors(&findings) {
        report.exit = Exit::Drift;
    }
    let differences = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    report.data = json!({
        "version": verdict.applied.iter().max(),
        "pending": verdict.pending,
        "differences": differences,
    });
    let text = if report.exit == Exit::Ok {
        let version = verdict
            .applied
            .iter()
            .max()
            .map(ToString::to_string)
            .unwrap_or_default();
        format!("No drift: the database is what version {version} says.\n")
    } else {
        String::new()
    };
    report.findings = findings;
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: true,
    })
}

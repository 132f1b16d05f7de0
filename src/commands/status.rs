//! `status`: what is applied, pending, edited, missing or out of order.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::json;

use crate::cli::Access;
use crate::executor;
use crate::exit::Exit;
use crate::history::{Row, State};
use crate::migration::{Version, verify};
use crate::report::{self, Report};

use super::{Context, Outcome};

pub(super) fn run(context: &Context<'_>) -> Result<Outcome> {
    let engine = context.settings.target()?.engine();
    let folder = context.folder(&[engine])?;
    let mut connection = context.connect(Access::Read)?;
    let (history, verdict) = executor::verify_folder(
        connection.session.as_mut(),
        connection.dialect.as_ref(),
        &folder,
        false,
    )?;
    let mut last: BTreeMap<&Version, &Row> = BTreeMap::new();
    for row in &history.rows {
        last.insert(&row.version, row);
    }
    let mut lines: BTreeMap<&Version, (&str, &str, Option<&Row>)> = BTreeMap::new();
    for migration in &folder.migrations {
        let version = &migration.id.version;
        let row = last.get(version).copied();
        let word = if verdict.applied.contains(version) {
            "applied"
        } else if verdict.late.contains(version) {
            "out of order"
        } else {
            match row.map(|row| row.state) {
                Some(State::Failed) => "failed",
                Some(State::Started) => "started",
                Some(State::Applied) | None => "pending",
            }
        };
        lines.insert(version, (migration.id.name.as_str(), word, row));
    }
    for (version, row) in &last {
        let word = if verify::accepts_absence(row) {
            "accepted as missing"
        } else {
            "missing"
        };
        lines
            .entry(version)
            .or_insert((row.name.as_str(), word, Some(row)));
    }
    let conflicted = |version: &Version| {
        let named = |finding: &&crate::diag::Diagnostic| {
            matches!(finding.code, "history/edited" | "migration/edited")
                && finding.message.contains(version.as_str())
        };
        verdict.conflicts.iter().any(|finding| named(&finding))
    };
    let mut rows = Vec::new();
    let mut data = Vec::new();
    for (version, (name, word, row)) in &lines {
        let word = if conflicted(version) { "edited" } else { word };
        // What a repair says of it later does not apply it again.
        let applied = row.and_then(|_| {
            let mut rows = history.rows.iter();
            rows.find(|row| row.version == **version && row.state == State::Applied)
        });
        let at = applied.map(|row| row.finished_at.clone());
        let by = applied.map(|row| row.applied_by.clone());
        rows.push(vec![
            version.to_string(),
            (*name).to_owned(),
            word.to_owned(),
            at.clone().unwrap_or_default(),
            by.clone().unwrap_or_default(),
        ]);
        data.push(json!({
            "version": version,
            "name": name,
            "state": word,
            "appliedAt": at,
            "appliedBy": by,
        }));
    }
    let mut report = Report::new("status");
    report.environment = Some(connection.environment.clone());
    report.data = json!({
        "migrations": data,
        "applied": verdict.applied.len(),
        "pending": verdict.pending.len(),
    });
    let mut text = if rows.is_empty() {
        String::new()
    } else {
        report::table(
            &["version", "name", "state", "applied at", "by"],
            &rows,
            context.printer.style(),
        )
    };
    text.push_str(&format!(
        "{} applied, {} pending.\n",
        verdict.applied.len(),
        verdict.pending.len()
    ));
    if !verdict.conflicts.is_empty() {
        report.exit = Exit::History;
    }
    report.findings = verdict.conflicts;
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: true,
    })
}

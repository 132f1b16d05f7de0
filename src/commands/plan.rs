//! `plan`: what `migrate` would run.

use anyhow::Result;
use serde_json::json;

use crate::cli::{Access, Plan};
use crate::executor;
use crate::exit::Exit;
use crate::migration::{Folder, Version};
use crate::plan::assess;
use crate::report::Report;

use super::{Connection, Context, Outcome, version};

pub(super) fn run(context: &Context<'_>, arguments: &Plan) -> Result<Outcome> {
    let engine = context.settings.target()?.engine();
    let folder = context.folder(&[engine])?;
    let to = arguments
        .to
        .as_deref()
        .map(|to| version(to, &folder))
        .transpose()?;
    let mut connection = context.connect(Access::Read)?;
    show("plan", &mut connection, &folder, to.as_ref(), false)
}

/// The pending migrations with their hazards and SQL.
pub(super) fn show(
    command: &'static str,
    connection: &mut Connection,
    folder: &Folder,
    to: Option<&Version>,
    out_of_order: bool,
) -> Result<Outcome> {
    let dialect = connection.dialect.as_ref();
    let (_, verdict) =
        executor::verify_folder(connection.session.as_mut(), dialect, folder, out_of_order)?;
    let mut report = Report::new(command);
    report.environment = Some(connection.environment.clone());
    if !verdict.conflicts.is_empty() {
        report.exit = Exit::History;
        report.findings = verdict.conflicts;
        return Ok(Outcome {
            report,
            text: String::new(),
            findings_are_the_answer: false,
        });
    }
    let mut text = String::new();
    let mut pending = Vec::new();
    let migrations = folder.migrations.iter().filter(|migration| {
        let version = &migration.id.version;
        verdict.pending.contains(version) && to.is_none_or(|to| version <= to)
    });
    for migration in migrations {
        let document = match migration.document() {
            Ok(document) => document,
            Err(finding) => {
                report.exit = Exit::History;
                report.findings.push(*finding);
                continue;
            }
        };
        let file = migration.files.get(dialect.engine().file_name());
        let sql = file.map_or("", |file| file.source.text.as_str());
        let hazards = assess(&document.changes);
        text.push_str(&format!("-- {}\n", migration.id));
        let mut changes = Vec::new();
        for (change, hazard) in document.changes.iter().zip(hazards) {
            text.push_str(&format!(
                "--   {:<12} {}\n",
                hazard.class.word(),
                change.headline()
            ));
            changes.push(json!({
                "change": change.headline(),
                "class": hazard.class.word(),
                "consequence": hazard.consequence,
            }));
        }
        text.push_str(&format!("\n{sql}\n"));
        pending.push(json!({
            "version": migration.id.version,
            "name": migration.id.name,
            "changes": changes,
            "sql": sql,
        }));
    }
    if pending.is_empty() {
        text = "Nothing is pending.\n".to_owned();
    }
    report.data = json!({ "applied": verdict.applied.len(), "pending": pending });
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: false,
    })
}

//! `plan`: what `migrate` would run.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::{Access, Plan};
use crate::executor::{self, Options, by_hand};
use crate::exit::Exit;
use crate::migration::{Folder, Version};
use crate::plan::assess;
use crate::report::{Report, counted};

use super::{Connection, Context, Outcome, findings_of, version};

pub(super) fn run(context: &Context<'_>, arguments: &Plan) -> Result<Outcome> {
    let engine = context.settings.target()?.engine();
    let folder = context.folder(&[engine])?;
    let to = arguments
        .to
        .as_deref()
        .map(|to| version(to, &folder))
        .transpose()?;
    let mut connection = context.connect(Access::Read)?;
    if arguments.script {
        return script(
            context,
            &mut connection,
            &folder,
            to,
            arguments.output.as_deref(),
        );
    }
    show("plan", &mut connection, &folder, to.as_ref(), false)
}

/// The pending migrations as one script for a person.
fn script(
    context: &Context<'_>,
    connection: &mut Connection,
    folder: &Folder,
    to: Option<Version>,
    output: Option<&Path>,
) -> Result<Outcome> {
    let options = Options {
        to,
        ..Options::default()
    };
    let dialect = connection.dialect.as_ref();
    let session = connection.session.as_mut();
    let mut report = Report::new("plan");
    report.environment = Some(connection.environment.clone());
    let written = match by_hand::write(session, dialect, folder, &options, &context.origin()) {
        Ok(written) => written,
        Err(cause) => {
            (report.exit, report.findings) = findings_of(cause)?;
            return Ok(Outcome {
                report,
                text: String::new(),
                findings_are_the_answer: false,
            });
        }
    };
    let script = written.handover.map(|it| dialect.handover(&it));
    let path = output.map(|path| path.display().to_string().replace('\\', "/"));
    let text = match (&script, output, &path) {
        (None, ..) => "Nothing is pending, so there is no script.\n".to_owned(),
        (Some(script), Some(file), Some(path)) => {
            std::fs::write(file, script).with_context(|| format!("cannot write {path}"))?;
            let count = counted(written.applies.len(), "migration");
            format!(
                "Wrote {path}, which applies {count} to {}; `dbtool migrate` records the catalog \
                 afterwards.\n",
                connection.environment.database
            )
        }
        (Some(script), ..) => script.clone(),
    };
    let pending: Vec<_> = written
        .applies
        .iter()
        .map(|id| json!({ "version": id.version, "name": id.name }))
        .collect();
    report.data = json!({
        "applied": written.already,
        "pending": pending,
        "script": script.filter(|_| output.is_none()),
        "output": path,
        "headAfter": written.head,
    });
    report.findings = written.warnings;
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: false,
    })
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

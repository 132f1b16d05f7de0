//! `migrate`: applies what is pending.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::cli::{Access, Migrate};
use crate::diag::Diagnostic;
use crate::engine::Engine;
use crate::executor::{self, Applied, Event, Failure, Options};
use crate::exit::Exit;
use crate::migration::Folder;
use crate::report::{self, Report, counted};

use super::{
    Connection, Context, Outcome, findings_of, findings_only, has_errors, lint, plan, version,
};

pub(super) fn run(context: &Context<'_>, arguments: &Migrate) -> Result<Outcome> {
    let engine = context.settings.target()?.engine();
    let folder = context.folder(&[engine])?;
    let to = arguments
        .to
        .as_deref()
        .map(|to| version(to, &folder))
        .transpose()?;
    if arguments.dry_run {
        let mut connection = context.connect(Access::Read)?;
        return plan::show(
            "migrate",
            &mut connection,
            &folder,
            to.as_ref(),
            arguments.out_of_order,
        );
    }
    let options = Options {
        to,
        lock_timeout: Duration::from_secs(arguments.lock_timeout),
        out_of_order: arguments.out_of_order,
        allow_drift: arguments.allow_drift.clone(),
    };
    let origin = context.origin();
    let mut connection = context.connect(Access::Write)?;
    let (warnings, refused) = judged(context, &mut connection, &folder, &options)?;
    if refused {
        let mut outcome = findings_only("migrate", Exit::Findings, warnings);
        outcome.report.environment = Some(connection.environment.clone());
        outcome.report.rules = lint::described();
        outcome.report.data = json!({ "applied": [] });
        return Ok(outcome);
    }
    let mut progress = None;
    let mut observe = |event: Event<'_>| match event {
        Event::Pending { batches } => {
            progress = Some(context.printer.progress(batches as u64, "applying"));
        }
        Event::Begun { id, .. } => {
            if let Some(progress) = &progress {
                progress.message(&id.to_string());
            }
        }
        Event::Batch => {
            if let Some(progress) = &progress {
                progress.inc(1);
            }
        }
        Event::Applied(applied) => {
            let line = format!("{} applied in {} ms", applied.id, applied.duration_ms);
            context.printer.detail(&line);
        }
    };
    let result = executor::migrate(
        connection.session.as_mut(),
        connection.dialect.as_ref(),
        &folder,
        &options,
        &origin,
        &mut observe,
    );
    if let Some(progress) = progress {
        progress.finish();
    }
    let mut report = Report::new("migrate");
    report.environment = Some(connection.environment.clone());
    report.findings = warnings;
    match result {
        Ok(outcome) => {
            let mut text = table(context, &outcome.applied);
            text.push_str(&match outcome.applied.len() {
                0 => format!(
                    "Nothing to do: {} applied before.\n",
                    was_counted(outcome.already)
                ),
                n => {
                    format!(
                        "Applied {}; {} in all.\n",
                        counted(n, "migration"),
                        outcome.already + n
                    )
                }
            });
            if outcome.later > 0 {
                let later = counted(outcome.later, "later migration");
                text.push_str(&format!("Not asked for by --to: {later}, still pending.\n"));
            }
            if let Some(head) = &outcome.head {
                text.push_str(&format!("History head: {head}\n"));
            }
            report.data = json!({
                "applied": rows(&outcome.applied),
                "alreadyApplied": outcome.already,
                "laterPending": outcome.later,
                "historyHead": outcome.head,
            });
            Ok(Outcome {
                report,
                text,
                findings_are_the_answer: false,
            })
        }
        Err(Failure { applied, cause }) => {
            let text = table(context, &applied);
            report.data = json!({ "applied": rows(&applied) });
            let (exit, findings) = findings_of(cause)?;
            report.exit = exit;
            report.findings.extend(findings);
            Ok(Outcome {
                report,
                text,
                findings_are_the_answer: false,
            })
        }
    }
}

/// What the rules say of the T-SQL that is pending, and whether it stops the run. Only a database
/// that T-SQL runs on is concerned.
fn judged(
    context: &Context<'_>,
    connection: &mut Connection,
    folder: &Folder,
    options: &Options,
) -> Result<(Vec<Diagnostic>, bool)> {
    if connection.environment.engine != Engine::Mssql {
        return Ok((Vec::new(), false));
    }
    let (_, verdict) = executor::verify_folder(
        connection.session.as_mut(),
        connection.dialect.as_ref(),
        folder,
        options.out_of_order,
    )?;
    let findings = lint::pending(
        folder,
        &lint::options(&context.settings.config),
        &verdict.pending,
        options.to.as_ref(),
    );
    let refused = has_errors(&findings);
    Ok((findings, refused))
}

fn was_counted(n: usize) -> String {
    match n {
        0 => "no migration is asked for, and none was".to_owned(),
        1 => "1 migration was".to_owned(),
        n => format!("{n} migrations were"),
    }
}

fn rows(applied: &[Applied]) -> Vec<serde_json::Value> {
    let row = |applied: &Applied| {
        json!({
            "version": applied.id.version,
            "name": applied.id.name,
            "batches": applied.batches,
            "durationMs": applied.duration_ms,
        })
    };
    applied.iter().map(row).collect()
}

fn table(context: &Context<'_>, applied: &[Applied]) -> String {
    if applied.is_empty() {
        return String::new();
    }
    let rows = applied.iter().map(|applied| {
        vec![
            applied.id.version.to_string(),
            applied.id.name.clone(),
            applied.batches.to_string(),
            format!("{} ms", applied.duration_ms),
        ]
    });
    report::table(
        &["version", "name", "batches", "duration"],
        &rows.collect::<Vec<_>>(),
        context.printer.style(),
    )
}

//! `baseline`: adopts an existing database at a version.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::cli::{Access, Baseline};
use crate::executor::{self, Adoption, Origin};
use crate::report::{Report, counted};
use crate::settings::Database;

use super::{Context, Outcome, findings_of, version};

pub(super) fn run(context: &Context<'_>, arguments: &Baseline) -> Result<Outcome> {
    let target = context.settings.target()?;
    let folder = context.folder(&[target.engine()])?;
    let adoption = Adoption {
        version: version(&arguments.version, &folder)?,
        accept_drift: arguments.accept_drift.clone(),
        lock_timeout: Duration::from_secs(arguments.lock_timeout),
        dry_run: arguments.dry_run,
    };
    let origin = Origin {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        source_revision: context.settings.source_revision(),
    };
    // A database that is not there must not be made: there would be nothing to adopt.
    let is_missing = matches!(&target.database, Database::SqliteFile(path) if !path.exists());
    let access = match arguments.dry_run || is_missing {
        true => Access::Read,
        false => Access::Write,
    };
    let mut connection = context.connect(access)?;
    let result = executor::baseline(
        connection.session.as_mut(),
        connection.dialect.as_ref(),
        &folder,
        &adoption,
        &origin,
    );
    let mut report = Report::new("baseline");
    report.environment = Some(connection.environment.clone());
    let mut text = String::new();
    match result {
        Err(cause) => (report.exit, report.findings) = findings_of(cause)?,
        Ok(adopted) => {
            let migrations = counted(adopted.recorded.len(), "migration");
            let version = &adoption.version;
            text.push_str(&match adoption.dry_run {
                true => format!("Would record {migrations} as applied, up to {version}.\n"),
                false => format!("Recorded {migrations} as applied, up to {version}.\n"),
            });
            if let Some(name) = &adopted.prisma {
                text.push_str(&format!("Prisma's last migration: {name}\n"));
            }
            if let Some(head) = &adopted.head {
                text.push_str(&format!("History head: {head}\n"));
            }
            let rows: Vec<_> = adopted
                .recorded
                .iter()
                .map(|id| json!({ "version": id.version, "name": id.name }))
                .collect();
            report.data = json!({
                "version": version,
                "recorded": rows,
                "dryRun": adoption.dry_run,
                "prismaMigration": adopted.prisma,
                "historyHead": adopted.head,
            });
            report.findings = adopted.findings;
        }
    }
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: false,
    })
}

//! `history`: the record, and whether it holds.

use anyhow::Result;
use serde_json::json;

use crate::cli::{self, Access};
use crate::diag::{Diagnostic, Phase};
use crate::exit::Exit;
use crate::history::{ChainFinding, History, verify_chain};
use crate::migration::Checksum;
use crate::report::{self, Report};
use crate::settings::Usage;

use super::{Context, Outcome};

pub(super) fn run(context: &Context<'_>, arguments: &cli::History) -> Result<Outcome> {
    let head = match &arguments.head {
        None => None,
        Some(text) => Some(Checksum::parse(text).ok_or_else(|| {
            Usage::new(
                format!("{text:?} is no history head"),
                "a head is the 64 digits that migrate printed",
            )
        })?),
    };
    let mut connection = context.connect(Access::Read)?;
    let history = History::load(
        connection.session.as_mut(),
        connection.dialect.as_ref(),
        arguments.verify,
    )?;
    let mut report = Report::new("history");
    report.environment = Some(connection.environment.clone());
    let rows = history.rows.iter().map(|row| {
        vec![
            row.id.to_string(),
            row.version.to_string(),
            row.name.clone(),
            row.kind.word().to_owned(),
            row.state.word().to_owned(),
            row.finished_at.clone(),
            format!("{} ms", row.duration_ms),
            format!("{}@{}", row.applied_by, row.host_name),
            row.tool_version.clone(),
            row.source_revision
                .as_deref()
                .map(short)
                .unwrap_or_default(),
            row.sql_checksum
                .as_ref()
                .map(|sum| sum.short().to_owned())
                .unwrap_or_default(),
        ]
    });
    let headers = [
        "id",
        "version",
        "name",
        "kind",
        "state",
        "finished at",
        "took",
        "by",
        "dbtool",
        "revision",
        "checksum",
    ];
    let mut text = if history.rows.is_empty() {
        "Nothing was ever applied to this database.\n".to_owned()
    } else {
        report::table(&headers, &rows.collect::<Vec<_>>(), context.printer.style())
    };
    let listed: Vec<_> = history
        .rows
        .iter()
        .map(|row| crate::history::Row {
            sql_text: None,
            ..row.clone()
        })
        .collect();
    report.data = json!({ "rows": listed, "head": history.head() });
    report.findings.extend(clock_set_back(&history.rows));
    if arguments.verify {
        match verify_chain(&history.rows, head.as_ref()) {
            Ok(()) => {
                report.data["chain"] = json!("intact");
                text.push_str(&format!(
                    "The chain of {} rows is intact.\n",
                    history.rows.len()
                ));
            }
            Err(finding) => {
                report.data["chain"] = json!("broken");
                report.exit = Exit::History;
                report.findings.push(describe(&finding));
            }
        }
    }
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: true,
    })
}

/// A row that ends before the one before it: order is told by id, and times then mislead.
fn clock_set_back(rows: &[crate::history::Row]) -> Vec<Diagnostic> {
    rows.windows(2)
        .filter(|pair| pair[1].finished_at < pair[0].finished_at)
        .map(|pair| {
            Diagnostic::warning(
                Phase::Migration,
                "history/clock",
                format!(
                    "row {} ended at {}, before row {} at {}: the server's clock was set back",
                    pair[1].id, pair[1].finished_at, pair[0].id, pair[0].finished_at
                ),
            )
            .help("rows are in order of id all the same; check the server's time service")
        })
        .collect()
}

fn short(revision: &str) -> String {
    revision.chars().take(12).collect()
}

fn describe(finding: &ChainFinding) -> Diagnostic {
    let (code, message, help) = match finding {
        ChainFinding::Gap { expected, found } => (
            "history/gap",
            format!("row {expected} of the history is gone: row {found} follows the one before it"),
            "somebody removed rows; ask who can delete from dbtoolHistory, and restore them from a \
             backup",
        ),
        ChainFinding::Broken { id } => (
            "history/broken-chain",
            format!("row {id} of the history is not what was recorded: it was edited or inserted"),
            "compare the row with a backup, and ask who can write to dbtoolHistory",
        ),
        ChainFinding::Head {
            expected,
            found,
            is_earlier: true,
        } => (
            "history/rows-added",
            format!(
                "rows were added after head {}: the head is now {}",
                expected.short(),
                found.as_ref().map_or("none", Checksum::short)
            ),
            "if those runs are known, take the new head; the rows up to the old one are untouched",
        ),
        ChainFinding::Head {
            expected,
            found,
            is_earlier: false,
        } => (
            "history/other-head",
            format!(
                "no row has head {}: the end of the history was cut off or rewritten, and the \
                 head is now {}",
                expected.short(),
                found.as_ref().map_or("none", Checksum::short)
            ),
            "compare with a backup, and ask who can write to dbtoolHistory",
        ),
    };
    Diagnostic::error(Phase::Migration, code, message).help(help)
}

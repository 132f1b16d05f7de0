//! `history`: the record, and whether it holds.

use anyhow::Result;
use serde_json::json;

use crate::cli::{self, Access};
use crate::diag::{Diagnostic, Phase};
use crate::exit::Exit;
use crate::history::{ChainFinding, History, Kind, Row, State, Tampering, verify_chain};
use crate::migration::Checksum;
use crate::printer::OutputFormat;
use crate::report::{self, Report};
use crate::settings::Usage;
use crate::story::clock::{self, Instant};

use super::{Connection, Context, Outcome, version};

const HEADINGS: [&str; 12] = [
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
    "reason",
];

pub(super) fn run(context: &Context<'_>, arguments: &cli::History) -> Result<Outcome> {
    let head = arguments.head.as_deref().map(parse_head).transpose()?;
    let since = arguments.since.as_deref().map(parse_day).transpose()?;
    let mut connection = context.connect(Access::Read)?;
    if let Some(text) = &arguments.show {
        return show(context, &mut connection, text);
    }
    let history = History::load(
        connection.session.as_mut(),
        connection.dialect.as_ref(),
        arguments.verify,
    )?;
    let mut report = Report::new("history");
    report.environment = Some(connection.environment.clone());
    let rows = chosen(&history.rows, arguments, since.as_deref());
    let mut text = if context.printer.format() == OutputFormat::Csv {
        csv(&rows)
    } else if history.rows.is_empty() {
        "Nothing was ever applied to this database.\n".to_owned()
    } else if rows.is_empty() {
        format!(
            "None of the {} rows of the history is like that.\n",
            history.rows.len()
        )
    } else {
        let now = Instant::parse(&connection.session.now()?);
        let cells: Vec<_> = rows.iter().map(|row| cells(row, now)).collect();
        report::table(&HEADINGS, &cells, context.printer.style())
    };
    let listed: Vec<_> = rows
        .iter()
        .map(|row| Row {
            sql_text: None,
            ..(*row).clone()
        })
        .collect();
    report.data = json!({ "rows": listed, "head": history.head() });
    if arguments.verify {
        match verify_chain(&history.rows, head.as_ref()) {
            Ok(()) => {
                report.data["chain"] = json!("intact");
                if context.printer.is_human() {
                    text.push_str(&format!(
                        "The chain of {} rows is intact.\n",
                        history.rows.len()
                    ));
                }
            }
            Err(finding) => {
                report.data["chain"] = json!("broken");
                report.exit = Exit::History;
                report.findings.push(describe(&finding));
            }
        }
    }
    report.findings.extend(clock_set_back(&history.rows));
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: true,
    })
}

fn parse_head(text: &str) -> Result<Checksum> {
    Checksum::parse(text).ok_or_else(|| {
        Usage::new(
            format!("{text:?} is no history head"),
            "a head is the 64 digits that migrate printed",
        )
        .into()
    })
}

fn parse_day(text: &str) -> Result<String> {
    clock::date(text).ok_or_else(|| {
        Usage::new(
            format!("{text:?} is no day"),
            "write it like 2026-01-31; days are those of UTC",
        )
        .into()
    })
}

/// The rows that the arguments ask for, in order.
fn chosen<'a>(rows: &'a [Row], arguments: &cli::History, since: Option<&str>) -> Vec<&'a Row> {
    let by = arguments.by.as_deref().unwrap_or_default().to_lowercase();
    let mut chosen: Vec<&Row> = rows
        .iter()
        .filter(|row| arguments.kind.is_none_or(|kind| row.kind == kind))
        .filter(|row| arguments.state.is_none_or(|state| row.state == state))
        // Times are ISO 8601, so they sort as text.
        .filter(|row| since.is_none_or(|day| row.finished_at.as_str() >= day))
        .filter(|row| who(row).to_lowercase().contains(&by))
        .collect();
    if let Some(last) = arguments.last {
        chosen.drain(..chosen.len().saturating_sub(last));
    }
    chosen
}

fn who(row: &Row) -> String {
    format!("{}@{}", row.applied_by, row.host_name)
}

/// A row for people.
fn cells(row: &Row, now: Option<Instant>) -> Vec<String> {
    let finished = Instant::parse(&row.finished_at);
    let finished_at = match (finished, now) {
        (Some(then), Some(now)) => format!(
            "{} {} ({})",
            then.date(),
            then.time(0),
            ago(now.seconds_since(then))
        ),
        _ => row.finished_at.clone(),
    };
    vec![
        row.id.to_string(),
        row.version.to_string(),
        row.name.clone(),
        row.kind.word().to_owned(),
        row.state.word().to_owned(),
        finished_at,
        took(row.duration_ms),
        who(row),
        row.tool_version.clone(),
        row.source_revision
            .as_deref()
            .map(short)
            .unwrap_or_default(),
        row.sql_checksum
            .as_ref()
            .map(|sum| sum.short().to_owned())
            .unwrap_or_default(),
        row.reason.clone().unwrap_or_default(),
    ]
}

/// A distance to the past as people say it.
fn ago(seconds: i64) -> String {
    const STEPS: [(i64, &str); 4] = [
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    if seconds < 0 {
        return "in the future".to_owned();
    }
    match STEPS.iter().find(|(length, _)| seconds >= *length) {
        None => "just now".to_owned(),
        Some((length, unit)) => {
            let count = seconds / length;
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {unit}{plural} ago")
        }
    }
}

/// A duration as people read it.
fn took(milliseconds: i64) -> String {
    match milliseconds {
        ..10_000 => format!("{milliseconds} ms"),
        10_000..600_000 => format!("{} s", milliseconds / 1_000),
        _ => format!("{} min", milliseconds / 60_000),
    }
}

/// Every field but the SQL, under the names of the table's columns.
fn csv(rows: &[&Row]) -> String {
    let headings = [
        "id",
        "version",
        "name",
        "kind",
        "state",
        "startedAt",
        "finishedAt",
        "durationMs",
        "batchCount",
        "appliedBy",
        "hostName",
        "toolVersion",
        "sourceRevision",
        "changesChecksum",
        "sqlChecksum",
        "errorText",
        "reason",
        "chainHash",
    ];
    let maybe = |text: &Option<String>| text.clone().unwrap_or_default();
    let sum = |sum: &Option<Checksum>| sum.as_ref().map(ToString::to_string).unwrap_or_default();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.id.to_string(),
                row.version.to_string(),
                row.name.clone(),
                row.kind.word().to_owned(),
                row.state.word().to_owned(),
                row.started_at.clone(),
                row.finished_at.clone(),
                row.duration_ms.to_string(),
                row.batch_count.to_string(),
                row.applied_by.clone(),
                row.host_name.clone(),
                row.tool_version.clone(),
                maybe(&row.source_revision),
                sum(&row.changes_checksum),
                sum(&row.sql_checksum),
                maybe(&row.error_text),
                maybe(&row.reason),
                row.chain_hash.to_string(),
            ]
        })
        .collect();
    report::csv(&headings, &rows)
}

/// The SQL of a version as it was applied last, and its file as it is now.
fn show(context: &Context<'_>, connection: &mut Connection, text: &str) -> Result<Outcome> {
    let dialect = connection.dialect.as_ref();
    let history = History::load(connection.session.as_mut(), dialect, true)?;
    let rows: Vec<&Row> = history
        .rows
        .iter()
        .filter(|row| row.version.as_str() == text)
        .collect();
    // What ran says more than what a repair accepted later.
    let applied = |row: &&&Row| row.state == State::Applied;
    let Some(row) = rows
        .iter()
        .rfind(|row| applied(row) && row.kind != Kind::Repair)
        .or_else(|| rows.iter().rfind(applied))
        .or(rows.last())
    else {
        // A version of the folder that was never applied is not a typing error.
        let folder = context.folder(&[])?;
        let version = version(text, &folder)?;
        return Err(Usage::new(
            format!("version {version} was never applied to this database"),
            "`dbtool plan` shows the SQL that would run",
        )
        .into());
    };
    let engine = dialect.engine();
    let folder = context.folder(&[engine])?;
    let file = folder
        .migrations
        .iter()
        .find(|migration| migration.id.version == row.version)
        .and_then(|migration| migration.files.get(engine.file_name()));
    let sql = row.sql_text.as_deref().unwrap_or_default();
    let mut report = Report::new("history");
    report.environment = Some(connection.environment.clone());
    let state = match file {
        None => "missing",
        Some(file) if Some(&file.checksum) == row.sql_checksum.as_ref() => "same",
        Some(_) => "differs",
    };
    report.findings.extend(match (state, file) {
        ("differs", Some(file)) => Some(
            Diagnostic::warning(
                Phase::Migration,
                "history/file-differs",
                format!("{} is not what was applied as {}", file.source.name, row.version),
            )
            .difference(sql, file.source.text.as_str())
            .help("restore the file from version control; what is to change goes into a new migration"),
        ),
        ("missing", _) => Some(
            Diagnostic::warning(
                Phase::Migration,
                "history/file-missing",
                format!(
                    "{} {} was applied, and the migrations folder no longer has it",
                    row.version, row.name
                ),
            )
            .help("restore its folder from version control"),
        ),
        _ => None,
    });
    report.data = json!({
        "rows": rows.iter().map(|row| Row { sql_text: None, ..(*row).clone() }).collect::<Vec<_>>(),
        "sql": sql,
        "file": state,
    });
    let mut text = sql.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: false,
    })
}

/// A row that ends before the one before it: order is told by id, and times then mislead.
fn clock_set_back(rows: &[Row]) -> Vec<Diagnostic> {
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
        ChainFinding::Extra { found } => (
            "history/broken-chain",
            format!("row {found} of the history was inserted: no run gives a row that number"),
            "ask who can write to dbtoolHistory, and restore the table from a backup",
        ),
        ChainFinding::Broken { id, tampering } => (
            "history/broken-chain",
            format!("row {id} of the history {}", told(*tampering)),
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

/// What was done to a row, as the end of a sentence about it.
fn told(tampering: Tampering) -> &'static str {
    match tampering {
        Tampering::Edited => {
            "was edited: the row after it was chained to what it was, and its content is not that"
        }
        Tampering::HashReplaced => {
            "has another hash than it had: its content is what the row after it was chained to"
        }
        Tampering::Inserted => "was inserted: without it the rows after it hold",
        Tampering::Moved => "stood under another number: rows were exchanged or moved",
        Tampering::LastRow => {
            "is not what any run recorded: it was edited or added by other hands, or rows before it \
             were removed; no row after it tells which"
        }
        Tampering::SeveralRows => {
            "is not what was recorded, and neither is the row after it: several rows were edited"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_told_in_the_largest_unit_that_fits() {
        let told = [-5, 0, 1, 59, 60, 7_199, 86_400, 900_000].map(ago);
        assert_eq!(
            told,
            [
                "in the future",
                "just now",
                "1 second ago",
                "59 seconds ago",
                "1 minute ago",
                "1 hour ago",
                "1 day ago",
                "10 days ago"
            ]
        );
    }
}

//! `repair`: settles by hand, and on record, what no run can settle by itself.

use std::io::{BufRead as _, IsTerminal as _};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::{Access, Repair};
use crate::drift;
use crate::exit::Exit;
use crate::migration::{SUM_FILE, Version, write};
use crate::repair::{self, Action, Assessment, Done, Ground, Mode};
use crate::report::{self, Report, Style};
use crate::settings::Usage;

use super::{Connection, Context, Outcome, findings_of};

pub(super) fn run(context: &Context<'_>, arguments: &Repair) -> Result<Outcome> {
    let folder = context.folder(&[context.settings.target()?.engine()])?;
    let mode = mode(arguments)?;
    let asks = mode.is_some() && !arguments.dry_run && !arguments.yes;
    if asks && !(std::io::stdin().is_terminal() && context.printer.is_human()) {
        return Err(Usage::new(
            "nobody can be asked here whether this is meant",
            "pass --yes and --reason TEXT, or look first with --dry-run",
        )
        .into());
    }
    let mut connection = context.connect(Access::Read)?;
    let origin = context.origin();
    let config = &context.settings.config.drift;
    let today = context.settings.today();
    let known = |schema: &_, findings| drift::ignore::apply(config, &today, schema, findings);
    let mut report = Report::new("repair");
    report.environment = Some(connection.environment.clone());
    let mut ground = Ground {
        session: connection.session.as_mut(),
        dialect: connection.dialect.as_ref(),
        folder: &folder,
        known: &known,
        origin: &origin,
    };
    let Some(mode) = mode else {
        let said = repair::survey(&mut ground)?;
        return Ok(listed(report, said));
    };
    let shown = repair::assess(&mut ground, &mode)?;
    report.data = json!({
        "mode": mode.name(),
        "version": mode.version(),
        "facts": shown.facts,
        "wouldRecord": shown.action.as_ref().map(|action| &action.what),
        "settled": false,
    });
    let facts: String = shown.facts.iter().map(|fact| format!("{fact}\n")).collect();
    if let Some(exit) = shown.refusal {
        report.exit = exit;
        report.findings = shown.findings;
        return Ok(outcome(report, facts));
    }
    let Some(action) = &shown.action else {
        report.findings.clone_from(&shown.findings);
        return Ok(outcome(report, facts));
    };
    if arguments.dry_run {
        report.findings.clone_from(&shown.findings);
        let text = format!("{facts}{}\n", intent(action, &report));
        return Ok(outcome(report, text));
    }
    report.findings.clone_from(&shown.findings);
    // Nobody who writes waits for what only looked, least of all while a person thinks; and while
    // nothing is at work, Ctrl-C ends it at once.
    let Connection {
        session, dialect, ..
    } = connection;
    drop(session);
    let reason = if arguments.yes {
        arguments.reason.clone()
    } else {
        let findings = report::findings(&report, &Style::PLAIN);
        context.printer.message(&format!("{facts}\n{findings}"));
        ask(
            context,
            &intent(action, &report),
            arguments.reason.as_deref(),
        )?
    };
    let Some(reason) = reason else {
        report.findings.clear();
        report.exit = Exit::Interrupted;
        return Ok(outcome(report, "Nothing was recorded.\n".to_owned()));
    };
    let target = context.settings.target()?;
    let mut session = context.open(&target, Access::Write)?;
    let mut ground = Ground {
        session: session.as_mut(),
        dialect: dialect.as_ref(),
        folder: &folder,
        known: &known,
        origin: &origin,
    };
    let patience = Duration::from_secs(arguments.lock_timeout);
    let done = match repair::settle(&mut ground, &mode, &shown, &reason, patience) {
        Ok(done) => done,
        Err(cause) => {
            (report.exit, report.findings) = findings_of(cause)?;
            return Ok(outcome(report, String::new()));
        }
    };
    if let Some(sum) = &action.sum {
        write::write_sum(&folder.path, sum)
            .with_context(|| format!("cannot write {}", folder.path.display()))?;
    }
    report.data["settled"] = json!(true);
    report.data["row"] = json!(done.row);
    report.data["historyHead"] = json!(done.head);
    let told = if arguments.yes { facts } else { String::new() };
    if !arguments.yes {
        report.findings.clear();
    }
    let text = format!("{told}{}", settled(action, &done));
    Ok(outcome(report, text))
}

fn mode(arguments: &Repair) -> Result<Option<Mode>> {
    let version = |text: &String| {
        Version::parse(text).ok_or_else(|| {
            Usage::new(
                format!("{text:?} is no version"),
                "a version is the 14 digits at the beginning of a migration's folder",
            )
        })
    };
    let of = |text: &Option<String>, make: fn(Version) -> Mode| -> Result<Option<Mode>> {
        Ok(text.as_ref().map(version).transpose()?.map(make))
    };
    let modes = [
        of(&arguments.mark_applied, Mode::MarkApplied)?,
        of(&arguments.accept_edit, Mode::AcceptEdit)?,
        of(&arguments.accept_missing, Mode::AcceptMissing)?,
        of(&arguments.batch_done, Mode::BatchDone)?,
        of(&arguments.batch_again, Mode::BatchAgain)?,
        arguments.re_record.then_some(Mode::ReRecord),
    ];
    Ok(modes.into_iter().flatten().next())
}

/// What needs settling.
fn listed(mut report: Report, said: Assessment) -> Outcome {
    report.exit = said.refusal.unwrap_or(Exit::Ok);
    report.data = json!({ "mode": null, "settled": false });
    let text = match report.exit {
        Exit::Ok => "Nothing needs settling.\n".to_owned(),
        _ => String::new(),
    };
    report.findings = said.findings;
    Outcome {
        report,
        text,
        findings_are_the_answer: true,
    }
}

/// What would be recorded, and where.
fn intent(action: &Action, report: &Report) -> String {
    let place = report.environment.as_ref().map_or("", |it| &it.database);
    let (row, mut with) = (&action.row, Vec::new());
    if action.journal.is_some() {
        with.push("its journal row");
    }
    if action.records_catalog {
        with.push("the live catalog as recorded");
    }
    if action.sum.is_some() {
        with.push("dbtool.sum without it");
    }
    let with = if with.is_empty() {
        String::new()
    } else {
        format!(", with {}", with.join(" and "))
    };
    format!(
        "To be recorded in {place}: {}_{} {}{with}",
        row.version, row.name, action.what
    )
}

/// Asks whether it is meant, and why. `None` when it is not.
fn ask(context: &Context<'_>, intent: &str, reason: Option<&str>) -> Result<Option<String>> {
    let question = match reason {
        Some(_) => format!("{intent}. Type `yes` to record it:"),
        None => format!("{intent}. Type the reason to record it, or nothing to leave it:"),
    };
    context.printer.message(&question);
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let line = line.trim();
    Ok(match reason {
        Some(reason) => (line == "yes").then(|| reason.to_owned()),
        None => (!line.is_empty()).then(|| line.to_owned()),
    })
}

fn settled(action: &Action, done: &Done) -> String {
    let row = &action.row;
    let mut text = match done.row {
        Some(id) => format!(
            "{}_{}: {} (row {id} of the history).\n",
            row.version, row.name, action.what
        ),
        None => format!("{}_{}: history has it already.\n", row.version, row.name),
    };
    if action.sum.is_some() {
        text.push_str(&format!("{SUM_FILE} lists it no more; commit it.\n"));
    }
    if let Some(head) = &done.head {
        text.push_str(&format!("History head: {head}\n"));
    }
    text
}

fn outcome(report: Report, text: String) -> Outcome {
    Outcome {
        report,
        text,
        findings_are_the_answer: false,
    }
}

//! The `dbtool` command: parse, resolve, run, print, exit.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use dbtool::cli::{Cli, Command};
use dbtool::commands::{self, Context, Outcome};
use dbtool::diag::{Diagnostic, Phase};
use dbtool::exit::Exit;
use dbtool::failure::{code_of, exit_of, help_of};
use dbtool::migration::FolderError;
use dbtool::printer::Printer;
use dbtool::report::Report;
use dbtool::settings::{Invalid, Settings};

fn main() -> ExitCode {
    dbtool::panics::contained(run).unwrap_or_else(|| Exit::Unexpected.into())
}

fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Command::ServeSession = cli.command {
        return dbtool::story::apart::serve();
    }
    // Without it a request to stop ends the process as the system does it, and SQLite's journal
    // undoes the rest: worse to read, not worse for the database.
    let _ = dbtool::interrupt::listen();
    let printer = Arc::new(Printer::new(cli.global.printing()));
    let mut outcome = commands::without_settings(&cli.command)
        .unwrap_or_else(|| with_settings(&cli, &printer))
        .unwrap_or_else(|error| failed(cli.command.name(), &error));
    // What failed after somebody asked to stop failed because of that.
    if dbtool::interrupt::asked() && outcome.report.exit != Exit::Ok {
        outcome.report.exit = Exit::Interrupted;
    }
    let printed = print(&printer, &outcome).map_err(anyhow::Error::from);
    let written = printer
        .write_reports(&cli.global.reports, &outcome.report)
        .map_err(anyhow::Error::from);
    let mut exits = vec![outcome.report.exit];
    for result in [printed, written] {
        if let Err(error) = result {
            printer.failure(&error);
            exits.push(exit_of(&error));
        }
    }
    Exit::first(exits).into()
}

fn with_settings(cli: &Cli, printer: &Arc<Printer>) -> anyhow::Result<Outcome> {
    let variable = |name: &str| std::env::var(name).ok();
    let settings = Settings::resolve(&cli.global, &cli.command, &variable)?;
    let context = Context {
        settings: &settings,
        printer,
    };
    commands::run(&context, &cli.command)
}

fn print(printer: &Printer, outcome: &Outcome) -> std::io::Result<()> {
    let report = &outcome.report;
    if !printer.is_json() {
        printer.data(&outcome.text)?;
        // What went well has been said already.
        if report.findings.is_empty() && report.cases.is_empty() && report.exit == Exit::Ok {
            return Ok(());
        }
    }
    if outcome.findings_are_the_answer {
        printer.report(report)
    } else {
        printer.report_beside(report)
    }
}

/// The outcome of a command that could not do its job.
fn failed(command: &'static str, error: &anyhow::Error) -> Outcome {
    let exit = exit_of(error);
    let findings = match (error.downcast_ref(), error.downcast_ref()) {
        (Some(Invalid(findings)), _) | (_, Some(FolderError::Refused(findings))) => {
            findings.clone()
        }
        _ => {
            let finding = Diagnostic::error(Phase::Setup, code_of(exit), format!("{error:#}"));
            vec![match help_of(error) {
                Some(help) => finding.help(help),
                None => finding,
            }]
        }
    };
    Outcome {
        report: Report {
            exit,
            findings,
            ..Report::new(command)
        },
        text: String::new(),
        findings_are_the_answer: false,
    }
}

//! The `dbtool` command: parse, resolve, run, print, exit.

use std::process::ExitCode;

use clap::Parser;
use dbtool::cli::{Cli, Format};
use dbtool::commands::{self, Context, Outcome};
use dbtool::diag::{Diagnostic, Phase};
use dbtool::exit::Exit;
use dbtool::failure::exit_of;
use dbtool::printer::Printer;
use dbtool::report::{self, Report};
use dbtool::settings::{Invalid, Settings, Usage};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let printer = Printer::new(&cli.global);
    let outcome = Settings::resolve(&cli.global, &cli.command, &|name| std::env::var(name).ok())
        .and_then(|settings| {
            commands::run(
                &Context {
                    settings: &settings,
                    printer: &printer,
                },
                &cli.command,
            )
        })
        .unwrap_or_else(|error| failed(cli.command.name(), &error));
    let written = report::parse_targets(&cli.global.reports)
        .map_err(|message| {
            Usage::new(message, "write FORMAT=PATH, such as junit=report.xml").into()
        })
        .and_then(|targets| {
            report::write_reports(&targets, &outcome.report).map_err(anyhow::Error::from)
        });
    let exit = match &written {
        Ok(()) => outcome.report.exit,
        Err(error) => Exit::first([outcome.report.exit, exit_of(error)]),
    };
    match cli.global.format {
        Format::Json => printer.data(&report::json(&outcome.report)),
        Format::Human => {
            printer.data(&outcome.text);
            printer.findings(&outcome.report);
        }
    }
    if let Err(error) = written {
        printer.findings(&failed(cli.command.name(), &error).report);
    }
    exit.into()
}

/// The outcome of a command that could not do its job.
fn failed(command: &'static str, error: &anyhow::Error) -> Outcome {
    let exit = exit_of(error);
    let findings = match error.downcast_ref::<Invalid>() {
        Some(Invalid(findings)) => findings.clone(),
        None => {
            let finding = Diagnostic::error(Phase::Schema, exit.word_code(), format!("{error:#}"));
            vec![match error.downcast_ref::<Usage>() {
                Some(usage) => finding.help(usage.help.clone()),
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
    }
}

//! `completions` and `man`: what the program says of its own command line.

use std::path::Path;

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use serde_json::json;

use crate::cli::{Cli, Completions, Man};
use crate::report::Report;

use super::Outcome;

/// The completion script of a shell.
pub(super) fn completions(arguments: &Completions) -> Result<Outcome> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    let text = String::from_utf8(script).context("the script is text")?;
    Ok(outcome("completions", json!({ "text": text }), text))
}

/// The manual page of the program, or with a folder one page for it and one for each command.
pub(super) fn man(arguments: &Man) -> Result<Outcome> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &arguments.output else {
        let text = page(command)?;
        return Ok(outcome("man", json!({ "text": text }), text));
    };
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut written = Vec::new();
    write_pages(command, folder, &mut written)?;
    let text = format!("Wrote {} pages to {}\n", written.len(), folder.display());
    Ok(outcome("man", json!({ "written": written }), text))
}

/// Writes the page of a command, and those of the commands below it.
fn write_pages(command: clap::Command, folder: &Path, written: &mut Vec<String>) -> Result<()> {
    let below: Vec<clap::Command> = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
        .cloned()
        .collect();
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    let file = format!("{name}.1");
    let path = folder.join(&file);
    let text = page(command)?;
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    written.push(file);
    below
        .into_iter()
        .try_for_each(|command| write_pages(command, folder, written))
}

fn page(command: clap::Command) -> Result<String> {
    // Without a date the same program gives the same bytes.
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command).date("").render(&mut bytes)?;
    String::from_utf8(bytes).context("the page is text")
}

fn outcome(command: &'static str, data: serde_json::Value, text: String) -> Outcome {
    Outcome {
        report: Report {
            data,
            ..Report::new(command)
        },
        text,
        findings_are_the_answer: false,
    }
}

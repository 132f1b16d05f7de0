//! The terminal: what goes to standard output, what to standard error, and in which dress.
//!
//! Standard output carries data only: the answer of a command. Messages, progress and what went
//! wrong go to standard error. What the terminal can show is found out once, as [`Surroundings`].

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::{self, Environment, Format, Report, Style, WriteError, text};
use crate::secret::SecretError;

mod surroundings;
#[cfg(test)]
mod tests;

pub use surroundings::{Stream, Surroundings};

/// How a command answers on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OutputFormat {
    /// Text for people.
    #[default]
    Human,
    /// The documented JSON.
    Json,
    /// Comma-separated values: the rows of history
    Csv,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR, CLICOLOR or TERM say otherwise; elsewhere with
    /// CLICOLOR_FORCE.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// Answers, findings and failures only.
    Quiet,
    /// What a person wants to follow.
    #[default]
    Normal,
    /// Details, too.
    Verbose,
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// How to answer.
    pub format: OutputFormat,
    /// When to use colours.
    pub color: ColorChoice,
    /// How much to say.
    pub verbosity: Verbosity,
}

/// The terminal, for everybody who has something to say. Output that cannot be shown because the
/// reader went away (`| head`) is dropped without a word: a migration must not stop for it.
pub struct Printer {
    options: Options,
    stdout_style: Style,
    stderr_style: Style,
    stdout_terminal: bool,
    bars: Option<MultiProgress>,
    stdout: Mutex<Box<dyn Write + Send>>,
    stderr: Mutex<Box<dyn Write + Send>>,
}

/// How far a piece of work is. Shows nothing unless a person watches; goes away when dropped.
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Printer {
    /// A printer on the streams of this process.
    pub fn new(options: Options) -> Self {
        let (stdout, stderr) = (Box::new(io::stdout()), Box::new(io::stderr()));
        Self::on(options, &Surroundings::of_process(), stdout, stderr)
    }

    /// A printer on any streams.
    pub fn on(
        options: Options,
        surroundings: &Surroundings,
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
    ) -> Self {
        let watched = surroundings.stderr.terminal
            && surroundings.variable("TERM") != Some("dumb")
            && options.format == OutputFormat::Human
            && options.verbosity > Verbosity::Quiet;
        Self {
            options,
            stdout_style: surroundings.style(options.color, surroundings.stdout),
            stderr_style: surroundings.style(options.color, surroundings.stderr),
            stdout_terminal: surroundings.stdout.terminal,
            bars: watched.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr())),
            stdout: Mutex::new(stdout),
            stderr: Mutex::new(stderr),
        }
    }

    /// How commands answer.
    pub fn format(&self) -> OutputFormat {
        self.options.format
    }

    /// How much to say.
    pub fn verbosity(&self) -> Verbosity {
        self.options.verbosity
    }

    /// Whether the answer is for people.
    pub fn is_human(&self) -> bool {
        self.options.format == OutputFormat::Human
    }

    /// Whether the answer is one JSON document, which the report makes.
    pub fn is_json(&self) -> bool {
        self.options.format == OutputFormat::Json
    }

    /// What standard output can show.
    pub fn style(&self) -> &Style {
        &self.stdout_style
    }

    /// Writes a text that is the answer, such as SQL or YAML: byte by byte into a file or pipe,
    /// made safe on a terminal. For answers that are for people only; with `--format json` they
    /// belong into [`Report::data`], and nothing is written here.
    ///
    /// # Errors
    /// When standard output takes nothing, except because its reader went away.
    pub fn data(&self, text: &str) -> io::Result<()> {
        match (self.options.format, self.stdout_terminal) {
            (OutputFormat::Json, _) => Ok(()),
            (OutputFormat::Human | OutputFormat::Csv, true) => self.answer(&text::block(text)),
            (OutputFormat::Human | OutputFormat::Csv, false) => self.answer(text),
        }
    }

    /// Writes a table that is the answer. Nothing with `--format json`.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn table(&self, headings: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        match self.options.format {
            OutputFormat::Json => Ok(()),
            OutputFormat::Human => self.answer(&report::table(headings, rows, &self.stdout_style)),
            OutputFormat::Csv => self.answer(&report::csv(headings, rows)),
        }
    }

    /// Writes the report of a command whose answer is its findings and cases, to standard output.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn report(&self, report: &Report) -> io::Result<()> {
        match self.options.format {
            OutputFormat::Json => self.answer(&report::json(report)),
            OutputFormat::Human => self.answer(&self.shown(report, &self.stdout_style)),
            OutputFormat::Csv => self.report_beside(report),
        }
    }

    /// Writes the report of a command whose answer is something else that [`Printer::data`] or
    /// [`Printer::table`] wrote: for people to standard error, as JSON to standard output.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn report_beside(&self, report: &Report) -> io::Result<()> {
        match self.options.format {
            OutputFormat::Json => self.answer(&report::json(report)),
            OutputFormat::Human | OutputFormat::Csv => {
                self.say(&self.shown(report, &self.stderr_style));
                Ok(())
            }
        }
    }

    /// Writes the reports that `--report` asked for.
    ///
    /// # Errors
    /// The first that could not be written.
    pub fn write_reports(
        &self,
        targets: &[(Format, PathBuf)],
        report: &Report,
    ) -> Result<(), WriteError> {
        report::write_reports(targets, report, &mut Answer(self))
    }

    /// Says what a person wants to follow. Several lines are fine.
    pub fn message(&self, message: &str) {
        if self.options.verbosity >= Verbosity::Normal {
            self.say(&format!("{}\n", text::block(message)));
        }
    }

    /// Says what only `-v` wants to know.
    pub fn detail(&self, message: &str) {
        if self.options.verbosity >= Verbosity::Verbose {
            let message = text::block(message);
            self.say(&format!("{}\n", self.stderr_style.dim(&message)));
        }
    }

    /// Warns of something that is no finding.
    pub fn warning(&self, message: &str) {
        if self.options.verbosity >= Verbosity::Normal {
            let word = self.stderr_style.bold("warning");
            self.say(&format!("{word}: {}\n", text::block(message)));
        }
    }

    /// Says why the job could not be done, cause by cause, and what to do where that is known.
    pub fn failure(&self, error: &anyhow::Error) {
        let style = &self.stderr_style;
        let mut said = format!("{}: ", style.alarm("error"));
        let mut last = String::new();
        for (at, cause) in error.chain().enumerate() {
            let message = cause.to_string();
            // Some errors repeat their cause in their own message.
            if at > 0 && last.ends_with(&message) {
                continue;
            }
            let shown = text::indented(&text::block(&message), "    ");
            match at {
                0 => said.push_str(&format!("{}\n", shown.trim_start())),
                _ => said.push_str(&format!("  caused by: {}\n", shown.trim_start())),
            }
            last = message;
        }
        for help in error.chain().filter_map(help) {
            said.push_str(&format!("  help: {}\n", text::block(&help)));
        }
        self.say(&said);
    }

    /// Says which environment, engine and database the run works on.
    pub fn working_on(&self, environment: &Environment) {
        let dot = self.stderr_style.separator();
        self.message(&format!(
            "Working on: environment {} {dot} {} {dot} {}",
            environment.name, environment.product, environment.database
        ));
    }

    /// Shows how far a piece of work of this length is, while a person watches.
    pub fn progress(&self, length: u64, message: &str) -> Progress {
        let Some(bars) = &self.bars else {
            return Progress { bar: None };
        };
        let signs = if self.stderr_style.unicode {
            "█▉▊▋▌▍▎▏ "
        } else {
            "#- "
        };
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {wide_msg}")
            .expect("the template is well-formed")
            .progress_chars(signs);
        let bar = bars.add(ProgressBar::new(length)).with_style(style);
        bar.set_message(text::line(message).into_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress { bar: Some(bar) }
    }

    fn shown(&self, report: &Report, style: &Style) -> String {
        match self.options.verbosity {
            Verbosity::Quiet => report::findings(report, style),
            Verbosity::Normal | Verbosity::Verbose => report::human(report, style),
        }
    }

    fn answer(&self, text: &str) -> io::Result<()> {
        let written = self.undisturbed(|| {
            let mut stdout = lock(&self.stdout);
            stdout
                .write_all(text.as_bytes())
                .and_then(|()| stdout.flush())
        });
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    fn say(&self, text: &str) {
        // Where standard error takes nothing there is nobody left to tell.
        let _ = self.undisturbed(|| {
            let mut stderr = lock(&self.stderr);
            stderr
                .write_all(text.as_bytes())
                .and_then(|()| stderr.flush())
        });
    }

    /// Writes while no bar is drawn over it.
    fn undisturbed<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}

/// A stream is as good after a panic of another thread as before it.
fn lock<T: ?Sized>(stream: &Mutex<T>) -> MutexGuard<'_, T> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What to do about an error, for those that know.
fn help(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    error.downcast_ref::<SecretError>().map(SecretError::help)
}

/// Standard output as a writer.
struct Answer<'a>(&'a Printer);

impl Write for Answer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        self.0.answer(text)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Progress {
    /// More of it is done.
    pub fn inc(&self, amount: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(amount);
        }
    }

    /// Says what is being done now.
    pub fn message(&self, message: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text::line(message).into_owned());
        }
    }

    /// It is over: nothing of it stays on the terminal.
    pub fn finish(self) {
        drop(self);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

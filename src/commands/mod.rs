//! The commands: resolve, load, call, report. What they do is done by the layers below.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use serde_json::json;

use crate::cli::{Access, Command};
use crate::diag::{Diagnostic, Phase, Severity, Span};
use crate::dialect::Dialect;
use crate::diff::{Change, Renames};
use crate::engine::{Engine, EngineError, Session};
use crate::executor::{Cause, Origin};
use crate::exit::Exit;
use crate::migration::{CHANGES_FILE, Folder, Version};
use crate::model::{ObjectPath, Schema};
use crate::printer::{OutputFormat, Printer};
use crate::registry::{self, Notice, Opening};
use crate::report::{Environment, Report};
use crate::settings::{Settings, Target, Usage};

mod baseline;
mod check;
mod diff;
mod doctor;
mod drift_check;
mod export;
mod generate;
mod history;
mod introspect;
mod itself;
mod lint;
mod lint_queries;
mod migrate;
mod plan;
mod provision;
mod rebase;
mod repair;
mod seal;
mod status;
mod verify_story;

/// What a command hands to `main`: the report, and what a person reads on standard output.
#[derive(Debug)]
pub struct Outcome {
    /// The report.
    pub report: Report,
    /// Standard output for people; findings are rendered from the report.
    pub text: String,
    /// Whether findings and cases are what the command was asked for, so that they belong on
    /// standard output too.
    pub findings_are_the_answer: bool,
}

/// What every command works with.
pub struct Context<'a> {
    /// The resolved settings.
    pub settings: &'a Settings,
    /// The way to the terminal.
    pub printer: &'a Arc<Printer>,
}

/// Runs a command that is about the program alone; `None` for every other. It needs no settings, so
/// that a broken `dbtool.yaml` breaks neither a shell's start-up nor a package's build.
pub fn without_settings(command: &Command) -> Option<Result<Outcome>> {
    match command {
        Command::Completions(arguments) => Some(itself::completions(arguments)),
        Command::Man(arguments) => Some(itself::man(arguments)),
        _ => None,
    }
}

/// Runs a command.
///
/// # Errors
/// When its job could not be done; [`crate::exit::Exit`] for it is found by
/// [`crate::failure::exit_of`].
pub fn run(context: &Context<'_>, command: &Command) -> Result<Outcome> {
    if context.printer.format() == OutputFormat::Csv && !matches!(command, Command::History(_)) {
        bail!(Usage::new(
            format!(
                "{} has no rows to print as comma-separated values",
                command.name()
            ),
            "leave --format out, or take --format json",
        ));
    }
    match command {
        Command::Check => check::run(context),
        Command::Generate(arguments) => generate::run(context, arguments),
        Command::Seal(arguments) => seal::run(context, arguments),
        Command::Rebase(arguments) => rebase::run(context, arguments),
        Command::Plan(arguments) => plan::run(context, arguments),
        Command::Migrate(arguments) => migrate::run(context, arguments),
        Command::Status => status::run(context),
        Command::DriftCheck(arguments) => drift_check::run(context, arguments),
        Command::VerifyStory(arguments) => verify_story::run(context, arguments),
        Command::History(arguments) => history::run(context, arguments),
        Command::Lint(arguments) => lint::run(context, arguments),
        Command::Baseline(arguments) => baseline::run(context, arguments),
        Command::Introspect(arguments) => introspect::run(context, arguments),
        Command::Diff(arguments) => diff::run(context, arguments),
        Command::Repair(arguments) => repair::run(context, arguments),
        Command::Doctor => Ok(doctor::run(context)),
        Command::Provision(arguments) => provision::run(context, arguments),
        Command::Export(arguments) => export::run(context, arguments),
        Command::Completions(arguments) => itself::completions(arguments),
        Command::Man(arguments) => itself::man(arguments),
        Command::ServeSession => bail!("a session is served before there are settings"),
    }
}

/// The declared schema with everything that was found while it was read.
struct Declared {
    schema: Schema,
    renames: Renames,
    origins: BTreeMap<ObjectPath, Span>,
    findings: Vec<Diagnostic>,
}

/// An open session with what it works on.
struct Connection {
    session: Box<dyn Session>,
    dialect: Box<dyn Dialect>,
    environment: Environment,
}

impl Declared {
    fn place(&self, path: &ObjectPath) -> Option<Span> {
        self.origins.get(path).cloned()
    }

    /// Adds to findings that name an object the place where it is declared.
    fn place_all(&self, findings: &mut [Diagnostic]) {
        for finding in findings {
            if let (None, Some(path)) = (&finding.span, &finding.path) {
                finding.span = self.place(path);
            }
        }
    }

    fn has_errors(&self) -> bool {
        has_errors(&self.findings)
    }
}

impl Context<'_> {
    /// Reads and checks the declared schema.
    fn declared(&self) -> Result<Declared> {
        self.declared_in(&self.settings.folders.schema)
    }

    /// Reads and checks the schema that a folder declares.
    fn declared_in(&self, folder: &Path) -> Result<Declared> {
        let folder = crate::yaml::files::read_folder(folder, Phase::Schema)?;
        let mut findings = folder.findings;
        let (loaded, found) = crate::yaml::schema::load(&folder.files, &self.settings.rules());
        findings.extend(found);
        Ok(Declared {
            schema: loaded.schema,
            renames: loaded.renames,
            origins: loaded.origins,
            findings,
        })
    }

    /// Reads the migrations folder with the files of these engines.
    fn folder(&self, engines: &[Engine]) -> Result<Folder> {
        let mut wanted = vec![CHANGES_FILE];
        wanted.extend(engines.iter().map(|engine| engine.file_name()));
        Ok(Folder::read(&self.settings.folders.migrations, &wanted)?)
    }

    /// The dialects of the engines that migrations are written for.
    fn dialects(&self) -> Vec<Box<dyn Dialect>> {
        let targets = &self.settings.config.targets.value;
        targets
            .iter()
            .map(|engine| registry::dialect(*engine, &self.settings.config))
            .collect()
    }

    /// How to open a database behind a network: what it says meanwhile goes to the terminal.
    fn opening(&self) -> Opening {
        let patience = self.settings.patience;
        let printer = Arc::clone(self.printer);
        Opening {
            connect_timeout: patience.connect_timeout,
            lock_timeout: patience.statement_lock_timeout,
            low_deadlock_priority: patience.low_deadlock_priority,
            observe: Arc::new(move |notice| match notice {
                Notice::Retrying { .. } | Notice::Redirected { .. } => {
                    printer.message(&notice.to_string());
                }
                Notice::Message(text) => printer.detail(text),
            }),
            ..Opening::default()
        }
    }

    /// What history says of whoever runs this.
    fn origin(&self) -> Origin {
        Origin {
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            source_revision: self.settings.source_revision(),
        }
    }

    /// Opens a database.
    fn open(&self, target: &Target, access: Access) -> Result<Box<dyn Session>, EngineError> {
        registry::open(target, access, &self.opening(), self.settings.secrets())
    }

    /// Opens the database that the settings name, and says on which one the command works.
    fn connect(&self, access: Access) -> Result<Connection> {
        let target = self.settings.target()?;
        let mut session = self.open(&target, access)?;
        if access == Access::Read {
            session.begin_read()?;
        }
        let server = session.server();
        if let Some(expected) = &self.settings.expect_database
            && !is_database(&server.database, expected)
        {
            bail!(Usage::new(
                format!(
                    "the database is {}, and --expect-database wants {expected}",
                    server.database
                ),
                "check --env and --url; nothing was read or written",
            ));
        }
        let environment = Environment {
            name: target.environment.clone(),
            engine: server.engine,
            product: server.product.clone(),
            database: server.database.clone(),
        };
        self.printer.working_on(&environment);
        let dialect = registry::dialect(target.engine(), &self.settings.config);
        Ok(Connection {
            session,
            dialect,
            environment,
        })
    }
}

/// Whether a database is the one that was expected: by its whole name, or by its last part.
fn is_database(found: &str, expected: &str) -> bool {
    found == expected
        || found.rsplit('/').next() == Some(expected)
        || Path::new(found)
            .file_stem()
            .is_some_and(|stem| stem == expected)
}

fn has_errors(findings: &[Diagnostic]) -> bool {
    findings
        .iter()
        .any(|finding| finding.severity == Severity::Error)
}

/// Reads a version from the command line.
fn version(text: &str, folder: &Folder) -> Result<Version> {
    let known = Version::parse(text).filter(|version| {
        folder
            .migrations
            .iter()
            .any(|entry| entry.id.version == *version)
    });
    known.ok_or_else(|| {
        let known: Vec<&str> = folder
            .migrations
            .iter()
            .map(|entry| entry.id.version.as_str())
            .collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        Usage::new(
            format!(
                "{text:?} is the version of no migration in {}",
                folder.path.display()
            ),
            format!("the versions are: {known}"),
        )
        .into()
    })
}

/// The exit code and the findings of a run of migrations that did not do its job.
///
/// # Errors
/// When it could not even be tried: no lock, or a history that cannot be read.
fn findings_of(cause: Cause) -> Result<(Exit, Vec<Diagnostic>)> {
    match cause {
        Cause::Lock(error) => Err(error.into()),
        Cause::History(error) => Err(error.into()),
        Cause::Conflict(findings) => Ok((Exit::History, findings)),
        Cause::Drift(findings) => Ok((Exit::Drift, findings)),
        Cause::Migration(finding) => Ok((Exit::Migration, vec![*finding])),
        Cause::Interrupted(finding) => Ok((Exit::Interrupted, vec![*finding])),
    }
}

/// What has no migration yet, as findings.
fn pending_changes(changes: &[Change], declared: &Declared) -> Vec<Diagnostic> {
    let pending = changes.iter().map(|change| {
        Diagnostic::error(
            Phase::Schema,
            "check/pending-change",
            format!("no migration makes this change yet: {}", change.headline()),
        )
        .at(change.path())
        .spanned(declared.place(&change.path()))
        .help("run `dbtool generate <name>`")
    });
    pending.collect()
}

/// An outcome that is nothing but findings.
fn findings_only(command: &'static str, exit: Exit, findings: Vec<Diagnostic>) -> Outcome {
    let report = Report {
        exit,
        findings,
        data: json!({}),
        ..Report::new(command)
    };
    Outcome {
        report,
        text: String::new(),
        findings_are_the_answer: false,
    }
}

//! The command line: what can be typed, and nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::printer::{ColorChoice, Options, OutputFormat, Verbosity};
use crate::report;

/// Declarative schema migrations for Azure SQL, drift detection and persistence verification.
#[derive(Debug, Parser)]
#[command(
    name = "dbtool",
    version,
    about,
    after_help = crate::exit::Exit::table(),
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Work on this environment of dbtool.yaml
    #[arg(long, value_name = "NAME", env = "DBTOOL_ENV", global = true)]
    pub env: Option<String>,

    /// Work on this database: sqlite:PATH, env:NAME, file:PATH, …
    #[arg(
        long,
        value_name = "REFERENCE",
        env = "DBTOOL_DATABASE_URL",
        global = true,
        hide_env_values = true
    )]
    pub url: Option<String>,

    /// Read the settings from this file instead of dbtool.yaml here or in a parent folder
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Refuse to work on any database but this one
    #[arg(long, value_name = "NAME", global = true)]
    pub expect_database: Option<String>,

    /// Take credentials from a connection string outside of a vault, for a host that is not loopback
    #[arg(long, global = true)]
    pub allow_inline_credentials: bool,

    /// Keep trying to log in for this many seconds while the database wakes up or moves
    #[arg(long, value_name = "SECONDS", default_value_t = 120, global = true)]
    pub connect_timeout: u64,

    /// Let a statement wait this many seconds for a lock, then fail (SQL Server)
    #[arg(long, value_name = "SECONDS", global = true)]
    pub statement_lock_timeout: Option<u64>,

    /// Give way to the application in a deadlock (SQL Server)
    #[arg(long, global = true)]
    pub low_deadlock_priority: bool,

    /// Ask Azure as this identity alone, instead of the first of them that is set up
    #[arg(
        long,
        value_enum,
        value_name = "IDENTITY",
        env = "DBTOOL_AUTH",
        global = true
    )]
    pub auth: Option<crate::secret::Auth>,

    /// Print for people, or one JSON document
    #[arg(long, value_enum, default_value_t = OutputFormat::Human, global = true)]
    pub format: OutputFormat,

    /// Also write a report: json, junit, sarif, github or markdown (repeatable)
    #[arg(long = "report", value_name = "FORMAT=PATH", global = true, value_parser = report::parse_target)]
    pub reports: Vec<(report::Format, PathBuf)>,

    /// Colour the output
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, global = true)]
    pub color: ColorChoice,

    /// Print no messages, only data and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print more about what is done
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

/// The commands, in the order in which people meet them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Validate the schema, its rules, and the migrations folder, without a database
    Check,
    /// Write a new additive migration from what changed in the schema
    Generate(Generate),
    /// Prove a hand-written migration on a scratch database and make it final
    Seal(Seal),
    /// Show the SQL that migrate would run, with what each change means
    Plan(Plan),
    /// Apply the pending migrations, each exactly once
    Migrate(Migrate),
    /// Show what is applied, pending, edited, missing or out of order
    Status,
    /// Fail on every difference between the live database and the schema
    DriftCheck(DriftCheck),
    /// Prove the persistence promises of the stories on a throwaway database
    VerifyStory(VerifyStory),
    /// Show who applied what, when, from where, and with which checksum
    History(History),
    /// Try every step to the database, from the setting to the permissions, and change nothing
    Doctor,
    /// Print what creates server, database, vault and identity in Azure, and run none of it
    Provision(Provision),
    /// Write the schema in another form
    #[command(subcommand)]
    Export(Export),
}

/// Arguments of `generate`.
#[derive(Debug, Args)]
pub struct Generate {
    /// Name of the migration, such as addPriority
    #[arg(required_unless_present = "check")]
    pub name: Option<String>,

    /// Only tell whether a migration is missing (exit 6) and write nothing
    #[arg(long, conflicts_with_all = ["empty", "contract"])]
    pub check: bool,

    /// Write files to fill by hand, for a backfill
    #[arg(long, conflicts_with = "contract")]
    pub empty: bool,

    /// Make destructive changes on purpose, for this reason
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub contract: Option<String>,

    /// Use these 14 digits as version instead of the present second
    #[arg(long, value_name = "DIGITS")]
    pub version_stamp: Option<String>,
}

/// Arguments of `seal`.
#[derive(Debug, Args)]
pub struct Seal {
    /// Version of the migration
    pub version: String,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Stop after this version
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
}

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct Migrate {
    /// Show what would be applied, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Stop after this version
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,

    /// Wait this many seconds for another run to finish
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub lock_timeout: u64,

    /// Apply a version that is lower than one that is applied
    #[arg(long)]
    pub out_of_order: bool,

    /// Build on a database that was changed by other hands, for this reason
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub allow_drift: Option<String>,
}

/// Arguments of `drift-check`.
#[derive(Debug, Args)]
pub struct DriftCheck {
    /// Judge a database that is behind by where it is
    #[arg(long)]
    pub allow_pending: bool,
}

/// Arguments of `verify-story`.
#[derive(Debug, Args)]
pub struct VerifyStory {
    /// Stories to verify, such as S2vDB-03; all when left out
    #[arg(value_name = "ID")]
    pub stories: Vec<String>,

    /// Seed for generated values
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u32>,

    /// Only scenarios whose name has this text (repeatable)
    #[arg(long, value_name = "TEXT")]
    pub only: Vec<String>,

    /// Stop at the first scenario that fails
    #[arg(long)]
    pub fail_fast: bool,

    /// Keep the throwaway database and say where it is
    #[arg(long)]
    pub keep: bool,

    /// Prove on the server of --env or --url, in databases that the run creates and drops
    #[arg(long, conflicts_with = "scratch_database")]
    pub allow_create_database: bool,

    /// Prove on the database of --env or --url itself, which somebody marked dbtoolScratch: what
    /// its schema holds is dropped first
    #[arg(long)]
    pub scratch_database: bool,
}

/// Arguments of `history`.
#[derive(Debug, Args)]
pub struct History {
    /// Follow the chain of hashes and name the first row that does not hold
    #[arg(long)]
    pub verify: bool,

    /// The head that migrate printed, to find a cut tail or a rewritten end
    #[arg(long, value_name = "HASH", requires = "verify")]
    pub head: Option<String>,
}

/// Arguments of `provision`.
#[derive(Debug, Args)]
pub struct Provision {
    /// The form to print
    #[arg(long = "as", value_enum, value_name = "FORM")]
    pub form: ProvisionForm,
}

/// The forms that `provision` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProvisionForm {
    /// A Bicep template
    Bicep,
    /// A shell script of az commands
    Az,
    /// The T-SQL for the database user, which the other two need at their end
    Sql,
}

/// What `export` writes.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// JSON Schema of the files that people edit, for editors
    JsonSchema {
        /// The kind of file
        #[arg(value_enum, default_value_t = EditedFile::Schema)]
        file: EditedFile,
    },
}

/// The kinds of file that have a JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EditedFile {
    /// schema/*.yaml
    Schema,
    /// dbtool.yaml
    Config,
    /// fixtures/stories/*.yaml
    Story,
    /// fixtures/rows/*.yaml
    Rows,
}

/// What a command does to a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Opens none that lasts.
    None,
    /// Reads one that must exist.
    Read,
    /// May create it.
    Write,
}

/// A reason that says something.
fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a reason cannot be empty: it is what the record keeps".to_owned()),
        reason => Ok(reason.to_owned()),
    }
}

impl Global {
    /// How the run talks.
    pub fn printing(&self) -> Options {
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        Options {
            format: self.format,
            color: self.color,
            verbosity,
        }
    }
}

impl Command {
    /// The command as typed.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Generate(_) => "generate",
            Self::Seal(_) => "seal",
            Self::Plan(_) => "plan",
            Self::Migrate(_) => "migrate",
            Self::Status => "status",
            Self::DriftCheck(_) => "drift-check",
            Self::VerifyStory(_) => "verify-story",
            Self::History(_) => "history",
            Self::Doctor => "doctor",
            Self::Provision(_) => "provision",
            Self::Export(_) => "export",
        }
    }

    /// What it does to a database.
    pub fn access(&self) -> Access {
        match self {
            Self::Check
            | Self::Generate(_)
            | Self::Seal(_)
            | Self::VerifyStory(_)
            | Self::Provision(_)
            | Self::Export(_) => Access::None,
            Self::Migrate(migrate) if !migrate.dry_run => Access::Write,
            Self::Migrate(_)
            | Self::Plan(_)
            | Self::Status
            | Self::DriftCheck(_)
            | Self::Doctor
            | Self::History(_) => Access::Read,
        }
    }
}

//! The command line: what can be typed, and nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::history::{Kind, State};
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
    /// Give a not yet applied migration a later version and make it anew, after a merge
    Rebase(Rebase),
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
    /// Judge the T-SQL of migrations by what it does to a server with rows and users, or the queries
    /// of an application by whose rows they can reach
    Lint(Lint),
    /// Show who applied what, when, from where, and with which checksum
    History(History),
    /// Record an existing database as being at a version, after proving that it is
    Baseline(Baseline),
    /// Write an existing database as schema files, and list what they cannot say
    Introspect(Introspect),
    /// Show what differs between two schemas, migrations, databases or saved catalogs
    Diff(Diff),
    /// Settle by hand, and on record, what no run can settle by itself
    Repair(Repair),
    /// Try every step to the database, from the setting to the permissions, and change nothing
    Doctor,
    /// Print what creates server, database, vault and identity in Azure, and run none of it
    Provision(Provision),
    /// Write the schema in another form: diagram, Prisma schema, JSON Schema or data dictionary
    Export(Export),
    /// Print the completion script of a shell
    Completions(Completions),
    /// Print the manual page, or write all of them to a folder
    Man(Man),
    /// Serve one session on standard input and output, for a process that is to be killed
    #[command(hide = true)]
    ServeSession,
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

/// Arguments of `rebase`.
#[derive(Debug, Args)]
pub struct Rebase {
    /// Version of the migration, or the name of its folder
    pub version: String,

    /// Use these 14 digits as version instead of the present second
    #[arg(long, value_name = "DIGITS")]
    pub version_stamp: Option<String>,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Stop after this version
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,

    /// Write one guarded script, history rows included, for somebody who runs it by hand
    #[arg(long)]
    pub script: bool,

    /// Write the script to this file
    #[arg(long, value_name = "FILE", requires = "script")]
    pub output: Option<PathBuf>,
}

/// Arguments of `repair`. Without a mode it lists what needs settling.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("mode").multiple(false)))]
pub struct Repair {
    /// Record a migration as applied, after proving that the catalog is what it makes
    #[arg(long, value_name = "VERSION", group = "mode")]
    pub mark_applied: Option<String>,

    /// Record the live catalog, changes by other hands included
    #[arg(long, group = "mode")]
    pub re_record: bool,

    /// Accept the files of an applied migration as they are now
    #[arg(long, value_name = "VERSION", group = "mode")]
    pub accept_edit: Option<String>,

    /// Accept that the folder of an applied migration is gone for good
    #[arg(long, value_name = "VERSION", group = "mode")]
    pub accept_missing: Option<String>,

    /// The batch that was interrupted outside of any transaction has had its effect
    #[arg(long, value_name = "VERSION", group = "mode")]
    pub batch_done: Option<String>,

    /// The batch that was interrupted outside of any transaction has to run again
    #[arg(long, value_name = "VERSION", group = "mode")]
    pub batch_again: Option<String>,

    /// Show the facts and what would be recorded, and record nothing
    #[arg(long, requires = "mode")]
    pub dry_run: bool,

    /// Do not ask; needs a reason
    #[arg(long, requires_all = ["mode", "reason"])]
    pub yes: bool,

    /// Why; kept in the history
    #[arg(long, value_name = "REASON", value_parser = reason, requires = "mode")]
    pub reason: Option<String>,

    /// Wait this many seconds for another run to finish
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub lock_timeout: u64,
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

    /// Also save the catalog as it is now, for `dbtool diff catalog:FILE …`
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
}

/// Arguments of `baseline`.
#[derive(Debug, Args)]
pub struct Baseline {
    /// The version of the migrations that the database is at
    pub version: String,

    /// Take the database as it is, although it differs from that version, for this reason
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub accept_drift: Option<String>,

    /// Prove it and show what would be recorded, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Wait this many seconds for another run to finish
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub lock_timeout: u64,
}

/// Arguments of `introspect`.
#[derive(Debug, Args)]
pub struct Introspect {
    /// Only these tables; `*` stands for any text (repeatable)
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub tables: Vec<String>,

    /// Write a file for each table into this folder; files that exist are changed where they differ
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,

    /// Write files that differ anew instead of changing them, comments and all
    #[arg(long, requires = "output")]
    pub force: bool,

    /// Fail (exit 6), and write nothing, when anything cannot be said
    #[arg(long)]
    pub strict: bool,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(after_help = SIDES)]
pub struct Diff {
    /// What it was
    #[arg(value_name = "FROM")]
    pub from: String,

    /// What it is to be
    #[arg(value_name = "TO")]
    pub to: String,

    /// Compare as this engine holds it, and write SQL for it
    #[arg(long, value_enum, value_name = "ENGINE")]
    pub target: Option<DiffTarget>,

    /// Print the statements that turn the one into the other
    #[arg(long)]
    pub sql: bool,
}

/// What `diff` takes for a side.
const SIDES: &str = "\
Sides:
  schema             the declared schema of this project
  migrations         what the migrations of this project make
  migrations@VERSION what they make up to this version
  live               the database that --env or --url names
  live:ENVIRONMENT   the database of this environment
  catalog:FILE       a catalog that `drift-check --save` wrote
  PATH               a folder of schema files or migrations, or a saved catalog";

/// An engine, as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffTarget {
    /// Azure SQL and SQL Server
    Mssql,
    /// SQLite
    Sqlite,
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

    /// Also look in this environment for what the application wrote there; nothing is written
    #[arg(long, value_name = "ENV")]
    pub against: Option<String>,

    /// The tenant whose rows are looked for
    #[arg(long, value_name = "ID", requires = "against")]
    pub tenant: Option<String>,

    /// How far back rows are looked for; 1h when left out
    #[arg(long, value_name = "DISTANCE", requires = "against")]
    pub since: Option<String>,

    /// The request whose rows are looked for
    #[arg(long, value_name = "ID", requires = "against")]
    pub correlation: Option<String>,
    /// List stories, criteria and scenarios, and run nothing
    #[arg(long)]
    pub list: bool,

    /// Break the schema, one thing at a time, and demand that a scenario turns red
    #[arg(long)]
    pub mutate: bool,

    /// With --mutate: fail when a smaller share of the mutants is killed
    #[arg(long, value_name = "PERCENT", requires = "mutate", value_parser = percent)]
    pub min_score: Option<f64>,
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

    /// Show the SQL of this version as it was applied, and how its file differs from it now
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["verify", "last", "since", "by", "kind", "state"])]
    pub show: Option<String>,

    /// Only the newest rows, this many of them
    #[arg(long, value_name = "NUMBER")]
    pub last: Option<usize>,

    /// Only rows that ended on this day (UTC) or later, such as 2026-01-31
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,

    /// Only rows of people and machines with this text in their name
    #[arg(long, value_name = "TEXT")]
    pub by: Option<String>,

    /// Only rows of this kind
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<Kind>,

    /// Only rows that ended like this
    #[arg(long, value_enum, value_name = "STATE")]
    pub state: Option<State>,
}

/// The languages that queries can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SqlDialect {
    /// T-SQL
    Mssql,
    /// SQLite's SQL
    Sqlite,
}

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub struct Lint {
    /// Versions, .sql files or folders of them; all migrations when left out
    #[arg(value_name = "VERSION|PATH")]
    pub what: Vec<String>,

    /// Say what a rule flags, why, and the safe way; list all rules without a name
    #[arg(
        long,
        value_name = "RULE",
        num_args = 0..=1,
        default_missing_value = "all",
        conflicts_with = "what"
    )]
    pub explain: Option<String>,

    /// End with exit 6 on warnings, too
    #[arg(long)]
    pub deny_warnings: bool,

    /// Instead: find statements in an application's .sql files, or folders of them, that can reach
    /// another tenant's rows
    #[arg(
        long,
        value_name = "PATH",
        num_args = 1..,
        conflicts_with_all = ["what", "explain", "deny_warnings"]
    )]
    pub queries: Vec<PathBuf>,

    /// The language that the queries are written in
    #[arg(long, value_enum, default_value_t = SqlDialect::Mssql, requires = "queries")]
    pub dialect: SqlDialect,
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

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The form
    #[command(subcommand)]
    pub form: ExportForm,

    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE", global = true)]
    pub output: Option<PathBuf>,
}

/// What `export` writes.
#[derive(Debug, Subcommand)]
pub enum ExportForm {
    /// JSON Schema of the files that people edit, for editors
    JsonSchema {
        /// The kind of file
        #[arg(value_enum, default_value_t = EditedFile::Schema)]
        file: EditedFile,
    },
    /// JSON Schema of the rows of each table, for applications
    RowSchema,
    /// An entity-relationship diagram in Mermaid
    Mermaid,
    /// A schema for Prisma Client on SQL Server
    Prisma,
    /// A data dictionary as one HTML file that needs nothing else
    Html {
        /// What stands above it
        #[arg(long, value_name = "TEXT", default_value = "Data dictionary")]
        title: String,
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

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Write a page for dbtool and one for each command to this folder
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
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

/// A share of a hundred.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim_end().parse::<f64>();
    match number {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("a share is a number from 0 to 100, such as 95".to_owned()),
    }
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
            Self::Rebase(_) => "rebase",
            Self::Plan(_) => "plan",
            Self::Migrate(_) => "migrate",
            Self::Status => "status",
            Self::DriftCheck(_) => "drift-check",
            Self::VerifyStory(_) => "verify-story",
            Self::History(_) => "history",
            Self::Baseline(_) => "baseline",
            Self::Introspect(_) => "introspect",
            Self::Diff(_) => "diff",
            Self::Repair(_) => "repair",
            Self::Doctor => "doctor",
            Self::Provision(_) => "provision",
            Self::Lint(_) => "lint",
            Self::Export(_) => "export",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
            Self::ServeSession => crate::story::apart::COMMAND,
        }
    }

    /// What it does to a database.
    pub fn access(&self) -> Access {
        match self {
            Self::Check
            | Self::Generate(_)
            | Self::Seal(_)
            | Self::Rebase(_)
            | Self::VerifyStory(_)
            | Self::Lint(_)
            | Self::Provision(_)
            | Self::Export(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::ServeSession => Access::None,
            Self::Migrate(migrate) if !migrate.dry_run => Access::Write,
            Self::Baseline(baseline) if !baseline.dry_run => Access::Write,
            // An environment that a side names is no default.
            Self::Diff(diff) if diff.from != "live" && diff.to != "live" => Access::None,
            Self::Baseline(_)
            | Self::Introspect(_)
            | Self::Diff(_)
            | Self::Migrate(_)
            | Self::Repair(_)
            | Self::Plan(_)
            | Self::Status
            | Self::DriftCheck(_)
            | Self::Doctor
            | Self::History(_) => Access::Read,
        }
    }
}

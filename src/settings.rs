//! Arguments, environment variables and dbtool.yaml, resolved once into plain values.
//!
//! Order of precedence: flag, environment variable, dbtool.yaml, default.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Error, Result};

use crate::cli::{Access, Command, Global};
use crate::diag::{Diagnostic, Phase, Severity};
use crate::engine::Engine;
use crate::migration::Version;
use crate::secret::{self, Fault, Literal, Reference, ReferenceError, SecretError, SqliteLocation};
use crate::yaml::config::{self, Config};
use crate::yaml::files::read_file;
use crate::yaml::schema::Rules;

/// Everything that a command needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder of dbtool.yaml, else the working folder.
    pub root: PathBuf,
    /// What dbtool.yaml says, or the defaults.
    pub config: Config,
    /// Where the files lie.
    pub folders: Folders,
    /// The only database to work on.
    pub expect_database: Option<String>,
    /// How to connect over a network.
    pub patience: Patience,
    choice: Choice,
    allow_inline_credentials: bool,
    auth: Option<secret::Auth>,
    environment: Option<String>,
    /// The database, once it was asked for.
    target: OnceLock<Arc<Target>>,
}

/// How long to wait for a server, and for others who use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For all attempts to log in together.
    pub connect_timeout: Duration,
    /// For a lock that a statement needs; without limit when `None`.
    pub statement_lock_timeout: Option<Duration>,
    /// Whether to be the one that gives way in a deadlock.
    pub low_deadlock_priority: bool,
}

/// The folders of a project, as this process reaches them.
#[derive(Debug, Clone)]
pub struct Folders {
    /// The declared schema.
    pub schema: PathBuf,
    /// The migrations.
    pub migrations: PathBuf,
    /// The stories.
    pub stories: PathBuf,
    /// Named rows that stories use.
    pub rows: PathBuf,
}

/// The variables that may stand for `--env` and `--url`.
const ENV_VARIABLE: &str = "DBTOOL_ENV";
const URL_VARIABLE: &str = "DBTOOL_DATABASE_URL";

/// How the database was chosen.
#[derive(Debug, Clone)]
enum Choice {
    /// By reference, and where it stood: behind the flag, in the variable, or in a story.
    Reference(&'static str, String),
    /// By the name of an environment.
    Environment(String),
    /// Not at all, on a machine where that is an error.
    Missing,
}

/// A database to work on.
#[derive(Debug)]
pub struct Target {
    /// The environment's name, or where the reference stood: `--url`, or its variable.
    pub environment: String,
    /// Where it is.
    pub database: Database,
    /// The steps from the setting to it.
    pub trail: Vec<secret::Hop>,
    /// What Key Vault was asked, where it was.
    pub fetched: Option<secret::Fetched>,
}

/// Where a database is.
#[derive(Debug)]
pub enum Database {
    /// An SQLite file, as this process reaches it.
    SqliteFile(PathBuf),
    /// An SQLite database in memory.
    SqliteMemory,
    /// SQL Server.
    SqlServer(Literal),
}

/// A mistake in arguments or settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Usage {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// What to do about credentials that stand where a reference should.
const INLINE_CREDENTIALS: &str = "put the connection string into Key Vault or a mounted file and \
                                  refer to it, or pass --allow-inline-credentials if this is meant";

/// Settings files that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the settings cannot be used")]
pub struct Invalid(pub Vec<Diagnostic>);

impl Usage {
    /// A mistake with its remedy.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
        }
    }

    /// Whether it is that a connection holds credentials where it must not.
    pub fn is_inline_credentials(&self) -> bool {
        self.help == INLINE_CREDENTIALS
    }
}

impl Settings {
    /// Reads the settings for a command.
    ///
    /// # Errors
    /// [`Invalid`] when dbtool.yaml has errors, [`Usage`] when it is missing although it was named.
    pub fn resolve(
        global: &Global,
        command: &Command,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let (root, file) = match &global.config {
            Some(path) => (
                path.parent().unwrap_or(Path::new("")).to_owned(),
                Some(path.clone()),
            ),
            None => find_config(),
        };
        let source = file
            .map(|path| read_file(&path, Phase::Schema))
            .transpose()
            .map_err(|finding| Invalid(vec![*finding]))?;
        let (config, findings) = config::load(source.as_ref());
        if findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
        {
            return Err(Invalid(findings).into());
        }
        let fixtures = PathBuf::from(&config.folders.fixtures.value);
        let folders = Folders {
            schema: root.join(&config.folders.schema.value),
            migrations: root.join(&config.folders.migrations.value),
            stories: root.join(fixtures.join("stories")),
            rows: root.join(fixtures.join("rows")),
        };
        let in_ci = variable("CI").is_some_and(|value| !value.is_empty() && value != "false");
        // The command line holds either, and does not tell from where.
        let of_variable =
            |name: &str, value: &Option<String>| value.is_some() && variable(name) == *value;
        let url_of_variable = of_variable(URL_VARIABLE, &global.url);
        let choice = match (&global.url, &global.env) {
            // A flag wins over a variable: who types a name does not mean what is lying around.
            (Some(_), Some(name)) if url_of_variable && !of_variable(ENV_VARIABLE, &global.env) => {
                Choice::Environment(name.clone())
            }
            (Some(url), _) if url_of_variable => Choice::Reference(URL_VARIABLE, url.clone()),
            (Some(url), _) => Choice::Reference("--url", url.clone()),
            (None, Some(name)) => Choice::Environment(name.clone()),
            (None, None) if in_ci && command.access() != Access::None => Choice::Missing,
            (None, None) => Choice::Environment(config.default_environment.value.clone()),
        };
        Ok(Self {
            root,
            config,
            folders,
            expect_database: global.expect_database.clone(),
            patience: Patience {
                connect_timeout: Duration::from_secs(global.connect_timeout),
                statement_lock_timeout: global.statement_lock_timeout.map(Duration::from_secs),
                low_deadlock_priority: global.low_deadlock_priority,
            },
            choice,
            allow_inline_credentials: global.allow_inline_credentials,
            auth: global.auth,
            environment: global.env.clone(),
            target: OnceLock::new(),
        })
    }

    /// The same settings, with another environment chosen.
    pub fn of_environment(&self, name: &str) -> Self {
        Self {
            choice: Choice::Environment(name.to_owned()),
            environment: Some(name.to_owned()),
            ..self.clone()
        }
    }

    /// The rules that the declared schema has to keep.
    pub fn rules(&self) -> Rules {
        self.config.rules()
    }

    /// The environment that flag or variable names; `None` where it is left to the default.
    pub fn chosen_environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    /// Whether flag or variable names a database, so that none is meant by default.
    pub fn names_database(&self) -> bool {
        self.environment.is_some() || matches!(self.choice, Choice::Reference(..))
    }

    /// Where secrets and tokens come from.
    pub fn secrets(&self) -> secret::Process {
        secret::Process { auth: self.auth }
    }

    /// The database that the command works on. Nothing is opened. A run follows its reference once,
    /// so that a vault is asked once and a secret that changes meanwhile cannot split the run.
    ///
    /// # Errors
    /// [`Usage`] when no environment is chosen or known, or its reference is for another engine or
    /// holds credentials; [`secret::SecretError`] when the reference leads nowhere.
    pub fn target(&self) -> Result<Arc<Target>> {
        if let Some(target) = self.target.get() {
            return Ok(Arc::clone(target));
        }
        let target = Arc::new(self.follow(&self.choice, &self.secrets())?);
        Ok(Arc::clone(self.target.get_or_init(|| target)))
    }

    /// The database of an environment, found with what `lookup` knows. Nothing is opened.
    ///
    /// # Errors
    /// See [`Settings::target`].
    pub fn target_of(&self, environment: &str, lookup: &dyn secret::Lookup) -> Result<Target> {
        self.follow(&Choice::Environment(environment.to_owned()), lookup)
    }

    /// The database that a reference leads to, found with what `lookup` knows. Nothing is opened.
    ///
    /// # Errors
    /// See [`Settings::target`].
    pub fn target_behind(&self, reference: &str, lookup: &dyn secret::Lookup) -> Result<Target> {
        self.follow(
            &Choice::Reference("the reference", reference.to_owned()),
            lookup,
        )
    }

    fn follow(&self, choice: &Choice, lookup: &dyn secret::Lookup) -> Result<Target> {
        let (name, text, declared) = match choice {
            Choice::Missing => {
                return Err(Usage::new(
                    "no environment is named, and on a CI machine there is no default",
                    "pass --env NAME or --url REFERENCE, or set DBTOOL_ENV or DBTOOL_DATABASE_URL; \
                     a pipeline that lacks its secret must not pass on a scratch file",
                )
                .into());
            }
            Choice::Reference(place, text) => (*place, text.clone(), None),
            Choice::Environment(name) => {
                let environment = self.environment(name)?;
                match &environment.database.value {
                    config::Database::File(path) => {
                        let path = self.root.join(path);
                        let database = Database::SqliteFile(path);
                        return Ok(Target {
                            environment: name.clone(),
                            database,
                            trail: Vec::new(),
                            fetched: None,
                        });
                    }
                    config::Database::Connection(text) => {
                        (name.as_str(), text.clone(), Some(environment.target.value))
                    }
                }
            }
        };
        let reference = Reference::parse(&text).map_err(|error| match error {
            // Names that no vault or secret can have are the secret's failure, whoever wrote them.
            ReferenceError::KeyVault(_) => Error::from(SecretError {
                environment: name.to_owned(),
                trail: Vec::new(),
                fault: Fault::Reference(error),
            }),
            error => Usage::new(
                format!("the connection of {name} cannot be used: {error}"),
                error.help(),
            )
            .into(),
        })?;
        let resolved = secret::resolve(&reference, name, lookup)?;
        if resolved
            .inline_credentials()
            .is_some_and(|found| !found.loopback)
            && !self.allow_inline_credentials
        {
            return Err(Usage::new(
                format!(
                    "the connection of {name} holds credentials for a host that is not this machine"
                ),
                INLINE_CREDENTIALS,
            )
            .into());
        }
        let database = match resolved.target {
            secret::Target::Sqlite(SqliteLocation::Memory) => Database::SqliteMemory,
            // A path typed on the command line starts here, one from dbtool.yaml beside it.
            secret::Target::Sqlite(SqliteLocation::File(path)) if declared.is_none() => {
                Database::SqliteFile(path)
            }
            secret::Target::Sqlite(SqliteLocation::File(path)) => {
                Database::SqliteFile(self.root.join(path))
            }
            secret::Target::SqlServer(literal) => Database::SqlServer(literal),
        };
        let target = Target {
            environment: name.to_owned(),
            database,
            trail: resolved.trail,
            fetched: resolved.fetched,
        };
        match declared {
            Some(declared) if declared != target.engine() => Err(Usage::new(
                format!(
                    "environment {name} is declared for {}, and its connection is for {}",
                    declared.name(),
                    target.engine().name()
                ),
                "correct its target in dbtool.yaml, or the connection that it refers to",
            )
            .into()),
            _ => Ok(target),
        }
    }

    fn environment(&self, name: &str) -> Result<&config::Environment> {
        self.config.environments.get(name).ok_or_else(|| {
            let known: Vec<&str> = self
                .config
                .environments
                .keys()
                .map(String::as_str)
                .collect();
            Usage::new(
                format!("there is no environment {name:?}"),
                format!("the environments are: {}", known.join(", ")),
            )
            .into()
        })
    }

    /// The present date, UTC, as `2026-01-31`.
    pub fn today(&self) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let version = Version::at(now.as_secs());
        let digits = version.as_str();
        format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..8])
    }

    /// The revision of the sources: what the CI says, else the commit that is checked out.
    pub fn source_revision(&self) -> Option<String> {
        const VARIABLES: [&str; 5] = [
            "GITHUB_SHA",
            "BUILD_SOURCEVERSION",
            "CI_COMMIT_SHA",
            "GIT_COMMIT",
            "BITBUCKET_COMMIT",
        ];
        let named = VARIABLES.iter().find_map(|name| std::env::var(name).ok());
        named
            .filter(|revision| !revision.is_empty())
            .or_else(|| checked_out(&self.root))
    }
}

impl Target {
    /// The database that a connection string names, where it names one.
    pub fn database_name(&self) -> Option<&str> {
        match &self.database {
            Database::SqliteFile(_) | Database::SqliteMemory => None,
            Database::SqlServer(literal) => literal.database(),
        }
    }

    /// The engine.
    pub fn engine(&self) -> Engine {
        match self.database {
            Database::SqliteFile(_) | Database::SqliteMemory => Engine::Sqlite,
            Database::SqlServer(_) => Engine::Mssql,
        }
    }
}

/// dbtool.yaml in the working folder or the nearest folder above it, with that folder.
fn find_config() -> (PathBuf, Option<PathBuf>) {
    let mut folder = PathBuf::new();
    let depth = std::env::current_dir().map_or(0, |here| here.components().count());
    for _ in 0..depth.max(1) {
        let file = folder.join(config::FILE_NAME);
        // Whatever has the name is meant: a pipe, or a link that leads nowhere, is refused when it is
        // read, and never passed over for the defaults.
        if file.symlink_metadata().is_ok_and(|file| !file.is_dir()) {
            return (folder, Some(file));
        }
        folder.push("..");
    }
    (PathBuf::new(), None)
}

/// The commit that a git checkout is at, read from its files: asking git would cost a process.
fn checked_out(root: &Path) -> Option<String> {
    let mut folder = root.to_owned();
    let git = (0..8).find_map(|_| {
        let git = folder.join(".git");
        if git.exists() {
            return Some(git);
        }
        folder.push("..");
        None
    })?;
    let git = if git.is_file() {
        // A worktree: the file names the folder.
        let text = std::fs::read_to_string(&git).ok()?;
        let target = text.trim().strip_prefix("gitdir: ")?.to_owned();
        git.parent()?.join(target)
    } else {
        git
    };
    let head = std::fs::read_to_string(git.join("HEAD")).ok()?;
    let head = head.trim();
    let Some(reference) = head.strip_prefix("ref: ") else {
        return Some(head.to_owned());
    };
    let common = std::fs::read_to_string(git.join("commondir"))
        .map_or_else(|_| git.clone(), |common| git.join(common.trim()));
    let loose = std::fs::read_to_string(common.join(reference)).ok();
    loose.map(|text| text.trim().to_owned()).or_else(|| {
        let packed = std::fs::read_to_string(common.join("packed-refs")).ok()?;
        packed.lines().find_map(|line| {
            let (commit, name) = line.split_once(' ')?;
            (name == reference).then(|| commit.to_owned())
        })
    })
}

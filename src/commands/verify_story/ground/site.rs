//! Where throwaway databases are had: in files of the embedded engine, created on a server, or in
//! one database that people have given away.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};

use crate::cli::VerifyStory;
use crate::commands::{Context, is_database};
use crate::engine::{Engine, EngineError, Session};
use crate::registry;
use crate::scratch::Scratch;
use crate::scratch::server::{Created, Given, NotGiven};
use crate::settings::Usage;

/// How a person marks a scratch database.
const MARK: &str = "EXEC sys.sp_addextendedproperty @name = N'dbtoolScratch', @value = N'yes';";

/// Where throwaway databases are had.
pub(in crate::commands::verify_story) enum Site {
    /// In files of the embedded engine, in a folder that goes away.
    Embedded(Files),
    /// On a server, created and dropped by this run.
    Created(Created),
    /// In a database that people have marked. It can be only one database at a time.
    Given {
        /// It.
        database: Given,
        /// How often it was emptied, which numbers what it stands for.
        emptied: AtomicUsize,
    },
}

/// Databases of the embedded engine.
pub(in crate::commands::verify_story) struct Files {
    scratch: Scratch,
    count: AtomicUsize,
}

impl Site {
    /// The one that the arguments ask for. Without a flag for a server that is the embedded engine,
    /// whatever environment is set: nobody's DBTOOL_ENV leads a gate to a server.
    pub(in crate::commands::verify_story) fn choose(
        context: &Context<'_>,
        arguments: &VerifyStory,
    ) -> Result<Self> {
        if Self::engine(arguments) == registry::EMBEDDED {
            let scratch = Scratch::new().context("cannot make a throwaway database")?;
            return Ok(Self::Embedded(Files {
                scratch,
                count: AtomicUsize::new(0),
            }));
        }
        let flag = if arguments.scratch_database {
            "--scratch-database"
        } else {
            "--allow-create-database"
        };
        let target = context.settings.target()?;
        let secrets = context.settings.secrets();
        let Some(door) = registry::door(&target, &context.opening(), secrets)? else {
            return Err(Usage::new(
                format!(
                    "{flag} is for a database on a server, and {} is an SQLite file",
                    target.environment
                ),
                "name the environment with --env or --url, or leave the flag out: the embedded \
                 engine has throwaway databases anyway",
            )
            .into());
        };
        if let (Some(expected), Some(found)) =
            (&context.settings.expect_database, target.database_name())
            && !is_database(found, expected)
        {
            return Err(Usage::new(
                format!("the database is {found}, and --expect-database wants {expected}"),
                "check --env and --url; nothing was read or written",
            )
            .into());
        }
        if arguments.allow_create_database {
            let printer = std::sync::Arc::clone(context.printer);
            let tell = Box::new(move |text: &str| printer.message(text));
            return Ok(Self::Created(Created::start(door, tell, arguments.keep)?));
        }
        let schema = &context.settings.config.mssql.schema.value;
        let database = Given::start(door, schema.as_ref()).map_err(|error| match error {
            NotGiven::Unmarked(_) => anyhow::Error::from(Usage::new(
                error.to_string(),
                format!(
                    "everything in its schema {schema} would be dropped; if that is meant, mark it \
                     in it: {MARK}"
                ),
            )),
            NotGiven::Lock(error) => error.into(),
        })?;
        context.printer.message(&format!(
            "{} is marked as a scratch database: what its schema {schema} holds is dropped",
            database.name()
        ));
        Ok(Self::Given {
            database,
            emptied: AtomicUsize::new(0),
        })
    }

    /// The engine of the databases that the arguments ask for.
    pub(in crate::commands::verify_story) fn engine(arguments: &VerifyStory) -> Engine {
        if arguments.allow_create_database || arguments.scratch_database {
            Engine::Mssql
        } else {
            registry::EMBEDDED
        }
    }

    /// An empty database; the name that it has here.
    pub(super) fn empty(&self) -> Result<String, EngineError> {
        match self {
            Self::Embedded(files) => Ok(files.next()),
            Self::Created(created) => created.empty(),
            Self::Given { database, emptied } => {
                database.empty()?;
                Ok((emptied.fetch_add(1, Ordering::SeqCst) + 1).to_string())
            }
        }
    }

    /// A copy of a database that nobody has open, where databases can be copied.
    pub(super) fn copy(&self, of: &str) -> Result<Option<String>, EngineError> {
        match self {
            Self::Embedded(files) => {
                let name = files.next();
                files.scratch.copy(of, &name)?;
                Ok(Some(name))
            }
            Self::Created(_) | Self::Given { .. } => Ok(None),
        }
    }

    /// Whether a database is no more what it was, because another took its place.
    pub(super) fn is_replaced(&self, name: &str) -> bool {
        match self {
            Self::Embedded(_) | Self::Created(_) => false,
            Self::Given { emptied, .. } => emptied.load(Ordering::SeqCst).to_string() != name,
        }
    }

    /// Opens a database.
    pub(super) fn open(&self, name: &str) -> Result<Box<dyn Session>, EngineError> {
        match self {
            Self::Embedded(files) => files.scratch.open(name),
            Self::Created(created) => created.open(name),
            Self::Given { database, .. } => database.open(),
        }
    }

    /// The file of a database, where databases are files.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Embedded(files) => Some(files.scratch.path(name)),
            Self::Created(_) | Self::Given { .. } => None,
        }
    }

    /// What the server calls a database, where that is not the one that the settings name.
    pub(super) fn database_name<'a>(&self, name: &'a str) -> Option<&'a str> {
        match self {
            Self::Created(_) => Some(name),
            Self::Embedded(_) | Self::Given { .. } => None,
        }
    }

    /// Lets go of a database that is not used any more.
    pub(super) fn remove(&self, name: &str) {
        match self {
            // They go with their folder.
            Self::Embedded(_) => {}
            Self::Created(created) => created.remove(name),
            // Whoever opens the one before finds it replaced.
            Self::Given { .. } => {}
        }
    }

    /// What becomes of the databases, for the report.
    pub(super) fn fate(&self, session: &dyn Session) -> String {
        match self {
            Self::Embedded(_) => "removed after the run".to_owned(),
            Self::Created(_) => format!("{}, dropped after the run", session.server().database),
            Self::Given { .. } => format!("{}, emptied before the run", session.server().database),
        }
    }

    /// Leaves the databases in place and says where they are.
    pub(super) fn keep(self) -> Result<String, EngineError> {
        Ok(match self {
            Self::Embedded(files) => files.scratch.keep().display().to_string(),
            Self::Created(created) => created.keep()?.join(", "),
            Self::Given { database, .. } => database.name(),
        })
    }
}

impl Files {
    /// The first is the one that the others are copied from.
    fn next(&self) -> String {
        match self.count.fetch_add(1, Ordering::Relaxed) {
            0 => "template".to_owned(),
            number => format!("database{number}"),
        }
    }
}

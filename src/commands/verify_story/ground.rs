//! The databases that stories are proven on: one that is migrated from empty and judged, and
//! copies of it for the scenarios.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::commands::{Declared, findings_of};
use crate::diag::{Diagnostic, Phase};
use crate::dialect::Dialect;
use crate::engine::{Catalog, EngineError, ErrorKind, Session};
use crate::exit::Exit;
use crate::migration::{Folder, Version};
use crate::model::Schema;
use crate::registry::Opening;
use crate::report::{Case, Report};
use crate::scratch::{self, Scratch};
use crate::settings::{Database, Settings, Target};
use crate::story::World;
use crate::story::apart::{Apart, Way};

use super::project;

/// The name of the migrated database that nothing ever writes to, so that copies of it are fresh.
const TEMPLATE: &str = "template";

const NAMES: [&str; 2] = ["migrations run clean on an empty database", "no drift"];

/// What all throwaway databases of a run share.
pub(super) struct ProvingGround {
    scratch: Scratch,
    folder: Folder,
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) schema: Schema,
    settings: Settings,
    databases: AtomicUsize,
}

impl ProvingGround {
    /// Room for databases of this schema; none is made yet.
    pub(super) fn new(
        settings: &Settings,
        folder: Folder,
        dialect: Box<dyn Dialect>,
        schema: Schema,
    ) -> Result<Self> {
        Ok(Self {
            settings: settings.clone(),
            scratch: Scratch::new().context("cannot make a throwaway database")?,
            folder,
            dialect,
            schema,
            databases: AtomicUsize::new(0),
        })
    }

    /// Leaves the databases in place and says where they are.
    pub(super) fn keep(self) -> PathBuf {
        self.scratch.keep()
    }

    /// Runs the phases before the stories. False when one of them failed, which is then reported.
    pub(super) fn prepare(&self, report: &mut Report, declared: &Declared) -> Result<bool> {
        let clock = Instant::now();
        let mut session = self.scratch.open(TEMPLATE)?;
        let migrated = scratch::migrate(session.as_mut(), self.dialect.as_ref(), &self.folder);
        let (exit, findings) = match migrated {
            Ok(_) => (Exit::Ok, Vec::new()),
            Err(failure) => findings_of(failure.cause)?,
        };
        let [migration, drift] = NAMES;
        let suite = "verify-story";
        if exit != Exit::Ok {
            report.exit = exit;
            let case = Case::failed(Phase::Migration, suite, migration).took(clock.elapsed());
            report.add_case(case, findings);
            let why = "a migration failed";
            report.add_case(Case::skipped(Phase::Drift, suite, drift, why), []);
            return Ok(false);
        }
        let case = Case::passed(Phase::Migration, suite, migration).took(clock.elapsed());
        report.add_case(case, []);
        let clock = Instant::now();
        let mut findings = scratch::drift(session.as_mut(), self.dialect.as_ref(), &self.schema)?;
        if !findings.is_empty() {
            declared.place_all(&mut findings);
            report.exit = Exit::Drift;
            let case = Case::failed(Phase::Drift, suite, drift).took(clock.elapsed());
            report.add_case(case, findings);
            return Ok(false);
        }
        let case = Case::passed(Phase::Drift, suite, drift).took(clock.elapsed());
        report.add_case(case, []);
        Ok(true)
    }

    /// A fresh copy of the migrated database.
    pub(super) fn database(self: &Arc<Self>) -> Result<Throwaway, EngineError> {
        let database = self.empty();
        self.scratch.copy(TEMPLATE, &database.name)?;
        Ok(database)
    }

    /// A database without anything in it, which comes into being when it is opened.
    fn empty(self: &Arc<Self>) -> Throwaway {
        Throwaway {
            ground: Arc::clone(self),
            name: self.next_name(),
        }
    }

    fn next_name(&self) -> String {
        format!("database{}", self.databases.fetch_add(1, Ordering::Relaxed))
    }

    /// The catalog of an empty database after all migrations.
    fn migrated_catalog(&self) -> Result<Catalog, EngineError> {
        let mut session = self.scratch.open(&self.next_name())?;
        scratch::migrate(session.as_mut(), self.dialect.as_ref(), &self.folder).map_err(
            |failure| {
                let why = match findings_of(failure.cause) {
                    Err(error) => error.to_string(),
                    Ok((_, findings)) => {
                        let first = findings.into_iter().next();
                        first.map_or_else(String::new, |finding| finding.message)
                    }
                };
                EngineError::new(ErrorKind::Statement, why)
            },
        )?;
        session.catalog()
    }
}

/// A database for scenarios.
pub(super) struct Throwaway {
    ground: Arc<ProvingGround>,
    name: String,
}

impl World for Throwaway {
    fn open(&self) -> Result<Box<dyn Session>, EngineError> {
        self.ground.scratch.open(&self.name)
    }

    fn drift(&self) -> Result<Vec<Diagnostic>, EngineError> {
        let mut session = self.open()?;
        let ground = &self.ground;
        scratch::drift(session.as_mut(), ground.dialect.as_ref(), &ground.schema)
            .map_err(project::engine_error)
    }

    fn second_catalog(&self) -> Result<(Catalog, Catalog), EngineError> {
        Ok((
            self.ground.migrated_catalog()?,
            self.ground.migrated_catalog()?,
        ))
    }

    fn fresh(&self) -> Result<Box<dyn World>, EngineError> {
        Ok(Box::new(self.ground.database()?))
    }

    fn empty(&self) -> Result<Box<dyn World>, EngineError> {
        Ok(Box::new(self.ground.empty()))
    }

    fn open_apart(&self) -> Result<Apart, EngineError> {
        let executable = std::env::current_exe().map_err(|error| {
            EngineError::new(
                ErrorKind::Connection,
                format!("this program cannot find its own file: {error}"),
            )
        })?;
        let target = Target {
            environment: "throwaway".to_owned(),
            database: Database::SqliteFile(self.ground.scratch.path(&self.name)),
            trail: Vec::new(),
            fetched: None,
        };
        let way = Way::to(&target, &Opening::default(), self.ground.settings.secrets())?;
        Apart::start(Command::new(executable), way)
    }

    fn migrations(&self) -> Result<PathBuf, EngineError> {
        project::copy(&self.ground.folder, self.own_folder())
    }

    fn migrate(&self, to: Option<&Version>) -> Result<usize, (Exit, Vec<Diagnostic>)> {
        let dialect = self.ground.dialect.as_ref();
        let opened = project::folder(&self.ground.folder, &self.own_folder(), dialect)
            .and_then(|folder| Ok((folder, self.open()?)));
        let (folder, mut session) = opened.map_err(|error| {
            let finding = Diagnostic::error(Phase::Migration, "failure/connection", error.message);
            (Exit::Connection, vec![finding])
        })?;
        project::migrate(session.as_mut(), dialect, &folder, to)
    }

    fn gate(&self) -> Result<(Exit, Vec<Diagnostic>), EngineError> {
        let ground = &self.ground;
        let dialect = ground.dialect.as_ref();
        let folder = project::folder(&ground.folder, &self.own_folder(), dialect)?;
        let mut session = self.open()?;
        project::gate(session.as_mut(), dialect, &folder, &ground.settings)
    }

    fn settings(&self) -> Option<&Settings> {
        Some(&self.ground.settings)
    }
}

impl Throwaway {
    /// Where its copy of the migrations folder lies, once there is one.
    fn own_folder(&self) -> PathBuf {
        self.ground
            .scratch
            .path(&self.name)
            .with_extension("migrations")
    }
}

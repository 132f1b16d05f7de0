//! The databases that stories are proven on: one that is migrated from empty and judged, and
//! others like it for the scenarios.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::commands::{Declared, findings_of};
use crate::diag::{Diagnostic, Phase};
use crate::dialect::{Dialect, Evidence};
use crate::engine::{Catalog, EngineError, ErrorKind, Session};
use crate::exit::Exit;
use crate::history::HistoryError;
use crate::migration::{Folder, Version};
use crate::model::Schema;
use crate::registry::Opening;
use crate::report::{Case, Environment, Report};
use crate::scratch;
use crate::settings::{Database, Settings, Target};
use crate::story::World;
use crate::story::apart::{Apart, Way};

use super::project;

mod site;

pub(super) use site::Site;

const NAMES: [&str; 2] = ["migrations run clean on an empty database", "no drift"];

/// What all throwaway databases of a run share.
pub(super) struct ProvingGround {
    site: Site,
    folder: Folder,
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) schema: Schema,
    settings: Settings,
    /// Where scenarios keep their copies of the migrations folder.
    copies: TempDir,
    /// The migrated database that was judged. Where databases can be copied, nothing else is ever
    /// done with it, so that copies of it are fresh.
    judged: OnceLock<String>,
    /// Why the catalog cannot be held against what was declared, where it cannot.
    silence: OnceLock<String>,
}

impl ProvingGround {
    /// Room for databases of this schema; none is made yet.
    pub(super) fn new(
        settings: &Settings,
        site: Site,
        folder: Folder,
        dialect: Box<dyn Dialect>,
        schema: Schema,
    ) -> Result<Self> {
        let copies = tempfile::Builder::new().prefix("dbtool-").tempdir();
        Ok(Self {
            site,
            folder,
            dialect,
            schema,
            settings: settings.clone(),
            copies: copies.context("cannot make a temporary folder")?,
            judged: OnceLock::new(),
            silence: OnceLock::new(),
        })
    }

    /// Leaves the databases in place and says where they are.
    ///
    /// # Errors
    /// When the server refuses.
    pub(super) fn keep(self) -> Result<String, EngineError> {
        self.site.keep()
    }

    /// What the report says of where the run works.
    pub(super) fn environment(&self, session: &dyn Session) -> Environment {
        let server = session.server();
        Environment {
            name: "throwaway".to_owned(),
            engine: server.engine,
            product: server.product.clone(),
            database: self.site.fate(session),
        }
    }

    /// Runs the phases before the stories. False when one of them failed, which is then reported.
    pub(super) fn prepare(&self, report: &mut Report, declared: &Declared) -> Result<bool> {
        let clock = Instant::now();
        let name = self.site.empty()?;
        let name = self.judged.get_or_init(|| name);
        let mut session = self.site.open(name)?;
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
        let evidence = self.dialect.interpret(&session.catalog()?).evidence;
        if let Evidence::RowsOnly(why) = evidence {
            let why = format!("not judged on this engine: {why}");
            report.add_case(Case::skipped(Phase::Drift, suite, drift, &why), []);
            self.silence.get_or_init(|| why);
            return Ok(true);
        }
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

    /// A migrated database that no scenario has used: a copy of the judged one, or itself.
    pub(super) fn database(self: &Arc<Self>) -> Result<Throwaway, EngineError> {
        let judged = match self.judged.get() {
            Some(name) => name.clone(),
            None => self.migrated()?,
        };
        let name = self.site.copy(&judged)?.unwrap_or(judged);
        Ok(Throwaway {
            ground: Arc::clone(self),
            name: Mutex::new(name),
            is_empty: false,
            is_passing: false,
        })
    }

    /// An empty database after all migrations.
    fn migrated(&self) -> Result<String, EngineError> {
        let name = self.site.empty()?;
        let mut session = self.site.open(&name)?;
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
        Ok(name)
    }

    /// The catalog of an empty database after all migrations.
    fn migrated_catalog(&self) -> Result<Catalog, EngineError> {
        let name = self.migrated()?;
        let catalog = self.site.open(&name)?.catalog();
        self.site.remove(&name);
        catalog
    }
}

/// A database for scenarios.
pub(super) struct Throwaway {
    ground: Arc<ProvingGround>,
    /// The name that it has at the site, which changes when another took its place.
    name: Mutex<String>,
    /// Whether it began without anything in it.
    is_empty: bool,
    /// Whether it is for one scenario alone.
    is_passing: bool,
}

impl World for Throwaway {
    fn open(&self) -> Result<Box<dyn Session>, EngineError> {
        self.ground.site.open(&self.present_name()?)
    }

    fn drift(&self) -> Result<Vec<Diagnostic>, EngineError> {
        let mut session = self.open()?;
        let ground = &self.ground;
        scratch::drift(session.as_mut(), ground.dialect.as_ref(), &ground.schema).map_err(|error| {
            match error {
                HistoryError::Engine(error) => error,
                row @ HistoryError::Row { .. } => {
                    EngineError::new(ErrorKind::Statement, row.to_string())
                }
            }
        })
    }

    fn second_catalog(&self) -> Result<(Catalog, Catalog), EngineError> {
        Ok((
            self.ground.migrated_catalog()?,
            self.ground.migrated_catalog()?,
        ))
    }

    fn fresh(&self) -> Result<Box<dyn World>, EngineError> {
        let ground = &self.ground;
        let copied = match ground.judged.get() {
            Some(judged) => ground.site.copy(judged)?,
            None => None,
        };
        let name = match copied {
            Some(name) => name,
            None => ground.migrated()?,
        };
        Ok(Box::new(Self {
            ground: Arc::clone(ground),
            name: Mutex::new(name),
            is_empty: false,
            is_passing: true,
        }))
    }

    fn empty(&self) -> Result<Box<dyn World>, EngineError> {
        Ok(Box::new(Self {
            ground: Arc::clone(&self.ground),
            name: Mutex::new(self.ground.site.empty()?),
            is_empty: true,
            is_passing: true,
        }))
    }

    fn open_apart(&self) -> Result<Apart, EngineError> {
        let broken = |what: String| EngineError::new(ErrorKind::Connection, what);
        let executable = std::env::current_exe()
            .map_err(|error| broken(format!("this program cannot find its own file: {error}")))?;
        let ground = &self.ground;
        let secrets = ground.settings.secrets();
        let name = self.present_name()?;
        let way = match ground.site.path(&name) {
            Some(path) => {
                let target = Target {
                    environment: "throwaway".to_owned(),
                    database: Database::SqliteFile(path),
                    trail: Vec::new(),
                    fetched: None,
                };
                Way::to(&target, &Opening::default(), secrets)?
            }
            None => {
                let target = ground.settings.target();
                let target = target.map_err(|error| broken(format!("{error:#}")))?;
                let way = Way::to(&target, &Opening::default(), secrets)?;
                way.to_database(ground.site.database_name(&name))
            }
        };
        Apart::start(Command::new(executable), way)
    }

    fn migrations(&self) -> Result<PathBuf, EngineError> {
        project::copy(&self.ground.folder, self.own_folder()?)
    }

    fn migrate(&self, to: Option<&Version>) -> Result<usize, (Exit, Vec<Diagnostic>)> {
        let dialect = self.ground.dialect.as_ref();
        let opened = self
            .own_folder()
            .and_then(|copy| project::folder(&self.ground.folder, &copy, dialect))
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
        let folder = project::folder(&ground.folder, &self.own_folder()?, dialect)?;
        let mut session = self.open()?;
        project::gate(session.as_mut(), dialect, &folder, &ground.settings)
    }

    fn settings(&self) -> Option<&Settings> {
        Some(&self.ground.settings)
    }

    fn silence(&self) -> Option<&str> {
        self.ground.silence.get().map(String::as_str)
    }
}

impl Throwaway {
    /// The name that it has now: another one where another database took its place.
    fn present_name(&self) -> Result<MutexGuard<'_, String>, EngineError> {
        let mut name = self.name.lock().unwrap_or_else(PoisonError::into_inner);
        if self.ground.site.is_replaced(&name) {
            *name = if self.is_empty {
                self.ground.site.empty()?
            } else {
                self.ground.migrated()?
            };
        }
        Ok(name)
    }

    /// Where its copy of the migrations folder lies, once there is one.
    fn own_folder(&self) -> Result<PathBuf, EngineError> {
        let name = self.present_name()?;
        Ok(self.ground.copies.path().join(name.as_str()))
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if self.is_passing {
            let name = self.name.get_mut().unwrap_or_else(PoisonError::into_inner);
            self.ground.site.remove(name);
        }
    }
}

//! Throwaway databases for proofs: made empty, migrated, used, and removed.

use std::path::PathBuf;
use std::time::Duration;

use crate::diag::{Diagnostic, Severity};
use crate::dialect::Dialect;
use crate::engine::{EngineError, ErrorKind, Session};
use crate::executor::{self, Failure, Options, Origin, Outcome};
use crate::history::{History, HistoryError};
use crate::migration::{Folder, Version};
use crate::model::Schema;
use crate::registry;

pub mod server;

/// What is thrown away need not survive a loss of power. A process that is killed loses nothing by
/// it: what it wrote is the system's by then.
const QUICK: &str = "PRAGMA synchronous = OFF";

/// A folder for throwaway databases of the embedded engine, removed when this value goes.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    /// A new, empty folder.
    ///
    /// # Errors
    /// When the system's temporary folder cannot be written.
    pub fn new() -> std::io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("dbtool-").tempdir()?;
        Ok(Self { folder })
    }

    /// Where a database of this name lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.db"))
    }

    /// Opens a database, which is created when it does not exist.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self, name: &str) -> Result<Box<dyn Session>, EngineError> {
        let mut session = registry::open_embedded(&self.path(name))?;
        session.execute(QUICK)?;
        Ok(session)
    }

    /// Copies a database that nobody has open, under another name.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub fn copy(&self, from: &str, to: &str) -> Result<(), EngineError> {
        std::fs::copy(self.path(from), self.path(to))
            .map(|_| ())
            .map_err(|error| {
                EngineError::new(
                    ErrorKind::Connection,
                    format!("cannot copy the database: {error}"),
                )
            })
    }

    /// Removes a database that nobody has open.
    pub fn remove(&self, name: &str) {
        // What cannot be removed now goes with the folder.
        let _ = std::fs::remove_file(self.path(name));
    }

    /// Leaves the folder in place and says where it is.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }
}

/// Applies all migrations of a folder to a throwaway database.
///
/// # Errors
/// See [`executor::migrate`].
pub fn migrate(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    folder: &Folder,
) -> Result<Outcome, Failure> {
    migrate_to(session, dialect, folder, None)
}

/// The same, up to and including a version.
///
/// # Errors
/// See [`executor::migrate`].
pub fn migrate_to(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    folder: &Folder,
    to: Option<&Version>,
) -> Result<Outcome, Failure> {
    let options = Options {
        to: to.cloned(),
        lock_timeout: Duration::from_secs(5),
        ..Options::default()
    };
    let origin = Origin {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        source_revision: None,
    };
    executor::migrate(session, dialect, folder, &options, &origin, &mut |_| {})
}

/// What differs between a database and the schema that it should have; errors only.
///
/// # Errors
/// When the catalog cannot be read.
pub fn drift(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    schema: &Schema,
) -> Result<Vec<Diagnostic>, HistoryError> {
    let mut findings = crate::drift::live(session, dialect, schema, &History::default())?;
    findings.retain(|finding| finding.severity == Severity::Error);
    Ok(findings)
}

//! Throwaway databases for proofs: made empty, migrated, used, and removed.

use std::path::PathBuf;
use std::time::Duration;

use crate::diag::{Diagnostic, Severity};
use crate::dialect::Dialect;
use crate::engine::{EngineError, ErrorKind, Session};
use crate::executor::{self, Failure, Options, Origin, Outcome};
use crate::history::{History, HistoryError};
use crate::migration::Folder;
use crate::model::Schema;
use crate::registry;

pub mod server;

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
        registry::open_embedded(&self.path(name))
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
    let options = Options {
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

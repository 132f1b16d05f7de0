//! Throwaway SQLite files that hold a schema.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::diag::{Diagnostic, Phase};
use crate::dialect::Dialect as _;
use crate::dialect::sqlite::Sqlite;
use crate::engine::sqlite::{OpenOptions, SqliteSession};
use crate::engine::{Catalog, EngineError, Session, TransactionOptions};
use crate::model::{Ident, ObjectPath, Schema};
use crate::plan::Step;
use crate::story::World;

/// These files need not survive a loss of power.
const UNSAFE_BUT_QUICK: &str = "PRAGMA synchronous = OFF";

/// A SQLite file with the tables of a schema.
pub(in crate::story) struct Files {
    folder: TempDir,
    schema: Schema,
    count: AtomicUsize,
    untouched: Catalog,
}

impl Files {
    /// A database of this schema.
    pub(in crate::story) fn new(schema: &Schema) -> Self {
        let mut files = Self {
            folder: tempfile::tempdir().unwrap(),
            schema: Sqlite.lower(schema).0,
            count: AtomicUsize::new(0),
            untouched: Catalog {
                engine: Sqlite.engine(),
                product: String::new(),
                objects: Vec::new(),
            },
        };
        files.untouched = files.make().unwrap();
        files
    }

    /// A connection to another, empty database of the schema.
    pub(in crate::story) fn open_another(&self) -> Result<Box<dyn Session>, EngineError> {
        self.make()?;
        let path = self.path(self.count.load(Ordering::SeqCst) - 1);
        Self::session(&path)
    }

    fn session(path: &Path) -> Result<Box<dyn Session>, EngineError> {
        let mut session = SqliteSession::open(path.to_str().unwrap(), OpenOptions::default())?;
        session.execute(UNSAFE_BUT_QUICK)?;
        Ok(Box::new(session))
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("{number}.db"))
    }

    /// Makes the next database; its catalog.
    fn make(&self) -> Result<Catalog, EngineError> {
        let path = self.path(self.count.fetch_add(1, Ordering::SeqCst));
        let mut session = SqliteSession::open(
            path.to_str().unwrap(),
            OpenOptions {
                create: true,
                read_only: false,
            },
        )?;
        session.execute(UNSAFE_BUT_QUICK)?;
        session.begin(TransactionOptions::default())?;
        let tables = self.schema.tables.values().cloned();
        let steps: Vec<Step> = tables.map(Step::CreateTable).collect();
        for batch in Sqlite.render(&steps) {
            session.execute(&batch.sql)?;
        }
        session.commit()?;
        session.catalog()
    }
}

impl World for Files {
    fn open(&self) -> Result<Box<dyn Session>, EngineError> {
        Self::session(&self.path(0))
    }

    /// Objects that are not what they were when the database was made.
    fn drift(&self) -> Result<Vec<Diagnostic>, EngineError> {
        let now = self.open()?.catalog()?.objects;
        let was = &self.untouched.objects;
        let changed = now.iter().filter(|object| !was.contains(object));
        let gone = was.iter().filter(|object| !now.contains(object));
        let findings = changed.chain(gone).map(|object| {
            let name = Ident::new(object.name.as_str());
            let path = match &object.table {
                Some(table) => ObjectPath::member(&Ident::new(table.as_str()), &name),
                None => ObjectPath::table(&name),
            };
            Diagnostic::error(Phase::Drift, "drift/changed", "changed").at(path)
        });
        Ok(findings.collect())
    }

    fn second_catalog(&self) -> Result<(Catalog, Catalog), EngineError> {
        Ok((self.make()?, self.make()?))
    }

    fn fresh(&self) -> Result<Box<dyn World>, EngineError> {
        Ok(Box::new(Self::new(&self.schema)))
    }
}

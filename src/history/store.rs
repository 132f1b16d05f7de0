//! Reading and writing the history through a session.

use crate::dialect::{Batch, Dialect};
use crate::diff::Renames;
use crate::engine::{Catalog, EngineError, Session, Value};
use crate::migration::{Checksum, Version};
use crate::model::{Ident, Schema, Type};
use crate::plan;

use super::{Kind, Row, State, chain, tables};

/// The history of one database, as read.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Whether the table exists.
    pub exists: bool,
    /// Its rows in order of id.
    pub rows: Vec<Row>,
}

/// Why the history could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The engine refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A row is not what any dbtool writes.
    #[error(
        "row {id} of dbtoolHistory cannot be understood: its {column} is {found}; \
         the table was edited by hand, or written by a later dbtool"
    )]
    Row {
        /// The row's place.
        id: i64,
        /// The column.
        column: &'static str,
        /// What it holds.
        found: String,
    },
}

/// The catalog that was recorded after the last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogRecord {
    /// The history row that it was recorded with.
    pub history_id: i64,
    /// The catalog.
    pub catalog: Catalog,
}

/// The version of the row format that this build writes.
pub const FORMAT: i64 = 1;

/// The columns of the history table, in order, with their types. `sqlText` is the 17th.
const COLUMNS: [(&str, Type); 20] = [
    ("id", Type::BigInt),
    ("formatVersion", Type::Int),
    ("version", Type::FixedAscii(14)),
    ("name", Type::String(200)),
    ("kind", Type::Ascii(20)),
    ("state", Type::Ascii(20)),
    ("changesChecksum", Type::FixedAscii(64)),
    ("sqlChecksum", Type::FixedAscii(64)),
    ("startedAt", Type::Timestamp(3)),
    ("finishedAt", Type::Timestamp(3)),
    ("durationMs", Type::BigInt),
    ("batchCount", Type::BigInt),
    ("appliedBy", Type::String(256)),
    ("hostName", Type::String(256)),
    ("toolVersion", Type::String(50)),
    ("sourceRevision", Type::String(200)),
    ("sqlText", Type::Text),
    ("errorText", Type::Text),
    ("reason", Type::Text),
    ("chainHash", Type::FixedAscii(64)),
];

impl History {
    /// Reads the history; `with_sql` also the SQL of each row, which the chain needs.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn load(
        session: &mut dyn Session,
        dialect: &dyn Dialect,
        with_sql: bool,
    ) -> Result<Self, HistoryError> {
        if !exists(session, dialect, tables::HISTORY)? {
            return Ok(Self::default());
        }
        let columns: Vec<String> = COLUMNS
            .iter()
            .map(|(name, _)| {
                if *name == "sqlText" && !with_sql {
                    "NULL".to_owned()
                } else {
                    dialect.quote(&Ident::from(*name))
                }
            })
            .collect();
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {}",
            columns.join(", "),
            dialect.table(&tables::HISTORY.into()),
            dialect.quote(&"id".into())
        );
        let rows = session.query(&sql, &[])?;
        let rows = rows
            .rows
            .into_iter()
            .map(|values| read_row(dialect, values))
            .collect::<Result<_, _>>()?;
        Ok(Self { exists: true, rows })
    }

    /// The hash of the last row.
    pub fn head(&self) -> Option<&Checksum> {
        self.rows.last().map(|row| &row.chain_hash)
    }

    /// Whether a migration was applied after this row: what was recorded with it is then out of
    /// date, because the run ended before its last migration. What a repair says of an entry changes
    /// no catalog.
    pub fn applied_after(&self, id: i64) -> bool {
        self.rows
            .iter()
            .any(|row| row.id > id && row.state == State::Applied && row.kind != Kind::Repair)
    }

    /// The last row that says of this version that it is applied.
    pub fn applied(&self, version: &Version) -> Option<&Row> {
        self.rows
            .iter()
            .rev()
            .find(|row| row.version == *version && row.state == State::Applied)
    }

    /// The migration that has begun batch by batch and is not done, if there is one.
    pub fn midway(&self) -> Option<&Row> {
        let begun = |row: &&Row| row.state == State::Started;
        self.rows.iter().rev().find(begun).filter(|begun| {
            !self
                .rows
                .iter()
                .any(|row| row.version == begun.version && row.state == State::Applied)
        })
    }

    /// The number of the batch that began outside of any transaction and of which no later row says
    /// how it ended. That it is done is said by the journal alone.
    pub fn begun_outside(&self, version: &Version) -> Option<i64> {
        let last = self.rows.iter().rev().find(|row| row.version == *version)?;
        let is_begun = last.state == State::Started && last.kind == Kind::Migration;
        (is_begun && last.batch_count > 0).then_some(last.batch_count)
    }

    /// The batches that create those of dbtool's own tables that are missing.
    ///
    /// # Errors
    /// When the engine does not tell.
    pub fn missing_tables(
        session: &mut dyn Session,
        dialect: &dyn Dialect,
    ) -> Result<Vec<Batch>, HistoryError> {
        let mut missing = tables::schema();
        let mut present = Vec::new();
        for name in missing.tables.keys() {
            if exists(session, dialect, name.as_str())? {
                present.push(name.clone());
            }
        }
        missing.tables.retain(|name, _| !present.contains(name));
        let (lowered, _) = dialect.lower(&missing);
        let steps = plan::steps(
            &Schema::default(),
            &lowered,
            &Renames::default(),
            dialect.capabilities(),
        );
        Ok(dialect.render(&steps))
    }

    /// Creates dbtool's own tables where they are missing.
    ///
    /// # Errors
    /// When the engine refuses; nothing is then created.
    pub fn ensure(session: &mut dyn Session, dialect: &dyn Dialect) -> Result<(), HistoryError> {
        let batches = Self::missing_tables(session, dialect)?;
        if batches.is_empty() {
            return Ok(());
        }
        session.begin(crate::engine::TransactionOptions::default())?;
        for batch in batches {
            if let Err(error) = session.execute(&batch.sql) {
                session.rollback()?;
                return Err(error.into());
            }
        }
        session.commit()?;
        Ok(())
    }

    /// Adds a row within the open transaction. Its id and hash are filled in here, from the rows
    /// that are there: the caller holds the lock.
    ///
    /// # Errors
    /// When the engine refuses.
    pub fn append(
        &mut self,
        session: &mut dyn Session,
        dialect: &dyn Dialect,
        mut row: Row,
    ) -> Result<(), HistoryError> {
        self.chain(&mut row);
        let (names, values): (Vec<Ident>, Vec<Value>) = cells(dialect, &row).into_iter().unzip();
        let names: Vec<String> = names.iter().map(|name| dialect.quote(name)).collect();
        let parameters: Vec<String> = (1..=COLUMNS.len()).map(|n| format!("@P{n}")).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            dialect.table(&tables::HISTORY.into()),
            names.join(", "),
            parameters.join(", ")
        );
        session.execute_with(&sql, &values)?;
        self.exists = true;
        row.sql_text = None;
        self.rows.push(row);
        Ok(())
    }

    /// Gives a row its id and hash as the next one.
    pub fn chain(&self, row: &mut Row) {
        row.id = self.rows.last().map_or(0, |last| last.id) + 1;
        row.chain_hash = chain::hash(row, self.head());
    }

    /// Takes back rows that a rolled-back transaction had added.
    pub fn forget_after(&mut self, length: usize) {
        self.rows.truncate(length);
    }
}

impl CatalogRecord {
    /// The history row that the last catalog was recorded with, without reading the catalog.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn last(
        session: &mut dyn Session,
        dialect: &dyn Dialect,
    ) -> Result<Option<i64>, HistoryError> {
        if !exists(session, dialect, tables::CATALOG)? {
            return Ok(None);
        }
        let sql = format!(
            "SELECT max({}) FROM {}",
            dialect.quote(&"historyId".into()),
            dialect.table(&tables::CATALOG.into())
        );
        let rows = session.query(&sql, &[])?;
        Ok(match rows.rows.first().and_then(|row| row.first()) {
            Some(Value::Integer(id)) => Some(*id),
            _ => None,
        })
    }

    /// Reads the catalog that was recorded last.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load(
        session: &mut dyn Session,
        dialect: &dyn Dialect,
    ) -> Result<Option<Self>, HistoryError> {
        if !exists(session, dialect, tables::CATALOG)? {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {}, {} FROM {} ORDER BY {} DESC",
            dialect.quote(&"historyId".into()),
            dialect.quote(&"catalog".into()),
            dialect.table(&tables::CATALOG.into()),
            dialect.quote(&"historyId".into())
        );
        let rows = session.query(&sql, &[])?;
        let Some(row) = rows.rows.into_iter().next() else {
            return Ok(None);
        };
        match row.as_slice() {
            [Value::Integer(history_id), Value::Text(text)] => {
                let catalog = serde_json::from_str(text).map_err(|error| HistoryError::Row {
                    id: *history_id,
                    column: "catalog",
                    found: format!("not a recorded catalog ({error})"),
                })?;
                Ok(Some(Self {
                    history_id: *history_id,
                    catalog,
                }))
            }
            _ => Ok(None),
        }
    }

    /// Records the catalog within the open transaction, in place of the one before.
    ///
    /// # Errors
    /// When the engine refuses.
    pub fn store(
        &self,
        session: &mut dyn Session,
        dialect: &dyn Dialect,
        now: &str,
    ) -> Result<(), HistoryError> {
        let table = dialect.table(&tables::CATALOG.into());
        session.execute(&format!("DELETE FROM {table}"))?;
        let sql = format!(
            "INSERT INTO {table} ({}, {}, {}) VALUES (@P1, @P2, @P3)",
            dialect.quote(&"historyId".into()),
            dialect.quote(&"recordedAt".into()),
            dialect.quote(&"catalog".into()),
        );
        let text = serde_json::to_string(&self.catalog)
            .expect("a catalog has only text in it and serialises");
        let now = dialect.store(&Type::Timestamp(3), Value::Text(now.to_owned()));
        session.execute_with(
            &sql,
            &[Value::Integer(self.history_id), now, Value::Text(text)],
        )?;
        Ok(())
    }
}

/// The batches of a migration that the journal lists as done, with the checksum of the SQL that
/// they came from.
///
/// # Errors
/// When it cannot be read.
pub fn journalled(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    version: &Version,
) -> Result<Vec<(i64, String)>, HistoryError> {
    let sql = format!(
        "SELECT {}, {} FROM {} WHERE {} = @P1 ORDER BY {}",
        dialect.quote(&"batch".into()),
        dialect.quote(&"sqlChecksum".into()),
        dialect.table(&tables::JOURNAL.into()),
        dialect.quote(&"version".into()),
        dialect.quote(&"batch".into())
    );
    let rows = session.query(&sql, &[Value::Text(version.to_string())])?;
    Ok(rows
        .rows
        .into_iter()
        .filter_map(|row| match row.as_slice() {
            [Value::Integer(batch), Value::Text(checksum)] => Some((*batch, checksum.clone())),
            _ => None,
        })
        .collect())
}

/// Enters a batch as done, within the open transaction.
///
/// # Errors
/// When the engine refuses.
pub fn journal(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    version: &Version,
    batch: i64,
    checksum: &Checksum,
    now: &str,
) -> Result<(), HistoryError> {
    let (names, values): (Vec<Ident>, Vec<Value>) =
        journal_cells(dialect, version, batch, checksum, now)
            .into_iter()
            .unzip();
    let names: Vec<String> = names.iter().map(|name| dialect.quote(name)).collect();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES (@P1, @P2, @P3, @P4)",
        dialect.table(&tables::JOURNAL.into()),
        names.join(", ")
    );
    session.execute_with(&sql, &values)?;
    Ok(())
}

/// The journal row of a batch, as the table holds it: columns with their values.
pub fn journal_cells(
    dialect: &dyn Dialect,
    version: &Version,
    batch: i64,
    checksum: &Checksum,
    now: &str,
) -> Vec<(Ident, Value)> {
    vec![
        ("version".into(), Value::Text(version.to_string())),
        ("batch".into(), Value::Integer(batch)),
        ("sqlChecksum".into(), Value::Text(checksum.to_string())),
        (
            "finishedAt".into(),
            dialect.store(&Type::Timestamp(3), Value::Text(now.to_owned())),
        ),
    ]
}

fn exists(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    table: &str,
) -> Result<bool, EngineError> {
    let rows = session.query(&dialect.table_exists(&table.into()), &[])?;
    Ok(matches!(rows.rows.first().and_then(|row| row.first()), Some(Value::Integer(n)) if *n != 0))
}

/// A row as the history table holds it: columns with their values.
pub fn cells(dialect: &dyn Dialect, row: &Row) -> Vec<(Ident, Value)> {
    let text = |text: &str| Value::Text(text.to_owned());
    let maybe = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned()));
    let values = [
        Value::Integer(row.id),
        Value::Integer(row.format_version),
        text(row.version.as_str()),
        text(&row.name),
        text(row.kind.word()),
        text(row.state.word()),
        maybe(row.changes_checksum.as_ref().map(Checksum::as_str)),
        maybe(row.sql_checksum.as_ref().map(Checksum::as_str)),
        text(&row.started_at),
        text(&row.finished_at),
        Value::Integer(row.duration_ms),
        Value::Integer(row.batch_count),
        text(&row.applied_by),
        text(&row.host_name),
        text(&row.tool_version),
        maybe(row.source_revision.as_deref()),
        maybe(row.sql_text.as_deref()),
        maybe(row.error_text.as_deref()),
        maybe(row.reason.as_deref()),
        text(row.chain_hash.as_str()),
    ];
    values
        .into_iter()
        .zip(&COLUMNS)
        .map(|(value, (name, ty))| (Ident::from(*name), dialect.store(ty, value)))
        .collect()
}

fn read_row(dialect: &dyn Dialect, values: Vec<Value>) -> Result<Row, HistoryError> {
    let mut reader = RowReader {
        id: 0,
        values: values
            .into_iter()
            .zip(&COLUMNS)
            .map(|(value, (_, ty))| dialect.load(ty, value))
            .collect::<Vec<_>>()
            .into_iter(),
        at: 0,
    };
    reader.id = match reader.values.as_slice().first() {
        Some(Value::Integer(id)) => *id,
        _ => 0,
    };
    Ok(Row {
        id: reader.integer()?,
        format_version: reader.parsed(|value| match value {
            Value::Integer(FORMAT) => Some(FORMAT),
            _ => None,
        })?,
        version: reader.word(Version::parse)?,
        name: reader.text()?,
        kind: reader.word(Kind::parse)?,
        state: reader.word(State::parse)?,
        changes_checksum: reader.maybe(Checksum::parse)?,
        sql_checksum: reader.maybe(Checksum::parse)?,
        started_at: reader.text()?,
        finished_at: reader.text()?,
        duration_ms: reader.integer()?,
        batch_count: reader.integer()?,
        applied_by: reader.text()?,
        host_name: reader.text()?,
        tool_version: reader.text()?,
        source_revision: reader.maybe(|text| Some(text.to_owned()))?,
        sql_text: reader.maybe(|text| Some(text.to_owned()))?,
        error_text: reader.maybe(|text| Some(text.to_owned()))?,
        reason: reader.maybe(|text| Some(text.to_owned()))?,
        chain_hash: reader.word(Checksum::parse)?,
    })
}

/// Takes the values of a row one after another, in the order of [`COLUMNS`].
struct RowReader {
    id: i64,
    values: std::vec::IntoIter<Value>,
    at: usize,
}

impl RowReader {
    fn parsed<T>(&mut self, parse: impl FnOnce(&Value) -> Option<T>) -> Result<T, HistoryError> {
        let column = COLUMNS[self.at].0;
        self.at += 1;
        let value = self.values.next().unwrap_or(Value::Null);
        parse(&value).ok_or_else(|| HistoryError::Row {
            id: self.id,
            column,
            found: match value {
                Value::Null => "NULL".to_owned(),
                Value::Integer(n) => n.to_string(),
                Value::Real(n) => n.to_string(),
                Value::Text(text) => format!("{text:?}"),
                Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
            },
        })
    }

    fn integer(&mut self) -> Result<i64, HistoryError> {
        self.parsed(|value| match value {
            Value::Integer(n) => Some(*n),
            _ => None,
        })
    }

    fn text(&mut self) -> Result<String, HistoryError> {
        self.word(|text| Some(text.to_owned()))
    }

    fn word<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, HistoryError> {
        self.parsed(|value| match value {
            Value::Text(text) => parse(text),
            _ => None,
        })
    }

    fn maybe<T>(
        &mut self,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, HistoryError> {
        self.parsed(|value| match value {
            Value::Null => Some(None),
            Value::Text(text) => parse(text).map(Some),
            _ => None,
        })
    }
}

//! What T-SQL says about databases that only a proof needs: made, marked, claimed, emptied, dropped.
//!
//! Owns the statements; who may be dropped or emptied, and when, is decided in `crate::scratch`.
//!
//! The mark is an extended property of the database itself, which SQL Server, Azure SQL and Babelfish
//! all keep. Whether the run that set it lives is told by an application lock in `master` that is
//! named after the run and owned by its session: it goes with the connection, however a run ends,
//! and is seen from every database of the server.

use std::time::Duration;

use super::lock::{GIVE_BACK, TAKE, result};
use crate::dialect::mssql::{bracketed, national};
use crate::engine::{EngineError, ErrorKind, Rows, Session, TransactionOptions, Value};

/// The property that names the run which made a database.
pub const RUN: &str = "dbtoolThrowaway";

/// The property by which people give a database away to be emptied. dbtool never sets it.
pub const SCRATCH: &str = "dbtoolScratch";

/// The property of a database that a run was told to keep: from then on it is nobody's to drop.
pub const KEPT: &str = "dbtoolKept";

/// What the names of databases that runs make begin with. A name alone proves nothing.
pub const PREFIX: &str = "dbtool_";

const OBJECTS: &str = include_str!("objects.sql");

/// A service objective of Azure SQL whose databases cost least; elsewhere there are none.
const CHEAPEST: &str = " (EDITION = 'Basic', SERVICE_OBJECTIVE = 'Basic')";

/// Makes a database.
///
/// # Errors
/// When the login may not, or the name is taken.
pub fn create(admin: &mut dyn Session, name: &str) -> Result<(), EngineError> {
    let is_azure = admin.server().product.starts_with("Azure SQL Database");
    let options = if is_azure { CHEAPEST } else { "" };
    admin.execute(&format!("CREATE DATABASE {}{options};", bracketed(name)))?;
    Ok(())
}

/// Drops a database. What may be dropped is for the caller to know.
///
/// # Errors
/// When it is in use, or the login may not.
pub fn drop_database(admin: &mut dyn Session, name: &str) -> Result<(), EngineError> {
    admin.execute(&format!("DROP DATABASE {};", bracketed(name)))?;
    Ok(())
}

/// The databases whose names begin as those of runs do.
///
/// # Errors
/// When the server does not tell.
pub fn candidates(admin: &mut dyn Session) -> Result<Vec<String>, EngineError> {
    let rows = admin.query(
        "SELECT CAST(d.name AS nvarchar(128)) AS name FROM sys.databases AS d ORDER BY d.name;",
        &[],
    )?;
    let mut names = texts(rows);
    names.retain(|name| name.starts_with(PREFIX));
    Ok(names)
}

/// Writes into a database which run made it.
///
/// # Errors
/// When the engine refuses.
pub fn mark(session: &mut dyn Session, run: &str) -> Result<(), EngineError> {
    session.execute(&format!(
        "EXEC sys.sp_addextendedproperty @name = {}, @value = {};",
        national(RUN),
        national(run)
    ))?;
    Ok(())
}

/// Makes a database one that is kept, for good.
///
/// # Errors
/// When the engine refuses.
pub fn keep(session: &mut dyn Session, run: &str) -> Result<(), EngineError> {
    session.execute(&format!(
        "EXEC sys.sp_addextendedproperty @name = {}, @value = {};\n\
         EXEC sys.sp_dropextendedproperty @name = {};",
        national(KEPT),
        national(run),
        national(RUN)
    ))?;
    Ok(())
}

/// The value of a property of the database; `None` when it has no such property.
///
/// # Errors
/// When the engine refuses.
pub fn property(session: &mut dyn Session, name: &str) -> Result<Option<String>, EngineError> {
    let rows = session.query(
        "SELECT CAST(e.value AS nvarchar(400)) AS value FROM sys.extended_properties AS e \
         WHERE e.class = 0 AND e.name = @P1;",
        &[Value::Text(name.to_owned())],
    )?;
    Ok(texts(rows).into_iter().next())
}

/// Takes the lock that is named so, if nobody has it; false when somebody has. The session keeps it
/// until it gives it back or ends.
///
/// # Errors
/// When the engine refuses.
pub fn claim(session: &mut dyn Session, name: &str) -> Result<bool, EngineError> {
    // With a timeout of 0 some products call a lock that is taken an error.
    let wait = Duration::from_millis(50).as_millis() as i64;
    let rows = session.query(TAKE, &[Value::Text(name.to_owned()), Value::Integer(wait)])?;
    match result(&rows)? {
        0 | 1 => Ok(true),
        -1 | -999 => Ok(false),
        code => Err(EngineError::new(
            ErrorKind::Statement,
            format!("the lock {name} was refused: sp_getapplock returned {code}"),
        )),
    }
}

/// Gives a lock back that [`claim`] took.
///
/// # Errors
/// When the engine refuses.
pub fn release(session: &mut dyn Session, name: &str) -> Result<(), EngineError> {
    session.query(GIVE_BACK, &[Value::Text(name.to_owned())])?;
    Ok(())
}

/// The lock that shows that a run lives.
pub fn lock_of(run: &str) -> String {
    format!("dbtool/run/{run}")
}

/// Drops everything that a schema of the database holds, in one transaction, and returns how many
/// objects that were. Other schemas, users, roles, types and the database's own settings stay.
///
/// # Errors
/// When something cannot be dropped, because another schema rests on it for instance: then nothing
/// was.
pub fn empty(session: &mut dyn Session, schema: &str) -> Result<usize, EngineError> {
    let statements = |session: &mut dyn Session| {
        let rows = session.query(OBJECTS, &[Value::Text(schema.to_owned())])?;
        Ok::<_, EngineError>(texts(rows))
    };
    session.begin(TransactionOptions::default())?;
    let emptied = (|| {
        let drops = statements(session)?;
        for drop in &drops {
            session.execute(drop)?;
        }
        match statements(session)?.first() {
            None => Ok(drops.len()),
            Some(left) => Err(EngineError::new(
                ErrorKind::Statement,
                format!("something is left after it was dropped ({left})"),
            )),
        }
    })();
    match emptied {
        Ok(count) => session.commit().map(|()| count),
        Err(mut error) => {
            session.rollback()?;
            error.message = format!(
                "the schema {schema} cannot be emptied, and nothing of it was: {}",
                error.message
            );
            Err(error)
        }
    }
}

/// The texts of the first column.
fn texts(rows: Rows) -> Vec<String> {
    let first = rows
        .rows
        .into_iter()
        .filter_map(|row| row.into_iter().next());
    first
        .filter_map(|value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        })
        .collect()
}

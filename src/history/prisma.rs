//! What Prisma Migrate says of a database that it made.
//!
//! Its history is read and never written: it is Prisma's, and no drift of ours.

use crate::diag::{Diagnostic, Phase};
use crate::dialect::Dialect;
use crate::engine::{EngineError, Session, Value};
use crate::model::Ident;

/// The table of Prisma's history.
const TABLE: &str = "_prisma_migrations";

/// What Prisma's history says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prisma {
    /// There is none.
    Absent,
    /// Everything in it is settled; the last migration that was finished, if there is any.
    Settled(Option<String>),
    /// Something in it is not.
    Unsettled(Vec<Diagnostic>),
}

/// Reads Prisma's history.
///
/// # Errors
/// When it cannot be read.
pub fn read(session: &mut dyn Session, dialect: &dyn Dialect) -> Result<Prisma, EngineError> {
    let table = Ident::from(TABLE);
    let exists = session.query(&dialect.table_exists(&table), &[])?;
    let exists = exists.rows.first().and_then(|row| row.first());
    if !matches!(exists, Some(Value::Integer(count)) if *count != 0) {
        return Ok(Prisma::Absent);
    }
    let quote = |name: &str| dialect.quote(&Ident::from(name));
    let is_there = |name: &str| format!("CASE WHEN {} IS NULL THEN 0 ELSE 1 END", quote(name));
    let sql = format!(
        "SELECT {name}, {}, {} FROM {} ORDER BY {}, {name}",
        is_there("finished_at"),
        is_there("rolled_back_at"),
        dialect.table(&table),
        quote("started_at"),
        name = quote("migration_name"),
    );
    let rows = session.query(&sql, &[])?;
    let mut last = None;
    let mut failed: Vec<String> = Vec::new();
    let mut rolled_back: Vec<String> = Vec::new();
    for row in rows.rows {
        let [
            Value::Text(name),
            Value::Integer(finished),
            Value::Integer(undone),
        ] = row.as_slice()
        else {
            continue;
        };
        match (*finished != 0, *undone != 0) {
            (_, true) => rolled_back.push(name.clone()),
            (true, false) => {
                failed.retain(|other| other != name);
                rolled_back.retain(|other| other != name);
                last = Some(name.clone());
            }
            (false, false) => failed.push(name.clone()),
        }
    }
    let mut findings = Vec::new();
    for name in &failed {
        findings.push(unsettled(
            "baseline/prisma-failed",
            format!("Prisma's migration {name} began and never finished, so the database may be half way"),
            "settle it with `prisma migrate resolve`, or let it finish, and run baseline again",
        ));
    }
    for name in &rolled_back {
        findings.push(unsettled(
            "baseline/prisma-rolled-back",
            format!("Prisma's migration {name} was rolled back and not applied again, so it is still to come"),
            "apply it with `prisma migrate deploy`, or remove it from Prisma's folder and table, and \
             run baseline again",
        ));
    }
    Ok(if findings.is_empty() {
        Prisma::Settled(last)
    } else {
        Prisma::Unsettled(findings)
    })
}

fn unsettled(code: &'static str, message: String, help: &str) -> Diagnostic {
    Diagnostic::error(Phase::Migration, code, message).help(help)
}

//! Reading a database and judging it.

use std::borrow::Cow;

use crate::diag::Diagnostic;
use crate::dialect::{Described, Dialect, Evidence};
use crate::diff::unnamed;
use crate::engine::Session;
use crate::history::{CatalogRecord, History, HistoryError};
use crate::model::{Ident, Schema, Table};

use super::{Judgement, midway, not_recorded, unrecorded};

/// What differs between a database and the neutral schema that it should have, in a constant number
/// of round trips. Findings have no place in a file yet. `history` says whether a run is under way,
/// or was killed, between two migrations or halfway through one.
///
/// # Errors
/// When the catalog or its record cannot be read.
pub fn live(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    schema: &Schema,
    history: &History,
) -> Result<Vec<Diagnostic>, HistoryError> {
    let (expected, _) = dialect.lower(schema);
    let record = CatalogRecord::load(session, dialect)?;
    let catalog = session.catalog()?;
    let mut live = dialect.interpret(&catalog);
    let is_current = record
        .as_ref()
        .is_some_and(|record| !history.applied_after(record.history_id));
    // As a rule nothing changed since the last apply, and a catalog is dear to interpret.
    let mut recorded = record.map(|record| {
        if record.catalog == catalog {
            Cow::Borrowed(&live)
        } else {
            Cow::Owned(dialect.interpret(&record.catalog))
        }
    });
    let mut findings = Vec::new();
    if !is_current && history.head().is_some() {
        // The record is from before the first migration of a run that has not ended: what no model
        // can express cannot be judged by it.
        let before = recorded.map(Cow::into_owned).unwrap_or_default();
        let then = |table: &Table, name: &Ident| {
            let table = before.schema.table(&table.name);
            table.is_some_and(|table| unnamed::has_name(table, name))
        };
        if let Some(schema) = unnamed::named_like(&live.schema, &expected, &then) {
            live.schema = schema;
        }
        let before = before.unsupported;
        let new = live.unsupported.iter();
        findings.extend(new.filter(|entry| !before.contains(entry)).map(unrecorded));
        recorded = Some(Cow::Owned(Described {
            schema: expected.clone(),
            ..live.clone()
        }));
        if let Evidence::RowsOnly(_) = live.evidence {
            // Such a catalog can be compared with an earlier one alone, and this is none.
            recorded = None;
        }
        if history.midway().is_none() {
            findings.push(not_recorded());
        }
    }
    let judgement = Judgement {
        dialect,
        // Halfway through a migration the database is at no version: only what was recorded with
        // its last batch says what should be there.
        expected: match (&recorded, history.midway()) {
            (Some(recorded), Some(_)) if is_current => &recorded.schema,
            _ => &expected,
        },
        live: &live,
        recorded: recorded.as_deref(),
        place: &|_| None,
    };
    findings.extend(judgement.findings());
    findings.extend(history.midway().map(midway));
    Ok(findings)
}

//! Reading a database and judging it.

use crate::diag::Diagnostic;
use crate::dialect::Dialect;
use crate::engine::Session;
use crate::history::{CatalogRecord, HistoryError};
use crate::model::Schema;

use super::Judgement;

/// What differs between a database and the neutral schema that it should have, in a constant number
/// of round trips. Findings have no place in a file yet.
///
/// # Errors
/// When the catalog or its record cannot be read.
pub fn live(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    schema: &Schema,
) -> Result<Vec<Diagnostic>, HistoryError> {
    let (expected, _) = dialect.lower(schema);
    let recorded =
        CatalogRecord::load(session, dialect)?.map(|record| dialect.interpret(&record.catalog));
    let live = dialect.interpret(&session.catalog()?);
    let judgement = Judgement {
        dialect,
        expected: &expected,
        live: &live,
        recorded: recorded.as_ref(),
        place: &|_| None,
    };
    Ok(judgement.findings())
}

//! The chain of hashes over the history.

use crate::migration::Checksum;

use super::Row;

/// The first place at which the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainFinding {
    /// Ids jump: rows between them were removed.
    Gap {
        /// The id that should have come.
        expected: i64,
        /// The id that came.
        found: i64,
    },
    /// A row comes where none can have been.
    Extra {
        /// The id that came.
        found: i64,
    },
    /// The row is not what was recorded.
    Broken {
        /// The row's id.
        id: i64,
        /// What was done to it, as far as the rows after it tell.
        tampering: Tampering,
    },
    /// The last row is not the one that was to be the last.
    Head {
        /// The head that was expected.
        expected: Checksum,
        /// The head that is there, if there is any row.
        found: Option<Checksum>,
        /// Whether the expected head is that of an earlier row, so that rows were only added.
        is_earlier: bool,
    },
}

/// What was done to a row whose hash does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tampering {
    /// Its content was edited: the next row was chained to it as it is recorded.
    Edited,
    /// Its hash was replaced: the next row was chained to another one, which its content still gives.
    HashReplaced,
    /// It was inserted: without it, the rows after it hold.
    Inserted,
    /// It has another id than it had: it was moved.
    Moved,
    /// It is the last row, so nothing after it tells: it was edited or added by other hands, or rows
    /// before it were removed and it got the number of one of them.
    LastRow,
    /// It and the row after it are both not what was recorded.
    SeveralRows,
}

/// The chain hash of a row whose `chain_hash` is not filled in yet.
pub fn hash(row: &Row, previous: Option<&Checksum>) -> Checksum {
    let id = row.id.to_string();
    let format = row.format_version.to_string();
    let duration = row.duration_ms.to_string();
    let batches = row.batch_count.to_string();
    Checksum::of_fields([
        previous.map(Checksum::as_str),
        Some(&id),
        Some(&format),
        Some(row.version.as_str()),
        Some(&row.name),
        Some(row.kind.word()),
        Some(row.state.word()),
        row.changes_checksum.as_ref().map(Checksum::as_str),
        row.sql_checksum.as_ref().map(Checksum::as_str),
        Some(&row.started_at),
        Some(&row.finished_at),
        Some(&duration),
        Some(&batches),
        Some(&row.applied_by),
        Some(&row.host_name),
        Some(&row.tool_version),
        row.source_revision.as_deref(),
        row.sql_text.as_deref(),
        row.error_text.as_deref(),
        row.reason.as_deref(),
    ])
}

/// Follows the chain through all rows, which must have been loaded with their SQL, and compares its
/// end with `head` when one is given.
///
/// # Errors
/// The first place at which it does not hold.
pub fn verify_chain(rows: &[Row], head: Option<&Checksum>) -> Result<(), ChainFinding> {
    let mut previous: Option<&Checksum> = None;
    for (at, (row, expected)) in rows.iter().zip(1..).enumerate() {
        if row.id != expected {
            return Err(if row.id > expected {
                ChainFinding::Gap {
                    expected,
                    found: row.id,
                }
            } else {
                ChainFinding::Extra { found: row.id }
            });
        }
        if hash(row, previous) != row.chain_hash {
            return Err(ChainFinding::Broken {
                id: row.id,
                tampering: tampering(rows, at, previous),
            });
        }
        previous = Some(&row.chain_hash);
    }
    match head {
        Some(expected) if previous != Some(expected) => Err(ChainFinding::Head {
            expected: expected.clone(),
            found: previous.cloned(),
            is_earlier: rows.iter().any(|row| row.chain_hash == *expected),
        }),
        _ => Ok(()),
    }
}

/// What was done to the row at this place, the first whose hash does not hold. The rows after it are
/// witnesses: each was chained to the hash of the one before it as it was then.
fn tampering(rows: &[Row], at: usize, previous: Option<&Checksum>) -> Tampering {
    let row = &rows[at];
    // Its content fits behind a hash that another row has, at that row's place or after it: it is
    // genuine, and stands elsewhere than it did. Only these places are tried, so that a long
    // history is judged in time.
    let moved = |other: &Row| {
        [other.id, other.id + 1]
            .into_iter()
            .any(|id| id != row.id && holds(row, id, Some(&other.chain_hash)))
    };
    if rows.iter().any(moved) {
        return Tampering::Moved;
    }
    let Some(next) = rows.get(at + 1) else {
        return Tampering::LastRow;
    };
    if holds(next, row.id, previous) {
        return Tampering::Inserted;
    }
    if holds(next, next.id, Some(&hash(row, previous))) {
        return Tampering::HashReplaced;
    }
    if holds(next, next.id, Some(&row.chain_hash)) {
        return Tampering::Edited;
    }
    Tampering::SeveralRows
}

/// Whether a row was recorded under this id after this hash.
fn holds(row: &Row, id: i64, previous: Option<&Checksum>) -> bool {
    let then = Row { id, ..row.clone() };
    hash(&then, previous) == row.chain_hash
}

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
    /// The row is not what was recorded: it was edited or inserted, or the one before it was.
    Broken {
        /// The row's id.
        id: i64,
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
    for (row, expected) in rows.iter().zip(1..) {
        if row.id != expected {
            return Err(ChainFinding::Gap {
                expected,
                found: row.id,
            });
        }
        if hash(row, previous) != row.chain_hash {
            return Err(ChainFinding::Broken { id: row.id });
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

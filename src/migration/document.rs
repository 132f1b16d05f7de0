//! `changes.yaml`: the neutral changes of one migration.

use serde::{Deserialize, Serialize};

use crate::diff::Change;

/// The content of `changes.yaml`.
///
/// Its changes are fully resolved: folding all documents gives the schema without consulting any
/// convention, so there is no snapshot to keep in step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// The version of this format; 1.
    pub format: u32,
    /// Why a destructive change was made on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// The changes, in the order in which they apply. Empty for a migration that moves data alone.
    pub changes: Vec<Change>,
}

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DocumentError {
    /// What is wrong.
    pub message: String,
    /// Its line, from 1, where it is known.
    pub line: Option<usize>,
    /// Its column, from 1, where it is known.
    pub column: Option<usize>,
}

impl Document {
    /// The version of the format that this build writes and the highest that it reads.
    pub const FORMAT: u32 = 1;

    /// A document of these changes.
    pub fn new(changes: Vec<Change>) -> Self {
        Self {
            format: Self::FORMAT,
            contract: None,
            changes,
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// When the text is not one, or of a later format.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let document: Self = serde_saphyr::from_str(text).map_err(|error| {
            let place = error.location();
            DocumentError {
                message: error.without_snippet().to_string(),
                line: place.map(|place| place.line() as usize),
                column: place.map(|place| place.column() as usize),
            }
        })?;
        if document.format != Self::FORMAT {
            return Err(DocumentError {
                message: format!(
                    "format {} is not known to this dbtool, which reads format {}",
                    document.format,
                    Self::FORMAT
                ),
                line: None,
                column: None,
            });
        }
        Ok(document)
    }

    /// The document as text, the same bytes for the same changes.
    pub fn to_text(&self) -> String {
        serde_saphyr::to_string(self)
            .expect("a neutral change has no expression in engine form and serialises")
    }
}

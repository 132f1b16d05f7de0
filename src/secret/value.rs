//! A text that nobody gets to see.

use std::fmt;

use zeroize::Zeroizing;

use super::REDACTED;

/// A text that prints as `<redacted>`, is wiped from memory when it is dropped, and cannot be
/// serialised:
///
/// ```compile_fail
/// fn serialise(value: impl serde::Serialize) {}
/// serialise(dbtool::secret::Secret::new("hunter2"));
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

//! Names of database objects.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a table, column, constraint, index or trigger, exactly as it was written.
///
/// Equality and order are byte by byte. Engines compare names without regard to case, so a clash
/// is found with [`Ident::folded`]. An identifier is quoted only by a dialect; `Display` is for
/// people.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ident(String);

/// How what stands for a name that is not there begins.
const UNNAMED: &str = "(unnamed ";

impl Ident {
    /// The longest name in characters that SQL Server takes (`sysname`).
    pub const MAX_CHARS: usize = 128;

    /// Takes any text as a name; rules about names are checked where they are declared.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands for the name of a constraint that an engine keeps without one: it says what the
    /// constraint is, so that no two states of a database look alike, and it cannot be taken for a
    /// declared name.
    pub fn unnamed(noun: &str, what: &str) -> Self {
        Self(format!("{UNNAMED}{noun}: {what})"))
    }

    /// Whether it stands for a name that is not there, see [`Ident::unnamed`].
    pub fn is_unnamed(&self) -> bool {
        self.0.starts_with(UNNAMED)
    }

    /// The form in which two names that an engine takes for one are equal.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<&str> for Ident {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Ident {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl AsRef<str> for Ident {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

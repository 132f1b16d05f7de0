//! The place of an object in a schema, as findings name it.

use std::fmt;

use super::Ident;

/// The path of a database object: `jobRuns`, `jobRuns.status`, `jobRuns.ixJobRunsStatus`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectPath {
    /// The table, or for an object that hangs on none (a view, say) the object itself.
    pub table: Ident,
    /// The column, constraint, index or trigger.
    pub member: Option<Ident>,
}

impl ObjectPath {
    /// The path of a table.
    pub fn table(table: &Ident) -> Self {
        Self {
            table: table.clone(),
            member: None,
        }
    }

    /// The path of something in a table.
    pub fn member(table: &Ident, member: &Ident) -> Self {
        Self {
            table: table.clone(),
            member: Some(member.clone()),
        }
    }
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.member {
            None => write!(f, "{}", self.table),
            Some(member) => write!(f, "{}.{member}", self.table),
        }
    }
}

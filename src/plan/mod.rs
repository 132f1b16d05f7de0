//! From changes to ordered steps, and what each change means for a running application.

use crate::diff::Change;
use crate::model::{ForeignKey, Ident, Table};

pub mod hazard;
mod order;
mod steps;

pub use hazard::{Class, Hazard, assess};
pub use order::order;
pub use steps::{remake, steps};

/// Something that a dialect renders. Steps are ordered so that each finds what it needs; tables,
/// columns and parts are in engine form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a list of steps is short and walked once"
)]
pub enum Step {
    /// Create a table with its columns, parts and triggers, but without the foreign keys that a
    /// later [`Change::AddPart`] step adds because their table does not exist yet.
    CreateTable(Table),
    /// Make a new table of the shape `after`, copy the rows of `before` into it, and put it in its
    /// place: for changes that the engine cannot make in place.
    Rebuild(Box<Rebuild>),
    /// A change made in place. Never `CreateTable`. The states of the table around it are given,
    /// because an engine may have to restate more than the change itself says.
    Alter {
        /// The change.
        change: Change,
        /// The table before all changes of this run, under its old name; `None` for a change to a
        /// table that is created in the same run.
        before: Option<Table>,
        /// The table after all changes of this run; `None` when it is dropped.
        after: Option<Table>,
    },
}

/// The operands of [`Step::Rebuild`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuild {
    /// The table before.
    pub before: Table,
    /// The table after; its name may differ.
    pub after: Table,
    /// Columns that keep their values: (name before, name after), in the order of `after`.
    pub copied: Vec<(Ident, Ident)>,
    /// What makes the rebuild necessary, for the comment.
    pub reasons: Vec<String>,
    /// Foreign keys of other tables that refer to this one (referring table, key), unchanged.
    pub referring: Vec<(Ident, ForeignKey)>,
}

#[cfg(test)]
mod tests;

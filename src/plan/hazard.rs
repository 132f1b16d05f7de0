//! What a change means for an application that runs while it is made.
//!
//! A migration goes live before, during or after the code that wants it. So every change is judged
//! by one question: does the version of the application that runs today still work, and is every
//! row kept?

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::Change;
use crate::model::expression::implies;
use crate::model::types::Conversion;
use crate::model::{
    Check, Column, DefaultValue, Expression, Ident, Index, KeyColumn, ObjectPath, Part, Type,
};

/// The class of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Adds something that nothing that runs today can notice.
    Additive,
    /// Changes something in a way that everything that works today still does.
    Compatible,
    /// Loses rows or values, or refuses what the running application does. Generated only as a
    /// deliberate contract migration with a reason.
    Destructive,
}

/// What a change means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hazard {
    /// Its class.
    pub class: Class,
    /// A stable code such as `generate/drop-column`.
    pub code: &'static str,
    /// The consequence, as the rest of a sentence that begins with the change.
    pub consequence: String,
    /// For a destructive change, the expand-and-contract way to the same end.
    pub advice: Option<String>,
}

impl Class {
    /// The word for it in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Additive => "additive",
            Self::Compatible => "compatible",
            Self::Destructive => "destructive",
        }
    }
}

/// The columns that a migration adds to tables that exist.
type NewColumns<'a> = BTreeMap<ObjectPath, &'a Column>;

fn additive(code: &'static str, consequence: &str) -> Hazard {
    Hazard {
        class: Class::Additive,
        code,
        consequence: consequence.into(),
        advice: None,
    }
}

fn compatible(code: &'static str, consequence: impl Into<String>) -> Hazard {
    Hazard {
        class: Class::Compatible,
        code,
        consequence: consequence.into(),
        advice: None,
    }
}

fn destructive(
    code: &'static str,
    consequence: impl Into<String>,
    advice: impl Into<String>,
) -> Hazard {
    Hazard {
        class: Class::Destructive,
        code,
        consequence: consequence.into(),
        advice: Some(advice.into()),
    }
}

/// The hazard of each change of one migration, in the order of the changes.
///
/// A change is judged together with the others: a check over columns that the same migration adds
/// can refuse no row that exists.
pub fn assess(changes: &[Change]) -> Vec<Hazard> {
    let new_columns: NewColumns<'_> = changes
        .iter()
        .filter_map(|change| match change {
            Change::AddColumn { column, .. } => Some((change.path(), column)),
            _ => None,
        })
        .collect();
    changes
        .iter()
        .map(|change| hazard(change, &new_columns))
        .collect()
}

fn hazard(change: &Change, new_columns: &NewColumns<'_>) -> Hazard {
    match change {
        Change::CreateTable(_) => additive("generate/create-table", "adds a table"),
        Change::AddColumn { column, .. } => add_column(column),
        Change::AddPart { table, part } => add_part(table, part, new_columns),
        Change::RenamePart { .. } => compatible(
            "generate/rename-part",
            "changes a name that queries do not use",
        ),
        Change::AlterTable { table, from, to } => match (&from.append_only, &to.append_only) {
            (None, Some(_)) => destructive(
                "generate/append-only",
                format!(
                    "refuses every UPDATE and DELETE on {table}, also the running application's"
                ),
                "first release an application that only inserts, then make the table append-only \
                 with --contract",
            ),
            (Some(_), None) => destructive(
                "generate/append-only",
                format!("lets rows of {table} be changed and removed"),
                "a record that can be changed proves nothing; give the reason with --contract",
            ),
            _ => compatible("generate/alter-table", "changes what describes the table"),
        },
        Change::AlterColumn { from, to, .. } => alter_column(from, to),
        Change::AlterPart { from, to, .. } => alter_part(from, to),
        Change::DropTable(table) => destructive(
            "generate/drop-table",
            format!("loses every row of {}", table.name),
            "stop writing to it, release, stop reading from it, release, and drop it with \
             --contract once nothing asks for it; to rename a table, set renamedFrom",
        ),
        Change::DropColumn { column, .. } => destructive(
            "generate/drop-column",
            format!(
                "loses every value of {} and breaks queries that name it",
                column.name
            ),
            "mark it `deprecated: true` now, and drop it with --contract after a release that no \
             longer names it; to rename a column, set renamedFrom",
        ),
        Change::DropPart { part, .. } => destructive(
            "generate/drop-part",
            format!(
                "takes away what the {} {} guarantees",
                part.kind().noun(),
                part.name()
            ),
            "keep it, or drop it with --contract and the reason",
        ),
        Change::RenameTable { from, .. } => destructive(
            "generate/rename-table",
            format!("breaks every running query that names {from}"),
            "add the new table, write to both, move the rows, read from the new one, and drop the \
             old one with --contract; or rename in a maintenance window with --contract",
        ),
        Change::RenameColumn { from, .. } => destructive(
            "generate/rename-column",
            format!("breaks every running query that names {from}"),
            "add the new column, write to both, backfill, read from the new one, and drop the old \
             one with --contract; or rename in a maintenance window with --contract",
        ),
    }
}

fn add_column(column: &Column) -> Hazard {
    let filled = column.nullable
        || column.default.is_some()
        || column.computed.is_some()
        || column.identity.is_some()
        || column.ty == Type::RowVersion;
    if filled {
        return additive(
            "generate/add-column",
            "adds a column that rows without it can have",
        );
    }
    destructive(
        "generate/not-null-without-default",
        format!(
            "has no value of {} for the rows that exist, nor for those that the running \
             application inserts",
            column.name
        ),
        "give it a default; or add it with `nullable: true`, backfill it in a migration of its own \
         (generate --empty), and make it NOT NULL with --contract",
    )
}

fn add_part(table: &Ident, part: &Part, new_columns: &NewColumns<'_>) -> Hazard {
    let new = |column: &Ident| new_columns.get(&ObjectPath::member(table, column)).copied();
    let any_distinct = |keys: &[KeyColumn]| {
        let mut new = keys.iter().filter_map(|key| new(&key.column));
        new.any(is_distinct)
    };
    let harmless = match part {
        Part::Index(index) if !index.unique => true,
        Part::Index(Index { columns, .. }) => any_distinct(columns),
        Part::PrimaryKey(key) => any_distinct(&key.columns),
        Part::Unique(unique) => any_distinct(&unique.columns),
        // NULL refers to nothing, so a row that has it keeps every foreign key.
        Part::ForeignKey(key) => key.columns.iter().filter_map(new).any(is_null_everywhere),
        Part::Check(check) => match &check.expression {
            Expression::Portable(expr) => {
                let mut all_new = true;
                expr.visit(&mut |node| {
                    if let crate::model::Expr::Column(name) = node {
                        all_new &= new(name).is_some();
                    }
                });
                all_new
            }
            Expression::Native(_) | Expression::Opaque(_) => false,
        },
    };
    let noun = part.kind().noun();
    if harmless {
        return additive("generate/add-part", "constrains no row that exists");
    }
    destructive(
        "generate/tighten",
        format!(
            "is a new {noun} over columns that exist: rows, or the running application, may not keep it"
        ),
        "release an application that keeps the rule, mend the rows that break it in a migration of \
         its own (generate --empty), and then add it with --contract",
    )
}

/// Whether every row that exists gets another value of a new column.
fn is_distinct(column: &Column) -> bool {
    let default = column.default.as_ref().map(|default| &default.value);
    column.identity.is_some()
        || column.ty == Type::RowVersion
        || matches!(
            default,
            Some(DefaultValue::NewUuid | DefaultValue::NewSequentialId)
        )
}

/// Whether every row that exists has NULL in a new column.
fn is_null_everywhere(column: &Column) -> bool {
    column.nullable && column.default.is_none() && column.computed.is_none()
}

fn alter_column(from: &Column, to: &Column) -> Hazard {
    let name = &to.name;
    match from.ty.conversion(&to.ty) {
        Conversion::Same | Conversion::Widening => {}
        Conversion::Narrowing => {
            return destructive(
                "generate/narrow",
                format!(
                    "makes {name} narrower, from {} to {}: values may not fit",
                    from.ty, to.ty
                ),
                "add a new column of the new type, write to both, backfill what fits, read from the \
                 new one, and drop the old one with --contract",
            );
        }
        Conversion::Different => {
            return destructive(
                "generate/change-type",
                format!(
                    "changes what values of {name} mean, from {} to {}",
                    from.ty, to.ty
                ),
                "add a new column of the new type, write to both, backfill, read from the new one, \
                 and drop the old one with --contract",
            );
        }
    }
    if from.nullable && !to.nullable {
        return destructive(
            "generate/not-null",
            format!("refuses NULL in {name}, which rows or the running application may have"),
            "release an application that always sets it, backfill the rows that lack it in a \
             migration of its own (generate --empty), and then make it NOT NULL with --contract",
        );
    }
    if from.default.is_some() && to.default.is_none() && !to.nullable {
        return destructive(
            "generate/drop-default",
            format!("leaves inserts that do not name {name} without a value"),
            "release an application that always sets it, and then drop the default with --contract",
        );
    }
    if from.identity != to.identity
        || from.computed != to.computed
        || from.collation != to.collation
    {
        return destructive(
            "generate/change-column",
            format!("changes how values of {name} come about or are compared"),
            "add a new column, write to both, read from the new one, and drop the old one with \
             --contract",
        );
    }
    if from.ty != to.ty {
        return compatible(
            "generate/widen",
            format!("widens {name} from {} to {}", from.ty, to.ty),
        );
    }
    if !from.nullable && to.nullable {
        return compatible("generate/relax", format!("lets {name} be NULL"));
    }
    compatible(
        "generate/alter-column",
        format!("changes a property of {name} that no row notices"),
    )
}

fn alter_part(from: &Part, to: &Part) -> Hazard {
    let noun = to.kind().noun();
    let wider = match (from, to) {
        (Part::Check(from), Part::Check(to)) => is_wider(from, to),
        (Part::Index(from), Part::Index(to)) => {
            !to.unique
                || (from.unique && from.filter == to.filter && covers(&from.columns, &to.columns))
        }
        (Part::Unique(from), Part::Unique(to)) => covers(&from.columns, &to.columns),
        _ => false,
    };
    if wider {
        return compatible(
            "generate/widen",
            format!("accepts every row that the {noun} accepts now"),
        );
    }
    destructive(
        "generate/tighten",
        format!("changes the {noun} so that it may refuse rows that it accepts now"),
        "add the new rule beside the old one once the application keeps it and the rows are mended, \
         with --contract; then drop the old one",
    )
}

/// Whether uniqueness over `from` implies uniqueness over `to`.
fn covers(from: &[KeyColumn], to: &[KeyColumn]) -> bool {
    let to: BTreeSet<&Ident> = to.iter().map(|key| &key.column).collect();
    from.iter().all(|key| to.contains(&key.column))
}

fn is_wider(from: &Check, to: &Check) -> bool {
    match (&from.expression, &to.expression) {
        (Expression::Portable(from), Expression::Portable(to)) => implies::implies(from, to),
        _ => false,
    }
}

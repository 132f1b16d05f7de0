//! Steps as statements.
//!
//! SQLite makes few changes in place: columns, indexes and triggers are added, indexes, triggers
//! and tables dropped. Everything else is a rebuild (see `rebuild`), which the planner chooses from
//! [`CAPABILITIES`].

use crate::dialect::{Batch, Capabilities, Unproven};
use crate::diff::Change;
use crate::model::{Column, Ident, Index, Part, Table, Type};
use crate::plan::Step;

use super::{create, quote, rebuild, trigger};

/// What SQLite can do in place.
pub(super) const CAPABILITIES: Capabilities = Capabilities {
    alter_constraints: false,
    alter_column: false,
    alter_identity: false,
    alter_default: false,
    add_column_with_computed_default: false,
    // A column that carries a type check cannot be dropped without a rebuild.
    drop_column: false,
    forward_foreign_keys: true,
    rename_part: false,
    rename: false,
    checks_in_order: true,
    altering_column_needs_parts_off: false,
    unproven: &[
        Unproven {
            what: "collation",
            why: "SQLite compares text byte by byte; SQL Server compares string(n) and text in the \
                  database's collation, where ABC can equal abc",
        },
        Unproven {
            what: "length of text",
            why: "SQLite counts code points, and SQL Server UTF-16 units",
        },
        Unproven {
            what: "datetimeoffset",
            why: "SQLite keeps times as text, which does not sort across offsets",
        },
        Unproven {
            what: "isolation",
            why: "SQLite lets one writer in at a time; blocking, deadlocks and lost updates of row \
                  locks do not show",
        },
        Unproven {
            what: "plan shape",
            why: "a plan of SQLite says nothing about the plan that SQL Server chooses",
        },
        Unproven {
            what: "the SQL of mssql.sql",
            why: "the migrations ran in the SQL for SQLite",
        },
    ],
};

/// One batch a statement.
pub(super) fn render(steps: &[Step]) -> Vec<Batch> {
    let mut batches = Vec::new();
    for step in steps {
        match step {
            Step::CreateTable(table) => create_table(table, &mut batches),
            Step::Rebuild(rebuild) => rebuild::render(rebuild, &mut batches),
            Step::Alter {
                change,
                before,
                after,
            } => alter(change, before.as_ref().or(after.as_ref()), &mut batches),
        }
    }
    batches
}

fn create_table(table: &Table, batches: &mut Vec<Batch>) {
    batches.push(
        Batch::new(create::table(table, &table.name)).comment(format!("Table {}.", table.name)),
    );
    indexes_and_triggers(table, batches);
}

/// The statements that hang indexes and triggers on a table that has none.
pub(super) fn indexes_and_triggers(table: &Table, batches: &mut Vec<Batch>) {
    for index in table.indexes() {
        create_index(&table.name, index, batches);
    }
    if let Some(name) = &table.append_only {
        create_guards(&table.name, name, batches);
    }
    for column in &table.columns {
        create_version(table, column, batches);
    }
}

fn create_index(table: &Ident, index: &Index, batches: &mut Vec<Batch>) {
    batches.push(Batch::new(create::index(table, index)));
}

fn create_guards(table: &Ident, name: &Ident, batches: &mut Vec<Batch>) {
    for (nth, trigger) in trigger::append_only(table, name).into_iter().enumerate() {
        let mut batch = Batch::new(trigger.sql);
        if nth == 0 {
            batch = batch.comment(format!(
                "Rows of {table} are written once: they are neither changed nor removed."
            ));
        }
        batches.push(batch);
    }
}

fn create_version(table: &Table, column: &Column, batches: &mut Vec<Batch>) {
    if column.ty == Type::RowVersion
        && let Some(trigger) = trigger::row_version(table, column)
    {
        batches.push(Batch::new(trigger.sql).comment(format!(
            "{} of {} counts the changes of a row.",
            column.name, table.name
        )));
    }
}

fn drop_guards(name: &Ident, batches: &mut Vec<Batch>) {
    for trigger in trigger::append_only(name, name) {
        batches.push(Batch::new(format!("DROP TRIGGER {}", quote(&trigger.name))));
    }
}

fn drop_index(name: &Ident) -> Batch {
    Batch::new(format!("DROP INDEX {}", quote(name)))
}

/// A change made in place. `around` is the table in a state that has every column that a trigger
/// of the change may have to avoid.
///
/// # Panics
/// On a change that [`CAPABILITIES`] rules out: the planner makes a rebuild of it.
fn alter(change: &Change, around: Option<&Table>, batches: &mut Vec<Batch>) {
    match change {
        Change::DropTable(table) => batches.push(
            Batch::new(format!("DROP TABLE {}", quote(&table.name)))
                .comment(format!("Drops {} with all its rows.", table.name)),
        ),
        Change::AddColumn { table, column } => {
            let around = around.expect("a column is added to a table that exists");
            batches.push(
                Batch::new(format!(
                    "ALTER TABLE {} ADD COLUMN {}",
                    quote(table),
                    create::column(around, column)
                ))
                .comment(format!("Column {table}.{}.", column.name)),
            );
            create_version(around, column, batches);
        }
        Change::AddPart {
            table,
            part: Part::Index(index),
        } => create_index(table, index, batches),
        Change::DropPart {
            part: Part::Index(index),
            ..
        } => batches.push(drop_index(&index.name)),
        Change::AlterPart {
            table,
            from: Part::Index(from),
            to: Part::Index(to),
        }
        | Change::RenamePart {
            table,
            from: Part::Index(from),
            to: Part::Index(to),
        } => {
            batches.push(drop_index(&from.name));
            create_index(table, to, batches);
        }
        Change::AlterTable { table, from, to } => {
            if from.append_only == to.append_only {
                return;
            }
            if let Some(name) = &from.append_only {
                drop_guards(name, batches);
            }
            if let Some(name) = &to.append_only {
                // One guard may be left, or a harmless trigger may have taken its name.
                for trigger in trigger::append_only(table, name) {
                    batches.push(Batch::new(format!(
                        "DROP TRIGGER IF EXISTS {}",
                        quote(&trigger.name)
                    )));
                }
                create_guards(table, name, batches);
            }
        }
        Change::CreateTable(_)
        | Change::RenameTable { .. }
        | Change::DropColumn { .. }
        | Change::RenameColumn { .. }
        | Change::AlterColumn { .. }
        | Change::AddPart { .. }
        | Change::DropPart { .. }
        | Change::AlterPart { .. }
        | Change::RenamePart { .. } => {
            unreachable!("the planner rebuilds the table for what SQLite cannot do: {change:?}")
        }
    }
}

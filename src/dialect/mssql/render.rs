//! Steps as batches.
//!
//! A batch is compiled whole before it runs, so that a statement must not name a column that one
//! before it in the same batch has added. So each change is a batch of its own. A trigger has to be
//! alone in its batch in any case.

use crate::dialect::{Batch, Dialect};
use crate::diff::Change;
use crate::model::{Column, Ident, Part, Table};
use crate::plan::Step;

use super::alter::Alteration;
use super::rename::Renamed;
use super::{Mssql, create, property, rebuild, trigger};

/// See [`Dialect::render`].
pub(super) fn render(dialect: &Mssql, steps: &[Step]) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut renamed = Renamed::default();
    let online = dialect.edition.builds_online() && steps.iter().all(is_only_an_index);
    for step in steps {
        match step {
            Step::CreateTable(table) => create_table(dialect, table, &mut batches),
            Step::Rebuild(rebuild) => rebuild::render(dialect, rebuild, &mut batches),
            Step::Alter {
                change,
                before,
                after,
            } => Alteration {
                dialect,
                before: before.as_ref(),
                after: after.as_ref(),
                online,
                renamed: &mut renamed,
                batches: &mut batches,
            }
            .render(change),
        }
    }
    batches
}

/// Whether a step does nothing but build an index on a table that exists. Alone, each can be
/// committed by itself, so that it keeps its locks for a moment only.
fn is_only_an_index(step: &Step) -> bool {
    let Step::Alter {
        change,
        before: Some(_),
        ..
    } = step
    else {
        return false;
    };
    matches!(
        change,
        Change::AddPart {
            part: Part::Index(_),
            ..
        }
    )
}

fn create_table(dialect: &Mssql, table: &Table, batches: &mut Vec<Batch>) {
    let mut comment = format!("Table {}", table.name);
    match &table.description {
        Some(description) => comment.push_str(&format!(": {}", one_line(description))),
        None => comment.push('.'),
    }
    batches.push(Batch::new(create::table(dialect, table)).comment(comment));
    hang_on(dialect, table, batches);
}

/// What hangs on a table that has just been made: indexes, descriptions, the trigger.
pub(super) fn hang_on(dialect: &Mssql, table: &Table, batches: &mut Vec<Batch>) {
    let indexes: Vec<String> = table
        .indexes()
        .map(|index| create::index(dialect, table, index))
        .collect();
    if !indexes.is_empty() {
        batches
            .push(Batch::new(indexes.join("\n\n")).comment(format!("Indexes of {}.", table.name)));
    }
    let descriptions: Vec<String> = descriptions(dialect, table).collect();
    if !descriptions.is_empty() {
        batches.push(
            Batch::new(descriptions.join("\n"))
                .comment(format!("Descriptions of {}, for tools.", table.name)),
        );
    }
    if let Some(name) = &table.append_only {
        batches.push(append_only(dialect, &table.name, name));
    }
}

fn descriptions(dialect: &Mssql, table: &Table) -> impl Iterator<Item = String> {
    let of_table = property::change(
        dialect,
        &table.name,
        None,
        None,
        table.description.as_deref(),
    );
    let of_columns = table
        .columns
        .iter()
        .filter_map(|column| describe(dialect, &table.name, None, Some(column)));
    of_table.into_iter().chain(of_columns)
}

/// The change of a column's description.
pub(super) fn describe(
    dialect: &Mssql,
    table: &Ident,
    from: Option<&Column>,
    to: Option<&Column>,
) -> Option<String> {
    let name = &to.or(from)?.name;
    let text = |column: Option<&'_ Column>| column.and_then(|column| column.description.clone());
    property::change(
        dialect,
        table,
        Some(name),
        text(from).as_deref(),
        text(to).as_deref(),
    )
}

/// The batch with the trigger of an append-only table.
pub(super) fn append_only(dialect: &Mssql, table: &Ident, name: &Ident) -> Batch {
    Batch::new(trigger::append_only(dialect, table, name)).comment(trigger::comment(table))
}

/// The batch that drops that trigger.
pub(super) fn drop_append_only(dialect: &Mssql, table: &Ident, name: &Ident) -> Batch {
    Batch::new(format!("DROP TRIGGER {};", trigger::name(dialect, name))).comment(format!(
        "Rows of {table} can be changed and removed from here on."
    ))
}

/// ALTER TABLE with this action.
pub(super) fn alter_table(dialect: &Mssql, table: &Ident, action: &str) -> String {
    format!("ALTER TABLE {}\n    {action};", dialect.table(table))
}

/// Text for a comment of one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

//! Changes that SQLite cannot make in place: a new table, a copy, a swap.
//!
//! The order of statements is the one that
//! <https://www.sqlite.org/lang_altertable.html#otheralter> gives: the new table is made under a
//! temporary name and takes the old one's name at the end, so that foreign keys of other tables
//! never stop pointing at the name. That last renaming is done the legacy way, which leaves
//! everything else alone: the other way refuses it while a view or a trigger of somebody else's
//! names the table that is not there for a moment. A table or a column that gets another name takes
//! it first, in place, since SQLite then rewrites the foreign keys of all other tables itself.

use crate::dialect::Batch;
use crate::model::{Ident, Table};
use crate::plan::Rebuild;

use super::convert::convert;
use super::render::indexes_and_triggers;
use super::values::quote_text;
use super::{create, quote};

/// The statements of a rebuild. Foreign keys have to be off around them.
pub(super) fn render(rebuild: &Rebuild, batches: &mut Vec<Batch>) {
    let Rebuild {
        before,
        after,
        copied,
        reasons,
        referring: _,
    } = rebuild;
    let mut reason = Some(reason(before, after, reasons));
    let mut push = |sql: String, comment: Option<&str>| {
        let mut batch = Batch::new(sql);
        batch.comment = reason.take().or(comment.map(str::to_owned));
        batches.push(batch);
    };
    for sql in renames(&before.name, &after.name) {
        push(sql, None);
    }

    for sql in column_renames(&after.name, copied) {
        push(sql, None);
    }

    let temporary = temporary(&after.name);
    push(create::table(after, &temporary), None);
    push(copy(before, after, copied, &temporary), None);
    if counts_up(before) && counts_up(after) {
        let (old, new) = (
            quote_text(after.name.as_str()),
            quote_text(temporary.as_str()),
        );
        push(
            format!(
                "DELETE FROM sqlite_sequence WHERE name = {new} \
                 AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = {old})"
            ),
            Some("Numbers of rows that are gone must not be given out again."),
        );
        push(
            format!("UPDATE sqlite_sequence SET name = {new} WHERE name = {old}"),
            None,
        );
    }
    push(format!("DROP TABLE {}", quote(&after.name)), None);
    push(
        "PRAGMA legacy_alter_table = ON".to_owned(),
        Some(
            "What names the table, foreign keys above all, is to mean the new one from here on: \
             it stays as it is.",
        ),
    );
    push(rename(&temporary, &after.name), None);
    push("PRAGMA legacy_alter_table = OFF".to_owned(), None);
    indexes_and_triggers(after, batches);
}

fn reason(before: &Table, after: &Table, reasons: &[String]) -> String {
    let renamed = if before.name == after.name {
        String::new()
    } else {
        format!(" as {}", after.name)
    };
    let mut text = format!(
        "Rebuilds {}{renamed} with its rows, because SQLite cannot change it in place",
        before.name
    );
    match reasons {
        [] => text.push('.'),
        reasons => {
            text.push(':');
            for reason in reasons {
                text.push_str("\n- ");
                text.push_str(reason);
            }
        }
    }
    text
}

/// The name of a table while it is not yet in its place. No declared name starts with `dbtool`.
fn temporary(table: &Ident) -> Ident {
    Ident::new(format!("dbtoolRebuild_{table}"))
}

/// SQLite takes two names that differ in case for one, and refuses to rename to a name that is
/// taken: such a rename goes by way of a third.
fn renames(from: &Ident, to: &Ident) -> Vec<String> {
    if from == to {
        Vec::new()
    } else if from.folded() == to.folded() {
        let by_way_of = temporary(from);
        vec![rename(from, &by_way_of), rename(&by_way_of, to)]
    } else {
        vec![rename(from, to)]
    }
}

fn rename(from: &Ident, to: &Ident) -> String {
    format!("ALTER TABLE {} RENAME TO {}", quote(from), quote(to))
}

/// Gives columns their new names, each when nothing has that name any more.
fn column_renames(table: &Ident, copied: &[(Ident, Ident)]) -> Vec<String> {
    let mut waiting: Vec<&(Ident, Ident)> = copied.iter().filter(|(from, to)| from != to).collect();
    let mut statements = Vec::new();
    while let Some(at) = waiting
        .iter()
        .position(|(_, to)| waiting.iter().all(|(from, _)| from != to))
    {
        let (from, to) = waiting.remove(at);
        statements.push(format!(
            "ALTER TABLE {} RENAME COLUMN {} TO {}",
            quote(table),
            quote(from),
            quote(to)
        ));
    }
    assert!(
        waiting.is_empty(),
        "a rename counts only when its new name is free, so there is no circle: {waiting:?}"
    );
    statements
}

/// The statement that copies the rows out of the table, whose columns have their new names.
///
/// When no column keeps its values, the rows themselves are still kept: by their row ids, with the
/// defaults of the new columns.
fn copy(before: &Table, after: &Table, copied: &[(Ident, Ident)], temporary: &Ident) -> String {
    let pairs: Vec<_> = copied
        .iter()
        .filter_map(|(from, to)| {
            let to = after.column(to)?;
            let from = before.column(from)?;
            // A computed column computes its values anew.
            to.computed.is_none().then_some((from, to))
        })
        .collect();
    let (names, values) = if pairs.is_empty() {
        ("_rowid_".to_owned(), "_rowid_".to_owned())
    } else {
        let values: Vec<String> = pairs
            .iter()
            .map(|(from, to)| convert(&quote(&to.name), &from.ty, &to.ty))
            .collect();
        let names = create::names(pairs.iter().map(|(_, to)| &to.name));
        (names, values.join(", "))
    };
    format!(
        "INSERT INTO {} ({names})\nSELECT {values}\nFROM {}",
        quote(temporary),
        quote(&after.name)
    )
}

fn counts_up(table: &Table) -> bool {
    table.columns.iter().any(|column| column.identity.is_some())
}

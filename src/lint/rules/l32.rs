//! L32: what loses rows or breaks the application that runs.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::state::{Key, KeyClass, Table, same};
use crate::lint::tsql::statement::{Action, AlterTable, Dropped, Kind, Name, Part, Rename};
use crate::lint::tsql::types::Change;
use crate::model::expression::implies::implies;
use crate::model::expression::parse;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L32",
    code: "lint/L32",
    name: "destructive",
    title: "DROP, TRUNCATE, DELETE without WHERE, a narrower type, a rename",
    severity: Severity::Error,
    explanation: r"Migrations run while the application of before still does. What is dropped or renamed breaks each of its
queries that names it (errors 207, 208); rows that are dropped, truncated or deleted are gone, and there
is no way back but a restore; a narrower type fails on the first value that does not fit (error 8152 or
8115). So such a statement belongs into a contract migration, which is made on purpose and keeps the
reason in its files.

Not flagged: contract migrations; a check that the same script replaces by a wider one; a key, index,
view, procedure, function or trigger that it makes again; a default of a column that takes NULL or gets
another default; a computed column that it adds again; renames of constraints and indexes, which no query
names; temporary tables and tables that the script makes itself.",
    help: "expand and contract: add the new beside the old, move the application over, and remove the old one with `dbtool generate --contract REASON`",
    rewrite: r"-- 1. this release: the new column beside the old one, both written
ALTER TABLE dbo.orders ADD reference nvarchar(200) NULL;
-- 2. when nothing names the old one any more: dbtool generate dropNote --contract 'moved to reference'
ALTER TABLE dbo.orders DROP COLUMN note;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    if scene.facts.contract {
        return;
    }
    let statement = &scene.statement.range;
    match &scene.statement.kind {
        Kind::Drop(dropped) => hits.extend(dropped.iter().filter_map(|it| drop(scene, it))),
        Kind::Truncate(table) if !scene.now.is_made_here(table) => hits.push(
            Hit::new(
                statement.clone(),
                format!("TRUNCATE TABLE removes every row of {}", table.last()),
            )
            .about(table.last(), None),
        ),
        Kind::Delete {
            table,
            filtered: false,
        } if !scene.now.is_made_here(table) => hits.push(
            Hit::new(
                statement.clone(),
                format!("DELETE without WHERE removes every row of {}", table.last()),
            )
            .about(table.last(), None),
        ),
        Kind::AlterTable(AlterTable { table, action }) if !scene.now.is_made_here(table) => {
            match action {
                Action::Drop {
                    constraints,
                    columns,
                } => {
                    let columns = columns.iter().filter_map(|it| column(scene, table, it));
                    hits.extend(columns);
                    let parts = constraints
                        .iter()
                        .filter_map(|it| constraint(scene, table, it));
                    hits.extend(parts);
                }
                Action::AlterColumn(column) => {
                    let known = scene.now.table(table);
                    let known = known.and_then(|table| table.column(&column.name.name));
                    let from = known.and_then(|known| known.ty.as_ref());
                    if let (Some(from), Some(to)) = (from, &column.ty)
                        && from.change(to) == Change::Narrowing
                    {
                        let (table, name) = (table.last(), &column.name.name);
                        hits.push(
                            Hit::new(
                                column.range.clone(),
                                format!("{table}.{name} changes from {from} to {to}: values may not fit, or mean something else"),
                            )
                            .about(table, Some(name)),
                        );
                    }
                }
                _ => {}
            }
        }
        Kind::Rename(rename) => hits.extend(renamed(scene, rename)),
        _ => {}
    }
}

fn drop(scene: &Scene<'_>, dropped: &Dropped) -> Option<Hit> {
    let name = dropped.name.last();
    let folded = name.to_lowercase();
    let again = scene.facts.makes.contains(&folded) || scene.facts.harmless.contains(&folded);
    let loses = match dropped.class {
        "DEFAULT" | "RULE" => return None,
        "TABLE" if scene.now.is_made_here(&dropped.name) => return None,
        "TABLE" => "with all its rows",
        "INDEX" => {
            let table = dropped.table.as_ref();
            if again || table.is_some_and(|table| scene.now.is_made_here(table)) {
                return None;
            }
            "and what it guarantees or speeds up"
        }
        _ if again => return None,
        _ => "and every query that names it fails",
    };
    let class = dropped.class.to_lowercase();
    let about = match &dropped.table {
        Some(table) => (table.last(), Some(name)),
        None => (name, None),
    };
    Some(
        Hit::new(
            dropped.name.range.clone(),
            format!("this drops the {class} {name} {loses}"),
        )
        .about(about.0, about.1),
    )
}

fn column(scene: &Scene<'_>, table: &Name, column: &Part) -> Option<Hit> {
    let known = scene.now.table(table);
    let known = known.and_then(|table| table.column(&column.name));
    let after = scene.after.table(table);
    let again = after.is_some_and(|table| table.column(&column.name).is_some());
    if known.is_some_and(|known| known.computed.is_some()) && again {
        return None;
    }
    let (on, name) = (table.last(), &column.name);
    Some(
        Hit::new(
            column.range.clone(),
            format!(
                "this drops {on}.{name} with all its values, and every query that names it fails"
            ),
        )
        .about(on, Some(name)),
    )
}

fn constraint(scene: &Scene<'_>, table: &Name, constraint: &Part) -> Option<Hit> {
    let name = &constraint.name;
    if scene.facts.harmless.contains(&constraint.folded()) {
        return None;
    }
    let what = match (scene.now.table(table), scene.after.table(table)) {
        (Some(now), Some(after)) if now.has_part(name) => lost(now, after, name)?,
        _ if scene.facts.makes.contains(&constraint.folded()) => return None,
        _ => "constraint",
    };
    Some(
        Hit::new(
            constraint.range.clone(),
            format!(
                "this takes away what the {what} {name} of {} guarantees",
                table.last()
            ),
        )
        .about(table.last(), Some(name)),
    )
}

/// What is lost with a constraint; `None` when the script puts something in its place.
fn lost(now: &Table, after: &Table, name: &str) -> Option<&'static str> {
    if let Some(column) = now.defaulted(name) {
        let kept = after
            .column(&column.name)
            .is_none_or(|after| after.nullable || after.default.is_some());
        return (!kept).then_some("default");
    }
    let named = |given: &Option<String>| given.as_deref().is_some_and(|it| same(it, name));
    if let Some(check) = now.checks.iter().find(|check| named(&check.name)) {
        // Judged by its words where it is more than the portable language.
        let old = parse(&check.text).ok();
        let wider = after.checks.iter().any(|new| {
            new.words == check.words && new.text == check.text
                || (old
                    .as_ref()
                    .is_some_and(|old| parse(&new.text).is_ok_and(|new| implies(old, &new)))
                    && !new.words.is_empty()
                    && new.words.iter().any(|word| check.words.contains(word)))
        });
        return (!wider).then_some("check");
    }
    if let Some(key) = now.keys.iter().find(|key| key.is_named(name)) {
        let kept = after.keys.iter().any(|new| holds(new, key));
        return (!kept).then_some(match key.class {
            KeyClass::Primary => "primary key",
            KeyClass::Unique => "unique constraint",
            KeyClass::Index { .. } => "index",
        });
    }
    if let Some(key) = now.foreign_keys.iter().find(|key| named(&key.name)) {
        let kept = after
            .foreign_keys
            .iter()
            .any(|new| new.columns == key.columns);
        return (!kept).then_some("foreign key");
    }
    Some("constraint")
}

/// Whether a key takes the place of another: the same one, or one that refuses less.
fn holds(new: &Key, old: &Key) -> bool {
    let wider = old
        .columns
        .iter()
        .all(|column| new.columns.contains(column));
    let same_columns = wider && new.columns.len() == old.columns.len();
    match old.class {
        KeyClass::Primary => new.class == KeyClass::Primary && same_columns,
        KeyClass::Unique => new.is_unique() && wider,
        KeyClass::Index { .. } => wider,
    }
}

fn renamed(scene: &Scene<'_>, rename: &Rename) -> Option<Hit> {
    let place = scene.statement.range.clone();
    let Some(old) = rename.object.last() else {
        return Some(Hit::new(
            place,
            "sp_rename gives something another name, and which is not known before it runs",
        ));
    };
    if rename.class == "INDEX" || scene.facts.harmless.contains(&old.to_lowercase()) {
        return None;
    }
    let parts = match rename.class.as_str() {
        "COLUMN" => &rename.object[..rename.object.len() - 1],
        _ => &rename.object[..],
    };
    let table = Name {
        parts: parts
            .iter()
            .map(|name| Part {
                name: name.clone(),
                range: place.clone(),
            })
            .collect(),
        range: place.clone(),
    };
    if table.parts.is_empty() || scene.now.is_made_here(&table) {
        return None;
    }
    // A constraint has a name of its own in the schema, which no query uses.
    if rename.class != "COLUMN" && scene.now.has_part(old) {
        return None;
    }
    let (on, member) = match rename.class.as_str() {
        "COLUMN" => (table.last(), Some(old.as_str())),
        _ => (old.as_str(), None),
    };
    let object = member.map_or_else(|| on.to_owned(), |member| format!("{on}.{member}"));
    Some(
        Hit::new(
            place,
            format!(
                "this renames {object} to {}, and every query that names it fails",
                rename.to
            ),
        )
        .about(on, member),
    )
}

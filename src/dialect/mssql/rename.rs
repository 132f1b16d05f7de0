//! Renames.
//!
//! `sp_rename` refuses a column that a check, a computed column or an index filter names. Those are
//! taken off and put back under the new name.

use std::collections::BTreeMap;

use crate::dialect::Dialect;
use crate::model::{Column, Expr, Expression, Ident, Part, Table};

use super::alter::Alteration;
use super::render::{append_only, drop_append_only};
use super::{bracketed, create, national, types};

/// The columns that a run has renamed so far, by the new name of their table: (before, after).
#[derive(Debug, Default)]
pub(super) struct Renamed(BTreeMap<Ident, Vec<(Ident, Ident)>>);

impl Renamed {
    fn of(&self, table: &Ident) -> &[(Ident, Ident)] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }
}

fn sp_rename(object: &str, to: &Ident, class: &str) -> String {
    format!(
        "EXEC sys.sp_rename @objname = {}, @newname = {}, @objtype = N'{class}';",
        national(object),
        national(to.as_str())
    )
}

pub(super) fn table(alteration: &mut Alteration<'_>, from: &Ident, to: &Ident) {
    let sql = sp_rename(&alteration.dialect.table(from), to, "OBJECT");
    let comment = format!("{from} becomes {to}, with all that hangs on it.");
    alteration.push(sql, comment);
    // Its message names the table. Where the trigger's own name changes too, a change of the
    // table's options makes it anew.
    let trigger = |table: Option<&Table>| table.and_then(|table| table.append_only.clone());
    let names = (trigger(alteration.before), trigger(alteration.after));
    if let (Some(before), Some(after)) = names
        && before == after
    {
        let mut off = drop_append_only(alteration.dialect, to, &before);
        off.comment = Some(format!("Its message names {from}."));
        alteration.batches.push(off);
        alteration
            .batches
            .push(append_only(alteration.dialect, to, &after));
    }
}

pub(super) fn part(alteration: &mut Alteration<'_>, table: &Ident, from: &Part, to: &Part) {
    let (object, class) = match from {
        Part::Index(index) => (
            format!(
                "{}.{}",
                alteration.dialect.table(table),
                bracketed(index.name.as_str())
            ),
            "INDEX",
        ),
        other => (
            format!(
                "{}.{}",
                bracketed(&alteration.dialect.schema),
                bracketed(other.name().as_str())
            ),
            "OBJECT",
        ),
    };
    alteration.push(sp_rename(&object, to.name(), class), String::new());
}

pub(super) fn column(alteration: &mut Alteration<'_>, table: &Ident, from: &Ident, to: &Ident) {
    let state = alteration
        .before
        .map(|before| now(before, table, alteration.renamed.of(table)));
    let mut off = Vec::new();
    let mut on = Vec::new();
    if let Some(state) = &state {
        let renamed = now(state, table, &[(from.clone(), to.clone())]);
        let dependents = Dependents::of(state, from);
        for part in state.parts.iter().filter(|part| dependents.holds(part)) {
            off.push(alteration.drop_part(table, part));
        }
        for (column, after) in state.columns.iter().zip(&renamed.columns) {
            if column.name == *from && types::promise(column).is_some() {
                off.push(alteration.drop_constraint(table, &column.type_check));
                let check = create::type_check(&renamed, after)
                    .expect("the column has the type that it had");
                on.push(alteration.alter(table, &format!("WITH CHECK ADD {check}")));
            }
            if dependents.computed.contains(&column.name) {
                off.push(alteration.drop_column(table, column));
                on.extend(alteration.computed_again(&renamed, after));
            }
        }
        let parts = state.parts.iter().zip(&renamed.parts);
        for (_, after) in parts.filter(|(part, _)| dependents.holds(part)) {
            on.push(alteration.add_part(table, after));
        }
    }
    let object = format!(
        "{}.{}",
        alteration.dialect.table(table),
        bracketed(from.as_str())
    );
    let comment = format!("{table}.{from} becomes {to}.");
    if !off.is_empty() {
        alteration.push(
            off.join("\n"),
            format!("What names {table}.{from} is taken off, or the column could not be renamed."),
        );
    }
    alteration.push(sp_rename(&object, to, "COLUMN"), comment);
    // Each in a batch of its own: one may name a column that another adds.
    for sql in on {
        alteration.push(sql, String::new());
    }
    alteration
        .renamed
        .0
        .entry(table.clone())
        .or_default()
        .push((from.clone(), to.clone()));
}

/// What names a column so that the engine holds on to it.
struct Dependents {
    column: Ident,
    /// Computed columns that use it.
    computed: Vec<Ident>,
}

impl Dependents {
    fn of(table: &Table, column: &Ident) -> Self {
        let uses = |other: &&Column| {
            other
                .computed
                .as_ref()
                .is_some_and(|computed| computed.expression.uses(column) == Some(true))
        };
        Self {
            column: column.clone(),
            computed: table
                .columns
                .iter()
                .filter(uses)
                .map(|column| column.name.clone())
                .collect(),
        }
    }

    fn holds(&self, part: &Part) -> bool {
        let by_expression = match part {
            Part::Check(check) => check.expression.uses(&self.column) == Some(true),
            Part::Index(index) => index
                .filter
                .as_ref()
                .is_some_and(|filter| filter.uses(&self.column) == Some(true)),
            Part::PrimaryKey(_) | Part::Unique(_) | Part::ForeignKey(_) => false,
        };
        by_expression
            || self
                .computed
                .iter()
                .any(|computed| part.uses(computed) == Some(true))
    }
}

/// The table under its present name, with columns renamed wherever they are named.
fn now(before: &Table, name: &Ident, renames: &[(Ident, Ident)]) -> Table {
    let mut table = before.clone();
    table.name = name.clone();
    for (from, to) in renames {
        let rename = |name: &mut Ident| {
            if name == from {
                *name = to.clone();
            }
        };
        let in_expression = |expression: &mut Expression| {
            if let Expression::Portable(expr) = expression {
                *expr = expr.clone().map(&mut |node| match node {
                    Expr::Column(name) if name.folded() == from.folded() => {
                        Expr::Column(to.clone())
                    }
                    other => other,
                });
            }
        };
        for column in &mut table.columns {
            rename(&mut column.name);
            if let Some(computed) = &mut column.computed {
                in_expression(&mut computed.expression);
            }
        }
        for part in &mut table.parts {
            match part {
                Part::PrimaryKey(key) => key.columns.iter_mut().for_each(|k| rename(&mut k.column)),
                Part::Unique(unique) => {
                    unique
                        .columns
                        .iter_mut()
                        .for_each(|k| rename(&mut k.column));
                }
                Part::Check(check) => in_expression(&mut check.expression),
                Part::ForeignKey(key) => key.columns.iter_mut().for_each(rename),
                Part::Index(index) => {
                    index.columns.iter_mut().for_each(|k| rename(&mut k.column));
                    index.include.iter_mut().for_each(rename);
                    if let Some(filter) = &mut index.filter {
                        in_expression(filter);
                    }
                }
            }
        }
    }
    table
}

//! Values for a whole row: those that one column asks for, changed where checks over several
//! columns refuse them.

use std::collections::BTreeMap;

use super::judge::{Look, Truth, truth};
use super::{Generator, literal};
use crate::engine::Value;
use crate::model::{Column, Expr, Expression, Ident, Literal, Table, Type};
use crate::story::clock::Instant;
use crate::story::value;

/// How many rows are looked at for one check.
const MOST: usize = 4_000;

/// How often a row is changed before the checks are taken to contradict each other.
const ROUNDS: usize = 50;

/// The row of a table as far as it is known.
pub struct Draft<'a> {
    /// The table.
    pub table: &'a Table,
    /// What stands fast: the author's values, the tenant, and defaults that are constants. Columns
    /// that are in neither map have a value that only the database knows.
    pub given: BTreeMap<Ident, Value>,
    /// What may be changed, with its first value.
    pub free: BTreeMap<Ident, Value>,
    /// Other values for columns that refer to rows, which no value can be made up for.
    pub parents: BTreeMap<Ident, Value>,
}

impl Draft<'_> {
    /// Changes free values until no check refuses the row, as far as that can be told.
    ///
    /// # Errors
    /// The check that no row was found for.
    pub fn settle(&mut self, generator: &mut Generator, now: Instant) -> Result<(), Ident> {
        for _ in 0..ROUNDS {
            let Some((name, expr)) = self.refusing() else {
                return Ok(());
            };
            let change = self.change(expr, generator, now).ok_or(name)?;
            self.free.extend(change);
        }
        self.refusing().map_or(Ok(()), |(name, _)| Err(name))
    }

    fn checks(&self) -> impl Iterator<Item = (&Ident, &Expr)> {
        self.table
            .checks()
            .filter_map(|check| match &check.expression {
                Expression::Portable(expr) => Some((&check.name, expr)),
                Expression::Native(_) | Expression::Opaque(_) => None,
            })
    }

    /// The first check that refuses the row.
    fn refusing(&self) -> Option<(Ident, &Expr)> {
        let row = |name: &Ident| self.given.get(name).or(self.free.get(name)).cloned();
        let mut checks = self.checks();
        checks
            .find(|(_, expr)| truth(expr, self.table, &row) == Truth::False)
            .map(|(name, expr)| (name.clone(), expr))
    }

    /// Values that satisfy a check, and as many of the others as possible.
    fn change(
        &self,
        expr: &Expr,
        generator: &mut Generator,
        now: Instant,
    ) -> Option<BTreeMap<Ident, Value>> {
        let columns: Vec<&Column> = self
            .table
            .columns
            .iter()
            .filter(|column| self.free.contains_key(&column.name) && names(expr, &column.name))
            .collect();
        let choices: Vec<Vec<Value>> = columns
            .iter()
            .map(|column| self.choices(column, generator, now))
            .collect();
        let mut best: Option<(usize, BTreeMap<Ident, Value>)> = None;
        let mut at = vec![0; columns.len()];
        for _ in 0..MOST {
            let changed: BTreeMap<Ident, Value> = columns
                .iter()
                .zip(&at)
                .zip(&choices)
                .map(|((column, at), choices)| (column.name.clone(), choices[*at].clone()))
                .collect();
            let row = |name: &Ident| {
                let value = self.given.get(name).or(changed.get(name));
                value.or(self.free.get(name)).cloned()
            };
            if truth(expr, self.table, &row) != Truth::False {
                let refused = self.refusals(&row);
                if refused == 0 {
                    return Some(changed);
                }
                if best.as_ref().is_none_or(|(fewest, _)| refused < *fewest) {
                    best = Some((refused, changed));
                }
            }
            if !next(&mut at, &choices) {
                break;
            }
        }
        best.map(|(_, changed)| changed)
    }

    fn refusals(&self, row: Look<'_>) -> usize {
        let refused = self
            .checks()
            .filter(|(_, expr)| truth(expr, self.table, row) == Truth::False);
        refused.count()
    }

    /// Values that a column could have, those first that its checks speak of.
    fn choices(&self, column: &Column, generator: &mut Generator, now: Instant) -> Vec<Value> {
        let mut choices = vec![self.free[&column.name].clone()];
        let mut add = |value: Value| {
            if !choices.contains(&value) {
                choices.push(value);
            }
        };
        if column.nullable {
            add(Value::Null);
        }
        let refers = self
            .table
            .foreign_keys()
            .any(|key| key.columns.contains(&column.name));
        if refers {
            if let Some(parent) = self.parents.get(&column.name) {
                add(parent.clone());
            }
            return choices;
        }
        let mut constants = Vec::new();
        for (_, expr) in self.checks().filter(|(_, expr)| names(expr, &column.name)) {
            expr.visit(&mut |part| {
                if let Expr::Literal(constant) = part {
                    constants.push(constant.clone());
                }
            });
        }
        for constant in constants {
            if let Ok(value) = literal(&column.ty, &constant) {
                add(value);
            }
            for value in near(&column.ty, &constant) {
                add(value);
            }
        }
        // What it is compared with may be another column.
        for other in &self.table.columns {
            let together =
                |(_, expr): (&Ident, &Expr)| names(expr, &column.name) && names(expr, &other.name);
            if other.ty == column.ty
                && other.name != column.name
                && let Some(value) = self.given.get(&other.name).or(self.free.get(&other.name))
                && *value != Value::Null
                && self.checks().any(together)
            {
                add(value.clone());
            }
        }
        if let Ok(value) = generator.value(self.table, column, now) {
            add(value);
        }
        match &column.ty {
            Type::Bool => (0..=1).for_each(|value| add(Value::Integer(value))),
            ty => {
                for number in 0..12 {
                    if let Ok(value) = literal(ty, &Literal::Number(number.to_string())) {
                        add(value);
                    }
                }
            }
        }
        choices
    }
}

/// Values beside a constant: the numbers before and after it, texts of about that length, and a
/// text that a pattern takes.
fn near(ty: &Type, constant: &Literal) -> Vec<Value> {
    let text = |text: String| value::text(ty, &text).ok().map(Value::Text);
    match (ty, constant) {
        (Type::Key(_) | Type::String(_) | Type::Ascii(_) | Type::Text, Literal::Number(number)) => {
            let Ok(length) = number.parse::<usize>() else {
                return Vec::new();
            };
            (length.saturating_sub(1)..=length.saturating_add(1).min(8_000))
                .filter_map(|length| text("x".repeat(length)))
                .collect()
        }
        (_, Literal::Text(pattern)) => {
            let plain = |c: &char| !matches!(c, '%' | '!' | '\\');
            let taken: String = pattern.chars().filter(plain).collect();
            let underlined = taken.replace('_', "a");
            let more = format!("{pattern}~");
            [taken, underlined, more, "~".to_owned()]
                .into_iter()
                .filter_map(text)
                .collect()
        }
        (_, Literal::Number(number)) => {
            let scale = match ty {
                Type::Decimal { scale, .. } => *scale,
                _ => 0,
            };
            let Some(at) = value::scaled(number, scale) else {
                return Vec::new();
            };
            let beside = [at - 1, at + 1].map(|number| value::unscaled(number, scale));
            beside
                .into_iter()
                .filter_map(|number| literal(ty, &Literal::Number(number)).ok())
                .collect()
        }
        _ => Vec::new(),
    }
}

fn names(expr: &Expr, column: &Ident) -> bool {
    let mut found = false;
    expr.visit(&mut |part| {
        if let Expr::Column(name) = part {
            found |= name.folded() == column.folded();
        }
    });
    found
}

/// The next of all combinations; false behind the last.
fn next(at: &mut [usize], choices: &[Vec<Value>]) -> bool {
    for (digit, choices) in at.iter_mut().zip(choices) {
        *digit += 1;
        if *digit < choices.len() {
            return true;
        }
        *digit = 0;
    }
    false
}

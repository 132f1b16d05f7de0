//! Checks that let more through, or less.
//!
//! A check is taken apart where AND and OR stand over its conditions. Whether a weaker or stronger
//! one can be told from the check at all, next to the other rules of the table, is asked of
//! [`implies`]: its proof that no row can is what makes a mutant equivalent.

use super::Kind;
use super::table::{Maker, Words};
use crate::model::expression::write::portable;
use crate::model::expression::{BinaryOp, implies::implies};
use crate::model::{Check, Column, Expr, Expression, Ident, Literal, Part, Table, Type};
use crate::story::value;

impl Maker<'_> {
    /// Weaker and stronger versions of a check.
    pub(super) fn check(&mut self, part: &Part, whole: &Expr) {
        for variant in variants(self.table, whole) {
            let mutated = Part::Check(Check {
                name: part.name().clone(),
                expression: Expression::Portable(variant.expression.clone()),
            });
            let advice = variant.advice(part.name());
            let words = Words::new(variant.kind, variant.change, advice);
            let tables = vec![self.with_part(mutated)];
            self.add_part(part, words, tables);
            let mutant = &variant.expression;
            let why = match variant.kind.is_stricter() {
                // A stricter check is no other one when the rest refuses what it refuses.
                true => implied(self.table, part.name(), Some(whole), mutant),
                false => implied(self.table, part.name(), Some(mutant), whole),
            };
            self.set_apart(why);
        }
    }
}

impl Kind {
    /// Whether it refuses more rows than the check, and not fewer.
    fn is_stricter(self) -> bool {
        matches!(self, Self::AlternativeDropped | Self::ValueRefused)
    }
}

/// A check that is not quite the one of the schema.
struct Variant {
    kind: Kind,
    expression: Expr,
    change: String,
    /// The condition or value that it is about, as people write it.
    subject: String,
}

impl Variant {
    fn advice(&self, check: &Ident) -> String {
        let subject = &self.subject;
        let refused = format!("within `expectError: {{ kind: check, constraint: {check} }}`");
        match self.kind {
            Kind::LimitMoved => format!("write a row with {subject} {refused}"),
            Kind::ConditionDropped => {
                format!("write a row that breaks `{subject}` and nothing else {refused}")
            }
            Kind::AlternativeDropped => {
                format!("store a row that only `{subject}` lets through")
            }
            _ => format!("store a row with {subject}"),
        }
    }
}

/// Why the rest of a table's rules, with `instead` in the place of the check, already refuse what
/// `wanted` refuses. `None` when there is no proof.
pub(super) fn implied(
    table: &Table,
    check: &Ident,
    instead: Option<&Expr>,
    wanted: &Expr,
) -> Option<String> {
    if let Some(instead) = instead
        && implies(instead, wanted)
    {
        return Some("it accepts the same rows".to_owned());
    }
    let others: Vec<(&Ident, &Expr)> = table
        .checks()
        .filter(|other| other.name != *check)
        .filter_map(|other| match &other.expression {
            Expression::Portable(expression) => Some((&other.name, expression)),
            Expression::Native(_) | Expression::Opaque(_) => None,
        })
        .collect();
    let own = rules_of_columns(table, wanted);
    let with = |rules: Vec<&Expr>| {
        let mut rules = rules.into_iter().chain(&own).chain(instead).cloned();
        let first = rules.next()?;
        Some(rules.fold(first, |all, rule| Expr::binary(all, BinaryOp::And, rule)))
    };
    let proves = |rules: Vec<&Expr>| with(rules).is_some_and(|rules| implies(&rules, wanted));
    if proves(Vec::new()) {
        return Some("the types of its columns refuse the same rows".to_owned());
    }
    if let Some((name, _)) = others.iter().find(|(_, other)| proves(vec![other])) {
        return Some(format!("{name} refuses the same rows"));
    }
    let all = others.iter().map(|(_, other)| *other).collect();
    (others.len() > 1 && proves(all))
        .then(|| "the other checks of the table refuse the same rows together".to_owned())
}

/// Whether a check of the table refuses NULL in a column.
pub(super) fn demands_value(table: &Table, column: &Ident) -> bool {
    let wanted = Expr::IsNull {
        operand: Box::new(Expr::column(column)),
        negated: true,
    };
    table.checks().any(|check| match &check.expression {
        Expression::Portable(expression) => implies(expression, &wanted),
        Expression::Native(_) | Expression::Opaque(_) => false,
    })
}

/// What the columns of an expression demand by themselves: NOT NULL, and the range of an integer.
fn rules_of_columns(table: &Table, expression: &Expr) -> Vec<Expr> {
    let mut columns: Vec<&Column> = Vec::new();
    expression.visit(&mut |part| {
        if let Expr::Column(name) = part
            && let Some(column) = table.column(name)
            && !columns.contains(&column)
        {
            columns.push(column);
        }
    });
    let mut rules = Vec::new();
    for column in columns {
        let own = || Box::new(Expr::column(&column.name));
        if !column.nullable {
            rules.push(Expr::IsNull {
                operand: own(),
                negated: true,
            });
        }
        if let Some((low, high)) = value::range(&column.ty) {
            rules.push(Expr::Between {
                operand: own(),
                low: Box::new(Expr::number(low)),
                high: Box::new(Expr::number(high)),
                negated: false,
            });
        }
    }
    rules
}

/// All that can be made of an expression by changing one condition of it.
fn variants(table: &Table, whole: &Expr) -> Vec<Variant> {
    let mut found = Vec::new();
    within(table, whole, &|inner| inner, &mut found);
    found
}

/// Changes the conditions of `part`, which `around` puts back into the whole.
fn within(table: &Table, part: &Expr, around: &dyn Fn(Expr) -> Expr, found: &mut Vec<Variant>) {
    if let Expr::Binary {
        op: op @ (BinaryOp::And | BinaryOp::Or),
        ..
    } = part
    {
        let operands = flat(part, *op);
        for (at, operand) in operands.iter().enumerate() {
            let rest = (0..operands.len()).filter(|other| *other != at);
            let rest = rest.map(|other| operands[other].clone());
            let condition = portable(operand);
            // Whoever notices that a limit moved notices that it is gone.
            let limited = *op == BinaryOp::And
                && self::condition(table, operand)
                    .iter()
                    .any(|(kind, ..)| *kind == Kind::LimitMoved);
            if !limited {
                found.push(Variant {
                    kind: match op {
                        BinaryOp::And => Kind::ConditionDropped,
                        _ => Kind::AlternativeDropped,
                    },
                    expression: around(joined(rest, *op)),
                    change: format!("lacks `{condition}`"),
                    subject: condition,
                });
            }
            let around = |inner: Expr| {
                let all = operands.iter().enumerate();
                let all = all.map(|(other, operand)| match other == at {
                    true => inner.clone(),
                    false => (*operand).clone(),
                });
                around(joined(all, *op))
            };
            within(table, operand, &around, found);
        }
        return;
    }
    for (kind, changed, change, subject) in condition(table, part) {
        found.push(Variant {
            kind,
            expression: around(changed),
            change,
            subject,
        });
    }
}

/// The operands of a chain of one operator, from left to right.
fn flat(expr: &Expr, wanted: BinaryOp) -> Vec<&Expr> {
    match expr {
        Expr::Binary { op, left, right } if *op == wanted => {
            let mut operands = flat(left, wanted);
            operands.extend(flat(right, wanted));
            operands
        }
        other => vec![other],
    }
}

fn joined(operands: impl Iterator<Item = Expr>, op: BinaryOp) -> Expr {
    let mut operands = operands;
    let first = operands.next();
    let first = first.expect("a chain without one of its operands has another one");
    operands.fold(first, |all, next| Expr::binary(all, op, next))
}

/// What can be made of one condition: its kind, the condition, the change and the subject in words.
fn condition(table: &Table, part: &Expr) -> Vec<(Kind, Expr, String, String)> {
    match part {
        Expr::Binary { op, left, right } => match (&**left, &**right) {
            (Expr::Column(name), Expr::Literal(Literal::Number(limit))) => {
                let moved = table.column(name).and_then(|it| moved(it, *op, limit));
                moved.into_iter().map(|moved| moved.variant(name)).collect()
            }
            _ => Vec::new(),
        },
        Expr::Between {
            operand,
            low,
            high,
            negated: false,
        } => between(table, operand, low, high),
        Expr::In {
            operand,
            list,
            negated: false,
        } if list.len() > 1 => list
            .iter()
            .enumerate()
            .map(|(at, value)| {
                let mut rest = list.clone();
                rest.remove(at);
                let fewer = Expr::In {
                    operand: operand.clone(),
                    list: rest,
                    negated: false,
                };
                let (subject, value) = (portable(operand), shown(value));
                let change = format!("refuses {value}");
                (
                    Kind::ValueRefused,
                    fewer,
                    change,
                    format!("{subject} {value}"),
                )
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn between(
    table: &Table,
    operand: &Expr,
    low: &Expr,
    high: &Expr,
) -> Vec<(Kind, Expr, String, String)> {
    let Expr::Column(name) = operand else {
        return Vec::new();
    };
    let number = |expr: &Expr| match expr {
        Expr::Literal(Literal::Number(text)) => Some(text.clone()),
        _ => None,
    };
    let limits = |low: Expr, high: Expr| Expr::Between {
        operand: Box::new(operand.clone()),
        low: Box::new(low),
        high: Box::new(high),
        negated: false,
    };
    let mut found = Vec::new();
    let column = table.column(name);
    for (op, limit) in [(BinaryOp::Ge, low), (BinaryOp::Le, high)] {
        let moved = column
            .zip(number(limit))
            .and_then(|(column, limit)| moved(column, op, &limit));
        let Some(moved) = moved else { continue };
        let (_, _, change, subject) = moved.variant(name);
        let limit = Expr::Literal(Literal::Number(moved.limit));
        let wider = match op {
            BinaryOp::Ge => limits(limit, high.clone()),
            _ => limits(low.clone(), limit),
        };
        found.push((Kind::LimitMoved, wider, change, subject));
    }
    found
}

/// A limit that is one step further out.
struct Moved {
    op: BinaryOp,
    limit: String,
    /// The value that is let in.
    accepted: String,
}

impl Moved {
    fn variant(&self, column: &Ident) -> (Kind, Expr, String, String) {
        let limit = Expr::Literal(Literal::Number(self.limit.clone()));
        (
            Kind::LimitMoved,
            Expr::binary(Expr::column(column), self.op, limit),
            format!("accepts {column} {}", self.accepted),
            format!("{column} {}", self.accepted),
        )
    }
}

fn moved(column: &Column, op: BinaryOp, limit: &str) -> Option<Moved> {
    let by = |op, step: i128| {
        let (scale, unit) = unit(&column.ty)?;
        let limit = value::scaled(limit, scale)? + step * unit;
        let limit = value::unscaled(limit, scale);
        Some(Moved {
            op,
            accepted: limit.clone(),
            limit,
        })
    };
    // The limit itself is the step for every type.
    let onto = |op| {
        Some(Moved {
            op,
            limit: limit.to_owned(),
            accepted: limit.to_owned(),
        })
    };
    match op {
        BinaryOp::Ge => by(BinaryOp::Ge, -1),
        BinaryOp::Le => by(BinaryOp::Le, 1),
        BinaryOp::Gt => onto(BinaryOp::Ge),
        BinaryOp::Lt => onto(BinaryOp::Le),
        _ => None,
    }
}

/// The scale of an exact number, and its smallest step in units of that scale.
pub(super) fn unit(ty: &Type) -> Option<(u8, i128)> {
    match ty {
        Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt => Some((0, 1)),
        Type::Decimal { scale, .. } => Some((*scale, 1)),
        _ => None,
    }
}

/// The texts that a check lets a column have.
pub(super) fn values_of(table: &Table, column: &Ident) -> Vec<String> {
    let mut values = Vec::new();
    for check in table.checks() {
        if let Expression::Portable(Expr::In {
            operand,
            list,
            negated: false,
        }) = &check.expression
            && **operand == Expr::column(column)
        {
            values.extend(list.iter().filter_map(|value| match value {
                Expr::Literal(Literal::Text(text)) => Some(text.clone()),
                _ => None,
            }));
        }
    }
    values
}

/// A constant as people write it.
pub(super) fn shown(value: &Expr) -> String {
    match value {
        Expr::Literal(Literal::Text(text)) => text.clone(),
        other => portable(other),
    }
}

//! Whether one condition accepts everything that another accepts.
//!
//! A check accepts a row for which its condition is true *or unknown*. The rows that a condition
//! accepts obey the ordinary algebra of sets: AND accepts what both accept (it is false when one
//! is false), OR what either accepts (it is false when both are). So the proof splits both sides
//! at AND and OR, and the logic of NULL is left to single tests.
//!
//! Sound, not complete: `true` is a proof, `false` means that there is none here. It is taken for
//! granted that an operand gives the same value each time, and that numbers are compared as
//! numbers: a constant like `5` is compared with a column of a numeric type.

use std::cmp::Ordering;

use super::canonical::{canonical, chain, is_comparison};
use super::number::Number;
use super::{BinaryOp, Expr, Literal};

/// Whether every row that passes a check on `old` is proven to pass one on `new`.
pub fn implies(old: &Expr, new: &Expr) -> bool {
    let (old, new) = (canonical(old), canonical(new));
    Prover { steps: 100_000 }.proves(&old, &new)
}

struct Prover {
    /// What is left until the proof is given up; splitting can take exponential time.
    steps: u32,
}

impl Prover {
    /// Both sides are in canonical form, or a part of one that is.
    fn proves(&mut self, old: &Expr, new: &Expr) -> bool {
        if self.steps == 0 {
            return false;
        }
        self.steps -= 1;
        if old == new || always_accepts(new) || *old == Expr::Literal(Literal::Bool(false)) {
            return true;
        }
        if let Some(alternatives) = alternatives(old, new) {
            return alternatives.iter().all(|old| self.proves(old, new));
        }
        if let Some(demands) = demands(new) {
            return demands.iter().all(|new| self.proves(old, new));
        }
        if let Some(demands) = demands(old)
            && demands.iter().any(|old| self.proves(old, new))
        {
            return true;
        }
        if is_binary(new, BinaryOp::Or)
            && chain(new, BinaryOp::Or)
                .into_iter()
                .any(|new| self.proves(old, new))
        {
            return true;
        }
        test_implies(old, new)
    }
}

fn is_binary(expr: &Expr, wanted: BinaryOp) -> bool {
    matches!(expr, Expr::Binary { op, .. } if *op == wanted)
}

/// Whether the condition can never be false.
fn always_accepts(expr: &Expr) -> bool {
    let null = |expr: &Expr| *expr == Expr::Literal(Literal::Null);
    match expr {
        Expr::Literal(Literal::Null | Literal::Bool(true)) => true,
        Expr::Binary { op, left, right } if is_comparison(*op) => null(left) || null(right),
        Expr::In {
            list,
            negated: false,
            ..
        } => list.iter().any(null),
        Expr::Like {
            operand, pattern, ..
        } => null(operand) || null(pattern),
        _ => false,
    }
}

/// The conditions of which `old` accepts what any accepts. IN is left whole against another IN of
/// the same operand that has all its values.
fn alternatives(old: &Expr, new: &Expr) -> Option<Vec<Expr>> {
    match old {
        Expr::Binary {
            op: BinaryOp::Or, ..
        } => Some(chain(old, BinaryOp::Or).into_iter().cloned().collect()),
        Expr::In {
            operand,
            list,
            negated: false,
        } => {
            if let Expr::In {
                operand: other,
                list: wider,
                negated: false,
            } = new
                && operand == other
                && list.iter().all(|value| wider.binary_search(value).is_ok())
            {
                return Some(Vec::new());
            }
            Some(
                list.iter()
                    .map(|value| Expr::binary((**operand).clone(), BinaryOp::Eq, value.clone()))
                    .collect(),
            )
        }
        _ => None,
    }
}

/// The conditions of which a row must pass each.
fn demands(expr: &Expr) -> Option<Vec<Expr>> {
    match expr {
        Expr::Binary {
            op: BinaryOp::And, ..
        } => Some(chain(expr, BinaryOp::And).into_iter().cloned().collect()),
        Expr::In {
            operand,
            list,
            negated: true,
        } => Some(
            list.iter()
                .map(|value| Expr::binary((**operand).clone(), BinaryOp::Ne, value.clone()))
                .collect(),
        ),
        _ => None,
    }
}

/// Whether passing one single test means passing another.
fn test_implies(old: &Expr, new: &Expr) -> bool {
    if let Expr::IsNull {
        operand,
        negated: false,
    } = old
    {
        return unknown_when_null(new, operand);
    }
    let Expr::Binary { op, left, right } = old else {
        return false;
    };
    if !is_comparison(*op) {
        return false;
    }
    match new {
        Expr::In {
            operand,
            list,
            negated: false,
        } => *op == BinaryOp::Eq && operand == left && list.contains(right),
        Expr::Binary {
            op: new_op,
            left: new_left,
            right: new_right,
        } if is_comparison(*new_op) && left == new_left => {
            if right == new_right {
                return covers(*op, *new_op);
            }
            match (value(right), value(new_right)) {
                (Some(from), Some(to)) => range_covers(*op, &from, *new_op, &to),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether the test is unknown, and so passed, when this operand is NULL.
fn unknown_when_null(test: &Expr, operand: &Expr) -> bool {
    match test {
        Expr::Binary { op, left, right } if is_comparison(*op) => {
            **left == *operand || **right == *operand
        }
        Expr::In {
            operand: tested, ..
        } => **tested == *operand,
        Expr::Like {
            operand: tested,
            pattern,
            ..
        } => **tested == *operand || **pattern == *operand,
        _ => false,
    }
}

fn value(expr: &Expr) -> Option<Number> {
    match expr {
        Expr::Literal(Literal::Number(text)) => Number::parse(text),
        _ => None,
    }
}

/// Whether `a old b` means `a new b`.
fn covers(old: BinaryOp, new: BinaryOp) -> bool {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    old == new || matches!((old, new), (Eq, Le | Ge) | (Lt, Le | Ne) | (Gt, Ge | Ne))
}

/// Whether `x old from` means `x new to`, for numbers in any dense order.
fn range_covers(old: BinaryOp, from: &Number, new: BinaryOp, to: &Number) -> bool {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    let order = from.cmp(to);
    if order == Ordering::Equal {
        return covers(old, new);
    }
    // Two numbers may be one when the engine compares them as binary floating point.
    if from.as_float() == to.as_float() {
        return false;
    }
    let above = order == Ordering::Greater;
    match (old, new) {
        (Eq, Ne) => true,
        (Eq | Gt | Ge, Gt | Ge) | (Gt | Ge, Ne) => above,
        (Eq | Lt | Le, Lt | Le) | (Lt | Le, Ne) => !above,
        _ => false,
    }
}

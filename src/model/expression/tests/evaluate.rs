//! SQL's three-valued logic over a few small values, to hold the rewrites against.

use std::collections::BTreeMap;

use crate::model::expression::{BinaryOp, Expr, Literal};

/// A row: NULL, or a small number.
pub(super) type Row = BTreeMap<String, Option<i64>>;

/// Every row of the columns `a`, `b` and `c` over NULL and 0 to 3.
pub(super) fn rows() -> Vec<Row> {
    let domain = [None, Some(0), Some(1), Some(2), Some(3)];
    let mut rows = Vec::new();
    for a in domain {
        for b in domain {
            for c in domain {
                rows.push(
                    [("a", a), ("b", b), ("c", c)]
                        .map(|(name, value)| (name.to_owned(), value))
                        .into(),
                );
            }
        }
    }
    rows
}

/// Whether a check on `expr` lets the row pass.
pub(super) fn accepts(expr: &Expr, row: &Row) -> bool {
    truth(expr, row) != Some(false)
}

/// The truth of a condition; `None` is unknown.
pub(super) fn truth(expr: &Expr, row: &Row) -> Option<bool> {
    match expr {
        Expr::Literal(Literal::Bool(value)) => Some(*value),
        Expr::Literal(Literal::Null) => None,
        Expr::Not(a) => truth(a, row).map(|a| !a),
        Expr::Binary { op, left, right } => match op {
            BinaryOp::And => and(truth(left, row), truth(right, row)),
            BinaryOp::Or => or(truth(left, row), truth(right, row)),
            op => compare(*op, value(left, row), value(right, row)),
        },
        Expr::IsNull { operand, negated } => Some(value(operand, row).is_none() != *negated),
        Expr::In {
            operand,
            list,
            negated,
        } => {
            let tested = value(operand, row);
            let mut found = Some(false);
            for item in list {
                found = or(found, compare(BinaryOp::Eq, tested, value(item, row)));
            }
            found.map(|found| found != *negated)
        }
        Expr::Between {
            operand,
            low,
            high,
            negated,
        } => {
            let tested = value(operand, row);
            let inside = and(
                compare(BinaryOp::Ge, tested, value(low, row)),
                compare(BinaryOp::Le, tested, value(high, row)),
            );
            inside.map(|inside| inside != *negated)
        }
        Expr::Like {
            operand,
            pattern,
            negated,
            ..
        } => {
            // Any fixed relation that is unknown for NULL will do.
            let (a, b) = (value(operand, row)?, value(pattern, row)?);
            Some(((a + b) % 3 == 0) != *negated)
        }
        other => panic!("{other} is no condition"),
    }
}

fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    and(a.map(|a| !a), b.map(|b| !b)).map(|both| !both)
}

fn compare(op: BinaryOp, a: Option<i64>, b: Option<i64>) -> Option<bool> {
    let (a, b) = (a?, b?);
    Some(match op {
        BinaryOp::Eq => a == b,
        BinaryOp::Ne => a != b,
        BinaryOp::Lt => a < b,
        BinaryOp::Le => a <= b,
        BinaryOp::Gt => a > b,
        BinaryOp::Ge => a >= b,
        other => panic!("{other:?} is no comparison"),
    })
}

fn value(expr: &Expr, row: &Row) -> Option<i64> {
    match expr {
        Expr::Column(name) => row[name.as_str()],
        Expr::Literal(Literal::Null) => None,
        Expr::Literal(Literal::Number(text)) => Some(text.parse().expect("a whole number")),
        Expr::Negate(a) => value(a, row).map(|a| -a),
        Expr::Binary { op, left, right } => {
            let (a, b) = (value(left, row)?, value(right, row)?);
            Some(match op {
                BinaryOp::Add => a + b,
                BinaryOp::Sub => a - b,
                BinaryOp::Mul => a * b,
                other => panic!("{other:?} is not generated"),
            })
        }
        Expr::Case {
            operand: None,
            branches,
            otherwise,
        } => {
            for (when, then) in branches {
                if truth(when, row) == Some(true) {
                    return value(then, row);
                }
            }
            otherwise.as_ref().and_then(|value_| value(value_, row))
        }
        Expr::Call {
            function,
            arguments,
        } => match function.as_str() {
            "coalesce" => arguments.iter().find_map(|argument| value(argument, row)),
            "nullif" => {
                let (a, b) = (value(&arguments[0], row), value(&arguments[1], row));
                if a.is_some() && a == b { None } else { a }
            }
            "iif" => {
                let then = truth(&arguments[0], row) == Some(true);
                value(&arguments[if then { 1 } else { 2 }], row)
            }
            other => panic!("{other} is not generated"),
        },
        other => panic!("{other} is no value"),
    }
}

//! Index filters in the small language that SQL Server takes for them.
//!
//! A filter is a list of tests joined by AND; each compares a column with a constant, or is IN or
//! IS [NOT] NULL. What means the same is rewritten; the rest is refused, with the reason.

use crate::model::expression::{BinaryOp, canonical::canonical};
use crate::model::{Expr, Literal, Table};

/// The filter as SQL Server takes it, or which construct it refuses.
pub(super) fn simplify(table: &Table, filter: &Expr) -> Result<Expr, &'static str> {
    let mut tests = Vec::new();
    gather(table, filter, false, &mut tests)?;
    let mut tests = tests.into_iter();
    let first = tests.next().ok_or("no test")?;
    Ok(tests.fold(first, |left, right| {
        Expr::binary(left, BinaryOp::And, right)
    }))
}

fn gather(
    table: &Table,
    expr: &Expr,
    negate: bool,
    tests: &mut Vec<Expr>,
) -> Result<(), &'static str> {
    match expr {
        Expr::Not(inner) => gather(table, inner, !negate, tests),
        Expr::Binary { op, left, right } => match (op, negate) {
            (BinaryOp::And, false) | (BinaryOp::Or, true) => {
                gather(table, left, negate, tests)?;
                gather(table, right, negate, tests)
            }
            (BinaryOp::Or, false) | (BinaryOp::And, true) => {
                // Alternatives for one column are an IN.
                let whole = if negate {
                    canonical(&Expr::Not(Box::new(expr.clone())))
                } else {
                    canonical(expr)
                };
                match whole {
                    Expr::Binary {
                        op: BinaryOp::Or, ..
                    } => Err("OR"),
                    simple => gather(table, &simple, false, tests),
                }
            }
            _ => {
                let op = if negate { opposite(*op) } else { Some(*op) };
                let op = op.ok_or("arithmetic")?;
                tests.push(comparison(table, op, left, right)?);
                Ok(())
            }
        },
        Expr::Between {
            operand,
            low,
            high,
            negated,
        } => {
            if *negated != negate {
                return Err("NOT BETWEEN");
            }
            tests.push(comparison(table, BinaryOp::Ge, operand, low)?);
            tests.push(comparison(table, BinaryOp::Le, operand, high)?);
            Ok(())
        }
        Expr::In {
            operand,
            list,
            negated,
        } => {
            if *negated != negate {
                for item in list {
                    tests.push(comparison(table, BinaryOp::Ne, operand, item)?);
                }
                return Ok(());
            }
            column(table, operand)?;
            for item in list {
                constant(item)?;
            }
            tests.push(Expr::In {
                operand: operand.clone(),
                list: list.clone(),
                negated: false,
            });
            Ok(())
        }
        Expr::IsNull { operand, negated } => {
            column(table, operand)?;
            tests.push(Expr::IsNull {
                operand: operand.clone(),
                negated: *negated != negate,
            });
            Ok(())
        }
        Expr::Like { .. } => Err("LIKE"),
        Expr::Call { .. } => Err("a function"),
        Expr::Case { .. } => Err("CASE"),
        Expr::Cast { .. } => Err("CAST"),
        Expr::Column(_) | Expr::Literal(_) | Expr::Negate(_) => Err("a value without comparison"),
    }
}

fn comparison(
    table: &Table,
    op: BinaryOp,
    left: &Expr,
    right: &Expr,
) -> Result<Expr, &'static str> {
    if constant(left).is_ok() && constant(right).is_err() {
        let op = match op {
            BinaryOp::Lt => BinaryOp::Gt,
            BinaryOp::Gt => BinaryOp::Lt,
            BinaryOp::Le => BinaryOp::Ge,
            BinaryOp::Ge => BinaryOp::Le,
            same => same,
        };
        return comparison(table, op, right, left);
    }
    column(table, left)?;
    constant(right)?;
    Ok(Expr::binary(left.clone(), op, right.clone()))
}

fn opposite(op: BinaryOp) -> Option<BinaryOp> {
    match op {
        BinaryOp::Eq => Some(BinaryOp::Ne),
        BinaryOp::Ne => Some(BinaryOp::Eq),
        BinaryOp::Lt => Some(BinaryOp::Ge),
        BinaryOp::Ge => Some(BinaryOp::Lt),
        BinaryOp::Gt => Some(BinaryOp::Le),
        BinaryOp::Le => Some(BinaryOp::Gt),
        _ => None,
    }
}

fn column(table: &Table, expr: &Expr) -> Result<(), &'static str> {
    match expr {
        Expr::Column(name) => match table.column(name) {
            Some(column) if column.computed.is_some() => Err("a computed column"),
            _ => Ok(()),
        },
        Expr::Call { .. } => Err("a function"),
        Expr::Binary { .. } | Expr::Negate(_) => Err("arithmetic"),
        Expr::Case { .. } => Err("CASE"),
        Expr::Cast { .. } => Err("CAST"),
        _ => Err("a comparison without a column"),
    }
}

fn constant(expr: &Expr) -> Result<(), &'static str> {
    match expr {
        Expr::Literal(Literal::Null) => Err("a comparison with NULL"),
        Expr::Literal(_) => Ok(()),
        Expr::Column(_) => Err("a comparison of two columns"),
        Expr::Call { .. } => Err("a function"),
        _ => Err("a comparison with something that is no constant"),
    }
}

//! One form for all spellings of one meaning.
//!
//! People write `status IN ('a', 'b')`; SQL Server stores `[status]='b' OR [status]='a'`. The
//! canonical form of both is the same. It is for comparison, not for reading.
//!
//! Every rewrite here holds in three-valued logic, row by row: two expressions with one canonical
//! form accept the same rows. Operands are not reordered where order matters (`+` joins text), and
//! a number keeps its kind where arithmetic depends on it (`a / 2` and `a / 2.0`).

use std::collections::{BTreeMap, BTreeSet};

use super::number::{Number, NumberKind};
use super::rewrite;
use super::{BinaryOp, Expr, Literal};

/// Writing BETWEEN and IN out doubles their operand; nested, they would fill the memory. Beyond
/// this many nodes an expression is its own canonical form.
const MAX_NODES: u64 = 200_000;

/// The canonical form.
pub fn canonical(expr: &Expr) -> Expr {
    if expanded_size(expr) > MAX_NODES {
        return expr.clone();
    }
    canon(expr, false, Place::Compared)
}

/// What a number's spelling means where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Only its value counts.
    Compared,
    /// Its kind counts too.
    Typed,
}

/// How many nodes the expression has when everything is written out.
fn expanded_size(expr: &Expr) -> u64 {
    let sum = |items: &[Expr]| {
        items
            .iter()
            .fold(1_u64, |size, item| size.saturating_add(expanded_size(item)))
    };
    match expr {
        Expr::Column(_) | Expr::Literal(_) => 1,
        Expr::Not(a) | Expr::Negate(a) => expanded_size(a).saturating_add(1),
        Expr::IsNull { operand, .. } | Expr::Cast { operand, .. } => {
            expanded_size(operand).saturating_add(1)
        }
        Expr::Binary { .. } => {
            let mut size = 1_u64;
            let mut node = expr;
            while let Expr::Binary { left, right, .. } = node {
                size = size.saturating_add(expanded_size(right)).saturating_add(1);
                node = left;
            }
            size.saturating_add(expanded_size(node))
        }
        Expr::In { operand, list, .. } => {
            let copies = list
                .iter()
                .filter(|item| !matches!(item, Expr::Literal(_)))
                .count() as u64;
            expanded_size(operand)
                .saturating_mul(copies + 1)
                .saturating_add(sum(list))
        }
        Expr::Between {
            operand, low, high, ..
        } => expanded_size(operand)
            .saturating_mul(2)
            .saturating_add(expanded_size(low))
            .saturating_add(expanded_size(high))
            .saturating_add(3),
        Expr::Like {
            operand, pattern, ..
        } => expanded_size(operand)
            .saturating_add(expanded_size(pattern))
            .saturating_add(2),
        Expr::Call { arguments, .. } => sum(arguments),
        Expr::Case {
            operand,
            branches,
            otherwise,
        } => {
            let ends = [operand, otherwise];
            let ends = ends.into_iter().flatten().map(|end| expanded_size(end));
            let branches = branches
                .iter()
                .flat_map(|(when, then)| [expanded_size(when), expanded_size(then)]);
            ends.chain(branches).fold(1, u64::saturating_add)
        }
    }
}

/// The canonical form of an expression, or of its negation.
pub(super) fn canon(expr: &Expr, negate: bool, place: Place) -> Expr {
    match expr {
        Expr::Literal(literal) => match (literal, negate) {
            (Literal::Bool(value), negate) => Expr::Literal(Literal::Bool(*value != negate)),
            (Literal::Null, _) => Expr::Literal(Literal::Null),
            (Literal::Number(text), _) => {
                let number = Expr::Literal(Literal::Number(number(text, place)));
                negated_if(number, negate)
            }
            _ => negated_if(expr.clone(), negate),
        },
        Expr::Column(_) => negated_if(expr.clone(), negate),
        // `NOT NOT a` is `a` only where `a` is a truth value and no number.
        Expr::Not(inner) if negate && !is_condition(inner) => {
            Expr::Not(Box::new(canon(inner, true, place)))
        }
        Expr::Not(inner) => canon(inner, !negate, place),
        Expr::Negate(inner) => {
            let value = match minus(canon(inner, false, Place::Typed)) {
                Expr::Literal(Literal::Number(text)) => {
                    Expr::Literal(Literal::Number(number(&text, place)))
                }
                other => other,
            };
            negated_if(value, negate)
        }
        Expr::Binary { op, .. } if matches!(op, BinaryOp::And | BinaryOp::Or) => {
            let operands = chain(expr, *op)
                .into_iter()
                .map(|operand| canon(operand, negate, Place::Typed))
                .collect();
            combine(if negate { opposite(*op) } else { *op }, operands)
        }
        Expr::Binary { op, left, right } if is_comparison(*op) => comparison(
            if negate { opposite(*op) } else { *op },
            canon(left, false, Place::Compared),
            canon(right, false, Place::Compared),
        ),
        Expr::Binary { .. } => negated_if(arithmetic(expr), negate),
        Expr::IsNull { operand, negated } => Expr::IsNull {
            operand: Box::new(canon(operand, false, Place::Typed)),
            negated: *negated != negate,
        },
        Expr::In {
            operand,
            list,
            negated,
        } => {
            let operand = canon(operand, false, Place::Compared);
            let (each, joined) = if *negated == negate {
                (BinaryOp::Eq, BinaryOp::Or)
            } else {
                (BinaryOp::Ne, BinaryOp::And)
            };
            let tests = list
                .iter()
                .map(|item| comparison(each, operand.clone(), canon(item, false, Place::Compared)))
                .collect();
            combine(joined, tests)
        }
        Expr::Between {
            operand,
            low,
            high,
            negated,
        } => {
            let operand = canon(operand, false, Place::Compared);
            let (from, to, joined) = if *negated == negate {
                (BinaryOp::Ge, BinaryOp::Le, BinaryOp::And)
            } else {
                (BinaryOp::Lt, BinaryOp::Gt, BinaryOp::Or)
            };
            let low = canon(low, false, Place::Compared);
            let high = canon(high, false, Place::Compared);
            combine(
                joined,
                vec![
                    comparison(from, operand.clone(), low),
                    comparison(to, operand, high),
                ],
            )
        }
        Expr::Like {
            operand,
            pattern,
            escape,
            negated,
        } => {
            let part = |part: &Expr| Box::new(canon(part, false, Place::Typed));
            Expr::Like {
                operand: part(operand),
                pattern: part(pattern),
                escape: escape.as_deref().map(part),
                negated: *negated != negate,
            }
        }
        Expr::Call {
            function,
            arguments,
        } => negated_if(rewrite::call(function, arguments), negate),
        Expr::Case {
            operand,
            branches,
            otherwise,
        } => negated_if(
            rewrite::case(operand.as_deref(), branches, otherwise.as_deref()),
            negate,
        ),
        Expr::Cast { operand, ty } => negated_if(
            Expr::Cast {
                operand: Box::new(canon(operand, false, Place::Typed)),
                ty: rewrite::ty(ty),
            },
            negate,
        ),
    }
}

fn negated_if(expr: Expr, negate: bool) -> Expr {
    if negate {
        Expr::Not(Box::new(expr))
    } else {
        expr
    }
}

/// Whether the expression gives a truth value in every engine.
fn is_condition(expr: &Expr) -> bool {
    match expr {
        Expr::Not(_)
        | Expr::IsNull { .. }
        | Expr::In { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::Literal(Literal::Bool(_)) => true,
        Expr::Binary { op, .. } => matches!(op, BinaryOp::And | BinaryOp::Or) || is_comparison(*op),
        _ => false,
    }
}

pub(super) fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge)
}

/// The operator of the negation.
fn opposite(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::And => BinaryOp::Or,
        BinaryOp::Or => BinaryOp::And,
        BinaryOp::Eq => BinaryOp::Ne,
        BinaryOp::Ne => BinaryOp::Eq,
        BinaryOp::Lt => BinaryOp::Ge,
        BinaryOp::Ge => BinaryOp::Lt,
        BinaryOp::Gt => BinaryOp::Le,
        BinaryOp::Le => BinaryOp::Gt,
        arithmetic => unreachable!("{arithmetic:?} is no condition and has no negation"),
    }
}

/// The operator with its operands exchanged.
fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Ge => BinaryOp::Le,
        same => same,
    }
}

/// The operands of a chain of one operator, however it is nested.
pub(super) fn chain(expr: &Expr, op: BinaryOp) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match expr {
            Expr::Binary {
                op: inner,
                left,
                right,
            } if *inner == op => open.extend([&**right, &**left]),
            operand => found.push(operand),
        }
    }
    found
}

/// A comparison with a constant on the right, else with its operands in order.
pub(super) fn comparison(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    let constant = |expr: &Expr| matches!(expr, Expr::Literal(_));
    let exchange = match (constant(&left), constant(&right)) {
        (true, false) => true,
        (false, true) => false,
        _ => left > right,
    };
    if exchange {
        Expr::binary(right, mirrored(op), left)
    } else {
        Expr::binary(left, op, right)
    }
}

/// Conditions joined by AND or OR: flat, sorted, each once, and tests of one operand against
/// constants gathered into one IN.
fn combine(op: BinaryOp, operands: Vec<Expr>) -> Expr {
    let gathered_op = if op == BinaryOp::Or {
        BinaryOp::Eq
    } else {
        BinaryOp::Ne
    };
    let several = operands.len() > 1;
    let mut lists: BTreeMap<Expr, BTreeSet<Literal>> = BTreeMap::new();
    let mut others = BTreeSet::new();
    for operand in &operands {
        for test in chain(operand, op) {
            match test {
                Expr::Binary { op, left, right } if *op == gathered_op => match (&**left, &**right)
                {
                    (tested, Expr::Literal(value)) if !matches!(tested, Expr::Literal(_)) => {
                        lists
                            .entry(tested.clone())
                            .or_default()
                            .insert(value.clone());
                    }
                    _ => {
                        others.insert(test.clone());
                    }
                },
                Expr::In {
                    operand,
                    list,
                    negated,
                } if *negated == (op == BinaryOp::And) => {
                    let values = list.iter().filter_map(|item| match item {
                        Expr::Literal(value) => Some(value.clone()),
                        _ => None,
                    });
                    lists.entry((**operand).clone()).or_default().extend(values);
                }
                _ => {
                    others.insert(test.clone());
                }
            }
        }
    }
    for (operand, values) in lists {
        let mut list: Vec<Expr> = values.into_iter().map(Expr::Literal).collect();
        others.insert(if list.len() == 1 {
            Expr::binary(operand, gathered_op, list.remove(0))
        } else {
            Expr::In {
                operand: Box::new(operand),
                list,
                negated: op == BinaryOp::And,
            }
        });
    }
    let mut others = others.into_iter();
    let first = others.next().expect("a condition has at least one test");
    // `a AND a` is a truth value even where `a` is a number.
    if several && others.len() == 0 && !is_condition(&first) {
        return Expr::binary(first.clone(), op, first);
    }
    others.fold(first, |left, right| Expr::binary(left, op, right))
}

/// Arithmetic and concatenation, down its left side without recursion: chains can be long.
fn arithmetic(expr: &Expr) -> Expr {
    let mut rights = Vec::new();
    let mut node = expr;
    while let Expr::Binary { op, left, right } = node {
        if is_comparison(*op) || matches!(op, BinaryOp::And | BinaryOp::Or) {
            break;
        }
        rights.push((*op, right));
        node = left;
    }
    let first = canon(node, false, Place::Typed);
    rights.into_iter().rev().fold(first, |left, (op, right)| {
        Expr::binary(left, op, canon(right, false, Place::Typed))
    })
}

fn minus(operand: Expr) -> Expr {
    match operand {
        Expr::Literal(Literal::Number(text)) => match Number::parse(&text) {
            Some(number) => Expr::Literal(Literal::Number(spell(
                &number.negated(),
                Number::kind(&text),
            ))),
            None => Expr::Negate(Box::new(Expr::Literal(Literal::Number(text)))),
        },
        Expr::Negate(inner) => *inner,
        other => Expr::Negate(Box::new(other)),
    }
}

/// A number in its one spelling. Text that is no number stays as it is.
fn number(text: &str, place: Place) -> String {
    let Some(number) = Number::parse(text) else {
        return text.to_owned();
    };
    match (place, Number::kind(text)) {
        (Place::Typed, kind) => spell(&number, kind),
        (Place::Compared, NumberKind::Float) => {
            let number = number.as_float();
            if number.is_short() {
                number.plain()
            } else {
                number.scientific()
            }
        }
        (Place::Compared, NumberKind::Whole | NumberKind::Decimal) => number.plain(),
    }
}

/// A number in the one spelling of its value and kind.
fn spell(number: &Number, kind: NumberKind) -> String {
    match kind {
        NumberKind::Whole => number.plain(),
        NumberKind::Decimal => {
            let plain = number.plain();
            if plain.contains('.') {
                plain
            } else {
                format!("{plain}.0")
            }
        }
        NumberKind::Float => number.as_float().scientific(),
    }
}

//! Conditions and computed values that make sense for the columns of a table.

use dbtool::model::expression::BinaryOp;
use dbtool::model::{Column, Expr, Literal, Table, Type};

use super::{Tape, values};

/// A condition over the table's columns, at most `depth` connectives deep. `None` when no column
/// lends itself to one.
pub fn condition(table: &Table, tape: &mut Tape, depth: usize) -> Option<Expr> {
    let columns = usable(table);
    let column = *tape.pick(&columns)?;
    if depth > 0 {
        match tape.below(8) {
            connective @ (5 | 6) => {
                let op = if connective == 5 {
                    BinaryOp::And
                } else {
                    BinaryOp::Or
                };
                let left = condition(table, tape, depth - 1)?;
                let right = condition(table, tape, depth - 1)?;
                return Some(Expr::binary(left, op, right));
            }
            7 => {
                let inner = condition(table, tape, depth - 1)?;
                return Some(if tape.chance(30) {
                    flagged(inner)
                } else {
                    Expr::Not(Box::new(inner))
                });
            }
            _ => {}
        }
    }
    Some(test(column, &columns, tape))
}

/// The condition of a filtered index: what every engine takes, comparisons joined by `and`.
pub fn filter(table: &Table, tape: &mut Tape) -> Option<Expr> {
    let columns = usable(table);
    let first = *tape.pick(&columns)?;
    let mut filter = simple_test(first, tape);
    if tape.chance(30) {
        let second = *tape.pick(&columns)?;
        filter = Expr::binary(filter, BinaryOp::And, simple_test(second, tape));
    }
    Some(filter)
}

/// The one check that `oneOf`, `min` and `max` of a column become.
pub fn bounds(column: &Column, tape: &mut Tape) -> Option<Expr> {
    let name = || Expr::column(&column.name);
    let literal = |tape: &mut Tape| values::literal(&column.ty, tape).map(Expr::Literal);
    if is_number(&column.ty) {
        let low = Expr::binary(name(), BinaryOp::Ge, literal(tape)?);
        let high = Expr::binary(name(), BinaryOp::Le, literal(tape)?);
        return Some(match tape.below(3) {
            0 => low,
            1 => high,
            _ => Expr::binary(low, BinaryOp::And, high),
        });
    }
    if !is_text(&column.ty) {
        return None;
    }
    let list = alternatives(column, tape)?;
    Some(Expr::In {
        operand: Box::new(name()),
        list,
        negated: false,
    })
}

/// A value computed from columns of the table that hold values of this type; `None` when there is
/// none.
pub fn computed(table: &Table, ty: &Type, tape: &mut Tape) -> Option<Expr> {
    let fits = |column: &&Column| match ty {
        Type::BigInt => is_integer(&column.ty),
        Type::Text => is_text(&column.ty),
        _ => false,
    };
    let columns: Vec<&Column> = usable(table).into_iter().filter(fits).collect();
    let column = *tape.pick(&columns)?;
    let name = || Expr::column(&column.name);
    Some(match (ty, tape.below(3)) {
        (Type::BigInt, 0) => Expr::binary(name(), BinaryOp::Add, Expr::number(1)),
        (Type::BigInt, 1) => Expr::Case {
            operand: None,
            branches: vec![(
                Expr::binary(name(), BinaryOp::Gt, Expr::number(3)),
                Expr::number(1),
            )],
            otherwise: Some(Box::new(Expr::number(0))),
        },
        (Type::BigInt, _) => Expr::Call {
            function: "coalesce".to_owned(),
            arguments: vec![name(), Expr::number(0)],
        },
        (_, 0) => Expr::binary(name(), BinaryOp::Concat, Expr::text("it's")),
        (_, 1) => Expr::Call {
            function: "lower".to_owned(),
            arguments: vec![name()],
        },
        _ => Expr::Call {
            function: "coalesce".to_owned(),
            arguments: vec![name(), Expr::text("")],
        },
    })
}

/// Columns that a condition may name: a rowVersion belongs to the engine, and an engine may refuse
/// a computed column that rests on another.
fn usable(table: &Table) -> Vec<&Column> {
    let usable = |column: &&Column| column.ty != Type::RowVersion && column.computed.is_none();
    table.columns.iter().filter(usable).collect()
}

fn test(column: &Column, columns: &[&Column], tape: &mut Tape) -> Expr {
    let name = || Box::new(Expr::column(&column.name));
    let negated = tape.chance(25);
    let literal = |tape: &mut Tape| values::literal(&column.ty, tape).map(Expr::Literal);
    match tape.below(6) {
        0 if is_number(&column.ty) => {
            let (Some(low), Some(high)) = (literal(tape), literal(tape)) else {
                return simple_test(column, tape);
            };
            Expr::Between {
                operand: name(),
                low: Box::new(low),
                high: Box::new(high),
                negated,
            }
        }
        1 if is_integer(&column.ty) => {
            let operators = [BinaryOp::Sub, BinaryOp::Mul, BinaryOp::Mod, BinaryOp::Div];
            let op = operators[tape.below(operators.len())];
            let sum = Expr::binary(*name(), op, Expr::number(tape.between(1, 9)));
            Expr::binary(sum, comparison(tape), Expr::number(tape.below(5)))
        }
        2 if is_text(&column.ty) => {
            let (pattern, escape) = [
                ("a%", None),
                ("%_b%", None),
                ("50!%%", Some(Box::new(Expr::text("!")))),
                ("it's%", None),
            ][tape.below(4)]
            .clone();
            Expr::Like {
                operand: name(),
                pattern: Box::new(Expr::text(pattern)),
                escape,
                negated,
            }
        }
        3 if is_text(&column.ty) => Expr::binary(
            Expr::Call {
                function: "length".to_owned(),
                arguments: vec![*name()],
            },
            comparison(tape),
            Expr::number(tape.below(20)),
        ),
        4 => {
            let same: Vec<_> = columns
                .iter()
                .filter(|other| other.ty == column.ty && is_ordered(&other.ty))
                .collect();
            match tape.pick(&same) {
                Some(other) => Expr::binary(*name(), comparison(tape), Expr::column(&other.name)),
                None => simple_test(column, tape),
            }
        }
        _ => simple_test(column, tape),
    }
}

fn simple_test(column: &Column, tape: &mut Tape) -> Expr {
    let name = || Box::new(Expr::column(&column.name));
    let is_null = |negated| Expr::IsNull {
        operand: name(),
        negated,
    };
    let comparable = is_ordered(&column.ty) || matches!(column.ty, Type::Bool | Type::Uuid);
    let which = tape.below(3);
    if which == 1 || !comparable {
        return is_null(tape.chance(50));
    }
    if which == 2
        && let Some(list) = alternatives(column, tape)
    {
        return Expr::In {
            operand: name(),
            list,
            negated: false,
        };
    }
    let op = if is_ordered(&column.ty) {
        comparison(tape)
    } else {
        BinaryOp::Eq
    };
    match values::literal(&column.ty, tape) {
        Some(literal) => Expr::binary(*name(), op, Expr::Literal(literal)),
        None => is_null(true),
    }
}

/// `case when … then 1 else 0 end = 1`
fn flagged(condition: Expr) -> Expr {
    let case = Expr::Case {
        operand: None,
        branches: vec![(condition, Expr::number(1))],
        otherwise: Some(Box::new(Expr::number(0))),
    };
    Expr::binary(case, BinaryOp::Eq, Expr::number(1))
}

fn alternatives(column: &Column, tape: &mut Tape) -> Option<Vec<Expr>> {
    let mut list: Vec<Literal> = Vec::new();
    for _ in 0..tape.between(1, 4) {
        let literal = values::literal(&column.ty, tape)?;
        if !list.contains(&literal) {
            list.push(literal);
        }
    }
    Some(list.into_iter().map(Expr::Literal).collect())
}

fn comparison(tape: &mut Tape) -> BinaryOp {
    let operators = [
        BinaryOp::Ge,
        BinaryOp::Gt,
        BinaryOp::Le,
        BinaryOp::Lt,
        BinaryOp::Eq,
        BinaryOp::Ne,
    ];
    operators[tape.below(operators.len())]
}

fn is_integer(ty: &Type) -> bool {
    matches!(
        ty,
        Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt
    )
}

fn is_number(ty: &Type) -> bool {
    is_integer(ty) || matches!(ty, Type::Decimal { .. } | Type::Float)
}

fn is_text(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Key(_) | Type::String(_) | Type::Ascii(_) | Type::FixedAscii(_)
    )
}

/// Types whose values compare alike on every engine.
fn is_ordered(ty: &Type) -> bool {
    is_number(ty) || is_text(ty) || matches!(ty, Type::Timestamp(_) | Type::Date | Type::Time(_))
}

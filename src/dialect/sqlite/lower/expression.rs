//! The portable expression language in SQLite's words.
//!
//! What SQLite says in the same words stays as it was written. Everything here leaves its own
//! result alone.

use crate::model::expression::BinaryOp;
use crate::model::{Expr, Ident, Literal, Table, Type};

use super::super::values::spelled;

/// What an expression is to give.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// A condition.
    Condition,
    /// A value for a column of this type.
    ValueOf(&'a Type),
}

/// The expression in SQLite's own functions and constants.
pub(super) fn own(table: &Table, expr: Expr) -> Expr {
    expr.map(&mut |expr| match expr {
        Expr::Literal(Literal::Bool(value)) => Expr::number(u8::from(value)),
        Expr::Call {
            function,
            arguments,
        } => call(function, arguments),
        comparison => spell_constants(table, comparison),
    })
}

fn call(function: String, mut arguments: Vec<Expr>) -> Expr {
    let name = function.to_ascii_lowercase();
    let one = arguments.len() == 1;
    match name.as_str() {
        "isjson" => named("json_valid", arguments),
        "substring" => named("substr", arguments),
        // Text is taken apart, because the date functions of SQLite round the fraction.
        "year" if one => part(arguments.remove(0), 1, 4),
        "month" if one => part(arguments.remove(0), 6, 2),
        "day" if one => part(arguments.remove(0), 9, 2),
        // SQLite has `concat` since 3.44 only, and applications bring older ones.
        "concat" => arguments
            .into_iter()
            .map(|argument| named("coalesce", vec![argument, Expr::text("")]))
            .reduce(|left, right| Expr::binary(left, BinaryOp::Concat, right))
            .unwrap_or_else(|| Expr::text("")),
        "abs" | "coalesce" | "iif" | "length" | "lower" | "ltrim" | "nullif" | "replace"
        | "round" | "rtrim" | "trim" | "upper" => named(&name, arguments),
        _ => Expr::Call {
            function,
            arguments,
        },
    }
}

fn named(function: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Call {
        function: function.to_owned(),
        arguments,
    }
}

fn part(date: Expr, start: u8, length: u8) -> Expr {
    Expr::Cast {
        operand: Box::new(named(
            "substr",
            vec![date, Expr::number(start), Expr::number(length)],
        )),
        ty: "INTEGER".to_owned(),
    }
}

/// Constants beside a column are written as the column holds its values: `2026-01-31T12:00:00Z`
/// is no text that a `timestamp(3)` ever holds.
fn spell_constants(table: &Table, expr: Expr) -> Expr {
    let spell = |constant: Box<Expr>, ty: &Type| Box::new(spell(*constant, ty));
    match expr {
        Expr::Binary { op, left, right } if is_comparison(op) => {
            let (left_type, right_type) = (column_type(table, &left), column_type(table, &right));
            Expr::Binary {
                op,
                left: match right_type {
                    Some(ty) => spell(left, ty),
                    None => left,
                },
                right: match left_type {
                    Some(ty) => spell(right, ty),
                    None => right,
                },
            }
        }
        Expr::In {
            operand,
            list,
            negated,
        } => {
            let list = match column_type(table, &operand) {
                Some(ty) => list.into_iter().map(|item| self::spell(item, ty)).collect(),
                None => list,
            };
            Expr::In {
                operand,
                list,
                negated,
            }
        }
        Expr::Between {
            operand,
            low,
            high,
            negated,
        } => match column_type(table, &operand) {
            Some(ty) => Expr::Between {
                low: spell(low, ty),
                high: spell(high, ty),
                operand,
                negated,
            },
            None => Expr::Between {
                operand,
                low,
                high,
                negated,
            },
        },
        other => other,
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge)
}

fn spell(expr: Expr, ty: &Type) -> Expr {
    match expr {
        Expr::Literal(Literal::Text(text)) => Expr::Literal(Literal::Text(spelled(ty, text))),
        other => other,
    }
}

fn column_type<'a>(table: &'a Table, expr: &Expr) -> Option<&'a Type> {
    match expr {
        Expr::Column(name) => type_of(table, name),
        _ => None,
    }
}

/// The type of the column of this name, in any case.
pub(super) fn type_of<'a>(table: &'a Table, name: &Ident) -> Option<&'a Type> {
    table
        .column(name)
        .or_else(|| {
            let folded = name.folded();
            table
                .columns
                .iter()
                .find(|column| column.name.folded() == folded)
        })
        .map(|column| &column.ty)
}

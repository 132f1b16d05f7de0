//! Whether a row holds the checks of its table, as far as that can be told without a database.

use std::cmp::Ordering;

use super::literal;
use crate::engine::Value;
use crate::model::expression::BinaryOp;
use crate::model::{Expr, Ident, Literal, Table, Type};
use crate::story::value;

/// The digits behind the point that numbers are compared with.
const SCALE: u8 = 18;
const ONE: i128 = 10_i128.pow(SCALE as u32);

/// What a condition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::story) enum Truth {
    True,
    False,
    /// NULL: a check lets it pass.
    Unknown,
    /// It cannot be told here: the database decides.
    Opaque,
}

/// What a value comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scalar {
    Null,
    /// In units of the last of [`SCALE`] digits.
    Number(i128),
    Text(String),
    Bytes(Vec<u8>),
    Opaque,
}

/// The values of a row by column; `None` where a value is not known.
pub(in crate::story) type Look<'a> = &'a dyn Fn(&Ident) -> Option<Value>;

/// What a condition on a row of a table comes to.
pub(in crate::story) fn truth(expr: &Expr, table: &Table, row: Look<'_>) -> Truth {
    Judge { table, row }.truth(expr)
}

struct Judge<'a> {
    table: &'a Table,
    row: Look<'a>,
}

impl Judge<'_> {
    fn truth(&self, expr: &Expr) -> Truth {
        match expr {
            Expr::Not(inner) => not(self.truth(inner)),
            Expr::Binary { op, left, right } => match op {
                BinaryOp::And => and(self.truth(left), self.truth(right)),
                BinaryOp::Or => not(and(not(self.truth(left)), not(self.truth(right)))),
                BinaryOp::Eq => self.compare(left, right, Ordering::is_eq),
                BinaryOp::Ne => self.compare(left, right, Ordering::is_ne),
                BinaryOp::Lt => self.compare(left, right, Ordering::is_lt),
                BinaryOp::Le => self.compare(left, right, Ordering::is_le),
                BinaryOp::Gt => self.compare(left, right, Ordering::is_gt),
                BinaryOp::Ge => self.compare(left, right, Ordering::is_ge),
                _ => self.as_condition(expr),
            },
            Expr::IsNull { operand, negated } => {
                let truth = match self.scalar(operand, None) {
                    Scalar::Null => Truth::True,
                    Scalar::Opaque => Truth::Opaque,
                    _ => Truth::False,
                };
                if *negated { not(truth) } else { truth }
            }
            Expr::In {
                operand,
                list,
                negated,
            } => {
                let among = list.iter().fold(Truth::False, |so_far, item| {
                    let same = self.compare(operand, item, Ordering::is_eq);
                    not(and(not(so_far), not(same)))
                });
                if *negated { not(among) } else { among }
            }
            Expr::Between {
                operand,
                low,
                high,
                negated,
            } => {
                let within = and(
                    self.compare(operand, low, Ordering::is_ge),
                    self.compare(operand, high, Ordering::is_le),
                );
                if *negated { not(within) } else { within }
            }
            Expr::Like {
                operand,
                pattern,
                escape,
                negated,
            } => {
                let text = |expr| self.scalar(expr, None);
                let escape = escape.as_deref().map(text);
                let truth = match (text(operand), text(pattern), escape) {
                    (Scalar::Null, ..) | (_, Scalar::Null, _) => Truth::Unknown,
                    (Scalar::Text(text), Scalar::Text(pattern), None) => {
                        told(like(&text, &pattern, None))
                    }
                    (Scalar::Text(text), Scalar::Text(pattern), Some(Scalar::Text(escape))) => {
                        told(like(&text, &pattern, escape.chars().next()))
                    }
                    _ => Truth::Opaque,
                };
                if *negated { not(truth) } else { truth }
            }
            _ => self.as_condition(expr),
        }
    }

    /// A value where a condition is wanted: a column of type `bool`, say.
    fn as_condition(&self, expr: &Expr) -> Truth {
        match self.scalar(expr, None) {
            Scalar::Null => Truth::Unknown,
            Scalar::Number(number) => told(number != 0),
            _ => Truth::Opaque,
        }
    }

    fn compare(&self, left: &Expr, right: &Expr, wanted: impl Fn(Ordering) -> bool) -> Truth {
        // A constant is meant as its column spells it.
        let a = self.scalar(left, self.type_of(right));
        let b = self.scalar(right, self.type_of(left));
        match (a, b) {
            (Scalar::Opaque, _) | (_, Scalar::Opaque) => Truth::Opaque,
            (Scalar::Null, _) | (_, Scalar::Null) => Truth::Unknown,
            (Scalar::Number(a), Scalar::Number(b)) => told(wanted(a.cmp(&b))),
            (Scalar::Text(a), Scalar::Text(b)) => told(wanted(a.cmp(&b))),
            (Scalar::Bytes(a), Scalar::Bytes(b)) => told(wanted(a.cmp(&b))),
            _ => Truth::Opaque,
        }
    }

    fn type_of(&self, expr: &Expr) -> Option<&Type> {
        match expr {
            Expr::Column(name) => {
                let columns = &self.table.columns;
                let column = columns.iter().find(|it| it.name.folded() == name.folded());
                column.map(|column| &column.ty)
            }
            _ => None,
        }
    }

    fn scalar(&self, expr: &Expr, meant: Option<&Type>) -> Scalar {
        match expr {
            Expr::Column(name) => {
                let columns = &self.table.columns;
                let column = columns.iter().find(|it| it.name.folded() == name.folded());
                match column.and_then(|column| Some((column, (self.row)(&column.name)?))) {
                    Some((column, value)) => of_value(&column.ty, value),
                    None => Scalar::Opaque,
                }
            }
            Expr::Literal(constant) => match (meant, constant) {
                (_, Literal::Null) => Scalar::Null,
                (Some(ty), constant) => match literal(ty, constant) {
                    Ok(value) => of_value(ty, value),
                    Err(_) => of_literal(constant),
                },
                (None, constant) => of_literal(constant),
            },
            Expr::Negate(inner) => match self.scalar(inner, meant) {
                Scalar::Number(number) => Scalar::Number(-number),
                Scalar::Null => Scalar::Null,
                _ => Scalar::Opaque,
            },
            Expr::Binary { op, left, right } => {
                arithmetic(*op, self.scalar(left, None), self.scalar(right, None))
            }
            Expr::Call {
                function,
                arguments,
            } => self.call(&function.to_lowercase(), arguments, meant),
            Expr::Case {
                operand: None,
                branches,
                otherwise,
            } => {
                for (when, then) in branches {
                    match self.truth(when) {
                        Truth::True => return self.scalar(then, meant),
                        Truth::Opaque => return Scalar::Opaque,
                        Truth::False | Truth::Unknown => {}
                    }
                }
                otherwise
                    .as_ref()
                    .map_or(Scalar::Null, |expr| self.scalar(expr, meant))
            }
            _ => Scalar::Opaque,
        }
    }

    fn call(&self, function: &str, arguments: &[Expr], meant: Option<&Type>) -> Scalar {
        let first = arguments
            .first()
            .map_or(Scalar::Opaque, |first| self.scalar(first, meant));
        match (function, first) {
            ("length" | "len", Scalar::Text(text)) => {
                Scalar::Number(text.chars().count() as i128 * ONE)
            }
            ("lower", Scalar::Text(text)) => Scalar::Text(text.to_ascii_lowercase()),
            ("upper", Scalar::Text(text)) => Scalar::Text(text.to_ascii_uppercase()),
            ("trim", Scalar::Text(text)) => Scalar::Text(text.trim_matches(' ').to_owned()),
            ("abs", Scalar::Number(number)) => Scalar::Number(number.abs()),
            ("coalesce", Scalar::Null) => self.call(function, &arguments[1..], meant),
            ("coalesce", first) => first,
            ("length" | "len" | "lower" | "upper" | "trim" | "abs", Scalar::Null) => Scalar::Null,
            _ => Scalar::Opaque,
        }
    }
}

fn of_value(ty: &Type, value: Value) -> Scalar {
    match (ty, value) {
        (_, Value::Null) => Scalar::Null,
        (Type::Native(_) | Type::TimestampTz(_), _) => Scalar::Opaque,
        (_, Value::Integer(number)) => Scalar::Number(i128::from(number) * ONE),
        (_, Value::Real(number)) => {
            value::scaled(&number.to_string(), SCALE).map_or(Scalar::Opaque, Scalar::Number)
        }
        (Type::Decimal { .. }, Value::Text(text)) => number(&text),
        (_, Value::Text(text)) => Scalar::Text(text),
        (_, Value::Bytes(bytes)) => Scalar::Bytes(bytes),
    }
}

fn of_literal(literal: &Literal) -> Scalar {
    match literal {
        Literal::Null => Scalar::Null,
        Literal::Bool(value) => Scalar::Number(i128::from(*value) * ONE),
        Literal::Number(text) => number(text),
        Literal::Text(text) => Scalar::Text(text.clone()),
        Literal::Bytes(bytes) => Scalar::Bytes(bytes.clone()),
    }
}

fn number(text: &str) -> Scalar {
    // 38 digits are what is compared exactly.
    match value::scaled(text, SCALE) {
        Some(number) if text.len() <= 19 + usize::from(SCALE) => Scalar::Number(number),
        _ => Scalar::Opaque,
    }
}

/// Of whole numbers alone: how the rest rounds is the engine's business.
fn arithmetic(op: BinaryOp, left: Scalar, right: Scalar) -> Scalar {
    let (a, b) = match (left, right) {
        (Scalar::Null, Scalar::Null | Scalar::Number(_)) | (Scalar::Number(_), Scalar::Null) => {
            return Scalar::Null;
        }
        (Scalar::Number(a), Scalar::Number(b)) if a % ONE == 0 && b % ONE == 0 => {
            (a / ONE, b / ONE)
        }
        _ => return Scalar::Opaque,
    };
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::Div => a.checked_div(b),
        BinaryOp::Mod => a.checked_rem(b),
        _ => None,
    };
    let whole = result.and_then(|result| result.checked_mul(ONE));
    whole.map_or(Scalar::Opaque, Scalar::Number)
}

fn told(truth: bool) -> Truth {
    match truth {
        true => Truth::True,
        false => Truth::False,
    }
}

fn not(truth: Truth) -> Truth {
    match truth {
        Truth::True => Truth::False,
        Truth::False => Truth::True,
        other => other,
    }
}

fn and(a: Truth, b: Truth) -> Truth {
    match (a, b) {
        (Truth::False, _) | (_, Truth::False) => Truth::False,
        (Truth::Opaque, _) | (_, Truth::Opaque) => Truth::Opaque,
        (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        (Truth::True, Truth::True) => Truth::True,
    }
}

/// `LIKE`, without regard to the case of ASCII letters.
fn like(text: &str, pattern: &str, escape: Option<char>) -> bool {
    fn matches(text: &[char], pattern: &[char], escape: Option<char>) -> bool {
        match pattern {
            [] => text.is_empty(),
            [mark, literal, rest @ ..] if Some(*mark) == escape => {
                matches!(text, [first, others @ ..]
                    if first.eq_ignore_ascii_case(literal) && matches(others, rest, escape))
            }
            ['%', rest @ ..] => (0..=text.len()).any(|at| matches(&text[at..], rest, escape)),
            ['_', rest @ ..] => !text.is_empty() && matches(&text[1..], rest, escape),
            [literal, rest @ ..] => {
                matches!(text, [first, others @ ..]
                    if first.eq_ignore_ascii_case(literal) && matches(others, rest, escape))
            }
        }
    }
    let text: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    matches(&text, &pattern, escape)
}

//! Functions, CASE and types in canonical form: the spellings that SQL Server exchanges for each
//! other when it stores an expression.

use super::canonical::{Place, canon};
use super::parse::{CONVERT, DATE_PART};
use super::{BinaryOp, Expr, Literal};

/// The abbreviations of parts of a date, each with the name that is stored.
const PARTS: [(&str, &str); 30] = [
    ("yy", "year"),
    ("yyyy", "year"),
    ("qq", "quarter"),
    ("q", "quarter"),
    ("mm", "month"),
    ("m", "month"),
    ("dy", "dayofyear"),
    ("y", "dayofyear"),
    ("dd", "day"),
    ("d", "day"),
    ("wk", "week"),
    ("ww", "week"),
    ("dw", "weekday"),
    ("w", "weekday"),
    ("hh", "hour"),
    ("mi", "minute"),
    ("n", "minute"),
    ("ss", "second"),
    ("s", "second"),
    ("ms", "millisecond"),
    ("mcs", "microsecond"),
    ("ns", "nanosecond"),
    ("tz", "tzoffset"),
    ("isowk", "iso_week"),
    ("isoww", "iso_week"),
    // Whole names stand for themselves; these are the ones that also are functions.
    ("year", "year"),
    ("month", "month"),
    ("day", "day"),
    ("week", "week"),
    ("hour", "hour"),
];

/// Types by another name, each with the name that stands for both.
const TYPES: [(&str, &str); 22] = [
    ("integer", "int"),
    ("dec", "decimal"),
    ("numeric", "decimal"),
    ("double precision", "float(53)"),
    ("float", "float(53)"),
    ("real", "float(24)"),
    ("decimal", "decimal(18,0)"),
    ("character", "char"),
    ("character varying", "varchar"),
    ("char varying", "varchar"),
    ("national character", "nchar"),
    ("national char", "nchar"),
    ("national character varying", "nvarchar"),
    ("national char varying", "nvarchar"),
    ("binary varying", "varbinary"),
    ("char", "char(30)"),
    ("varchar", "varchar(30)"),
    ("nchar", "nchar(30)"),
    ("nvarchar", "nvarchar(30)"),
    ("datetime2", "datetime2(7)"),
    ("datetimeoffset", "datetimeoffset(7)"),
    ("time", "time(7)"),
];

/// A call in canonical form.
pub(super) fn call(function: &str, arguments: &[Expr]) -> Expr {
    let value = |argument: &Expr| canon(argument, false, Place::Typed);
    let lower = function.to_ascii_lowercase();
    match (lower.as_str(), arguments) {
        ("iif", [condition, then, otherwise]) => {
            let branch = (condition.clone(), then.clone());
            case(None, &[branch], Some(otherwise))
        }
        ("nullif", [a, b]) => {
            let compared = canon(b, false, Place::Compared);
            made("nullif", vec![value(a), compared])
        }
        ("year" | "month" | "day", [date]) => {
            made("datepart", vec![Expr::text(&lower), value(date)])
        }
        ("current_timestamp", []) => made("getdate", Vec::new()),
        ("try_cast", [operand, Expr::Literal(Literal::Text(target))])
        | ("try_convert", [Expr::Literal(Literal::Text(target)), operand]) => {
            made("try_cast", vec![value(operand), Expr::text(&ty(target))])
        }
        (name, [Expr::Literal(Literal::Text(target)), rest @ ..]) if CONVERT.contains(&name) => {
            let mut arguments = vec![Expr::text(&ty(target))];
            arguments.extend(rest.iter().map(value));
            made(name, arguments)
        }
        (name, [Expr::Literal(Literal::Text(part)), rest @ ..]) if DATE_PART.contains(&name) => {
            let part = part.to_ascii_lowercase();
            let part = PARTS
                .iter()
                .find(|(short, _)| *short == part)
                .map_or(part.as_str(), |(_, whole)| whole);
            let mut arguments = vec![Expr::text(part)];
            arguments.extend(rest.iter().map(value));
            made(name, arguments)
        }
        (name, arguments) => made(name, arguments.iter().map(value).collect()),
    }
}

fn made(function: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Call {
        function: function.to_owned(),
        arguments,
    }
}

/// CASE in canonical form; COALESCE and NULLIF where it is written out.
pub(super) fn case(
    operand: Option<&Expr>,
    branches: &[(Expr, Expr)],
    otherwise: Option<&Expr>,
) -> Expr {
    let value = |expr: &Expr| canon(expr, false, Place::Typed);
    let compared = |expr: &Expr| canon(expr, false, Place::Compared);
    let operand = operand.map(compared);
    let branches: Vec<(Expr, Expr)> = branches
        .iter()
        .map(|(when, then)| (compared(when), value(then)))
        .collect();
    // CASE without ELSE gives NULL.
    let otherwise = otherwise
        .map(value)
        .filter(|value| *value != Expr::Literal(Literal::Null));
    if operand.is_none() {
        let first_not_null = branches.iter().all(|(when, then)| {
            matches!(when, Expr::IsNull { operand, negated: true } if **operand == *then)
        });
        if first_not_null {
            let mut arguments: Vec<Expr> = branches.into_iter().map(|(_, then)| then).collect();
            arguments.push(otherwise.unwrap_or(Expr::Literal(Literal::Null)));
            return made("coalesce", arguments);
        }
        if let ([(Expr::Binary { op, left, right }, then)], Some(otherwise)) =
            (branches.as_slice(), &otherwise)
            && *op == BinaryOp::Eq
            && *then == Expr::Literal(Literal::Null)
        {
            if **left == *otherwise {
                return made("nullif", vec![otherwise.clone(), (**right).clone()]);
            }
            if **right == *otherwise {
                return made("nullif", vec![otherwise.clone(), (**left).clone()]);
            }
        }
    }
    Expr::Case {
        operand: operand.map(Box::new),
        branches,
        otherwise: otherwise.map(Box::new),
    }
}

/// A type in canonical form, with the length that CAST takes when none is written.
pub(super) fn ty(text: &str) -> String {
    let mut ty: String = text.to_ascii_lowercase();
    if let Some((name, arguments)) = ty.split_once('(') {
        let name = name.trim();
        let name = TYPES
            .iter()
            .find(|(other, whole)| *other == name && !whole.contains('('))
            .map_or(name, |(_, whole)| whole);
        let arguments: String = arguments.chars().filter(|c| !c.is_whitespace()).collect();
        let arguments = match (name, arguments.strip_suffix(')')) {
            ("decimal", Some(precision)) if !precision.contains(',') => format!("{precision},0)"),
            _ => arguments,
        };
        return format!("{name}({arguments}");
    }
    // A name may stand for a shorter one, which then stands for one with a length.
    while let Some((_, whole)) = TYPES.iter().find(|(other, _)| *other == ty) {
        ty = (*whole).to_owned();
    }
    ty
}

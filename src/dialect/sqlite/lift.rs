//! From engine form back to the neutral schema: a guess that `lower` has to confirm.
//!
//! Owns the inverse of `lower` as far as it has one: constants of decimals without their scale,
//! truth values instead of 0 and 1, portable functions for SQLite's own. What it does not know it
//! leaves alone; whoever lifts a schema lowers the result and compares.

use crate::model::expression::{BinaryOp, parse};
use crate::model::{
    Column, Default, DefaultValue, Expr, Expression, Literal, Part, Schema, Table, Type,
};

use super::lower::default_sql;
use super::type_check::MAX_PRECISION;

/// See [`crate::dialect::Dialect::lift`].
pub(super) fn lift(schema: &Schema) -> Schema {
    Schema::new(schema.tables.values().map(table))
}

fn table(own: &Table) -> Table {
    let mut lifted = own.clone();
    for column in &mut lifted.columns {
        if let Some(default) = &mut column.default {
            *default = self::default(&column.ty, default);
        }
        if let Some(computed) = &mut column.computed {
            computed.expression = expression(own, &computed.expression);
        }
    }
    for part in &mut lifted.parts {
        match part {
            Part::Check(check) => check.expression = expression(own, &check.expression),
            Part::Index(index) => {
                index.filter = index.filter.as_ref().map(|filter| expression(own, filter));
            }
            Part::PrimaryKey(_) | Part::Unique(_) | Part::ForeignKey(_) => {}
        }
    }
    lifted
}

fn default(ty: &Type, own: &Default) -> Default {
    let DefaultValue::Sql(text) = &own.value else {
        return own.clone();
    };
    let generators = [
        DefaultValue::UtcNow,
        DefaultValue::NewUuid,
        DefaultValue::NewSequentialId,
    ];
    let is_it =
        |value: &DefaultValue| default_sql(ty, value).is_ok_and(|sql| sql.as_ref() == Some(text));
    let value = generators.into_iter().find(is_it).or_else(|| {
        let literal = DefaultValue::Literal(constant(ty, &parse(text).ok()?)?);
        is_it(&literal).then_some(literal)
    });
    Default {
        name: own.name.clone(),
        value: value.unwrap_or_else(|| own.value.clone()),
    }
}

/// The portable constant for what a column of this type holds.
fn constant(ty: &Type, expr: &Expr) -> Option<Literal> {
    let literal = match expr {
        Expr::Literal(literal) => literal.clone(),
        Expr::Negate(operand) => match &**operand {
            Expr::Literal(Literal::Number(number)) => Literal::Number(format!("-{number}")),
            _ => return None,
        },
        _ => return None,
    };
    Some(match (ty, literal) {
        (_, Literal::Null) => return None,
        (Type::Bool, Literal::Number(number)) => match number.as_str() {
            "0" => Literal::Bool(false),
            "1" => Literal::Bool(true),
            _ => return None,
        },
        (ty, Literal::Number(number)) => Literal::Number(unscaled(ty, &number)?),
        (_, literal) => literal,
    })
}

/// A number without the scale that decimals are held with.
fn unscaled(ty: &Type, number: &str) -> Option<String> {
    let Type::Decimal { precision, scale } = ty else {
        return Some(number.to_owned());
    };
    let scale = usize::from(*scale);
    if *precision > MAX_PRECISION || scale == 0 {
        return Some(number.to_owned());
    }
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", number),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    Some(match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    })
}

fn expression(table: &Table, own: &Expression) -> Expression {
    match own {
        Expression::Portable(expr) => {
            Expression::Portable(expr.clone().map(&mut |node| lifted(table, node)))
        }
        other => other.clone(),
    }
}

fn lifted(table: &Table, node: Expr) -> Expr {
    match node {
        Expr::Call {
            function,
            arguments,
        } => Expr::Call {
            function: match function.as_str() {
                "json_valid" => "isJson".to_owned(),
                "substr" => "substring".to_owned(),
                _ => function,
            },
            arguments,
        },
        Expr::Binary { op, left, right } if is_comparison(op) => {
            let (left_column, right_column) = (column(table, &left), column(table, &right));
            Expr::Binary {
                op,
                left: beside(right_column, left),
                right: beside(left_column, right),
            }
        }
        Expr::In {
            operand,
            list,
            negated,
        } => {
            let column = column(table, &operand);
            Expr::In {
                list: list
                    .into_iter()
                    .map(|item| *beside(column, Box::new(item)))
                    .collect(),
                operand,
                negated,
            }
        }
        Expr::Between {
            operand,
            low,
            high,
            negated,
        } => {
            let column = column(table, &operand);
            Expr::Between {
                low: beside(column, low),
                high: beside(column, high),
                operand,
                negated,
            }
        }
        other => other,
    }
}

/// An operand that is compared with this column.
fn beside(column: Option<&Column>, operand: Box<Expr>) -> Box<Expr> {
    match column.and_then(|column| constant(&column.ty, &operand)) {
        Some(literal) => Box::new(Expr::Literal(literal)),
        None => operand,
    }
}

fn column<'a>(table: &'a Table, expr: &Expr) -> Option<&'a Column> {
    match expr {
        Expr::Column(name) => table.column(name),
        _ => None,
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge)
}

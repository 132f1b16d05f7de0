//! From engine form back to the neutral schema: a guess that `lower` has to confirm.
//!
//! Owns the inverse of `lower` as far as it has one: portable constants and functions for what
//! T-SQL writes instead, and lists for the alternatives that the server stores for them. What it
//! does not know it leaves alone; whoever lifts a schema lowers the result and compares.

use crate::model::expression::{BinaryOp, parse};
use crate::model::{
    Column, Default, DefaultValue, Expr, Expression, Ident, Literal, Part, Schema, Table, Type,
};

use super::lower::default as lower_default;
use super::types::{self, Kind};

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
        let ty = column.ty.clone();
        if let Some(computed) = &mut column.computed {
            computed.expression = self::computed(own, &ty, &computed.expression);
            // Only a stored value can be declared NOT NULL.
            column.nullable &= computed.persisted;
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
    let fits = |value: &DefaultValue| match value {
        DefaultValue::UtcNow => matches!(ty, Type::Timestamp(_) | Type::TimestampTz(_)),
        DefaultValue::NewUuid | DefaultValue::NewSequentialId => *ty == Type::Uuid,
        _ => true,
    };
    let is_it =
        |value: &DefaultValue| fits(value) && lower_default::text(ty, value).as_ref() == Some(text);
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
    Some(match (ty, expr) {
        (_, Expr::Literal(Literal::Null)) => return None,
        (Type::Bool, Expr::Literal(Literal::Number(number))) => match number.as_str() {
            "0" => Literal::Bool(false),
            "1" => Literal::Bool(true),
            _ => return None,
        },
        (Type::Timestamp(_), Expr::Cast { operand, .. }) => match &**operand {
            Expr::Literal(Literal::Text(text)) => Literal::Text(format!("{text}Z")),
            _ => return None,
        },
        (Type::TimestampTz(_) | Type::Date | Type::Time(_), Expr::Cast { operand, .. }) => {
            match &**operand {
                Expr::Literal(text @ Literal::Text(_)) => text.clone(),
                _ => return None,
            }
        }
        (_, Expr::Literal(literal)) => literal.clone(),
        (_, Expr::Negate(operand)) => match &**operand {
            Expr::Literal(Literal::Number(number)) => Literal::Number(format!("-{number}")),
            _ => return None,
        },
        _ => return None,
    })
}

fn computed(table: &Table, ty: &Type, own: &Expression) -> Expression {
    match own {
        Expression::Portable(Expr::Cast { operand, ty: cast }) if *cast == types::name(ty) => {
            expression(table, &Expression::Portable((**operand).clone()))
        }
        other => expression(table, other),
    }
}

fn expression(table: &Table, own: &Expression) -> Expression {
    match own {
        Expression::Portable(expr) => {
            let expr = expr.clone().map(&mut |node| lifted(table, node));
            Expression::Portable(expr)
        }
        other => other.clone(),
    }
}

fn lifted(table: &Table, node: Expr) -> Expr {
    match node {
        Expr::Call {
            function,
            arguments,
        } => call(table, &function, arguments),
        Expr::Binary { op, left, right } => binary(table, op, *left, *right),
        Expr::In {
            operand,
            list,
            negated,
        } => {
            let column = column(table, &operand);
            Expr::In {
                list: list.into_iter().map(|item| beside(column, item)).collect(),
                operand,
                negated,
            }
        }
        other => other,
    }
}

/// The portable functions are written in their own case, and `DATALENGTH` only where it is the
/// length of a text of one byte a character.
fn call(table: &Table, function: &str, arguments: Vec<Expr>) -> Expr {
    let known = crate::model::expression::functions::find(function);
    let name = match function {
        "DATALENGTH" if text_kind(table, &arguments) == Some(Kind::Ascii) => "length".to_owned(),
        _ => known.map_or_else(|| function.to_owned(), |known| known.name.to_owned()),
    };
    Expr::Call {
        function: name,
        arguments,
    }
}

fn text_kind(table: &Table, arguments: &[Expr]) -> Option<Kind> {
    match arguments {
        [only] => column(table, only).map(|column| types::kind(&column.ty)),
        _ => None,
    }
}

fn binary(table: &Table, op: BinaryOp, left: Expr, right: Expr) -> Expr {
    let one = Expr::number(1);
    let two = Expr::number(2);
    match (op, &left, &right) {
        // Where conditions are no values, a function that is one is compared with 1.
        (
            BinaryOp::Eq,
            Expr::Call {
                function,
                arguments,
            },
            right,
        ) if function == "isJson" && arguments.len() == 1 && *right == one => return left,
        (
            BinaryOp::Div,
            Expr::Call {
                function,
                arguments,
            },
            right,
        ) if function == "DATALENGTH"
            && *right == two
            && text_kind(table, arguments) == Some(Kind::National) =>
        {
            return Expr::Call {
                function: "length".to_owned(),
                arguments: arguments.clone(),
            };
        }
        _ => {}
    }
    if op == BinaryOp::Or
        && let Some(list) = alternatives(&left, &right)
    {
        return list;
    }
    if !is_comparison(op) {
        return Expr::binary(left, op, right);
    }
    let (left_column, right_column) = (column(table, &left), column(table, &right));
    let (left, right) = (beside(right_column, left), beside(left_column, right));
    Expr::binary(left, op, right)
}

/// `a = 2 OR a = 1` as the list that the server was given: it stores the last one first.
fn alternatives(left: &Expr, right: &Expr) -> Option<Expr> {
    let (name, first) = alternative(right)?;
    let mut list = vec![first.clone()];
    match left {
        Expr::In {
            operand,
            list: more,
            negated: false,
        } if **operand == Expr::Column(name.clone()) => list.extend(more.iter().cloned()),
        left => {
            let (other, value) = alternative(left)?;
            if other != name {
                return None;
            }
            list.push(value.clone());
        }
    }
    Some(Expr::In {
        operand: Box::new(Expr::Column(name.clone())),
        list,
        negated: false,
    })
}

fn alternative(expr: &Expr) -> Option<(&Ident, &Expr)> {
    match expr {
        Expr::Binary {
            op: BinaryOp::Eq,
            left,
            right,
        } => match (&**left, &**right) {
            (Expr::Column(name), value @ Expr::Literal(_)) => Some((name, value)),
            _ => None,
        },
        _ => None,
    }
}

/// An operand that is compared with this column.
fn beside(column: Option<&Column>, operand: Expr) -> Expr {
    let literal = column
        .filter(|column| column.ty == Type::Bool)
        .and_then(|column| constant(&column.ty, &operand));
    literal.map_or(operand, Expr::Literal)
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

//! Portable expressions as T-SQL can hold them.
//!
//! T-SQL has no truth values: a condition is no value and a value no condition. So the two are
//! told apart here. Every rewrite gives the same in three-valued logic.

use crate::model::expression::{BinaryOp, Expression, parse};
use crate::model::{Expr, Literal, Table, Type};

use super::super::types::{self, Kind, kind};

/// Longest text that a number, a time or a UUID takes.
const AS_TEXT: &str = "nvarchar(60)";

/// A condition as the engine can hold it. Native text is taken over: analysed where analysing
/// changes nothing.
pub(in crate::dialect::mssql) fn condition(
    table: &Table,
    expression: Expression,
) -> Option<Expression> {
    let lowering = Lowering { table };
    Some(match expression {
        Expression::Portable(expr) => Expression::Portable(lowering.condition(expr)),
        Expression::Native(native) => verbatim(&native.mssql?, |expr| lowering.condition(expr)),
        Expression::Opaque(text) => Expression::Opaque(text),
    })
}

/// A value of a type as the engine can hold it.
pub(in crate::dialect::mssql) fn computed(
    table: &Table,
    ty: &Type,
    expression: Expression,
) -> Option<Expression> {
    let lowering = Lowering { table };
    let lower = |expr| lowering.typed(ty, lowering.value(expr));
    Some(match expression {
        Expression::Portable(expr) => Expression::Portable(lower(expr)),
        Expression::Native(native) => verbatim(&native.mssql?, lower),
        Expression::Opaque(text) => Expression::Opaque(text),
    })
}

/// Text that people wrote for this engine. It is analysed only where lowering it again would
/// change nothing: `LIKE '[0-9]%'` means something else here than in the portable language.
fn verbatim(text: &str, lower: impl Fn(Expr) -> Expr) -> Expression {
    match parse(text).map(upper_functions) {
        Ok(expr) => {
            let lowered = lower(expr.clone());
            let unchanged = lowered == expr
                || matches!(&lowered, Expr::Cast { operand, .. } if **operand == expr);
            if unchanged {
                Expression::Portable(lowered)
            } else {
                Expression::Opaque(text.trim().to_owned())
            }
        }
        Err(_) => Expression::Opaque(text.trim().to_owned()),
    }
}

/// Functions in upper case, as hand-written T-SQL has them.
pub(super) fn upper_functions(expr: Expr) -> Expr {
    expr.map(&mut |node| match node {
        Expr::Call {
            function,
            arguments,
        } => Expr::Call {
            function: function.to_uppercase(),
            arguments,
        },
        other => other,
    })
}

struct Lowering<'a> {
    table: &'a Table,
}

fn call(function: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Call {
        function: function.to_owned(),
        arguments,
    }
}

fn is_connective(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::And | BinaryOp::Or)
}

fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge)
}

/// Whether the expression is a condition in T-SQL.
fn is_condition(expr: &Expr) -> bool {
    match expr {
        Expr::Not(_)
        | Expr::IsNull { .. }
        | Expr::In { .. }
        | Expr::Between { .. }
        | Expr::Like { .. } => true,
        Expr::Binary { op, .. } => is_connective(*op) || is_comparison(*op),
        _ => false,
    }
}

impl Lowering<'_> {
    fn condition(&self, expr: Expr) -> Expr {
        match expr {
            Expr::Not(inner) => Expr::Not(Box::new(self.condition(*inner))),
            Expr::Binary { op, .. } if is_connective(op) => {
                self.chain(expr, is_connective, |expr| self.condition(expr))
            }
            Expr::Binary { op, left, right } if is_comparison(op) => {
                self.comparison(op, *left, *right)
            }
            Expr::IsNull { operand, negated } => Expr::IsNull {
                operand: Box::new(self.value(*operand)),
                negated,
            },
            Expr::In {
                operand,
                list,
                negated,
            } => Expr::In {
                operand: Box::new(self.value(*operand)),
                list: list.into_iter().map(|item| self.value(item)).collect(),
                negated,
            },
            Expr::Between {
                operand,
                low,
                high,
                negated,
            } => Expr::Between {
                operand: Box::new(self.value(*operand)),
                low: Box::new(self.value(*low)),
                high: Box::new(self.value(*high)),
                negated,
            },
            Expr::Like {
                operand,
                pattern,
                escape,
                negated,
            } => self.like(*operand, *pattern, escape.map(|escape| *escape), negated),
            Expr::Literal(Literal::Bool(value)) => {
                Expr::binary(Expr::number(1), BinaryOp::Eq, Expr::number(u8::from(value)))
            }
            Expr::Call {
                ref function,
                ref arguments,
            } if function.eq_ignore_ascii_case("isjson") && arguments.len() == 1 => {
                Expr::binary(self.value(expr), BinaryOp::Eq, Expr::number(1))
            }
            Expr::Column(ref name)
                if self.table.column(name).is_some_and(|c| c.ty == Type::Bool) =>
            {
                Expr::binary(expr, BinaryOp::Eq, Expr::number(1))
            }
            // Where conditions are numbers, every number but 0 is true.
            value => Expr::binary(self.value(value), BinaryOp::Ne, Expr::number(0)),
        }
    }

    fn comparison(&self, op: BinaryOp, left: Expr, right: Expr) -> Expr {
        let (left, right) = match (left, right) {
            (Expr::Literal(Literal::Bool(value)), other) => {
                (other, Expr::Literal(Literal::Bool(value)))
            }
            other => other,
        };
        // `(a > 1) = true` is `a > 1`.
        if let Expr::Literal(Literal::Bool(wanted)) = right
            && is_condition(&left)
            && matches!(op, BinaryOp::Eq | BinaryOp::Ne)
        {
            let condition = self.condition(left);
            return if wanted == (op == BinaryOp::Eq) {
                condition
            } else {
                Expr::Not(Box::new(condition))
            };
        }
        Expr::binary(self.value(left), op, self.value(right))
    }

    /// Takes a chain of operators apart down its left side, without recursion: chains can be long.
    fn chain(
        &self,
        expr: Expr,
        belongs: impl Fn(BinaryOp) -> bool,
        lower: impl Fn(Expr) -> Expr,
    ) -> Expr {
        let mut rights = Vec::new();
        let mut first = expr;
        while let Expr::Binary { op, left, right } = first {
            if !belongs(op) {
                first = Expr::Binary { op, left, right };
                break;
            }
            rights.push((op, *right));
            first = *left;
        }
        rights
            .into_iter()
            .rev()
            .fold(lower(first), |left, (op, right)| {
                self.joined(op, left, lower(right))
            })
    }

    /// `left op right` of lowered operands.
    fn joined(&self, op: BinaryOp, left: Expr, right: Expr) -> Expr {
        if op != BinaryOp::Concat {
            return Expr::binary(left, op, right);
        }
        // `+` adds as soon as one side is a number.
        Expr::binary(self.as_text(left), BinaryOp::Add, self.as_text(right))
    }

    fn as_text(&self, expr: Expr) -> Expr {
        match expr {
            Expr::Literal(Literal::Number(number)) => Expr::Literal(Literal::Text(number)),
            expr if self.kind(&expr) == Kind::Other => Expr::Cast {
                operand: Box::new(expr),
                ty: AS_TEXT.to_owned(),
            },
            expr => expr,
        }
    }

    fn value(&self, expr: Expr) -> Expr {
        match expr {
            condition if is_condition(&condition) => {
                let condition = self.condition(condition);
                Expr::Case {
                    operand: None,
                    branches: vec![
                        (condition.clone(), Expr::number(1)),
                        (Expr::Not(Box::new(condition)), Expr::number(0)),
                    ],
                    otherwise: None,
                }
            }
            Expr::Literal(Literal::Bool(value)) => Expr::number(u8::from(value)),
            Expr::Negate(inner) => Expr::Negate(Box::new(self.value(*inner))),
            Expr::Binary { .. } => self.chain(
                expr,
                |op| !is_connective(op) && !is_comparison(op),
                |expr| self.value(expr),
            ),
            Expr::Call {
                function,
                arguments,
            } => self.call(&function, arguments),
            Expr::Case {
                operand,
                branches,
                otherwise,
            } => {
                let simple = operand.is_some();
                Expr::Case {
                    operand: operand.map(|operand| Box::new(self.value(*operand))),
                    branches: branches
                        .into_iter()
                        .map(|(when, then)| {
                            let when = if simple {
                                self.value(when)
                            } else {
                                self.condition(when)
                            };
                            (when, self.value(then))
                        })
                        .collect(),
                    otherwise: otherwise.map(|otherwise| Box::new(self.value(*otherwise))),
                }
            }
            Expr::Cast { operand, ty } => Expr::Cast {
                operand: Box::new(self.value(*operand)),
                ty,
            },
            leaf => leaf,
        }
    }

    fn call(&self, function: &str, arguments: Vec<Expr>) -> Expr {
        let upper = function.to_uppercase();
        let mut arguments: Vec<Expr> = arguments
            .into_iter()
            .enumerate()
            .map(|(index, argument)| {
                if upper == "IIF" && index == 0 {
                    self.condition(argument)
                } else {
                    self.value(argument)
                }
            })
            .collect();
        if upper == "LENGTH" && arguments.len() == 1 {
            return self.length(arguments.remove(0));
        }
        call(&upper, arguments)
    }

    /// LEN would not count trailing spaces.
    fn length(&self, text: Expr) -> Expr {
        let bytes = |text| call("DATALENGTH", vec![text]);
        let units = |text| Expr::binary(bytes(text), BinaryOp::Div, Expr::number(2));
        match self.kind(&text) {
            Kind::National => units(text),
            Kind::Ascii | Kind::Bytes => bytes(text),
            Kind::Other | Kind::Unknown => units(Expr::Cast {
                operand: Box::new(text),
                ty: "nvarchar(max)".to_owned(),
            }),
        }
    }

    /// `[` is a wildcard here and none in the portable language.
    fn like(&self, operand: Expr, pattern: Expr, escape: Option<Expr>, negated: bool) -> Expr {
        let operand = Box::new(self.value(operand));
        let (pattern, escape) = match (pattern, escape) {
            (Expr::Literal(Literal::Text(text)), None) if text.contains('[') => {
                let escape = ['\\', '!', '~', '^', '|', '#']
                    .into_iter()
                    .find(|c| !text.contains(*c))
                    .unwrap_or('\u{1}');
                let text = text.replace('[', &format!("{escape}["));
                (Expr::text(&text), Some(Expr::text(&escape.to_string())))
            }
            (Expr::Literal(Literal::Text(text)), Some(Expr::Literal(Literal::Text(escape)))) => {
                let text = escaped_brackets(&text, &escape);
                (Expr::text(&text), Some(Expr::text(&escape)))
            }
            (pattern, escape) => (self.value(pattern), escape.map(|escape| self.value(escape))),
        };
        Expr::Like {
            operand,
            pattern: Box::new(pattern),
            escape: escape.map(Box::new),
            negated,
        }
    }

    /// A computed value, converted to the type that its column is declared with.
    fn typed(&self, ty: &Type, value: Expr) -> Expr {
        let wanted = types::name(ty);
        if wanted.is_empty() || matches!(&value, Expr::Cast { ty, .. } if *ty == wanted) {
            return value;
        }
        Expr::Cast {
            operand: Box::new(value),
            ty: wanted,
        }
    }

    /// What kind of text a lowered value is.
    fn kind(&self, expr: &Expr) -> Kind {
        match expr {
            Expr::Column(name) => self
                .table
                .columns
                .iter()
                .find(|column| column.name.folded() == name.folded())
                .map_or(Kind::Unknown, |column| kind(&column.ty)),
            Expr::Literal(Literal::Text(_)) => Kind::National,
            Expr::Literal(Literal::Bytes(_)) => Kind::Bytes,
            Expr::Literal(Literal::Number(_) | Literal::Bool(_)) => Kind::Other,
            Expr::Literal(Literal::Null) => Kind::Unknown,
            Expr::Binary {
                op: BinaryOp::Add,
                left,
                right,
            } => match (self.kind(left), self.kind(right)) {
                (Kind::National, _) | (_, Kind::National) => Kind::National,
                (left, right) if left == right => left,
                _ => Kind::Unknown,
            },
            Expr::Negate(_) | Expr::Binary { .. } => Kind::Other,
            Expr::Cast { ty, .. } => kind(&types::from_native(ty)),
            Expr::Case {
                branches,
                otherwise,
                ..
            } => branches
                .first()
                .map(|(_, then)| self.kind(then))
                .filter(|kind| *kind != Kind::Unknown)
                .or_else(|| otherwise.as_ref().map(|otherwise| self.kind(otherwise)))
                .unwrap_or(Kind::Unknown),
            Expr::Call {
                function,
                arguments,
            } => match function.as_str() {
                "UPPER" | "LOWER" | "TRIM" | "LTRIM" | "RTRIM" | "SUBSTRING" | "REPLACE"
                | "COALESCE" | "NULLIF" => arguments
                    .iter()
                    .map(|argument| self.kind(argument))
                    .find(|kind| *kind != Kind::Unknown)
                    .unwrap_or(Kind::Unknown),
                "CONCAT" => Kind::National,
                "IIF" => arguments
                    .get(1)
                    .map_or(Kind::Unknown, |then| self.kind(then)),
                "ABS" | "ROUND" | "YEAR" | "MONTH" | "DAY" | "DATALENGTH" | "ISJSON" | "LEN" => {
                    Kind::Other
                }
                _ => Kind::Unknown,
            },
            Expr::Not(_)
            | Expr::IsNull { .. }
            | Expr::In { .. }
            | Expr::Between { .. }
            | Expr::Like { .. } => Kind::Other,
        }
    }
}

/// The pattern with every `[` escaped that is not yet.
fn escaped_brackets(pattern: &str, escape: &str) -> String {
    let mut out = String::new();
    let mut escaped = false;
    for c in pattern.chars() {
        if c == '[' && !escaped {
            out.push_str(escape);
        }
        escaped = !escaped && escape.chars().eq([c]);
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests;

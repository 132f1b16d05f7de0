//! Constants beside decimals, scaled as the decimals are.
//!
//! SQLite holds `0.9500` of a `decimal(5,4)` as 9500, so `confidence <= 1` has to be
//! `confidence <= 10000` there. An expression is walked from its leaves; where operands meet, a
//! constant takes the scale of the decimals beside it. What would need division or rounding is
//! refused, since whole numbers cut where decimals do not.

use crate::model::expression::BinaryOp;
use crate::model::{Expr, Literal, Table, Type};

use super::super::type_check::MAX_PRECISION;
use super::super::values;
use super::expression::{Wanted, type_of};

/// The expression over scaled whole numbers.
///
/// # Errors
/// Why there is none, in words.
pub(super) fn scaled(table: &Table, expr: &Expr, wanted: Wanted<'_>) -> Result<Expr, String> {
    let (expr, found) = Scaling { table }.walk(expr.clone())?;
    let wanted = match wanted {
        Wanted::Condition => return Ok(expr),
        Wanted::ValueOf(ty) => scale_of(ty),
    };
    match (found, wanted) {
        (Scale::Constant, Scale::By(scale)) => scale_constant(expr, scale),
        (found, wanted) if found == wanted => Ok(expr),
        (Scale::By(1..), _) | (_, Scale::By(1..)) => Err(format!(
            "{expr} has another number of digits after the point than its column"
        )),
        _ => Ok(expr),
    }
}

/// How a value is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    /// A number that stands for itself and can take any scale.
    Constant,
    /// A whole number that stands for itself divided by 10^scale.
    By(u8),
    /// No exact number: text, a condition, a float.
    None,
}

fn scale_of(ty: &Type) -> Scale {
    match ty {
        Type::Decimal { precision, scale } if *precision <= MAX_PRECISION => Scale::By(*scale),
        Type::Bool | Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt => Scale::By(0),
        _ => Scale::None,
    }
}

struct Scaling<'a> {
    table: &'a Table,
}

type Scaled = Result<(Expr, Scale), String>;

impl Scaling<'_> {
    fn walk(&self, expr: Expr) -> Scaled {
        match expr {
            Expr::Column(name) => {
                let scale = type_of(self.table, &name).map_or(Scale::None, scale_of);
                Ok((Expr::Column(name), scale))
            }
            Expr::Literal(literal) => {
                let scale = match literal {
                    Literal::Number(_) | Literal::Null => Scale::Constant,
                    Literal::Bool(_) => Scale::By(0),
                    Literal::Text(_) | Literal::Bytes(_) => Scale::None,
                };
                Ok((Expr::Literal(literal), scale))
            }
            Expr::Not(operand) => Ok((Expr::Not(self.boxed(*operand)?.0), Scale::None)),
            Expr::Negate(operand) => {
                let (operand, scale) = self.boxed(*operand)?;
                Ok((Expr::Negate(operand), scale))
            }
            Expr::Binary { op, left, right } => self.binary(op, *left, *right),
            Expr::IsNull { operand, negated } => {
                let operand = self.boxed(*operand)?.0;
                Ok((Expr::IsNull { operand, negated }, Scale::None))
            }
            Expr::In {
                operand,
                list,
                negated,
            } => {
                let mut list = self.alike(std::iter::once(*operand).chain(list))?.0;
                let operand = Box::new(list.remove(0));
                let expr = Expr::In {
                    operand,
                    list,
                    negated,
                };
                Ok((expr, Scale::None))
            }
            Expr::Between {
                operand,
                low,
                high,
                negated,
            } => {
                let [operand, low, high] = self.alike_boxed([*operand, *low, *high])?.0;
                let expr = Expr::Between {
                    operand,
                    low,
                    high,
                    negated,
                };
                Ok((expr, Scale::None))
            }
            Expr::Like {
                operand,
                pattern,
                escape,
                negated,
            } => {
                let operand = Box::new(self.unscaled(*operand, "LIKE compares text")?);
                let expr = Expr::Like {
                    operand,
                    pattern,
                    escape,
                    negated,
                };
                Ok((expr, Scale::None))
            }
            Expr::Call {
                function,
                arguments,
            } => self.call(function, arguments),
            Expr::Case {
                operand,
                branches,
                otherwise,
            } => self.case(operand, branches, otherwise),
            Expr::Cast { operand, ty } => {
                let operand =
                    Box::new(self.unscaled(*operand, "CAST would see the scaled number")?);
                Ok((Expr::Cast { operand, ty }, Scale::None))
            }
        }
    }

    fn boxed(&self, expr: Expr) -> Result<(Box<Expr>, Scale), String> {
        let (expr, scale) = self.walk(expr)?;
        Ok((Box::new(expr), scale))
    }

    fn binary(&self, op: BinaryOp, left: Expr, right: Expr) -> Scaled {
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let (left, right) = (self.walk(left)?.0, self.walk(right)?.0);
                Ok((Expr::binary(left, op, right), Scale::None))
            }
            BinaryOp::Concat => {
                let why = "|| would join the scaled number";
                let (left, right) = (self.unscaled(left, why)?, self.unscaled(right, why)?);
                Ok((Expr::binary(left, op, right), Scale::None))
            }
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mod => {
                let ([left, right], scale) = self.alike_boxed([left, right])?;
                Ok((Expr::Binary { op, left, right }, scale))
            }
            BinaryOp::Mul => {
                let (left, left_scale) = self.walk(left)?;
                let (right, right_scale) = self.walk(right)?;
                let scale = match (left_scale, right_scale) {
                    (Scale::By(a), Scale::By(b)) => Scale::By(a.saturating_add(b)),
                    (Scale::Constant, Scale::Constant) => Scale::Constant,
                    (Scale::By(scale), Scale::Constant) if is_whole(&right) => Scale::By(scale),
                    (Scale::Constant, Scale::By(scale)) if is_whole(&left) => Scale::By(scale),
                    (Scale::By(0), _) | (_, Scale::By(0)) => Scale::None,
                    (Scale::By(_), _) | (_, Scale::By(_)) => {
                        return Err(format!(
                            "{left} * {right} multiplies a decimal by what is no whole number"
                        ));
                    }
                    _ => Scale::None,
                };
                Ok((Expr::binary(left, op, right), scale))
            }
            BinaryOp::Div => {
                let why = "division of whole numbers cuts the digits after the point";
                let left = self.unscaled(left, why)?;
                let right = self.unscaled(right, why)?;
                Ok((Expr::binary(left, op, right), Scale::None))
            }
            BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge => {
                let [left, right] = self.alike_boxed([left, right])?.0;
                Ok((Expr::Binary { op, left, right }, Scale::None))
            }
        }
    }

    fn call(&self, function: String, arguments: Vec<Expr>) -> Scaled {
        let (arguments, scale) = match function.to_ascii_lowercase().as_str() {
            "abs" | "coalesce" | "nullif" => self.alike(arguments)?,
            "iif" if arguments.len() == 3 => {
                let mut arguments = arguments.into_iter();
                let condition = arguments.next().map(|condition| self.walk(condition));
                let condition = condition.expect("there are three arguments")?.0;
                let (values, scale) = self.alike(arguments)?;
                (std::iter::once(condition).chain(values).collect(), scale)
            }
            _ => {
                let why = format!("{function} would see the scaled number");
                let arguments = arguments
                    .into_iter()
                    .map(|argument| self.unscaled(argument, &why))
                    .collect::<Result<_, _>>()?;
                (arguments, Scale::None)
            }
        };
        Ok((
            Expr::Call {
                function,
                arguments,
            },
            scale,
        ))
    }

    fn case(
        &self,
        operand: Option<Box<Expr>>,
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    ) -> Scaled {
        let (whens, thens): (Vec<Expr>, Vec<Expr>) = branches.into_iter().unzip();
        let (operand, whens) = match operand {
            None => {
                let whens = whens
                    .into_iter()
                    .map(|when| Ok(self.walk(when)?.0))
                    .collect::<Result<Vec<_>, String>>()?;
                (None, whens)
            }
            Some(operand) => {
                let mut all = self.alike(std::iter::once(*operand).chain(whens))?.0;
                (Some(Box::new(all.remove(0))), all)
            }
        };
        let count = thens.len();
        let (mut thens, scale) = self.alike(
            thens
                .into_iter()
                .chain(otherwise.map(|otherwise| *otherwise)),
        )?;
        let otherwise = (thens.len() > count)
            .then(|| thens.remove(count))
            .map(Box::new);
        let expr = Expr::Case {
            operand,
            branches: whens.into_iter().zip(thens).collect(),
            otherwise,
        };
        Ok((expr, scale))
    }

    /// An operand that must not be a scaled decimal.
    fn unscaled(&self, expr: Expr, why: &str) -> Result<Expr, String> {
        match self.walk(expr)? {
            (expr, Scale::By(1..)) => Err(format!("{expr} is a decimal, and {why}")),
            (expr, _) => Ok(expr),
        }
    }

    fn alike_boxed<const N: usize>(
        &self,
        exprs: [Expr; N],
    ) -> Result<([Box<Expr>; N], Scale), String> {
        let (exprs, scale) = self.alike(exprs)?;
        let mut exprs = exprs.into_iter().map(Box::new);
        let exprs = std::array::from_fn(|_| exprs.next().expect("as many come back as went in"));
        Ok((exprs, scale))
    }

    /// Operands that meet: all of one scale, constants brought to it.
    fn alike(&self, exprs: impl IntoIterator<Item = Expr>) -> Result<(Vec<Expr>, Scale), String> {
        let walked = exprs
            .into_iter()
            .map(|expr| self.walk(expr))
            .collect::<Result<Vec<_>, _>>()?;
        let decimal = walked.iter().find_map(|(expr, scale)| match scale {
            Scale::By(scale @ 1..) => Some((expr, *scale)),
            _ => None,
        });
        let Some((first, scale)) = decimal else {
            let common = walked
                .iter()
                .map(|(_, scale)| *scale)
                .reduce(|a, b| match (a, b) {
                    _ if a == b => a,
                    (Scale::Constant, Scale::By(0)) | (Scale::By(0), Scale::Constant) => {
                        Scale::By(0)
                    }
                    _ => Scale::None,
                });
            let exprs = walked.into_iter().map(|(expr, _)| expr).collect();
            return Ok((exprs, common.unwrap_or(Scale::None)));
        };
        if let Some((other, _)) = walked
            .iter()
            .find(|(_, other)| !matches!(other, Scale::Constant) && *other != Scale::By(scale))
        {
            return Err(format!(
                "{first} has {scale} digits after the point, and {other} beside it has not"
            ));
        }
        let exprs = walked
            .into_iter()
            .map(|(expr, own)| match own {
                Scale::Constant => scale_constant(expr, scale),
                _ => Ok(expr),
            })
            .collect::<Result<_, _>>()?;
        Ok((exprs, Scale::By(scale)))
    }
}

fn is_whole(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(Literal::Number(number)) => {
            values::scaled(number, 0).is_some_and(|digits| !digits.contains('.'))
        }
        Expr::Literal(Literal::Null) => true,
        Expr::Negate(operand) => is_whole(operand),
        Expr::Binary {
            op: BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul,
            left,
            right,
        } => is_whole(left) && is_whole(right),
        _ => false,
    }
}

/// An expression of constants alone, times 10^scale.
fn scale_constant(expr: Expr, scale: u8) -> Result<Expr, String> {
    let boxed = |expr: Box<Expr>| scale_constant(*expr, scale).map(Box::new);
    Ok(match expr {
        Expr::Literal(Literal::Number(number)) => match values::scaled(&number, scale) {
            Some(digits) => Expr::Literal(Literal::Number(digits)),
            None => return Err(format!("{number} is out of all proportion")),
        },
        Expr::Negate(operand) => Expr::Negate(boxed(operand)?),
        Expr::Binary {
            op: op @ (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mod),
            left,
            right,
        } => Expr::Binary {
            op,
            left: boxed(left)?,
            right: boxed(right)?,
        },
        Expr::Binary {
            op: BinaryOp::Mul,
            left,
            right,
        } => Expr::Binary {
            op: BinaryOp::Mul,
            left: boxed(left)?,
            right,
        },
        Expr::Literal(Literal::Null) => Expr::Literal(Literal::Null),
        Expr::Call {
            function,
            arguments,
        } if !function.eq_ignore_ascii_case("iif") => Expr::Call {
            function,
            arguments: arguments
                .into_iter()
                .map(|argument| scale_constant(argument, scale))
                .collect::<Result<_, _>>()?,
        },
        Expr::Call {
            function,
            mut arguments,
        } => {
            for value in arguments.iter_mut().skip(1) {
                *value = scale_constant(value.clone(), scale)?;
            }
            Expr::Call {
                function,
                arguments,
            }
        }
        Expr::Case {
            operand,
            branches,
            otherwise,
        } => Expr::Case {
            operand,
            branches: branches
                .into_iter()
                .map(|(when, then)| Ok((when, scale_constant(then, scale)?)))
                .collect::<Result<_, String>>()?,
            otherwise: otherwise.map(boxed).transpose()?,
        },
        other => return Err(format!("{other} cannot be scaled")),
    })
}

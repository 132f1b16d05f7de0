//! The portable SQL expression language of checks, filters and computed columns.
//!
//! An expression is an AST ([`Expr`]). [`mod@parse`] reads it from YAML, and from what an engine stores
//! (bracketed, double-quoted or bare names, redundant parentheses, any case of keywords);
//! [`mod@write`] writes it with the quoting of the reader it is meant for; [`mod@canonical`] brings two
//! spellings of one meaning to one form; [`mod@implies`] tells a check that became wider from one that
//! became tighter. None of this knows an engine: a dialect turns portable functions and literals
//! into its own while it lowers a schema.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Ident, Native};

pub mod canonical;
pub mod functions;
pub mod implies;
mod lex;
mod number;
pub mod parse;
mod rewrite;
pub mod write;

#[cfg(test)]
mod tests;

pub use parse::{ParseError, parse};

/// A condition or value that is part of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// Understood, and the same for every engine.
    Portable(Expr),
    /// Taken over verbatim, by engine.
    Native(Native),
    /// Only in engine form: text that the engine holds and that could not be analysed.
    Opaque(String),
}

/// How two expressions relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Proven to mean the same.
    Same,
    /// Analysed, and not the same.
    Different,
    /// At least one of them cannot be analysed and their texts differ.
    Unknown,
}

/// An expression tree. Names of functions are lower case unless they came from YAML with another
/// spelling; everything else is as written, so that what people wrote stays readable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expr {
    /// A column of the same row.
    Column(Ident),
    /// A constant.
    Literal(Literal),
    /// `NOT a`.
    Not(Box<Expr>),
    /// `-a`.
    Negate(Box<Expr>),
    /// `a op b`.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Its left operand.
        left: Box<Expr>,
        /// Its right operand.
        right: Box<Expr>,
    },
    /// `a IS [NOT] NULL`.
    IsNull {
        /// What is tested.
        operand: Box<Expr>,
        /// Whether `NOT` is written.
        negated: bool,
    },
    /// `a [NOT] IN (…)`.
    In {
        /// What is tested.
        operand: Box<Expr>,
        /// The alternatives, at least one.
        list: Vec<Expr>,
        /// Whether `NOT` is written.
        negated: bool,
    },
    /// `a [NOT] BETWEEN low AND high`.
    Between {
        /// What is tested.
        operand: Box<Expr>,
        /// The lower bound, inclusive.
        low: Box<Expr>,
        /// The upper bound, inclusive.
        high: Box<Expr>,
        /// Whether `NOT` is written.
        negated: bool,
    },
    /// `a [NOT] LIKE pattern [ESCAPE c]`.
    Like {
        /// What is tested.
        operand: Box<Expr>,
        /// The pattern.
        pattern: Box<Expr>,
        /// The escape character.
        escape: Option<Box<Expr>>,
        /// Whether `NOT` is written.
        negated: bool,
    },
    /// `f(a, b)`.
    Call {
        /// The function's name.
        function: String,
        /// Its arguments.
        arguments: Vec<Expr>,
    },
    /// `CASE [a] WHEN b THEN c … [ELSE d] END`.
    Case {
        /// What is compared with each `WHEN`; without it each `WHEN` is a condition.
        operand: Option<Box<Expr>>,
        /// The branches, at least one.
        branches: Vec<(Expr, Expr)>,
        /// The value when no branch applies; NULL if left out.
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(a AS type)`, with the type's text as written.
    Cast {
        /// What is converted.
        operand: Box<Expr>,
        /// The type, as the engine writes it.
        ty: String,
    },
}

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BinaryOp {
    /// `OR`
    Or,
    /// `AND`
    And,
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `||`, text after text
    Concat,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Literal {
    /// NULL.
    Null,
    /// True or false.
    Bool(bool),
    /// A number in decimal notation, as written: `5`, `-0.50`, `1e3`.
    Number(String),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Expression {
    /// How this expression relates to another: by canonical form where both are understood, else
    /// by their text.
    pub fn compare(&self, other: &Self) -> Comparison {
        match (self, other) {
            (Self::Portable(a), Self::Portable(b)) => {
                if a == b || canonical::canonical(a) == canonical::canonical(b) {
                    Comparison::Same
                } else {
                    Comparison::Different
                }
            }
            (Self::Native(a), Self::Native(b)) if a == b => Comparison::Same,
            (Self::Native(_), Self::Native(_)) => Comparison::Different,
            (Self::Opaque(a), Self::Opaque(b)) if a == b || same_text(a, b) => Comparison::Same,
            (Self::Opaque(_), _) | (_, Self::Opaque(_)) => Comparison::Unknown,
            (Self::Portable(_), Self::Native(_)) | (Self::Native(_), Self::Portable(_)) => {
                Comparison::Different
            }
        }
    }

    /// Whether the expression names this column; `None` when it cannot be analysed.
    pub fn uses(&self, column: &Ident) -> Option<bool> {
        match self {
            Self::Portable(expr) => {
                let mut found = false;
                expr.visit(&mut |expr| {
                    if let Expr::Column(name) = expr {
                        found |= name.folded() == column.folded();
                    }
                });
                Some(found)
            }
            Self::Native(_) | Self::Opaque(_) => None,
        }
    }
}

/// Whether two texts of one engine are one expression. Some mean there what they do not mean in
/// the portable language (`LIKE '[0-9]%'`), but to each other they compare all the same.
fn same_text(a: &str, b: &str) -> bool {
    match (parse(a), parse(b)) {
        (Ok(a), Ok(b)) => canonical::canonical(&a) == canonical::canonical(&b),
        _ => false,
    }
}

impl Expr {
    /// Calls `see` with this expression and everything below it, parents first.
    pub fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        see(self);
        match self {
            Self::Column(_) | Self::Literal(_) => {}
            Self::Not(a) | Self::Negate(a) => a.visit(see),
            Self::Binary { left, right, .. } => {
                // A chain of operators deepens to the left and can be long: no recursion there.
                let mut rights = vec![right];
                let mut first = left;
                while let Self::Binary { left, right, .. } = &**first {
                    see(first);
                    rights.push(right);
                    first = left;
                }
                first.visit(see);
                rights.into_iter().rev().for_each(|right| right.visit(see));
            }
            Self::IsNull { operand, .. } | Self::Cast { operand, .. } => operand.visit(see),
            Self::In { operand, list, .. } => {
                operand.visit(see);
                list.iter().for_each(|item| item.visit(see));
            }
            Self::Between {
                operand, low, high, ..
            } => {
                operand.visit(see);
                low.visit(see);
                high.visit(see);
            }
            Self::Like {
                operand,
                pattern,
                escape,
                ..
            } => {
                operand.visit(see);
                pattern.visit(see);
                if let Some(escape) = escape {
                    escape.visit(see);
                }
            }
            Self::Call { arguments, .. } => arguments.iter().for_each(|item| item.visit(see)),
            Self::Case {
                operand,
                branches,
                otherwise,
            } => {
                if let Some(operand) = operand {
                    operand.visit(see);
                }
                for (when, then) in branches {
                    when.visit(see);
                    then.visit(see);
                }
                if let Some(otherwise) = otherwise {
                    otherwise.visit(see);
                }
            }
        }
    }

    /// The same tree with `change` applied to every node, children first.
    pub fn map(self, change: &mut dyn FnMut(Self) -> Self) -> Self {
        if matches!(self, Self::Binary { .. }) {
            return self.map_chain(change);
        }
        let mut boxed = |expr: Box<Self>| Box::new(expr.map(change));
        let mapped = match self {
            Self::Column(_) | Self::Literal(_) => self,
            Self::Not(a) => Self::Not(boxed(a)),
            Self::Negate(a) => Self::Negate(boxed(a)),
            Self::Binary { .. } => unreachable!("chains of operators have a way of their own"),
            Self::IsNull { operand, negated } => Self::IsNull {
                operand: boxed(operand),
                negated,
            },
            Self::Cast { operand, ty } => Self::Cast {
                operand: boxed(operand),
                ty,
            },
            Self::Between {
                operand,
                low,
                high,
                negated,
            } => Self::Between {
                operand: boxed(operand),
                low: boxed(low),
                high: boxed(high),
                negated,
            },
            Self::Like {
                operand,
                pattern,
                escape,
                negated,
            } => Self::Like {
                operand: boxed(operand),
                pattern: boxed(pattern),
                escape: escape.map(boxed),
                negated,
            },
            Self::In {
                operand,
                list,
                negated,
            } => Self::In {
                operand: boxed(operand),
                list: list.into_iter().map(|item| item.map(change)).collect(),
                negated,
            },
            Self::Call {
                function,
                arguments,
            } => Self::Call {
                function,
                arguments: arguments.into_iter().map(|item| item.map(change)).collect(),
            },
            Self::Case {
                operand,
                branches,
                otherwise,
            } => Self::Case {
                operand: operand.map(&mut boxed),
                otherwise: otherwise.map(&mut boxed),
                branches: branches
                    .into_iter()
                    .map(|(when, then)| (when.map(change), then.map(change)))
                    .collect(),
            },
        };
        change(mapped)
    }

    /// [`Expr::map`] for a chain of operators, without recursion down its left side.
    fn map_chain(self, change: &mut dyn FnMut(Self) -> Self) -> Self {
        let mut rights = Vec::new();
        let mut first = self;
        while let Self::Binary { op, left, right } = first {
            rights.push((op, right));
            first = *left;
        }
        let mut mapped = first.map(change);
        while let Some((op, right)) = rights.pop() {
            let right = right.map(change);
            mapped = change(Self::binary(mapped, op, right));
        }
        mapped
    }

    /// A column, for building expressions in code.
    pub fn column(name: &Ident) -> Self {
        Self::Column(name.clone())
    }

    /// A text constant, for building expressions in code.
    pub fn text(value: &str) -> Self {
        Self::Literal(Literal::Text(value.to_owned()))
    }

    /// A number, for building expressions in code.
    pub fn number(value: impl fmt::Display) -> Self {
        Self::Literal(Literal::Number(value.to_string()))
    }

    /// `left op right`, for building expressions in code.
    pub fn binary(left: Self, op: BinaryOp, right: Self) -> Self {
        Self::Binary {
            op,
            left: Box::new(left),
            right: Box::new(right),
        }
    }
}

/// The portable spelling: bare names, lower-case keywords.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write::portable(self))
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Portable(expr) => expr.fmt(f),
            Self::Native(native) => {
                let both = [&native.mssql, &native.sqlite];
                let texts: Vec<&str> = both.iter().filter_map(|text| text.as_deref()).collect();
                f.write_str(&texts.join(" / "))
            }
            Self::Opaque(text) => f.write_str(text),
        }
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Portable(expr) => serializer.collect_str(expr),
            Self::Native(native) => native.serialize(serializer),
            Self::Opaque(_) => Err(serde::ser::Error::custom(
                "an expression in engine form is no part of a neutral schema",
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Expression;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an expression, or a map of engine to native text")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Expression, E> {
                parse(text)
                    .map(Expression::Portable)
                    .map_err(|error| E::custom(format!("expression {text:?}: {error}")))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                map: A,
            ) -> Result<Expression, A::Error> {
                Native::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    .map(Expression::Native)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A literal is written as the expression that it is (`'queued'`, `5`, `true`, `x'00ff'`), so that
/// text that looks like a number stays text.
impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Expr::Literal(self.clone()))
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match parse(&text) {
            Ok(Expr::Literal(literal)) => Ok(literal),
            _ => Err(serde::de::Error::custom(format!(
                "{text:?} is no SQL literal"
            ))),
        }
    }
}

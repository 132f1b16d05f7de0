//! Expressions in YAML: reading them, and judging them against the columns of their table.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Phase, Span};
use crate::model::expression::functions;
use crate::model::expression::{BinaryOp, parse};
use crate::model::{Expr, Expression, Ident, Literal, Type};
use crate::yaml::text::{nearest, quote};
use crate::yaml::{Findings, Kind, Node, read};

use super::column::Read;
use super::{literal, types};

/// What an expression has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Something true, false or unknown.
    Condition,
    /// Something that a column can hold.
    Value,
}

/// Reads an expression: portable text, or a map of engine to text.
pub(super) fn read(node: &Node, findings: &Findings) -> Option<Expression> {
    if matches!(node.kind, Kind::Map(_)) {
        return types::native_text(node, findings).map(Expression::Native);
    }
    let text = read::filled_text(node, findings)?;
    match parse(&text.value) {
        Ok(expr) => Some(Expression::Portable(expr)),
        Err(error) => {
            findings.add_with_help(
                "schema/expression",
                node.place_of(error.offset),
                format!("{} is no expression: {error}", quote(&text.value)),
                "expressions are comparisons joined by and, or and not; what only one engine can \
                 say is written `{ mssql: …, sqlite: … }`",
            );
            None
        }
    }
}

/// Judges a portable expression: its columns exist, its functions are known, and conditions stand
/// where conditions can stand. Everything wrong is a finding.
pub(super) fn judge(
    expression: &Expression,
    node: &Node,
    wanted: Wanted,
    columns: &[Read],
    findings: &Findings,
) {
    let Expression::Portable(expr) = expression else {
        return;
    };
    let judge = Judge {
        node,
        columns,
        findings,
    };
    let before = findings.count();
    judge.names(expr);
    if findings.count() == before {
        match wanted {
            Wanted::Condition => judge.condition(expr),
            Wanted::Value => judge.value(expr),
        }
    }
}

/// Whether an expression can be true or false in every engine: a comparison, or conditions joined
/// by `and`, `or` and `not`. A truth value alone is none, because SQL Server has no such column.
pub fn condition(expr: &Expr) -> bool {
    match expr {
        Expr::Binary { op, left, right } => match op {
            BinaryOp::And | BinaryOp::Or => condition(left) && condition(right),
            op => comparison(*op),
        },
        Expr::Not(operand) => condition(operand),
        Expr::IsNull { .. } | Expr::In { .. } | Expr::Between { .. } | Expr::Like { .. } => true,
        Expr::Call { function, .. } => {
            functions::find(function).is_some_and(|function| function.condition)
        }
        Expr::Column(_)
        | Expr::Literal(_)
        | Expr::Negate(_)
        | Expr::Case { .. }
        | Expr::Cast { .. } => false,
    }
}

fn comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge
    )
}

struct Judge<'a> {
    node: &'a Node,
    columns: &'a [Read],
    findings: &'a Findings,
}

impl Judge<'_> {
    fn names(&self, expr: &Expr) {
        let mut told = BTreeSet::new();
        expr.visit(&mut |expr| match expr {
            Expr::Column(name)
                if self.column(name).is_none() && told.insert(name.as_str().to_owned()) =>
            {
                let known = self.columns.iter().map(|read| read.column.name.as_str());
                let help = match nearest(name.as_str(), known) {
                    Some(near) => format!("did you mean {}?", quote(near)),
                    None => "text is written in single quotes, and a column is declared under \
                                 `columns`"
                        .into(),
                };
                self.add(
                    "schema/unknown-column",
                    name.as_str(),
                    format!("the table has no column {}", quote(name.as_str())),
                    &help,
                );
            }
            Expr::Call {
                function,
                arguments,
            } => match functions::find(function) {
                None => {
                    let known = functions::FUNCTIONS.iter().map(|function| function.name);
                    let help = match nearest(function, known.clone()) {
                        Some(near) => format!("did you mean {}?", quote(near)),
                        None => format!(
                            "the portable functions are {}; another engine's function is written \
                             `{{ mssql: …, sqlite: … }}`",
                            known.collect::<Vec<_>>().join(", ")
                        ),
                    };
                    self.add(
                        "schema/unknown-function",
                        function,
                        format!("there is no portable function {}", quote(function)),
                        &help,
                    );
                }
                Some(known) if !known.arguments.contains(&arguments.len()) => self.add(
                    "schema/expression",
                    function,
                    format!(
                        "{} takes other arguments: {}({})",
                        quote(function),
                        known.name,
                        known.signature
                    ),
                    "write the arguments that it takes",
                ),
                Some(_) => {}
            },
            Expr::Cast { .. } => self.add(
                "schema/expression",
                "cast",
                "CAST names an engine's type, so it is not portable".to_owned(),
                "write the expression for each engine: `{ mssql: …, sqlite: … }`",
            ),
            _ => {}
        });
    }

    fn column(&self, name: &Ident) -> Option<&Read> {
        self.columns.iter().find(|read| read.column.name == *name)
    }

    /// Adds a finding at the word in the YAML text, or at the whole expression if it is hidden.
    fn add(&self, code: &'static str, word: &str, message: String, help: &str) {
        self.findings.push(
            Diagnostic::error(Phase::Schema, code, message)
                .spanned(self.place(word))
                .help(help),
        );
    }

    fn place(&self, word: &str) -> Span {
        let Kind::String(text) = &self.node.kind else {
            return self.node.head();
        };
        let Some(offset) = find_word(text, word) else {
            return self.node.head();
        };
        let start = self.node.place_of(offset);
        let range = start.range.start..start.range.start + word.len();
        if start.source.text.get(range.clone()) == text.get(offset..offset + word.len()) {
            Span::new(&start.source, range)
        } else {
            start
        }
    }

    fn condition(&self, expr: &Expr) {
        match expr {
            Expr::Not(operand) => self.condition(operand),
            Expr::Binary {
                op: BinaryOp::And | BinaryOp::Or,
                left,
                right,
            } => {
                self.condition(left);
                self.condition(right);
            }
            Expr::Binary { op, left, right } if comparison(*op) => {
                self.value(left);
                self.value(right);
                self.comparable(left, right);
                self.comparable(right, left);
            }
            Expr::IsNull { operand, .. } => self.value(operand),
            Expr::In { operand, list, .. } => {
                self.value(operand);
                for item in list {
                    self.value(item);
                    self.comparable(operand, item);
                }
            }
            Expr::Between {
                operand, low, high, ..
            } => {
                self.value(operand);
                for bound in [low, high] {
                    self.value(bound);
                    self.comparable(operand, bound);
                }
            }
            Expr::Like {
                operand,
                pattern,
                escape,
                ..
            } => {
                self.value(operand);
                self.value(pattern);
                if let Some(escape) = escape {
                    self.value(escape);
                }
            }
            Expr::Call {
                function,
                arguments,
            } if condition(expr) => self.arguments(function, arguments),
            other => {
                let (word, help) = match other {
                    Expr::Column(name) => (
                        name.to_string(),
                        format!("compare it with something: `{name} = true`"),
                    ),
                    _ => (String::new(), "compare it with something".to_owned()),
                };
                self.add(
                    "schema/expression",
                    &word,
                    format!("{} is a value, not a condition", quote(&other.to_string())),
                    &help,
                );
            }
        }
    }

    fn value(&self, expr: &Expr) {
        match expr {
            Expr::Column(_) | Expr::Literal(_) => {}
            Expr::Negate(operand) | Expr::Cast { operand, .. } => self.value(operand),
            Expr::Binary { op, left, right }
                if !comparison(*op) && !matches!(op, BinaryOp::And | BinaryOp::Or) =>
            {
                self.value(left);
                self.value(right);
            }
            Expr::Call {
                function,
                arguments,
            } if !condition(expr) => self.arguments(function, arguments),
            Expr::Case {
                operand,
                branches,
                otherwise,
            } => {
                if let Some(operand) = operand {
                    self.value(operand);
                }
                for (when, then) in branches {
                    if operand.is_some() {
                        self.value(when);
                    } else {
                        self.condition(when);
                    }
                    self.value(then);
                }
                if let Some(otherwise) = otherwise {
                    self.value(otherwise);
                }
            }
            other => self.add(
                "schema/expression",
                "",
                format!("{} is a condition, not a value", quote(&other.to_string())),
                "write `case when … then … else … end` to make a value of it",
            ),
        }
    }

    fn arguments(&self, function: &str, arguments: &[Expr]) {
        let first_is_condition = function.eq_ignore_ascii_case("iif");
        for (number, argument) in arguments.iter().enumerate() {
            if number == 0 && first_is_condition {
                self.condition(argument);
            } else {
                self.value(argument);
            }
        }
    }

    /// A column compared with a constant that it can never hold: SQL Server fails at run time,
    /// SQLite finds them different.
    fn comparable(&self, left: &Expr, right: &Expr) {
        let (Expr::Column(name), Expr::Literal(constant)) = (left, right) else {
            return;
        };
        let Some(read) = self.column(name).filter(|read| read.typed) else {
            return;
        };
        let ty = &read.column.ty;
        if *constant == Literal::Null {
            self.add(
                "schema/expression",
                "null",
                format!(
                    "a comparison of {} with NULL is never true",
                    quote(name.as_str())
                ),
                &format!("write `{name} is null` or `{name} is not null`"),
            );
            return;
        }
        let fits = match ty {
            Type::Native(_) => true,
            Type::Bool => matches!(constant, Literal::Bool(_)),
            Type::Binary(_) | Type::Blob | Type::RowVersion => {
                matches!(constant, Literal::Bytes(_))
            }
            ty if literal::is_number(ty) => matches!(constant, Literal::Number(_)),
            _ => matches!(constant, Literal::Text(_)),
        };
        if !fits {
            let constant = Expr::Literal(constant.clone()).to_string();
            self.add(
                "schema/expression",
                &constant,
                format!(
                    "{} is of type {ty}, which is never equal to {}",
                    quote(name.as_str()),
                    quote(&constant)
                ),
                match ty {
                    Type::Bool => "compare it with true or false",
                    ty if literal::is_number(ty) => "compare it with a number",
                    Type::Binary(_) | Type::Blob | Type::RowVersion => {
                        "compare it with bytes: x'00ff'"
                    }
                    _ => "compare it with text in single quotes",
                },
            );
        }
    }
}

/// The first place where a word stands by itself and not inside quoted text. A word that is no
/// name is found anywhere.
fn find_word(text: &str, word: &str) -> Option<usize> {
    if word.is_empty() {
        return None;
    }
    let name = |character: char| character.is_alphanumeric() || character == '_';
    let mut quoted = false;
    let is_text = !word.chars().all(name);
    for (at, character) in text.char_indices() {
        let rest = &text[at..];
        let begins = rest
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word));
        let apart = || !text[..at].ends_with(name) && !rest[word.len()..].starts_with(name);
        if begins && (is_text || !quoted && apart()) {
            return Some(at);
        }
        if character == '\'' {
            quoted = !quoted;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_outside_of_text() {
        assert_eq!(find_word("'a' = ab or a", "a"), Some(12));
        assert_eq!(find_word("CAST(a)", "cast"), Some(0));
        assert_eq!(find_word("x = 'b''c'", "'b''c'"), Some(4));
        assert_eq!(find_word("x", "y"), None);
        assert_eq!(find_word("é = e", "e"), Some(5));
    }
}

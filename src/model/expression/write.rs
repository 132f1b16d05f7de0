//! From tree to text, with only the parentheses that are needed.

use std::fmt::Write as _;

use super::parse::{CONVERT, DATE_PART, KEYWORDS, NILADIC, binary_level, level};
use super::{BinaryOp, Expr, Literal, lex};
use crate::model::Ident;

/// How a reader of SQL wants names and constants written.
pub trait Spelling {
    /// A column's name.
    fn column(&self, name: &Ident) -> String;
    /// A constant.
    fn literal(&self, literal: &Literal) -> String;
    /// Keywords in upper case, as in hand-written SQL.
    fn upper_keywords(&self) -> bool;
    /// The concatenation operator.
    fn concat(&self) -> &'static str;
    /// A constant that is compared with `other`, for engines on which the best spelling depends on
    /// it.
    fn literal_beside(&self, literal: &Literal, other: &Expr) -> String {
        let _ = other;
        self.literal(literal)
    }
}

/// The portable spelling: bare names, lower-case keywords. [`super::parse()`] reads it back.
pub fn portable(expr: &Expr) -> String {
    write(expr, &Portable)
}

/// The spelling of `spelling`, with only the parentheses that are needed.
pub fn write(expr: &Expr, spelling: &dyn Spelling) -> String {
    let mut writer = Writer {
        spelling,
        upper: spelling.upper_keywords(),
        out: String::new(),
    };
    writer.expression(expr, level::LOWEST);
    writer.out
}

/// The spelling of YAML and of `changes.yaml`.
struct Portable;

impl Spelling for Portable {
    fn column(&self, name: &Ident) -> String {
        let name = name.as_str();
        let lower = name.to_ascii_lowercase();
        let reserved = KEYWORDS.contains(&lower.as_str())
            || NILADIC.contains(&lower.as_str())
            || matches!(lower.as_str(), "isnull" | "notnull" | "select" | "exists");
        if lex::is_word(name) && !reserved {
            name.to_owned()
        } else {
            format!("\"{}\"", name.replace('"', "\"\""))
        }
    }

    fn literal(&self, literal: &Literal) -> String {
        match literal {
            Literal::Null => "null".to_owned(),
            Literal::Bool(value) => value.to_string(),
            Literal::Number(number) => number.clone(),
            Literal::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Literal::Bytes(bytes) => {
                let mut text = String::from("x'");
                for byte in bytes {
                    write!(text, "{byte:02x}").expect("writing to a string cannot fail");
                }
                text.push('\'');
                text
            }
        }
    }

    fn upper_keywords(&self) -> bool {
        false
    }

    fn concat(&self) -> &'static str {
        "||"
    }
}

struct Writer<'a> {
    spelling: &'a dyn Spelling,
    upper: bool,
    out: String,
}

impl Writer<'_> {
    fn keyword(&mut self, lower: &str) {
        if self.upper {
            self.out.push_str(&lower.to_ascii_uppercase());
        } else {
            self.out.push_str(lower);
        }
    }

    /// How tightly the operator binds in this spelling. `+` for text binds as `+` for numbers.
    fn binary_level(&self, op: BinaryOp) -> u8 {
        match op {
            BinaryOp::Concat if self.spelling.concat() == "+" => level::ADD,
            op => binary_level(op),
        }
    }

    fn level(&self, expr: &Expr) -> u8 {
        match expr {
            Expr::Binary { op, .. } => self.binary_level(*op),
            Expr::Not(_) => level::NOT,
            Expr::IsNull { .. } | Expr::In { .. } | Expr::Between { .. } | Expr::Like { .. } => {
                level::COMPARE
            }
            Expr::Negate(_) => level::UNARY,
            Expr::Literal(Literal::Number(number)) if number.starts_with('-') => level::UNARY,
            Expr::Column(_)
            | Expr::Literal(_)
            | Expr::Call { .. }
            | Expr::Case { .. }
            | Expr::Cast { .. } => level::PRIMARY,
        }
    }

    /// Writes `expr` where at least the binding strength `min` is wanted.
    fn expression(&mut self, expr: &Expr, min: u8) {
        if self.level(expr) < min {
            self.out.push('(');
            self.bare(expr);
            self.out.push(')');
        } else {
            self.bare(expr);
        }
    }

    /// Writes `expr`, an operand that is compared with `other`.
    fn compared(&mut self, expr: &Expr, other: &Expr, min: u8) {
        match expr {
            Expr::Literal(literal) if self.level(expr) >= min => {
                let text = self.spelling.literal_beside(literal, other);
                self.out.push_str(&text);
            }
            _ => self.expression(expr, min),
        }
    }

    fn bare(&mut self, expr: &Expr) {
        match expr {
            Expr::Column(name) => {
                let text = self.spelling.column(name);
                self.out.push_str(&text);
            }
            Expr::Literal(literal) => {
                let text = self.spelling.literal(literal);
                self.out.push_str(&text);
            }
            Expr::Not(operand) => {
                self.keyword("not ");
                self.expression(operand, level::NOT);
            }
            Expr::Negate(operand) => {
                self.out.push('-');
                // `--` would open a comment.
                let signed = match &**operand {
                    Expr::Negate(_) => true,
                    Expr::Literal(Literal::Number(number)) => number.starts_with('-'),
                    _ => false,
                };
                if signed {
                    self.out.push(' ');
                }
                self.expression(operand, level::UNARY);
            }
            Expr::Binary { .. } => self.binary(expr),
            Expr::IsNull { operand, negated } => {
                self.expression(operand, level::ADD);
                self.keyword(if *negated { " is not null" } else { " is null" });
            }
            Expr::In {
                operand,
                list,
                negated,
            } => {
                self.expression(operand, level::ADD);
                self.keyword(if *negated { " not in (" } else { " in (" });
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    self.compared(item, operand, level::LOWEST);
                }
                self.out.push(')');
            }
            Expr::Between {
                operand,
                low,
                high,
                negated,
            } => {
                self.expression(operand, level::ADD);
                self.keyword(if *negated {
                    " not between "
                } else {
                    " between "
                });
                self.compared(low, operand, level::ADD);
                self.keyword(" and ");
                self.compared(high, operand, level::ADD);
            }
            Expr::Like {
                operand,
                pattern,
                escape,
                negated,
            } => {
                self.expression(operand, level::ADD);
                self.keyword(if *negated { " not like " } else { " like " });
                self.compared(pattern, operand, level::ADD);
                if let Some(escape) = escape {
                    self.keyword(" escape ");
                    self.compared(escape, operand, level::ADD);
                }
            }
            Expr::Call {
                function,
                arguments,
            } => self.call(function, arguments),
            Expr::Case {
                operand,
                branches,
                otherwise,
            } => self.case(operand.as_deref(), branches, otherwise.as_deref()),
            Expr::Cast { operand, ty } => {
                self.keyword("cast(");
                self.expression(operand, level::LOWEST);
                self.keyword(" as ");
                self.out.push_str(ty);
                self.out.push(')');
            }
        }
    }

    /// A chain of operators, down its left side without recursion: chains can be long.
    fn binary(&mut self, expr: &Expr) {
        let mut spine = Vec::new();
        let mut node = expr;
        while let Expr::Binary { op, left, right } = node {
            let level = self.binary_level(*op);
            let wanted = if level == level::COMPARE {
                level::ADD
            } else {
                level
            };
            let parenthesised = self.level(left) < wanted;
            if parenthesised {
                self.out.push('(');
            }
            spine.push((*op, left, right, parenthesised));
            node = left;
        }
        for (index, (op, left, right, parenthesised)) in spine.into_iter().rev().enumerate() {
            if index == 0 {
                if is_comparison(op) && !parenthesised {
                    self.compared(left, right, level::LOWEST);
                } else {
                    self.bare(left);
                }
            }
            if parenthesised {
                self.out.push(')');
            }
            self.out.push(' ');
            let symbol = match op {
                BinaryOp::Or => "or",
                BinaryOp::And => "and",
                BinaryOp::Eq => "=",
                BinaryOp::Ne => "<>",
                BinaryOp::Lt => "<",
                BinaryOp::Le => "<=",
                BinaryOp::Gt => ">",
                BinaryOp::Ge => ">=",
                BinaryOp::Add => "+",
                BinaryOp::Sub => "-",
                BinaryOp::Concat => self.spelling.concat(),
                BinaryOp::Mul => "*",
                BinaryOp::Div => "/",
                BinaryOp::Mod => "%",
            };
            self.keyword(symbol);
            self.out.push(' ');
            let wanted = self.binary_level(op) + 1;
            if is_comparison(op) {
                self.compared(right, left, wanted);
            } else {
                self.expression(right, wanted);
            }
        }
    }

    fn call(&mut self, function: &str, arguments: &[Expr]) {
        let lower = function.to_ascii_lowercase();
        let lower = lower.as_str();
        if arguments.is_empty() && NILADIC.contains(&lower) {
            self.keyword_like(function);
            return;
        }
        self.out.push_str(function);
        self.out.push('(');
        match arguments {
            [operand, Expr::Literal(Literal::Text(ty))] if lower == "try_cast" && is_type(ty) => {
                self.expression(operand, level::LOWEST);
                self.keyword(" as ");
                self.out.push_str(ty);
            }
            [Expr::Literal(Literal::Text(word)), rest @ ..]
                if !rest.is_empty()
                    && (CONVERT.contains(&lower) && is_type(word)
                        || DATE_PART.contains(&lower) && lex::is_word(word)) =>
            {
                self.out.push_str(word);
                self.out.push_str(", ");
                self.list(rest);
            }
            // A bare word would be read as the part of the date.
            [first, rest @ ..]
                if !rest.is_empty() && DATE_PART.contains(&lower) && is_bare_word(first) =>
            {
                self.expression(first, u8::MAX);
                self.out.push_str(", ");
                self.list(rest);
            }
            _ => self.list(arguments),
        }
        self.out.push(')');
    }

    fn keyword_like(&mut self, function: &str) {
        if self.upper {
            self.keyword(function);
        } else {
            self.out.push_str(function);
        }
    }

    fn list(&mut self, items: &[Expr]) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.expression(item, level::LOWEST);
        }
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
    ) {
        self.keyword("case");
        if let Some(operand) = operand {
            self.out.push(' ');
            self.expression(operand, level::LOWEST);
        }
        for (when, then) in branches {
            self.keyword(" when ");
            match operand {
                Some(operand) => self.compared(when, operand, level::LOWEST),
                None => self.expression(when, level::LOWEST),
            }
            self.keyword(" then ");
            self.expression(then, level::LOWEST);
        }
        if let Some(otherwise) = otherwise {
            self.keyword(" else ");
            self.expression(otherwise, level::LOWEST);
        }
        self.keyword(" end");
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    binary_level(op) == level::COMPARE
}

/// Whether the expression may be written as one word.
fn is_bare_word(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) | Expr::Literal(Literal::Null | Literal::Bool(_)) => true,
        Expr::Call { arguments, .. } => arguments.is_empty(),
        _ => false,
    }
}

/// Whether a text is a type as the parser spells it, and so can be written without quotes.
fn is_type(text: &str) -> bool {
    let name = text.split('(').next().unwrap_or_default();
    !name.is_empty()
        && name.split(' ').all(lex::is_word)
        && text[name.len()..]
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'(' | b')' | b','))
}

//! From text to tree.
//!
//! One reader for all spellings: the portable one of YAML, the one that SQLite keeps as it was
//! written, and the one into which SQL Server rewrites what it is given. It reads more than
//! [`super::write`] writes; what it reads, `write` writes so that it reads the same tree again.

use super::lex::{self, Kind, Token, error};
use super::{BinaryOp, Expr, Literal};

mod operand;

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong, without the place.
    pub message: String,
    /// The byte at which it is.
    pub offset: usize,
}

/// How deep parentheses, calls and the like may nest. Reading recurses on them, and text from a
/// database or a file must not be able to exhaust the stack.
pub const MAX_NESTING: usize = 100;

/// How deep a tree may become. `a OR b OR c` deepens it without nesting; SQL Server stores IN so.
pub const MAX_DEPTH: usize = 1000;

/// Words that are no names unless they are quoted.
pub(super) const KEYWORDS: [&str; 18] = [
    "or", "and", "not", "is", "null", "in", "between", "like", "escape", "case", "when", "then",
    "else", "end", "cast", "as", "true", "false",
];

/// Functions that SQL writes without parentheses.
pub(super) const NILADIC: [&str; 6] = [
    "current_timestamp",
    "current_date",
    "current_time",
    "current_user",
    "session_user",
    "system_user",
];

/// Functions whose first argument is a bare word, `datepart(year, d)`. The word is held as text.
pub(super) const DATE_PART: [&str; 7] = [
    "datepart",
    "datename",
    "dateadd",
    "datediff",
    "datediff_big",
    "datetrunc",
    "date_bucket",
];

/// Functions whose first argument is a type, `convert(int, a, 1)`. The type is held as text.
pub(super) const CONVERT: [&str; 2] = ["convert", "try_convert"];

/// Binding strength, from loose to tight.
pub(super) mod level {
    pub(crate) const LOWEST: u8 = 0;
    pub(crate) const OR: u8 = 1;
    pub(crate) const AND: u8 = 2;
    pub(crate) const NOT: u8 = 3;
    pub(crate) const COMPARE: u8 = 4;
    pub(crate) const ADD: u8 = 5;
    pub(crate) const MULTIPLY: u8 = 6;
    pub(crate) const CONCAT: u8 = 7;
    pub(crate) const UNARY: u8 = 8;
    pub(crate) const PRIMARY: u8 = 9;
}

/// Reads an expression.
///
/// Names may be bare, `"quoted"`, `[bracketed]` or in backticks; keywords in any case; comments
/// are skipped and redundant parentheses dropped. `-5` is a number; any other unary minus is
/// [`Expr::Negate`]. `CONVERT(type, a)` is a cast.
///
/// # Errors
/// When the text is not an expression, or nests deeper than [`MAX_NESTING`] or [`MAX_DEPTH`].
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    let mut parser = Parser {
        tokens: lex::tokens(text)?,
        next: 0,
        nesting: 0,
    };
    if parser.peek() == &Kind::End {
        return Err(error("the expression is empty", 0));
    }
    let node = parser.expression(level::LOWEST)?;
    match parser.peek() {
        Kind::End => Ok(node.expr),
        Kind::Symbol(")") => Err(parser.here("this `)` closes nothing")),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

/// A tree with its depth, so that the depth is known without walking.
struct Node {
    expr: Expr,
    depth: usize,
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    nesting: usize,
}

type Parsed<T = Node> = Result<T, ParseError>;

impl Parser {
    fn peek(&self) -> &Kind {
        &self.tokens[self.next].kind
    }

    fn peek_second(&self) -> &Kind {
        &self.tokens[(self.next + 1).min(self.tokens.len() - 1)].kind
    }

    fn take(&mut self) -> Kind {
        let kind = self.tokens[self.next].kind.clone();
        // The last token is the end, which can be taken any number of times.
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        kind
    }

    fn here(&self, message: impl Into<String>) -> ParseError {
        error(message, self.tokens[self.next].start)
    }

    fn unexpected(&self, expected: &str) -> ParseError {
        let found = match self.peek() {
            Kind::End => "the end".to_owned(),
            Kind::Word(word) => match word.to_lowercase().as_str() {
                "collate" | "glob" | "regexp" | "match" | "at" | "over" | "exists" | "select"
                | "distinct" => {
                    return self.here(format!(
                        "`{word}` is not part of the portable language: \
                         write the expression for each engine instead"
                    ));
                }
                _ => format!("`{word}`"),
            },
            Kind::Name(name) => format!("the name \"{name}\""),
            Kind::Text(text) => format!("the text '{text}'"),
            Kind::Number(number) => format!("the number {number}"),
            Kind::Bytes(_) => "a constant of bytes".to_owned(),
            Kind::Symbol(".") => {
                return self.here("names cannot be qualified: name a column of the same table");
            }
            Kind::Symbol(symbol) => format!("`{symbol}`"),
        };
        self.here(format!("expected {expected}, found {found}"))
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), Kind::Symbol(found) if *found == symbol)
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.take();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.accept(symbol) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{symbol}`")))
        }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Word(found) if found.eq_ignore_ascii_case(word))
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.take();
        }
        found
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.accept_word(word) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{word}`")))
        }
    }

    /// A tree over parts of these depths.
    fn node(&self, expr: Expr, below: impl IntoIterator<Item = usize>) -> Parsed {
        let depth = below.into_iter().max().unwrap_or(0) + 1;
        if depth > MAX_DEPTH {
            return Err(self.here("the expression is too long to be analysed"));
        }
        Ok(Node { expr, depth })
    }

    /// An expression whose operators bind at least as tightly as `min`.
    fn expression(&mut self, min: u8) -> Parsed {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.here("the expression is nested too deeply to be analysed"));
        }
        let mut left = self.prefix(min)?;
        let mut compared = false;
        while let Some(operator) = self.operator() {
            let level = operator.level();
            if level < min {
                break;
            }
            if level == level::COMPARE {
                // Engines disagree on what `a = b < c` means.
                if compared {
                    return Err(
                        self.here("a comparison of a comparison needs parentheses around one")
                    );
                }
                compared = true;
            }
            left = self.infix(left, operator)?;
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn prefix(&mut self, min: u8) -> Parsed {
        if self.is_word("not") {
            if min > level::NOT {
                return Err(self.here("NOT needs parentheses around it and its operand here"));
            }
            self.take();
            let operand = self.expression(level::NOT)?;
            return self.node(Expr::Not(Box::new(operand.expr)), [operand.depth]);
        }
        if self.accept("-") {
            let operand = self.expression(level::UNARY)?;
            return match operand.expr {
                Expr::Literal(Literal::Number(number)) if !number.starts_with('-') => Ok(Node {
                    expr: Expr::Literal(Literal::Number(format!("-{number}"))),
                    depth: operand.depth,
                }),
                other => self.node(Expr::Negate(Box::new(other)), [operand.depth]),
            };
        }
        if self.accept("+") {
            return self.expression(level::UNARY);
        }
        self.primary()
    }

    fn operator(&self) -> Option<Operator> {
        match self.peek() {
            Kind::Symbol(symbol) => Some(Operator::Binary(match *symbol {
                "=" => BinaryOp::Eq,
                "<>" => BinaryOp::Ne,
                "<" => BinaryOp::Lt,
                "<=" => BinaryOp::Le,
                ">" => BinaryOp::Gt,
                ">=" => BinaryOp::Ge,
                "+" => BinaryOp::Add,
                "-" => BinaryOp::Sub,
                "||" => BinaryOp::Concat,
                "*" => BinaryOp::Mul,
                "/" => BinaryOp::Div,
                "%" => BinaryOp::Mod,
                _ => return None,
            })),
            Kind::Word(word) => match word.to_ascii_lowercase().as_str() {
                "or" => Some(Operator::Binary(BinaryOp::Or)),
                "and" => Some(Operator::Binary(BinaryOp::And)),
                "is" | "not" | "in" | "between" | "like" | "isnull" | "notnull" => {
                    Some(Operator::Test)
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn infix(&mut self, left: Node, operator: Operator) -> Parsed {
        match operator {
            Operator::Binary(op) => {
                self.take();
                let right = self.expression(binary_level(op) + 1)?;
                self.node(
                    Expr::binary(left.expr, op, right.expr),
                    [left.depth, right.depth],
                )
            }
            Operator::Test => self.test(left),
        }
    }

    /// `IS NULL`, `IN`, `BETWEEN` and `LIKE`, each with or without NOT.
    fn test(&mut self, left: Node) -> Parsed {
        let operand = Box::new(left.expr);
        let is_null = |parser: &Self, operand, negated| {
            parser.node(Expr::IsNull { operand, negated }, [left.depth])
        };
        if self.accept_word("isnull") {
            return is_null(self, operand, false);
        }
        if self.accept_word("notnull") {
            return is_null(self, operand, true);
        }
        if self.accept_word("is") {
            let negated = self.accept_word("not");
            if !self.accept_word("null") {
                return Err(self.unexpected(if negated { "NULL" } else { "NULL or NOT NULL" }));
            }
            return is_null(self, operand, negated);
        }
        let negated = self.accept_word("not");
        if negated && self.accept_word("null") {
            return is_null(self, operand, true);
        }
        if self.accept_word("in") {
            if !self.is_symbol("(") {
                return Err(self.unexpected("`(` and a list of values"));
            }
            let list = self.arguments(None)?;
            if list.is_empty() {
                return Err(self.here("IN needs at least one value"));
            }
            let (list, depth) = unzip(list);
            return self.node(
                Expr::In {
                    operand,
                    list,
                    negated,
                },
                [left.depth, depth],
            );
        }
        if self.accept_word("between") {
            let low = self.expression(level::ADD)?;
            self.expect_word("and")?;
            let high = self.expression(level::ADD)?;
            return self.node(
                Expr::Between {
                    operand,
                    low: Box::new(low.expr),
                    high: Box::new(high.expr),
                    negated,
                },
                [left.depth, low.depth, high.depth],
            );
        }
        if self.accept_word("like") {
            let pattern = self.expression(level::ADD)?;
            let escape = if self.accept_word("escape") {
                Some(self.expression(level::ADD)?)
            } else {
                None
            };
            let depths = [
                left.depth,
                pattern.depth,
                escape.as_ref().map_or(0, |escape| escape.depth),
            ];
            return self.node(
                Expr::Like {
                    operand,
                    pattern: Box::new(pattern.expr),
                    escape: escape.map(|escape| Box::new(escape.expr)),
                    negated,
                },
                depths,
            );
        }
        Err(self.unexpected("IN, BETWEEN, LIKE or NULL after NOT"))
    }
}

/// What follows an operand.
#[derive(Clone, Copy)]
enum Operator {
    Binary(BinaryOp),
    /// IS, IN, BETWEEN, LIKE.
    Test,
}

impl Operator {
    fn level(self) -> u8 {
        match self {
            Self::Binary(op) => binary_level(op),
            Self::Test => level::COMPARE,
        }
    }
}

/// How tightly an operator binds.
pub(super) fn binary_level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => level::OR,
        BinaryOp::And => level::AND,
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
            level::COMPARE
        }
        BinaryOp::Add | BinaryOp::Sub => level::ADD,
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod => level::MULTIPLY,
        BinaryOp::Concat => level::CONCAT,
    }
}

fn unzip(nodes: Vec<Node>) -> (Vec<Expr>, usize) {
    let depth = nodes.iter().map(|node| node.depth).max().unwrap_or(0);
    (nodes.into_iter().map(|node| node.expr).collect(), depth)
}

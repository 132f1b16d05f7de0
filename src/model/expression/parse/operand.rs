//! What stands between operators: names, constants, calls, CASE, CAST and parentheses.

use super::{
    CONVERT, DATE_PART, Expr, KEYWORDS, Kind, Literal, NILADIC, Node, Parsed, Parser, level, lex,
    unzip,
};
use crate::model::Ident;

impl Parser {
    pub(super) fn primary(&mut self) -> Parsed {
        let leaf = |expr| Ok(Node { expr, depth: 1 });
        match self.peek() {
            Kind::Word(_) => self.word(),
            Kind::Symbol("(") => {
                self.take();
                let inner = self.expression(level::LOWEST)?;
                if self.is_symbol(",") {
                    return Err(self.here("a row of values in parentheses is not supported"));
                }
                self.expect(")")?;
                Ok(inner)
            }
            Kind::Name(_) | Kind::Text(_) | Kind::Number(_) | Kind::Bytes(_) => {
                match self.take() {
                    Kind::Name(_) if self.is_symbol("(") => Err(self
                        .here("a function's name is written without quotes and without a schema")),
                    Kind::Name(name) => leaf(Expr::Column(Ident::new(name))),
                    Kind::Text(text) => leaf(Expr::Literal(Literal::Text(text))),
                    Kind::Number(number) => leaf(Expr::Literal(Literal::Number(number))),
                    Kind::Bytes(bytes) => leaf(Expr::Literal(Literal::Bytes(bytes))),
                    other => unreachable!("{other:?} was just seen to be a name or a constant"),
                }
            }
            Kind::Symbol(_) | Kind::End => Err(self.unexpected("a column, a value or `(`")),
        }
    }

    fn word(&mut self) -> Parsed {
        let leaf = |expr| Ok(Node { expr, depth: 1 });
        let called = matches!(self.peek_second(), Kind::Symbol("("));
        let at = self.next;
        let Kind::Word(word) = self.take() else {
            unreachable!("the caller has seen a word");
        };
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "null" => leaf(Expr::Literal(Literal::Null)),
            "true" => leaf(Expr::Literal(Literal::Bool(true))),
            "false" => leaf(Expr::Literal(Literal::Bool(false))),
            "case" => self.case(),
            "cast" if called => {
                let (operand, ty) = self.cast()?;
                let expr = Expr::Cast {
                    operand: Box::new(operand.expr),
                    ty,
                };
                self.node(expr, [operand.depth])
            }
            "try_cast" if called => {
                let (operand, ty) = self.cast()?;
                let arguments = vec![operand.expr, Expr::Literal(Literal::Text(ty))];
                self.call(word, arguments, operand.depth)
            }
            lower if called && CONVERT.contains(&lower) => {
                self.expect("(")?;
                let ty = self.ty()?;
                self.expect(",")?;
                let (mut rest, depth) = unzip(self.arguments_after_open(None)?);
                if lower == "convert" && rest.len() == 1 {
                    let operand = Box::new(rest.remove(0));
                    return self.node(Expr::Cast { operand, ty }, [depth]);
                }
                rest.insert(0, Expr::Literal(Literal::Text(ty)));
                self.call(word, rest, depth)
            }
            lower if NILADIC.contains(&lower) => {
                if called {
                    self.take();
                    self.expect(")")?;
                }
                self.call(word, Vec::new(), 0)
            }
            lower if KEYWORDS.contains(&lower) => {
                self.next = at;
                if self.next + 1 == self.tokens.len() {
                    return Err(self.unexpected("a column, a value or `(`"));
                }
                Err(self.here(format!(
                    "`{word}` is a keyword: expected a column, a value or `(` here; \
                     a column of that name is written \"{word}\""
                )))
            }
            lower if called => {
                let (arguments, depth) = unzip(self.arguments(Some(lower))?);
                self.call(word, arguments, depth)
            }
            "select" | "exists" => {
                self.next = at;
                Err(self.unexpected("a column, a value or `(`"))
            }
            _ => leaf(Expr::Column(Ident::new(word))),
        }
    }

    fn call(&self, function: String, arguments: Vec<Expr>, depth: usize) -> Parsed {
        self.node(
            Expr::Call {
                function,
                arguments,
            },
            [depth],
        )
    }

    /// A list in parentheses. A function of [`DATE_PART`] takes a bare word first.
    pub(super) fn arguments(&mut self, function: Option<&str>) -> Parsed<Vec<Node>> {
        self.expect("(")?;
        if self.accept(")") {
            return Ok(Vec::new());
        }
        self.arguments_after_open(function)
    }

    fn arguments_after_open(&mut self, function: Option<&str>) -> Parsed<Vec<Node>> {
        let mut list = Vec::new();
        if function.is_some_and(|function| DATE_PART.contains(&function)) {
            if matches!(self.peek_second(), Kind::Symbol(","))
                && let Kind::Word(word) = self.peek()
            {
                let expr = Expr::Literal(Literal::Text(word.clone()));
                list.push(Node { expr, depth: 1 });
                self.take();
                self.take();
            } else if !self.is_symbol("(") {
                // A column here is written in parentheses, and must nest no deeper then.
                self.nesting += 1;
                list.push(self.expression(level::LOWEST)?);
                self.nesting -= 1;
                if self.accept(")") {
                    return Ok(list);
                }
                self.expect(",")?;
            }
        }
        loop {
            list.push(self.expression(level::LOWEST)?);
            if self.accept(")") {
                return Ok(list);
            }
            if !self.accept(",") {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
    }

    /// `(a AS type)`.
    fn cast(&mut self) -> Parsed<(Node, String)> {
        self.expect("(")?;
        let operand = self.expression(level::LOWEST)?;
        self.expect_word("as")?;
        let ty = self.ty()?;
        self.expect(")")?;
        Ok((operand, ty))
    }

    /// A type's name with its arguments, in one spelling: `decimal(5,4)`.
    fn ty(&mut self) -> Parsed<String> {
        let mut ty = String::new();
        loop {
            match self.peek() {
                Kind::Word(word) | Kind::Name(word) if lex::is_word(word) => {
                    if !ty.is_empty() {
                        ty.push(' ');
                    }
                    ty.push_str(word);
                    self.take();
                }
                _ if ty.is_empty() => return Err(self.unexpected("a type")),
                _ => break,
            }
        }
        if !self.accept("(") {
            return Ok(ty);
        }
        ty.push('(');
        loop {
            match self.peek() {
                Kind::Number(n) if n.bytes().all(|byte| byte.is_ascii_digit()) => ty.push_str(n),
                Kind::Word(word) if word.eq_ignore_ascii_case("max") => ty.push_str(word),
                _ => return Err(self.unexpected("a length")),
            }
            self.take();
            if self.accept(")") {
                ty.push(')');
                return Ok(ty);
            }
            self.expect(",")?;
            ty.push(',');
        }
    }

    fn case(&mut self) -> Parsed {
        let mut depth = 0;
        let mut deepen = |node: Node| {
            depth = depth.max(node.depth);
            node.expr
        };
        let operand = if self.is_word("when") {
            None
        } else {
            Some(Box::new(deepen(self.expression(level::LOWEST)?)))
        };
        let mut branches = Vec::new();
        while self.accept_word("when") {
            let when = deepen(self.expression(level::LOWEST)?);
            self.expect_word("then")?;
            branches.push((when, deepen(self.expression(level::LOWEST)?)));
        }
        if branches.is_empty() {
            return Err(self.unexpected("WHEN"));
        }
        let otherwise = if self.accept_word("else") {
            Some(Box::new(deepen(self.expression(level::LOWEST)?)))
        } else {
            None
        };
        self.expect_word("end")?;
        self.node(
            Expr::Case {
                operand,
                branches,
                otherwise,
            },
            [depth],
        )
    }
}

//! One level of a query: the tables in its FROM, the conditions that its rows must pass, and which
//! of the tables they hold to the tenant.
//!
//! Why the conditions of outer joins count as they do. A condition in WHERE on any table of FROM,
//! however it is joined, drops every row in which that table has another tenant's row, and every
//! row in which it has none; so whatever another tenant's row displaced or left out was to be
//! dropped anyway. A condition in ON acts like a WHERE on the side that the join does not preserve,
//! and does nothing to the side that it does. An equality with the tenant column of a held table
//! lets another tenant's rows meet only rows that are dropped later.

use std::collections::BTreeSet;
use std::ops::Range;

use sqlparser::ast::{BinaryOperator, Expr, Value};
use sqlparser::tokenizer::Span;

use super::name::{fold, is_variable};

/// A column of what a query or table gives.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name, folded; `None` where it has none.
    pub(super) name: Option<String>,
    /// Whether each of its values is the tenant of the parameter, or NULL.
    pub(super) anchored: bool,
}

/// The columns of what a query or table gives.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) list: Vec<Column>,
    /// Whether there are no others.
    pub(super) complete: bool,
    /// Whether they come in this order.
    pub(super) ordered: bool,
}

impl Columns {
    /// Nothing is known.
    pub(super) fn unknown() -> Self {
        Self {
            list: Vec::new(),
            complete: false,
            ordered: false,
        }
    }

    /// The same columns under other names; without names, unchanged.
    pub(super) fn renamed(mut self, names: &[String]) -> Self {
        if names.is_empty() {
            return self;
        }
        if !(self.ordered && self.complete && self.list.len() == names.len()) {
            return Self {
                list: names
                    .iter()
                    .map(|name| Column {
                        name: Some(name.clone()),
                        anchored: false,
                    })
                    .collect(),
                complete: true,
                ordered: true,
            };
        }
        for (column, name) in self.list.iter_mut().zip(names) {
            column.name = Some(name.clone());
        }
        self
    }

    fn may_have(&self, column: &str) -> bool {
        !self.complete || self.has(column)
    }

    fn has(&self, column: &str) -> bool {
        self.list
            .iter()
            .any(|own| own.name.as_deref() == Some(column))
    }

    fn anchored(&self, column: &str) -> bool {
        let mut own = self
            .list
            .iter()
            .filter(|own| own.name.as_deref() == Some(column))
            .peekable();
        own.peek().is_some() && own.all(|own| own.anchored)
    }
}

/// A table, or something like one, in a FROM.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The name by which columns are qualified, folded; empty where there is none.
    pub(super) name: String,
    /// How messages call it: `jobRuns`, or `jobRuns (alias j)`.
    pub(super) shown: String,
    /// What columns are qualified with, as written.
    pub(super) qualifier: String,
    /// The table of the schema that it is, folded.
    pub(super) table: Option<String>,
    /// Where it stands.
    pub(super) place: Span,
    pub(super) columns: Columns,
    /// The tenant column of a table that belongs to tenants, folded, and as the schema spells it.
    pub(super) tenant: Option<(String, String)>,
    /// Whether conditions hold it to the tenant.
    pub(super) held: bool,
}

impl Source {
    fn is_tenant(&self, column: &str) -> bool {
        self.tenant
            .as_ref()
            .is_some_and(|(tenant, _)| tenant == column)
    }

    fn anchored(&self, column: &str) -> bool {
        (self.held && self.is_tenant(column)) || self.columns.anchored(column)
    }
}

/// The sources that an expression can name, and those of the queries around it.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) outer: Option<&'s Scope<'s>>,
    pub(super) sources: &'s [Source],
    /// Which of them can be named from here. A name of another one is taken for nothing, because
    /// engines differ in whether they then look around.
    pub(super) visible: (usize, usize),
}

/// What a column's name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    /// A column of this source of this level.
    Here(usize),
    /// A column of a query around; whether it is anchored.
    Around(bool),
    /// One of several.
    Ambiguous,
    /// Nothing that is known.
    Unknown,
}

impl Scope<'_> {
    /// What an expression means as a column, with the column's folded name. `None` when it is no
    /// name of a column.
    pub(super) fn column(&self, expr: &Expr) -> Option<(Meant, String)> {
        let (qualifier, column) = match expr {
            Expr::Identifier(name) if !is_variable(name) => (None, fold(name)),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [qualifier, name] => (Some(fold(qualifier)), fold(name)),
                _ => return None,
            },
            _ => return None,
        };
        Some((self.resolve(qualifier.as_deref(), &column), column))
    }

    fn resolve(&self, qualifier: Option<&str>, column: &str) -> Meant {
        let mut candidates = self.sources.iter().enumerate().filter(|(_, source)| {
            qualifier.map_or_else(
                || source.columns.may_have(column),
                |qualifier| source.name == qualifier,
            )
        });
        let (first, second) = (candidates.next(), candidates.next());
        match (first, second) {
            (Some(_), Some(_)) => Meant::Ambiguous,
            (Some((at, source)), None) => {
                let visible = (self.visible.0..self.visible.1).contains(&at);
                match visible && source.columns.has(column) {
                    true => Meant::Here(at),
                    false => Meant::Unknown,
                }
            }
            (None, _) => match self
                .outer
                .map(|outer| (outer, outer.resolve(qualifier, column)))
            {
                Some((outer, Meant::Here(at))) => Meant::Around(outer.sources[at].anchored(column)),
                Some((_, meant)) => meant,
                None => Meant::Unknown,
            },
        }
    }

    /// Whether an expression is a column whose values are all the parameter's tenant, or NULL.
    pub(super) fn is_anchored(&self, expr: &Expr) -> bool {
        match self.column(unwrapped(expr)) {
            Some((Meant::Here(at), column)) => self.sources[at].anchored(&column),
            Some((Meant::Around(anchored), _)) => anchored,
            Some((Meant::Ambiguous | Meant::Unknown, _)) | None => false,
        }
    }
}

/// A condition and the sources that it filters.
pub(super) struct Condition<'q> {
    pub(super) expr: &'q Expr,
    pub(super) filters: Range<usize>,
    /// The sources that it can name.
    pub(super) visible: (usize, usize),
}

/// What a part of a condition says about tenant columns.
enum Fact {
    /// The column is the parameter.
    Root(usize, String),
    /// Two columns are the same; sources of this level, or whether one around is anchored.
    Edge(End, End),
}

enum End {
    Here(usize, String),
    Around(bool),
}

/// Finds out which sources the conditions hold to the tenant, and marks them.
pub(super) fn hold(
    sources: &mut [Source],
    conditions: &[Condition<'_>],
    outer: Option<&Scope<'_>>,
    parameter: &str,
) {
    let mut facts = Vec::new();
    for condition in conditions {
        let scope = Scope {
            outer,
            sources,
            visible: condition.visible,
        };
        for conjunct in conjuncts(condition.expr) {
            if let Some(fact) = fact(conjunct, &scope, parameter) {
                facts.push((condition.filters.clone(), fact));
            }
        }
    }
    loop {
        let mut changed = false;
        for (filters, fact) in &facts {
            let target = match fact {
                Fact::Root(at, column) => Some((*at, column)),
                Fact::Edge(one, other) => {
                    let anchored = |end: &End| match end {
                        End::Here(at, column) => sources[*at].anchored(column),
                        End::Around(anchored) => *anchored,
                    };
                    match (one, other) {
                        (End::Here(at, column), other) if anchored(other) && !sources[*at].held => {
                            Some((*at, column))
                        }
                        (one, End::Here(at, column)) if anchored(one) => Some((*at, column)),
                        _ => None,
                    }
                }
            };
            if let Some((at, column)) = target {
                let source = &mut sources[at];
                if filters.contains(&at) && source.is_tenant(column) && !source.held {
                    source.held = true;
                    changed = true;
                }
            }
        }
        if !changed {
            return;
        }
    }
}

fn fact(conjunct: &Expr, scope: &Scope<'_>, parameter: &str) -> Option<Fact> {
    let Expr::BinaryOp {
        left,
        op: BinaryOperator::Eq,
        right,
    } = conjunct
    else {
        return None;
    };
    let end = |expr| match scope.column(expr) {
        Some((Meant::Here(at), column)) => Some(End::Here(at, column)),
        Some((Meant::Around(anchored), _)) => Some(End::Around(anchored)),
        Some((Meant::Ambiguous | Meant::Unknown, _)) | None => None,
    };
    let (left, right) = (unwrapped(left), unwrapped(right));
    let (column, other) = if is_parameter(right, parameter) {
        (left, None)
    } else if is_parameter(left, parameter) {
        (right, None)
    } else {
        (left, Some(right))
    };
    match (end(column)?, other) {
        (End::Here(at, column), None) => Some(Fact::Root(at, column)),
        (End::Around(_), None) => None,
        (one, Some(other)) => Some(Fact::Edge(one, end(other)?)),
    }
}

/// What was written about the tenant of a source that is not held, for its message.
pub(super) enum Attempt {
    /// Nothing.
    None,
    /// The parameter, in the ON of a join that preserves the table.
    NoFilter,
    /// A literal.
    Literal,
    /// A name that could be a column of several tables.
    Ambiguous,
}

/// Looks for what was meant to hold a source.
pub(super) fn attempt(
    at: usize,
    sources: &[Source],
    conditions: &[Condition<'_>],
    outer: Option<&Scope<'_>>,
    parameter: &str,
) -> Attempt {
    let mut found = Attempt::None;
    for condition in conditions {
        let scope = Scope {
            outer,
            sources,
            visible: condition.visible,
        };
        for conjunct in conjuncts(condition.expr) {
            let Expr::BinaryOp { left, op, right } = conjunct else {
                continue;
            };
            let equal = *op == BinaryOperator::Eq;
            for (one, other) in [(left, right), (right, left)] {
                let (one, other) = (unwrapped(one), unwrapped(other));
                let Some((meant, column)) = scope.column(one) else {
                    continue;
                };
                if !sources[at].is_tenant(&column) {
                    continue;
                }
                found = match (meant, other) {
                    (Meant::Here(here), other) if here == at && equal => match other {
                        Expr::Value(value) if !matches!(value.value, Value::Placeholder(_)) => {
                            return Attempt::Literal;
                        }
                        other if is_parameter(other, parameter) => Attempt::NoFilter,
                        _ => found,
                    },
                    (Meant::Ambiguous, _) => Attempt::Ambiguous,
                    _ => found,
                };
            }
        }
    }
    found
}

/// The parts of a condition that must all hold.
fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    let mut waiting = vec![expr];
    let mut found = Vec::new();
    while let Some(expr) = waiting.pop() {
        match expr {
            Expr::Nested(inner) => waiting.push(inner),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => waiting.extend([&**right, &**left]),
            other => found.push(other),
        }
    }
    found
}

/// An expression without the parentheses around it.
pub(super) fn unwrapped(mut expr: &Expr) -> &Expr {
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    expr
}

/// Whether an expression is the reserved parameter and nothing else.
pub(super) fn is_parameter(expr: &Expr, parameter: &str) -> bool {
    match unwrapped(expr) {
        Expr::Identifier(name) => name.quote_style.is_none() && name.value == parameter,
        Expr::Value(value) => {
            matches!(&value.value, Value::Placeholder(name) if name == parameter)
        }
        _ => false,
    }
}

/// Names that stand for two sources at once.
pub(super) fn doubled(sources: &[Source]) -> Vec<&Source> {
    let mut seen = BTreeSet::new();
    sources
        .iter()
        .filter(|source| !source.name.is_empty() && !seen.insert(source.name.as_str()))
        .collect()
}

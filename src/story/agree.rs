//! Values under which the columns of a row agree: checks over several columns, such as "an accepted
//! event has a job".
//!
//! A column that is left out has a value of its own: its default, NULL, or what
//! [`generate`](super::generate) makes. Where these together break a check, the fewest columns are
//! given another value that their own checks allow. What cannot be told of a check counts as kept:
//! the database has the last word.

use super::generate;
use super::run::needs_value;
use super::value;
use crate::engine::Value;
use crate::model::expression::BinaryOp;
use crate::model::{Column, DefaultValue, Expr, Expression, Ident, Table, Type};

/// How many columns may be given another value than their own.
const MOST: usize = 4;

/// What is known of a column's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// It is this, NULL among them.
    Value(Value),
    /// It is not NULL.
    Some,
}

/// The columns that need another value than their own, beside those that are given.
pub fn choices(table: &Table, given: &[(Ident, Known)]) -> Vec<(Ident, Known)> {
    let checks: Vec<&Expr> = table
        .checks()
        .filter_map(|check| match &check.expression {
            Expression::Portable(expr) => Some(expr),
            Expression::Native(_) | Expression::Opaque(_) => None,
        })
        .collect();
    let mut search = Search {
        table,
        checks,
        row: table
            .columns
            .iter()
            .map(|column| {
                let given = given.iter().find(|(name, _)| *name == column.name);
                given.map_or_else(|| own(table, column), |(_, known)| known.clone())
            })
            .collect(),
        free: (0..table.columns.len())
            .filter(|at| {
                let name = &table.columns[*at].name;
                !given.iter().any(|(given, _)| given == name)
            })
            .collect(),
        chosen: Vec::new(),
    };
    (0..=MOST)
        .find(|changes| search.find(*changes, 0))
        .map_or_else(Vec::new, |_| search.chosen)
}

struct Search<'a> {
    table: &'a Table,
    checks: Vec<&'a Expr>,
    /// What each column holds.
    row: Vec<Known>,
    /// The columns that nobody gave.
    free: Vec<usize>,
    chosen: Vec<(Ident, Known)>,
}

impl Search<'_> {
    /// Whether so many changes, to columns from this one on, keep every check.
    fn find(&mut self, changes: usize, from: usize) -> bool {
        let broken = self.broken();
        if broken.is_none() || changes == 0 {
            return broken.is_none();
        }
        for next in from..self.free.len() {
            let at = self.free[next];
            let column = &self.table.columns[at];
            for other in others(self.table, column) {
                if other == self.row[at] {
                    continue;
                }
                let before = std::mem::replace(&mut self.row[at], other.clone());
                self.chosen.push((column.name.clone(), other));
                if self.find(changes - 1, next + 1) {
                    return true;
                }
                self.chosen.pop();
                self.row[at] = before;
            }
        }
        false
    }

    fn broken(&self) -> Option<&Expr> {
        let broken = |check: &&&Expr| self.truth(check) == Truth::False;
        self.checks.iter().find(broken).copied()
    }

    fn truth(&self, expr: &Expr) -> Truth {
        match expr {
            Expr::Not(inner) => self.truth(inner).not(),
            Expr::Binary {
                op: BinaryOp::And,
                left,
                right,
            } => self.truth(left).and(self.truth(right)),
            Expr::Binary {
                op: BinaryOp::Or,
                left,
                right,
            } => {
                let negated = self.truth(left).not().and(self.truth(right).not());
                negated.not()
            }
            Expr::Binary { op, left, right } => self.compared(left, *op, right),
            Expr::IsNull { operand, negated } => match self.known(operand) {
                None => Truth::Unknown,
                Some(known) => Truth::from((*known == Known::Value(Value::Null)) != *negated),
            },
            Expr::In {
                operand,
                list,
                negated,
            } => {
                let any = list.iter().fold(Truth::True, |none, item| {
                    none.and(self.compared(operand, BinaryOp::Eq, item).not())
                });
                if *negated { any } else { any.not() }
            }
            _ => Truth::Unknown,
        }
    }

    fn known(&self, expr: &Expr) -> Option<&Known> {
        let Expr::Column(name) = expr else {
            return None;
        };
        let columns = &self.table.columns;
        let at = columns
            .iter()
            .position(|column| column.name.folded() == name.folded())?;
        Some(&self.row[at])
    }

    fn compared(&self, left: &Expr, op: BinaryOp, right: &Expr) -> Truth {
        // A constant is read as the column beside it is typed.
        let ((Expr::Column(name), _) | (_, Expr::Column(name))) = (left, right) else {
            return Truth::Unknown;
        };
        let Some(column) = self.table.column(name) else {
            return Truth::Unknown;
        };
        let side = |expr: &Expr| match expr {
            Expr::Column(_) => self.known(expr).cloned(),
            _ => {
                let constant = generate::constant(expr)?;
                let value = generate::literal(&column.ty, &constant).ok()?;
                Some(Known::Value(value))
            }
        };
        let (left, right) = (side(left), side(right));
        let (Some(left), Some(right)) = (left, right) else {
            return Truth::Unknown;
        };
        let null = Known::Value(Value::Null);
        if left == null || right == null {
            return Truth::Null;
        }
        let (Known::Value(left), Known::Value(right)) = (left, right) else {
            return Truth::Unknown;
        };
        let Some(order) = value::compare(&column.ty, &left, &right) else {
            return Truth::Unknown;
        };
        match op {
            BinaryOp::Eq => Truth::from(order.is_eq()),
            BinaryOp::Ne => Truth::from(order.is_ne()),
            BinaryOp::Lt => Truth::from(order.is_lt()),
            BinaryOp::Le => Truth::from(order.is_le()),
            BinaryOp::Gt => Truth::from(order.is_gt()),
            BinaryOp::Ge => Truth::from(order.is_ge()),
            _ => Truth::Unknown,
        }
    }
}

/// The logic of SQL, and what cannot be told.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Truth {
    True,
    False,
    Null,
    Unknown,
}

impl Truth {
    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            other => other,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Null, _) | (_, Self::Null) => Self::Null,
            (Self::True, Self::True) => Self::True,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// What a column holds when nobody gives it a value.
fn own(table: &Table, column: &Column) -> Known {
    if needs_value(table, column) {
        let allowed = generate::allowed(table, column);
        return allowed.into_iter().next().map_or(Known::Some, Known::Value);
    }
    match &column.default {
        Some(default) => match &default.value {
            DefaultValue::Literal(literal) => {
                generate::literal(&column.ty, literal).map_or(Known::Some, Known::Value)
            }
            _ => Known::Some,
        },
        None if column.nullable => Known::Value(Value::Null),
        None => Known::Some,
    }
}

/// What else a column could hold. A foreign key can only be left empty: nobody knows a row here
/// that it could refer to.
fn others(table: &Table, column: &Column) -> Vec<Known> {
    if column.identity.is_some() || column.computed.is_some() || column.ty == Type::RowVersion {
        return Vec::new();
    }
    let refers = table
        .foreign_keys()
        .any(|key| key.columns.contains(&column.name));
    let mut others: Vec<Known> = Vec::new();
    if !refers {
        others.extend(
            generate::allowed(table, column)
                .into_iter()
                .map(Known::Value),
        );
        if column.ty == Type::Bool {
            others.extend([0, 1].map(|bit| Known::Value(Value::Integer(bit))));
        }
        if column.nullable && others.is_empty() {
            others.push(Known::Some);
        }
    }
    if column.nullable {
        others.push(Known::Value(Value::Null));
    }
    others
}

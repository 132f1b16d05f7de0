//! Values for the columns that an author leaves out.
//!
//! A generated value satisfies its column's type and those checks on this one column that are
//! comparisons with constants (`oneOf`, `min`, `max` among them). Where checks over several columns
//! refuse the row, its generated values are changed until none does ([`Draft::settle`]); what
//! cannot be told without a database is left to the database, and the finding of its refusal says
//! which columns were generated.
//!
//! The same seed, story, scenario and copy give the same values in the same order.

mod judge;
mod search;

#[cfg(test)]
pub(super) use judge::{Truth, truth};
pub use search::Draft;

use sha2::{Digest, Sha256};

use super::clock::Instant;
use super::value;
use crate::engine::Value;
use crate::model::expression::BinaryOp;
use crate::model::{Column, Expr, Expression, Ident, Literal, Table, Type};

/// A deterministic source of values.
#[derive(Debug, Clone)]
pub struct Generator {
    /// What makes this run and scenario different from others.
    key: [u8; 32],
    /// Which of the copies that run at once this is; 0 when there is one.
    copy: u32,
    /// How many values were made.
    count: u64,
}

impl Generator {
    /// The source for one scenario of one run.
    pub fn new(seed: u64, story: &str, scenario: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        // Lengths keep (`ab`, `c`) and (`a`, `bc`) apart.
        for part in [story, scenario] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self {
            key: hash.finalize().into(),
            copy: 0,
            count: 0,
        }
    }

    /// The source for one of the copies that run at once, numbered from 1.
    pub fn copy(&self, copy: u32) -> Self {
        Self {
            copy,
            ..self.clone()
        }
    }

    /// What makes the tenants of this scenario its own: ten hexadecimal digits.
    pub fn token(&self) -> String {
        value::hex(&self.key[..5])
    }

    /// A correlation for a principal that has none.
    pub fn correlation(&mut self) -> String {
        self.uuid()
    }

    /// A value for a column of a table.
    ///
    /// # Errors
    /// Why none can be made, to be put behind "no value can be generated for `x`: ".
    pub fn value(&mut self, table: &Table, column: &Column, now: Instant) -> Result<Value, String> {
        let limits = Limits::of(table, column);
        if let Some(first) = limits.one_of.first() {
            return literal(&column.ty, first);
        }
        if let Some(value) = value::instant(&column.ty, now) {
            return Ok(value);
        }
        match &column.ty {
            Type::Bool => Ok(Value::Integer(0)),
            Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt => {
                let (low, high) = value::range(&column.ty).unwrap_or((0, i64::MAX));
                let number = self.within(limits.range(0, (low.into(), high.into()))?);
                i64::try_from(number)
                    .map(Value::Integer)
                    .map_err(|_| "its checks leave no number of its type".into())
            }
            Type::Decimal { precision, scale } => {
                let most = 10_i128.pow((*precision).min(38).into()) - 1;
                let number = self.within(limits.range(*scale, (-most, most))?);
                Ok(Value::Text(value::unscaled(number, *scale)))
            }
            Type::Float => {
                let number = self.within(limits.range(0, (-1_000_000, 1_000_000))?);
                Ok(Value::Real(number as f64))
            }
            Type::Key(n) | Type::String(n) | Type::Ascii(n) => {
                Ok(Value::Text(self.word(&column.name, &limits, (*n).into())))
            }
            Type::FixedAscii(n) => Ok(Value::Text(self.digits((*n).into()))),
            Type::Text => Ok(Value::Text(self.word(&column.name, &limits, 200))),
            Type::Json => Ok(Value::Text("{}".into())),
            Type::Uuid => Ok(Value::Text(self.uuid())),
            Type::Binary(n) => {
                let bytes = self.bytes();
                Ok(Value::Bytes(bytes[..bytes.len().min((*n).into())].to_vec()))
            }
            Type::Blob => Ok(Value::Bytes(self.bytes().to_vec())),
            Type::RowVersion => Err("the database itself keeps row versions".into()),
            Type::Native(_) => Err("its type is the engine's own".into()),
            Type::Timestamp(_) | Type::TimestampTz(_) | Type::Date | Type::Time(_) => {
                unreachable!("value::instant knows every type that holds a time")
            }
        }
    }

    /// A number in the range: 1, 2, 3 and so on where that is possible, so that rows of a sequence
    /// are numbered as people would; copies that run at once count in ranges of their own.
    fn within(&mut self, (low, high): (i128, i128)) -> i128 {
        self.count += 1;
        let number = i128::from(self.count) + i128::from(self.copy) * 1_000;
        if (low..=high).contains(&number) {
            return number;
        }
        let size = high.saturating_sub(low).saturating_add(1).max(1);
        low + number.rem_euclid(size)
    }

    /// `column-0f3a…`, so that a value in a report says where it comes from.
    fn word(&mut self, column: &Ident, limits: &Limits, most: usize) -> String {
        let most = limits.longest.unwrap_or(most).min(most);
        let digits = self.digits(most.max(limits.shortest));
        let name: String = column.as_str().chars().filter(char::is_ascii).collect();
        let word = format!("{name}-{}", &digits[..digits.len().min(12)]);
        if (limits.shortest..=most).contains(&word.len()) {
            word
        } else {
            digits[..most.min(digits.len())].to_owned()
        }
    }

    fn uuid(&mut self) -> String {
        let digits = self.digits(30);
        format!(
            "{}-{}-4{}-a{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[12..15],
            &digits[15..18],
            &digits[18..30]
        )
    }

    fn digits(&mut self, length: usize) -> String {
        let mut digits = String::new();
        while digits.len() < length {
            digits.push_str(&value::hex(&self.bytes()));
        }
        digits.truncate(length);
        digits
    }

    fn bytes(&mut self) -> [u8; 32] {
        self.count += 1;
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(self.copy.to_le_bytes());
        hash.update(self.count.to_le_bytes());
        hash.finalize().into()
    }
}

/// The values that the checks of a table list for a column; none when they list none.
pub fn allowed(table: &Table, column: &Column) -> Vec<Value> {
    let listed = Limits::of(table, column).one_of;
    listed
        .iter()
        .filter_map(|constant| literal(&column.ty, constant).ok())
        .collect()
}

/// Values that make a condition true: those of the columns that it compares with constants, joined
/// by AND. `None` when the condition says more than that.
pub fn satisfying(table: &Table, condition: &Expr) -> Option<Vec<(Ident, Value)>> {
    match condition {
        Expr::Binary {
            op: BinaryOp::And,
            left,
            right,
        } => {
            let mut values = satisfying(table, left)?;
            values.extend(satisfying(table, right)?);
            Some(values)
        }
        Expr::Binary {
            op: BinaryOp::Eq,
            left,
            right,
        } => {
            let (column, constant) = match (&**left, constant(right)) {
                (Expr::Column(column), Some(constant)) => (column, constant),
                _ => match (&**right, constant(left)) {
                    (Expr::Column(column), Some(constant)) => (column, constant),
                    _ => return None,
                },
            };
            let column = table.column(column)?;
            let value = literal(&column.ty, &constant).ok()?;
            Some(vec![(column.name.clone(), value)])
        }
        Expr::In {
            operand,
            list,
            negated: false,
        } => {
            let Expr::Column(column) = &**operand else {
                return None;
            };
            let column = table.column(column)?;
            let value = literal(&column.ty, &constant(list.first()?)?).ok()?;
            Some(vec![(column.name.clone(), value)])
        }
        Expr::IsNull {
            operand,
            negated: false,
        } => match &**operand {
            Expr::Column(column) => Some(vec![(table.column(column)?.name.clone(), Value::Null)]),
            _ => None,
        },
        _ => None,
    }
}

/// What the checks of a table say about one column.
#[derive(Debug, Default)]
struct Limits {
    /// The values that are allowed; any when it is empty.
    one_of: Vec<Literal>,
    /// Lower bounds, and whether the bound itself is excluded.
    low: Vec<(String, bool)>,
    /// Upper bounds, and whether the bound itself is excluded.
    high: Vec<(String, bool)>,
    /// Characters at least.
    shortest: usize,
    /// Characters at most.
    longest: Option<usize>,
}

impl Limits {
    fn of(table: &Table, column: &Column) -> Self {
        let mut limits = Self::default();
        for check in table.checks() {
            if let Expression::Portable(expr) = &check.expression {
                limits.learn(expr, &column.name);
            }
        }
        limits
    }

    fn learn(&mut self, expr: &Expr, column: &Ident) {
        match expr {
            Expr::Binary {
                op: BinaryOp::And,
                left,
                right,
            } => {
                self.learn(left, column);
                self.learn(right, column);
            }
            Expr::Binary { op, left, right } => {
                if let Some(constant) = constant(right) {
                    self.compare(left, *op, &constant, column);
                } else if let Some(constant) = constant(left) {
                    self.compare(right, mirrored(*op), &constant, column);
                }
            }
            Expr::In {
                operand,
                list,
                negated: false,
            } if is_column(operand, column) => {
                if let Some(list) = list.iter().map(constant).collect::<Option<Vec<_>>>() {
                    self.one_of = list;
                }
            }
            Expr::Between {
                operand,
                low,
                high,
                negated: false,
            } => {
                for (bound, op) in [(low, BinaryOp::Ge), (high, BinaryOp::Le)] {
                    if let Some(constant) = constant(bound) {
                        self.compare(operand, op, &constant, column);
                    }
                }
            }
            _ => {}
        }
    }

    fn compare(&mut self, operand: &Expr, op: BinaryOp, bound: &Literal, column: &Ident) {
        if let (true, Literal::Number(number)) = (is_length(operand, column), bound) {
            let Ok(length) = number.parse::<usize>() else {
                return;
            };
            match op {
                BinaryOp::Eq => (self.shortest, self.longest) = (length, Some(length)),
                BinaryOp::Ge => self.shortest = length,
                BinaryOp::Gt => self.shortest = length + 1,
                BinaryOp::Le => self.longest = Some(length),
                BinaryOp::Lt => self.longest = Some(length.saturating_sub(1)),
                _ => {}
            }
        }
        if !is_column(operand, column) {
            return;
        }
        match (op, bound) {
            (BinaryOp::Eq, bound) => self.one_of = vec![bound.clone()],
            (BinaryOp::Ge | BinaryOp::Gt, Literal::Number(number)) => {
                self.low.push((number.clone(), op == BinaryOp::Gt));
            }
            (BinaryOp::Le | BinaryOp::Lt, Literal::Number(number)) => {
                self.high.push((number.clone(), op == BinaryOp::Lt));
            }
            _ => {}
        }
    }

    /// The whole numbers of the last digit of this scale that are allowed, both ends included.
    fn range(&self, scale: u8, (low, high): (i128, i128)) -> Result<(i128, i128), String> {
        let bound = |(text, excluded): &(String, bool)| {
            Some((value::scaled(text, scale)?, i128::from(*excluded)))
        };
        let low = self
            .low
            .iter()
            .filter_map(bound)
            .fold(low, |low, (bound, excluded)| low.max(bound + excluded));
        let high = self
            .high
            .iter()
            .filter_map(bound)
            .fold(high, |high, (bound, excluded)| high.min(bound - excluded));
        if low > high {
            return Err("its checks leave no value".into());
        }
        Ok((low, high))
    }
}

/// The constant that an expression is; NULL is none.
pub(super) fn constant(expr: &Expr) -> Option<Literal> {
    match expr {
        Expr::Literal(Literal::Null) => None,
        Expr::Literal(literal) => Some(literal.clone()),
        Expr::Negate(inner) => match &**inner {
            Expr::Literal(Literal::Number(number)) => Some(Literal::Number(format!("-{number}"))),
            _ => None,
        },
        _ => None,
    }
}

fn is_column(expr: &Expr, column: &Ident) -> bool {
    matches!(expr, Expr::Column(name) if name.folded() == column.folded())
}

fn is_length(expr: &Expr, column: &Ident) -> bool {
    match expr {
        Expr::Call {
            function,
            arguments,
        } => {
            matches!(function.to_lowercase().as_str(), "length" | "len")
                && matches!(arguments.as_slice(), [argument] if is_column(argument, column))
        }
        _ => false,
    }
}

fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        other => other,
    }
}

/// A constant of the schema as a value of a column of this type.
pub(super) fn literal(ty: &Type, literal: &Literal) -> Result<Value, String> {
    use crate::yaml::Kind;
    let scalar = match literal {
        Literal::Null => Kind::Null,
        Literal::Bool(value) => Kind::Bool(*value),
        Literal::Text(text) => Kind::String(text.clone()),
        Literal::Bytes(bytes) => return Ok(Value::Bytes(bytes.clone())),
        Literal::Number(number) => match number.parse() {
            Ok(number) if *ty == Type::Bool => Kind::Bool(number != 0_i128),
            Ok(number) => Kind::Int(number),
            Err(_) => Kind::Float(number.clone()),
        },
    };
    value::portable(ty, &scalar)
}

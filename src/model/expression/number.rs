//! Exact decimal numbers of any length, as SQL writes them.
//!
//! Values are compared digit by digit: `9007199254740993` and `9007199254740992.0` are two numbers
//! here, although one `f64` holds both.

use std::cmp::Ordering;

/// A decimal number: `±digits × 10^exponent`, without leading or trailing zeros in `digits`. Zero
/// has no digits, no sign and the exponent 0, so that equal values are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    negative: bool,
    digits: String,
    exponent: i64,
}

/// What a spelling says beside its value: engines divide whole numbers and others differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberKind {
    /// `5`
    Whole,
    /// `5.0`
    Decimal,
    /// `5e0`
    Float,
}

impl Number {
    /// Reads the text of a number; `None` when it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: String = [whole, fraction].concat();
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                digits: String::new(),
                exponent: 0,
            });
        }
        let shift = (significant.len() - digits.len()) as i64 - fraction.len() as i64;
        Some(Self {
            negative,
            digits: digits.to_owned(),
            exponent: exponent.checked_add(shift)?,
        })
    }

    /// How the text of a number is written.
    pub(super) fn kind(text: &str) -> NumberKind {
        if text.contains(['e', 'E']) {
            return NumberKind::Float;
        }
        match text.trim_start_matches('-').split_once('.') {
            None => NumberKind::Whole,
            // SQL Server stores a whole number beyond int as `2147483648.`.
            Some((whole, "")) => {
                let whole = whole.trim_start_matches('0');
                if (whole.len(), whole) > (10, "2147483647") {
                    NumberKind::Whole
                } else {
                    NumberKind::Decimal
                }
            }
            Some(_) => NumberKind::Decimal,
        }
    }

    /// The value without an exponent. As long as the exponent is large, so for values that were
    /// written without one.
    pub(super) fn plain(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let digits = &self.digits;
        let length = digits.len() as i64;
        if digits.is_empty() {
            return "0".to_owned();
        }
        if self.exponent >= 0 {
            return format!("{sign}{digits}{}", "0".repeat(self.exponent as usize));
        }
        let point = length + self.exponent;
        if point > 0 {
            let (whole, fraction) = digits.split_at(point as usize);
            format!("{sign}{whole}.{fraction}")
        } else {
            format!("{sign}0.{}{digits}", "0".repeat(-point as usize))
        }
    }

    /// The value with an exponent, in one spelling.
    pub(super) fn scientific(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let digits = if self.digits.is_empty() {
            "0"
        } else {
            &self.digits
        };
        format!("{sign}{digits}e{}", self.exponent)
    }

    /// The value that a 64-bit binary number of this text has, in its shortest form; itself where
    /// there is none. SQL Server stores `1e-1` as `1.0000000000000001e-001`.
    pub(super) fn as_float(&self) -> Self {
        match self.scientific().parse::<f64>() {
            Ok(value) if value.is_normal() => {
                Self::parse(&format!("{value:e}")).expect("a float prints as a number")
            }
            _ => self.clone(),
        }
    }

    /// Whether there are few enough zeros to write it without an exponent.
    pub(super) fn is_short(&self) -> bool {
        const ZEROS: i64 = 60;
        (-ZEROS..=ZEROS).contains(&self.exponent)
    }

    /// The number with the other sign.
    pub(super) fn negated(mut self) -> Self {
        self.negative = !self.negative && !self.digits.is_empty();
        self
    }

    /// The position of the first digit before the point.
    fn magnitude(&self) -> i128 {
        self.digits.len() as i128 + i128::from(self.exponent)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let order = sign(self).cmp(&sign(other));
        if order != Ordering::Equal || self.digits.is_empty() {
            return order;
        }
        // Digits have no trailing zeros, so that text order is the order of equal magnitudes.
        let absolute = self
            .magnitude()
            .cmp(&other.magnitude())
            .then_with(|| self.digits.cmp(&other.digits));
        if self.negative {
            absolute.reverse()
        } else {
            absolute
        }
    }
}

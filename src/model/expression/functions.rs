//! The functions of the portable language, in one place.
//!
//! A dialect renders each of them by its engine's own; the loader refuses any other name in a
//! portable expression. Engines have more, for which an expression is written by engine.

use std::ops::RangeInclusive;

/// A function that every engine can be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name as the documentation writes it; names are compared without regard to case.
    pub name: &'static str,
    /// How many arguments it takes.
    pub arguments: RangeInclusive<usize>,
    /// Its arguments by name, for messages: `text, start, length`.
    pub signature: &'static str,
    /// What it gives, in one sentence without a full stop.
    pub meaning: &'static str,
    /// Whether it is a condition, which can stand where a comparison can.
    pub condition: bool,
}

const fn function(
    name: &'static str,
    arguments: RangeInclusive<usize>,
    signature: &'static str,
    meaning: &'static str,
) -> Function {
    Function {
        name,
        arguments,
        signature,
        meaning,
        condition: false,
    }
}

/// Most arguments of a function that takes any number of them.
const MANY: usize = 254;

/// All functions, by name.
pub const FUNCTIONS: [Function; 18] = [
    function("abs", 1..=1, "number", "the number without its sign"),
    function(
        "coalesce",
        2..=MANY,
        "value, value, …",
        "the first value that is not NULL",
    ),
    function(
        "concat",
        2..=MANY,
        "text, text, …",
        "text after text, NULL taken as empty; `||` gives NULL instead",
    ),
    function("day", 1..=1, "date", "the day of the month, 1 to 31"),
    function(
        "iif",
        3..=3,
        "condition, then, otherwise",
        "one of two values, as a condition is true or not",
    ),
    Function {
        name: "isJson",
        arguments: 1..=1,
        signature: "text",
        meaning: "whether the text is a JSON document",
        condition: true,
    },
    function(
        "length",
        1..=1,
        "text",
        "the length of the text, trailing spaces included: UTF-16 units on SQL Server, \
         code points on SQLite",
    ),
    function("lower", 1..=1, "text", "the text in lower case"),
    function("ltrim", 1..=1, "text", "the text without leading spaces"),
    function("month", 1..=1, "date", "the month of the year, 1 to 12"),
    function(
        "nullif",
        2..=2,
        "value, other",
        "NULL if both are equal, else the first",
    ),
    function(
        "replace",
        3..=3,
        "text, find, with",
        "the text with every occurrence of one text replaced by another",
    ),
    function(
        "round",
        2..=2,
        "number, digits",
        "the number rounded to so many digits after the point",
    ),
    function("rtrim", 1..=1, "text", "the text without trailing spaces"),
    function(
        "substring",
        3..=3,
        "text, start, length",
        "a part of the text; its first character is number 1",
    ),
    function(
        "trim",
        1..=1,
        "text",
        "the text without leading and trailing spaces",
    ),
    function("upper", 1..=1, "text", "the text in upper case"),
    function("year", 1..=1, "date", "the year"),
];

/// The function of this name, in whatever case it is written.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS
        .iter()
        .find(|function| function.name.eq_ignore_ascii_case(name))
}

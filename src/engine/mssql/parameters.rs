//! NULL as a parameter.
//!
//! A parameter has a type, and no type of NULL converts to every other: text does not to
//! `varbinary`, a number not to `datetime2`. The word NULL does. So a parameter that is NULL is
//! written into the statement where its name stands, literals, comments and quoted names aside.

use std::borrow::Cow;

use crate::dialect::mssql::words::{comment, quoted};
use crate::engine::Value;

/// The statement with `NULL` for every parameter that is NULL.
pub(super) fn with_nulls<'a>(sql: &'a str, parameters: &[Value]) -> Cow<'a, str> {
    if !parameters.contains(&Value::Null) {
        return Cow::Borrowed(sql);
    }
    let mut written = String::with_capacity(sql.len());
    let mut rest = sql;
    let mut in_word = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => quoted(rest, first),
            '[' => quoted(rest, ']'),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            '@' if !in_word => {
                let name = word(&rest[1..]) + 1;
                if is_null(&rest[..name], parameters) {
                    written.push_str("NULL");
                    rest = &rest[name..];
                    continue;
                }
                name
            }
            _ => first.len_utf8(),
        };
        let (taken, tail) = rest.split_at(length);
        written.push_str(taken);
        in_word = taken.chars().next_back().is_some_and(is_part_of_word);
        rest = tail;
    }
    Cow::Owned(written)
}

/// Whether this is the name of a parameter that is NULL: `@P3`.
fn is_null(name: &str, parameters: &[Value]) -> bool {
    let number = name.strip_prefix("@P").or_else(|| name.strip_prefix("@p"));
    number
        .filter(|digits| !digits.starts_with('0'))
        .and_then(|digits| digits.parse::<usize>().ok())
        .and_then(|number| parameters.get(number.checked_sub(1)?))
        == Some(&Value::Null)
}

fn is_part_of_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '@' | '#' | '$')
}

fn word(text: &str) -> usize {
    text.find(|it: char| !is_part_of_word(it))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_written_where_its_name_stands_and_nowhere_else() {
        let parameters = [Value::Null, Value::Integer(2), Value::Null];
        let cases = [
            ("VALUES (@P1, @P2, @P3)", "VALUES (NULL, @P2, NULL)"),
            ("SET a=@p1,b=@P10,c=@P1x", "SET a=NULL,b=@P10,c=@P1x"),
            (
                "SELECT '@P1', [@P1], \"@P1\", N'it''s @P1'",
                "SELECT '@P1', [@P1], \"@P1\", N'it''s @P1'",
            ),
            ("-- @P1\n@P1", "-- @P1\nNULL"),
            ("/* @P1 /* @P1 */ @P1 */@P3", "/* @P1 /* @P1 */ @P1 */NULL"),
            ("@@P1 a@P1 é@P1", "@@P1 a@P1 é@P1"),
            ("'open @P1", "'open @P1"),
        ];
        for (sql, expected) in cases {
            assert_eq!(with_nulls(sql, &parameters), expected);
        }
        assert!(matches!(
            with_nulls("@P1", &[Value::Integer(1)]),
            Cow::Borrowed(_)
        ));
    }
}

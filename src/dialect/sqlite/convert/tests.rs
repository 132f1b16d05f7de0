use rusqlite::Connection;
use rusqlite::types::Value;

use super::*;

fn converted(from: &str, to: &str, value: &Value) -> Value {
    let [from, to] = [from, to].map(|ty| Type::parse(ty).expect("the case names a type"));
    let expression = convert("\"c\"", &from, &to);
    Connection::open_in_memory()
        .expect("memory is available")
        .query_row(
            &format!("SELECT {expression} FROM (SELECT ?1 AS c)"),
            [value],
            |row| row.get(0),
        )
        .unwrap_or_else(|error| panic!("{from} to {to}: {expression}: {error}"))
}

#[test]
fn values_follow_a_change_of_type() {
    let text = |text: &str| Value::Text(text.to_owned());
    let cases: &[(&str, &str, Value, Value)] = &[
        ("decimal(5,2)", "decimal(9,4)", 125.into(), 12_500.into()),
        ("decimal(9,4)", "decimal(5,2)", 12_550.into(), 126.into()),
        (
            "decimal(9,4)",
            "decimal(5,2)",
            (-12_550).into(),
            (-126).into(),
        ),
        ("decimal(9,4)", "decimal(5,2)", 12_549.into(), 125.into()),
        ("decimal(5,2)", "float", 125.into(), 1.25.into()),
        ("decimal(5,2)", "int", (-199).into(), (-1).into()),
        ("decimal(5,2)", "string(10)", (-5).into(), text("-0.05")),
        ("decimal(5,2)", "string(10)", 1205.into(), text("12.05")),
        ("decimal(5,0)", "string(10)", 12.into(), text("12")),
        ("int", "decimal(5,2)", 3.into(), 300.into()),
        ("int", "string(5)", 3.into(), text("3")),
        ("int", "bigint", 3.into(), 3.into()),
        ("float", "decimal(5,2)", 1.25.into(), 125.into()),
        ("float", "int", 1.75.into(), 1.into()),
        ("string(5)", "decimal(5,2)", text("1.25"), 125.into()),
        (
            "string(5)",
            "decimal(5,2)",
            text("x"),
            text("not a decimal: x"),
        ),
        ("string(36)", "uuid", text("ABC"), text("abc")),
        (
            "timestamp(0)",
            "timestamp(3)",
            text("2026-01-31T12:00:00Z"),
            text("2026-01-31T12:00:00.000Z"),
        ),
        (
            "timestamp(7)",
            "timestamp(3)",
            text("2026-01-31T12:00:00.1239999Z"),
            text("2026-01-31T12:00:00.123Z"),
        ),
        (
            "timestamp(3)",
            "timestamp(0)",
            text("2026-01-31T12:00:00.123Z"),
            text("2026-01-31T12:00:00Z"),
        ),
        (
            "timestamp(3)",
            "timestampTz(5)",
            text("2026-01-31T12:00:00.123Z"),
            text("2026-01-31T12:00:00.12300+00:00"),
        ),
        (
            "timestampTz(3)",
            "timestamp(3)",
            text("2026-01-31T23:30:00.123-02:00"),
            text("2026-02-01T01:30:00.123Z"),
        ),
        (
            "timestampTz(3)",
            "timestampTz(0)",
            text("2026-01-31T23:30:00.123-02:00"),
            text("2026-01-31T23:30:00-02:00"),
        ),
        (
            "timestamp(3)",
            "date",
            text("2026-01-31T12:00:00.123Z"),
            text("2026-01-31"),
        ),
        (
            "timestamp(3)",
            "time(1)",
            text("2026-01-31T12:00:00.123Z"),
            text("12:00:00.1"),
        ),
        (
            "date",
            "timestamp(3)",
            text("2026-01-31"),
            text("2026-01-31T00:00:00.000Z"),
        ),
        (
            "date",
            "timestampTz(0)",
            text("2026-01-31"),
            text("2026-01-31T00:00:00+00:00"),
        ),
        ("time(0)", "time(2)", text("12:00:00"), text("12:00:00.00")),
    ];
    for (from, to, value, expected) in cases {
        assert_eq!(converted(from, to, value), *expected, "{from} to {to}");
        assert_eq!(
            converted(from, to, &Value::Null),
            Value::Null,
            "{from} to {to} of NULL"
        );
    }
}

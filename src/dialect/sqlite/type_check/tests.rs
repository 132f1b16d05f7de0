//! Every type against a real table: what it takes, what it refuses, and that it is read back.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::*;

/// A value for a case: text unless the type says otherwise.
fn value(ty: &Type, text: &str) -> Value {
    match storage(ty).as_str() {
        "INTEGER" => text
            .parse::<i64>()
            .map_or_else(|_| Value::Text(text.to_owned()), Value::Integer),
        "REAL" => text
            .parse::<f64>()
            .map_or_else(|_| Value::Text(text.to_owned()), Value::Real),
        "BLOB" => Value::Blob(text.as_bytes().to_vec()),
        _ => Value::Text(text.to_owned()),
    }
}

fn table(ty: &Type) -> Connection {
    let connection = Connection::open_in_memory().expect("memory is available");
    let condition = condition("\"odd \"\"name\"", ty).expect("the type has a check");
    connection
        .execute_batch(&format!(
            "CREATE TABLE t (\"odd \"\"name\" {} CONSTRAINT ty CHECK ({condition})) STRICT",
            storage(ty)
        ))
        .unwrap_or_else(|error| panic!("{ty}: {condition}: {error}"));
    connection
}

/// Type, values that it takes, values that it refuses.
const CASES: &[(&str, &[&str], &[&str])] = &[
    ("bool", &["0", "1"], &["2", "-1", "yes", "true"]),
    ("tinyint", &["0", "255"], &["-1", "256"]),
    ("smallint", &["-32768", "32767"], &["-32769", "32768"]),
    (
        "int",
        &["-2147483648", "2147483647"],
        &["-2147483649", "2147483648", "1.5"],
    ),
    (
        "bigint",
        &["-9223372036854775808", "9223372036854775807"],
        &["9223372036854775808", "x"],
    ),
    (
        "decimal(5,4)",
        &["0", "-99999", "99999"],
        &["100000", "-100000", "0.5"],
    ),
    (
        "decimal(18,0)",
        &["999999999999999999", "-999999999999999999"],
        &["1000000000000000000", "-1000000000000000000"],
    ),
    (
        "float",
        &[
            "0",
            "1.5",
            "1.7976931348623157e308",
            "-1.7976931348623157e308",
            "5e-324",
        ],
        &["inf", "-inf", "x"],
    ),
    (
        "key(5)",
        &["a", "abcde", " a", "äöüßé", "a b"],
        &["", " ", "a ", "abcdef", "äöüßéä"],
    ),
    ("string(3)", &["", "abc", "  a", "a  ", "äöü"], &["abcd"]),
    ("ascii(3)", &["", "abc"], &["abcd", "ä", "ab\u{0}"]),
    (
        "fixedAscii(3)",
        &["abc", "a  "],
        &["ab", "abcd", "", "abä", "abc\u{0}"],
    ),
    ("text", &["", "anything\nat all"], &[]),
    (
        "json",
        &["{}", "[1, 2]", "null", "\"x\"", "{\"a\": {\"b\": []}}"],
        &["", "{", "{a: 1}", "x", "[1,]"],
    ),
    (
        "uuid",
        &[
            "00000000-0000-0000-0000-000000000000",
            "0189f7d2-5ab1-7c3e-8f00-abcdefabcdef",
        ],
        &[
            "",
            "0189F7D2-5AB1-7C3E-8F00-ABCDEFABCDEF",
            "0189f7d25ab17c3e8f00abcdefabcdef",
            "{0189f7d2-5ab1-7c3e-8f00-abcdefabcdef}",
            "0189f7d2-5ab1-7c3e-8f00-abcdefabcdeg",
            "0189f7d2-5ab1-7c3e-8f00-abcdefabcde",
            "0189f7d2-5ab1-7c3e-8f00-abcdefabcdef0",
            "0189f7d2-5ab1-7c3e-8f00-abcdefabcde-",
            "------------------------------------",
            "0189f7d2-5ab1-7c3e-8f00-abcdefabcdef\u{0}",
        ],
    ),
    (
        "timestamp(3)",
        &[
            "2026-01-31T12:00:00.000Z",
            "2024-02-29T23:59:59.999Z",
            "0001-01-01T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z",
        ],
        &[
            "",
            "now",
            "2026-02-31T12:00:00.000Z",
            "2025-02-29T12:00:00.000Z",
            "2026-13-01T12:00:00.000Z",
            "2026-01-31T24:00:00.000Z",
            "2026-01-31T12:60:00.000Z",
            "2026-01-31T12:00:60.000Z",
            "2026-01-31 12:00:00.000Z",
            "2026-01-31T12:00:00.000",
            "2026-01-31T12:00:00.000z",
            "2026-01-31T12:00:00.00Z",
            "2026-01-31T12:00:00.0000Z",
            "2026-01-31T12:00:00Z",
            "2026-01-31T12:00:00.000+00:00",
            "0000-01-01T00:00:00.000Z",
            "2460000.500000000000000Z",
            "2026-01-31T12:00:00.00aZ",
            "2026-01-31T12:00:00.000Z\u{0}",
        ],
    ),
    (
        "timestamp(0)",
        &["2026-01-31T12:00:00Z"],
        &["2026-01-31T12:00:00.Z", "2026-01-31T12:00:00"],
    ),
    (
        "timestamp(7)",
        // The fraction must not be rounded into the next second by the proof.
        &[
            "2026-01-31T12:00:59.9999999Z",
            "9999-12-31T23:59:59.9999999Z",
        ],
        &["2026-01-31T12:00:00.000Z"],
    ),
    (
        "timestampTz(3)",
        &[
            "2026-01-31T12:00:00.000+02:00",
            "2026-01-31T12:00:00.000-14:00",
            "2026-01-31T12:00:00.000+13:59",
            "2026-01-31T12:00:00.000+00:00",
        ],
        &[
            "2026-01-31T12:00:00.000Z",
            "2026-01-31T12:00:00.000+14:01",
            "2026-01-31T12:00:00.000+01:60",
            "2026-01-31T12:00:00.000*01:00",
            "2026-02-30T12:00:00.000+01:00",
            "2026-01-31T12:00:00+01:00",
        ],
    ),
    (
        "timestampTz(0)",
        &["2026-01-31T12:00:00+02:00"],
        &["2026-01-31T12:00:00.0+02:00"],
    ),
    (
        "date",
        &["2026-01-31", "2024-02-29", "0001-01-01", "9999-12-31"],
        &[
            "",
            "now",
            "2026-02-31",
            "2025-02-29",
            "0000-12-31",
            "2026-1-31",
            "2026-01-31T00:00:00",
            "2460000.51",
            "+123456789",
        ],
    ),
    (
        "time(3)",
        &["00:00:00.000", "23:59:59.999"],
        &[
            "24:00:00.000",
            "12:60:00.000",
            "12:00:60.000",
            "12:00:00",
            "12:00:00.00",
            "12:00:00,000",
            "",
        ],
    ),
    (
        "time(0)",
        &["00:00:00", "23:59:59"],
        &["24:00:00", "12:00", "12:00:00.0", "now"],
    ),
    ("binary(3)", &["", "abc"], &["abcd"]),
    ("blob", &["", "anything"], &[]),
];

#[test]
fn a_type_takes_what_it_promises_and_refuses_the_rest() {
    for (ty, accepted, refused) in CASES {
        let ty = Type::parse(ty).expect("the case names a type");
        let connection = table(&ty);
        for text in *accepted {
            connection
                .execute("INSERT INTO t VALUES (?1)", [value(&ty, text)])
                .unwrap_or_else(|error| panic!("{ty} refused {text:?}: {error}"));
        }
        for text in *refused {
            let outcome = connection.execute("INSERT INTO t VALUES (?1)", [value(&ty, text)]);
            let error = outcome.expect_err(&format!("{ty} accepted {text:?}"));
            let message = error.to_string();
            assert!(
                message.contains("CHECK constraint failed: ty") || message.contains("cannot store"),
                "{ty} {text:?}: {message}"
            );
        }
        connection
            .execute("INSERT INTO t VALUES (NULL)", [])
            .unwrap_or_else(|error| panic!("{ty} refused NULL: {error}"));
    }
}

#[test]
fn every_type_but_native_and_row_version_has_a_check_in_the_table_of_cases() {
    for name in Type::NAMES {
        let covered = CASES
            .iter()
            .any(|(ty, ..)| ty.split('(').next() == Some(name));
        assert!(covered || name == "rowVersion", "{name} has no cases");
    }
}

#[test]
fn a_value_of_another_class_is_refused_by_strict() {
    for ty in ["text", "string(3)", "uuid", "timestamp(3)"] {
        let ty = Type::parse(ty).expect("a type");
        let outcome = table(&ty).execute("INSERT INTO t VALUES (x'00')", []);
        assert!(outcome.is_err(), "{ty} took a blob");
    }
    for ty in ["blob", "binary(3)"] {
        let ty = Type::parse(ty).expect("a type");
        let outcome = table(&ty).execute("INSERT INTO t VALUES ('a')", []);
        assert!(outcome.is_err(), "{ty} took a text");
    }
}

#[test]
fn a_check_proves_its_type() {
    for (ty, ..) in CASES {
        let ty = Type::parse(ty).expect("a type");
        let condition = condition("\"c\"", &ty).expect("a check");
        assert_eq!(read("\"c\"", &storage(&ty), &condition), Some(ty.clone()));
        assert_eq!(
            read(
                "\"c\"",
                &storage(&ty).to_lowercase(),
                &format!("\n  {condition} ")
            ),
            Some(ty)
        );
    }
}

#[test]
fn a_check_that_was_edited_proves_nothing() {
    let cases = [
        ("\"c\"", "TEXT", "length(\"c\") <= 33 /* string(32) */"),
        ("\"c\"", "TEXT", "length(\"d\") <= 32 /* string(32) */"),
        ("\"c\"", "INTEGER", "length(\"c\") <= 32 /* string(32) */"),
        ("\"c\"", "TEXT", "length(\"c\") <= 32 OR 1 /* string(32) */"),
        ("\"c\"", "TEXT", "length(\"c\") <= 32 /* string(33) */"),
        ("\"c\"", "TEXT", "length(\"c\") <= 32"),
        ("\"c\"", "TEXT", "length(\"c\") <= 32 /* varchar */"),
        ("\"c\"", "TEXT", "/* string(32) */"),
        ("\"c\"", "TEXT", "*/"),
        ("\"c\"", "TEXT", ""),
        ("\"c\"", "INTEGER", "1 /* rowVersion */"),
        ("\"c\"", "INTEGER", "1 /* decimal(19,0) */"),
    ];
    for (column, storage, condition) in cases {
        assert_eq!(read(column, storage, condition), None, "{condition}");
    }
}

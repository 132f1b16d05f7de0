use proptest::prelude::*;

use super::*;

fn ty(text: &str) -> Type {
    Type::parse(text).expect("the case names a type")
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn values_are_stored_in_the_form_of_their_type() {
    let cases: &[(&str, Value, Value)] = &[
        ("decimal(5,4)", text("0.95"), Value::Integer(9500)),
        ("decimal(5,4)", text("-0.9500"), Value::Integer(-9500)),
        ("decimal(5,4)", text("1e-4"), Value::Integer(1)),
        ("decimal(5,4)", text(" +.5 "), Value::Integer(5000)),
        ("decimal(5,4)", text("5."), Value::Integer(50_000)),
        ("decimal(5,4)", Value::Integer(1), Value::Integer(10_000)),
        ("decimal(5,4)", Value::Real(0.95), Value::Integer(9500)),
        // What cannot be held exactly is left for the engine to refuse.
        ("decimal(5,4)", text("0.00001"), text("0.00001")),
        ("decimal(5,4)", text("1e30"), text("1e30")),
        ("decimal(5,4)", text("one"), text("one")),
        ("decimal(5,4)", Value::Null, Value::Null),
        (
            "decimal(18,0)",
            text("999999999999999999"),
            Value::Integer(999_999_999_999_999_999),
        ),
        ("bool", text("true"), Value::Integer(1)),
        ("bool", text("false"), Value::Integer(0)),
        ("bool", text("yes"), text("yes")),
        ("float", Value::Integer(3), Value::Real(3.0)),
        (
            "uuid",
            text("0189F7D2-5AB1-7C3E-8F00-ABCDEFABCDEF"),
            text("0189f7d2-5ab1-7c3e-8f00-abcdefabcdef"),
        ),
        (
            "timestamp(3)",
            text("2026-01-31T12:00:00Z"),
            text("2026-01-31T12:00:00.000Z"),
        ),
        (
            "timestamp(3)",
            text("2026-01-31 12:00:00.1200000"),
            text("2026-01-31T12:00:00.120Z"),
        ),
        (
            "timestamp(3)",
            text("2026-01-31T12:00:00.1234Z"),
            text("2026-01-31T12:00:00.1234Z"),
        ),
        (
            "timestamp(3)",
            text("2026-01-31T12:00:00+02:00"),
            text("2026-01-31T12:00:00+02:00"),
        ),
        (
            "timestamp(0)",
            text("2026-01-31T12:00:00.000Z"),
            text("2026-01-31T12:00:00Z"),
        ),
        (
            "timestampTz(3)",
            text("2026-01-31T12:00:00+02:00"),
            text("2026-01-31T12:00:00.000+02:00"),
        ),
        (
            "timestampTz(0)",
            text("2026-01-31T12:00:00Z"),
            text("2026-01-31T12:00:00+00:00"),
        ),
        ("time(3)", text("12:00:00"), text("12:00:00.000")),
        ("time(0)", text("12:00:00.5"), text("12:00:00.5")),
        ("string(5)", text("TRUE"), text("TRUE")),
    ];
    for (name, value, expected) in cases {
        assert_eq!(
            store(&ty(name), value.clone()),
            *expected,
            "{name} {value:?}"
        );
    }
}

#[test]
fn decimals_are_loaded_with_all_their_digits() {
    for (name, stored, expected) in [
        ("decimal(5,4)", 9500, "0.9500"),
        ("decimal(5,4)", -1, "-0.0001"),
        ("decimal(5,4)", 0, "0.0000"),
        ("decimal(5,4)", 12_345, "1.2345"),
        ("decimal(5,0)", -12, "-12"),
    ] {
        assert_eq!(load(&ty(name), Value::Integer(stored)), text(expected));
    }
}

proptest! {
    #[test]
    fn what_was_loaded_is_stored_as_it_was(
        number in -999_999_999_999_999_999_i64..=999_999_999_999_999_999,
        scale in 0_u8..=18,
    ) {
        let ty = Type::Decimal { precision: 18, scale };
        let loaded = load(&ty, Value::Integer(number));
        prop_assert_eq!(store(&ty, loaded), Value::Integer(number));
    }

    #[test]
    fn any_text_is_stored_without_a_panic_and_stays_what_it_became(value in "\\PC*|[0-9TZ:.+e-]{0,40}") {
        for name in ["decimal(9,3)", "timestamp(3)", "timestampTz(7)", "time(0)", "uuid", "date"] {
            let ty = ty(name);
            let once = store(&ty, Value::Text(value.clone()));
            if let Value::Text(_) = &once {
                prop_assert_eq!(store(&ty, once.clone()), once);
            }
        }
    }
}

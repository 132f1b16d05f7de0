//! Wider and tighter checks.

use proptest::prelude::*;

use super::evaluate::{accepts, rows};
use super::generate::condition;
use crate::model::expression::implies::implies;
use crate::model::expression::{BinaryOp, Expr, parse};

fn proven(old: &str, new: &str) -> bool {
    implies(&parse(old).unwrap(), &parse(new).unwrap())
}

/// A check and a wider one.
const WIDER: &[(&str, &str)] = &[
    ("status in ('a', 'b')", "status in ('b', 'c', 'a')"),
    ("status = 'a'", "status in ('a', 'b')"),
    ("a between 1 and 5", "a between 0 and 10"),
    ("a between 1 and 5", "a >= 1"),
    ("a > 5", "a >= 5"),
    ("a > 5", "a <> 5"),
    ("a = 5", "a > 4.5"),
    ("a in (5, 6)", "a >= 5"),
    ("a in (1, 2, 9)", "a in (1, 2) or a > 8"),
    ("a >= 0 and b >= 0", "b >= 0"),
    ("a >= 0 and b >= 0", "b >= -1 and a >= -1"),
    ("a = 1", "a = 1 or b = 2"),
    ("a is null", "a = 5"),
    ("a is null or a >= 5", "a >= 5"),
    ("a >= 5", "a is null or a >= 5"),
    ("a not in (1, 2, 3)", "a not in (1, 3)"),
    ("a not in (1, 2, 3)", "a <> 2"),
    ("a < b", "a <= b"),
    ("a < b", "b <> a"),
    ("s < 'm'", "s <= 'm'"),
    ("a = 1", "a = 1 or a = null"),
    ("false", "a = 1"),
    ("a = 1", "true"),
    (
        "finishedAt is null or startedAt is not null",
        "finishedAt is null or startedAt is not null or status = 'x'",
    ),
];

/// A check and one that refuses a row that passes the first, or may.
const TIGHTER: &[(&str, &str)] = &[
    ("status in ('a', 'b')", "status in ('a')"),
    ("status = 'a'", "status <> 'A'"),
    ("a between 0 and 10", "a between 1 and 10"),
    ("a >= 5", "a > 5"),
    ("b >= 0", "a >= 0 and b >= 0"),
    ("a = 1 or b = 2", "a = 1"),
    // NULL passes the first.
    ("a > 5", "a is not null"),
    ("a = 1 and a = null", "a = 1 and b = 1"),
    ("a is not null", "a = 5"),
    ("a <> 1", "a not in (1, 2)"),
    ("s > 'b'", "s > 'a'"),
    ("a = null", "a = 1"),
    ("true", "a = 1"),
    // One and the same number to an engine that compares floating point.
    ("a >= 1.00000000000000000001", "a > 1"),
];

#[test]
fn wider_checks_are_proven() {
    for (old, new) in WIDER {
        assert!(proven(old, new), "{old} => {new}");
        assert!(proven(old, old), "{old}");
        assert!(proven(new, new), "{new}");
    }
}

#[test]
fn tighter_checks_are_not() {
    for (old, new) in TIGHTER {
        assert!(!proven(old, new), "{old} => {new}");
    }
}

#[test]
fn a_hopeless_proof_ends() {
    let side = |n: usize| {
        let pairs: Vec<String> = (0..40)
            .map(|i| format!("(a{i} = {n} or b{i} = {n})"))
            .collect();
        pairs.join(" and ")
    };
    assert!(!proven(&side(1), &side(2)));
    let or = |n: usize| {
        let pairs: Vec<String> = (0..40)
            .map(|i| format!("(a{i} = {n} and b{i} = {n})"))
            .collect();
        pairs.join(" or ")
    };
    assert!(!proven(&side(1), &or(1)));
}

fn sound(old: &Expr, new: &Expr) -> Result<(), TestCaseError> {
    if implies(old, new) {
        for row in rows() {
            prop_assert!(
                !accepts(old, &row) || accepts(new, &row),
                "{} does not imply {}: {:?}",
                old,
                new,
                row
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_proof_holds_for_every_row(old in condition(2), new in condition(2)) {
        sound(&old, &new)?;
        sound(&new, &old)?;
    }

    #[test]
    fn a_proof_holds_for_related_conditions(a in condition(1), b in condition(1), c in condition(1)) {
        let and = |a: &Expr, b: &Expr| Expr::binary(a.clone(), BinaryOp::And, b.clone());
        let or = |a: &Expr, b: &Expr| Expr::binary(a.clone(), BinaryOp::Or, b.clone());
        prop_assert!(implies(&and(&a, &b), &a));
        prop_assert!(implies(&a, &or(&a, &b)));
        for (old, new) in [
            (and(&a, &b), or(&b, &c)),
            (or(&a, &b), and(&a, &c)),
            (a.clone(), or(&and(&a, &b), &c)),
            (and(&or(&a, &b), &c), or(&a, &c)),
            (Expr::Not(Box::new(and(&a, &b))), Expr::Not(Box::new(a.clone()))),
            (Expr::Not(Box::new(or(&a, &b))), Expr::Not(Box::new(a.clone()))),
        ] {
            sound(&old, &new)?;
            sound(&new, &old)?;
        }
    }
}

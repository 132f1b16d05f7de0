//! What was lowered, stored by the server and read back is what was lowered.

use proptest::prelude::*;

use super::dialect;
use super::simulate::simulate;
use super::stored::{stored, stored_filter};
use crate::dialect::mssql::tests::fixture;
use crate::dialect::{Dialect, Evidence};
use crate::diff::{Renames, diff};
use crate::model::expression::{Comparison, parse};
use crate::model::{Expr, Expression, Literal, Part, Schema};
use crate::testing::schemas;

/// The expressions of a schema in engine form, each with how the server stores it.
fn expressions(schema: &Schema) -> Vec<(Expr, String)> {
    let mut found = Vec::new();
    for table in schema.tables.values() {
        let computed = table
            .columns
            .iter()
            .filter_map(|column| column.computed.as_ref());
        for computed in computed {
            if let Expression::Portable(expr) = &computed.expression {
                found.push((expr.clone(), stored(expr)));
            }
        }
        for part in &table.parts {
            match part {
                Part::Check(check) => {
                    if let Expression::Portable(expr) = &check.expression {
                        found.push((expr.clone(), stored(expr)));
                    }
                }
                Part::Index(index) => {
                    if let Some(Expression::Portable(expr)) = &index.filter {
                        found.push((expr.clone(), stored_filter(expr)));
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// The tree with its `index`th number or text another; `None` when it has fewer. Words that stand
/// as text in a tree (`datediff(day, …)`) are no constants.
fn with_another_constant(tree: &Expr, index: usize) -> Option<Expr> {
    let mut seen = 0;
    let mut changed = false;
    let other = tree.clone().map(&mut |node| match node {
        Expr::Literal(literal @ (Literal::Number(_) | Literal::Text(_))) => {
            if literal == Literal::Text("day".to_owned()) {
                return Expr::Literal(literal);
            }
            seen += 1;
            if seen - 1 != index {
                return Expr::Literal(literal);
            }
            changed = true;
            Expr::Literal(match literal {
                Literal::Number(text) => {
                    Literal::Number(format!("7{}", text.trim_start_matches('-')))
                }
                Literal::Text(text) => Literal::Text(format!("{text}~")),
                other => other,
            })
        }
        other => other,
    });
    changed.then_some(other)
}

#[test]
fn everything_is_read_back() {
    let (lowered, _) = dialect().lower(&fixture::everything());
    let described = dialect().interpret(&simulate(&lowered));
    assert_eq!(described.unsupported, vec![]);
    assert_eq!(described.evidence, Evidence::Whole);
    assert_eq!(
        diff(&described.schema, &lowered, &Renames::default()),
        vec![]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_schema_is_read_back_as_it_was_lowered(schema in schemas()) {
        let (lowered, _) = dialect().lower(&schema);
        let described = dialect().interpret(&simulate(&lowered));
        prop_assert_eq!(&described.unsupported, &vec![]);
        prop_assert_eq!(diff(&described.schema, &lowered, &Renames::default()), vec![]);
        prop_assert_eq!(diff(&lowered, &described.schema, &Renames::default()), vec![]);

        // What was read is in engine form already.
        let (again, _) = dialect().lower(&described.schema);
        prop_assert_eq!(again, described.schema);
    }

    #[test]
    fn what_is_stored_means_what_was_written_and_no_other_constant(
        schema in schemas(), index in 0..6_usize,
    ) {
        let (lowered, _) = dialect().lower(&schema);
        for (written, stored_text) in expressions(&lowered) {
            let read = parse(&stored_text);
            prop_assert!(read.is_ok(), "{}: {:?}", stored_text, read);
            let read = Expression::Portable(read.unwrap());
            let written = Expression::Portable(written);
            prop_assert_eq!(written.compare(&read), Comparison::Same, "{} as {}", written, stored_text);
            let Expression::Portable(tree) = &written else { unreachable!() };
            if let Some(other) = with_another_constant(tree, index) {
                let changed = Expression::Portable(parse(&stored(&other)).unwrap());
                prop_assert_eq!(written.compare(&changed), Comparison::Different, "{}", other);
            }
        }
    }
}

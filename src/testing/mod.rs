//! Schemas for tests: declared in a few lines, and random ones for property tests.
//!
//! Owns the strategies for valid neutral schemas and for edits of them; which law holds for them is
//! said where it is tested. The file names its own crate as `dbtool`, so that the integration tests
//! can include it too (`#[path = "../src/testing/mod.rs"] mod testing;`) while proptest stays a
//! dependency of tests alone.
//!
//! A schema is built from a [`Tape`] of random numbers rather than from nested strategies: every
//! choice may depend on all choices before it, and a shorter or smaller tape is a simpler schema,
//! which is all that shrinking needs.

use std::sync::Arc;

use dbtool::diag::Source;
use dbtool::model::Schema;
use dbtool::yaml::schema::{Rules, load};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};

mod build;
mod edit;
mod expression;
mod tape;
mod values;

pub use tape::Tape;

/// The schema that these files declare, one table each, without tenants.
///
/// # Panics
/// When there is a finding.
pub fn declared(files: &[&str]) -> Schema {
    let source = |(number, text): (usize, &&str)| {
        Arc::new(Source {
            name: format!("{number}.yaml"),
            text: (*text).to_owned(),
        })
    };
    let sources: Vec<Arc<Source>> = files.iter().enumerate().map(source).collect();
    let rules = Rules {
        tenant: None,
        ..Rules::default()
    };
    let (loaded, findings) = load(&sources, &rules);
    assert_eq!(findings, [], "{files:?}");
    loaded.schema
}

/// Valid schemas of one to four tables that use every type and every option of the model.
pub fn schemas() -> impl Strategy<Value = Schema> {
    vec(any::<u16>(), 0..700).prop_map(|choices| build::schema(&mut Tape::new(choices)))
}

/// A valid schema that one to four edits of `schema` lead to.
pub fn mutate(schema: &Schema) -> impl Strategy<Value = Schema> + use<> {
    let schema = schema.clone();
    vec(any::<u16>(), 0..120)
        .prop_map(move |choices| edit::edited(&schema, &mut Tape::new(choices)))
}

/// A valid schema and one that a few edits of it lead to.
pub fn schema_pairs() -> impl Strategy<Value = (Schema, Schema)> {
    (vec(any::<u16>(), 0..700), vec(any::<u16>(), 0..120)).prop_map(|(choices, edits)| {
        let before = build::schema(&mut Tape::new(choices));
        let after = edit::edited(&before, &mut Tape::new(edits));
        (before, after)
    })
}

/// Conditions over the columns of a table, in the portable language.
pub fn condition(table: &dbtool::model::Table, tape: &mut Tape) -> Option<dbtool::model::Expr> {
    expression::condition(table, tape, 3)
}

#[cfg(test)]
mod tests;

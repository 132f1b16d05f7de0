//! What was declared, written, executed and read back is what was declared.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{ProptestConfig, any};
use proptest::sample::Index as Pick;
use proptest::test_runner::RngSeed;
use rusqlite::Connection;

use crate::dialect::sqlite::Sqlite;
use crate::dialect::{Described, Dialect};
use crate::model::expression::canonical::canonical;
use crate::model::{Expression, Part, Schema};
use crate::plan::Step;
use crate::testing::schemas;

use super::interpret;
use super::tests::{catalog, database};
use super::token::{Token, tokens};

/// The statements that create this schema in engine form.
fn statements(schema: &Schema) -> Vec<String> {
    let tables = schema.tables.values().cloned();
    let steps: Vec<Step> = tables.map(Step::CreateTable).collect();
    Sqlite
        .render(&steps)
        .into_iter()
        .map(|batch| batch.sql)
        .collect()
}

/// The schema with every expression in its one form, so that equality is equality of meaning.
fn canonical_form(mut schema: Schema) -> Schema {
    let change = |expression: &mut Expression| {
        if let Expression::Portable(expr) = expression {
            *expr = canonical(expr);
        }
    };
    for table in schema.tables.values_mut() {
        for column in &mut table.columns {
            if let Some(computed) = &mut column.computed {
                change(&mut computed.expression);
            }
        }
        for part in &mut table.parts {
            match part {
                Part::Check(check) => change(&mut check.expression),
                Part::Index(index) => {
                    if let Some(filter) = &mut index.filter {
                        change(filter);
                    }
                }
                Part::PrimaryKey(_) | Part::Unique(_) | Part::ForeignKey(_) => {}
            }
        }
    }
    schema
}

proptest::proptest! {
    #[test]
    fn a_schema_is_read_back_as_it_was_lowered(schema in schemas()) {
        let (lowered, findings) = Sqlite.lower(&schema);
        proptest::prop_assert_eq!(findings, vec![]);
        let Described { schema: read, unsupported, .. } = interpret(&catalog(&database(&statements(&lowered).join(";\n"))));
        proptest::prop_assert_eq!(unsupported, vec![]);
        proptest::prop_assert_eq!(canonical_form(read.clone()), canonical_form(lowered));

        // What was read is in engine form already.
        let (again, findings) = Sqlite.lower(&read);
        proptest::prop_assert_eq!(findings, vec![]);
        proptest::prop_assert_eq!(again, read);
    }
}

/// A token of one of the statements.
struct Edit<'a> {
    statement: usize,
    token: Token<'a>,
    /// What stands in its place, if anything.
    other: &'a str,
}

impl Edit<'_> {
    fn apply(&self, statements: &[String]) -> Vec<String> {
        let mut edited = statements.to_vec();
        let (before, after) = edited[self.statement].split_at(self.token.offset);
        let after = &after[self.token.text.len()..];
        edited[self.statement] = format!("{before}{}{after}", self.other);
        edited
    }

    /// Edits that change nothing but the spelling: commas between table constraints, `x NOT NULL`
    /// for `x IS NOT NULL`, a list of one alternative, what VIRTUAL is without being said, and what
    /// STRICT says of the type and of a primary key anyway.
    fn is_spelling(&self, before: &Connection, after: &Connection) -> bool {
        match (self.token.text, self.other) {
            (",", "" | "NULL")
            | ("IS", "")
            | ("VIRTUAL", "")
            | ("INTEGER", "INT")
            | ("IN", "=") => true,
            ("NOT" | "GENERATED" | "VIRTUAL", _) => columns(before) == columns(after),
            _ => false,
        }
    }
}

/// What the engine says of the columns of all tables. A primary key takes no NULL, said or not.
fn columns(connection: &Connection) -> Vec<String> {
    let mut query = connection
        .prepare(
            "SELECT format('%s %s %s %d %d %s', t.name, c.name, c.type, c.hidden,
                           c.pk > 0 OR c.\"notnull\", c.dflt_value)
             FROM pragma_table_list AS t, pragma_table_xinfo(t.name) AS c ORDER BY t.name, c.cid",
        )
        .expect("the pragmas exist");
    let lines = query.query_map([], |row| row.get(0)).expect("they run");
    lines.collect::<Result<_, _>>().expect("they give text")
}

proptest::proptest! {
    // Edits of mere spelling are known by rules that were found by trial. One seed for all runs
    // keeps a new one from failing a build that changed nothing; PROPTEST_RNG_SEED tries others.
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    /// Nobody edits an object in silence: one token that is another, or missing, is a difference
    /// or a finding, unless the engine refuses the statement or the edit is one of spelling.
    #[test]
    fn no_edit_of_a_token_goes_unseen(
        schema in schemas(),
        edits in vec((any::<Pick>(), option::of(any::<Pick>())), 20),
    ) {
        let (lowered, _) = Sqlite.lower(&schema);
        let statements = statements(&lowered);
        let whole = database(&statements.join(";\n"));
        let before = canonical_form(lowered);
        let places: Vec<(usize, Token<'_>)> = statements
            .iter()
            .enumerate()
            .flat_map(|(nth, sql)| tokens(sql).map(move |token| (nth, token)))
            .filter(|(_, token)| !token.is_blank())
            .collect();
        for (at, with) in edits {
            let (statement, token) = *at.get(&places);
            let other = with.map_or("", |with| with.get(&places).1.text);
            let edit = Edit { statement, token, other };
            let connection = Connection::open_in_memory().expect("memory is available");
            let edited = edit.apply(&statements);
            if other == token.text
                || edited.iter().any(|sql| connection.execute_batch(sql).is_err())
                || edit.is_spelling(&whole, &connection)
            {
                continue;
            }
            let Described { schema: read, unsupported, .. } = interpret(&catalog(&connection));
            proptest::prop_assert!(
                !unsupported.is_empty() || canonical_form(read) != before,
                "{:?} for {:?} in {}", other, token.text, edited[statement]
            );
        }
    }
}

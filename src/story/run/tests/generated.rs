//! Laws of generated rows: on random schemas, the database takes them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;
use crate::engine::Value;
use crate::model::{Check, Column, DefaultValue, Expr, Expression, Table, Type};
use crate::story::format::{Action, Insert, Principal, Row, Step, Term};
use crate::story::generate::{Truth, literal, truth};
use crate::testing;

/// A story that inserts rows, one into each of these tables.
fn story_of(rows: Vec<(Ident, Row)>) -> Story {
    let step = |(table, row): (Ident, Row)| Step {
        action: Action::Insert(Insert {
            table,
            rows: vec![row],
            count: 1,
            save: None,
        }),
        span: span(),
    };
    Story {
        survivors: Vec::new(),
        id: "T-1".into(),
        title: "Generated rows".into(),
        span: span(),
        criteria: Vec::new(),
        scenarios: vec![Scenario {
            name: "rows".into(),
            span: span(),
            proves: Vec::new(),
            ground: GroundKind::Shared,
            principal: Principal {
                tenant: "acme".into(),
                actor: None,
                correlation: None,
            },
            steps: rows.into_iter().map(step).collect(),
        }],
    }
}

/// A story that inserts a row of nothing but generated values into a table, its parents first.
fn story_about(table: &Ident, schema: &Schema) -> Option<Story> {
    let mut order = Vec::new();
    parents_first(table, schema, &mut order, &mut BTreeSet::new())?;
    let rows = order.into_iter().map(|table| (table, Row::default()));
    Some(story_of(rows.collect()))
}

/// Why a story fails on a new database of a schema without tenants.
fn refusal_of(story: &Story, schema: &Schema, seed: u32) -> Option<String> {
    let tenancy = Tenancy::default();
    let world = Files::new(schema);
    let ground = Ground {
        schema,
        tenancy: &tenancy,
        dialect: &Sqlite,
        world: &world,
    };
    let options = RunOptions { seed, ..options() };
    let stories = std::slice::from_ref(story);
    let mut report = run(&ground, stories, &options, &mut |_, _| {});
    let failure = report.stories.remove(0).scenarios.remove(0).failure;
    failure.map(|failure| {
        let finding = failure.finding;
        format!("{}: {}", finding.message, finding.help.unwrap_or_default())
    })
}

/// The same cases in every run: a schema whose checks contradict each other must not come up on
/// somebody else's machine.
fn runner(cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn span() -> crate::diag::Span {
    let source = Source {
        name: "generated".into(),
        text: String::new(),
    };
    crate::diag::Span::new(&Arc::new(source), 0..0)
}

/// The tables that rows of a table refer to, and then it; `None` when they go round in a circle.
fn parents_first(
    table: &Ident,
    schema: &Schema,
    order: &mut Vec<Ident>,
    above: &mut BTreeSet<Ident>,
) -> Option<()> {
    if order.contains(table) {
        return Some(());
    }
    if !above.insert(table.clone()) {
        return None;
    }
    for key in schema.table(table)?.foreign_keys() {
        parents_first(&key.references, schema, order, above)?;
    }
    above.remove(table);
    order.push(table.clone());
    Some(())
}

/// Whether everything about a row can be known before it is written: native types, checks and
/// defaults are the engine's own, and so is what it counts up, computes or takes from its clock.
fn is_portable(table: &Table) -> bool {
    let known = |column: &Column| {
        let native = matches!(column.ty, Type::Native(_) | Type::TimestampTz(_));
        let default = column.default.as_ref().map(|default| &default.value);
        !native
            && column.identity.is_none()
            && column.computed.is_none()
            && matches!(default, None | Some(DefaultValue::Literal(_)))
    };
    table.columns.iter().all(known)
        && table
            .checks()
            .all(|check| matches!(check.expression, Expression::Portable(_)))
}

#[test]
fn a_generated_row_of_a_random_table_is_taken() {
    let tried = Cell::new(0_usize);
    let refused = RefCell::new(Vec::new());
    let cases = (testing::schemas(), any::<u32>());
    let mut runner = runner(160);
    let ran = runner.run(&cases, |(schema, seed)| {
        for table in schema.tables.keys() {
            let Some(story) = story_about(table, &schema) else {
                continue;
            };
            let steps = &story.scenarios[0].steps;
            let portable = |step: &Step| match &step.action {
                Action::Insert(insert) => schema.table(&insert.table).is_some_and(is_portable),
                _ => false,
            };
            if steps.iter().all(portable) {
                tried.set(tried.get() + 1);
                refused
                    .borrow_mut()
                    .extend(refusal_of(&story, &schema, seed));
            }
        }
        Ok(())
    });
    ran.unwrap();
    let (tried, refused) = (tried.get(), refused.into_inner());
    assert!(tried > 30, "{tried} tables");
    // Random checks contradict each other now and then: one wants less than 3, another more than 7.
    // The generator knows of each of these; every other row is taken.
    let known = |why: &&String| {
        why.contains("no values were found that") || why.contains("no value can be generated")
    };
    let unknown: Vec<&String> = refused.iter().filter(|why| !known(why)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert!(refused.len() * 2 <= tried, "of {tried}: {refused:#?}");
}

/// The values of a row that satisfy nothing in particular: generated ones, constants of the check,
/// and NULL.
fn some_row(table: &Table, check: &Expr, seed: u32, picks: &[u8]) -> Vec<(Ident, Value)> {
    let mut generator = Generator::new(seed.into(), "a", "b");
    let now = Instant::parse(NOW).unwrap();
    let mut constants = Vec::new();
    check.visit(&mut |part| {
        if let Expr::Literal(constant) = part {
            constants.push(constant.clone());
        }
    });
    let settable = |column: &&Column| {
        column.computed.is_none() && column.identity.is_none() && column.ty != Type::RowVersion
    };
    let columns = table.columns.iter().filter(settable);
    let row = columns
        .zip(picks.iter().cycle())
        .filter_map(|(column, pick)| {
            if matches!(column.ty, Type::Native(_)) {
                return column.nullable.then(|| (column.name.clone(), Value::Null));
            }
            let mut values = Vec::from_iter(generator.value(table, column, now).ok());
            let fitting = constants
                .iter()
                .filter_map(|it| literal(&column.ty, it).ok());
            values.extend(fitting);
            if column.nullable {
                values.push(Value::Null);
            }
            let value = values.get(usize::from(*pick) % values.len().max(1))?;
            Some((column.name.clone(), value.clone()))
        });
    row.collect()
}

/// What is judged here and what the database says are the same.
#[test]
fn a_check_is_judged_as_the_database_judges_it() {
    let told = Cell::new([0_usize; 3]);
    let cases = (
        testing::schemas(),
        proptest::collection::vec(any::<u16>(), 40),
        proptest::collection::vec(any::<u8>(), 8),
        any::<u32>(),
    );
    let mut runner = runner(192);
    let ran = runner.run(&cases, |(schema, choices, picks, seed)| {
        let mut table = schema.tables.into_values().next().unwrap();
        table
            .parts
            .retain(|part| matches!(part, Part::PrimaryKey(_)));
        table.append_only = None;
        let mut tape = testing::Tape::new(choices);
        let Some(check) = testing::condition(&table, &mut tape) else {
            return Ok(());
        };
        if !is_portable(&table) {
            return Ok(());
        }
        let row = some_row(&table, &check, seed, &picks);
        let look = |name: &Ident| {
            let found = row.iter().find(|(column, _)| column == name);
            found.map(|(_, value)| value.clone())
        };
        let truth = truth(&check, &table, &look);
        table.parts.push(Part::Check(Check {
            name: Ident::new("ckLaw"),
            expression: Expression::Portable(check.clone()),
        }));
        let terms = row
            .iter()
            .map(|(name, value)| (name.clone(), Term::Literal(value.clone())));
        let values = terms.collect();
        let story = story_of(vec![(table.name.clone(), Row { values })]);
        let schema = Schema::new([table]);
        let refusal = refusal_of(&story, &schema, seed);
        let by_check = refusal.is_some_and(|why| why.contains("ckLaw"));
        let mut counts = told.get();
        match truth {
            Truth::True | Truth::Unknown => {
                counts[0] += 1;
                prop_assert!(!by_check, "{check:?} refuses {row:?}");
            }
            Truth::False => {
                counts[1] += 1;
                prop_assert!(by_check, "{check:?} takes {row:?}");
            }
            Truth::Opaque => counts[2] += 1,
        }
        told.set(counts);
        Ok(())
    });
    ran.unwrap();
    let [taken, refused, opaque] = told.get();
    assert!(
        taken > 20 && refused > 20 && opaque < taken + refused,
        "{told:?}"
    );
}

#[test]
fn checks_over_several_columns_are_satisfied_where_the_author_leaves_room() {
    let schema = schema("schema");
    let tenancy = tenancy();
    let steps = "
- insert: { into: jobRuns, row: { status: succeeded, startedAt: { now: +1h } }, save: job }
- expectRows: { table: jobRuns, rows: [{ finishedAt: { atLeast: { now: +1h } } }] }
- insert: { into: uploadEvents, row: { outcome: throttled } }
- insert: { into: uploadEvents, row: { jobRunId: null } }
- insert: { into: uploadPolicies, row: { uploadCount: 3 } }
- insert: { into: bomColumnMappings, row: { mappingSource: auto } }
- insert: { into: columnDetectionAudits, row: { reviewedBy: erin } }
- expectRows: { table: columnDetectionAudits, rows: [{ reviewedAt: { isNull: false } }] }
- expectError: { kind: check, step: { insert: { into: jobRuns, row: { status: succeeded } } } }
";
    let source = Arc::new(Source {
        name: "story.yaml".into(),
        text: format!(
            "story: T\ntitle: t\ncriteria: [{{ id: a, text: t, provenBy: database }}]\nscenarios:\n  \
             - name: n\n    proves: [a]\n    as: {{ actor: dana }}\n    steps:\n{}",
            steps
                .lines()
                .map(|line| format!("      {line}\n"))
                .collect::<String>()
        ),
    });
    let loaded = load(&[source], &[], &schema, &tenancy);
    assert_eq!(loaded.findings, []);
    let world = Files::new(&schema);
    let ground = Ground {
        schema: &schema,
        tenancy: &tenancy,
        dialect: &Sqlite,
        world: &world,
    };
    let report = run(&ground, &loaded.stories, &options(), &mut |_, _| {});
    let failures: Vec<_> = report.failures().map(|it| &it.finding.message).collect();
    assert!(failures.is_empty(), "{failures:?}");
}

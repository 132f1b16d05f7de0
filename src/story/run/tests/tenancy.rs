//! The story that follows from the schema: it holds on a database of that schema, and each promise
//! that the database lost turns it red.

use super::*;
use crate::diag::Span;
use crate::model::KeyColumn;
use crate::story::isolation;

const CASES: &str = "tests/cases/story/schema";

fn nowhere(table: &Ident) -> Span {
    let source = Source {
        name: format!("{table}.yaml"),
        text: String::new(),
    };
    Span::new(&Arc::new(source), 0..0)
}

/// The scenarios that fail on a database of another schema than the declared one.
fn failures(declared: &Schema, database: &Schema) -> Vec<String> {
    let tenancy = tenancy();
    let story = isolation::story(declared, &tenancy, &nowhere).expect("tables of tenants");
    let world = Files::new(database);
    let ground = Ground {
        schema: declared,
        tenancy: &tenancy,
        dialect: &Sqlite,
        world: &world,
    };
    let report = run(&ground, &[story], &options(), &mut |_, _| {});
    let scenarios = &report.stories[0].scenarios;
    let failed = scenarios.iter().filter_map(|scenario| {
        let failure = scenario.failure.as_ref()?;
        Some(format!("{}\n  {}", scenario.name, failure.finding.message))
    });
    failed.collect()
}

#[test]
fn it_holds_on_the_schema_that_it_follows_from() {
    for folder in [CASES, "schema"] {
        let schema = schema(folder);
        assert_eq!(failures(&schema, &schema), Vec::<String>::new());
    }
}

#[test]
fn it_has_a_scenario_for_each_key_of_each_table() {
    let schema = schema("schema");
    let story = isolation::story(&schema, &tenancy(), &nowhere).unwrap();
    for table in schema.tables.values() {
        let named = |part: &str| {
            let mut scenarios = story.scenarios.iter();
            scenarios.any(|it| it.name.starts_with(table.name.as_str()) && it.name.contains(part))
        };
        assert!(named("reads its own row"));
        let keys = table.parts.iter().filter(|part| match part {
            Part::Index(index) => index.unique,
            Part::Check(_) => false,
            _ => true,
        });
        for key in keys {
            assert!(named(key.name().as_str()), "{}", key.name());
        }
        let changes = if table.append_only.is_some() {
            ["changes or removes", ""]
        } else {
            ["changes its own", "removes its own"]
        };
        assert!(changes.iter().all(|what| named(what)), "{}", table.name);
    }
}

#[test]
fn each_key_that_the_database_lost_turns_it_red() {
    for folder in [CASES, "schema"] {
        let declared = schema(folder);
        for table in declared.tables.values() {
            for part in &table.parts {
                let is_key = match part {
                    Part::Unique(_) | Part::ForeignKey(_) => true,
                    Part::Index(index) => index.unique,
                    // Other tables refer to it.
                    Part::PrimaryKey(_) | Part::Check(_) => false,
                };
                if !is_key {
                    continue;
                }
                let mut database = declared.clone();
                let parts = &mut database.tables.get_mut(&table.name).unwrap().parts;
                parts.retain(|other| other.name() != part.name());
                let failed = failures(&declared, &database);
                let name = part.name().as_str();
                assert!(
                    failed.iter().any(|failure| failure.contains(name)),
                    "{name}: {failed:#?}"
                );
            }
        }
    }
}

#[test]
fn a_key_that_leaves_the_tenant_out_turns_it_red() {
    let declared = schema(CASES);
    let mut database = declared.clone();
    let jobs = database.tables.get_mut(&Ident::new("jobs")).unwrap();
    for part in &mut jobs.parts {
        if let Part::Unique(key) = part {
            key.columns = vec![KeyColumn::ascending("requestKey")];
        }
    }
    let failed = failures(&declared, &database);
    let [failure] = failed.as_slice() else {
        panic!("{failed:#?}");
    };
    assert!(failure.starts_with("jobs: uqJobsTenantIdRequestKey is free for another tenant"));
}

#[test]
fn rows_that_can_be_changed_after_all_turn_it_red() {
    let declared = schema(CASES);
    let mut database = declared.clone();
    let entries = database.tables.get_mut(&Ident::new("entries")).unwrap();
    entries.append_only = None;
    let failed = failures(&declared, &database);
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert!(failed[0].contains("no tenant changes or removes a row"));
}

#[test]
fn a_schema_without_tenants_has_no_such_story() {
    let tenancy = Tenancy::default();
    assert!(isolation::story(&schema(CASES), &tenancy, &nowhere).is_none());
}

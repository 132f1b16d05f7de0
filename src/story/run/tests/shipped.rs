//! The stories that are shipped, on the schema that is shipped.

use super::*;
use crate::model::Table;
use crate::story::editor;

fn stories(schema: &Schema) -> Loaded {
    load(
        &files("fixtures/stories"),
        &files("fixtures/rows"),
        schema,
        &tenancy(),
    )
}

fn report_on(schema: &Schema, database: &Schema, fail_fast: bool) -> StoryReport {
    let loaded = stories(schema);
    assert_eq!(loaded.findings, []);
    let tenancy = tenancy();
    let world = Files::new(database);
    let ground = Ground {
        schema,
        tenancy: &tenancy,
        dialect: &Sqlite,
        world: &world,
    };
    let options = RunOptions {
        fail_fast,
        ..options()
    };
    run(&ground, &loaded.stories, &options, &mut |_, _| {})
}

#[test]
fn every_criterion_is_proven_or_honestly_is_not() {
    let schema = schema("schema");
    let report = report_on(&schema, &schema, false);
    let failures: Vec<&str> = report
        .failures()
        .map(|f| f.finding.message.as_str())
        .collect();
    assert_eq!(failures, Vec::<&str>::new());
    for story in &report.stories {
        for criterion in &story.criteria {
            let wanted = match criterion.proven_by {
                ProvenBy::Database => CriterionStatus::Proven,
                ProvenBy::Environment | ProvenBy::Application => CriterionStatus::NotProvenHere,
            };
            assert_eq!(criterion.status, wanted, "{} {}", story.id, criterion.id);
        }
    }
    let ids: Vec<&str> = report
        .stories
        .iter()
        .map(|story| story.id.as_str())
        .collect();
    assert_eq!(ids, ["S2vDB-01", "S2vDB-02", "S2vDB-03"]);
}

/// What a database may lack, one thing at a time: keys, checks, foreign keys, unique indexes and
/// the triggers of append-only tables.
fn losses(schema: &Schema) -> Vec<(String, Schema)> {
    let without = |change: &dyn Fn(&mut Table)| {
        let mut schema = schema.clone();
        schema.tables.values_mut().for_each(change);
        schema
    };
    let mut losses = Vec::new();
    for table in schema.tables.values() {
        for part in &table.parts {
            if matches!(part, Part::Index(index) if !index.unique) {
                continue;
            }
            let lost = without(&|table: &mut Table| table.parts.retain(|other| other != part));
            losses.push((part.name().to_string(), lost));
        }
        if let Some(name) = &table.append_only {
            let lost = without(&|other: &mut Table| {
                if other.name == table.name {
                    other.append_only = None;
                }
            });
            losses.push((name.to_string(), lost));
        }
    }
    losses
}

/// Rows show what is missing, not only the look at the catalog.
#[test]
fn whatever_the_database_lacks_turns_a_scenario_of_rows_red() {
    let schema = schema("schema");
    let losses = losses(&schema);
    assert!(losses.len() > 40, "{}", losses.len());
    let loaded = stories(&schema);
    let of_rows = |scenario: &Scenario| {
        let catalog = |step: &Step| {
            matches!(
                step.action,
                Action::ExpectCatalog(_) | Action::ExpectSameCatalog
            )
        };
        !scenario.steps.iter().any(catalog)
    };
    let mut survivors = Vec::new();
    let tenancy = tenancy();
    for (name, database) in losses {
        let world = Files::new(&database);
        let ground = Ground {
            schema: &schema,
            tenancy: &tenancy,
            dialect: &Sqlite,
            world: &world,
        };
        let mut stories = loaded.stories.clone();
        for story in &mut stories {
            story.scenarios.retain(of_rows);
        }
        let options = RunOptions {
            fail_fast: true,
            ..options()
        };
        if !run(&ground, &stories, &options, &mut |_, _| {}).failed() {
            survivors.push(name);
        }
    }
    assert_eq!(survivors, Vec::<String>::new());
}

/// Run once with `DBTOOL_UPDATE_CASES=1` after a deliberate change of the language.
#[test]
fn the_json_schemas_beside_the_files_are_current() {
    for (folder, name, current) in [
        (
            "fixtures/stories",
            editor::STORY_FILE,
            editor::story_schema(),
        ),
        ("fixtures/rows", editor::ROWS_FILE, editor::rows_schema()),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(folder)
            .join(name);
        if std::env::var_os("DBTOOL_UPDATE_CASES").is_some() {
            std::fs::write(&path, &current).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), current, "{name}");
        for file in files(folder) {
            let line = format!("# yaml-language-server: $schema={name}\n");
            assert!(file.text.starts_with(&line), "{}", file.name);
        }
    }
}

//! The stories that are shipped, on the schema that is shipped.

use super::*;
use crate::model::{Table, Type};
use crate::story::editor;
use crate::story::format::{Action, Step};

fn stories(schema: &Schema) -> Loaded {
    load(
        &files("fixtures/stories"),
        &files("fixtures/rows"),
        schema,
        &tenancy(),
    )
}

/// Whether a scenario needs no more than a database with tables: no look at the catalog, which
/// would find every loss, and no process, migrations folder, settings or environment.
fn is_about_rows(scenario: &Scenario) -> bool {
    let rows = |step: &Step| {
        !matches!(
            step.action,
            Action::ExpectCatalog(_)
                | Action::ExpectSameCatalog
                | Action::ExpectGate(_)
                | Action::ExpectFailure(_)
                | Action::Crash(_)
                | Action::ResolveConnection(_)
        )
    };
    scenario.ground == GroundKind::Shared && scenario.steps.iter().all(rows)
}

/// The stories that are about rows, as they run on a database.
fn report_on(schema: &Schema, stories: &[Story], database: &Schema) -> StoryReport {
    let tenancy = tenancy();
    let world = Files::new(database);
    let ground = Ground {
        schema,
        tenancy: &tenancy,
        dialect: &Sqlite,
        world: &world,
    };
    // Defaults of the database are of its own clock.
    let options = RunOptions {
        fail_fast: true,
        now: None,
        ..options()
    };
    run(&ground, stories, &options, &mut |_, _| {})
}

fn stories_about_rows(schema: &Schema) -> Vec<Story> {
    let mut loaded = stories(schema);
    assert_eq!(loaded.findings, []);
    for story in &mut loaded.stories {
        story.scenarios.retain(is_about_rows);
    }
    loaded.stories
}

#[test]
fn all_five_stories_load_and_their_rows_are_as_they_say() {
    let schema = schema("schema");
    let stories = stories_about_rows(&schema);
    let ids: Vec<&str> = stories.iter().map(|story| story.id.as_str()).collect();
    assert_eq!(
        ids,
        ["S2vDB-01", "S2vDB-02", "S2vDB-03", "S2vDB-04", "S2vDB-05"]
    );
    let report = report_on(&schema, &stories, &schema);
    let failures: Vec<&str> = report
        .failures()
        .map(|f| f.finding.message.as_str())
        .collect();
    assert_eq!(failures, Vec::<&str>::new());
}

/// What a database may lack, one thing at a time, with the words by which a scenario is about it:
/// keys, checks, foreign keys, indexes, triggers of append-only tables, defaults, and NOT NULL.
/// The columns of a primary key take no NULL whatever is said of them, the tenant is not the
/// author's to write, and a version is the engine's.
fn losses(schema: &Schema) -> Vec<(String, Vec<String>, Schema)> {
    let mut losses = Vec::new();
    for table in schema.tables.values() {
        let mut lose = |name: &Ident, words: Vec<String>, change: &dyn Fn(&mut Table)| {
            let mut schema = schema.clone();
            if let Some(table) = schema.tables.get_mut(&table.name) {
                change(table);
            }
            losses.push((name.to_string(), words, schema));
        };
        let named = |name: &Ident| vec![format!("{name:?}")];
        for part in &table.parts {
            lose(part.name(), named(part.name()), &|table| {
                table.parts.retain(|other| other != part);
            });
        }
        if let Some(name) = &table.append_only {
            lose(name, named(name), &|table| table.append_only = None);
        }
        let key = table.primary_key().map(|key| &key.columns);
        let in_key = |name: &Ident| key.is_some_and(|key| key.iter().any(|it| it.column == *name));
        for (at, column) in table.columns.iter().enumerate() {
            if let Some(default) = &column.default {
                let words = vec![format!("{:?}", table.name), "Default".to_owned()];
                lose(&default.name, words, &|table| {
                    table.columns[at].default = None;
                });
            }
            if !column.nullable && column.ty != Type::RowVersion && !in_key(&column.name) {
                let name = Ident::new(format!("{}.{}", table.name, column.name));
                lose(&name, named(&name), &|table| {
                    table.columns[at].nullable = true;
                });
            }
        }
    }
    losses
}

/// Rows and plans show what is missing, in a scenario that is about it, and not only the look at the
/// catalog.
#[test]
fn whatever_the_database_lacks_turns_a_scenario_of_rows_red() {
    let schema = schema("schema");
    let losses = losses(&schema);
    assert!(losses.len() > 140, "{}", losses.len());
    let stories = stories_about_rows(&schema);
    let survivors: Vec<String> = losses
        .into_iter()
        .filter(|(_, words, database)| {
            let mut stories = stories.clone();
            for story in &mut stories {
                story.scenarios.retain(|scenario| {
                    let text = format!("{:?}", scenario.steps);
                    words.iter().all(|word| text.contains(word))
                });
            }
            !report_on(&schema, &stories, database).failed()
        })
        .map(|(name, ..)| name)
        .collect();
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

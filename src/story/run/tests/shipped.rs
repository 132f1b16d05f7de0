//! The stories that are shipped, on the schema that is shipped.

use super::*;
use crate::story::editor;
use crate::story::format::{Action, Step};
use crate::story::mutation::tests::FromNothing;
use crate::story::mutation::{self, Kind, Mutant, Standing, Trial, Verdict};

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
fn report_on(schema: &Schema, stories: &[Story]) -> StoryReport {
    let tenancy = tenancy();
    let world = Files::new(schema);
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
    let report = report_on(&schema, &stories);
    let failures: Vec<&str> = report
        .failures()
        .map(|f| f.finding.message.as_str())
        .collect();
    assert_eq!(failures, Vec::<&str>::new());
}

/// Rows show what is missing, not only the look at the catalog.
#[test]
fn whatever_the_database_lacks_turns_a_scenario_of_rows_red() {
    let schema = schema("schema");
    let loaded = stories(&schema);
    let tenancy = tenancy();
    let world = Files::new(&schema);
    let ground = Ground {
        schema: &schema,
        tenancy: &tenancy,
        dialect: &Sqlite,
        world: &world,
    };
    let mutants = mutation::mutants(&schema, &tenancy, &loaded.stories, &Sqlite).into_iter();
    let lost = mutants.filter(|mutant| {
        matches!(mutant.kind, Kind::Dropped | Kind::Rewritable) && !mutant.is_for_speed
    });
    // Also what another rule refuses too: the stories name which one it is.
    let lost: Vec<Mutant> = lost
        .map(|mutant| Mutant {
            standing: Standing::Counts,
            ..mutant
        })
        .collect();
    assert!(lost.len() > 40, "{}", lost.len());
    let tried = mutation::run(
        &ground,
        &loaded.stories,
        lost,
        &FromNothing,
        &options(),
        &|_| {},
    );
    let trials = tried.expect("specimens can be made").trials;
    let killed = |trial: &Trial| matches!(trial.verdict, Verdict::Killed(_));
    let survivors = trials.iter().filter(|trial| !killed(trial));
    let survivors: Vec<String> = survivors.map(|trial| trial.mutant.headline()).collect();
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

//! The cases are files under `tests/cases/story/load`: a story, and behind it as comments the
//! findings that it must have. After a deliberate change of messages, run the tests once with
//! `DBTOOL_UPDATE_CASES=1`, and read the difference.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::story::editor;
use crate::yaml;
use crate::yaml::files::read_folder;

fn cases(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases/story")
        .join(folder)
}

fn files(folder: &str) -> Vec<Arc<Source>> {
    read_folder(&cases(folder), Phase::Schema).unwrap().files
}

fn schema() -> Schema {
    let (loaded, findings) = yaml::schema::load(&files("schema"), &yaml::schema::Rules::default());
    assert_eq!(findings, [], "the schema of the cases is sound");
    loaded.schema
}

fn tenancy() -> Tenancy {
    Tenancy {
        column: Some(Ident::new("tenantId")),
        exempt: BTreeSet::new(),
    }
}

fn loaded(text: &str, rows: &[Arc<Source>]) -> Loaded {
    let source = Arc::new(Source {
        name: "story.yaml".into(),
        text: text.into(),
    });
    load(&[source], rows, &schema(), &tenancy())
}

fn listing(loaded: &Loaded) -> String {
    let mut listing = String::new();
    for finding in &loaded.findings {
        let (line, column) = finding.span.as_ref().unwrap().line_column();
        let severity = finding.severity.word();
        let (code, message) = (finding.code, &finding.message);
        writeln!(listing, "#! {line}:{column} {severity}[{code}] {message}").unwrap();
        if let Some(help) = &finding.help {
            writeln!(listing, "#!     {help}").unwrap();
        }
    }
    listing
}

#[test]
fn every_case_has_the_findings_that_it_says() {
    let rows = files("rows");
    let mut wrong = Vec::new();
    let stories = files("load");
    assert!(stories.len() >= 10, "the cases are there");
    for file in &stories {
        let path = Path::new(&file.name);
        let lines = file.text.lines().filter(|line| line.starts_with("#!"));
        let wanted: String = lines.map(|line| format!("{line}\n")).collect();
        let lines = file.text.lines().filter(|line| !line.starts_with("#!"));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        let found = listing(&loaded(&text, &rows));
        if found == wanted {
            continue;
        }
        if std::env::var_os("DBTOOL_UPDATE_CASES").is_some() {
            std::fs::write(path, format!("{text}{found}")).unwrap();
        }
        wrong.push(format!(
            "{}\nexpected\n{wanted}found\n{found}",
            path.display()
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_story_without_findings_is_complete() {
    let rows = files("rows");
    let text = std::fs::read_to_string(cases("load/everything.yaml")).unwrap();
    let loaded = loaded(&text, &rows);
    assert!(!loaded.has_errors());
    let steps = &loaded.stories[0].scenarios[0].steps;
    // Every kind of step that there is stands in the case.
    for step in STEPS {
        let step = format!("- {step}");
        assert!(text.contains(&step), "{step} is in no case");
    }
    let first = text.split("\n  - name:").nth(1).unwrap();
    assert_eq!(steps.len(), first.matches("\n      - ").count());
}

#[test]
fn one_identifier_is_one_story_and_one_name_one_row() {
    let story = |name: &str, id: &str| {
        let text = format!(
            "story: {id}\ntitle: t\ncriteria:\n  - {{ id: a, text: t, provenBy: database }}\n\
             scenarios:\n  - {{ name: n, proves: [a], steps: [restart] }}\n"
        );
        Arc::new(Source {
            name: name.into(),
            text,
        })
    };
    let rows = |name: &str| {
        Arc::new(Source {
            name: name.into(),
            text: "rows:\n  one: { table: jobs, values: {} }\n".into(),
        })
    };
    let stories = [
        story("b.yaml", "B"),
        story("a.yaml", "A"),
        story("c.yaml", "B"),
    ];
    let loaded = load(
        &stories,
        &[rows("x.yaml"), rows("y.yaml")],
        &schema(),
        &tenancy(),
    );
    let messages: Vec<&str> = loaded.findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the row `one` is already in x.yaml:2",
            "the story `B` is already in `b.yaml`",
        ]
    );
    let ids: Vec<&str> = loaded
        .stories
        .iter()
        .map(|story| story.id.as_str())
        .collect();
    assert_eq!(ids, ["A", "B", "B"], "in the order of identifiers");
}

#[test]
fn named_rows_cannot_refer_to_other_rows() {
    let rows = Arc::new(Source {
        name: "rows.yaml".into(),
        text: "rows:\n  one: { table: jobs, values: { createdBy: $job.createdBy } }\n".into(),
    });
    let loaded = load(&[], &[rows], &schema(), &tenancy());
    assert_eq!(loaded.findings[0].code, "story/unknown-reference");
}

/// The JSON Schema for editors and the loader know the same keys: an unknown key makes the loader
/// say which it knows.
#[test]
fn editors_and_the_loader_know_the_same_keys() {
    let schema: serde_json::Value = serde_json::from_str(&editor::story_schema()).unwrap();
    let steps = &schema["definitions"]["step"]["anyOf"][1]["properties"];
    let names: Vec<&String> = steps.as_object().unwrap().keys().collect();
    let mut all = STEPS.to_vec();
    all.sort_unstable();
    assert_eq!(names, all);
    for step in STEPS {
        let body = match step {
            "expectDrift" => &steps[step]["anyOf"][1],
            _ => &steps[step],
        };
        if body["type"] == "null" {
            continue;
        }
        let mut known: Vec<&str> = body["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let text = format!(
            "story: T\ntitle: t\ncriteria: []\nscenarios:\n  - name: n\n    proves: []\n    \
             steps:\n      - {step}: {{ qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq: 1 }}\n"
        );
        let loaded = loaded(&text, &[]);
        let unknown = loaded
            .findings
            .iter()
            .find(|f| f.code == "yaml/unknown-key");
        let help = unknown.unwrap_or_else(|| panic!("{step}: {:?}", loaded.findings));
        let help = help
            .help
            .as_deref()
            .unwrap()
            .strip_prefix("its keys are ")
            .unwrap();
        let mut read: Vec<&str> = help
            .split(", ")
            .flat_map(|part| part.split(" and "))
            .collect();
        read.sort_unstable();
        known.sort_unstable();
        assert_eq!(read, known, "{step}");
    }
}

/// Whatever an author has written so far, there are findings with places, and no panic.
#[test]
fn a_story_that_is_being_written_has_findings_with_places() {
    let rows = files("rows");
    let text = std::fs::read_to_string(cases("load/everything.yaml")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for at in 0..lines.len() {
        let without: Vec<&str> = [&lines[..at], &lines[at + 1..]].concat();
        let half = &lines[at][..lines[at].len() / 2];
        let cut = [&lines[..at], &[half]].concat();
        for lines in [without, cut] {
            let loaded = loaded(&lines.join("\n"), &rows);
            let placed = |finding: &Diagnostic| finding.span.is_some();
            assert!(loaded.findings.iter().all(placed), "{:#?}", loaded.findings);
        }
    }
}

//! The cases under `tests/cases/schema`: a folder `schema`, perhaps a `dbtool.yaml`, and the
//! findings that they give, one a line, with what helps indented below it.
//!
//! With `UPDATE_CASES=1` the expected findings are written anew.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::schema::{Loaded, Rules, load};
use super::{config, files};
use crate::diag::{Diagnostic, Phase, Source};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rendered(findings: &[Diagnostic], folder: &Path) -> String {
    let prefix = format!("{}/", files::display_name(folder));
    let mut text = String::new();
    for finding in findings {
        let place = match &finding.span {
            None => String::new(),
            Some(span) => {
                let (line, column) = span.line_column();
                format!(" {}:{line}:{column}", span.source.name)
            }
        };
        let object = match &finding.path {
            None => String::new(),
            Some(path) => format!(" [{path}]"),
        };
        let line = format!("{}{place}{object} {}", finding.code, finding.message);
        text.push_str(&line.replace(&prefix, ""));
        text.push('\n');
        let label = finding.label.as_deref().map(|label| format!("({label}) "));
        let help = [
            label.unwrap_or_default(),
            finding.help.clone().unwrap_or_default(),
        ]
        .concat();
        writeln!(text, "    {}", help.replace(&prefix, "")).unwrap();
    }
    text
}

fn findings(folder: &Path) -> (Loaded, Vec<Diagnostic>) {
    let settings = folder.join("dbtool.yaml");
    let (rules, mut list) = if settings.exists() {
        let source = files::read_file(&settings, Phase::Schema).unwrap();
        let (config, list) = config::load(Some(&source));
        (config.rules(), list)
    } else {
        (Rules::default(), Vec::new())
    };
    let schema = folder.join("schema");
    if !schema.exists() {
        return (Loaded::default(), list);
    }
    let read = files::read_folder(&schema, Phase::Schema).unwrap();
    list.extend(read.findings);
    let (loaded, found) = load(&read.files, &rules);
    list.extend(found);
    (loaded, list)
}

#[test]
fn every_bad_input_is_explained() {
    let folder = root().join("tests/cases/schema");
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(cases.len() > 20, "the cases are missing");
    let mut wrong = String::new();
    for case in cases {
        let found = rendered(&findings(&case).1, &case);
        let file = case.join("expected.txt");
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::write(&file, &found).unwrap();
            continue;
        }
        let expected = fs::read_to_string(&file)
            .unwrap_or_default()
            .replace("\r\n", "\n");
        if found != expected {
            writeln!(
                wrong,
                "{}:\n--- expected\n{expected}--- found\n{found}",
                case.display()
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_entities_of_this_project_load_without_a_finding() {
    let source = files::read_file(&root().join("dbtool.yaml"), Phase::Schema).unwrap();
    let (config, list) = config::load(Some(&source));
    assert_eq!(rendered(&list, &root()), "");
    let read = files::read_folder(&root().join("schema"), Phase::Schema).unwrap();
    let (loaded, list) = load(&read.files, &config.rules());
    assert_eq!(rendered(&list, &root()), "");
    let names: Vec<_> = loaded
        .schema
        .tables
        .keys()
        .map(crate::model::Ident::as_str)
        .collect();
    assert_eq!(
        names,
        [
            "auditLogs",
            "bomColumnMappings",
            "columnDetectionAudits",
            "historyEntries",
            "jobRuns",
            "uploadEvents",
            "uploadPolicies",
        ]
    );
    for table in loaded.schema.tables.values() {
        assert!(table.description.is_some(), "{} is described", table.name);
        for column in &table.columns {
            assert!(
                column.description.is_some(),
                "{}.{} is described",
                table.name,
                column.name
            );
        }
        assert!(
            table.column(&"createdAt".into()).is_some(),
            "{} has createdAt",
            table.name
        );
    }
}

#[test]
fn names_that_are_left_out_follow_the_convention() {
    let (loaded, list) = findings(&root());
    assert_eq!(rendered(&list, &root()), "");
    let table = loaded.schema.table(&"jobRuns".into()).unwrap();
    let names: Vec<_> = table
        .parts
        .iter()
        .map(|part| part.name().as_str())
        .collect();
    assert_eq!(
        names,
        [
            "pkJobRuns",
            "uqJobRunsTenantIdIdempotencyKey",
            "ckJobRunsStatus",
            "ckJobRunsFileSizeBytes",
            "ckJobRunsAttemptCount",
            "ckJobRunsFinishedAfterStarted",
            "ckJobRunsFinishedIsFinal",
            "ixJobRunsTenantIdStatusCreatedAt",
            "ixJobRunsOpen",
            "ixJobRunsTenantIdCorrelationId",
        ]
    );
    let status = table.column(&"status".into()).unwrap();
    assert_eq!(status.type_check.as_str(), "tyJobRunsStatus");
    assert_eq!(
        status.default.as_ref().unwrap().name.as_str(),
        "dfJobRunsStatus"
    );
    let history = loaded.schema.table(&"historyEntries".into()).unwrap();
    assert_eq!(
        history.append_only.as_ref().unwrap().as_str(),
        "trHistoryEntriesAppendOnly"
    );
    assert!(history.part(&"fkHistoryEntriesJobRuns".into()).is_some());
}

#[test]
fn every_object_has_its_place() {
    use crate::model::ObjectPath;
    let (loaded, _) = findings(&root());
    for table in loaded.schema.tables.values() {
        let place = &loaded.origins[&ObjectPath::table(&table.name)];
        assert_eq!(place.text(), table.name.as_str());
        for column in &table.columns {
            let place = &loaded.origins[&ObjectPath::member(&table.name, &column.name)];
            assert_eq!(place.text(), column.name.as_str());
        }
        for part in &table.parts {
            let path = ObjectPath::member(&table.name, part.name());
            assert!(loaded.origins.contains_key(&path), "{path}");
        }
    }
}

/// A table with every property of the format, as the model holds it.
#[test]
fn every_property_reaches_the_model() {
    let case = root().join("tests/cases/schema/everything");
    let (loaded, list) = findings(&case);
    assert_eq!(rendered(&list, &case), "");
    let table = loaded.schema.table(&"orders".into()).unwrap();
    let found = serde_json::to_string_pretty(table).unwrap() + "\n";
    let file = case.join("model.json");
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(&file, &found).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
    assert_eq!(found, expected);
    let again: crate::model::Table = serde_json::from_str(&found).unwrap();
    assert_eq!(*table, again);
    let renames = &loaded.renames;
    assert_eq!(renames.tables[&"orders".into()].as_str(), "purchases");
    assert_eq!(
        renames.columns[&("orders".into(), "status".into())].as_str(),
        "state"
    );
}

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source {
        name: "a.yaml".into(),
        text: text.into(),
    })
}

/// What a schema with every property says, and how it is changed at random.
const EVERYTHING: &str = include_str!("../../tests/cases/schema/everything/schema/orders.yaml");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn damaged_files_give_findings_and_no_panic(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..12, "[ -~é\n]{0,4}"), 1..6),
    ) {
        let mut text = EVERYTHING.to_owned();
        for (at, length, insert) in cuts {
            let mut start = at.index(text.len());
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            let mut end = (start + length).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            text.replace_range(start..end, &insert);
        }
        let files = [source(&text)];
        let once = load(&files, &Rules::default());
        prop_assert_eq!(&once, &load(&files, &Rules::default()));
        let _ = config::load(Some(&files[0]));
    }

    #[test]
    fn any_text_loads_or_is_explained(text in any::<String>()) {
        let files = [source(&text)];
        let (loaded, list) = load(&files, &Rules::default());
        prop_assert!(!list.is_empty() || !loaded.schema.tables.is_empty());
        let _ = config::load(Some(&files[0]));
    }
}

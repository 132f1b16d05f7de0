//! Files as they are written, and as they are changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diag::Source;
use crate::model::{Column, Ident, Schema, Table, Type};
use crate::yaml::parse;
use crate::yaml::schema::{Naming, Rules, load};

use super::{edit, table};

fn rules() -> Rules {
    Rules {
        naming: Naming::Off,
        tenant: None,
        ..Rules::default()
    }
}

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source {
        name: "a.yaml".into(),
        text: text.into(),
    })
}

fn read(text: &str) -> Table {
    let (loaded, findings) = load(&[source(text)], &rules());
    assert_eq!(findings, [], "{text}");
    let Schema { tables } = loaded.schema;
    tables.into_values().next().expect("a table")
}

const FILE: &str = "\
# yaml-language-server: $schema=./.table.schema.json
table: jobs
description: \"One job: from intake on.\"
columns:
  id:     { type: key(64) }
  status: { type: string(32), oneOf: [queued, \"on\"], default: queued }
  weight: { type: \"decimal(5,4)\", nullable: true, min: 0, max: 1.5 }
  parent: { type: key(64), nullable: true }
  made:   { type: timestamp(3), default: utcNow, defaultName: dfMade }
  note:
    type: text
    nullable: true
    description: For people.
primaryKey: [id]
unique:
  - name: uqOther
    columns: [parent desc, id]
checks:
  - expression: made > '2026' and status <> 'x'
  - name: ckNative
    expression: { mssql: \"1 = 1\", sqlite: json_valid(note) or length(note) > 3 }
foreignKeys:
  - columns: [parent]
    references: { table: jobs, columns: [id] }
    onDelete: setNull
indexes:
  - columns: [status, made desc]
    where: status = 'queued'
";

#[test]
fn a_file_is_written_as_people_write_it() {
    assert_eq!(table(&read(FILE), &BTreeSet::new()).text, FILE);
}

#[test]
fn every_object_is_found_in_what_was_written() {
    let jobs = read(FILE);
    let written = table(&jobs, &BTreeSet::new());
    let first_line = |name: &str| {
        let place = written
            .places
            .iter()
            .find(|(path, _)| path.to_string() == format!("jobs.{name}"));
        let (_, range) = place.unwrap_or_else(|| panic!("{name} has no place"));
        written.text[range.clone()]
            .lines()
            .next()
            .expect("a line")
            .to_owned()
    };
    assert_eq!(
        first_line("weight"),
        "weight: { type: \"decimal(5,4)\", nullable: true, min: 0, max: 1.5 }"
    );
    assert_eq!(first_line("note"), "note:");
    assert_eq!(first_line("pkJobs"), "primaryKey: [id]");
    assert_eq!(first_line("ckNative"), "- name: ckNative");
    assert_eq!(first_line("fkJobsJobs"), "- columns: [parent]");
}

/// A file by another hand, with comments and an order of its own.
const BY_HAND: &str = "\
# Jobs.
table: jobs
columns:
  # Who.
  id: { type: key(64) }   # the key
  status:
    type: string(32)      # short
    # In order of life.
    oneOf: [queued, done]
    nullable: false
  note: { type: text, nullable: true }
indexes:
  # For the worker.
  - columns: [status]
  - name: ixNote
    columns: [id, status]
checks:
  - name: ckJobsNote
    expression: note <> ''
primaryKey: [id]
";

fn edited(change: impl Fn(&mut Table)) -> String {
    let old = read(BY_HAND);
    let mut new = old.clone();
    change(&mut new);
    let root = parse(&source(BY_HAND)).expect("YAML");
    let text = edit::edit(&root, &old, &new).expect("a layout that is known");
    let (loaded, findings) = load(&[source(&text)], &rules());
    assert_eq!(findings, [], "{text}");
    let found = loaded.schema.tables.into_values().next().expect("a table");
    let changes = crate::diff::diff(
        &Schema::new([found]),
        &Schema::new([new]),
        &crate::diff::Renames::default(),
    );
    assert_eq!(changes, [], "{text}");
    text
}

/// Lines that went, and lines that came.
fn difference(text: &str) -> (Vec<String>, Vec<String>) {
    let lines = |text: &str, other: &str| -> Vec<String> {
        let known: Vec<&str> = other.lines().collect();
        text.lines()
            .filter(|line| !known.contains(line))
            .map(str::to_owned)
            .collect()
    };
    (lines(BY_HAND, text), lines(text, BY_HAND))
}

#[test]
fn nothing_changes_where_nothing_is_different() {
    assert_eq!(edited(|_| {}), BY_HAND);
}

#[test]
fn a_changed_value_is_replaced_and_its_comments_stay() {
    let text = edited(|table| table.columns[1].ty = Type::String(64));
    assert_eq!(
        difference(&text),
        (
            vec!["    type: string(32)      # short".to_owned()],
            vec!["    type: string(64)      # short".to_owned()]
        )
    );
    let text = edited(|table| table.columns[2].nullable = false);
    assert_eq!(
        difference(&text),
        (
            vec!["  note: { type: text, nullable: true }".to_owned()],
            vec!["  note: { type: text }".to_owned()]
        )
    );
}

#[test]
fn what_is_new_is_added_and_what_is_gone_is_taken_away() {
    let text = edited(|table| {
        let note = table.columns.remove(2);
        table
            .parts
            .retain(|part| part.name().as_str() != "ckJobsNote");
        table.parts.retain(|part| part.name().as_str() != "ixNote");
        table.columns.push(Column {
            name: Ident::new("size"),
            ty: Type::Int,
            type_check: "tyJobsSize".into(),
            ..note
        });
        table.description = Some("What is to do.".into());
    });
    let (gone, new) = difference(&text);
    assert_eq!(
        gone,
        [
            "  note: { type: text, nullable: true }",
            "  - name: ixNote",
            "    columns: [id, status]",
            "checks:",
            "  - name: ckJobsNote",
            "    expression: note <> ''",
        ]
    );
    assert_eq!(
        new,
        [
            "description: What is to do.",
            "  size: { type: int, nullable: true }"
        ]
    );
}

#[test]
fn line_ends_stay_what_they_are() {
    let windows = BY_HAND.replace('\n', "\r\n");
    let old = read(&windows);
    let mut new = old.clone();
    new.description = Some("What is to do.".into());
    let root = parse(&source(&windows)).expect("YAML");
    let text = edit::edit(&root, &old, &new).expect("a layout that is known");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert_eq!(text.replace("description: What is to do.\r\n", ""), windows);
}

#[test]
fn a_layout_that_is_not_known_is_left_alone() {
    let flow = "{ table: jobs, columns: { id: { type: int } }, primaryKey: [id] }";
    let old = read(flow);
    let mut new = old.clone();
    new.columns[0].ty = Type::BigInt;
    let root = parse(&source(flow)).expect("YAML");
    assert_eq!(edit::edit(&root, &old, &new), None);
}

#[test]
fn a_check_that_no_value_passes_stays_a_check() {
    let limited = |expression: &str| {
        let yaml = "table: jobs\ncolumns:\n  id: { type: int }\nprimaryKey: [id]\nchecks:\n";
        let check = format!("  - name: ckJobsId\n    expression: {expression}\n");
        let old = read(&format!("{yaml}{check}"));
        let text = table(&old, &BTreeSet::new()).text;
        assert_eq!(read(&text), old, "{text}");
        text
    };
    assert!(limited("id >= 1 and id <= 5").contains("min: 1, max: 5"));
    assert!(limited("id >= 5 and id <= 1").contains("expression: id >= 5 and id <= 1"));
}

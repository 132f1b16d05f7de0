//! The JSON Schema of story files and files of named rows, for editors.
//!
//! It helps to write: it knows the keys of everything, and the words where there are few. What
//! depends on the database's schema (tables, columns, values) is the loader's to judge.

use serde_json::{Map, Value, json};

use super::load::{BARE, DATABASES, PROVEN_BY, STEPS};
use super::mutation::Kind;

mod phrases;
mod shape;
mod steps;

use phrases::{conditions, principal, refusal, values};
use shape::{list, object, pretty, reference, text, truth, words};
use steps::body;

/// The file beside the stories that holds [`story_schema`].
pub const STORY_FILE: &str = ".dbtool.story.schema.json";
/// The file beside the named rows that holds [`rows_schema`].
pub const ROWS_FILE: &str = ".dbtool.rows.schema.json";

const DIALECT: &str = "http://json-schema.org/draft-07/schema#";

/// The JSON Schema of a story file, with a line break at its end.
pub fn story_schema() -> String {
    let criterion = object(
        "An acceptance criterion.",
        &["id", "text", "provenBy"],
        [
            ("id", text("How scenarios name it.")),
            ("text", text("What is promised.")),
            (
                "provenBy",
                words(
                    "What it takes to prove it. What only the application or the environment can \
                     prove is never shown as proven by a scenario.",
                    PROVEN_BY.iter().map(|(word, _)| *word),
                ),
            ),
        ],
    );
    let scenario = object(
        "Steps that must all go as they say, in tenants of their own.",
        &["name", "proves", "steps"],
        [
            ("name", text("What it shows, as a sentence.")),
            (
                "proves",
                json!({
                    "description": "The criteria that it proves.",
                    "type": "array", "items": { "type": "string" }, "minItems": 1,
                }),
            ),
            (
                "database",
                words(
                    "What it begins on; migrated when left out.",
                    DATABASES.iter().map(|(word, _)| *word),
                ),
            ),
            (
                "against",
                truth(
                    "It looks at what the application wrote in the environment that --against \
                     names, and is not run without it.",
                ),
            ),
            ("as", reference("principal")),
            ("steps", reference("steps")),
        ],
    );
    let survivor = object(
        "A mutant of `verify-story --mutate` that no scenario needs to notice, and why.",
        &["object", "reason"],
        [
            (
                "object",
                text("What is broken, such as jobRuns.ckJobRunsStatus."),
            ),
            (
                "mutation",
                words(
                    "How it is broken; in any way when left out.",
                    Kind::ALL.map(Kind::word),
                ),
            ),
            ("reason", text("Why no scenario needs to notice.")),
            (
                "until",
                text("The last day on which that holds, such as 2027-01-31."),
            ),
        ],
    );
    let mut root = object(
        "A story: acceptance criteria, and scenarios that prove them on a real database.",
        &["story", "title", "criteria", "scenarios"],
        [
            ("story", text("Its identifier, such as S2vDB-03.")),
            ("title", text("What it promises, in one sentence.")),
            ("criteria", list(criterion)),
            ("scenarios", list(scenario)),
            ("survivors", list(survivor)),
        ],
    );
    root["$schema"] = json!(DIALECT);
    root["title"] = json!("dbtool story");
    root["definitions"] = definitions();
    pretty(&root)
}

/// The JSON Schema of a file of named rows, with a line break at its end.
pub fn rows_schema() -> String {
    let row = object(
        "A named row.",
        &["table", "values"],
        [
            ("table", text("Its table.")),
            (
                "values",
                values("Columns and values, without the tenant column."),
            ),
        ],
    );
    let mut root = object(
        "Rows that stories insert by name.",
        &["rows"],
        [(
            "rows",
            json!({ "description": "Rows by name.", "type": "object", "additionalProperties": row }),
        )],
    );
    root["$schema"] = json!(DIALECT);
    root["title"] = json!("dbtool rows");
    pretty(&root)
}

fn definitions() -> Value {
    let step = json!({
        "description": "One step: a map of one key.",
        "anyOf": [
            { "enum": BARE.iter().copied().chain(["migrate"]).collect::<Vec<_>>() },
            {
                "type": "object", "minProperties": 1, "maxProperties": 1,
                "additionalProperties": false,
                "properties": STEPS.iter().map(|step| ((*step).to_owned(), body(step))).collect::<Map<_, _>>(),
            },
        ],
    });
    json!({
        "steps": { "type": "array", "minItems": 1, "items": { "$ref": "#/definitions/step" } },
        "step": step,
        "principal": principal(),
        "refusal": refusal([]),
        "conditions": conditions(),
    })
}

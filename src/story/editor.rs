//! The JSON Schema of story files and files of named rows, for editors.
//!
//! It helps to write: it knows the keys of everything, and the words where there are few. What
//! depends on the database's schema (tables, columns, values) is the loader's to judge.

use serde_json::{Map, Value, json};

use super::load::{CATALOG_RULES, KINDS, OPERATORS, PROVEN_BY, STEPS};
use super::mutation::Kind;
use crate::engine::Engine;

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
            { "enum": ["restart", "expectSameCatalog"] },
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

/// What stands behind the key of a step.
fn body(step: &str) -> Value {
    let table = || text("The table.");
    let filter = || reference("conditions");
    let order = || texts("Columns, each with ` desc` behind it or not.");
    match step {
        "as" => principal(),
        "insert" => object(
            "Adds rows, each in a statement of its own. Columns that are left out get their \
             default, null, or a generated value.",
            &[],
            [
                ("into", table()),
                (
                    "row",
                    json!({
                        "description": "Columns and values, or the name of a row.",
                        "anyOf": [values("Columns and values."), { "type": "string" }],
                    }),
                ),
                (
                    "with",
                    values("Values that stand in for those of every row."),
                ),
                (
                    "rows",
                    json!({
                        "description": "Several rows.", "type": "array", "minItems": 1,
                        "items": { "anyOf": [values("Columns and values."), { "type": "string" }] },
                    }),
                ),
                (
                    "count",
                    between("How often all of them are added.", 1, 1_000),
                ),
                (
                    "save",
                    text("The name by which later steps refer to the row: $name.column."),
                ),
            ],
        ),
        "update" => object(
            "Changes rows of the tenant.",
            &["table", "set"],
            [
                ("table", table()),
                (
                    "set",
                    values("New values; { increment: 1 } adds to what is there."),
                ),
                ("where", filter()),
                (
                    "changes",
                    number("How many rows must change; at least one when left out."),
                ),
            ],
        ),
        "delete" => object(
            "Removes rows of the tenant.",
            &["from"],
            [
                ("from", table()),
                ("where", filter()),
                (
                    "changes",
                    number("How many rows must go; at least one when left out."),
                ),
            ],
        ),
        "transaction" => object(
            "Runs steps in one transaction.",
            &["steps", "end"],
            [
                ("steps", reference("steps")),
                ("end", words("How it ends.", ["commit", "rollback"])),
            ],
        ),
        "concurrently" => object(
            "Runs steps several times at once, on connections of their own.",
            &["copies", "steps"],
            [
                ("copies", between("How many.", 2, 64)),
                ("steps", reference("steps")),
                (
                    "succeeded",
                    number("How many must succeed; all when left out."),
                ),
                ("failed", reference("refusal")),
            ],
        ),
        "expectRows" => object(
            "Looks at rows of the tenant.",
            &["table"],
            [
                ("table", table()),
                ("where", filter()),
                ("orderBy", order()),
                ("count", number("So many rows.")),
                ("none", json!({ "description": "No rows.", "enum": [true] })),
                (
                    "rows",
                    json!({
                        "description": "Exactly these rows, each given by some of its columns.",
                        "type": "array", "items": reference("conditions"),
                    }),
                ),
                (
                    "save",
                    text("The name by which later steps refer to the row."),
                ),
            ],
        ),
        "expectError" => refusal([("step", reference("step"))]),
        "expectCatalog" => object(
            "Looks at the live catalog. What is listed must exist.",
            &[],
            [
                ("tables", texts("Tables.")),
                ("columns", by_table("Columns by table.")),
                ("indexes", by_table("Indexes by table.")),
                (
                    "constraints",
                    by_table("Keys, checks and foreign keys by table."),
                ),
                (
                    "appendOnly",
                    texts("Tables whose rows cannot be changed or removed."),
                ),
                (
                    "naming",
                    words(
                        "How all names are written.",
                        CATALOG_RULES.iter().map(|(word, _)| *word),
                    ),
                ),
                (
                    "complete",
                    json!({
                        "description": "Everything that the schema declares is there.", "enum": [true],
                    }),
                ),
            ],
        ),
        "alter" => object(
            "Changes the database behind the migrations' back, on a database of the scenario's own.",
            &["sql"],
            [(
                "sql",
                json!({
                    "description": "The statement, for every engine or by engine.",
                    "anyOf": [
                        { "type": "string" },
                        {
                            "type": "object", "additionalProperties": false,
                            "properties": Engine::ALL
                                .iter()
                                .map(|engine| (engine.name().to_owned(), json!({ "type": "string" })))
                                .collect::<Map<_, _>>(),
                        },
                    ],
                }),
            )],
        ),
        "expectDrift" => json!({
            "description": "Wants these and no other objects to have drifted.",
            "anyOf": [
                { "enum": ["none"] },
                object("", &["objects"], [("objects", texts("table, or table.column, table.index and so on."))]),
            ],
        }),
        "expectPlan" => object(
            "Wants a query to use an index.",
            &["table", "index"],
            [
                ("table", table()),
                ("where", filter()),
                ("orderBy", order()),
                ("index", text("The index.")),
            ],
        ),
        "restart" => json!({
            "description": "Drops every connection and opens a new one.", "type": "null",
        }),
        "expectSameCatalog" => json!({
            "description": "Wants two databases that were migrated apart to have one catalog.",
            "type": "null",
        }),
        other => unreachable!("{other} is none of STEPS"),
    }
}

fn principal() -> Value {
    object(
        "On whose behalf steps run; what is left out stays as it was.",
        &[],
        [
            (
                "tenant",
                json!({
                    "description": "A label. The tenant in the database is the label and a token of the run.",
                    "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$",
                }),
            ),
            ("actor", text("The value of $actor.")),
            (
                "correlation",
                text("The value of $correlation; generated when left out."),
            ),
        ],
    )
}

fn refusal<const N: usize>(others: [(&'static str, Value); N]) -> Value {
    let mut refusal = object(
        "How the database must refuse.",
        &["kind"],
        [
            (
                "kind",
                words(
                    "The class of the error.",
                    KINDS.iter().map(|(word, _)| *word),
                ),
            ),
            (
                "constraint",
                text(
                    "The constraint, compared where the engine says which it was; a column as \
                 table.column for notNull.",
                ),
            ),
        ],
    );
    for (key, value) in others {
        refusal["properties"][key] = value;
        if let Some(required) = refusal["required"].as_array_mut() {
            required.push(json!(key));
        }
    }
    refusal
}

fn conditions() -> Value {
    let scalar = json!({ "type": ["string", "number", "boolean", "null"] });
    let mut tests: Map<String, Value> = OPERATORS
        .iter()
        .map(|operator| ((*operator).to_owned(), json!({})))
        .collect();
    tests.extend(special());
    json!({
        "description": "What rows must hold, by column: a value, or tests of it.",
        "type": "object",
        "additionalProperties": {
            "anyOf": [scalar, {
                "type": "object", "minProperties": 1, "additionalProperties": false,
                "properties": tests,
            }],
        },
    })
}

/// A map of columns and values.
fn values(description: &str) -> Value {
    let mut special: Map<String, Value> = special().collect();
    special.insert(
        "json".into(),
        json!({ "description": "A JSON document, as YAML." }),
    );
    special.insert("increment".into(), json!({ "type": "number" }));
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": {
            "anyOf": [
                { "type": ["string", "number", "boolean", "null"] },
                {
                    "type": "object", "minProperties": 1, "maxProperties": 1,
                    "additionalProperties": false, "properties": special,
                },
            ],
        },
    })
}

/// The values that are maps wherever a value can stand.
fn special() -> impl Iterator<Item = (String, Value)> {
    let now = "The instant of the run's clock, moved: +5m, -90s, 1h 30m.";
    [
        ("now", text(now)),
        ("bytes", text("Pairs of hexadecimal digits.")),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
}

fn object<const N: usize>(
    description: &str,
    required: &[&str],
    properties: [(&str, Value); N],
) -> Value {
    let properties: Map<String, Value> = properties
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

fn texts(description: &str) -> Value {
    json!({ "description": description, "type": "array", "items": { "type": "string" } })
}

fn by_table(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": { "type": "array", "items": { "type": "string" } },
    })
}

fn number(description: &str) -> Value {
    json!({ "description": description, "type": "integer", "minimum": 0 })
}

fn between(description: &str, low: u32, high: u32) -> Value {
    json!({ "description": description, "type": "integer", "minimum": low, "maximum": high })
}

fn words<'a>(description: &str, words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "description": description, "enum": words.into_iter().collect::<Vec<_>>() })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "minItems": 1, "items": items })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn pretty(value: &Value) -> String {
    // A value of maps with text keys always has a text.
    format!("{value:#}\n")
}

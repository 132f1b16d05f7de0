//! The JSON Schema of story files and files of named rows, for editors.
//!
//! It helps to write: it knows the keys of everything, and the words where there are few. What
//! depends on the database's schema (tables, columns, values) is the loader's to judge.

use serde_json::{Map, Value, json};

use super::load::{
    BARE, CATALOG_RULES, DATABASES, ENDS, FAULTS, KINDS, MOMENTS, OPERATORS, PHASES, PROVEN_BY,
    STEPS, VERDICTS,
};
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
    let mut root = object(
        "A story: acceptance criteria, and scenarios that prove them on a real database.",
        &["story", "title", "criteria", "scenarios"],
        [
            ("story", text("Its identifier, such as S2vDB-03.")),
            ("title", text("What it promises, in one sentence.")),
            ("criteria", list(criterion)),
            ("scenarios", list(scenario)),
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
                ("atLeast", number("So many rows or more.")),
                ("none", truth("No rows.")),
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
        "crash" | "expectErrors" | "expectAudit" | "expectFailure" | "query" | "migrate"
        | "addMigration" | "editMigration" | "expectGate" | "resolveConnection" => later(step),
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
                    truth("Everything that the schema declares is there."),
                ),
            ],
        ),
        "alter" => object(
            "Changes the database behind the migrations' back, on a database of the scenario's own.",
            &["sql"],
            [("sql", sql("The statement, for every engine or by engine."))],
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
                ("sql", sql("A query in place of `where` and `orderBy`.")),
                ("parameters", values("The parameters of `sql`, by name.")),
                ("types", types()),
                ("index", text("The index.")),
            ],
        ),
        "restart" => json!({
            "description": "Drops every connection and opens a new one.", "type": "null",
        }),
        "reachable" => json!({
            "description": "Wants the environment's database to answer on a new connection.",
            "type": "null",
        }),
        "expectSameCatalog" => json!({
            "description": "Wants two databases that were migrated apart to have one catalog.",
            "type": "null",
        }),
        other => unreachable!("{other} is none of STEPS"),
    }
}

/// The same for steps that are made of others, or about more than rows.
fn later(step: &str) -> Value {
    match step {
        "crash" => object(
            "Runs steps in a transaction of a process that is then killed with SIGKILL; what follows \
             is done on a new connection.",
            &["when", "steps"],
            [
                (
                    "when",
                    words(
                        "Where the process stands when it is killed.",
                        MOMENTS.iter().map(|(word, _)| *word),
                    ),
                ),
                ("steps", reference("steps")),
            ],
        ),
        "expectErrors" => object(
            "Wants each of many rows to be refused: a row that would be taken, with what is wrong \
             in each case.",
            &[],
            [
                ("into", text("The table.")),
                (
                    "row",
                    json!({
                        "description": "Columns and values, or the name of a row.",
                        "anyOf": [values("Columns and values."), { "type": "string" }],
                    }),
                ),
                (
                    "with",
                    values("Values that stand in for those of the row in every case."),
                ),
                (
                    "cases",
                    json!({
                        "description": "What is wrong, and how the database must refuse it.",
                        "type": "array", "minItems": 1,
                        "items": optional_in(
                            refusal([("with", values("Values that stand in for those of the row."))]),
                            "with",
                        ),
                    }),
                ),
                ("nulls", texts("Columns that must refuse null.")),
            ],
        ),
        "expectAudit" => object(
            "Wants a record of what somebody did; when there is none, says which part is missing.",
            &["action"],
            [
                (
                    "table",
                    text("Where records are kept; auditLogs when left out."),
                ),
                ("action", test("What was done.")),
                (
                    "actor",
                    test("Who did it; whoever acts in the scenario when left out."),
                ),
                (
                    "correlation",
                    test("What ties it to its request; $correlation when left out."),
                ),
                ("outcome", test("How it ended.")),
                ("where", reference("conditions")),
                (
                    "columns",
                    object(
                        "The columns that hold them, where they are named otherwise.",
                        &[],
                        ["action", "actor", "correlation", "outcome"]
                            .map(|role| (role, text("The column."))),
                    ),
                ),
                (
                    "count",
                    number("How many records; at least one when left out."),
                ),
                (
                    "save",
                    text("The name by which later steps refer to the record; with `count: 1`."),
                ),
            ],
        ),
        "expectFailure" => object(
            "Wants a step to fail, and every form of report to say in which phase.",
            &["phase", "step"],
            [
                (
                    "phase",
                    words(
                        "The part of the gate that fails.",
                        PHASES.iter().map(|(word, _)| *word),
                    ),
                ),
                (
                    "exit",
                    number("The exit code; that of the phase when left out."),
                ),
                ("finding", text("The code of the finding.")),
                ("step", reference("step")),
            ],
        ),
        "query" => object(
            "Reads with an SQL query. @tenantId in it is the present tenant.",
            &["sql"],
            [
                ("sql", sql("The query, for every engine or by engine.")),
                (
                    "parameters",
                    values("Values of the other names with an @ in front."),
                ),
                ("types", types()),
                ("count", number("So many rows.")),
                ("atLeast", number("So many rows or more.")),
                ("none", truth("No rows.")),
                (
                    "rows",
                    json!({
                        "description": "Exactly these rows, each given by some of its columns.",
                        "type": "array", "items": reference("conditions"),
                    }),
                ),
                (
                    "ordered",
                    truth("Rows are compared in the order in which they come."),
                ),
            ],
        ),
        "migrate" => object(
            "Applies pending migrations, on a database of the scenario's own.",
            &[],
            [
                ("to", text("Stop after this version.")),
                ("applied", number("How many must be applied.")),
                (
                    "fails",
                    words("How it must fail.", ENDS.iter().map(|(word, _)| *word)),
                ),
                ("finding", text("The code of a finding of the failure.")),
            ],
        ),
        "addMigration" => object(
            "Adds a sealed migration to the end of the scenario's copy of the folder.",
            &["name", "sql"],
            [
                ("name", text("Its name.")),
                ("sql", sql("Its SQL, for every engine or by engine.")),
            ],
        ),
        "editMigration" => object(
            "Edits a migration in the scenario's copy of the folder, behind dbtool's back.",
            &["which"],
            [
                ("which", text("first, last, or its name.")),
                ("append", text("What is added to the end of its SQL.")),
                ("remove", truth("The migration is removed.")),
            ],
        ),
        "expectGate" => object(
            "Wants drift-check to say this of the scenario's database and folder.",
            &["outcome"],
            [
                (
                    "outcome",
                    words("The outcome.", VERDICTS.iter().map(|(word, _)| *word)),
                ),
                ("finding", text("The code of a finding that must be there.")),
                ("object", text("The object that it is about.")),
            ],
        ),
        "resolveConnection" => object(
            "Follows a connection reference, and opens nothing.",
            &[],
            [
                ("environment", text("The environment of dbtool.yaml.")),
                (
                    "reference",
                    text("A reference in place of the environment's."),
                ),
                (
                    "variables",
                    texts_by_name("The variables that are set; no others are."),
                ),
                ("files", texts_by_name("The files that there are, by path.")),
                (
                    "secrets",
                    texts_by_name("What every vault holds, by name of the secret."),
                ),
                (
                    "expect",
                    object(
                        "Where it leads; what is left out is not looked at.",
                        &[],
                        [
                            ("secret", text("The secret that is read.")),
                            ("vault", text("The vault that it is read from.")),
                            ("server", text("The server.")),
                            ("database", text("The database.")),
                            (
                                "engine",
                                words("The engine.", Engine::ALL.iter().map(|it| it.name())),
                            ),
                        ],
                    ),
                ),
                ("fails", words("How it fails.", FAULTS)),
                ("says", texts("What the message must name.")),
            ],
        ),
        other => unreachable!("{other} is none of STEPS"),
    }
}

/// A value, or tests of it.
fn test(description: &str) -> Value {
    let mut test = conditions()["additionalProperties"].clone();
    test["description"] = json!(description);
    test
}

fn sql(description: &str) -> Value {
    json!({
        "description": description,
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
    })
}

fn types() -> Value {
    texts_by_name(
        "Types of parameters and of columns of the answer, where the schema has no column of the \
         same name.",
    )
}

/// The same object with a key that may be left out.
fn optional_in(mut object: Value, key: &str) -> Value {
    if let Some(required) = object["required"].as_array_mut() {
        required.retain(|other| other != key);
    }
    object
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

fn truth(description: &str) -> Value {
    json!({ "description": description, "enum": [true] })
}

fn texts_by_name(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object", "additionalProperties": { "type": "string" },
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

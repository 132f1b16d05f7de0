//! What stands in several steps: values, conditions, refusals, SQL.

use serde_json::{Map, Value, json};

use super::shape::{object, text, texts_by_name, words};
use crate::engine::Engine;
use crate::story::load::{KINDS, OPERATORS};

/// A value, or tests of it.
pub(super) fn conditions_test(description: &str) -> Value {
    let mut test = conditions()["additionalProperties"].clone();
    test["description"] = json!(description);
    test
}

pub(super) fn sql(description: &str) -> Value {
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

pub(super) fn types() -> Value {
    texts_by_name(
        "Types of parameters and of columns of the answer, where the schema has no column of the \
         same name.",
    )
}

/// The same object with a key that may be left out.
pub(super) fn optional_in(mut object: Value, key: &str) -> Value {
    if let Some(required) = object["required"].as_array_mut() {
        required.retain(|other| other != key);
    }
    object
}

pub(super) fn principal() -> Value {
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

pub(super) fn refusal<const N: usize>(others: [(&'static str, Value); N]) -> Value {
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

pub(super) fn conditions() -> Value {
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
pub(super) fn values(description: &str) -> Value {
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
pub(super) fn special() -> impl Iterator<Item = (String, Value)> {
    let now = "The instant of the run's clock, moved: +5m, -90s, 1h 30m.";
    [
        ("now", text(now)),
        ("bytes", text("Pairs of hexadecimal digits.")),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
}

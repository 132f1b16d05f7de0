//! The JSON Schema of a column.

use serde_json::{Value, json};

use super::build::{described, flag, object, text};
use crate::model::Type;
use crate::yaml::schema::words;

pub(super) fn column() -> Value {
    let constant =
        |meaning: &str| described(json!({ "type": ["boolean", "number", "string"] }), meaning);
    let number = |meaning: &str| described(json!({ "type": "number" }), meaning);
    object(
        "A column.",
        &[],
        [
            ("type", json!({ "$ref": "#/$defs/type" })),
            (
                "native",
                described(
                    json!({ "$ref": "#/$defs/native" }),
                    "The type in each engine's own words, instead of `type`.",
                ),
            ),
            ("nullable", flag("Whether it takes NULL.")),
            (
                "description",
                text("What it means, for people; kept in the database."),
            ),
            (
                "deprecated",
                flag("Kept in the database, left out of exports."),
            ),
            (
                "renamedFrom",
                text(
                    "The name that the column had before. Counts only while the migrations know \
                      the old name and not the new one.",
                ),
            ),
            (
                "collation",
                described(
                    json!({ "$ref": "#/$defs/native" }),
                    "A collation other than the type's own.",
                ),
            ),
            (
                "identity",
                described(
                    json!({ "oneOf": [
                        { "type": "boolean" },
                        object("How it is counted.", &[], [
                            ("seed", json!({ "type": "integer", "default": 1 })),
                            ("increment", json!({ "type": "integer", "default": 1 })),
                        ]),
                    ] }),
                    "Whether the engine counts the values up.",
                ),
            ),
            (
                "default",
                described(
                    json!({ "anyOf": [
                        { "enum": words::generators() },
                        constant("A constant of the column's type."),
                        { "$ref": "#/$defs/native" },
                    ] }),
                    "The value of a row that gives none: a constant, utcNow for timestamps, newUuid \
                     or newSequentialId for a uuid, or an expression for each engine.",
                ),
            ),
            (
                "defaultName",
                text("The name of the default; left out, it follows the convention."),
            ),
            (
                "oneOf",
                described(
                    json!({ "type": "array", "minItems": 1, "items": constant("A value.") }),
                    "The values that it can have; becomes a check.",
                ),
            ),
            (
                "min",
                number("The smallest value that it can have; becomes a check."),
            ),
            (
                "max",
                number("The largest value that it can have; becomes a check."),
            ),
            (
                "computed",
                object(
                    "What the column is computed from.",
                    &["expression"],
                    [
                        (
                            "expression",
                            json!({ "oneOf": [{ "type": "string" }, { "$ref": "#/$defs/native" }] }),
                        ),
                        ("persisted", flag("Whether the value is stored.")),
                    ],
                ),
            ),
        ],
    )
}

pub(super) fn type_text() -> Value {
    let forms: Vec<String> = Type::NAMES
        .iter()
        .map(|name| match *name {
            "decimal" => format!(r"{name}\(\s*\d+\s*,\s*\d+\s*\)"),
            name if Type::parse(name).is_ok() => name.to_owned(),
            name => format!(r"{name}\(\s*\d+\s*\)"),
        })
        .collect();
    described(
        json!({ "type": "string", "pattern": format!("^({})$", forms.join("|")) }),
        &format!(
            "The type: {}. A type with a comma needs quotes inside braces: \"decimal(5,4)\".",
            Type::NAMES.join(", ")
        ),
    )
}

pub(super) fn native() -> Value {
    let mut native = object(
        "A text for each engine, taken over verbatim.",
        &[],
        [("mssql", text("T-SQL.")), ("sqlite", text("SQLite's SQL."))],
    );
    native["minProperties"] = json!(1);
    native
}

//! JSON Schemas of the files that people write, for editors.
//!
//! Editors complete keys and words and show what they mean; what a JSON Schema cannot say (unknown
//! columns, clashing names) is told by the loader. The word lists are the loader's own.

use serde_json::{Value, json};

use super::schema::words;

mod build;
mod column;
mod config;
#[cfg(test)]
mod tests;

use build::{choice, described, document, flag, list, object, text};
use column::{column, native, type_text};
pub use config::config;

/// Where [`schema`] is checked in; a file whose name starts with a dot is no entity.
pub const SCHEMA_FILE: &str = "schema/.table.schema.json";
/// Where [`config`] is checked in.
pub const CONFIG_FILE: &str = "schema/.config.schema.json";

/// The JSON Schema of an entity's file.
pub fn schema() -> Value {
    let columns = || list(text("A column of the table."));
    let keyed = || {
        described(
            list(text("A column, with ` desc` behind it to sort downwards.")),
            "The columns, in key order. A tenant's table begins with the tenant's column.",
        )
    };
    let name = || text("Its name; left out, it follows the convention.");
    let clustered = |default: bool| {
        described(
            json!({ "type": "boolean", "default": default }),
            "Whether SQL Server stores the rows in this order; at most one a table.",
        )
    };
    let expression = |meaning: &str| {
        described(
            json!({ "oneOf": [{ "type": "string" }, { "$ref": "#/$defs/native" }] }),
            meaning,
        )
    };
    let action = |event: &str| {
        let mut action = choice(words::actions());
        action["default"] = json!("noAction");
        described(
            action,
            &format!("What happens to the row when the one it refers to is {event}."),
        )
    };
    document(
        "dbtool entity",
        object(
            "One table.",
            &["table", "columns", "primaryKey"],
            [
                ("table", text("The table's name.")),
                (
                    "description",
                    text("What it means, for people; kept in the database."),
                ),
                (
                    "renamedFrom",
                    text(
                        "The name that the table had before. Counts only while the migrations \
                          know the old name and not the new one.",
                    ),
                ),
                (
                    "appendOnly",
                    flag("Whether UPDATE and DELETE are refused by triggers."),
                ),
                (
                    "columns",
                    described(
                        json!({
                            "type": "object",
                            "minProperties": 1,
                            "additionalProperties": {
                                "oneOf": [{ "$ref": "#/$defs/type" }, { "$ref": "#/$defs/column" }],
                            },
                        }),
                        "The columns by name, in the order of the table. NOT NULL unless \
                         `nullable: true`.",
                    ),
                ),
                (
                    "primaryKey",
                    described(
                        json!({ "oneOf": [
                            keyed(),
                            object("The primary key.", &["columns"], [
                                ("name", name()),
                                ("columns", keyed()),
                                ("clustered", clustered(true)),
                            ]),
                            { "const": words::NO_KEY },
                        ] }),
                        "The primary key: a list of columns, a map, or none.",
                    ),
                ),
                (
                    "unique",
                    list(object(
                        "A unique constraint.",
                        &["columns"],
                        [
                            ("name", name()),
                            ("columns", keyed()),
                            ("clustered", clustered(false)),
                        ],
                    )),
                ),
                (
                    "checks",
                    list(object(
                        "A check constraint.",
                        &["expression"],
                        [
                            ("name", name()),
                            (
                                "expression",
                                expression(
                                    "The condition that no row may make false, in the portable \
                                        expression language or for each engine.",
                                ),
                            ),
                        ],
                    )),
                ),
                (
                    "foreignKeys",
                    list(object(
                        "A foreign key.",
                        &["columns", "references"],
                        [
                            ("name", name()),
                            ("columns", columns()),
                            (
                                "references",
                                object(
                                    "What it refers to.",
                                    &["table", "columns"],
                                    [
                                        ("table", text("The table referred to.")),
                                        ("columns", columns()),
                                    ],
                                ),
                            ),
                            ("onDelete", action("deleted")),
                            ("onUpdate", action("given another key")),
                        ],
                    )),
                ),
                (
                    "indexes",
                    list(object(
                        "An index.",
                        &["columns"],
                        [
                            ("name", name()),
                            ("columns", keyed()),
                            (
                                "include",
                                described(
                                    columns(),
                                    "Columns that the index carries beside its key.",
                                ),
                            ),
                            ("unique", flag("Whether no two rows may share a key.")),
                            (
                                "where",
                                expression("Only rows for which this is true are indexed."),
                            ),
                            ("clustered", clustered(false)),
                        ],
                    )),
                ),
            ],
        ),
        json!({ "native": native(), "type": type_text(), "column": column() }),
    )
}

/// The text of a schema as it is checked in.
pub fn file(schema: &Value) -> String {
    // Values made by this module have text as keys, which is all that could go wrong.
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}

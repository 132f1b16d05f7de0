//! The JSON Schema of the configuration.

use serde_json::{Value, json};

use super::build::{choice, described, document, list, object, text};
use crate::yaml::config::{EDITIONS, ENGINES, LEVELS, LINT_RULES, NAMINGS, OBJECTS, SCOPES};

/// The JSON Schema of `dbtool.yaml`.
pub fn config() -> Value {
    let folder = |what: &str, default: &str| {
        let mut folder = text(&format!("Where {what} are."));
        folder["default"] = json!(default);
        folder
    };
    let environment = object(
        "A database.",
        &["target"],
        [
            (
                "target",
                described(choice(ENGINES.map(|(word, _)| word)), "The engine."),
            ),
            ("database", text("The database file, for sqlite.")),
            (
                "connection",
                text(
                    "A connection reference: keyvault://VAULT/SECRET, env:NAME, file:PATH, …. \
                      Never a password.",
                ),
            ),
        ],
    );
    let ignore = object(
        "A drift that is known and accepted for a while.",
        &["object", "name", "owner", "reason", "until"],
        [
            ("object", described(choice(OBJECTS), "The class of object.")),
            (
                "table",
                text("The table on which the object hangs; `*` stands for any text."),
            ),
            ("name", text("The object's name; `*` stands for any text.")),
            ("owner", text("Who answers for it.")),
            ("reason", text("Why it is accepted.")),
            (
                "until",
                described(
                    json!({ "type": "string", "format": "date" }),
                    "The last day on which it is accepted.",
                ),
            ),
        ],
    );
    let tenant = object(
        "Which column keeps tenants apart.",
        &[],
        [
            ("column", text("The column that leads every key.")),
            (
                "exempt",
                described(list(text("A table.")), "Tables that belong to no tenant."),
            ),
        ],
    );
    document(
        "dbtool configuration",
        object(
            "The configuration of dbtool.",
            &[],
            [
                (
                    "naming",
                    described(
                        choice(NAMINGS.map(|(word, _)| word)),
                        "How names are written.",
                    ),
                ),
                ("tenant", json!({ "oneOf": [{ "const": "off" }, tenant] })),
                (
                    "targets",
                    described(
                        list(choice(ENGINES.map(|(word, _)| word))),
                        "The engines that migrations are written for.",
                    ),
                ),
                (
                    "mssql",
                    object(
                        "What is particular to SQL Server.",
                        &[],
                        [
                            ("schema", text("The schema that holds all tables.")),
                            (
                                "edition",
                                described(
                                    choice(EDITIONS.map(|(word, _)| word)),
                                    "What the server can do.",
                                ),
                            ),
                        ],
                    ),
                ),
                (
                    "defaultEnvironment",
                    text("The environment that is meant when none is named."),
                ),
                (
                    "environments",
                    described(
                        json!({
                            "type": "object",
                            "minProperties": 1,
                            "additionalProperties": environment,
                        }),
                        "The environments by name.",
                    ),
                ),
                (
                    "drift",
                    object(
                        "How drift is judged.",
                        &[],
                        [
                            (
                                "scope",
                                described(
                                    choice(SCOPES.map(|(word, _)| word)),
                                    "all: everything in the database; managed: the declared tables and \
                             what hangs on them.",
                                ),
                            ),
                            ("ignore", list(ignore)),
                        ],
                    ),
                ),
                (
                    "lint",
                    object(
                        "How the SQL of migrations is judged.",
                        &[],
                        [
                            (
                                "after",
                                json!({
                                    "type": ["string", "integer"],
                                    "pattern": "^[0-9]{14}$",
                                    "description": "The last version that is not judged: what was applied before there were rules.",
                                }),
                            ),
                            (
                                "rules",
                                json!({
                                    "type": "object",
                                    "description": "Levels other than the rules' own.",
                                    "additionalProperties": false,
                                    "properties": LINT_RULES
                                        .map(|rule| (rule.to_owned(), choice(LEVELS.map(|(word, _)| word))))
                                        .into_iter()
                                        .collect::<serde_json::Map<_, _>>(),
                                }),
                            ),
                        ],
                    ),
                ),
                (
                    "folders",
                    object(
                        "Where the project's files are, relative to this file.",
                        &[],
                        [
                            ("schema", folder("the entities", "schema")),
                            ("migrations", folder("the migrations", "migrations")),
                            ("fixtures", folder("rows and stories", "fixtures")),
                        ],
                    ),
                ),
            ],
        ),
        json!({}),
    )
}

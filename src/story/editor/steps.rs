//! What stands behind the key of each step.

use serde_json::{Value, json};

use super::phrases::{conditions_test, optional_in, principal, refusal, sql, types, values};
use super::shape::{
    between, by_table, number, object, reference, text, texts, texts_by_name, truth, words,
};
use crate::engine::Engine;
use crate::story::load::{CATALOG_RULES, ENDS, FAULTS, MOMENTS, PHASES, VERDICTS};

/// What stands behind the key of a step.
pub(super) fn body(step: &str) -> Value {
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
                ("action", conditions_test("What was done.")),
                (
                    "actor",
                    conditions_test("Who did it; whoever acts in the scenario when left out."),
                ),
                (
                    "correlation",
                    conditions_test("What ties it to its request; $correlation when left out."),
                ),
                ("outcome", conditions_test("How it ended.")),
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

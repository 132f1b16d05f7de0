//! L20: settings that break later.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Kind;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L20",
    code: "lint/L20",
    name: "set-options",
    title: r"SET options that filtered indexes and computed columns need otherwise",
    severity: Severity::Error,
    explanation: r"Filtered indexes, indexed views and persisted computed columns need QUOTED_IDENTIFIER, ANSI_NULLS,
ANSI_PADDING, ANSI_WARNINGS, ARITHABORT and CONCAT_NULL_YIELDS_NULL ON and NUMERIC_ROUNDABORT OFF; else
they cannot be made, and INSERT, UPDATE and DELETE on their tables fail (error 1934). A procedure or
trigger keeps the QUOTED_IDENTIFIER and ANSI_NULLS that it was made under for as long as it lives, and
fails with them much later.

dbtool sets all seven in its session before a migration.",
    help: r"remove it: the session has the right settings",
    rewrite: r"-- nothing: the session is set up before the migration runs",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Kind::Set {
        options,
        on: Some(on),
    } = &scene.statement.kind
    else {
        return;
    };
    for option in options {
        let wrong = match option.name.as_str() {
            "QUOTED_IDENTIFIER"
            | "ANSI_NULLS"
            | "ANSI_PADDING"
            | "ANSI_WARNINGS"
            | "ARITHABORT"
            | "CONCAT_NULL_YIELDS_NULL"
            | "ANSI_DEFAULTS" => !on,
            "NUMERIC_ROUNDABORT" => *on,
            _ => false,
        };
        if wrong {
            let word = if *on { "ON" } else { "OFF" };
            hits.push(Hit::new(
                option.range.clone(),
                format!("with {} {word}, filtered indexes and persisted computed columns cannot be made, and modules made now fail on tables that have them", option.name),
            ));
        }
    }
}

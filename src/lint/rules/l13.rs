//! L13: rows that nobody has checked.

use super::{Hit, NEAR, Rule, Scene};
use crate::diag::Severity;
use crate::lint::state::{Table, same};
use crate::lint::tsql::statement::{Action, AlterTable, Kind, Rule as Demand};

/// The rule.
pub const RULE: Rule = Rule {
    id: "L13",
    code: "lint/L13",
    name: "with-nocheck",
    title: r"WITH NOCHECK, and constraints that stay disabled",
    severity: Severity::Error,
    explanation: r"WITH NOCHECK adds a check or foreign key without reading the rows that exist. The server marks it as not
trusted for good: rows that break it stay, the optimizer does not use it, and drift-check reports it.
NOCHECK CONSTRAINT switches one off, for everybody.

Not flagged: NOCHECK CONSTRAINT when the same script switches it on again.",
    help: r"write WITH CHECK; on a large table, mend the rows first and check in a quiet hour",
    rewrite: r"ALTER TABLE dbo.orders WITH CHECK ADD CONSTRAINT ckOrdersTotal CHECK (total >= 0);",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Kind::AlterTable(AlterTable { table, action }) = &scene.statement.kind else {
        return;
    };
    match action {
        Action::Add {
            check: Some((false, place)),
            constraints,
            ..
        } => {
            for constraint in constraints {
                if !matches!(
                    constraint.rule,
                    Demand::Check { .. } | Demand::Foreign { .. }
                ) {
                    continue;
                }
                let name = constraint.name.as_ref().map(|name| name.name.as_str());
                hits.push(
                    Hit::new(
                        place.clone(),
                        format!(
                            "WITH NOCHECK leaves {} of {} untrusted: rows that break it stay, and the optimizer does not use it",
                            name.unwrap_or("a constraint"),
                            table.last()
                        ),
                    )
                    .about(table.last(), name),
                );
            }
        }
        Action::Check {
            enable: false,
            constraints,
            ..
        } => {
            let after = scene.after.table(table);
            let off = |name: &str| {
                let Some(table) = after else { return true };
                let named =
                    |given: &Option<String>| given.as_deref().is_some_and(|it| same(it, name));
                let checks = table.checks.iter().filter(|check| named(&check.name));
                let keys = table.foreign_keys.iter().filter(|key| named(&key.name));
                let states: Vec<bool> = checks
                    .map(|check| check.enabled)
                    .chain(keys.map(|key| key.enabled))
                    .collect();
                // One that is not known is as the last statement about it left it.
                states.iter().any(|enabled| !enabled)
                    || (states.is_empty() && !is_enabled_later(scene, table_name(table), name))
            };
            if constraints.is_empty() {
                if !is_enabled_later(scene, table.last(), "") {
                    hits.push(
                        Hit::new(
                            scene.statement.range.clone(),
                            format!("the constraints of {} stay switched off", table.last()),
                        )
                        .about(table.last(), None),
                    );
                }
                return;
            }
            for constraint in constraints.iter().filter(|part| off(&part.name)) {
                hits.push(
                    Hit::new(
                        constraint.range.clone(),
                        format!("{} of {} stays switched off", constraint.name, table.last()),
                    )
                    .about(table.last(), Some(&constraint.name)),
                );
            }
        }
        _ => {}
    }
}

fn table_name(table: &Table) -> &str {
    &table.name
}

/// Whether the script switches a constraint on after this statement; all of them when the name is
/// empty.
fn is_enabled_later(scene: &Scene<'_>, table: &str, name: &str) -> bool {
    scene.statements[scene.place..]
        .iter()
        .take(NEAR)
        .any(|statement| {
            let Kind::AlterTable(alter) = &statement.kind else {
                return false;
            };
            let Action::Check {
                enable: true,
                constraints,
                ..
            } = &alter.action
            else {
                return false;
            };
            same(alter.table.last(), table)
                && (constraints.is_empty() || constraints.iter().any(|it| same(&it.name, name)))
        })
}

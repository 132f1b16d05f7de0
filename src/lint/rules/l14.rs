//! L14: a constraint that looks checked and is not.

use super::{Hit, NEAR, Rule, Scene};
use crate::diag::Severity;
use crate::lint::state::same;
use crate::lint::tsql::statement::{Action, AlterTable, Constraint, Kind};

/// The rule.
pub const RULE: Rule = Rule {
    id: "L14",
    code: "lint/L14",
    name: "check-constraint-alone",
    title: r"CHECK CONSTRAINT without WITH CHECK",
    severity: Severity::Error,
    explanation: r"ALTER TABLE … CHECK CONSTRAINT switches a constraint on again, and reads no row: WITH NOCHECK is what
holds for it when nothing is said. The constraint is in force for new rows and not trusted, although
the statement reads as if it had been checked. WITH CHECK CHECK CONSTRAINT reads the rows.

Not flagged: behind the statement of the same script that added the constraint WITH CHECK, as SQL Server
Management Studio writes it; there it does nothing.",
    help: r"write WITH CHECK CHECK CONSTRAINT",
    rewrite: r"ALTER TABLE dbo.orders WITH CHECK CHECK CONSTRAINT ckOrdersTotal;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Kind::AlterTable(AlterTable {
        table,
        action:
            Action::Check {
                check,
                enable: true,
                constraints,
            },
    }) = &scene.statement.kind
    else {
        return;
    };
    if *check == Some(true) {
        return;
    }
    let name = table.last();
    if constraints.is_empty() {
        hits.push(
            Hit::new(
                scene.statement.range.clone(),
                format!("the constraints of {name} are switched on without a look at the rows, and stay untrusted"),
            )
            .about(name, None),
        );
        return;
    }
    for constraint in constraints {
        if is_checked_before(scene, name, &constraint.name) {
            continue;
        }
        hits.push(
            Hit::new(
                constraint.range.clone(),
                format!(
                    "{} of {name} is switched on without a look at the rows, and stays untrusted",
                    constraint.name
                ),
            )
            .about(name, Some(&constraint.name)),
        );
    }
}

/// Whether the last thing that the script did to the constraint was to check the rows for it.
fn is_checked_before(scene: &Scene<'_>, table: &str, name: &str) -> bool {
    let earlier = scene.statements[..scene.place].iter().rev().take(NEAR);
    for statement in earlier {
        match &statement.kind {
            Kind::CreateTable(create)
                if same(create.table.last(), table) && names(&create.constraints, name) =>
            {
                return true;
            }
            Kind::AlterTable(alter) if same(alter.table.last(), table) => match &alter.action {
                Action::Add {
                    check, constraints, ..
                } if names(constraints, name) => {
                    return check.as_ref().is_none_or(|(check, _)| *check);
                }
                Action::Check {
                    check, constraints, ..
                } if constraints.is_empty()
                    || constraints.iter().any(|it| same(&it.name, name)) =>
                {
                    return *check == Some(true);
                }
                _ => {}
            },
            _ => {}
        }
    }
    false
}

fn names(constraints: &[Constraint], name: &str) -> bool {
    constraints.iter().any(|constraint| {
        let own = constraint.name.as_ref();
        own.is_some_and(|own| same(&own.name, name))
    })
}

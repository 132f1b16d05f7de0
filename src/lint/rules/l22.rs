//! L22: a module in the middle of a batch.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Kind;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L22",
    code: "lint/L22",
    name: "module-not-first",
    title: r"a module that is not the first statement of its batch",
    severity: Severity::Error,
    explanation: r"CREATE and ALTER of a view, procedure, function or trigger, CREATE SCHEMA, CREATE DEFAULT and CREATE RULE
must be the first statement of their batch (error 111), SET and IF before them included. A procedure
takes everything up to GO for its body: without one, the statements that follow become part of it and
run at each call.

To make one under a condition, use CREATE OR ALTER, or EXEC (N'CREATE …').",
    help: r"put GO in front of it",
    rewrite: r"GO
CREATE OR ALTER VIEW dbo.openOrders AS
SELECT tenantId, orderId FROM dbo.orders WHERE status = N'open';
GO",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let (what, first, place) = match &scene.statement.kind {
        Kind::Module(module) => {
            if let Some(nested) = &module.nested {
                hits.push(Hit::new(
                    nested.clone(),
                    format!(
                        "this stands in the body of the {} {}: GO is missing before it",
                        module.class,
                        module.name.last()
                    ),
                ));
            }
            let what = format!("the {} {}", module.class, module.name.last());
            (what, module.first, module.name.range.clone())
        }
        Kind::Legacy(legacy) => (
            legacy.what.to_owned(),
            legacy.first,
            scene.statement.range.clone(),
        ),
        _ => return,
    };
    if !first {
        hits.push(Hit::new(
            place,
            format!(
                "{what} is not the first statement of its batch, so the server refuses the batch"
            ),
        ));
    }
}

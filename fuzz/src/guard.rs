//! The guard says something of every text, and points into it.

use dbtool::engine::Engine;
use dbtool::tenant::Guard;

use super::project::{SCHEMA, TENANCY};

/// The text as statements of an application, in each engine's language.
pub fn law(text: &str) {
    for (engine, namespace) in [(Engine::Mssql, "dbo"), (Engine::Sqlite, "main")] {
        let guard = Guard {
            engine,
            schema: &SCHEMA,
            tenancy: &TENANCY,
            namespace,
            parameter: "@tenantId",
        };
        let verdict = guard.judge(text);
        let mut from = 0;
        for judged in &verdict.statements {
            assert!(judged.range.start >= from, "{verdict:?}");
            from = judged.range.end;
            assert!(text.get(judged.range.clone()).is_some(), "{verdict:?}");
            for denial in &judged.denials {
                assert!(text.get(denial.range.clone()).is_some(), "{denial:?}");
                assert!(denial.line >= 1 && denial.column >= 1, "{denial:?}");
            }
        }
    }
}

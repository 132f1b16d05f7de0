//! The guard before the database: no statement of a story reaches it that could reach another
//! tenant's rows.

use super::actor::Actor;
use super::stop::Stop;
use crate::diag::Span;
use crate::story::statement::{Statement, TENANT_PARAMETER};
use crate::tenant::Guard;

impl Actor<'_> {
    /// Lets a statement pass, or says why it must not run. A denial fails the step: no expectError
    /// around it takes it for a refusal by the database.
    pub(super) fn guard(&self, statement: &Statement, span: &Span) -> Result<(), Stop> {
        let ground = &self.ground;
        let guard = Guard {
            engine: ground.dialect.engine(),
            schema: ground.schema,
            tenancy: ground.tenancy,
            namespace: ground.dialect.namespace(),
            parameter: TENANT_PARAMETER,
        };
        let verdict = guard.judge(&statement.sql);
        match verdict.denials().next() {
            None => Ok(()),
            Some(denial) => Err(self.fail(
                denial.code,
                span,
                format!(
                    "the statement was kept from the database: {} (at {}:{} of {})",
                    denial.message, denial.line, denial.column, statement.sql
                ),
                denial.help.clone(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::world::Files;
    use super::super::tests::{schema, tenancy};
    use super::super::{Ground, World};
    use super::*;
    use crate::dialect::sqlite::Sqlite;
    use crate::engine::Value;
    use crate::model::Ident;
    use crate::story::format::{GroundKind, Principal, Scenario};
    use crate::story::generate::Generator;
    use crate::story::run::actor;

    #[test]
    fn a_statement_that_lost_its_predicate_does_not_reach_the_database() {
        let schema = schema("tests/cases/story/schema");
        let tenancy = tenancy();
        let world = Files::new(&schema);
        let mut database = world.open().unwrap();
        database
            .execute(
                "INSERT INTO jobs (tenantId, jobId, requestKey, createdBy) VALUES
                 ('globex', '00000000-0000-4000-a000-000000000001', 'k', 'd')",
            )
            .unwrap();
        let ground = Ground {
            schema: &schema,
            tenancy: &tenancy,
            dialect: &Sqlite,
            world: &world,
        };
        let span = schema_span();
        let scenario = Scenario {
            name: "s".into(),
            span: span.clone(),
            proves: Vec::new(),
            ground: GroundKind::Shared,
            principal: Principal {
                tenant: "acme".into(),
                actor: None,
                correlation: None,
            },
            steps: Vec::new(),
        };
        let generator = Generator::new(1, "s", "s");
        let mut actor = actor::begin(&ground, &scenario, generator, None, None).unwrap();
        let table = schema.table(&Ident::new("jobs")).unwrap();
        let sound = actor.builder(table).delete(&[]);
        assert!(actor.change(&sound, &span, "", table, &[]).is_ok());
        let broken = Statement {
            sql: sound.sql.split(" WHERE ").next().unwrap().to_owned(),
            ..sound
        };
        let Err(Stop::Failed { finding, .. }) = actor.change(&broken, &span, "", table, &[]) else {
            panic!("the statement ran: {broken:?}");
        };
        assert_eq!(finding.code, "guard/missing-predicate");
        let left = database.query("SELECT COUNT(*) FROM jobs", &[]).unwrap();
        assert_eq!(left.rows, [[Value::Integer(1)]]);
    }

    fn schema_span() -> Span {
        let source = crate::diag::Source {
            name: "story.yaml".into(),
            text: String::new(),
        };
        Span::new(&std::sync::Arc::new(source), 0..0)
    }
}

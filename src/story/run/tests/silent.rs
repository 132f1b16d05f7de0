//! An engine that does not tell its plans is held to the shape of its indexes.

use super::*;
use crate::dialect::{Batch, Capabilities, Described, Script, SplitError};
use crate::engine::{Engine, Value};
use crate::model::{ObjectPath, Type};

/// SQLite, but silent about plans.
struct Silent;

impl Dialect for Silent {
    fn namespace(&self) -> &str {
        Sqlite.namespace()
    }

    fn engine(&self) -> Engine {
        Sqlite.engine()
    }

    fn capabilities(&self) -> &Capabilities {
        Sqlite.capabilities()
    }

    fn lower(&self, schema: &Schema) -> (Schema, Vec<Diagnostic>) {
        Sqlite.lower(schema)
    }

    fn interpret(&self, catalog: &Catalog) -> Described {
        Sqlite.interpret(catalog)
    }

    fn lift(&self, schema: &Schema) -> Schema {
        Sqlite.lift(schema)
    }

    fn verbatim(
        &self,
        table: &crate::model::Table,
        expression: &crate::model::Expression,
    ) -> crate::model::Native {
        Sqlite.verbatim(table, expression)
    }

    fn render(&self, steps: &[crate::plan::Step]) -> Vec<Batch> {
        Sqlite.render(steps)
    }

    fn script(&self, headline: &[String], batches: &[Batch]) -> String {
        Sqlite.script(headline, batches)
    }

    fn handover(&self, handover: &crate::dialect::Handover) -> String {
        Sqlite.handover(handover)
    }

    fn split(&self, sql: &str) -> Result<Script, SplitError> {
        Sqlite.split(sql)
    }

    fn definition(&self, schema: &Schema, path: &ObjectPath) -> Option<String> {
        Sqlite.definition(schema, path)
    }

    fn quote(&self, name: &Ident) -> String {
        Sqlite.quote(name)
    }

    fn table(&self, name: &Ident) -> String {
        Sqlite.table(name)
    }

    fn table_exists(&self, name: &Ident) -> String {
        Sqlite.table_exists(name)
    }

    fn store(&self, ty: &Type, value: Value) -> Value {
        Sqlite.store(ty, value)
    }

    fn load(&self, ty: &Type, value: Value) -> Value {
        Sqlite.load(ty, value)
    }
}

fn code_of(step: &str) -> Option<String> {
    let schema = schema("tests/cases/story/schema");
    let tenancy = tenancy();
    let world = Files::new(&schema);
    let ground = Ground {
        schema: &schema,
        tenancy: &tenancy,
        dialect: &Silent,
        world: &world,
    };
    let loaded = story(&[step]);
    assert!(!loaded.has_errors(), "{:#?}", loaded.findings);
    let mut report = run(&ground, &loaded.stories, &options(), &mut |_, _| {});
    let failure = report.stories.remove(0).scenarios.remove(0).failure?;
    Some(
        failure
            .finding
            .message
            .split(": ")
            .skip(1)
            .collect::<Vec<_>>()
            .join(": "),
    )
}

#[test]
fn an_index_serves_a_query_by_its_leading_columns_and_order() {
    let plan = |query: &str| {
        code_of(&format!(
            "- expectPlan: {{ table: jobs, {query}, index: ixJobsTenantIdStatusCreatedAt }}"
        ))
    };
    assert_eq!(
        plan("where: { status: queued }, orderBy: [createdAt desc]"),
        None
    );
    assert_eq!(plan("where: { status: queued }"), None);
    let not = "the index ixJobsTenantIdStatusCreatedAt on (tenantId, status, createdAt desc) does \
               not serve the query";
    for query in [
        "where: { status: queued }, orderBy: [createdAt]",
        "where: { attempts: 1 }",
        "orderBy: [createdAt desc]",
    ] {
        assert_eq!(plan(query).as_deref(), Some(not), "{query}");
    }
    let none = code_of("- expectPlan: { table: jobs, index: ixNowhere }");
    assert_eq!(none.as_deref(), Some("jobs has no index ixNowhere"));
}

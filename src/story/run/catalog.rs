//! Expectations on the database itself: its catalog, its drift, its plans.

use super::actor::Actor;
use super::stop::Stop;
use crate::diag::{Severity, Span};
use crate::dialect::Described;
use crate::engine::{Catalog, Value};
use crate::model::{Ident, ObjectPath, Part, PartKind, Schema, Table};
use crate::story::format::{Direction, ExpectCatalog, ExpectPlan, PlanOf};
use crate::story::statement::{Predicate, Statement};

/// The tables that dbtool itself keeps in a database begin so.
const OWN: &str = "dbtool";

pub(super) fn expect_catalog(
    actor: &mut Actor<'_>,
    expected: &ExpectCatalog,
    span: &Span,
) -> Result<(), Stop> {
    let described = describe(actor, span)?;
    let schema = &described.schema;
    let mut missing: Vec<(String, Option<&Span>)> = Vec::new();
    let mut want = |there: bool, name: String, span| {
        if !there {
            missing.push((name, span));
        }
    };
    for (name, span) in &expected.tables {
        want(
            schema.table(name).is_some(),
            format!("table {name}"),
            Some(span),
        );
    }
    for (table, columns) in &expected.columns {
        for (name, span) in columns {
            let there = schema
                .table(table)
                .is_some_and(|table| table.column(name).is_some());
            want(there, format!("column {table}.{name}"), Some(span));
        }
    }
    for (what, listed) in [
        ("index", &expected.indexes),
        ("constraint", &expected.constraints),
    ] {
        for (table, names) in listed {
            for (name, span) in names {
                let part = schema.table(table).and_then(|table| table.part(name));
                let there =
                    part.is_some_and(|part| (part.kind() == PartKind::Index) == (what == "index"));
                want(there, format!("{what} {table}.{name}"), Some(span));
            }
        }
    }
    for (name, span) in &expected.append_only {
        let there = schema
            .table(name)
            .is_some_and(|table| table.append_only.is_some());
        want(there, format!("append-only triggers of {name}"), Some(span));
    }
    if expected.complete {
        let (declared, _) = actor.ground.dialect.lower(actor.ground.schema);
        for (name, path) in objects(&declared) {
            let there = objects(schema).iter().any(|(_, other)| *other == path);
            want(there, name, None);
        }
    }
    if let Some((_, place)) = missing.first() {
        let place = place.unwrap_or(span).clone();
        let names: Vec<&str> = missing.iter().map(|(name, _)| name.as_str()).collect();
        return Err(actor.differ(
            "story/catalog",
            &place,
            format!("the database lacks {}", names.join(", ")),
            "declare it in the schema and generate a migration, or mend the story",
            (names.join("\n"), String::new()),
        ));
    }
    if expected.camel_case {
        let wrong: Vec<String> = names(&described)
            .into_iter()
            .filter(|(name, _)| !is_camel_case(name))
            .map(|(_, what)| what)
            .collect();
        if !wrong.is_empty() {
            return Err(actor.fail(
                "story/naming",
                span,
                format!(
                    "the database has names that are not camelCase: {}",
                    wrong.join(", ")
                ),
                "name them in camelCase in the schema",
            ));
        }
    }
    Ok(())
}

pub(super) fn expect_same_catalog(actor: &Actor<'_>, span: &Span) -> Result<(), Stop> {
    let result = actor.ground.world.second_catalog();
    let (first, second) = result.map_err(|error| {
        let attempt = "second database migrated apart".to_owned();
        actor.refused(error, span, attempt, None, Vec::new())
    })?;
    let (one, other) = (listing(&first), listing(&second));
    if one == other {
        return Ok(());
    }
    Err(actor.differ(
        "story/catalogs-differ",
        span,
        "two empty databases that were migrated apart do not have one catalog".into(),
        "see which migration depends on more than the database that it finds",
        (one, other),
    ))
}

pub(super) fn expect_drift(actor: &Actor<'_>, objects: &[String], span: &Span) -> Result<(), Stop> {
    let result = actor.ground.world.drift();
    let findings = result.map_err(|error| {
        actor.refused(
            error,
            span,
            "reading of the catalog".into(),
            None,
            Vec::new(),
        )
    })?;
    let drift = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    let mut found: Vec<String> = drift
        .map(|finding| match &finding.path {
            Some(path) => path.to_string(),
            None => finding.message.clone(),
        })
        .collect();
    let mut expected = objects.to_vec();
    for list in [&mut found, &mut expected] {
        list.sort_unstable();
        list.dedup();
    }
    if found == expected {
        return Ok(());
    }
    let text = |list: &[String]| match list {
        [] => "none".to_owned(),
        list => list.join("\n"),
    };
    let message = match (expected.as_slice(), found.as_slice()) {
        ([], found) => format!("nothing should have drifted, but {} did", found.join(", ")),
        (_, []) => "no drift was found, but there should be some".into(),
        _ => "other objects have drifted than expected".into(),
    };
    Err(actor.differ(
        "story/drift",
        span,
        message,
        "compare with what `dbtool drift-check` says of such a database",
        (text(&expected), text(&found)),
    ))
}

pub(super) fn expect_plan(
    actor: &mut Actor<'_>,
    expected: &ExpectPlan,
    span: &Span,
) -> Result<(), Stop> {
    let table = actor.table(&expected.table, span)?;
    let (statement, filter, order): (_, _, &[_]) = match &expected.query {
        PlanOf::Query(text) => (actor.statement("expectPlan", text)?, None, &[]),
        PlanOf::Rows { filter, order } => {
            let filter = actor.predicates(table, filter, span)?;
            let columns: Vec<Ident> = table
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect();
            let statement = actor.builder(table).select(&columns, &filter, order);
            (statement, Some(filter), order)
        }
    };
    let Some(explain) = actor.ground.dialect.explain(&statement.sql) else {
        return expect_shape(
            actor,
            table,
            filter.as_deref(),
            order,
            &expected.index,
            span,
        );
    };
    let statement = Statement {
        sql: explain,
        ..statement
    };
    let attempt = format!("plan of a query on {}", table.name);
    let plan = actor.ask(&statement, span, &attempt, Some(table))?;
    let lines: Vec<String> = plan.rows.iter().filter_map(|row| plan_line(row)).collect();
    let word = |c: char| !(c.is_alphanumeric() || c == '_');
    let uses = |line: &String| line.split(word).any(|word| word == expected.index.as_str());
    if lines.iter().any(uses) {
        return Ok(());
    }
    Err(actor.differ(
        "story/plan",
        span,
        format!(
            "the query on {} does not use the index {}",
            table.name, expected.index
        ),
        "see whether the index exists and leads with the columns of the query",
        (
            format!("… USING INDEX {} …", expected.index),
            lines.join("\n"),
        ),
    ))
}

/// Where an engine chooses its plan by what the tables hold, an empty throwaway database says
/// nothing about it. There the index must exist and serve the query by its shape: first the columns
/// that are compared for equality, then those of the order. Of a query in the author's own words
/// nothing is known but that the index should be there.
fn expect_shape(
    actor: &mut Actor<'_>,
    table: &Table,
    filter: Option<&[(Ident, Predicate)]>,
    order: &[(Ident, Direction)],
    index: &Ident,
    span: &Span,
) -> Result<(), Stop> {
    let expected = index;
    let described = describe(actor, span)?;
    let live = described.schema.table(&table.name);
    let index = live.and_then(|live| live.part(expected));
    let Some(Part::Index(index)) = index else {
        return Err(actor.fail(
            "story/plan",
            span,
            format!("{} has no index {expected}", table.name),
            "declare it in the schema and generate a migration",
        ));
    };
    let Some(filter) = filter else {
        return Ok(());
    };
    let mut equal: Vec<&Ident> = actor.ground.tenancy.column_of(table).into_iter().collect();
    equal.extend(filter.iter().filter_map(|(column, predicate)| {
        matches!(predicate, Predicate::Equal(_)).then_some(column)
    }));
    let leading = index
        .columns
        .iter()
        .take_while(|key| equal.contains(&&key.column))
        .count();
    let rest = &index.columns[leading..];
    let led = equal.iter().all(|column| {
        index.columns[..leading]
            .iter()
            .any(|key| key.column == **column)
    });
    let forward = |(column, direction): &(Ident, Direction), at: usize| {
        rest.get(at).is_some_and(|key| {
            key.column == *column && key.descending == (*direction == Direction::Descending)
        })
    };
    let ordered = order.iter().enumerate().all(|(at, by)| forward(by, at));
    if led && ordered {
        return Ok(());
    }
    let keys: Vec<String> = index.columns.iter().map(ToString::to_string).collect();
    Err(actor.fail(
        "story/plan",
        span,
        format!(
            "the index {expected} on ({}) does not serve the query",
            keys.join(", ")
        ),
        "lead it with the columns that are compared, then those of the order",
    ))
}

/// The text of a row of a plan: its last text.
fn plan_line(row: &[Value]) -> Option<String> {
    row.iter().rev().find_map(|value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    })
}

fn describe(actor: &mut Actor<'_>, span: &Span) -> Result<Described, Stop> {
    let result = actor.session(span)?.catalog();
    let catalog = result.map_err(|error| {
        actor.refused(
            error,
            span,
            "reading of the catalog".into(),
            None,
            Vec::new(),
        )
    })?;
    Ok(actor.ground.dialect.interpret(&catalog))
}

/// One line an object and fact.
fn listing(catalog: &Catalog) -> String {
    let mut lines = Vec::new();
    for object in &catalog.objects {
        let table = object.table.as_ref().map(|table| format!(" on {table}"));
        lines.push(format!(
            "{} {}{}",
            object.kind,
            object.name,
            table.unwrap_or_default()
        ));
        lines.extend(
            object
                .definition
                .iter()
                .flat_map(|text| text.lines().map(|line| format!("  {line}"))),
        );
        lines.extend(
            object
                .facts
                .iter()
                .map(|(name, value)| format!("  {name}: {value}")),
        );
    }
    lines.join("\n")
}

/// All tables, columns and parts, with their words for messages.
fn objects(schema: &Schema) -> Vec<(String, ObjectPath)> {
    let mut objects = Vec::new();
    for table in schema.tables.values() {
        objects.push((
            format!("table {}", table.name),
            ObjectPath::table(&table.name),
        ));
        let columns = table.columns.iter().map(|column| ("column", &column.name));
        let parts = table
            .parts
            .iter()
            .map(|part| (part.kind().noun(), part.name()));
        for (what, name) in columns.chain(parts) {
            let path = ObjectPath::member(&table.name, name);
            objects.push((format!("{what} {path}"), path));
        }
    }
    objects
}

/// Every name that the database holds but those of dbtool's own tables, with its words for
/// messages.
fn names(described: &Described) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for (what, path) in objects(&described.schema) {
        let name = path.member.as_ref().unwrap_or(&path.table);
        names.push((name.to_string(), what));
    }
    for table in described.schema.tables.values() {
        let mut add = |what: &str, name: &Ident| {
            names.push((name.to_string(), format!("{what} {}.{name}", table.name)));
        };
        for column in &table.columns {
            if let Some(default) = &column.default {
                add("default", &default.name);
            }
            add("type check", &column.type_check);
        }
        if let Some(name) = &table.append_only {
            add("trigger", name);
        }
    }
    for other in &described.unsupported {
        let name = other.path.member.as_ref().unwrap_or(&other.path.table);
        names.push((name.to_string(), format!("{} {}", other.kind, other.path)));
    }
    names.retain(|(name, _)| !name.starts_with(OWN));
    names
}

/// Lower case first, then letters and digits.
fn is_camel_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

//! The way to a shape that ALTER TABLE cannot reach: a new table, and the rows copied into it.
//!
//! SQL Server alters almost everything in place; only an identity cannot be added to or taken from
//! a column. Constraints are named by schema, so the new table gets its own only when the old one
//! is gone.

use crate::dialect::{Batch, Dialect};
use crate::model::{Ident, Part, Type};
use crate::plan::Rebuild;

use super::render::{alter_table, hang_on};
use super::{Mssql, bracketed, create, national, types};

/// The batches of a rebuild.
pub(super) fn render(dialect: &Mssql, rebuild: &Rebuild, batches: &mut Vec<Batch>) {
    let Rebuild { before, after, .. } = rebuild;
    let staging = staging_name(&after.name);
    let staging_table = dialect.table(&staging);
    let mut push = |sql: String, comment: String| batches.push(Batch::new(sql).comment(comment));

    let unlink: Vec<String> = rebuild
        .referring
        .iter()
        .map(|(table, key)| {
            let name = bracketed(key.name.as_str());
            alter_table(dialect, table, &format!("DROP CONSTRAINT {name}"))
        })
        .collect();
    if !unlink.is_empty() {
        push(
            unlink.join("\n"),
            format!("Foreign keys to {} are put back at the end.", before.name),
        );
    }
    let reasons = rebuild.reasons.join("; ");
    push(
        create::bare_table(dialect, after, &staging_table),
        format!(
            "{} is made anew, because ALTER TABLE cannot do this: {reasons}.",
            after.name
        ),
    );
    push(
        copy(rebuild, &dialect.table(&before.name), &staging_table),
        format!("Copies the rows of {}.", before.name),
    );
    push(
        format!(
            "DROP TABLE {};\nEXEC sys.sp_rename @objname = {}, @newname = {}, @objtype = N'OBJECT';",
            dialect.table(&before.name),
            national(&staging_table),
            national(after.name.as_str())
        ),
        format!("Puts the new {} into the place of the old one.", after.name),
    );
    let constraints = constraints(dialect, rebuild);
    if !constraints.is_empty() {
        push(
            constraints.join("\n"),
            "Defaults and constraints, whose names were taken until now.".to_owned(),
        );
    }
    hang_on(dialect, after, batches);
    for (table, key) in &rebuild.referring {
        let key = create::constraint(dialect, after, &Part::ForeignKey(key.clone()))
            .expect("a foreign key is a constraint");
        let key = key.replace('\n', "\n    ");
        batches.push(Batch::new(alter_table(
            dialect,
            table,
            &format!("WITH CHECK ADD {key}"),
        )));
    }
}

fn staging_name(table: &Ident) -> Ident {
    const SUFFIX: &str = "__rebuild";
    let kept: String = table
        .as_str()
        .chars()
        .take(Ident::MAX_CHARS - SUFFIX.len())
        .collect();
    Ident::new(kept + SUFFIX)
}

fn copy(rebuild: &Rebuild, from: &str, to: &str) -> String {
    let mut targets = Vec::new();
    let mut values = Vec::new();
    let mut identity = false;
    for (old, new) in &rebuild.copied {
        let (Some(before), Some(after)) = (rebuild.before.column(old), rebuild.after.column(new))
        else {
            continue;
        };
        // The engine gives versions itself.
        if after.ty == Type::RowVersion || after.computed.is_some() {
            continue;
        }
        identity |= after.identity.is_some();
        let name = bracketed(old.as_str());
        targets.push(bracketed(new.as_str()));
        values.push(if types::name(&before.ty) == types::name(&after.ty) {
            name
        } else {
            format!("CAST({name} AS {})", types::name(&after.ty))
        });
    }
    let mut sql = format!(
        "INSERT INTO {to} (\n    {}\n)\nSELECT\n    {}\nFROM {from} WITH (HOLDLOCK, TABLOCKX);",
        targets.join(",\n    "),
        values.join(",\n    ")
    );
    if identity {
        sql = format!("SET IDENTITY_INSERT {to} ON;\n{sql}\nSET IDENTITY_INSERT {to} OFF;");
    }
    sql
}

fn constraints(dialect: &Mssql, rebuild: &Rebuild) -> Vec<String> {
    let after = &rebuild.after;
    let add = |action: String| alter_table(dialect, &after.name, &action);
    let mut statements = Vec::new();
    for column in &after.columns {
        if let Some(default) = &column.default {
            statements.push(add(format!(
                "ADD CONSTRAINT {} DEFAULT ({}) FOR {}",
                bracketed(default.name.as_str()),
                create::default_text(&default.value),
                bracketed(column.name.as_str())
            )));
        }
        if let Some(check) = create::type_check(after, column) {
            statements.push(add(format!("WITH CHECK ADD {check}")));
        }
    }
    for part in &after.parts {
        if let Some(constraint) = create::constraint(dialect, after, part) {
            let with_check = match part {
                Part::Check(_) | Part::ForeignKey(_) => "WITH CHECK ",
                _ => "",
            };
            let constraint = constraint.replace('\n', "\n    ");
            statements.push(add(format!("{with_check}ADD {constraint}")));
        }
    }
    statements
}

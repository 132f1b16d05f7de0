//! The neutral schema as SQL Server holds it.
//!
//! Owns the rewriting; what SQL Server refuses or warns of is in `rules`.

use crate::diag::{Diagnostic, Phase};
use crate::model::{
    Check, Column, DefaultValue, Expression, Ident, Index, Native, ObjectPath, Part, Schema, Table,
    Type,
};

use super::types;

pub(super) mod default;
pub(super) mod expression;
mod filter;
mod rules;

/// See [`crate::dialect::Dialect::lower`].
pub(super) fn lower(schema: &Schema) -> (Schema, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let tables: Vec<Table> = schema
        .tables
        .values()
        .map(|neutral| table(neutral, &mut findings))
        .collect();
    let lowered = Schema::new(tables);
    rules::check(&lowered, &mut findings);
    (lowered, findings)
}

fn table(neutral: &Table, findings: &mut Vec<Diagnostic>) -> Table {
    // Expressions ask for the types of columns, so those come first.
    let mut typed = neutral.clone();
    for column in &mut typed.columns {
        column.ty = column_type(&neutral.name, column, findings);
    }
    let columns = typed
        .columns
        .iter()
        .map(|column| lower_column(&typed, column, findings))
        .collect();
    let parts = neutral
        .parts
        .iter()
        .filter_map(|part| lower_part(&typed, part, findings))
        .collect();
    Table {
        name: neutral.name.clone(),
        description: neutral.description.clone(),
        append_only: neutral.append_only.clone(),
        columns,
        parts,
    }
}

fn column_type(table: &Ident, column: &Column, findings: &mut Vec<Diagnostic>) -> Type {
    let Type::Native(native) = &column.ty else {
        return column.ty.clone();
    };
    match &native.mssql {
        Some(text) => types::from_native(text),
        None => {
            findings.push(
                missing(table, &column.name, "type")
                    .help("add the T-SQL type to `native`, as in `native: { mssql: xml }`"),
            );
            column.ty.clone()
        }
    }
}

fn missing(table: &Ident, member: &Ident, what: &str) -> Diagnostic {
    Diagnostic::error(
        Phase::Schema,
        "mssql/no-native",
        format!("{table}.{member} has no {what} for SQL Server, so it cannot be made there"),
    )
    .at(ObjectPath::member(table, member))
}

fn lower_column(table: &Table, column: &Column, findings: &mut Vec<Diagnostic>) -> Column {
    let mut lowered = column.clone();
    // Exports leave deprecated columns out; the database does not know of it.
    lowered.deprecated = false;
    lowered.default = column.default.as_ref().and_then(|default| {
        let text = default::text(&column.ty, &default.value)?;
        Some(crate::model::Default {
            name: default.name.clone(),
            value: DefaultValue::Sql(text),
        })
    });
    lowered.collation = column
        .collation
        .as_ref()
        .and_then(|collation| collation.mssql.clone())
        .filter(|name| !(matches!(column.ty, Type::Key(_)) && *name == types::KEY_COLLATION))
        .map(|name| Native {
            mssql: Some(name),
            sqlite: None,
        });
    if let Some(computed) = &mut lowered.computed {
        let expression = computed.expression.clone();
        match expression::computed(table, &column.ty, expression) {
            Some(expression) => computed.expression = expression,
            None => findings.push(
                missing(&table.name, &column.name, "expression")
                    .help("add `mssql:` to the expression"),
            ),
        }
        // The server takes the collation from the expression, and keeps no promise for a value
        // that nobody writes.
        lowered.collation = None;
        if lowered.ty == Type::Json {
            lowered.ty = Type::Text;
        }
        // Only a stored value can be declared NOT NULL; for the others the server works it out.
        lowered.nullable |= !computed.persisted;
    }
    if types::promise(&lowered).is_none() {
        lowered.type_check = Ident::new("");
    }
    lowered
}

fn lower_part(table: &Table, part: &Part, findings: &mut Vec<Diagnostic>) -> Option<Part> {
    Some(match part {
        // An engine that an expression leaves out has none.
        Part::Check(check) => Part::Check(Check {
            name: check.name.clone(),
            expression: expression::condition(table, check.expression.clone())?,
        }),
        Part::Index(index) => Part::Index(lower_index(table, index, findings)),
        Part::PrimaryKey(_) | Part::Unique(_) | Part::ForeignKey(_) => part.clone(),
    })
}

fn lower_index(table: &Table, index: &Index, findings: &mut Vec<Diagnostic>) -> Index {
    let mut lowered = index.clone();
    let Some(filter) = &index.filter else {
        return lowered;
    };
    match expression::condition(table, filter.clone()) {
        Some(Expression::Portable(expr)) => match filter::simplify(table, &expr) {
            Ok(expr) => lowered.filter = Some(Expression::Portable(expr)),
            Err(construct) => {
                findings.push(refused_filter(table, index, construct));
                lowered.filter = Some(Expression::Portable(expr));
            }
        },
        Some(other) => lowered.filter = Some(other),
        None => findings
            .push(missing(&table.name, &index.name, "filter").help("add `mssql:` to the filter")),
    }
    lowered
}

fn refused_filter(table: &Table, index: &Index, construct: &str) -> Diagnostic {
    Diagnostic::error(
        Phase::Schema,
        "mssql/index-filter",
        format!(
            "the filter of index {}.{} uses {construct}, which SQL Server refuses in an index filter",
            table.name, index.name
        ),
    )
    .at(ObjectPath::member(&table.name, &index.name))
    .help(
        "compare columns with constants, joined by AND, with IN and IS [NOT] NULL; \
         for anything else add a column that holds the condition, and filter on that",
    )
}

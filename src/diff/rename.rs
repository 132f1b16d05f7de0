//! What a rename of a table or column does to everything that names it.

use crate::model::{Expr, Expression, Ident, KeyColumn, Part, Schema};

/// Renames a table, in its own entry and in every foreign key that refers to it.
pub(super) fn table(schema: &mut Schema, from: &Ident, to: &Ident) {
    if let Some(mut table) = schema.tables.remove(from) {
        table.name = to.clone();
        schema.tables.insert(to.clone(), table);
    }
    for key in schema
        .tables
        .values_mut()
        .flat_map(|table| &mut table.parts)
    {
        if let Part::ForeignKey(key) = key
            && key.references == *from
        {
            key.references = to.clone();
        }
    }
}

/// Renames a column, in its table, its table's parts and computed columns, and in every foreign
/// key that refers to it. Native expressions are text to us and stay as they are.
pub(super) fn column(schema: &mut Schema, table: &Ident, from: &Ident, to: &Ident) {
    let rename = |name: &mut Ident| {
        if name == from {
            *name = to.clone();
        }
    };
    let in_key =
        |keys: &mut Vec<KeyColumn>| keys.iter_mut().for_each(|key| rename(&mut key.column));
    let in_expression = |expression: &mut Expression| {
        if let Expression::Portable(expr) = expression {
            *expr = expr.clone().map(&mut |node| match node {
                Expr::Column(name) if name.folded() == from.folded() => Expr::Column(to.clone()),
                other => other,
            });
        }
    };
    if let Some(entry) = schema.tables.get_mut(table) {
        for column in &mut entry.columns {
            rename(&mut column.name);
            if let Some(computed) = &mut column.computed {
                in_expression(&mut computed.expression);
            }
        }
        for part in &mut entry.parts {
            match part {
                Part::PrimaryKey(key) => in_key(&mut key.columns),
                Part::Unique(unique) => in_key(&mut unique.columns),
                Part::Check(check) => in_expression(&mut check.expression),
                Part::ForeignKey(key) => key.columns.iter_mut().for_each(rename),
                Part::Index(index) => {
                    in_key(&mut index.columns);
                    index.include.iter_mut().for_each(rename);
                    if let Some(filter) = &mut index.filter {
                        in_expression(filter);
                    }
                }
            }
        }
    }
    for part in schema
        .tables
        .values_mut()
        .flat_map(|entry| &mut entry.parts)
    {
        if let Part::ForeignKey(key) = part
            && key.references == *table
        {
            key.referenced_columns.iter_mut().for_each(rename);
        }
    }
}

//! Tables, columns and their parts as T-SQL declares them.

use crate::dialect::Dialect;
use crate::model::expression::BinaryOp;
use crate::model::{
    Check, Column, DefaultValue, Expr, Expression, ForeignKey, Ident, Index, KeyColumn, ObjectPath,
    Part, Schema, Table,
};

use super::spelling::{expr_text, expression};
use super::{Mssql, bracketed, trigger, types};

/// The option of an index that is built while its table is written to.
pub(super) const ONLINE: &str = "WITH (ONLINE = ON)";

/// Lines longer than this are broken where the grammar lets them.
const WIDTH: usize = 100;

/// CREATE TABLE with its constraints, without indexes.
pub(super) fn table(dialect: &Mssql, table: &Table) -> String {
    body(dialect, table, &dialect.table(&table.name), true)
}

/// CREATE TABLE of this full name with nothing that has a name of its own, so that it can stand
/// beside the table that it will replace.
pub(super) fn bare_table(dialect: &Mssql, table: &Table, full_name: &str) -> String {
    body(dialect, table, full_name, false)
}

fn body(dialect: &Mssql, table: &Table, full_name: &str, named: bool) -> String {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|column| bracketed(column.name.as_str()))
        .collect();
    let name_width = names.iter().map(|name| name.chars().count()).max();
    let stored = table.columns.iter().filter(|c| c.computed.is_none());
    let type_width = stored.map(|column| types::name(&column.ty).len()).max();
    let mut lines = Vec::new();
    for (column, name) in table.columns.iter().zip(&names) {
        let rest = column_rest(table, column, named, type_width.unwrap_or(0));
        lines.push(Line::Item(format!(
            "{name:width$} {rest}",
            width = name_width.unwrap_or(0)
        )));
    }
    if named {
        constraints(dialect, table, &mut lines);
    }
    let last = lines
        .iter()
        .rposition(|line| matches!(line, Line::Item(_)))
        .unwrap_or(0);
    let mut sql = format!("CREATE TABLE {full_name} (\n");
    for (index, line) in lines.iter().enumerate() {
        match line {
            Line::Comment(text) => sql.push_str(&format!("    -- {text}\n")),
            Line::Item(text) => {
                let comma = if index == last { "" } else { "," };
                sql.push_str(&format!("    {}{comma}\n", text.replace('\n', "\n    ")));
            }
        }
    }
    sql.push_str(");");
    sql
}

enum Line {
    Comment(&'static str),
    Item(String),
}

fn constraints(dialect: &Mssql, table: &Table, lines: &mut Vec<Line>) {
    let mut foreign_keys = Vec::new();
    for part in &table.parts {
        match part {
            Part::PrimaryKey(_) | Part::Unique(_) | Part::Check(_) => {
                lines.extend(constraint(dialect, table, part).map(Line::Item));
            }
            Part::ForeignKey(_) => foreign_keys.extend(constraint(dialect, table, part)),
            Part::Index(_) => {}
        }
    }
    // What a type promises and the engine's own does not: identifiers first, then documents.
    for (ty, comment) in [
        (
            "key",
            "Identifiers: = ignores trailing spaces, so none may end in one, and none is empty.",
        ),
        ("json", "Documents: the column takes JSON only."),
    ] {
        let promises: Vec<String> = table
            .columns
            .iter()
            .filter(|column| column.ty.to_string().starts_with(ty))
            .filter_map(|column| type_check(table, column))
            .collect();
        if !promises.is_empty() {
            lines.push(Line::Comment(comment));
            lines.extend(promises.into_iter().map(Line::Item));
        }
    }
    lines.extend(foreign_keys.into_iter().map(Line::Item));
}

/// Everything of a column's declaration behind its name.
fn column_rest(table: &Table, column: &Column, named: bool, type_width: usize) -> String {
    if let Some(computed) = &column.computed {
        let mut rest = format!("AS ({})", expression(Some(table), &computed.expression));
        if computed.persisted {
            rest.push_str(" PERSISTED");
            if !column.nullable {
                rest.push_str(" NOT NULL");
            }
        }
        return rest;
    }
    let mut rest = format!("{:type_width$}", types::name(&column.ty));
    if let Some(collation) = types::collation(column) {
        rest.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(identity) = &column.identity {
        rest.push_str(&format!(
            " IDENTITY({},{})",
            identity.seed, identity.increment
        ));
    }
    rest.push_str(if column.nullable {
        " NULL"
    } else {
        " NOT NULL"
    });
    if named && let Some(default) = &column.default {
        rest.push_str(&format!(
            " CONSTRAINT {} DEFAULT ({})",
            bracketed(default.name.as_str()),
            default_text(&default.value)
        ));
    }
    rest
}

/// A column's declaration.
pub(super) fn column(table: &Table, column: &Column) -> String {
    format!(
        "{} {}",
        bracketed(column.name.as_str()),
        column_rest(table, column, true, 0)
    )
}

/// A default's text.
///
/// # Panics
/// On a default that has not been lowered.
pub(super) fn default_text(value: &DefaultValue) -> &str {
    match value {
        DefaultValue::Sql(text) => text,
        other => panic!("{other:?} is not in engine form"),
    }
}

/// The check that keeps what the column's type promises, if it needs one.
pub(super) fn type_check(table: &Table, column: &Column) -> Option<String> {
    let promise = types::promise(column)?;
    Some(format!(
        "CONSTRAINT {} CHECK ({})",
        bracketed(column.type_check.as_str()),
        expr_text(Some(table), &promise)
    ))
}

/// A part as a constraint's declaration; `None` for an index.
pub(super) fn constraint(dialect: &Mssql, table: &Table, part: &Part) -> Option<String> {
    let name = bracketed(part.name().as_str());
    Some(match part {
        Part::PrimaryKey(key) => format!(
            "CONSTRAINT {name} PRIMARY KEY {} ({})",
            clustering(key.clustered),
            key_columns(&key.columns)
        ),
        Part::Unique(unique) => format!(
            "CONSTRAINT {name} UNIQUE {} ({})",
            clustering(unique.clustered),
            key_columns(&unique.columns)
        ),
        Part::Check(part) => check(table, part),
        Part::ForeignKey(key) => foreign_key(dialect, key),
        Part::Index(_) => return None,
    })
}

fn clustering(clustered: bool) -> &'static str {
    if clustered {
        "CLUSTERED"
    } else {
        "NONCLUSTERED"
    }
}

fn key_columns(columns: &[KeyColumn]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|key| {
            let direction = if key.descending { " DESC" } else { "" };
            format!("{}{direction}", bracketed(key.column.as_str()))
        })
        .collect();
    columns.join(", ")
}

fn column_list(columns: &[Ident]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| bracketed(column.as_str()))
        .collect();
    columns.join(", ")
}

fn check(table: &Table, check: &Check) -> String {
    let name = bracketed(check.name.as_str());
    let one_line = format!(
        "CONSTRAINT {name} CHECK ({})",
        expression(Some(table), &check.expression)
    );
    if one_line.chars().count() + 4 <= WIDTH {
        return one_line;
    }
    let lines = match &check.expression {
        Expression::Portable(expr) => chain_lines(table, expr),
        other => expression(Some(table), other),
    };
    format!(
        "CONSTRAINT {name} CHECK (\n    {}\n)",
        lines.replace('\n', "\n    ")
    )
}

/// A condition with each operand of its outermost AND or OR on a line of its own.
fn chain_lines(table: &Table, expr: &Expr) -> String {
    let (outer, word) = match expr {
        Expr::Binary {
            op: BinaryOp::And, ..
        } => (BinaryOp::And, "AND"),
        Expr::Binary {
            op: BinaryOp::Or, ..
        } => (BinaryOp::Or, "OR"),
        _ => return expr_text(Some(table), expr),
    };
    let mut operands = Vec::new();
    let mut first = expr;
    while let Expr::Binary { op, left, right } = first
        && *op == outer
    {
        operands.push(&**right);
        first = left;
    }
    let mut text = operand_text(table, outer, first);
    for operand in operands.into_iter().rev() {
        text.push_str(&format!("\n{word} {}", operand_text(table, outer, operand)));
    }
    text
}

/// An operand of AND or OR, in parentheses where the other of the two is inside, for readers as
/// much as for the engine.
fn operand_text(table: &Table, outer: BinaryOp, operand: &Expr) -> String {
    let text = expr_text(Some(table), operand);
    match operand {
        Expr::Binary {
            op: BinaryOp::And | BinaryOp::Or,
            ..
        } => format!("({text})"),
        _ => {
            debug_assert!(matches!(outer, BinaryOp::And | BinaryOp::Or));
            text
        }
    }
}

fn foreign_key(dialect: &Mssql, key: &ForeignKey) -> String {
    let mut sql = format!(
        "CONSTRAINT {} FOREIGN KEY ({})\n    REFERENCES {} ({})",
        bracketed(key.name.as_str()),
        column_list(&key.columns),
        dialect.table(&key.references),
        column_list(&key.referenced_columns)
    );
    for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
        if !action.is_none() {
            sql.push_str(&format!(" ON {event} {}", action.sql()));
        }
    }
    sql
}

/// CREATE INDEX.
pub(super) fn index(dialect: &Mssql, table: &Table, index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let mut sql = format!(
        "CREATE {unique}{} INDEX {}\n    ON {} ({})",
        clustering(index.clustered),
        bracketed(index.name.as_str()),
        dialect.table(&table.name),
        key_columns(&index.columns)
    );
    if !index.include.is_empty() {
        sql.push_str(&format!("\n    INCLUDE ({})", column_list(&index.include)));
    }
    if let Some(filter) = &index.filter {
        sql.push_str(&format!("\n    WHERE {}", expression(Some(table), filter)));
    }
    sql.push(';');
    sql
}

/// CREATE INDEX that lets the table be written to meanwhile.
pub(super) fn index_online(dialect: &Mssql, table: &Table, index: &Index) -> String {
    let offline = self::index(dialect, table, index);
    let statement = offline.strip_suffix(';').unwrap_or(&offline);
    format!("{statement}\n    {ONLINE};")
}

/// See [`Dialect::definition`].
pub(super) fn definition(dialect: &Mssql, schema: &Schema, path: &ObjectPath) -> Option<String> {
    let table = schema.table(&path.table)?;
    let Some(member) = &path.member else {
        return Some(self::table(dialect, table));
    };
    if let Some(found) = table.column(member) {
        return Some(column(table, found));
    }
    match table.part(member) {
        Some(Part::Index(found)) => return Some(index(dialect, table, found)),
        Some(part) => return constraint(dialect, table, part),
        None => {}
    }
    if table.append_only.as_ref() == Some(member) {
        return Some(trigger::append_only(dialect, &table.name, member));
    }
    table.columns.iter().find_map(|column| {
        if column.type_check == *member {
            return type_check(table, column);
        }
        let default = column.default.as_ref()?;
        (default.name == *member).then(|| {
            format!(
                "CONSTRAINT {} DEFAULT ({}) FOR {}",
                bracketed(member.as_str()),
                default_text(&default.value),
                bracketed(column.name.as_str())
            )
        })
    })
}

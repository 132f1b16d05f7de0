//! JSON Schema of rows: what an application sends and receives when it speaks JSON about them.

use serde_json::{Map, Value, json};

use super::columns;
use crate::model::expression::BinaryOp;
use crate::model::{Column, DefaultValue, Expr, Expression, Ident, Literal, Schema, Table, Type};

/// One document with a definition for each table, of a row as it is read: every column is there, and
/// NULL is null.
pub fn document(schema: &Schema) -> String {
    let definitions: Map<String, Value> = schema
        .tables
        .values()
        .map(|table| (table.name.to_string(), row(table)))
        .collect();
    let document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rows",
        "$defs": definitions,
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn row(table: &Table) -> Value {
    let properties: Map<String, Value> = columns(table)
        .map(|column| (column.name.to_string(), value(table, column)))
        .collect();
    let required: Vec<&str> = columns(table).map(|column| column.name.as_str()).collect();
    let mut row = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
    });
    if let Some(description) = &table.description {
        row["description"] = json!(description);
    }
    row
}

fn value(table: &Table, column: &Column) -> Value {
    let mut value = of_type(&column.ty);
    for check in table.checks() {
        if let Expression::Portable(expr) = &check.expression {
            narrow(&mut value, &column.name, expr);
        }
    }
    if column.nullable {
        if let Some(ty) = value.get("type").cloned() {
            value["type"] = json!([ty, "null"]);
        }
        if let Some(Value::Array(alternatives)) = value.get_mut("enum") {
            alternatives.push(Value::Null);
        }
    }
    if let Some(description) = &column.description {
        value["description"] = json!(description);
    }
    if let Some(DefaultValue::Literal(literal)) =
        column.default.as_ref().map(|default| &default.value)
    {
        value["default"] = constant(literal);
    }
    if column.computed.is_some() || column.identity.is_some() || column.ty == Type::RowVersion {
        value["readOnly"] = json!(true);
    }
    value
}

fn of_type(ty: &Type) -> Value {
    let integer =
        |low: i64, high: i64| json!({ "type": "integer", "minimum": low, "maximum": high });
    match ty {
        Type::Bool => json!({ "type": "boolean" }),
        Type::TinyInt => integer(0, 255),
        Type::SmallInt => integer(i16::MIN.into(), i16::MAX.into()),
        Type::Int => integer(i32::MIN.into(), i32::MAX.into()),
        Type::BigInt => integer(i64::MIN, i64::MAX),
        Type::Decimal { .. } | Type::Float => json!({ "type": "number" }),
        Type::Key(n) => json!({
            "type": "string", "minLength": 1, "maxLength": n, "pattern": "[^ ]$",
        }),
        Type::String(n) | Type::Ascii(n) => json!({ "type": "string", "maxLength": n }),
        Type::FixedAscii(n) => json!({ "type": "string", "minLength": n, "maxLength": n }),
        Type::Text => json!({ "type": "string" }),
        // Whatever JSON is in it.
        Type::Json | Type::Native(_) => json!({}),
        Type::Uuid => json!({ "type": "string", "format": "uuid" }),
        Type::Timestamp(_) | Type::TimestampTz(_) => {
            json!({ "type": "string", "format": "date-time" })
        }
        Type::Date => json!({ "type": "string", "format": "date" }),
        Type::Time(_) => json!({ "type": "string", "format": "time" }),
        Type::Binary(_) | Type::Blob | Type::RowVersion => {
            json!({ "type": "string", "contentEncoding": "base64" })
        }
    }
}

/// Adds what a check says of this column alone.
fn narrow(value: &mut Value, name: &Ident, expr: &Expr) {
    let is_column = |expr: &Expr| matches!(expr, Expr::Column(column) if column == name);
    match expr {
        Expr::In {
            operand,
            list,
            negated: false,
        } if is_column(operand) => {
            let alternatives: Option<Vec<Value>> = list
                .iter()
                .map(|it| match it {
                    Expr::Literal(literal) => Some(constant(literal)),
                    _ => None,
                })
                .collect();
            if let Some(alternatives) = alternatives {
                value["enum"] = json!(alternatives);
            }
        }
        Expr::Between {
            operand,
            low,
            high,
            negated: false,
        } if is_column(operand) => {
            bound(value, "minimum", low);
            bound(value, "maximum", high);
        }
        Expr::Binary {
            op: BinaryOp::And,
            left,
            right,
        } => {
            narrow(value, name, left);
            narrow(value, name, right);
        }
        Expr::Binary { op, left, right } if is_column(left) => match op {
            BinaryOp::Ge => bound(value, "minimum", right),
            BinaryOp::Le => bound(value, "maximum", right),
            BinaryOp::Gt => bound(value, "exclusiveMinimum", right),
            BinaryOp::Lt => bound(value, "exclusiveMaximum", right),
            _ => {}
        },
        _ => {}
    }
}

fn bound(value: &mut Value, key: &str, expr: &Expr) {
    let is_number = matches!(value["type"].as_str(), Some("integer" | "number"));
    if let (true, Expr::Literal(literal @ Literal::Number(_))) = (is_number, expr) {
        value[key] = constant(literal);
    }
}

fn constant(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => json!(value),
        Literal::Number(text) => serde_json::from_str(text)
            .or_else(|_| text.parse::<f64>().map(|number| json!(number)))
            .unwrap_or_else(|_| json!(text)),
        Literal::Text(text) => json!(text),
        Literal::Bytes(_) => Value::Null,
    }
}

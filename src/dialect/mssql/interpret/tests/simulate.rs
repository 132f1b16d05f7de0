//! The rows that SQL Server would tell of a schema in engine form.

use std::collections::BTreeMap;

use crate::dialect::mssql::trigger;
use crate::dialect::mssql::types::{self, KEY_COLLATION};
use crate::engine::{Catalog, CatalogObject, Engine};
use crate::model::expression::parse;
use crate::model::{
    Column, DefaultValue, Expression, Ident, KeyColumn, Part, ReferentialAction, Schema, Table,
    Type,
};

use super::dialect;
use super::stored::{stored, stored_filter};

/// The collation of the database.
const COLLATION: &str = "SQL_Latin1_General_CP1_CI_AS";

/// An object; facts that are empty or 0 are left out, as the reader leaves them out.
pub(super) fn object(
    kind: &str,
    table: Option<&str>,
    name: &str,
    definition: Option<String>,
    facts: &[(&str, String)],
) -> CatalogObject {
    let mut told: BTreeMap<String, String> = facts
        .iter()
        .filter(|(_, value)| !value.is_empty() && value != "0")
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    if kind != "database" {
        told.insert("schema".to_owned(), "dbo".to_owned());
    }
    CatalogObject {
        kind: kind.to_owned(),
        table: table.map(str::to_owned),
        name: name.to_owned(),
        definition,
        facts: told,
    }
}

fn flag(value: bool) -> String {
    u8::from(value).to_string()
}

/// The catalog of a database that holds this schema and nothing else.
pub(crate) fn simulate(schema: &Schema) -> Catalog {
    let mut objects = vec![object(
        "database",
        None,
        "database",
        None,
        &[
            ("collation", COLLATION.to_owned()),
            ("viewDefinition", "1".to_owned()),
            ("compatibilityLevel", "160".to_owned()),
        ],
    )];
    for table in schema.tables.values() {
        rows(table, &mut objects);
    }
    objects.sort();
    Catalog {
        engine: Engine::Mssql,
        product: "Microsoft SQL Server 2022 (RTM-CU12) - 16.0.4115.5".to_owned(),
        objects,
    }
}

fn rows(table: &Table, objects: &mut Vec<CatalogObject>) {
    let name = table.name.as_str();
    objects.push(object("table", None, name, None, &[]));
    if let Some(text) = &table.description {
        objects.push(description(name, None, text));
    }
    if let Some(trigger) = &table.append_only {
        let text = trigger::append_only(&dialect(), &table.name, trigger);
        let text = format!("-- A record.\n-- Alone in its batch.\n{text}\n").replace('\n', "\r\n");
        objects.push(object(
            "trigger",
            Some(name),
            trigger.as_str(),
            Some(text),
            &[],
        ));
    }
    for (at, column) in table.columns.iter().enumerate() {
        column_rows(name, at + 1, column, objects);
    }
    for part in &table.parts {
        part_rows(name, part, objects);
    }
}

fn description(table: &str, column: Option<&str>, text: &str) -> CatalogObject {
    object(
        "property",
        Some(table),
        "MS_Description",
        Some(text.to_owned()),
        &[("column", column.unwrap_or_default().to_owned())],
    )
}

fn column_rows(table: &str, position: usize, column: &Column, objects: &mut Vec<CatalogObject>) {
    let name = column.name.as_str();
    let (ty, length, precision, scale) = system_type(&column.ty);
    let is_text = matches!(ty.as_str(), "nvarchar" | "varchar" | "char");
    let declared = column.collation.as_ref().and_then(|by| by.mssql.clone());
    let collation = match (&column.ty, declared) {
        (_, Some(declared)) => declared,
        (Type::Key(_), None) => KEY_COLLATION.to_owned(),
        _ if is_text => COLLATION.to_owned(),
        _ => String::new(),
    };
    let mut facts = vec![
        ("position", position.to_string()),
        ("type", ty),
        ("length", length.to_string()),
        ("precision", precision.to_string()),
        ("scale", scale.to_string()),
        ("collation", collation),
        ("nullable", flag(column.nullable)),
    ];
    if let Some(identity) = &column.identity {
        facts.push(("identity", flag(true)));
        facts.push(("seed", identity.seed.to_string()));
        facts.push(("increment", identity.increment.to_string()));
    }
    let mut definition = None;
    if let Some(computed) = &column.computed {
        facts.push(("computed", flag(true)));
        facts.push(("persisted", flag(computed.persisted)));
        definition = Some(text(&computed.expression));
    }
    objects.push(object("column", Some(table), name, definition, &facts));
    if let Some(text) = &column.description {
        objects.push(description(table, Some(name), text));
    }
    if let Some(default) = &column.default {
        let DefaultValue::Sql(sql) = &default.value else {
            panic!("{default:?} is not in engine form");
        };
        let sql = parse(sql).map_or_else(|_| format!("({sql})"), |expr| stored(&expr));
        let facts = [("column", name.to_owned())];
        objects.push(object(
            "default",
            Some(table),
            default.name.as_str(),
            Some(sql),
            &facts,
        ));
    }
    if let Some(promise) = types::promise(column) {
        let name = column.type_check.as_str();
        objects.push(object(
            "check",
            Some(table),
            name,
            Some(stored(&promise)),
            &[],
        ));
    }
}

/// Name, length in bytes, precision and scale as `sys.columns` and `sys.types` tell them.
fn system_type(ty: &Type) -> (String, i32, u8, u8) {
    let (name, length, precision, scale) = match ty {
        Type::Bool => ("bit", 1, 1, 0),
        Type::TinyInt => ("tinyint", 1, 3, 0),
        Type::SmallInt => ("smallint", 2, 5, 0),
        Type::Int => ("int", 4, 10, 0),
        Type::BigInt => ("bigint", 8, 19, 0),
        Type::Decimal { precision, scale } => ("decimal", 9, *precision, *scale),
        Type::Float => ("float", 8, 53, 0),
        Type::Key(n) | Type::String(n) => ("nvarchar", i32::from(*n) * 2, 0, 0),
        Type::Ascii(n) => ("varchar", i32::from(*n), 0, 0),
        Type::FixedAscii(n) => ("char", i32::from(*n), 0, 0),
        Type::Text | Type::Json => ("nvarchar", -1, 0, 0),
        Type::Uuid => ("uniqueidentifier", 16, 0, 0),
        Type::Timestamp(p) => ("datetime2", 8, 20 + p, *p),
        Type::TimestampTz(p) => ("datetimeoffset", 10, 27 + p, *p),
        Type::Date => ("date", 3, 10, 0),
        Type::Time(p) => ("time", 5, 9 + p, *p),
        Type::Binary(n) => ("varbinary", i32::from(*n), 0, 0),
        Type::Blob => ("varbinary", -1, 0, 0),
        Type::RowVersion => ("timestamp", 8, 0, 0),
        Type::Native(native) => {
            let name = native.mssql.clone().expect("a type for this engine");
            return (name, 4, 10, 4);
        }
    };
    (name.to_owned(), length, precision, scale)
}

fn text(expression: &Expression) -> String {
    match expression {
        Expression::Portable(expr) => stored(expr),
        Expression::Opaque(text) => {
            parse(text).map_or_else(|_| format!("({text})"), |expr| stored(&expr))
        }
        Expression::Native(native) => panic!("{native:?} is not in engine form"),
    }
}

fn part_rows(table: &str, part: &Part, objects: &mut Vec<CatalogObject>) {
    let name = part.name().as_str();
    let of = Some(table);
    let kind_of = |clustered: bool| if clustered { "1" } else { "2" }.to_owned();
    match part {
        Part::PrimaryKey(key) => {
            let facts = [
                ("type", kind_of(key.clustered)),
                ("unique", flag(true)),
                ("primaryKey", flag(true)),
            ];
            objects.push(object("key", of, name, None, &facts));
            index_columns(table, name, &key.columns, &[], objects);
        }
        Part::Unique(unique) => {
            let facts = [("type", kind_of(unique.clustered)), ("unique", flag(true))];
            objects.push(object("key", of, name, None, &facts));
            index_columns(table, name, &unique.columns, &[], objects);
        }
        Part::Index(index) => {
            let filter = index.filter.as_ref().map(|filter| match filter {
                Expression::Portable(expr) => stored_filter(expr),
                other => text(other),
            });
            let facts = [
                ("type", kind_of(index.clustered)),
                ("unique", flag(index.unique)),
                ("filtered", flag(filter.is_some())),
            ];
            objects.push(object("index", of, name, filter, &facts));
            index_columns(table, name, &index.columns, &index.include, objects);
        }
        Part::Check(check) => {
            objects.push(object(
                "check",
                of,
                name,
                Some(text(&check.expression)),
                &[],
            ));
        }
        Part::ForeignKey(key) => {
            let action = |action: ReferentialAction| action.sql().replace(' ', "_");
            let facts = [
                ("referencedSchema", "dbo".to_owned()),
                ("referencedTable", key.references.to_string()),
                ("onDelete", action(key.on_delete)),
                ("onUpdate", action(key.on_update)),
            ];
            objects.push(object("foreignKey", of, name, None, &facts));
            for (at, (column, other)) in key.columns.iter().zip(&key.referenced_columns).enumerate()
            {
                let facts = [
                    ("position", (at + 1).to_string()),
                    ("column", column.to_string()),
                    ("referencedColumn", other.to_string()),
                ];
                objects.push(object("foreignKeyColumn", of, name, None, &facts));
            }
        }
    }
}

fn index_columns(
    table: &str,
    index: &str,
    keys: &[KeyColumn],
    include: &[Ident],
    objects: &mut Vec<CatalogObject>,
) {
    let keys = keys.iter().enumerate().map(|(at, key)| {
        vec![
            ("position", (at + 1).to_string()),
            ("column", key.column.to_string()),
            ("keyOrdinal", (at + 1).to_string()),
            ("descending", flag(key.descending)),
        ]
    });
    let count = keys.len();
    let include = include.iter().enumerate().map(|(at, column)| {
        vec![
            ("position", (count + at + 1).to_string()),
            ("column", column.to_string()),
            ("included", flag(true)),
        ]
    });
    for facts in keys.chain(include) {
        objects.push(object("indexColumn", Some(table), index, None, &facts));
    }
}

//! A Prisma schema for SQL Server, for applications that read and write through Prisma Client.
//!
//! dbtool stays the owner of the database: what Prisma cannot express (checks, filtered and included
//! columns of indexes, append-only tables) stands in comments, and `prisma migrate` must not be run on
//! it. A filtered unique index is never exported as `@@unique`, which would promise more than it holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{columns, expression, is_optional, is_to_one, shown};
use crate::model::{
    Column, DefaultValue, ForeignKey, Ident, KeyColumn, Literal, ReferentialAction, Schema, Table,
    Type,
};

const HEAD: &str = "\
// Written by dbtool from schema/, which owns the database: change the schema there, and do not run
// `prisma migrate` on it. What Prisma cannot express stands in comments.

generator client {
  provider = \"prisma-client-js\"
}

datasource db {
  provider = \"sqlserver\"
  // Prisma before version 7 also wants: url = env(\"DATABASE_URL\")
}
";

/// The Prisma schema.
pub fn schema(schema: &Schema) -> String {
    let names = Names::of(schema);
    let mut text = HEAD.to_owned();
    for table in schema.tables.values() {
        text.push('\n');
        Model {
            schema,
            table,
            names: &names,
        }
        .write(&mut text);
    }
    text
}

/// What models and fields are called.
struct Names {
    /// The model of a table.
    models: BTreeMap<Ident, String>,
    /// The field of a column, by table.
    fields: BTreeMap<(Ident, Ident), String>,
    /// The two fields of a relation, by table and foreign key: in the referring model, and in the
    /// one referred to.
    relations: BTreeMap<(Ident, Ident), (String, String)>,
}

impl Names {
    fn of(schema: &Schema) -> Self {
        let mut taken = BTreeSet::new();
        let mut models = BTreeMap::new();
        for name in schema.tables.keys() {
            let model = unique(&pascal(&word(name.as_str())), &mut taken);
            models.insert(name.clone(), model);
        }
        let mut fields = BTreeMap::new();
        let mut taken: BTreeMap<&Ident, BTreeSet<String>> = BTreeMap::new();
        for table in schema.tables.values() {
            let taken = taken.entry(&table.name).or_default();
            for column in columns(table) {
                let field = unique(&word(column.name.as_str()), taken);
                fields.insert((table.name.clone(), column.name.clone()), field);
            }
        }
        let mut relations = BTreeMap::new();
        for table in schema.tables.values() {
            for key in keys(schema, table) {
                let several = keys(schema, table)
                    .filter(|other| other.references == key.references)
                    .count()
                    > 1;
                let is_own = key.references == table.name;
                let (there, back) = if several || is_own {
                    (
                        word(key.name.as_str()),
                        format!("{}Back", word(key.name.as_str())),
                    )
                } else {
                    (word(key.references.as_str()), word(table.name.as_str()))
                };
                let there = unique(&there, taken.entry(&table.name).or_default());
                let back = unique(&back, taken.entry(&key.references).or_default());
                relations.insert((table.name.clone(), key.name.clone()), (there, back));
            }
        }
        Self {
            models,
            fields,
            relations,
        }
    }

    fn model(&self, table: &Ident) -> &str {
        self.models.get(table).map_or("", String::as_str)
    }

    fn field(&self, table: &Ident, column: &Ident) -> &str {
        let key = (table.clone(), column.clone());
        self.fields.get(&key).map_or("", String::as_str)
    }
}

/// The foreign keys whose columns are all shown, on both sides.
fn keys<'a>(schema: &'a Schema, table: &'a Table) -> impl Iterator<Item = &'a ForeignKey> {
    table.foreign_keys().filter(move |key| {
        shown(table, &key.columns)
            && schema
                .table(&key.references)
                .is_some_and(|other| shown(other, &key.referenced_columns))
    })
}

struct Model<'a> {
    schema: &'a Schema,
    table: &'a Table,
    names: &'a Names,
}

impl Model<'_> {
    fn write(&self, text: &mut String) {
        let table = self.table;
        for line in table.description.iter().flat_map(|it| it.lines()) {
            text.push_str(&format!("/// {}\n", comment(line)));
        }
        if table.append_only.is_some() {
            text.push_str("/// Rows can be added, but neither changed nor removed.\n");
        }
        let model = self.names.model(&table.name);
        text.push_str(&format!("model {model} {{\n"));
        for column in columns(table) {
            self.column(column, text);
        }
        self.relations(text);
        self.blocks(text);
        if table.name.as_str() != model {
            text.push_str(&format!("\n  @@map({})\n", quoted(table.name.as_str())));
        }
        text.push_str("}\n");
    }

    fn column(&self, column: &Column, text: &mut String) {
        if let Some(description) = &column.description {
            for line in description.lines() {
                text.push_str(&format!("  /// {}\n", comment(line)));
            }
        }
        let field = self.names.field(&self.table.name, &column.name);
        let Some((ty, native)) = ty(&column.ty) else {
            let ty = match &column.ty {
                Type::RowVersion => "rowversion".to_owned(),
                Type::Native(native) => native.mssql.clone().unwrap_or_default(),
                other => other.to_string(),
            };
            // Optional, since the server fills it in, or the client would ask for it.
            text.push_str(&format!("  {field} Unsupported({})?", quoted(&ty)));
            self.mapped(column, text);
            text.push('\n');
            return;
        };
        let is_server_made = column.computed.is_some();
        let optional = if column.nullable || is_server_made {
            "?"
        } else {
            ""
        };
        text.push_str(&format!("  {field} {ty}{optional}"));
        if let Some(computed) = &column.computed {
            text.push_str(&format!(
                " {native} // computed, read only: {}\n",
                comment(&expression(&computed.expression))
            ));
            return;
        }
        if column.identity.is_some() {
            text.push_str(" @default(autoincrement())");
        } else if let Some(default) = &column.default {
            let value = default_value(&default.value, ty);
            let map = quoted(default.name.as_str());
            text.push_str(&format!(" @default({value}, map: {map})"));
        }
        self.mapped(column, text);
        if !native.is_empty() {
            text.push_str(&format!(" {native}"));
        }
        text.push('\n');
    }

    fn mapped(&self, column: &Column, text: &mut String) {
        let field = self.names.field(&self.table.name, &column.name);
        if column.name.as_str() != field {
            text.push_str(&format!(" @map({})", quoted(column.name.as_str())));
        }
    }

    /// The fields of relations, those to others first.
    fn relations(&self, text: &mut String) {
        let table = self.table;
        let mut lines = Vec::new();
        for key in keys(self.schema, table) {
            let optional = if is_optional(table, key) { "?" } else { "" };
            let Some((there, _)) = self.relation(&table.name, key) else {
                continue;
            };
            lines.push(format!(
                "  {there} {}{optional} @relation({name}, fields: [{}], references: [{}], onDelete: {}, \
                 onUpdate: {}, map: {name})\n",
                self.names.model(&key.references),
                self.fields(&table.name, &key.columns),
                self.fields(&key.references, &key.referenced_columns),
                action(key.on_delete),
                action(key.on_update),
                name = quoted(key.name.as_str()),
            ));
        }
        for other in self.schema.tables.values() {
            for key in keys(self.schema, other).filter(|key| key.references == table.name) {
                let Some((_, back)) = self.relation(&other.name, key) else {
                    continue;
                };
                let many = if is_to_one(other, key) { "?" } else { "[]" };
                lines.push(format!(
                    "  {back} {}{many} @relation({})\n",
                    self.names.model(&other.name),
                    quoted(key.name.as_str())
                ));
            }
        }
        if !lines.is_empty() {
            text.push('\n');
            text.extend(lines);
        }
    }

    fn relation(&self, table: &Ident, key: &ForeignKey) -> Option<&(String, String)> {
        let of = (table.clone(), key.name.clone());
        self.names.relations.get(&of)
    }

    fn fields(&self, table: &Ident, columns: &[Ident]) -> String {
        let fields: Vec<&str> = columns
            .iter()
            .map(|column| self.names.field(table, column))
            .collect();
        fields.join(", ")
    }

    /// Keys, indexes, and what they and the checks hold beyond Prisma.
    fn blocks(&self, text: &mut String) {
        let table = self.table;
        text.push('\n');
        let mut has_key = false;
        if let Some(key) = table.primary_key()
            && self.shown(&key.columns)
        {
            has_key = true;
            let clustered = if key.clustered {
                ""
            } else {
                ", clustered: false"
            };
            text.push_str(&format!(
                "  @@id([{}], map: {}{clustered})\n",
                self.key(&key.columns),
                quoted(key.name.as_str())
            ));
        }
        for unique in table.uniques().filter(|it| self.shown(&it.columns)) {
            has_key |= !unique.columns.iter().any(|key| self.is_nullable(key));
            let clustered = if unique.clustered {
                ", clustered: true"
            } else {
                ""
            };
            text.push_str(&format!(
                "  @@unique([{}], map: {}{clustered})\n",
                self.key(&unique.columns),
                quoted(unique.name.as_str())
            ));
        }
        for index in table.indexes() {
            if !self.shown(&index.columns) {
                continue;
            }
            let mut beyond = Vec::new();
            if !index.include.is_empty() {
                let included: Vec<&str> = index.include.iter().map(Ident::as_str).collect();
                beyond.push(format!("includes {}", included.join(", ")));
            }
            if let Some(filter) = &index.filter {
                beyond.push(format!("where {}", expression(filter)));
            }
            let clustered = if index.clustered {
                ", clustered: true"
            } else {
                ""
            };
            let (block, is_comment) = match (index.unique, &index.filter) {
                (true, Some(_)) => ("@@unique", true),
                (true, None) => ("@@unique", false),
                (false, _) => ("@@index", false),
            };
            let start = if is_comment {
                "// Only among some rows: "
            } else {
                ""
            };
            text.push_str(&format!(
                "  {start}{block}([{}], map: {}{clustered})",
                self.key(&index.columns),
                quoted(index.name.as_str())
            ));
            if !beyond.is_empty() {
                text.push_str(&format!(" // {}", comment(&beyond.join("; "))));
            }
            text.push('\n');
        }
        for check in table.checks() {
            text.push_str(&format!(
                "  // Check {}: {}\n",
                comment(check.name.as_str()),
                comment(&expression(&check.expression))
            ));
        }
        if !has_key {
            // Prisma Client cannot tell its rows apart.
            text.push_str("  @@ignore\n");
        }
    }

    fn shown(&self, columns: &[KeyColumn]) -> bool {
        shown(self.table, columns.iter().map(|key| &key.column))
    }

    fn is_nullable(&self, key: &KeyColumn) -> bool {
        let column = self.table.column(&key.column);
        column.is_some_and(|column| column.nullable)
    }

    fn key(&self, columns: &[KeyColumn]) -> String {
        let fields: Vec<String> = columns
            .iter()
            .map(|key| {
                let field = self.names.field(&self.table.name, &key.column);
                let sort = if key.descending { "(sort: Desc)" } else { "" };
                format!("{field}{sort}")
            })
            .collect();
        fields.join(", ")
    }
}

/// The type of a field and its attribute for SQL Server; `None` where Prisma has none.
fn ty(ty: &Type) -> Option<(&'static str, String)> {
    let plain = |text: &str| text.to_owned();
    Some(match ty {
        Type::Bool => ("Boolean", String::new()),
        Type::TinyInt => ("Int", plain("@db.TinyInt")),
        Type::SmallInt => ("Int", plain("@db.SmallInt")),
        Type::Int => ("Int", String::new()),
        Type::BigInt => ("BigInt", String::new()),
        Type::Decimal { precision, scale } => {
            ("Decimal", format!("@db.Decimal({precision}, {scale})"))
        }
        Type::Float => ("Float", String::new()),
        Type::Key(n) | Type::String(n) => ("String", format!("@db.NVarChar({n})")),
        Type::Ascii(n) => ("String", format!("@db.VarChar({n})")),
        Type::FixedAscii(n) => ("String", format!("@db.Char({n})")),
        Type::Text | Type::Json => ("String", plain("@db.NVarChar(Max)")),
        Type::Uuid => ("String", plain("@db.UniqueIdentifier")),
        Type::Timestamp(_) => ("DateTime", plain("@db.DateTime2")),
        Type::TimestampTz(_) => ("DateTime", plain("@db.DateTimeOffset")),
        Type::Date => ("DateTime", plain("@db.Date")),
        Type::Time(_) => ("DateTime", plain("@db.Time")),
        Type::Binary(n) => ("Bytes", format!("@db.VarBinary({n})")),
        Type::Blob => ("Bytes", plain("@db.VarBinary(Max)")),
        Type::RowVersion | Type::Native(_) => return None,
    })
}

/// A default, in the words of Prisma where it has them for this type of field, else in T-SQL.
fn default_value(value: &DefaultValue, ty: &str) -> String {
    let generated = |sql: &str| format!("dbgenerated({})", quoted(sql));
    match value {
        DefaultValue::UtcNow => generated("sysutcdatetime()"),
        DefaultValue::NewUuid => generated("newid()"),
        DefaultValue::NewSequentialId => generated("newsequentialid()"),
        DefaultValue::Native(native) => generated(native.mssql.as_deref().unwrap_or_default()),
        DefaultValue::Sql(text) => generated(text),
        DefaultValue::Literal(literal) => match (literal, ty) {
            (Literal::Bool(value), "Boolean") => value.to_string(),
            (Literal::Number(text), "Boolean") => (text != "0").to_string(),
            (Literal::Number(text), "Int" | "BigInt" | "Decimal" | "Float") => text.clone(),
            (Literal::Text(text), "String") => quoted(text),
            (Literal::Null, _) => generated("NULL"),
            (Literal::Bool(value), _) => generated(if *value { "1" } else { "0" }),
            (Literal::Number(text), _) => generated(text),
            (Literal::Text(text), _) => generated(&format!("N'{}'", text.replace('\'', "''"))),
            (Literal::Bytes(_), _) => generated(&super::literal(literal)),
        },
    }
}

fn action(action: ReferentialAction) -> &'static str {
    match action {
        ReferentialAction::NoAction => "NoAction",
        ReferentialAction::Cascade => "Cascade",
        ReferentialAction::SetNull => "SetNull",
        ReferentialAction::SetDefault => "SetDefault",
    }
}

/// A string of Prisma.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// Text that stays on its line.
fn comment(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name in the letters that Prisma takes.
fn word(text: &str) -> String {
    let word: String = text
        .chars()
        .map(|it| if it.is_ascii_alphanumeric() { it } else { '_' })
        .collect();
    match word.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => word,
        _ => format!("x{word}"),
    }
}

fn pascal(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The name, or the name with a number when it is taken, as every word of Prisma's own is.
fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    const OWN: [&str; 12] = [
        "PrismaClient",
        "String",
        "Boolean",
        "Int",
        "BigInt",
        "Float",
        "Decimal",
        "DateTime",
        "Json",
        "Bytes",
        "async",
        "Unsupported",
    ];
    let mut candidate = name.to_owned();
    let mut number = 2;
    while OWN.contains(&candidate.as_str()) || !taken.insert(candidate.to_lowercase()) {
        candidate = format!("{name}{number}");
        number += 1;
    }
    candidate
}

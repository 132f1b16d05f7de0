//! A Mermaid entity-relationship diagram.

use super::{columns, is_optional, is_to_one};
use crate::model::{Column, Ident, Schema, Table};

/// The diagram of a schema.
pub fn diagram(schema: &Schema) -> String {
    let mut text = String::from("erDiagram\n");
    for table in schema.tables.values() {
        text.push_str(&format!("    {} {{\n", name(&table.name)));
        for column in columns(table) {
            text.push_str(&format!("        {}\n", attribute(table, column)));
        }
        text.push_str("    }\n");
    }
    for table in schema.tables.values() {
        for key in table.foreign_keys() {
            let one = if is_optional(table, key) { "|o" } else { "||" };
            let many = if is_to_one(table, key) { "o|" } else { "o{" };
            text.push_str(&format!(
                "    {} {one}--{many} {} : \"{}\"\n",
                name(&key.references),
                name(&table.name),
                plain(key.name.as_str())
            ));
        }
    }
    text
}

/// A line for a column: type, name, keys and meaning.
fn attribute(table: &Table, column: &Column) -> String {
    let mut line = format!("{} {}", ty(column), word(column.name.as_str()));
    let mut keys = Vec::new();
    let is_key =
        |names: &[crate::model::KeyColumn]| names.iter().any(|name| name.column == column.name);
    if table.primary_key().is_some_and(|key| is_key(&key.columns)) {
        keys.push("PK");
    }
    if table
        .foreign_keys()
        .any(|key| key.columns.contains(&column.name))
    {
        keys.push("FK");
    }
    if table.uniques().any(|unique| is_key(&unique.columns)) {
        keys.push("UK");
    }
    if !keys.is_empty() {
        line.push(' ');
        line.push_str(&keys.join(", "));
    }
    let nullable = column.nullable.then_some("nullable");
    let notes: Vec<&str> = nullable
        .into_iter()
        .chain(column.description.as_deref())
        .collect();
    if !notes.is_empty() {
        line.push_str(&format!(" \"{}\"", plain(&notes.join("; "))));
    }
    line
}

/// The type in the letters that Mermaid takes for one: a comma is none of them.
fn ty(column: &Column) -> String {
    word(&column.ty.to_string().replace(", ", "-").replace(',', "-"))
}

/// A name of an entity, quoted where Mermaid wants it.
fn name(name: &Ident) -> String {
    let text = name.as_str();
    let is_word = text.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && text
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || it == '_');
    if is_word {
        text.to_owned()
    } else {
        format!("\"{}\"", plain(text))
    }
}

/// Text without what would end a quoted one.
fn plain(text: &str) -> String {
    text.chars()
        .map(|it| match it {
            '"' => '\'',
            '%' | '\\' => ' ',
            it if it.is_control() => ' ',
            it => it,
        })
        .collect()
}

/// Text as one word: other characters become underlines.
fn word(text: &str) -> String {
    let word: String = text
        .chars()
        .map(|it| match it {
            it if it.is_ascii_alphanumeric() => it,
            '(' | ')' | '[' | ']' | '-' | '_' => it,
            _ => '_',
        })
        .collect();
    match word.chars().next() {
        Some(first) if first.is_ascii_alphabetic() || first == '_' => word,
        _ => format!("_{word}"),
    }
}

//! From a table to the file of its entity, as people write it.
//!
//! Owns the house format: columns as maps on one line, aligned; names only where they differ from
//! the convention; nothing that holds anyway. [`table()`] writes a new file, [`edit`] changes a file
//! that somebody wrote in nothing but what must change. Which file that is, and whether it may be
//! written, is decided elsewhere.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::{Ident, ObjectPath, Table};

pub mod edit;
mod entity;
mod scalar;

pub use entity::derived_check;
use scalar::{Place, scalar};

/// The first line of a file, for editors.
const HEADER: &str = "# yaml-language-server: $schema=./.table.schema.json\n";

/// The widest line that a map is written on.
const WIDTH: usize = 112;

/// The widest name that the maps of columns are aligned behind.
const WIDEST_KEY: usize = 28;

/// The file of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its text.
    pub text: String,
    /// Where each column, key, check, foreign key and index stands in it.
    pub places: Vec<(ObjectPath, Range<usize>)>,
}

/// A value as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// Text, quoted where it has to be.
    Text(String),
    /// A number or a word that must not be quoted.
    Bare(String),
    /// A list on one line.
    List(Vec<Form>),
    /// A map, on one line where it fits.
    Map(Fields),
    /// The columns: a map with a line or more for each.
    Columns(Fields),
    /// A list of maps with lines of their own, each with the name of what it declares.
    Items(Vec<(Ident, Fields)>),
}

/// The entries of a map, in order.
type Fields = Vec<(String, Form)>;

/// The file of a table that is neutral and has a name for everything. `explicit` names the checks
/// that are written out although they are the limits of one column.
pub fn table(table: &Table, explicit: &BTreeSet<Ident>) -> Written {
    let mut writer = Writer {
        out: HEADER.to_owned(),
        places: Vec::new(),
        table,
    };
    for (key, form) in entity::fields(table, explicit) {
        writer.entry(&key, &form, "");
    }
    Written {
        text: writer.out,
        places: writer.places,
    }
}

struct Writer<'a> {
    out: String,
    places: Vec<(ObjectPath, Range<usize>)>,
    table: &'a Table,
}

impl Writer<'_> {
    fn entry(&mut self, key: &str, form: &Form, indent: &str) {
        match form {
            Form::Columns(columns) => {
                self.out.push_str(&format!("{indent}{key}:\n"));
                let width = key_width(columns);
                for (name, form) in columns {
                    let start = self.out.len() + indent.len() + 2;
                    let entry = entry(name, form, &format!("{indent}  "), width);
                    self.out.push_str(&entry);
                    self.place(&Ident::new(name), start);
                }
            }
            Form::Items(items) => {
                self.out.push_str(&format!("{indent}{key}:\n"));
                for (name, fields) in items {
                    let start = self.out.len() + indent.len() + 2;
                    self.out.push_str(&item(fields, &format!("{indent}  ")));
                    self.place(name, start);
                }
            }
            plain => {
                let start = self.out.len();
                self.out.push_str(&entry(key, plain, indent, 0));
                if let Some(part) = self.table.primary_key().filter(|_| key == "primaryKey") {
                    let name = part.name.clone();
                    self.place(&name, start);
                }
            }
        }
    }

    fn place(&mut self, member: &Ident, start: usize) {
        let path = ObjectPath::member(&self.table.name, member);
        self.places.push((path, start..self.out.len()));
    }
}

/// The width of the keys before columns that are written on one line.
fn key_width(columns: &Fields) -> usize {
    columns
        .iter()
        .filter(|(_, form)| is_one_line(form))
        .map(|(name, _)| scalar(name, Place::Flow).chars().count() + 1)
        .filter(|width| *width <= WIDEST_KEY)
        .max()
        .unwrap_or(0)
}

/// Whether a map is to stand on one line: a description makes it too long to read.
fn is_one_line(form: &Form) -> bool {
    match form {
        Form::Map(fields) => !fields.iter().any(|(key, _)| key == "description"),
        _ => true,
    }
}

/// An entry with its lines, each ended. The value is set off to `width` where it is on the key's
/// line.
fn entry(key: &str, form: &Form, indent: &str, width: usize) -> String {
    let key = format!("{}:", scalar(key, Place::Flow));
    match form {
        Form::Items(items) => {
            let mut lines = format!("{indent}{key}\n");
            for (_, fields) in items {
                lines.push_str(&item(fields, &format!("{indent}  ")));
            }
            lines
        }
        Form::Columns(fields) => {
            let mut lines = format!("{indent}{key}\n");
            let width = key_width(fields);
            for (name, form) in fields {
                lines.push_str(&entry(name, form, &format!("{indent}  "), width));
            }
            lines
        }
        other => {
            let line = format!("{indent}{key:<width$} {}\n", inline(other, Place::Block));
            match other {
                Form::Map(fields) if !is_one_line(other) || line.chars().count() > WIDTH + 1 => {
                    let mut lines = format!("{indent}{key}\n");
                    for (name, form) in fields {
                        lines.push_str(&entry(name, form, &format!("{indent}  "), 0));
                    }
                    lines
                }
                _ => line,
            }
        }
    }
}

/// An item of a list with its lines, each ended.
fn item(fields: &Fields, indent: &str) -> String {
    let mut lines = String::new();
    for (at, (name, form)) in fields.iter().enumerate() {
        let whole = entry(name, form, &format!("{indent}  "), 0);
        let rest = whole.strip_prefix(&format!("{indent}  "));
        match (at, rest) {
            (0, Some(rest)) => lines.push_str(&format!("{indent}- {rest}")),
            _ => lines.push_str(&whole),
        }
    }
    lines
}

/// A value on one line.
fn inline(form: &Form, place: Place) -> String {
    match form {
        Form::Text(text) => scalar(text, place),
        Form::Bare(text) => text.clone(),
        Form::List(items) => {
            let items: Vec<String> = items.iter().map(|item| inline(item, Place::Flow)).collect();
            format!("[{}]", items.join(", "))
        }
        Form::Map(fields) | Form::Columns(fields) => flow_map(fields),
        Form::Items(items) => {
            let items: Vec<String> = items.iter().map(|(_, fields)| flow_map(fields)).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

fn flow_map(fields: &Fields) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(key, form)| {
            format!(
                "{}: {}",
                scalar(key, Place::Flow),
                inline(form, Place::Flow)
            )
        })
        .collect();
    format!("{{ {} }}", fields.join(", "))
}

#[cfg(test)]
mod tests;

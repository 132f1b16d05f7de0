//! The tables and their references as a picture: those that are referred to stand left of those that
//! refer to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{anchor, columns, escaped, is_optional, is_to_one};
use crate::model::{Ident, Schema, Table};

/// Measures in pixels; letters are about 7.3 wide at 12 px in the fonts that the style names.
const WIDTH: usize = 230;
const HEAD: usize = 26;
const LINE: usize = 18;
const GAP: usize = 26;
const CHANNEL: usize = 96;
const MARGIN: usize = 20;
const LETTERS: usize = 29;

/// As many boxes as stand above each other before another column is begun.
const STACK: usize = 8;

struct Place {
    x: usize,
    y: usize,
    height: usize,
    column: usize,
}

/// The picture as an SVG element.
pub(super) fn svg(schema: &Schema) -> String {
    let places = places(schema);
    let right = places.values().map(|place| place.x + WIDTH).max();
    let bottom = places.values().map(|place| place.y + place.height).max();
    let width = right.unwrap_or_default() + MARGIN + GAP;
    let height = bottom.unwrap_or_default() + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Tables and their references\">\n\
         <defs><marker id=\"many\" viewBox=\"0 0 12 12\" refX=\"0\" refY=\"6\" markerWidth=\"12\" \
         markerHeight=\"12\" orient=\"auto\"><path d=\"M0 1 L10 6 L0 11\"/></marker></defs>\n"
    );
    for table in schema.tables.values() {
        for key in table.foreign_keys() {
            let (Some(from), Some(to)) = (places.get(&table.name), places.get(&key.references))
            else {
                continue;
            };
            let class = if is_optional(table, key) {
                " class=\"optional\""
            } else {
                ""
            };
            let many = if is_to_one(table, key) {
                ""
            } else {
                " marker-start=\"url(#many)\""
            };
            let _ = writeln!(
                svg,
                "<path{class}{many} d=\"{}\"><title>{}</title></path>",
                curve(from, to),
                escaped(&format!(
                    "{}: {} refers to {}",
                    key.name, table.name, key.references
                ))
            );
        }
    }
    for (name, place) in &places {
        if let Some(table) = schema.table(name) {
            shape(table, place, &mut svg);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// The columns that a box shows: those of the primary key and of foreign keys.
fn key_columns(table: &Table) -> Vec<&Ident> {
    let primary: BTreeSet<&Ident> = table
        .primary_key()
        .iter()
        .flat_map(|key| key.columns.iter().map(|key| &key.column))
        .collect();
    let foreign: BTreeSet<&Ident> = table.foreign_keys().flat_map(|key| &key.columns).collect();
    columns(table)
        .map(|column| &column.name)
        .filter(|name| primary.contains(name) || foreign.contains(name))
        .collect()
}

fn shape(table: &Table, place: &Place, svg: &mut String) {
    let (x, y) = (place.x, place.y);
    let _ = write!(
        svg,
        "<a href=\"#{}\"><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{}\" rx=\"4\"/>\
         <rect class=\"head\" x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEAD}\" rx=\"4\"/>\
         <text class=\"name\" x=\"{}\" y=\"{}\">{}</text>",
        anchor(&table.name),
        place.height,
        x + 8,
        y + 17,
        escaped(&cut(table.name.as_str()))
    );
    for (line, name) in key_columns(table).into_iter().enumerate() {
        let _ = write!(
            svg,
            "<text class=\"quiet\" x=\"{}\" y=\"{}\">{}</text>",
            x + 8,
            y + HEAD + 14 + line * LINE,
            escaped(&cut(name.as_str()))
        );
    }
    svg.push_str("</a>\n");
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LETTERS {
        return text.to_owned();
    }
    text.chars().take(LETTERS - 1).chain(['…']).collect()
}

/// From the left side of the table that refers to the right side of the one referred to; around the
/// right sides where that one does not stand left of it.
fn curve(from: &Place, to: &Place) -> String {
    let y = |place: &Place| place.y + HEAD / 2;
    if to.column < from.column {
        let (start, end) = (from.x, to.x + WIDTH);
        let middle = CHANNEL / 2;
        return format!(
            "M{} {} C{} {} {} {} {} {}",
            start,
            y(from),
            start.saturating_sub(middle),
            y(from),
            end + middle,
            y(to),
            end,
            y(to)
        );
    }
    let (start, end) = (from.x + WIDTH, to.x + WIDTH);
    // A table that refers to itself needs a way back.
    let below = if from.y == to.y && from.x == to.x {
        LINE
    } else {
        0
    };
    let out = start.max(end) + 2 * GAP;
    format!(
        "M{start} {} C{out} {} {out} {} {end} {}",
        y(from) + below,
        y(from) + below,
        y(to),
        y(to)
    )
}

fn places(schema: &Schema) -> BTreeMap<Ident, Place> {
    let mut layers: BTreeMap<usize, Vec<&Table>> = BTreeMap::new();
    let depths = depths(schema);
    for table in schema.tables.values() {
        layers.entry(depths[&table.name]).or_default().push(table);
    }
    let mut places = BTreeMap::new();
    let mut column = 0;
    for tables in layers.values() {
        for stack in tables.chunks(STACK) {
            let mut y = MARGIN;
            for table in stack {
                let height = HEAD + key_columns(table).len() * LINE + 6;
                let x = MARGIN + column * (WIDTH + CHANNEL);
                let place = Place {
                    x,
                    y,
                    height,
                    column,
                };
                places.insert(table.name.clone(), place);
                y += height + GAP;
            }
            column += 1;
        }
    }
    places
}

/// How many references lead from a table to one that refers to none, along the longest way; what
/// leads back within a circle is left out.
fn depths(schema: &Schema) -> BTreeMap<Ident, usize> {
    let mut depths: BTreeMap<Ident, usize> =
        schema.tables.keys().map(|name| (name.clone(), 0)).collect();
    // One round for each table is enough without circles, and ends with them.
    for _ in 0..schema.tables.len().min(64) {
        let mut changed = false;
        for table in schema.tables.values() {
            let below = table
                .foreign_keys()
                .filter(|key| key.references != table.name)
                .filter_map(|key| depths.get(&key.references))
                .max()
                .map_or(0, |depth| depth + 1);
            let depth = below.min(schema.tables.len().saturating_sub(1)).min(63);
            if depths.get(&table.name).is_some_and(|own| *own < depth) {
                depths.insert(table.name.clone(), depth);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    // A circle pushes its tables up; numbers without a table are closed.
    let used: BTreeSet<usize> = depths.values().copied().collect();
    let ranks: BTreeMap<usize, usize> = used.into_iter().zip(0..).collect();
    depths
        .into_iter()
        .map(|(name, depth)| (name, ranks[&depth]))
        .collect()
}

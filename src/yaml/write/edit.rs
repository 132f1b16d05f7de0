//! Changing a file that somebody wrote, in nothing but what must change.
//!
//! Both what the file says and what it should say are put into the same form; where the two differ,
//! the text of just that value is replaced, added or taken away. Comments, order, layout and every
//! other value stay as they are. A file in a layout that this module does not know is left alone:
//! whoever calls it reads the result and compares.

use std::collections::BTreeSet;
use std::ops::Range;

use super::scalar::{Place, scalar};
use super::{Fields, Form, entity, entry, flow_map, inline, is_one_line, item};
use crate::model::{Ident, Table};
use crate::yaml::{Key, Kind, Node};

/// The text of the file `root` once it says `new` instead of `old`. `None` when the layout of the
/// file is one in which this cannot be done.
pub fn edit(root: &Node, old: &Table, new: &Table) -> Option<String> {
    let explicit = explicit(root, old);
    let mut patch = Patch {
        text: &root.span.source.text,
        edits: Vec::new(),
    };
    patch.map(
        root,
        &entity::fields(old, &explicit),
        &entity::fields(new, &explicit),
        0,
    )?;
    patch.applied()
}

/// The checks that the file lists, although some may be the limits of one column.
fn explicit(root: &Node, table: &Table) -> BTreeSet<Ident> {
    let listed = match field(root, "checks").map(|(_, node)| &node.kind) {
        Some(Kind::Seq(items)) => items.len(),
        _ => 0,
    };
    let checks: Vec<&Ident> = table.checks().map(|check| &check.name).collect();
    // Those of the columns come first.
    let first = checks.len().saturating_sub(listed);
    checks[first..].iter().copied().cloned().collect()
}

fn field<'n>(node: &'n Node, name: &str) -> Option<(&'n Key, &'n Node)> {
    match &node.kind {
        Kind::Map(entries) => entries
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(key, node)| (key, node)),
        _ => None,
    }
}

struct Patch<'t> {
    text: &'t str,
    edits: Vec<(Range<usize>, String)>,
}

impl Patch<'_> {
    /// A map in block layout. `width` is where values on the key's line begin.
    fn map(&mut self, node: &Node, old: &Fields, new: &Fields, width: usize) -> Option<()> {
        let Kind::Map(entries) = &node.kind else {
            return None;
        };
        let (first, _) = entries.first()?;
        if self.is_flow(node) {
            return None;
        }
        let column = first.span.range.start - self.line_start(first.span.range.start);
        let indent = " ".repeat(column);
        let old_form = |name: &str| {
            old.iter()
                .find(|(key, _)| key == name)
                .map(|(_, form)| form)
        };
        let mut previous: Option<&Node> = None;
        let mut previous_key: Option<&Key> = None;
        for (name, form) in new {
            match field(node, name) {
                Some((key, value)) => {
                    let before = old_form(name);
                    if before != Some(form) {
                        self.value(key, value, before, form, &indent)?;
                    }
                    previous = Some(value);
                    previous_key = Some(key);
                }
                None => {
                    let lines = entry(name, form, &indent, width);
                    match (previous, previous_key) {
                        (Some(value), Some(key)) => {
                            let end = value.span.range.end.max(key.span.range.end);
                            self.insert_below(end, &lines);
                        }
                        _ => {
                            let at = first.span.range.start;
                            self.edits
                                .push((at..at, format!("{}{indent}", lines.trim_start())));
                        }
                    }
                }
            }
        }
        for (at, (key, value)) in entries.iter().enumerate() {
            let is_gone =
                old_form(&key.name).is_some() && !new.iter().any(|(name, _)| *name == key.name);
            if is_gone {
                self.remove(entries, at, key, value);
            }
        }
        Some(())
    }

    fn value(
        &mut self,
        key: &Key,
        node: &Node,
        old: Option<&Form>,
        new: &Form,
        indent: &str,
    ) -> Option<()> {
        match (old, new) {
            (Some(Form::Columns(old)), Form::Columns(new)) if !self.is_flow(node) => {
                return self.map(node, old, new, self.alignment(node));
            }
            (Some(Form::Map(old)), Form::Map(new))
                if matches!(node.kind, Kind::Map(_)) && !self.is_flow(node) =>
            {
                return self.map(node, old, new, 0);
            }
            (Some(Form::Items(old)), Form::Items(new)) if !self.is_flow(node) => {
                return self.items(node, old, new);
            }
            _ => {}
        }
        let range = node.span.range.clone();
        let same_line = self.line_start(range.start) == self.line_start(key.span.range.start);
        if same_line && !range.is_empty() && is_one_line(new) {
            let place = match self.is_flow(node) {
                true => Place::Flow,
                false => Place::Block,
            };
            self.edits.push((range, inline(new, place)));
            return Some(());
        }
        let whole = entry(&key.name, new, indent, 0);
        let head = format!("{indent}{}:", scalar(&key.name, Place::Flow));
        let tail = whole.strip_prefix(&head)?.trim_end_matches('\n').to_owned();
        let colon = self.text[key.span.range.end..].find(':')? + key.span.range.end + 1;
        self.edits.push((colon..range.end.max(colon), tail));
        Some(())
    }

    /// A list of maps in block layout.
    fn items(
        &mut self,
        node: &Node,
        old: &[(Ident, Fields)],
        new: &[(Ident, Fields)],
    ) -> Option<()> {
        let Kind::Seq(nodes) = &node.kind else {
            return None;
        };
        if nodes.len() != old.len() {
            return None;
        }
        let start = nodes.first()?.span.range.start;
        let line = &self.text[self.line_start(start)..start];
        let dash = line.find('-')?;
        if !line[..dash].trim().is_empty() {
            return None;
        }
        let indent = line[..dash].to_owned();
        let mut previous = None;
        for (name, fields) in new {
            match old.iter().position(|(known, _)| known == name) {
                Some(at) => {
                    if old[at].1 != *fields {
                        if self.is_flow(&nodes[at]) {
                            let range = nodes[at].span.range.clone();
                            self.edits.push((range, flow_map(fields)));
                        } else {
                            self.map(&nodes[at], &old[at].1, fields, 0)?;
                        }
                    }
                    previous = Some(&nodes[at]);
                }
                None => {
                    let lines = item(fields, &indent);
                    match previous {
                        Some(node) => self.insert_below(node.span.range.end, &lines),
                        None => {
                            let at = self.line_start(start);
                            self.edits.push((at..at, lines));
                        }
                    }
                }
            }
        }
        for (at, (name, _)) in old.iter().enumerate() {
            if !new.iter().any(|(kept, _)| kept == name) {
                let range = &nodes[at].span.range;
                let lines = self.line_start(range.start)..self.line_end(range.end);
                self.edits.push((lines, String::new()));
            }
        }
        Some(())
    }

    fn remove(&mut self, entries: &[(Key, Node)], at: usize, key: &Key, value: &Node) {
        let start = self.line_start(key.span.range.start);
        let alone = self.text[start..key.span.range.start].trim().is_empty();
        let range = match entries.get(at + 1) {
            // The first key of an item of a list shares its line with the dash.
            Some((next, _)) if !alone => key.span.range.start..next.span.range.start,
            _ => start..self.line_end(value.span.range.end.max(key.span.range.end)),
        };
        self.edits.push((range, String::new()));
    }

    /// Where the values of columns on one line begin, behind their keys.
    fn alignment(&self, node: &Node) -> usize {
        let Kind::Map(entries) = &node.kind else {
            return 0;
        };
        let width = entries.iter().find_map(|(key, value)| {
            let start = key.span.range.start;
            let between = self.text.get(start..value.span.range.start)?;
            (!between.contains('\n')).then(|| between.chars().count().saturating_sub(1))
        });
        width.unwrap_or(0)
    }

    fn is_flow(&self, node: &Node) -> bool {
        self.text[node.span.range.start..].starts_with(['{', '['])
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The byte behind the line break of the line that this byte is in.
    fn line_end(&self, at: usize) -> usize {
        self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |newline| at + newline + 1)
    }

    fn insert_below(&mut self, at: usize, lines: &str) {
        let end = self.line_end(at);
        let open = !self.text[..end].ends_with('\n');
        let lines = if open {
            format!("\n{}", lines.trim_end_matches('\n'))
        } else {
            lines.to_owned()
        };
        self.edits.push((end..end, lines));
    }

    /// The text with all edits. `None` when two of them touch the same place.
    fn applied(mut self) -> Option<String> {
        self.edits
            .sort_by_key(|(range, _)| (range.start, range.end));
        let windows = self.text.contains("\r\n");
        let mut out = String::with_capacity(self.text.len());
        let mut at = 0;
        for (range, new) in &self.edits {
            out.push_str(self.text.get(at..range.start)?);
            if windows {
                out.push_str(&new.replace('\n', "\r\n"));
            } else {
                out.push_str(new);
            }
            at = range.end;
        }
        out.push_str(self.text.get(at..)?);
        Some(out)
    }
}

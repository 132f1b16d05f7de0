//! From text to a tree with spans.
//!
//! The syntax is serde-saphyr's; its limits guard against documents that are built to exhaust
//! memory. What is well-formed and yet surely a mistake is found here, because the tree would hide
//! it: a key written twice, and a comma that cuts a value such as `decimal(5,4)` in two.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};

use super::text::quote;
use super::{Findings, Key, Kind, Node};
use crate::diag::{Diagnostic, Phase, Source, Span};

mod syntax;

use syntax::{place, syntax};

/// The largest file in bytes that is read as YAML.
pub const MAX_BYTES: usize = 4 << 20;
/// The deepest nesting of lists and maps: the library recurses, and a thread of 1 MiB must do.
const MAX_DEPTH: usize = 24;
/// The most values in one file, those behind aliases counted each time.
const MAX_NODES: usize = 500_000;

/// Reads a YAML file.
///
/// # Errors
/// All findings in it. To go on despite a finding that leaves a usable tree, see [`parse_into`].
pub fn parse(source: &Arc<Source>) -> Result<Node, Vec<Diagnostic>> {
    let findings = Findings::new(Phase::Schema);
    let node = parse_into(source, &findings);
    let list = findings.into_list();
    match node {
        Some(node) if list.is_empty() => Ok(node),
        _ => Err(list),
    }
}

/// Reads a YAML file as far as it can be read, so that findings about its content can be reported
/// together with those about its form. `None` when there is no tree at all; then there is a
/// finding.
pub fn parse_into(source: &Arc<Source>, findings: &Findings) -> Option<Node> {
    let whole = || Span::new(source, 0..0);
    if source.text.len() > MAX_BYTES {
        findings.add(
            "yaml/too-large",
            whole(),
            format!(
                "{} has {} bytes, more than the {MAX_BYTES} that are read",
                quote(&source.name),
                source.text.len()
            ),
        );
        return None;
    }
    let raw = match serde_saphyr::from_str_with_options::<serde_saphyr::Spanned<Raw>>(
        &source.text,
        options(),
    ) {
        Ok(raw) => raw,
        Err(error) => {
            findings.push(syntax(source, &error));
            return None;
        }
    };
    let node = Builder { source, findings }.node(raw);
    if node.kind == Kind::Null {
        let content = source.text.trim_start_matches('\u{feff}').trim();
        let message = if content.is_empty() {
            format!("{} is empty", quote(&source.name))
        } else {
            format!("{} holds no value, only comments", quote(&source.name))
        };
        findings.add("yaml/empty", whole(), message);
        return None;
    }
    Some(node)
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
        emit_comments: false,
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_aliases: 1000,
            max_anchors: 1000,
            max_recorded_anchor_events: MAX_NODES,
            max_documents: 1,
            max_total_scalar_bytes: 4 * MAX_BYTES,
        },
    }
}

type Located = serde_saphyr::Spanned<Raw>;

/// A value as the YAML library tells it.
enum Raw {
    Null,
    Bool(bool),
    Int(i128),
    Float,
    String(String),
    Seq(Vec<Located>),
    Map(Vec<(Located, Located)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
                Ok(Raw::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
                Ok(Raw::Int(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
                Ok(Raw::Int(value.into()))
            }

            fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
                Ok(Raw::Int(value))
            }

            fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Raw, E> {
                i128::try_from(value)
                    .map(Raw::Int)
                    .map_err(|_| E::custom("the number has more digits than any type holds"))
            }

            // Its text is taken from the file, so that no digit is lost.
            fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
                Ok(Raw::Float)
            }

            fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
                Ok(Raw::String(value.to_owned()))
            }

            fn visit_string<E>(self, value: String) -> Result<Raw, E> {
                Ok(Raw::String(value))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = access.next_element()? {
                    items.push(item);
                }
                Ok(Raw::Seq(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
                let mut entries = Vec::new();
                while let Some(key) = access.next_key()? {
                    let value = access.next_value()?;
                    entries.push((key, value));
                }
                Ok(Raw::Map(entries))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    findings: &'a Findings,
}

impl Builder<'_> {
    fn node(&self, raw: Located) -> Node {
        let mut span = self.span(raw.referenced);
        let aliased = raw.referenced != raw.defined;
        let kind = match raw.value {
            Raw::Null => Kind::Null,
            Raw::Bool(value) => Kind::Bool(value),
            Raw::Int(value) => Kind::Int(value),
            Raw::Float => Kind::Float(self.span(raw.defined).text().to_owned()),
            Raw::String(text) => Kind::String(text),
            Raw::Seq(items) => {
                let mut items: Vec<Node> = items.into_iter().map(|item| self.node(item)).collect();
                let end = items.last().map(|item| item.span.range.end);
                if !aliased {
                    self.mend_list(&mut items);
                    self.extend(&mut span, end);
                }
                Kind::Seq(items)
            }
            Raw::Map(entries) => {
                let mut entries: Vec<(Key, Node)> = entries
                    .into_iter()
                    .filter_map(|(key, value)| Some((self.key(key)?, self.node(value))))
                    .collect();
                let end = entries
                    .last()
                    .map(|(key, value)| value.span.range.end.max(key.span.range.end));
                if !aliased {
                    self.mend_map(&mut entries);
                    self.extend(&mut span, end);
                }
                self.unique(&mut entries);
                Kind::Map(entries)
            }
        };
        Node { span, kind }
    }

    /// A scalar key of any type, as written; other keys are findings.
    fn key(&self, raw: Located) -> Option<Key> {
        let span = self.span(raw.referenced);
        let name = match raw.value {
            Raw::String(name) => name,
            Raw::Null | Raw::Bool(_) | Raw::Int(_) | Raw::Float => {
                self.span(raw.defined).text().to_owned()
            }
            Raw::Seq(_) | Raw::Map(_) => {
                self.findings
                    .add("yaml/key", span, "a list or map is used as a key of a map");
                return None;
            }
        };
        Some(Key { name, span })
    }

    fn span(&self, location: serde_saphyr::Location) -> Span {
        let span = location.span();
        let (Some(start), Some(length)) = (span.byte_offset(), span.byte_len()) else {
            return place(self.source, &location);
        };
        let (start, length) = (start as usize, length as usize);
        let mut span = Span::new(self.source, start..start + length);
        // A block scalar's span runs on to the indentation of the next line.
        let kept = span.text().trim_end().len();
        span.range.end = span.range.start + kept;
        span
    }

    /// Lets the span of a list or map, which is told only by its first character, reach to its
    /// end.
    fn extend(&self, span: &mut Span, end: Option<usize>) {
        let text = &self.source.text;
        let mut end = end.unwrap_or(span.range.end).max(span.range.end);
        let closing = match text.as_bytes().get(span.range.start) {
            Some(b'{') => "}",
            Some(b'[') => "]",
            _ => {
                span.range.end = end;
                return;
            }
        };
        loop {
            let rest = &text[end..];
            let blank = rest.len()
                - rest
                    .trim_start_matches([' ', '\t', '\r', '\n', ',', ':'])
                    .len();
            end += blank;
            let rest = &text[end..];
            if rest.starts_with('#') {
                end += rest.find('\n').unwrap_or(rest.len());
            } else {
                if rest.starts_with(closing) {
                    span.range.end = end + 1;
                }
                return;
            }
        }
    }

    fn unique(&self, entries: &mut Vec<(Key, Node)>) {
        let mut first: BTreeMap<String, Span> = BTreeMap::new();
        entries.retain(|(key, _)| {
            if let Some(before) = first.get(&key.name) {
                let (line, _) = before.line_column();
                self.findings.push(
                    Diagnostic::error(
                        self.findings.phase(),
                        "yaml/duplicate-key",
                        format!(
                            "the key {} is written twice in one map, so one of the two would be \
                             ignored",
                            quote(&key.name)
                        ),
                    )
                    .spanned(key.span.clone())
                    .labelled(format!("written before in line {line}"))
                    .help("remove one of the two"),
                );
                return false;
            }
            first.insert(key.name.clone(), key.span.clone());
            true
        });
    }

    /// `{ type: decimal(5,4) }` is, to YAML, a key `type` and a key `4)`.
    fn mend_map(&self, entries: &mut Vec<(Key, Node)>) {
        let mut at = 0;
        while at + 1 < entries.len() {
            let (rest, value) = (at + 1.., &entries[at].1);
            let pieces = entries[rest]
                .iter()
                .map(|(key, value)| (key.name.as_str(), &key.span, value.kind == Kind::Null));
            if let Some((count, mended)) = self.cut(value, pieces) {
                let key = entries[at].0.name.clone();
                self.unquoted(&mended, Some(&key));
                entries[at].1 = mended;
                entries.drain(at + 1..=at + count);
            }
            at += 1;
        }
    }

    /// `[decimal(5,4)]` is, to YAML, a list of `decimal(5` and `4)`.
    fn mend_list(&self, items: &mut Vec<Node>) {
        let mut at = 0;
        while at + 1 < items.len() {
            let pieces = items[at + 1..].iter().map(|item| {
                let plain = matches!(item.kind, Kind::String(_) | Kind::Int(_) | Kind::Float(_));
                (item.span.text(), &item.span, plain)
            });
            if let Some((count, mended)) = self.cut(&items[at], pieces) {
                self.unquoted(&mended, None);
                items[at] = mended;
                items.drain(at + 1..=at + count);
            }
            at += 1;
        }
    }

    /// Whether a value was cut by commas inside its parentheses: how many pieces follow, and the
    /// value that was meant.
    fn cut<'a>(
        &self,
        value: &Node,
        pieces: impl Iterator<Item = (&'a str, &'a Span, bool)>,
    ) -> Option<(usize, Node)> {
        let Kind::String(text) = &value.kind else {
            return None;
        };
        if text != value.span.text() {
            return None;
        }
        let mut open = parentheses(text);
        let mut end = value.span.range.end;
        for (count, (piece, span, plain)) in pieces.enumerate() {
            let between = self.source.text.get(end..span.range.start)?;
            if open <= 0 || !plain || between.trim() != "," || piece != span.text() {
                return None;
            }
            open += parentheses(piece);
            end = span.range.end;
            if open == 0 {
                let span = Span::new(self.source, value.span.range.start..end);
                let kind = Kind::String(span.text().to_owned());
                return Some((count + 1, Node { span, kind }));
            }
        }
        None
    }

    fn unquoted(&self, node: &Node, key: Option<&str>) {
        let text = node.span.text();
        let quoted = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let help = match key {
            Some(key) => format!("put it in quotes: {key}: {quoted}"),
            None => format!("put it in quotes: {quoted}"),
        };
        self.findings.push(
            Diagnostic::error(
                self.findings.phase(),
                "yaml/unquoted-comma",
                format!(
                    "{} is cut in two at its comma, because a comma ends a value inside braces or \
                     brackets",
                    quote(text)
                ),
            )
            .spanned(node.span.clone())
            .labelled("needs quotes")
            .help(help),
        );
    }
}

fn parentheses(text: &str) -> i32 {
    text.bytes().fold(0, |depth, byte| match byte {
        b'(' => depth + 1,
        b')' => depth - 1,
        _ => depth,
    })
}

#[cfg(test)]
mod tests;

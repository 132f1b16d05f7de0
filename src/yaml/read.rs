//! Readers that take a tree apart and collect findings on the way.
//!
//! A reader is a function from a [`Node`] to an optional value; when it returns `None` it has left
//! a finding. Readers therefore combine freely, and one wrong field does not hide the next.

use std::cell::RefCell;

use super::text::{list, nearest, quote};
use super::{Key, Kind, Node};
use crate::diag::{Diagnostic, Phase, Span};
use crate::model::ObjectPath;

/// Collects what readers find.
#[derive(Debug)]
pub struct Findings {
    phase: Phase,
    list: RefCell<Vec<Diagnostic>>,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl Findings {
    /// No findings yet, in this part of the gate.
    pub fn new(phase: Phase) -> Self {
        Self {
            phase,
            list: RefCell::default(),
        }
    }

    /// The part of the gate to which the findings belong.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Adds a finding, in this collection's phase.
    pub fn push(&self, mut finding: Diagnostic) {
        finding.phase = self.phase;
        self.list.borrow_mut().push(finding);
    }

    /// Adds an error at a place.
    pub fn add(&self, code: &'static str, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(self.phase, code, message).spanned(span));
    }

    /// Adds an error at a place, with what to do about it.
    pub fn add_with_help(
        &self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(
            Diagnostic::error(self.phase, code, message)
                .spanned(span)
                .help(help),
        );
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.list.borrow().len()
    }

    /// Gives the findings from the n-th on that name no object this one.
    pub fn locate(&self, from: usize, path: &ObjectPath) {
        for finding in self.list.borrow_mut().iter_mut().skip(from) {
            finding.path.get_or_insert_with(|| path.clone());
        }
    }

    /// All findings, in the order in which they were found.
    pub fn into_list(self) -> Vec<Diagnostic> {
        self.list.into_inner()
    }
}

impl<T> Spanned<T> {
    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned {
            value: change(self.value),
            span: self.span,
        }
    }
}

/// A map whose keys are asked for one by one; keys that nobody asked for are findings in the end.
#[derive(Debug)]
pub struct Fields<'n> {
    findings: &'n Findings,
    what: String,
    node: &'n Node,
    head: Span,
    entries: &'n [(Key, Node)],
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Opens a map. `what` names it in messages with its article: `a table`, `column `status``.
    pub fn open(node: &'n Node, what: impl Into<String>, findings: &'n Findings) -> Option<Self> {
        let what = what.into();
        let Kind::Map(entries) = &node.kind else {
            wrong_kind(node, &what, "a map", findings);
            return None;
        };
        Some(Self {
            findings,
            what,
            head: node.head(),
            node,
            entries,
            known: Vec::new(),
        })
    }

    /// The place for findings about the map as a whole: its first line.
    pub fn head(&self) -> &Span {
        &self.head
    }

    /// Where findings go.
    pub fn findings(&self) -> &'n Findings {
        self.findings
    }

    /// The map itself.
    pub fn node(&self) -> &'n Node {
        self.node
    }

    /// The value of a key, if it is there.
    pub fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// A key and its value, if it is there.
    pub fn entry(&mut self, key: &'static str) -> Option<(&'n Key, &'n Node)> {
        self.ignore(key);
        self.entries
            .iter()
            .find(|(found, _)| found.name == key)
            .map(|(key, node)| (key, node))
    }

    /// The value of a key that may be missing. An empty value is a finding, as the key without a
    /// value says nothing.
    pub fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&'n Node, &'n Findings) -> Option<T>,
    ) -> Option<T> {
        let (key, node) = self.entry(key)?;
        if node.kind == Kind::Null {
            self.findings.add_with_help(
                "yaml/no-value",
                key.span.clone(),
                format!("{} has no value", quote(&key.name)),
                "give it a value, or remove the key",
            );
            return None;
        }
        // Readers know the value but not its key; the message names both.
        let before = self.findings.count();
        let value = read(node, self.findings);
        for finding in self.findings.list.borrow_mut().iter_mut().skip(before) {
            if let Some(rest) = finding.message.strip_prefix(VALUE) {
                finding.message = format!("{}{rest}", quote(&key.name));
            }
        }
        value
    }

    /// The value of a key that must be there.
    pub fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&'n Node, &'n Findings) -> Option<T>,
    ) -> Option<T> {
        if self.entries.iter().all(|(found, _)| found.name != key) {
            self.ignore(key);
            self.findings.add_with_help(
                "yaml/missing-key",
                self.head.clone(),
                format!("{} needs the key {}", self.what, quote(key)),
                format!("add {}", quote(&format!("{key}: …"))),
            );
            return None;
        }
        self.optional(key, read)
    }

    /// Makes a key known that no reader asks for.
    pub fn ignore(&mut self, key: &'static str) {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(self) {
        for (key, _) in self.entries {
            if self.known.contains(&key.name.as_str()) {
                continue;
            }
            let help = match nearest(&key.name, self.known.iter().copied()) {
                Some(near) => format!("did you mean {}?", quote(near)),
                None => format!("its keys are {}", list(self.known.iter().copied(), "and")),
            };
            self.findings.add_with_help(
                "yaml/unknown-key",
                key.span.clone(),
                format!("{} has no key {}", self.what, quote(&key.name)),
                help,
            );
        }
    }
}

/// How readers begin a message about the value; [`Fields`] puts the key in its place.
pub(crate) const VALUE: &str = "the value";

/// Leaves the finding that a value is of the wrong kind: `subject` must be `wanted`.
pub fn wrong_kind(node: &Node, subject: &str, wanted: &str, findings: &Findings) {
    let found = match node.scalar() {
        Some(text) => quote(&text),
        None => node.noun().to_owned(),
    };
    findings.add(
        "yaml/wrong-kind",
        node.head(),
        format!("{subject} must be {wanted}, not {found}"),
    );
}

/// Text. A number or truth value is a finding that asks for quotes.
pub fn text(node: &Node, findings: &Findings) -> Option<Spanned<String>> {
    match &node.kind {
        Kind::String(value) => Some(Spanned {
            value: value.clone(),
            span: node.span.clone(),
        }),
        Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) => {
            let written = node.span.text();
            findings.add_with_help(
                "yaml/wrong-kind",
                node.head(),
                format!(
                    "{VALUE} must be text, but {} is {}",
                    quote(written),
                    node.noun()
                ),
                format!("put it in quotes: \"{written}\""),
            );
            None
        }
        Kind::Null | Kind::Seq(_) | Kind::Map(_) => {
            wrong_kind(node, VALUE, "text", findings);
            None
        }
    }
}

/// Text that is not empty and not white space alone.
pub fn filled_text(node: &Node, findings: &Findings) -> Option<Spanned<String>> {
    let text = text(node, findings)?;
    if text.value.trim().is_empty() {
        findings.add("yaml/empty-text", text.span, format!("{VALUE} is empty"));
        return None;
    }
    Some(text)
}

/// `true` or `false`.
pub fn boolean(node: &Node, findings: &Findings) -> Option<Spanned<bool>> {
    if let Kind::Bool(value) = node.kind {
        return Some(Spanned {
            value,
            span: node.span.clone(),
        });
    }
    wrong_kind(node, VALUE, "true or false", findings);
    None
}

/// A whole number in the range of `T`.
pub fn integer<T>(node: &Node, findings: &Findings) -> Option<Spanned<T>>
where
    T: TryFrom<i128> + Bounds,
{
    let Kind::Int(number) = node.kind else {
        wrong_kind(node, VALUE, "a whole number", findings);
        return None;
    };
    if let Ok(value) = T::try_from(number) {
        return Some(Spanned {
            value,
            span: node.span.clone(),
        });
    }
    let (low, high) = T::BOUNDS;
    findings.add(
        "yaml/out-of-range",
        node.head(),
        format!("{VALUE} is {number}, which is not a whole number from {low} to {high}"),
    );
    None
}

/// The range of an integer type, for messages.
pub trait Bounds {
    /// The least and the greatest value.
    const BOUNDS: (i128, i128);
}

macro_rules! bounds {
    ($($ty:ty),*) => {$(
        impl Bounds for $ty {
            const BOUNDS: (i128, i128) = (<$ty>::MIN as i128, <$ty>::MAX as i128);
        }
    )*};
}
bounds!(u8, u16, u32, u64, i32, i64, usize);

/// One of a few words.
pub fn one_of<T: Clone>(
    node: &Node,
    words: &[(&str, T)],
    findings: &Findings,
) -> Option<Spanned<T>> {
    let names = || words.iter().map(|(word, _)| *word);
    let Kind::String(found) = &node.kind else {
        wrong_kind(node, VALUE, &list(names(), "or"), findings);
        return None;
    };
    if let Some((_, value)) = words.iter().find(|(word, _)| word == found) {
        return Some(Spanned {
            value: value.clone(),
            span: node.span.clone(),
        });
    }
    let names: Vec<&str> = names().collect();
    let mut finding = Diagnostic::error(
        findings.phase(),
        "yaml/unknown-word",
        format!(
            "{VALUE} is {}, which is none of {}",
            quote(found),
            names.join(", ")
        ),
    )
    .spanned(node.head());
    if let Some(near) = nearest(found, names) {
        finding = finding.help(format!("did you mean {}?", quote(near)));
    }
    findings.push(finding);
    None
}

/// The items of a list.
pub fn items<'n>(node: &'n Node, findings: &Findings) -> Option<&'n [Node]> {
    if let Kind::Seq(items) = &node.kind {
        return Some(items);
    }
    wrong_kind(node, VALUE, "a list", findings);
    None
}

/// A list whose items are all read alike. Items with findings are left out.
pub fn list_of<'n, T>(
    node: &'n Node,
    findings: &'n Findings,
    mut read: impl FnMut(&'n Node, &'n Findings) -> Option<T>,
) -> Option<Vec<T>> {
    let items = items(node, findings)?;
    Some(
        items
            .iter()
            .filter_map(|item| read(item, findings))
            .collect(),
    )
}

/// A list of text.
pub fn texts<'n>(node: &'n Node, findings: &'n Findings) -> Option<Vec<Spanned<String>>> {
    list_of(node, findings, text)
}

/// The entries of a map with free keys.
pub fn entries<'n>(node: &'n Node, findings: &Findings) -> Option<&'n [(Key, Node)]> {
    if let Kind::Map(entries) = &node.kind {
        return Some(entries);
    }
    wrong_kind(node, VALUE, "a map", findings);
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::Source;
    use crate::yaml::parse_into;

    fn found(text: &str, read: impl FnOnce(&Node, &Findings)) -> Vec<String> {
        let source = Arc::new(Source {
            name: "a.yaml".into(),
            text: text.into(),
        });
        let findings = Findings::new(Phase::Schema);
        if let Some(node) = parse_into(&source, &findings) {
            read(&node, &findings);
        }
        findings
            .into_list()
            .into_iter()
            .map(|finding| {
                let (line, column) = finding.span.unwrap().line_column();
                let help = finding
                    .help
                    .map(|help| format!(" ({help})"))
                    .unwrap_or_default();
                format!("{line}:{column} {}{help}", finding.message)
            })
            .collect()
    }

    #[test]
    fn a_wrong_field_does_not_hide_the_next() {
        let messages = found(
            "name: 5\nsize: big\nflag: yes\nlist: {}\nextra: 1\n",
            |node, findings| {
                let mut fields = Fields::open(node, "a thing", findings).unwrap();
                assert_eq!(fields.required("name", text), None);
                assert_eq!(fields.required("size", integer::<u8>), None);
                assert_eq!(fields.optional("flag", boolean), None);
                assert_eq!(fields.optional("list", texts), None);
                assert_eq!(fields.required("color", text), None);
                fields.finish();
            },
        );
        assert_eq!(
            messages,
            [
                "1:7 `name` must be text, but `5` is a number (put it in quotes: \"5\")",
                "2:7 `size` must be a whole number, not `big`",
                "3:7 `flag` must be true or false, not `yes`",
                "4:7 `list` must be a list, not a map",
                "1:1 a thing needs the key `color` (add `color: …`)",
                "5:1 a thing has no key `extra` (its keys are name, size, flag, list and color)",
            ]
        );
    }

    #[test]
    fn the_wrong_container_is_named() {
        let messages = found("- a\n", |node, findings| {
            assert!(Fields::open(node, "a table", findings).is_none());
        });
        assert_eq!(messages, ["1:1 a table must be a map, not a list"]);
    }

    #[test]
    fn a_key_without_a_value_is_told() {
        let messages = found("a:\nb: 1\n", |node, findings| {
            let mut fields = Fields::open(node, "a thing", findings).unwrap();
            assert_eq!(fields.optional("a", text), None);
            assert!(fields.optional("b", integer::<i32>).is_some());
            fields.finish();
        });
        assert_eq!(
            messages,
            ["1:1 `a` has no value (give it a value, or remove the key)"]
        );
    }
}

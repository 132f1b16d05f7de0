//! Errors of the YAML library in the words of this tool, at the right place.

use std::sync::Arc;

use serde_saphyr::budget::BudgetBreach;

use super::{MAX_DEPTH, MAX_NODES};
use crate::diag::{Diagnostic, Phase, Source, Span};
use crate::yaml::text::quote;

/// The place that the YAML library tells by line and column, both from 1.
pub(super) fn place(source: &Arc<Source>, location: &serde_saphyr::Location) -> Span {
    let line = usize::try_from(location.line()).unwrap_or(0).max(1);
    let column = usize::try_from(location.column()).unwrap_or(0).max(1);
    let text = source.text.as_str();
    let mut start = if line == 1 && text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    for _ in 1..line {
        match text[start..].find('\n') {
            Some(newline) => start += newline + 1,
            None => break,
        }
    }
    let rest = text[start..].split('\n').next().unwrap_or_default();
    let rest = rest.strip_suffix('\r').unwrap_or(rest);
    let mut characters = rest.char_indices().skip(column - 1);
    match characters.next() {
        Some((at, character)) => Span::new(source, start + at..start + at + character.len_utf8()),
        None => Span::new(source, start + rest.len()..start + rest.len()),
    }
}

/// An error of the YAML library in the words of this tool.
pub(super) fn syntax(source: &Arc<Source>, error: &serde_saphyr::Error) -> Diagnostic {
    use serde_saphyr::Error;
    let location = match error {
        Error::AliasError { locations, .. } => Some(locations.reference_location),
        other => other.location(),
    };
    let span = location.map(|location| place(source, &location));
    let inner = match error {
        Error::AliasError { error, .. } => error.as_ref(),
        other => other,
    };
    let finding = |code, message: String, help: &str| {
        Diagnostic::error(Phase::Schema, code, message)
            .spanned(span.clone())
            .help(help)
    };
    let text = inner.to_string();
    let tab = span
        .as_ref()
        .and_then(|span| indenting_tab(span, text.contains("tabs ") || text.contains(" a tab")));
    if let Some(tab) = tab {
        return finding(
            "yaml/tab",
            "a tab indents this line, which YAML does not allow".into(),
            "indent with spaces",
        )
        .spanned(tab);
    }
    match inner {
        Error::Budget { breach, .. } => match breach {
            BudgetBreach::Documents { .. } => finding(
                "yaml/documents",
                "a second YAML document starts here, but a file holds one".into(),
                "remove the line `---`, or put what follows into a file of its own",
            ),
            BudgetBreach::Depth { .. } => finding(
                "yaml/too-deep",
                format!("lists and maps are nested more than {MAX_DEPTH} deep"),
                "flatten the file",
            ),
            _ => finding(
                "yaml/too-large",
                format!("the file holds more than the {MAX_NODES} values that are read"),
                "split the file, or use fewer aliases",
            ),
        },
        Error::MergeKeyNotAllowed { .. } => finding(
            "yaml/merge-key",
            "merge keys (`<<`) are not read".into(),
            "write the keys out",
        ),
        Error::UnsupportedTag { tag, .. } => finding(
            "yaml/tag",
            format!("the tag {} is not read", quote(tag)),
            "remove the tag; quote the value if it is text",
        ),
        _ => {
            let text = text.split(" at line ").next().unwrap_or_default();
            if text.contains("recursion limit") {
                return finding(
                    "yaml/too-deep",
                    format!("lists and maps are nested more than {MAX_DEPTH} deep"),
                    "flatten the file",
                );
            }
            let help = HELP.iter().find(|(part, _)| text.contains(part)).map_or(
                "see whether a quote, bracket or colon is missing or too many",
                |found| found.1,
            );
            let text: String = text.chars().flat_map(visible).collect();
            finding("yaml/syntax", format!("this is not YAML: {text}"), help)
        }
    }
}

/// What to do about the library's commonest complaints, by a part of their text.
const HELP: &[(&str, &str)] = &[
    (
        "mapping values are not allowed",
        "indent this line like its neighbours, or quote a value that contains a colon and a space",
    ),
    (
        "unexpected character",
        "put the value in quotes: it starts with a character that means something to YAML",
    ),
    ("unclosed bracket", "close the bracket"),
    ("unclosed quote", "close the quotation"),
    (
        "unknown anchor",
        "define the anchor (`&name`) before the alias, or quote the value",
    ),
    ("escape", "write the backslash twice, or use single quotes"),
    (
        "block sequence entries",
        "put the list on lines of its own below the key",
    ),
    ("non-finite", "write a finite number, or quote the text"),
    (
        "'-' indicator",
        "a list and a map cannot share one level: check the indentation",
    ),
];

fn visible(character: char) -> Box<dyn Iterator<Item = char>> {
    if character.is_control() {
        Box::new(character.escape_debug())
    } else {
        Box::new(std::iter::once(character))
    }
}

/// The first tab in the white space that begins the line of a syntax error, or of a later line when
/// the library complains about a tab but points at what stands before it.
fn indenting_tab(span: &Span, told: bool) -> Option<Span> {
    let text = &span.source.text;
    let mut start = text[..span.range.start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    for line in text[start..].split_inclusive('\n') {
        let end = line
            .find(|character| character != ' ' && character != '\t')
            .unwrap_or(line.len());
        if let Some(tab) = line[..end].find('\t') {
            return Some(Span::new(&span.source, start + tab..start + tab + 1));
        }
        if !told {
            return None;
        }
        start += line.len();
    }
    None
}

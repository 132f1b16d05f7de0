//! The one place where text that others wrote is made safe to show.
//!
//! Names, messages and file contents come from schemas, databases and drivers. Shown raw they
//! could move the cursor, retitle the terminal, reverse the reading order, or give orders to the
//! CI system that reads the log. Every renderer sends such text through here.

use std::borrow::Cow;
use std::ops::Range;

/// The visible stand-in of a character that must not be shown raw. One character becomes one
/// character, so that columns stay true.
fn stand_in(character: char) -> Option<char> {
    match character {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + character as u32),
        '\u{7f}' => Some('\u{2421}'),
        // C1 controls: U+009B alone starts an escape sequence in many terminals.
        '\u{80}'..='\u{9f}'
        // Controls of reading order, and characters that nobody can see. The joiners U+200C and
        // U+200D stay: languages and emoji need them.
        | '\u{61c}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        // Not characters at all; XML forbids them.
        | '\u{fffe}'
        | '\u{ffff}'
        | '\u{e0000}'..='\u{e007f}' => Some('\u{fffd}'),
        _ => None,
    }
}

/// Text on one line: line breaks and tabs become visible too.
pub fn line(text: &str) -> Cow<'_, str> {
    let clean = if text.chars().any(|it| stand_in(it).is_some()) {
        Cow::Owned(text.chars().map(|it| stand_in(it).unwrap_or(it)).collect())
    } else {
        Cow::Borrowed(text)
    };
    disarm(clean)
}

/// Text that may have several lines: `\n` stays, `\r\n` becomes `\n`, tabs become four spaces.
pub fn block(text: &str) -> Cow<'_, str> {
    let dirty = |it: char| it != '\n' && stand_in(it).is_some();
    let clean = if text.chars().any(dirty) {
        let mut clean = String::with_capacity(text.len());
        for character in text.replace("\r\n", "\n").chars() {
            match character {
                '\n' => clean.push('\n'),
                '\t' => clean.push_str("    "),
                other => clean.push(stand_in(other).unwrap_or(other)),
            }
        }
        Cow::Owned(clean)
    } else {
        Cow::Borrowed(text)
    };
    disarm(clean)
}

/// What Azure Pipelines obeys wherever it stands in a line.
const COMMANDS: [&str; 2] = ["##[", "##vso["];

fn is_command(text: &str) -> bool {
    COMMANDS.iter().any(|command| text.starts_with(command))
}

/// JSON in which no CI system sees a command, and which means the same: a sign of each is written
/// as an escape. Only texts hold them.
pub(super) fn json(text: String) -> String {
    let breaks = |text: String, command: &&str| match text.contains(command) {
        true => text.replace(command, &command.replacen('#', "\\u0023", 1)),
        false => text,
    };
    COMMANDS.iter().fold(text, breaks)
}

/// Breaks the spelling of commands that CI systems obey wherever they see them in a log:
/// `##vso[…]` and `##[…]` anywhere in a line, `::command::` at its start.
fn disarm(text: Cow<'_, str>) -> Cow<'_, str> {
    let mut text = text;
    for command in COMMANDS {
        if text.contains(command) {
            text = Cow::Owned(text.replace(command, &command.replacen("##", "## ", 1)));
        }
    }
    let commands = |line: &str| line.trim_start().starts_with("::");
    if text.split('\n').any(commands) {
        let lines: Vec<String> = text
            .split('\n')
            .map(|line| match commands(line) {
                true => line.replacen("::", ": :", 1),
                false => line.to_owned(),
            })
            .collect();
        text = Cow::Owned(lines.join("\n"));
    }
    text
}

/// The lines of a source around a range, safe to show, and where the range lies in them.
pub struct Excerpt {
    /// Whole lines, `\n` between them. Tabs stay: the renderer of snippets aligns them.
    pub text: String,
    /// The range within [`Excerpt::text`].
    pub range: Range<usize>,
    /// The number of the first line, from 1.
    pub first_line: usize,
}

/// Cuts out the lines that the range touches. The range must lie on character boundaries within
/// the text.
pub fn excerpt(source: &str, range: &Range<usize>) -> Excerpt {
    let start = source[..range.start].rfind('\n').map_or(0, |at| at + 1);
    // A range that ends with a line break is not on the next line.
    let last = match source[range.clone()].ends_with('\n') {
        true => range.end - 1,
        false => range.end,
    };
    let end = source[last..]
        .find('\n')
        .map_or(source.len(), |at| last + at);
    let mut text = String::with_capacity(end - start);
    let mut shown = 0..0;
    for (offset, character) in source[start..end].char_indices() {
        let at = start + offset;
        if at == range.start {
            shown.start = text.len();
        }
        if at == last {
            shown.end = text.len();
        }
        match character {
            '\n' | '\t' => text.push(character),
            // One character for one, so that what is marked stays marked.
            '#' if is_command(&source[at..]) => text.push('\u{266f}'),
            '\r' if source[at..].starts_with("\r\n") => {}
            other => text.push(stand_in(other).unwrap_or(other)),
        }
    }
    if range.start >= end {
        shown.start = text.len();
    }
    if last >= end {
        shown.end = text.len();
    }
    Excerpt {
        text,
        range: shown,
        first_line: source[..start].matches('\n').count() + 1,
    }
}

/// Puts `indent` in front of every line that is not empty.
pub fn indented(text: &str, indent: &str) -> String {
    let mut indented = String::with_capacity(text.len() + indent.len());
    for (index, line) in text.trim_end_matches('\n').split('\n').enumerate() {
        if index > 0 {
            indented.push('\n');
        }
        if !line.is_empty() {
            indented.push_str(indent);
            indented.push_str(line);
        }
    }
    indented
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_and_reading_order_become_visible() {
        assert_eq!(
            line("a\u{1b}[31mb\u{9b}0mc\u{202e}d"),
            "a␛[31mb\u{fffd}0mc\u{fffd}d"
        );
        assert_eq!(line("a\nb\tc\u{7f}"), "a␊b␉c␡");
        assert_eq!(block("a\r\nb\tc\rd"), "a\nb    c␍d");
        assert_eq!(line("क्\u{200d}ष 👩\u{200d}🔧"), "क्\u{200d}ष 👩\u{200d}🔧");
    }

    #[test]
    fn orders_to_ci_systems_are_broken() {
        assert_eq!(
            line("ix##vso[task.setvariable variable=PATH]x"),
            "ix## vso[task.setvariable variable=PATH]x"
        );
        assert_eq!(block("a\n  ::error::b\nc::d"), "a\n  : :error::b\nc::d");
        assert_eq!(line("##[error]x"), "## [error]x");
    }

    #[test]
    fn orders_in_an_excerpt_and_in_json_are_broken_and_mean_the_same() {
        let source = "a: \"##vso[x]\" # ##[error]\n";
        let cut = excerpt(source, &(3..13));
        assert_eq!(cut.text, "a: \"♯#vso[x]\" # ♯#[error]");
        assert_eq!(&cut.text[cut.range], "\"♯#vso[x]\"");
        let written = json(serde_json::json!(source).to_string());
        assert!(!COMMANDS.iter().any(|it| written.contains(it)), "{written}");
        assert_eq!(
            serde_json::from_str::<String>(&written).expect("JSON"),
            source
        );
    }

    #[test]
    fn an_excerpt_keeps_whole_lines_and_drops_carriage_returns() {
        let source = "a: 1\r\nbé: \u{1b}x\r\nc: 3\r\n";
        let start = source.find('\u{1b}').expect("it is there");
        let cut = excerpt(source, &(start..start + 2));
        assert_eq!(cut.text, "bé: ␛x");
        assert_eq!(&cut.text[cut.range], "␛x");
        assert_eq!(cut.first_line, 2);
    }

    #[test]
    fn an_excerpt_at_the_very_end_is_empty_but_placed() {
        let cut = excerpt("a\nb\n", &(4..4));
        assert_eq!(
            (cut.text.as_str(), cut.range, cut.first_line),
            ("", 0..0, 3)
        );
        let cut = excerpt("", &(0..0));
        assert_eq!(
            (cut.text.as_str(), cut.range, cut.first_line),
            ("", 0..0, 1)
        );
        let cut = excerpt("ab\ncd", &(1..3));
        assert_eq!(
            (cut.text.as_str(), cut.range, cut.first_line),
            ("ab", 1..2, 1)
        );
    }

    proptest! {
        #[test]
        fn nothing_dangerous_survives(text in any::<String>()) {
            for clean in [line(&text), block(&text)] {
                prop_assert!(clean.chars().all(|it| it == '\n' || stand_in(it).is_none()));
                prop_assert!(!clean.contains("##["));
                prop_assert!(!clean.lines().any(|it| it.trim_start().starts_with("::")));
            }
            prop_assert_eq!(line(&text).matches('\n').count(), 0);
        }

        #[test]
        fn an_excerpt_marks_what_the_range_marks(
            text in "[ab\t\u{1b}\u{9b}é漢\r\n]{0,40}", from in 0usize..40, to in 0usize..40,
        ) {
            let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let from = bounds[from % bounds.len()];
            let to = bounds[to % bounds.len()];
            let range = from.min(to)..from.max(to);
            let cut = excerpt(&text, &range);
            prop_assert!(cut.range.start <= cut.range.end);
            let visible = |it: &str| -> String {
                it.replace("\r\n", "\n").chars()
                    .map(|it| if it == '\n' || it == '\t' { it } else { stand_in(it).unwrap_or(it) })
                    .collect()
            };
            let marked = &text[range.clone()];
            let marked = marked.strip_suffix('\n').unwrap_or(marked);
            // A range may part a line break in two; what is left of it is not shown.
            let marked = match text[range.start + marked.len()..].starts_with('\n') {
                true => marked.strip_suffix('\r').unwrap_or(marked),
                false => marked,
            };
            prop_assert_eq!(&cut.text[cut.range], visible(marked));
        }
    }
}

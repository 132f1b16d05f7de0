//! The words of messages: safe quotation of what people wrote, and guesses at what they meant.

use std::fmt::Write as _;

/// The most characters of somebody's text that a message repeats.
const LONGEST_QUOTE: usize = 60;

/// The text in backticks, cut to a readable length, with control characters and other invisible
/// ones escaped, so that a file cannot write to the terminal of whoever reads the message.
pub fn quote(text: &str) -> String {
    let mut quoted = String::from("`");
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST_QUOTE {
            quoted.push('…');
            break;
        }
        match character {
            '"' | '\'' | '\\' | '`' => quoted.push(character),
            other => {
                // Writing to a string does not fail.
                let _ = write!(quoted, "{}", other.escape_debug());
            }
        }
    }
    quoted.push('`');
    quoted
}

/// `a, b or c`, for messages; the items as they are.
pub fn list<'a>(items: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let items: Vec<&str> = items.into_iter().collect();
    match items.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}

/// The candidate that was probably meant, if one is close enough: the same but for case, or at
/// most a third of its letters away.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = wanted.to_lowercase().chars().take(LONGEST_QUOTE).collect();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().collect();
            let distance = distance(&wanted, &letters);
            let allowed = (wanted.len().max(letters.len()) / 3).max(1);
            (distance <= allowed && distance < letters.len()).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be added, dropped, replaced or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(from != to))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotation_shows_what_is_invisible() {
        assert_eq!(
            quote("a\u{1b}[31m\n\u{202e}b"),
            "`a\\u{1b}[31m\\n\\u{202e}b`"
        );
        assert_eq!(quote("O'Neil \"x\""), "`O'Neil \"x\"`");
        assert_eq!(quote(&"x".repeat(70)), format!("`{}…`", "x".repeat(60)));
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let keys = ["columns", "primaryKey", "indexes", "description"];
        assert_eq!(nearest("colums", keys), Some("columns"));
        assert_eq!(nearest("primarykey", keys), Some("primaryKey"));
        assert_eq!(nearest("indxees", keys), Some("indexes"));
        assert_eq!(nearest("owner", keys), None);
        assert_eq!(nearest("", keys), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list([], "or"), "");
        assert_eq!(list(["a"], "or"), "a");
        assert_eq!(list(["a", "b", "c"], "or"), "a, b or c");
    }
}

//! What was expected against what was found, line by line.

use similar::{Algorithm, ChangeTag, TextDiff};

use super::Style;
use super::text;
use crate::diag::Difference;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// A unified difference without file headers: `-` is what was expected, `+` what was found, and
/// with colour the words that differ are emphasised. Ends with a line break unless it is empty.
pub fn unified(difference: &Difference, style: &Style) -> String {
    let expected = lines(&difference.expected);
    let found = lines(&difference.found);
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_lines(expected.as_str(), found.as_str());
    let groups = diff.grouped_ops(CONTEXT);
    let mut text = String::new();
    for (index, group) in groups.iter().enumerate() {
        if index > 0 {
            text.push_str(&style.dim("  …"));
            text.push('\n');
        }
        for operation in group {
            for change in diff.iter_inline_changes(operation) {
                let (sign, plain, strong) = match change.tag() {
                    ChangeTag::Delete => ("-", style.red(), style.red_strong()),
                    ChangeTag::Insert => ("+", style.green(), style.green_strong()),
                    ChangeTag::Equal => (" ", style.none(), style.none()),
                };
                let mut line = plain.paint(sign);
                for (emphasised, value) in change.iter_strings_lossy() {
                    let paint = if emphasised { &strong } else { &plain };
                    line.push_str(&paint.paint(value.trim_end_matches('\n')));
                }
                text.push_str(&line);
                text.push('\n');
            }
        }
    }
    text
}

/// Safe lines, each ended, so that a missing last line break is no difference.
fn lines(side: &str) -> String {
    let mut side = text::block(side).into_owned();
    if !side.is_empty() && !side.ends_with('\n') {
        side.push('\n');
    }
    side
}

//! No batch begins or ends within a literal, a name or a comment, and no code is lost or added.
//!
//! A scanner of its own says for each character whether it is code. It shares nothing with the
//! splitters but the grammar: SQLite's from its documentation, T-SQL's where comments nest.

use dbtool::dialect::Dialect;
use dbtool::dialect::mssql::{Edition, Mssql};
use dbtool::dialect::sqlite::Sqlite;

/// The text as a script of each engine.
pub fn law(text: &str) {
    let mssql = Mssql {
        schema: "dbo".to_owned(),
        edition: Edition::Azure,
    };
    split(&mssql, text, Grammar::Mssql);
    split(&Sqlite, text, Grammar::Sqlite);
}

/// Whose SQL a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Grammar {
    /// T-SQL.
    Mssql,
    /// SQLite's.
    Sqlite,
}

/// What of a text is code: no literals, no quoted names, no comments.
pub fn code(text: &str, grammar: Grammar) -> String {
    let (parts, _) = scan(text, grammar);
    let code = parts.into_iter().filter(|(_, part)| *part == Part::Code);
    code.map(|(character, _)| character).collect()
}

/// What a character is part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Code,
    /// A literal or a quoted name; the character that would end it.
    Quoted(char),
    LineComment,
    /// A block comment and how deep it is.
    Comment(u32),
}

/// What each character of the text is part of, and what is still open behind the last one.
fn scan(text: &str, grammar: Grammar) -> (Vec<(char, Part)>, Part) {
    let characters: Vec<char> = text.chars().collect();
    let mut parts = Vec::with_capacity(characters.len());
    let mut part = Part::Code;
    let mut at = 0;
    while let Some(&c) = characters.get(at) {
        let next = characters.get(at + 1).copied();
        // How many characters belong to this step, what they are part of, and what comes then.
        let (count, is, then) = match (part, c, next) {
            (Part::Code, '\'' | '"', _) => (1, Part::Quoted(c), Part::Quoted(c)),
            (Part::Code, '[', _) => (1, Part::Quoted(']'), Part::Quoted(']')),
            (Part::Code, '`', _) if grammar == Grammar::Sqlite => {
                (1, Part::Quoted('`'), Part::Quoted('`'))
            }
            (Part::Code, '-', Some('-')) => (2, Part::LineComment, Part::LineComment),
            (Part::Code, '/', Some('*')) => (2, Part::Comment(1), Part::Comment(1)),
            (Part::Code, _, _) => (1, Part::Code, Part::Code),
            // SQLite's brackets know no doubling.
            (Part::Quoted(']'), ']', _) if grammar == Grammar::Sqlite => (1, part, Part::Code),
            (Part::Quoted(end), c, Some(next)) if c == end && next == end => (2, part, part),
            (Part::Quoted(end), c, _) if c == end => (1, part, Part::Code),
            (Part::LineComment, '\n', _) => (1, Part::Code, Part::Code),
            (Part::Comment(depth), '*', Some('/')) => (
                2,
                part,
                if depth == 1 {
                    Part::Code
                } else {
                    Part::Comment(depth - 1)
                },
            ),
            (Part::Comment(depth), '/', Some('*')) if grammar == Grammar::Mssql => {
                (2, part, Part::Comment(depth + 1))
            }
            _ => (1, part, part),
        };
        for character in characters.iter().skip(at).take(count) {
            parts.push((*character, is));
        }
        at += count;
        part = then;
    }
    (parts, part)
}

/// The characters that an engine sees: no comments, no blanks between words, and nothing that only
/// parts batches.
fn seen(text: &str, grammar: Grammar) -> String {
    let (parts, _) = scan(text, grammar);
    let mut seen = String::new();
    let mut line = Vec::new();
    for entry in parts.into_iter().chain([('\n', Part::Code)]) {
        if entry != ('\n', Part::Code) {
            line.push(entry);
            continue;
        }
        let code = line
            .iter()
            .filter(|(_, part)| matches!(part, Part::Code | Part::Quoted(_)));
        let code: Vec<(char, Part)> = code
            .copied()
            .filter(|(c, part)| *part != Part::Code || !(c.is_whitespace() || *c == '\u{feff}'))
            .collect();
        let plain: String = code.iter().map(|(c, _)| *c).collect();
        let is_go = grammar == Grammar::Mssql
            && line
                .iter()
                .take_while(|(c, _)| c.is_whitespace())
                .all(|(_, part)| *part == Part::Code)
            && plain
                .get(..2)
                .is_some_and(|it| it.eq_ignore_ascii_case("go"))
            && code.iter().all(|(_, part)| *part == Part::Code)
            && plain[2..].chars().all(|c| c.is_ascii_digit());
        if !is_go {
            let ends =
                |c: char, part: Part| grammar == Grammar::Sqlite && part == Part::Code && c == ';';
            seen.extend(
                code.iter()
                    .filter(|(c, part)| !ends(*c, *part))
                    .map(|(c, _)| *c),
            );
        }
        line.clear();
    }
    seen
}

fn split(dialect: &dyn Dialect, text: &str, grammar: Grammar) {
    let (_, open) = scan(text, grammar);
    let script = match dialect.split(text) {
        Ok(script) => script,
        Err(error) => {
            assert!(text.is_char_boundary(error.offset), "{error:?}");
            return;
        }
    };
    // SQLite takes a comment to its end wherever the text ends.
    assert!(
        matches!(open, Part::Code | Part::LineComment),
        "it ends within {open:?}, and was split: {script:?}"
    );
    let mut together = String::new();
    let mut line = 0;
    for batch in &script.batches {
        assert!(!batch.sql.is_empty() && batch.repeat > 0, "{batch:?}");
        assert!(
            batch.line > line || grammar == Grammar::Sqlite && batch.line >= line,
            "{script:?}"
        );
        line = batch.line;
        let (_, open) = scan(&batch.sql, grammar);
        assert!(
            matches!(open, Part::Code | Part::LineComment),
            "it ends within {open:?}: {batch:?}"
        );
        together.push_str(&batch.sql);
        together.push('\n');
    }
    let text = text.replace("\r\n", "\n");
    assert_eq!(seen(&together, grammar), seen(&text, grammar), "{script:?}");
    again(dialect, &script.batches);
}

/// What is written of batches is split into them again.
fn again(dialect: &dyn Dialect, batches: &[dbtool::dialect::Batch]) {
    // At the head of a file it is a mark, and no part of the text.
    let marked = |batch: &dbtool::dialect::Batch| batch.sql.starts_with('\u{feff}');
    if batches.first().is_some_and(marked) {
        return;
    }
    let written = dialect.script(&[], batches);
    let read = dialect.split(&written).expect("what is written is split");
    // A line end is one however often its CR is written.
    let sql = |batches: &[dbtool::dialect::Batch]| -> Vec<(String, u32)> {
        let entry = |batch: &dbtool::dialect::Batch| (batch.sql.replace('\r', ""), batch.repeat);
        batches.iter().map(entry).collect()
    };
    assert_eq!(sql(&read.batches), sql(batches), "{written}");
}

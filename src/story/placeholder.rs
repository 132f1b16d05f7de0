//! Parameters in SQL that authors write: `@name`, outside of literals, quoted names and comments.

/// The names in order, each as often as it stands there. `@@name` is a variable of the server.
pub fn names(sql: &str) -> Vec<&str> {
    pieces(sql)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Name(name) => Some(name),
            Piece::Text(_) => None,
        })
        .collect()
}

/// The SQL with every name replaced.
pub fn replaced(sql: &str, mut by: impl FnMut(&str) -> String) -> String {
    pieces(sql)
        .into_iter()
        .map(|piece| match piece {
            Piece::Name(name) => by(name),
            Piece::Text(text) => text.to_owned(),
        })
        .collect()
}

/// The SQL without literals, quoted names and comments: a space stands for each.
pub fn code(sql: &str) -> String {
    let mut code = String::new();
    let mut at = 0;
    while at < sql.len() {
        let rest = &sql[at..];
        let length = match enclosed(rest) {
            Some(length) => {
                code.push(' ');
                length
            }
            None => {
                let next = rest.chars().next().unwrap_or(' ');
                code.push(next);
                next.len_utf8()
            }
        };
        at += length;
    }
    code
}

enum Piece<'a> {
    Text(&'a str),
    /// Without its `@`.
    Name(&'a str),
}

fn pieces(sql: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < sql.len() {
        let rest = &sql[at..];
        let length = match enclosed(rest) {
            Some(length) => length,
            None => match rest.strip_prefix('@') {
                Some(name) if name.starts_with('@') => 1 + word(&name[1..]) + 1,
                Some(name) if name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    let length = word(name);
                    pieces.push(Piece::Text(&sql[start..at]));
                    pieces.push(Piece::Name(&name[..length]));
                    start = at + 1 + length;
                    1 + length
                }
                _ => rest.chars().next().map_or(1, char::len_utf8),
            },
        };
        at += length;
    }
    pieces.push(Piece::Text(&sql[start..]));
    pieces
}

/// The length of the literal, quoted name or comment with which the text begins. A doubled closing
/// character ends it and opens it again, which comes to the same.
fn enclosed(rest: &str) -> Option<usize> {
    [
        ("'", "'"),
        ("\"", "\""),
        ("[", "]"),
        ("`", "`"),
        ("--", "\n"),
        ("/*", "*/"),
    ]
    .into_iter()
    .find(|(open, _)| rest.starts_with(open))
    .map(|(open, close)| {
        let end = rest[open.len()..].find(close);
        end.map_or(rest.len(), |end| open.len() + end + close.len())
    })
}

fn word(text: &str) -> usize {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.find(|c| !inside(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_outside_of_literals_names_and_comments() {
        let sql = "SELECT '@a ''@b', \"@c\", [@d], `@e`, @@version, é@f -- @g\n/* @h */ + @i_1;@f";
        assert_eq!(names(sql), ["f", "i_1", "f"]);
        assert_eq!(
            replaced("@a+'@a'+@b@a", |name| format!("<{name}>")),
            "<a>+'@a'+<b><a>"
        );
        for broken in ["'@a", "/* @a", "@", "a@1", "[", "@@"] {
            assert_eq!(names(broken), Vec::<&str>::new(), "{broken}");
            assert_eq!(replaced(broken, |_| "x".into()), broken);
        }
    }
}

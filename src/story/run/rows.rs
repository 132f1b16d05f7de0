//! Rows that were read, held against rows that were expected.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::engine::Value;
use crate::model::{Ident, Table, Type};
use crate::story::statement::Predicate;
use crate::story::value;

/// A row in portable spelling.
pub(super) type Record = BTreeMap<Ident, Value>;

/// A test whose values are known.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Value(Predicate),
    Json(serde_json::Value),
    JsonPath(Vec<(String, serde_json::Value)>),
}

/// What a row must hold: columns and tests.
pub(super) type Pattern = Vec<(Ident, Vec<Check>)>;

/// Two texts to compare, line by line.
pub(super) struct Mismatch {
    pub(super) expected: String,
    pub(super) found: String,
}

/// Holds rows against patterns: one by one when the order counts, else each pattern wants a row of
/// its own. `None` when they agree.
pub(super) fn compare(
    table: &Table,
    patterns: &[Pattern],
    found: &[Record],
    ordered: bool,
) -> Option<Mismatch> {
    let pairs = if ordered {
        (0..patterns.len())
            .map(|at| (at < found.len()).then_some(at))
            .collect()
    } else {
        pair_up(table, patterns, found)
    };
    let agrees = |(pattern, row): (&Pattern, &Option<usize>)| {
        row.is_some_and(|row| matches(table, pattern, &found[row]))
    };
    if patterns.len() == found.len() && patterns.iter().zip(&pairs).all(agrees) {
        return None;
    }
    let mut columns: Vec<Ident> = Vec::new();
    for (column, _) in patterns.iter().flatten() {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    let rest: Vec<&Record> = (0..found.len())
        .filter(|at| !pairs.contains(&Some(*at)))
        .map(|at| &found[at])
        .collect();
    let mut rest = rest.into_iter();
    let mut wanted_lines = Vec::new();
    let mut found_lines = Vec::new();
    for (pattern, row) in patterns.iter().zip(&pairs) {
        // A pattern without its row stands beside a row without its pattern, so that the
        // difference shows the column.
        let row = row.map(|row| &found[row]).or_else(|| rest.next());
        wanted_lines.push(wanted(table, pattern, row, &columns));
        if let Some(row) = row {
            found_lines.push(item(fields(row, &columns)));
        }
    }
    found_lines.extend(rest.map(|row| item(fields(row, &columns))));
    Some(Mismatch {
        expected: numbered(wanted_lines),
        found: numbered(found_lines),
    })
}

/// Rows as text, of the columns that are not NULL; the first ten of them.
pub(super) fn listing(found: &[Record]) -> String {
    let mut shown: Vec<String> = found
        .iter()
        .take(10)
        .map(|row| {
            let columns = row.iter().filter(|(_, value)| **value != Value::Null);
            let columns: Vec<Ident> = columns.map(|(column, _)| column.clone()).collect();
            line(row, &columns)
        })
        .collect();
    if found.len() > shown.len() {
        shown.push(format!("and {} more", found.len() - shown.len()));
    }
    lines(shown)
}

/// `no rows`, `1 row`, `2 rows`
pub(super) fn counted(rows: u64) -> String {
    match rows {
        0 => "no rows".into(),
        1 => "1 row".into(),
        rows => format!("{rows} rows"),
    }
}

/// How many rows there should be, unless there are.
pub(super) fn exactly(count: u64, found: &[Record]) -> Option<String> {
    (found.len() as u64 != count).then(|| counted(count))
}

/// The same for so many rows or more.
pub(super) fn at_least(least: u64, found: &[Record]) -> Option<String> {
    ((found.len() as u64) < least).then(|| format!("{} or more", counted(least)))
}

fn lines(lines: Vec<String>) -> String {
    match lines.is_empty() {
        true => counted(0),
        false => lines.join("\n"),
    }
}

fn line(row: &Record, columns: &[Ident]) -> String {
    format!("- {{ {} }}", fields(row, columns).join(", "))
}

fn fields(row: &Record, columns: &[Ident]) -> Vec<String> {
    let shown = |column| row.get(column).map_or("?".into(), value::show);
    let fields = columns
        .iter()
        .map(|column| format!("{column}: {}", shown(column)));
    fields.collect()
}

/// A row with a line a column, so that a comparison by lines shows the columns that differ and
/// fits a terminal.
fn item(fields: Vec<String>) -> String {
    let lines = fields.iter().map(|field| format!("\n  {field}"));
    lines.collect()
}

/// Rows, each under its number.
fn numbered(rows: Vec<String>) -> String {
    let rows = rows.iter().enumerate();
    lines(
        rows.map(|(at, fields)| format!("row {}{fields}", at + 1))
            .collect(),
    )
}

/// A pattern as text. Where the row beside it agrees, its value stands for the test, so that only
/// what differs looks different.
fn wanted(table: &Table, pattern: &Pattern, row: Option<&Record>, columns: &[Ident]) -> String {
    let fields: Vec<String> = columns
        .iter()
        .filter_map(|column| {
            let tests = pattern.iter().find(|(name, _)| name == column);
            let held = row.and_then(|row| row.get(column));
            Some(match (tests, held) {
                (None, None) => return None,
                (None, Some(value)) => format!("{column}: {}", value::show(value)),
                (Some((_, tests)), Some(value)) if holds(type_of(table, column), tests, value) => {
                    format!("{column}: {}", value::show(value))
                }
                (Some((_, tests)), _) => {
                    let tests: Vec<String> = tests.iter().map(describe).collect();
                    format!("{column}: {}", tests.join(" and "))
                }
            })
        })
        .collect();
    item(fields)
}

pub(super) fn describe(check: &Check) -> String {
    let list = |values: &[Value]| {
        let values: Vec<String> = values.iter().map(value::show).collect();
        format!("one of {}", values.join(", "))
    };
    match check {
        Check::Value(Predicate::Equal(value)) => value::show(value),
        Check::Value(Predicate::NotEqual(value)) => format!("not {}", value::show(value)),
        Check::Value(Predicate::In(values)) => list(values),
        Check::Value(Predicate::AtLeast(value)) => format!("at least {}", value::show(value)),
        Check::Value(Predicate::AtMost(value)) => format!("at most {}", value::show(value)),
        Check::Value(Predicate::Greater(value)) => format!("more than {}", value::show(value)),
        Check::Value(Predicate::Less(value)) => format!("less than {}", value::show(value)),
        Check::Json(json) => json.to_string(),
        Check::JsonPath(paths) => {
            let paths: Vec<String> = paths
                .iter()
                .map(|(path, json)| format!("{path} = {json}"))
                .collect();
            paths.join(" and ")
        }
    }
}

pub(super) fn matches(table: &Table, pattern: &Pattern, row: &Record) -> bool {
    pattern.iter().all(|(column, tests)| {
        row.get(column)
            .is_some_and(|value| holds(type_of(table, column), tests, value))
    })
}

fn holds(ty: &Type, tests: &[Check], found: &Value) -> bool {
    tests.iter().all(|check| match check {
        Check::Value(predicate) => accepts(ty, predicate, found),
        Check::Json(wanted) => document(found).is_some_and(|found| found == *wanted),
        Check::JsonPath(paths) => document(found).is_some_and(|document| {
            paths
                .iter()
                .all(|(path, wanted)| at_path(&document, path) == Some(wanted))
        }),
    })
}

/// The same answer that the database would give to the condition.
fn accepts(ty: &Type, predicate: &Predicate, found: &Value) -> bool {
    let ordered = |wanted: &Value, accepted: &[Ordering]| {
        value::compare(ty, found, wanted).is_some_and(|order| accepted.contains(&order))
    };
    match predicate {
        Predicate::Equal(wanted) => value::same(ty, found, wanted),
        Predicate::NotEqual(wanted) => !value::same(ty, found, wanted),
        Predicate::In(values) => values.iter().any(|wanted| value::same(ty, found, wanted)),
        Predicate::AtLeast(wanted) => ordered(wanted, &[Ordering::Greater, Ordering::Equal]),
        Predicate::AtMost(wanted) => ordered(wanted, &[Ordering::Less, Ordering::Equal]),
        Predicate::Greater(wanted) => ordered(wanted, &[Ordering::Greater]),
        Predicate::Less(wanted) => ordered(wanted, &[Ordering::Less]),
    }
}

fn document(value: &Value) -> Option<serde_json::Value> {
    match value {
        Value::Text(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// What a document holds at a path such as `candidates[0].field`.
fn at_path<'j>(document: &'j serde_json::Value, path: &str) -> Option<&'j serde_json::Value> {
    let mut at = document;
    for part in path.split('.') {
        let (key, indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
        if !key.is_empty() {
            at = at.get(key)?;
        }
        for index in indexes.split(['[', ']']).filter(|index| !index.is_empty()) {
            at = at.get(index.parse::<usize>().ok()?)?;
        }
    }
    Some(at)
}

/// Gives as many patterns as possible a row of their own (augmenting paths, since a pattern may
/// fit several rows). For each pattern the row it was given.
fn pair_up(table: &Table, patterns: &[Pattern], found: &[Record]) -> Vec<Option<usize>> {
    fn place(
        pattern: usize,
        fits: &[Vec<usize>],
        owner: &mut [Option<usize>],
        tried: &mut [bool],
    ) -> bool {
        for &row in &fits[pattern] {
            if std::mem::replace(&mut tried[row], true) {
                continue;
            }
            let free = match owner[row] {
                None => true,
                Some(other) => place(other, fits, owner, tried),
            };
            if free {
                owner[row] = Some(pattern);
                return true;
            }
        }
        false
    }
    let fits: Vec<Vec<usize>> = patterns
        .iter()
        .map(|pattern| {
            (0..found.len())
                .filter(|row| matches(table, pattern, &found[*row]))
                .collect()
        })
        .collect();
    let mut owner = vec![None; found.len()];
    for pattern in 0..patterns.len() {
        place(pattern, &fits, &mut owner, &mut vec![false; found.len()]);
    }
    (0..patterns.len())
        .map(|pattern| owner.iter().position(|owner| *owner == Some(pattern)))
        .collect()
}

fn type_of<'t>(table: &'t Table, column: &Ident) -> &'t Type {
    table
        .column(column)
        .map_or(&Type::Text, |column| &column.ty)
}

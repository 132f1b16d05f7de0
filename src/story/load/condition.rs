//! Conditions, orders and JSON documents.

use super::term::{Purpose, VALUES};
use super::{Reader, Scope, suggestion};
use crate::engine::Value;
use crate::model::{Column, Ident, KeyColumn, Table, Type};
use crate::story::format::{Condition, Direction, Term, Test};
use crate::yaml::read::{self, Findings};
use crate::yaml::text::{list, quote};
use crate::yaml::{Key, Kind, Node};

/// The tests that a condition can make, by key.
pub(crate) const OPERATORS: [&str; 9] = [
    "not", "in", "atLeast", "atMost", "greater", "less", "isNull", "json", "jsonPath",
];

impl Reader<'_> {
    /// The conditions of `where`, or what a row of `expectRows` must hold.
    pub(super) fn conditions(
        &self,
        node: &Node,
        table: &Table,
        scope: &Scope,
        purpose: Purpose,
    ) -> Option<Vec<Condition>> {
        let entries = read::entries(node, self.findings)?;
        let conditions = entries.iter().filter_map(|(key, node)| {
            let column = self.column(table, &key.name, &key.span)?;
            Some(Condition {
                column: column.name.clone(),
                tests: self.tests(column, node, scope, purpose)?,
                span: key.span.clone(),
            })
        });
        Some(conditions.collect())
    }

    /// Columns with directions.
    pub(super) fn order(&self, node: &Node, table: &Table) -> Option<Vec<(Ident, Direction)>> {
        read::list_of(node, self.findings, |node, findings| {
            let text = read::text(node, findings)?;
            let key = KeyColumn::parse(&text.value);
            let column = self.column(table, key.column.as_str(), &text.span)?;
            let direction = match key.descending {
                true => Direction::Descending,
                false => Direction::Ascending,
            };
            Some((column.name.clone(), direction))
        })
    }

    pub(super) fn tests(
        &self,
        column: &Column,
        node: &Node,
        scope: &Scope,
        purpose: Purpose,
    ) -> Option<Vec<Test>> {
        let term = |node: &Node| self.term(column, node, Some(scope), purpose);
        let Kind::Map(entries) = &node.kind else {
            return Some(vec![Test::Equal(term(node)?)]);
        };
        let is_value = |key: &Key| VALUES.contains(&key.name.as_str()) && key.name != "json";
        if entries.iter().any(|(key, _)| is_value(key)) {
            return Some(vec![Test::Equal(term(node)?)]);
        }
        if entries.is_empty() {
            self.findings.add_with_help(
                "story/unknown-test",
                node.head(),
                format!("nothing is said about {}", column.name),
                format!("give it a value, or a test: {}", list(OPERATORS, "or")),
            );
            return None;
        }
        let tests = entries.iter().map(|(key, node)| {
            Some(match key.name.as_str() {
                "not" => Test::NotEqual(term(node)?),
                "in" => Test::In(read::list_of(node, self.findings, |node, _| term(node))?),
                "atLeast" => Test::AtLeast(term(node)?),
                "atMost" => Test::AtMost(term(node)?),
                "greater" => Test::Greater(term(node)?),
                "less" => Test::Less(term(node)?),
                "isNull" => {
                    let null = Term::Literal(Value::Null);
                    match read::boolean(node, self.findings)?.value {
                        true => Test::Equal(null),
                        false => Test::NotEqual(null),
                    }
                }
                "json" | "jsonPath" if purpose != Purpose::Expect => {
                    self.findings.add_with_help(
                        "story/misplaced-test",
                        key.span.clone(),
                        format!("{} is no condition of a query", quote(&key.name)),
                        "put it into `rows` of an expectRows, where rows that were read are compared",
                    );
                    return None;
                }
                "json" | "jsonPath" if column.ty != Type::Json => {
                    self.findings.add(
                        "story/wrong-value",
                        key.span.clone(),
                        format!("{} holds {}, not JSON", column.name, column.ty),
                    );
                    return None;
                }
                "json" => Test::Json(json(node, self.findings)?),
                "jsonPath" => {
                    let paths = read::entries(node, self.findings)?.iter().map(|(key, node)| {
                        if !is_path(&key.name) {
                            self.findings.add_with_help(
                                "story/wrong-path",
                                key.span.clone(),
                                format!("{} is no path into a JSON document", quote(&key.name)),
                                "write it like candidates[0].field",
                            );
                            return None;
                        }
                        Some((key.name.clone(), json(node, self.findings)?))
                    });
                    Test::JsonPath(paths.collect::<Option<_>>()?)
                }
                other => {
                    let known = OPERATORS.iter().chain(VALUES.iter().take(2)).copied();
                    self.findings.add_with_help(
                        "story/unknown-test",
                        key.span.clone(),
                        format!("{} is no test of a value", quote(other)),
                        suggestion(other, known, "the tests are"),
                    );
                    return None;
                }
            })
        });
        tests.collect()
    }
}

/// Whether a text is a path: keys with dots between them, and indexes in brackets.
fn is_path(text: &str) -> bool {
    text.split('.').all(|part| {
        let (key, mut indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
        while let Some(rest) = indexes.strip_prefix('[') {
            let Some((index, rest)) = rest.split_once(']') else {
                return false;
            };
            if index.parse::<usize>().is_err() {
                return false;
            }
            indexes = rest;
        }
        indexes.is_empty() && !part.is_empty() && !key.contains(']')
    })
}

/// A YAML value as JSON. Texts with a dollar sign in front are refused, so that they can become
/// references one day.
pub(super) fn json(node: &Node, findings: &Findings) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    Some(match &node.kind {
        Kind::Null => Json::Null,
        Kind::Bool(value) => Json::Bool(*value),
        Kind::Int(value) => match i64::try_from(*value) {
            Ok(value) => value.into(),
            Err(_) => (*value as f64).into(),
        },
        Kind::Float(text) => text.parse::<f64>().map_or(Json::Null, Json::from),
        Kind::String(text) => match text.strip_prefix('$') {
            None => Json::String(text.clone()),
            Some(rest) if rest.starts_with('$') => Json::String(rest.to_owned()),
            Some(_) => {
                findings.add_with_help(
                    "story/wrong-value",
                    node.head(),
                    "a JSON document holds no references",
                    "write $$ for a dollar sign",
                );
                return None;
            }
        },
        Kind::Seq(items) => items
            .iter()
            .map(|item| json(item, findings))
            .collect::<Option<Vec<_>>>()?
            .into(),
        Kind::Map(entries) => entries
            .iter()
            .map(|(key, node)| Some((key.name.clone(), json(node, findings)?)))
            .collect::<Option<serde_json::Map<_, _>>>()?
            .into(),
    })
}

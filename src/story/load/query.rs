//! Free queries, and the types of what goes in and comes out.

use std::collections::{BTreeMap, BTreeSet};

use super::step::{node_has, sql};
use super::term::Purpose;
use super::{Reader, Scope};
use crate::model::{Column, Ident, Native, Table, Type};
use crate::story::format::{Query, QueryResult, Text};
use crate::story::placeholder::names;
use crate::yaml::read::{self, Fields, Findings};
use crate::yaml::text::{list, quote};
use crate::yaml::{Key, Kind, Node};

impl Reader<'_> {
    pub(super) fn query(&self, node: &Node, scope: &Scope) -> Option<Query> {
        let mut fields = Fields::open(node, "`query`", self.findings)?;
        let types = fields.optional("types", types).unwrap_or_default();
        let text = self.query_text(&mut fields, &types, scope);
        if !node_has(node, "sql") {
            self.findings.add_with_help(
                "yaml/missing-key",
                fields.head().clone(),
                "`query` needs the key `sql`",
                "add `sql: …`",
            );
        }
        let count = fields.optional("count", read::integer::<u64>);
        let least = fields.optional("atLeast", read::integer::<u64>);
        let none = fields.optional("none", super::expect::truth);
        let ordered = fields.optional("ordered", super::expect::truth).is_some();
        let answer = self.answer(node, &types);
        let rows = fields.optional("rows", |node, findings| {
            let items = read::items(node, findings)?.iter();
            let rows = items.map(|node| self.conditions(node, &answer, scope, Purpose::Expect));
            rows.collect::<Option<Vec<_>>>()
        });
        let head = fields.head().clone();
        fields.finish();
        self.one_expectation(node, "`query`", head)?;
        Some(Query {
            text: text?,
            result: match (count, least, none, rows) {
                (Some(count), ..) => QueryResult::Count(count.value),
                (_, Some(least), ..) => QueryResult::AtLeast(least.value),
                (_, _, Some(()), _) => QueryResult::Count(0),
                (.., Some(rows)) => QueryResult::Rows(rows),
                (None, None, None, None) => return None,
            },
            ordered,
            columns: answer.columns,
        })
    }

    /// The text of a query with its parameters: the keys `sql` and `parameters`.
    pub(super) fn query_text(
        &self,
        fields: &mut Fields<'_>,
        types: &BTreeMap<String, Type>,
        scope: &Scope,
    ) -> Option<Text> {
        let entry = fields.entry("sql");
        let sql = fields.optional("sql", sql);
        let parameters = fields.optional("parameters", |node, findings| {
            let entries = read::entries(node, findings)?.iter();
            let read = entries.filter_map(|(key, node)| {
                let column = self.typed(&key.name, types);
                self.check_parameter(key)?;
                let term = self.term(&column, node, Some(scope), Purpose::Filter)?;
                Some((key.name.clone(), column, term))
            });
            Some(read.collect::<Vec<_>>())
        });
        let parameters = parameters.unwrap_or_default();
        let (key, _) = entry?;
        let sql = sql?;
        let node = fields.node();
        self.check_names(key, &sql, super::step::entry(node, "parameters"));
        Some(Text {
            sql,
            parameters,
            span: key.span.clone(),
        })
    }

    /// Whether a parameter can have this name.
    fn check_parameter(&self, key: &Key) -> Option<()> {
        let reserved = self.tenancy.column.as_ref().map(Ident::as_str);
        let name = key.name.as_str();
        let (message, help) = if reserved == Some(name) {
            (
                format!("`@{name}` is bound by the run, so that no query reaches another tenant"),
                "switch the tenant with the step `as`, and leave the parameter out",
            )
        } else if !is_name(name) {
            (
                format!("{} cannot be the name of a parameter", quote(name)),
                "use letters and digits, and a letter first",
            )
        } else {
            return Some(());
        };
        self.findings
            .add_with_help("story/wrong-name", key.span.clone(), message, help);
        None
    }

    /// Whether the SQL and the parameters name the same things.
    fn check_names(
        &self,
        key: &Key,
        sql: &BTreeMap<crate::engine::Engine, String>,
        parameters: Option<&Node>,
    ) {
        let given: Vec<&Key> = match parameters.map(|node| &node.kind) {
            Some(Kind::Map(entries)) => entries.iter().map(|(key, _)| key).collect(),
            _ => Vec::new(),
        };
        let reserved = self.tenancy.column.as_ref().map(Ident::as_str);
        // What cannot be a name has been told already.
        let mut given = given;
        given.retain(|key| Some(key.name.as_str()) != reserved && is_name(&key.name));
        let used: BTreeSet<&str> = sql.values().flat_map(|sql| names(sql)).collect();
        for name in &used {
            if Some(*name) == reserved || given.iter().any(|key| key.name == **name) {
                continue;
            }
            let known = given.iter().map(|key| key.name.as_str()).chain(reserved);
            self.findings.add_with_help(
                "story/unknown-parameter",
                key.span.clone(),
                format!("the query uses `@{name}`, which has no value"),
                match known.clone().next() {
                    None => "give it one in `parameters`".to_owned(),
                    Some(_) => format!(
                        "give it one in `parameters`; there is {}",
                        list(known, "and")
                    ),
                },
            );
        }
        for key in given {
            if !used.contains(key.name.as_str()) {
                self.findings.add_with_help(
                    "story/unknown-parameter",
                    key.span.clone(),
                    format!("the query does not use `@{}`", key.name),
                    "remove the parameter, or use it",
                );
            }
        }
    }

    /// A table of the columns that expected rows name.
    fn answer(&self, node: &Node, types: &BTreeMap<String, Type>) -> Table {
        let mut names: BTreeSet<&str> = types.keys().map(String::as_str).collect();
        if let Some(Kind::Seq(rows)) = super::step::entry(node, "rows").map(|node| &node.kind) {
            for row in rows {
                if let Kind::Map(entries) = &row.kind {
                    names.extend(entries.iter().map(|(key, _)| key.name.as_str()));
                }
            }
        }
        Table {
            name: Ident::new("the answer"),
            description: None,
            append_only: None,
            columns: names.iter().map(|name| self.typed(name, types)).collect(),
            parts: Vec::new(),
        }
    }

    /// A column of this name: of the type that is said, else of the type that every column of this
    /// name in the schema has, else whatever the engine makes of it.
    fn typed(&self, name: &str, types: &BTreeMap<String, Type>) -> Column {
        let name = Ident::new(name);
        let said = types.get(name.as_str()).cloned();
        let ty = said.unwrap_or_else(|| {
            let tables = self.schema.tables.values();
            let mut known = tables.filter_map(|table| table.column(&name));
            let own = Type::Native(Native {
                mssql: None,
                sqlite: None,
            });
            match known.next() {
                Some(first) if known.all(|other| other.ty == first.ty) => first.ty.clone(),
                _ => own,
            }
        });
        Column {
            type_check: name.clone(),
            name,
            ty,
            nullable: true,
            default: None,
            identity: None,
            computed: None,
            collation: None,
            description: None,
            deprecated: false,
        }
    }
}

/// Whether a text can stand behind an `@`.
fn is_name(text: &str) -> bool {
    names(&format!("@{text}")) == [text]
}

/// Types by name.
pub(super) fn types(node: &Node, findings: &Findings) -> Option<BTreeMap<String, Type>> {
    let entries = read::entries(node, findings)?.iter();
    let read = entries.filter_map(|(key, node)| {
        let text = read::filled_text(node, findings)?;
        match Type::parse(&text.value) {
            Ok(ty) => Some((key.name.clone(), ty)),
            Err(why) => {
                let message = format!("{} is no type", quote(&text.value));
                findings.add_with_help("story/wrong-value", text.span, message, why);
                None
            }
        }
    });
    Some(read.collect())
}

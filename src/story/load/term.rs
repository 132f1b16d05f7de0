//! Tables, columns and values.

use super::condition::json;
use super::{Reader, Scope, suggestion};
use crate::diag::Span;
use crate::engine::Value;
use crate::model::{Column, Ident, Table, Type};
use crate::story::format::Term;
use crate::story::{clock, value};
use crate::yaml::read;
use crate::yaml::text::{list, nearest, quote};
use crate::yaml::{Key, Kind, Node};

/// The values that are maps of one key.
pub(super) const VALUES: [&str; 4] = ["now", "bytes", "json", "increment"];

/// What a value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A new row.
    Insert,
    /// The `set` of an update.
    Set,
    /// A comparison in SQL.
    Filter,
    /// A comparison with a row that was read.
    Expect,
}

impl<'a> Reader<'a> {
    /// The table that a text names.
    pub(super) fn table(&self, node: &Node) -> Option<&'a Table> {
        let name = read::text(node, self.findings)?;
        let found = self.schema.table(&Ident::new(name.value.as_str()));
        if found.is_none() {
            let names = self.schema.tables.keys().map(Ident::as_str);
            self.findings.add_with_help(
                "story/unknown-table",
                name.span,
                format!("the schema has no table {}", quote(&name.value)),
                suggestion(&name.value, names, "its tables are"),
            );
        }
        found
    }

    /// A column that a story may name: any but the tenant's.
    pub(super) fn column<'t>(
        &self,
        table: &'t Table,
        name: &str,
        span: &Span,
    ) -> Option<&'t Column> {
        let Some(column) = table.column(&Ident::new(name)) else {
            let names = table.columns.iter().map(|column| column.name.as_str());
            self.findings.add_with_help(
                "story/unknown-column",
                span.clone(),
                format!("{} has no column {}", table.name, quote(name)),
                suggestion(name, names, "its columns are"),
            );
            return None;
        };
        if self.tenancy.column_of(table) == Some(&column.name) {
            self.findings.add_with_help(
                "story/tenant-column",
                span.clone(),
                format!("{name} is bound by the run, so that no statement reaches another tenant"),
                "switch the tenant with the step `as`, and leave the column out",
            );
            return None;
        }
        Some(column)
    }

    /// The values of a row or of `set`. Without a scope they stand in a file of named rows.
    pub(super) fn values(
        &self,
        node: &Node,
        table: &Table,
        scope: Option<(&Scope, Purpose)>,
    ) -> Option<Vec<(Ident, Term)>> {
        let entries = read::entries(node, self.findings)?;
        let purpose = scope.map_or(Purpose::Insert, |(_, purpose)| purpose);
        let scope = scope.map(|(scope, _)| scope);
        let values = entries.iter().filter_map(|(key, node)| {
            let column = self.column(table, &key.name, &key.span)?;
            let term = self.term(column, node, scope, purpose)?;
            Some((column.name.clone(), term))
        });
        Some(values.collect())
    }

    /// A value for a column.
    pub(super) fn term(
        &self,
        column: &Column,
        node: &Node,
        scope: Option<&Scope>,
        purpose: Purpose,
    ) -> Option<Term> {
        let lenient = scope.is_some_and(|scope| scope.within.refused);
        let writes = matches!(purpose, Purpose::Insert | Purpose::Set);
        if writes && !lenient && (column.ty == Type::RowVersion || column.computed.is_some()) {
            self.findings.add_with_help(
                "story/wrong-value",
                node.head(),
                format!("the database itself keeps {}", column.name),
                "leave the column out",
            );
            return None;
        }
        match &node.kind {
            Kind::String(text) if text.starts_with('$') && !text.starts_with("$$") => {
                self.reference(column, &text[1..], node, scope, purpose)
            }
            Kind::String(text) if text.starts_with("$$") => {
                self.literal(column, &Kind::String(text[1..].to_owned()), node, lenient)
            }
            Kind::Map(entries) => match entries.as_slice() {
                [(key, node)] => self.special(column, key, node, purpose),
                _ => {
                    let subject = column.name.as_str();
                    read::wrong_kind(node, subject, "one value", self.findings);
                    None
                }
            },
            Kind::Seq(_) => {
                let subject = column.name.as_str();
                read::wrong_kind(node, subject, "one value", self.findings);
                None
            }
            Kind::Null if writes && !lenient && !column.nullable => {
                self.findings.add_with_help(
                    "story/wrong-value",
                    node.head(),
                    format!("{} does not take null", column.name),
                    "give it a value, or leave it out to have one generated; put the step into \
                     an expectError if the refusal is what you want to see",
                );
                None
            }
            scalar => self.literal(column, scalar, node, lenient),
        }
    }

    fn literal(&self, column: &Column, scalar: &Kind, node: &Node, lenient: bool) -> Option<Term> {
        match value::portable(&column.ty, scalar) {
            Ok(value) => Some(Term::Literal(value)),
            Err(_) if lenient => Some(Term::Literal(value::verbatim(scalar))),
            Err(why) => {
                let written = node.scalar().unwrap_or_default();
                self.findings.add_with_help(
                    "story/wrong-value",
                    node.head(),
                    format!(
                        "{} is not a value of {}, which is {}",
                        quote(&written),
                        column.name,
                        column.ty
                    ),
                    why,
                );
                None
            }
        }
    }

    fn special(&self, column: &Column, key: &Key, node: &Node, purpose: Purpose) -> Option<Term> {
        let wrong = |message: String, help: &str| {
            self.findings
                .add_with_help("story/wrong-value", node.head(), message, help);
            None
        };
        match key.name.as_str() {
            "now" => {
                let text = read::text(node, self.findings)?;
                match clock::offset(&text.value) {
                    Ok(offset) if holds_time(&column.ty) => Some(Term::Now(offset)),
                    Ok(_) => {
                        let (message, help) = no_time(column);
                        wrong(message, help)
                    }
                    Err(why) => wrong(
                        format!("{} is no distance in time", quote(&text.value)),
                        why,
                    ),
                }
            }
            "bytes" => {
                let text = read::text(node, self.findings)?;
                if !matches!(column.ty, Type::Binary(_) | Type::Blob | Type::Native(_)) {
                    return wrong(
                        format!("{} holds {}, not bytes", column.name, column.ty),
                        "give it a value of its type",
                    );
                }
                match value::bytes(&text.value) {
                    Some(bytes) => Some(Term::Literal(Value::Bytes(bytes))),
                    None => wrong(
                        format!("{} is not bytes", quote(&text.value)),
                        "write pairs of hexadecimal digits in quotes: \"00ff\"",
                    ),
                }
            }
            "json" if column.ty != Type::Json => wrong(
                format!("{} holds {}, not JSON", column.name, column.ty),
                "give it a value of its type",
            ),
            "json" => Some(Term::Literal(Value::Text(
                json(node, self.findings)?.to_string(),
            ))),
            "increment" if purpose != Purpose::Set => wrong(
                "only the `set` of an update can add to what is there".into(),
                "give the value itself",
            ),
            "increment" => match value::portable(&column.ty, &node.kind) {
                Ok(value) if is_number(&column.ty) && value != Value::Null => {
                    Some(Term::Increment(value))
                }
                _ => wrong(
                    format!("{} cannot be increased by that", column.name),
                    "increase numbers by numbers",
                ),
            },
            other => {
                self.findings.add_with_help(
                    "story/unknown-value",
                    key.span.clone(),
                    format!("{} is no kind of value", quote(other)),
                    suggestion(other, VALUES.iter().copied(), "values that are maps are"),
                );
                None
            }
        }
    }

    /// `$name.column`, `$actor` and the like; `text` is without the dollar sign.
    fn reference(
        &self,
        column: &Column,
        text: &str,
        node: &Node,
        scope: Option<&Scope>,
        purpose: Purpose,
    ) -> Option<Term> {
        let writes = matches!(purpose, Purpose::Insert | Purpose::Set);
        let unknown = |message: String, help: String| {
            self.findings
                .add_with_help("story/unknown-reference", node.head(), message, help);
            None
        };
        if let Some((row, name)) = text.split_once('.') {
            let Some(scope) = scope else {
                return unknown(
                    format!(
                        "a named row stands alone and cannot refer to {}",
                        quote(row)
                    ),
                    "give the value in the story: insert { row: …, with: { … } }".into(),
                );
            };
            let Some(table) = scope.saved.get(row) else {
                let names = scope.saved.keys().map(String::as_str);
                return unknown(
                    format!("no row is saved as {} before this step", quote(row)),
                    match nearest(row, names.clone()) {
                        Some(near) => format!("did you mean {}?", quote(near)),
                        None if scope.saved.is_empty() => {
                            "save a row with `save: name` in its insert".into()
                        }
                        None => format!("saved are {}", list(names, "and")),
                    },
                );
            };
            let table = self.schema.table(table)?;
            let Some(found) = table.column(&Ident::new(name)) else {
                let names = table.columns.iter().map(|column| column.name.as_str());
                return unknown(
                    format!("{} has no column {}", table.name, quote(name)),
                    suggestion(name, names, "its columns are"),
                );
            };
            return Some(Term::Saved {
                row: row.to_owned(),
                column: found.name.clone(),
            });
        }
        match text {
            "tenant" => Some(Term::Tenant),
            "actor" if scope.is_some_and(|scope| scope.principal.actor.is_none()) => unknown(
                "nobody acts here: no `as` names an actor".into(),
                "add `actor: …` to the scenario's `as`".into(),
            ),
            "actor" => Some(Term::Actor),
            "correlation" => Some(Term::Correlation),
            "copy" => Some(Term::Copy),
            "now" if holds_time(&column.ty) => Some(Term::Now(clock::offset("0").ok()?)),
            "since" if scope.is_none_or(|scope| !scope.within.against) => unknown(
                "`$since` is where the window of --against begins".into(),
                "use { now: -1h }, say, or add `against: true` to the scenario".into(),
            ),
            "since" if holds_time(&column.ty) => Some(Term::Since),
            "default" if purpose == Purpose::Insert => Some(Term::Default),
            "generated" if writes => Some(Term::Generated),
            "default" | "generated" => unknown(
                format!("`${text}` is no value here"),
                "use it in new rows (`$generated` also in the `set` of an update)".into(),
            ),
            "now" | "since" => {
                let (message, help) = no_time(column);
                unknown(message, help.into())
            }
            other => {
                let known = [
                    "tenant",
                    "actor",
                    "correlation",
                    "copy",
                    "now",
                    "since",
                    "default",
                    "generated",
                ];
                unknown(
                    format!("{} refers to nothing", quote(&format!("${other}"))),
                    match nearest(other, known) {
                        Some(near) => format!("did you mean `${near}`?"),
                        None => "write $row.column for a saved row, or $$ for a dollar sign".into(),
                    },
                )
            }
        }
    }
}

fn holds_time(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Timestamp(_) | Type::TimestampTz(_) | Type::Date | Type::Time(_)
    )
}

/// Why a column cannot be given a time, and what to do.
fn no_time(column: &Column) -> (String, &'static str) {
    match &column.ty {
        Type::Native(native) if native.mssql.is_none() && native.sqlite.is_none() => (
            format!(
                "the type of {} is not known, so it cannot be given a time",
                column.name
            ),
            "say it in `types`: timestamp(3), say",
        ),
        ty => (
            format!("{} holds {ty}, not a time", column.name),
            "give it a value of its type",
        ),
    }
}

fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Float | Type::Decimal { .. }) || value::range(ty).is_some()
}

//! The steps that expect something.

use super::step::{STEPS, node_has};
use super::term::Purpose;
use super::{Reader, Scope};
use crate::diag::{Diagnostic, Phase, Span};
use crate::engine::ViolationKind;
use crate::model::{Ident, Part, Schema};
use crate::story::format::{
    ExpectCatalog, ExpectError, ExpectPlan, ExpectRows, ExpectedRows, PlanOf, Refusal,
};
use crate::yaml::read::{self, Fields, Findings, VALUE};
use crate::yaml::text::{list, nearest, quote};
use crate::yaml::{Kind, Node};

/// The classes of refusals.
pub(crate) const KINDS: &[(&str, ViolationKind)] = &[
    ("unique", ViolationKind::Unique),
    ("foreignKey", ViolationKind::ForeignKey),
    ("check", ViolationKind::Check),
    ("notNull", ViolationKind::NotNull),
    ("appendOnly", ViolationKind::AppendOnly),
    ("type", ViolationKind::Type),
];

/// The naming rules that a catalog can be held to.
pub(crate) const CATALOG_RULES: &[(&str, bool)] = &[("camelCase", true)];

/// The steps that write, which a refusal can be wanted of.
const WRITING: [&str; 4] = ["insert", "update", "delete", "transaction"];

impl Reader<'_> {
    pub(super) fn expect_rows(&self, node: &Node, scope: &mut Scope) -> Option<ExpectRows> {
        let mut fields = Fields::open(node, "`expectRows`", self.findings)?;
        let table = fields.required("table", |node, _| self.table(node));
        let filter = fields.optional("where", |node, _| {
            self.conditions(node, table?, scope, Purpose::Filter)
        });
        let order = fields.optional("orderBy", |node, _| self.order(node, table?));
        let count = fields.optional("count", read::integer::<u64>);
        let least = fields.optional("atLeast", read::integer::<u64>);
        let none = fields.optional("none", truth);
        let rows = fields.optional("rows", |node, findings| {
            let items = read::items(node, findings)?;
            let rows = items
                .iter()
                .map(|node| self.conditions(node, table?, scope, Purpose::Expect));
            rows.collect::<Option<Vec<_>>>()
        });
        let save = fields.optional("save", read::filled_text);
        let head = fields.head().clone();
        fields.finish();

        self.one_expectation(node, "`expectRows`", head)?;
        (filter.is_some() || !node_has(node, "where")).then_some(())?;
        let table = table?;
        let expected = match (count, least, none, rows) {
            (Some(count), ..) => ExpectedRows::Count(count.value),
            (_, Some(least), ..) => ExpectedRows::AtLeast(least.value),
            (_, _, Some(()), _) => ExpectedRows::Count(0),
            (.., Some(rows)) => ExpectedRows::Rows(rows),
            (None, None, None, None) => return None,
        };
        // Of several rows, the first is one that everybody can name when there is an order.
        let one = match &expected {
            ExpectedRows::Count(count) => *count == 1,
            ExpectedRows::AtLeast(least) => *least > 0 && order.is_some(),
            ExpectedRows::Rows(rows) => rows.len() == 1,
        };
        if let Some(save) = save.as_ref().filter(|_| !one) {
            self.findings.add_with_help(
                "story/contradiction",
                save.span.clone(),
                "only one row can be saved under a name",
                "expect exactly one row, or with `atLeast` and `orderBy` the first of several",
            );
        }
        Some(ExpectRows {
            table: table.name.clone(),
            filter: filter.unwrap_or_default(),
            order: order.unwrap_or_default(),
            expected,
            save: self.remember(save.as_ref(), table, scope),
        })
    }

    /// Whether a step says once what must be there.
    pub(super) fn one_expectation(&self, node: &Node, what: &str, head: Span) -> Option<()> {
        let given = ["count", "atLeast", "none", "rows"].map(|key| node_has(node, key));
        match given.iter().filter(|given| **given).count() {
            1 => Some(()),
            0 => {
                self.findings.add_with_help(
                    "yaml/missing-key",
                    head,
                    format!("{what} does not say what must be there"),
                    "add one of `count: 1`, `atLeast: 1`, `rows: [ … ]` and `none: true`",
                );
                None
            }
            _ => {
                self.findings.add_with_help(
                    "story/contradiction",
                    head,
                    format!("{what} has several of `count`, `atLeast`, `rows` and `none`"),
                    "keep one of them",
                );
                None
            }
        }
    }

    pub(super) fn expect_error(&self, node: &Node, scope: &mut Scope) -> Option<ExpectError> {
        let refusal = self.refusal_in(node, "`expectError`", &["step"]);
        let mut fields = Fields::open(node, "`expectError`", self.findings)?;
        fields.ignore("kind");
        fields.ignore("constraint");
        let outer = scope.within;
        scope.within.refused = true;
        let step = fields.required("step", |node, findings| {
            let name = match &node.kind {
                Kind::Map(entries) => entries.first().map(|(key, _)| key.name.as_str()),
                _ => None,
            };
            if let Some(name) = name.filter(|name| STEPS.contains(name) && !WRITING.contains(name))
            {
                findings.add_with_help(
                    "story/misplaced-step",
                    node.head(),
                    format!("{} is nothing that the database could refuse", quote(name)),
                    format!("expect errors of {}", list(WRITING, "or")),
                );
                return None;
            }
            self.step(node, scope)
        });
        scope.within = outer;
        fields.finish();
        Some(ExpectError {
            refusal: refusal?,
            step: step?,
        })
    }

    pub(super) fn refusal(&self, node: &Node) -> Option<Refusal> {
        self.refusal_in(node, "`failed`", &[])
    }

    /// How the database must refuse, in a map that may have other keys too.
    pub(super) fn refusal_in(
        &self,
        node: &Node,
        what: &str,
        others: &[&'static str],
    ) -> Option<Refusal> {
        let mut fields = Fields::open(node, what, self.findings)?;
        let kind = fields.required("kind", |node, findings| read::one_of(node, KINDS, findings));
        let constraint = fields.optional("constraint", read::filled_text);
        let span = fields.head().clone();
        if others.is_empty() {
            fields.finish();
        }
        let kind = kind?.value;
        if let Some(name) = &constraint {
            let known = constraints(self.schema, kind);
            if !known.contains(&name.value) {
                let word = KINDS.iter().find(|(_, other)| *other == kind);
                let word = word.map_or("", |(word, _)| *word);
                // Only a warning: a constraint that was taken out of the schema must turn its
                // scenario red, which says more than a story that does not load.
                let help = match nearest(&name.value, known.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean {}?", quote(near)),
                    None => "name a constraint of the schema, or leave it out".into(),
                };
                self.findings.push(
                    Diagnostic::warning(
                        Phase::Schema,
                        "story/unknown-constraint",
                        format!(
                            "nothing in the schema that refuses with {word} is named {}",
                            quote(&name.value)
                        ),
                    )
                    .spanned(name.span.clone())
                    .help(help),
                );
            }
        }
        Some(Refusal {
            kind,
            constraint: constraint.map(|name| Ident::new(name.value)),
            span,
        })
    }

    pub(super) fn expect_catalog(&self, node: &Node) -> Option<ExpectCatalog> {
        let mut fields = Fields::open(node, "`expectCatalog`", self.findings)?;
        let names = |node: &Node, findings: &Findings| {
            read::list_of(node, findings, |node, findings| {
                let name = read::filled_text(node, findings)?;
                Some((Ident::new(name.value), name.span))
            })
        };
        let by_table = |node: &Node, findings: &Findings| {
            let entries = read::entries(node, findings)?.iter();
            let entries = entries
                .map(|(key, node)| Some((Ident::new(key.name.as_str()), names(node, findings)?)));
            entries.collect::<Option<Vec<_>>>()
        };
        let expected = ExpectCatalog {
            tables: fields.optional("tables", names).unwrap_or_default(),
            columns: fields.optional("columns", by_table).unwrap_or_default(),
            indexes: fields.optional("indexes", by_table).unwrap_or_default(),
            constraints: fields.optional("constraints", by_table).unwrap_or_default(),
            append_only: fields.optional("appendOnly", names).unwrap_or_default(),
            camel_case: fields
                .optional("naming", |node, findings| {
                    read::one_of(node, CATALOG_RULES, findings)
                })
                .is_some(),
            complete: fields.optional("complete", truth).is_some(),
        };
        let head = fields.head().clone();
        fields.finish();
        if node.kind == Kind::Map(Vec::new()) {
            self.findings.add_with_help(
                "story/no-expectation",
                head,
                "`expectCatalog` expects nothing",
                "name tables, columns, indexes or constraints, or add `naming: camelCase`",
            );
        }
        Some(expected)
    }

    pub(super) fn expect_drift(&self, node: &Node) -> Option<Vec<String>> {
        if node.kind == Kind::String("none".into()) {
            return Some(Vec::new());
        }
        let mut fields = Fields::open(node, "`expectDrift`", self.findings)?;
        let objects = fields.required("objects", read::texts);
        let head = fields.head().clone();
        fields.finish();
        let objects = objects?;
        if objects.is_empty() {
            self.findings.add_with_help(
                "story/contradiction",
                head,
                "`objects` is empty",
                "write `expectDrift: none` when nothing may have drifted",
            );
            return None;
        }
        Some(objects.into_iter().map(|object| object.value).collect())
    }

    pub(super) fn expect_plan(&self, node: &Node, scope: &Scope) -> Option<ExpectPlan> {
        let mut fields = Fields::open(node, "`expectPlan`", self.findings)?;
        let table = fields.required("table", |node, _| self.table(node));
        let filter = fields.optional("where", |node, _| {
            self.conditions(node, table?, scope, Purpose::Filter)
        });
        let order = fields.optional("orderBy", |node, _| self.order(node, table?));
        let types = fields.optional("types", super::query::types);
        let text = self.query_text(&mut fields, &types.unwrap_or_default(), scope);
        let index = fields.required("index", read::filled_text);
        let both = ["where", "orderBy"]
            .iter()
            .find_map(|key| fields.entry(key).filter(|_| node_has(node, "sql")));
        if let Some((key, _)) = both {
            self.findings.add_with_help(
                "story/contradiction",
                key.span.clone(),
                "`expectPlan` has both `sql` and conditions of its own",
                "put the conditions into the query",
            );
        }
        fields.finish();
        (filter.is_some() || !node_has(node, "where")).then_some(())?;
        let query = match (text, node_has(node, "sql")) {
            (Some(text), _) => PlanOf::Query(text),
            (None, true) => return None,
            (None, false) => PlanOf::Rows {
                filter: filter.unwrap_or_default(),
                order: order.unwrap_or_default(),
            },
        };
        Some(ExpectPlan {
            table: table?.name.clone(),
            query,
            index: Ident::new(index?.value),
        })
    }
}

/// What a schema has that refuses in this way. NOT NULL has no name, so its column stands for it.
fn constraints(schema: &Schema, kind: ViolationKind) -> Vec<String> {
    let mut names = Vec::new();
    for table in schema.tables.values() {
        match kind {
            ViolationKind::NotNull => {
                let columns = table.columns.iter().filter(|column| !column.nullable);
                names.extend(columns.map(|column| format!("{}.{}", table.name, column.name)));
            }
            ViolationKind::Type => {
                names.extend(
                    table
                        .columns
                        .iter()
                        .map(|column| column.type_check.to_string()),
                );
            }
            ViolationKind::AppendOnly => {
                names.extend(table.append_only.iter().map(Ident::to_string));
            }
            ViolationKind::Unique | ViolationKind::ForeignKey | ViolationKind::Check => {
                let parts = table.parts.iter().filter(|part| refuses_with(part, kind));
                names.extend(parts.map(|part| part.name().to_string()));
            }
        }
    }
    names
}

fn refuses_with(part: &Part, kind: ViolationKind) -> bool {
    match part {
        Part::PrimaryKey(_) | Part::Unique(_) => kind == ViolationKind::Unique,
        Part::Index(index) => index.unique && kind == ViolationKind::Unique,
        Part::Check(_) => kind == ViolationKind::Check,
        Part::ForeignKey(_) => kind == ViolationKind::ForeignKey,
    }
}

/// `true`, the only value of a key that is otherwise left out.
pub(super) fn truth(node: &Node, findings: &Findings) -> Option<()> {
    match node.kind {
        Kind::Bool(true) => Some(()),
        _ => {
            read::wrong_kind(node, VALUE, "true", findings);
            None
        }
    }
}

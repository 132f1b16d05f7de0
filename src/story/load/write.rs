//! The steps that write rows.

use super::step::{at_most, entry, node_has};
use super::term::Purpose;
use super::{Reader, Scope, suggestion};
use crate::model::Table;
use crate::story::format::{Delete, Insert, Row, Term, Update};
use crate::yaml::read::{self, Fields, Spanned};
use crate::yaml::text::quote;
use crate::yaml::{Kind, Node};

impl<'a> Reader<'a> {
    pub(super) fn insert(&self, node: &Node, scope: &mut Scope) -> Option<Insert> {
        let mut fields = Fields::open(node, "`insert`", self.findings)?;
        let into = fields.optional("into", |node, _| self.table(node));
        let one = fields.get("row");
        let with = fields.get("with");
        let many = fields.get("rows");
        let count = fields.optional("count", |node, findings| at_most(node, 1, 1_000, findings));
        let save = fields.optional("save", read::filled_text);
        let head = fields.head().clone();
        let has_table = into.is_some() || node_has(node, "into");
        fields.finish();

        let nodes: Vec<&Node> = match (one, many) {
            (Some(one), None) => vec![one],
            (None, Some(many)) => read::items(many, self.findings)?.iter().collect(),
            (None, None) if has_table => Vec::new(),
            (None, None) => {
                self.findings.add_with_help(
                    "yaml/missing-key",
                    head,
                    "`insert` says neither into which table nor which row",
                    "add `into: table` (and `row: { … }`), or `row: nameOfARow`",
                );
                return None;
            }
            (Some(_), Some(many)) => {
                self.findings.add_with_help(
                    "story/contradiction",
                    many.head(),
                    "`insert` has both `row` and `rows`",
                    "keep one of them",
                );
                return None;
            }
        };
        let mut table = into;
        let mut rows = Vec::new();
        let mut complete = true;
        for node in &nodes {
            match self.row(node, has_table, &mut table, scope) {
                Some(row) => rows.push(row),
                None => complete = false,
            }
        }
        // Without any row given, one whose values are all generated or defaults.
        if nodes.is_empty() && one.is_none() && many.is_none() {
            rows.push(Row::default());
        }
        if let Some(with) = with {
            complete &= self.overlay(with, table, &mut rows, scope).is_some();
        }
        let table = table?;
        if !complete {
            // The name counts nevertheless, so that one finding does not make others.
            self.remember(save.as_ref(), table, scope);
            return None;
        }
        let count = count.map_or(1, |count| count.value);
        if let Some(save) = save.as_ref().filter(|_| rows.len() != 1 || count != 1) {
            self.findings.add_with_help(
                "story/contradiction",
                save.span.clone(),
                "only one row can be saved under a name",
                "insert it in a step of its own",
            );
        }
        if rows.is_empty() {
            self.findings.add_with_help(
                "story/no-rows",
                head,
                "`insert` has no rows, so it does nothing",
                "add rows",
            );
            return None;
        }
        let save = self.remember(save.as_ref(), table, scope);
        Some(Insert {
            table: table.name.clone(),
            rows,
            count,
            save,
        })
    }

    /// A row of an insert: its values, or the name of a row.
    pub(super) fn row(
        &self,
        node: &Node,
        has_table: bool,
        table: &mut Option<&'a Table>,
        scope: &Scope,
    ) -> Option<Row> {
        let Kind::String(name) = &node.kind else {
            if table.is_none() && !has_table {
                self.findings.add_with_help(
                    "yaml/missing-key",
                    node.head(),
                    "`insert` does not say into which table the row goes",
                    "add `into: …`",
                );
            }
            let values = self.values(node, (*table)?, Some((scope, Purpose::Insert)))?;
            return Some(Row { values });
        };
        let Some(named) = self.named.get(name) else {
            let names = self.named.keys().map(String::as_str);
            self.findings.add_with_help(
                "story/unknown-row",
                node.head(),
                format!("no file of rows has the row {}", quote(name)),
                match self.named.is_empty() {
                    true => "add it to a file under fixtures/rows".into(),
                    false => suggestion(name, names, "the rows are"),
                },
            );
            return None;
        };
        let own = self.schema.table(&named.table)?;
        if let Some(other) = table.filter(|table| table.name != own.name) {
            self.findings.add_with_help(
                "story/contradiction",
                node.head(),
                format!(
                    "{} is a row of {}, not of {}",
                    quote(name),
                    own.name,
                    other.name
                ),
                "insert rows of different tables in steps of their own",
            );
            return None;
        }
        *table = Some(own);
        let acts = named.values.iter().any(|(_, term)| *term == Term::Actor);
        if acts && scope.principal.actor.is_none() {
            self.findings.add_with_help(
                "story/unknown-reference",
                node.head(),
                format!(
                    "the row {} wants an actor, but nobody acts here",
                    quote(name)
                ),
                "add `actor: …` to the scenario's `as`",
            );
            return None;
        }
        Some(Row {
            values: named.values.clone(),
        })
    }

    /// Values that stand in for those of every row.
    pub(super) fn overlay(
        &self,
        node: &Node,
        table: Option<&Table>,
        rows: &mut [Row],
        scope: &Scope,
    ) -> Option<()> {
        let values = self.values(node, table?, Some((scope, Purpose::Insert)))?;
        for row in rows {
            row.values
                .retain(|(column, _)| values.iter().all(|(other, _)| other != column));
            row.values.extend(values.iter().cloned());
        }
        Some(())
    }

    /// Makes the name of a saved row known.
    pub(super) fn remember(
        &self,
        save: Option<&Spanned<String>>,
        table: &Table,
        scope: &mut Scope,
    ) -> Option<String> {
        let save = save?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let refused = |message: String, help: &str| {
            self.findings
                .add_with_help("story/wrong-name", save.span.clone(), message, help);
            None
        };
        if !save.value.chars().all(plain) {
            return refused(
                format!("{} cannot be referred to", quote(&save.value)),
                "use letters, digits, hyphens and underscores",
            );
        }
        if scope.within.refused {
            return refused(
                "a row that is refused cannot be saved".into(),
                "remove `save`",
            );
        }
        if !scope.taken.insert(save.value.clone()) {
            return refused(
                format!("a row is already saved as {}", quote(&save.value)),
                "give it another name",
            );
        }
        scope.saved.insert(save.value.clone(), table.name.clone());
        Some(save.value.clone())
    }

    pub(super) fn update(&self, node: &Node, scope: &Scope) -> Option<Update> {
        let mut fields = Fields::open(node, "`update`", self.findings)?;
        let table = fields.required("table", |node, _| self.table(node));
        let set = fields.required("set", |node, _| {
            self.values(node, table?, Some((scope, Purpose::Set)))
        });
        let filter = fields.optional("where", |node, _| {
            self.conditions(node, table?, scope, Purpose::Filter)
        });
        let changes = fields.optional("changes", read::integer::<u64>);
        let complete = filter.is_some() || !node_has(node, "where");
        let empty = |node: &Node| node.kind == Kind::Map(Vec::new());
        if entry(node, "set").is_some_and(empty) {
            self.findings.add(
                "story/no-rows",
                fields.head().clone(),
                "`set` is empty, so the update changes nothing",
            );
        }
        fields.finish();
        complete.then_some(())?;
        Some(Update {
            table: table?.name.clone(),
            set: set?,
            filter: filter.unwrap_or_default(),
            changes: changes.map(|changes| changes.value),
        })
    }

    pub(super) fn delete(&self, node: &Node, scope: &Scope) -> Option<Delete> {
        let mut fields = Fields::open(node, "`delete`", self.findings)?;
        let table = fields.required("from", |node, _| self.table(node));
        let filter = fields.optional("where", |node, _| {
            self.conditions(node, table?, scope, Purpose::Filter)
        });
        let changes = fields.optional("changes", read::integer::<u64>);
        fields.finish();
        (filter.is_some() || !node_has(node, "where")).then_some(())?;
        Some(Delete {
            table: table?.name.clone(),
            filter: filter.unwrap_or_default(),
            changes: changes.map(|changes| changes.value),
        })
    }
}

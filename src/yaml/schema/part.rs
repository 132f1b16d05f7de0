//! Keys, checks, foreign keys and indexes of an entity.

use crate::diag::{Diagnostic, Phase, Span};
use crate::model::{
    Check, Expr, Expression, ForeignKey, Ident, Index, KeyColumn, Part, PrimaryKey,
    ReferentialAction, Unique,
};
use crate::yaml::read::VALUE;
use crate::yaml::text::{nearest, quote};
use crate::yaml::{Fields, Findings, Kind, Node, Spanned, convention, read};

use super::column::Read;
use super::draft::{self, Draft};
use super::expression::{self, Wanted};

/// The words for what a foreign key does.
pub(in crate::yaml) const ACTIONS: [(&str, ReferentialAction); 4] = [
    ("noAction", ReferentialAction::NoAction),
    ("cascade", ReferentialAction::Cascade),
    ("setNull", ReferentialAction::SetNull),
    ("setDefault", ReferentialAction::SetDefault),
];

/// What `primaryKey` says where a table has none.
pub const NO_KEY: &str = "none";

/// Reads everything of a table that hangs on its columns, in the order in which reports list it.
pub(super) fn read_all<'n>(
    fields: &mut Fields<'n>,
    columns: &'n [Read],
    draft: &mut draft::Table,
    findings: &'n Findings,
) {
    let table = draft.table.name.clone();
    let reader = Reader {
        table: &table,
        columns,
        findings,
    };
    reader.primary_key(fields, draft);
    reader.list(fields, "unique", draft, Reader::unique);
    for read in columns {
        if let Some(check) = reader.limits(read) {
            draft.parts.push(check);
        }
        if let (Some(node), Some(computed)) = (&read.computed, &read.column.computed) {
            reader.computed(read, node, &computed.expression);
        }
    }
    reader.list(fields, "checks", draft, Reader::check);
    reader.list(fields, "foreignKeys", draft, Reader::foreign_key);
    reader.list(fields, "indexes", draft, Reader::index);
}

struct Reader<'a> {
    table: &'a Ident,
    columns: &'a [Read],
    findings: &'a Findings,
}

/// Columns of a key with the place of each.
type Columns = Vec<(KeyColumn, Span)>;

impl Reader<'_> {
    /// Reads the items of a list; one that cannot be read makes the table's keys incomplete.
    fn list(
        &self,
        fields: &mut Fields<'_>,
        key: &'static str,
        draft: &mut draft::Table,
        one: fn(&Self, &Node, &mut draft::Table) -> Option<Draft>,
    ) {
        let mut incomplete = false;
        fields.optional(key, |node, findings| {
            for item in read::items(node, findings)? {
                match one(self, item, draft) {
                    // At once, because the next foreign key's name depends on it.
                    Some(part) => draft.parts.push(part),
                    None => incomplete = true,
                }
            }
            Some(())
        });
        draft.keys_incomplete |= incomplete;
    }

    fn draft(&self, part: Part, place: Span, named: bool, columns: Vec<Span>) -> Draft {
        Draft {
            part,
            place,
            named,
            columns,
            references: None,
            actions: [None, None],
            clustered: None,
        }
    }

    fn primary_key(&self, fields: &mut Fields<'_>, draft: &mut draft::Table) {
        if fields.get("primaryKey").is_none() {
            draft.keys_incomplete = true;
            self.findings.add_with_help(
                "schema/no-primary-key",
                draft.place.clone(),
                format!(
                    "the table {} has no primary key, so no row of it can be named",
                    quote(self.table.as_str())
                ),
                "add `primaryKey: [ … ]`, or `primaryKey: none` for a table that has none on purpose",
            );
            return;
        }
        let has_none = |node: &Node| matches!(&node.kind, Kind::String(word) if word == NO_KEY);
        if fields.get("primaryKey").is_some_and(has_none) {
            return;
        }
        let part = fields.optional("primaryKey", |node, findings| {
            let plain = convention::primary_key(self.table);
            if matches!(node.kind, Kind::Seq(_)) {
                let columns = self.key_columns(node, "the primary key")?;
                return Some(self.make_primary_key(plain, true, columns, node.head(), false));
            }
            if !matches!(node.kind, Kind::Map(_)) {
                read::wrong_kind(node, VALUE, "a list of columns, a map, or none", findings);
                return None;
            }
            let mut fields = Fields::open(node, "a primary key", findings)?;
            let head = fields.head().clone();
            let name = self.name(&mut fields);
            let columns = fields.required("columns", |node, _| {
                self.key_columns(node, "the primary key")
            });
            let clustered = fields.optional("clustered", read::boolean);
            fields.finish();
            let named = name.is_some();
            let (name, place) = named_or(name, plain, head);
            let on = clustered.as_ref().is_none_or(|flag| flag.value);
            let mut part = self.make_primary_key(name, on, columns?, place, named);
            part.clustered = clustered.map(|flag| flag.span);
            Some(part)
        });
        draft.keys_incomplete |= part.is_none();
        draft.parts.extend(part);
    }

    fn make_primary_key(
        &self,
        name: Ident,
        clustered: bool,
        columns: Columns,
        place: Span,
        named: bool,
    ) -> Draft {
        let (columns, places) = columns.into_iter().unzip();
        let key = PrimaryKey {
            name,
            columns,
            clustered,
        };
        self.draft(Part::PrimaryKey(key), place, named, places)
    }

    fn unique(&self, node: &Node, _: &mut draft::Table) -> Option<Draft> {
        let what = format!("a unique constraint of {}", quote(self.table.as_str()));
        let mut fields = Fields::open(node, &what, self.findings)?;
        let head = fields.head().clone();
        let name = self.name(&mut fields);
        let columns = fields.required("columns", |node, _| self.key_columns(node, &what));
        let clustered = fields.optional("clustered", read::boolean);
        fields.finish();
        let (columns, places): (Vec<_>, Vec<_>) = columns?.into_iter().unzip();
        let named = name.is_some();
        let derived = convention::unique(self.table, names(&columns));
        let (name, place) = named_or(name, derived, head);
        let unique = Unique {
            name,
            columns,
            clustered: clustered.as_ref().is_some_and(|flag| flag.value),
        };
        let mut draft = self.draft(Part::Unique(unique), place, named, places);
        draft.clustered = clustered.map(|flag| flag.span);
        Some(draft)
    }

    fn index(&self, node: &Node, _: &mut draft::Table) -> Option<Draft> {
        let what = format!("an index of {}", quote(self.table.as_str()));
        let mut fields = Fields::open(node, &what, self.findings)?;
        let head = fields.head().clone();
        let name = self.name(&mut fields);
        let columns = fields.required("columns", |node, _| self.key_columns(node, &what));
        let unique = fields.optional("unique", read::boolean);
        let clustered = fields.optional("clustered", read::boolean);
        let included = fields.get("include").is_some();
        let include = fields.optional("include", |node, _| {
            self.plain_columns(node, "the list of included columns")
        });
        let filtered = fields.get("where").is_some();
        let filter = fields.optional("where", |node, findings| {
            let filter = expression::read(node, findings)?;
            expression::judge(&filter, node, Wanted::Condition, self.columns, findings);
            Some(filter)
        });
        fields.finish();
        let columns = columns?;
        if included && include.is_none() || filtered && filter.is_none() {
            return None;
        }
        for included in include.iter().flatten() {
            if columns.iter().any(|(key, _)| key.column == included.value) {
                self.findings.add_with_help(
                    "schema/duplicate-column",
                    included.span.clone(),
                    format!(
                        "{} is included in an index that has it in its key already",
                        quote(included.value.as_str())
                    ),
                    "remove it from `include`",
                );
            }
        }
        let (columns, places): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let named = name.is_some();
        let derived = convention::index(self.table, names(&columns));
        let (name, place) = named_or(name, derived, head);
        let index = Index {
            name,
            columns,
            include: include
                .into_iter()
                .flatten()
                .map(|included| included.value)
                .collect(),
            unique: unique.is_some_and(|flag| flag.value),
            filter,
            clustered: clustered.as_ref().is_some_and(|flag| flag.value),
        };
        let mut draft = self.draft(Part::Index(index), place, named, places);
        draft.clustered = clustered.map(|flag| flag.span);
        Some(draft)
    }

    fn check(&self, node: &Node, _: &mut draft::Table) -> Option<Draft> {
        let what = format!("a check of {}", quote(self.table.as_str()));
        let mut fields = Fields::open(node, what, self.findings)?;
        let head = fields.head().clone();
        let name = self.name(&mut fields);
        let expression = fields.required("expression", |node, findings| {
            let expression = expression::read(node, findings)?;
            expression::judge(&expression, node, Wanted::Condition, self.columns, findings);
            Some(expression)
        });
        fields.finish();
        let expression = expression?;
        let named = name.is_some();
        let mut used: Vec<&Ident> = Vec::new();
        if let Expression::Portable(expr) = &expression {
            expr.visit(&mut |expr| {
                if let Expr::Column(column) = expr
                    && !used.contains(&column)
                {
                    used.push(column);
                }
            });
        }
        if used.is_empty() && !named {
            self.findings.add_with_help(
                "schema/no-name",
                head,
                "this check names no column that a name for it could be made of",
                "give it a `name`",
            );
            return None;
        }
        let derived = convention::check(self.table, used);
        let (name, place) = named_or(name, derived, head);
        Some(self.draft(
            Part::Check(Check { name, expression }),
            place,
            named,
            Vec::new(),
        ))
    }

    fn limits(&self, read: &Read) -> Option<Draft> {
        let (expr, place) = read.limits.clone()?;
        let check = Check {
            name: convention::check(self.table, [&read.column.name]),
            expression: Expression::Portable(expr),
        };
        Some(self.draft(Part::Check(check), place, false, Vec::new()))
    }

    fn computed(&self, read: &Read, node: &Node, expression: &Expression) {
        let place = match &node.kind {
            Kind::Map(entries) => entries
                .iter()
                .find(|(key, _)| key.name == "expression")
                .map_or(node, |(_, node)| node),
            _ => node,
        };
        expression::judge(
            expression,
            place,
            Wanted::Value,
            self.columns,
            self.findings,
        );
        let Expression::Portable(expr) = expression else {
            return;
        };
        expr.visit(&mut |expr| {
            let Expr::Column(name) = expr else {
                return;
            };
            let computed = self
                .columns
                .iter()
                .any(|other| other.column.name == *name && other.computed.is_some());
            if computed {
                self.findings.add_with_help(
                    "schema/computed",
                    place.head(),
                    format!(
                        "{} is computed from {}, which is computed itself",
                        quote(read.column.name.as_str()),
                        quote(name.as_str())
                    ),
                    "compute it from the columns that are stored",
                );
            }
        });
    }

    fn foreign_key(&self, node: &Node, draft: &mut draft::Table) -> Option<Draft> {
        let what = format!("a foreign key of {}", quote(self.table.as_str()));
        let mut fields = Fields::open(node, &what, self.findings)?;
        let head = fields.head().clone();
        let name = self.name(&mut fields);
        let columns = fields.required("columns", |node, _| self.plain_columns(node, &what));
        let references = fields.required("references", |node, findings| {
            let mut fields = Fields::open(node, "`references`", findings)?;
            let table = fields.required("table", read::filled_text);
            let columns = fields.required("columns", read::texts);
            fields.finish();
            Some((table?, columns?))
        });
        let action = |node: &Node, findings: &Findings| read::one_of(node, &ACTIONS, findings);
        let on_delete = fields.optional("onDelete", action);
        let on_update = fields.optional("onUpdate", action);
        fields.finish();
        let (columns, (target, referenced)) = (columns?, references?);
        if columns.len() != referenced.len() {
            self.findings.add_with_help(
                "schema/foreign-key",
                head.clone(),
                format!(
                    "{what} has {} columns and refers to {}",
                    columns.len(),
                    referenced.len()
                ),
                "list as many columns on both sides",
            );
            return None;
        }
        let references = Ident::new(target.value);
        let names: Vec<Ident> = columns.iter().map(|column| column.value.clone()).collect();
        let plain = convention::foreign_key(self.table, &references);
        // The first keeps the plain name, so that a second one, added later, renames nothing.
        let derived = if draft.parts.iter().any(|part| *part.part.name() == plain) {
            convention::another_foreign_key(self.table, &references, &names)
        } else {
            plain
        };
        let named = name.is_some();
        let (name, place) = named_or(name, derived, head);
        let value = |action: &Option<Spanned<ReferentialAction>>| {
            action
                .as_ref()
                .map_or(ReferentialAction::NoAction, |action| action.value)
        };
        let key = ForeignKey {
            name,
            columns: names,
            references,
            referenced_columns: referenced
                .into_iter()
                .map(|column| Ident::new(column.value))
                .collect(),
            on_delete: value(&on_delete),
            on_update: value(&on_update),
        };
        let places = columns.into_iter().map(|column| column.span).collect();
        let mut draft = self.draft(Part::ForeignKey(key), place, named, places);
        draft.references = Some(target.span);
        draft.actions = [
            on_delete.map(|word| word.span),
            on_update.map(|word| word.span),
        ];
        Some(draft)
    }

    fn name(&self, fields: &mut Fields<'_>) -> Option<Spanned<Ident>> {
        let name = fields.optional("name", read::filled_text)?;
        Some(name.map(Ident::new))
    }

    /// A list of columns, each with a direction if it has one. `None`, with findings, when one of
    /// them is wrong.
    fn key_columns(&self, node: &Node, what: &str) -> Option<Columns> {
        let before = self.findings.count();
        let mut columns: Columns = Vec::new();
        for item in self.some_items(node, what)? {
            let Some(text) = read::text(item, self.findings) else {
                continue;
            };
            let whole = Ident::new(text.value.trim());
            let key = if self.known(&whole) {
                KeyColumn::ascending(whole)
            } else {
                KeyColumn::parse(&text.value)
            };
            if !self.column(&key.column, &text.span) {
                continue;
            }
            if columns.iter().any(|(other, _)| other.column == key.column) {
                self.twice(&key.column, text.span, what);
                continue;
            }
            columns.push((key, text.span));
        }
        (self.findings.count() == before).then_some(columns)
    }

    /// A list of columns without directions.
    fn plain_columns(&self, node: &Node, what: &str) -> Option<Vec<Spanned<Ident>>> {
        let before = self.findings.count();
        let mut columns: Vec<Spanned<Ident>> = Vec::new();
        for item in self.some_items(node, what)? {
            let Some(text) = read::text(item, self.findings) else {
                continue;
            };
            let column = text.map(Ident::new);
            if !self.column(&column.value, &column.span) {
                continue;
            }
            if columns.iter().any(|other| other.value == column.value) {
                self.twice(&column.value, column.span, what);
                continue;
            }
            columns.push(column);
        }
        (self.findings.count() == before).then_some(columns)
    }

    fn some_items<'n>(&self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        let items = read::items(node, self.findings)?;
        if items.is_empty() {
            self.findings.add_with_help(
                "schema/empty-key",
                node.head(),
                format!("{what} has no columns"),
                "list at least one column",
            );
            return None;
        }
        Some(items)
    }

    fn known(&self, name: &Ident) -> bool {
        self.columns.iter().any(|read| read.column.name == *name)
    }

    fn column(&self, name: &Ident, place: &Span) -> bool {
        if self.known(name) {
            return true;
        }
        let known = self.columns.iter().map(|read| read.column.name.as_str());
        let direction = name.as_str().rsplit_once(' ').filter(|(_, word)| {
            word.eq_ignore_ascii_case("desc") || word.eq_ignore_ascii_case("asc")
        });
        let help = match (direction, nearest(name.as_str(), known)) {
            (Some((column, word)), _) => format!(
                "directions are written in lower case: {}",
                quote(&format!("{column} {}", word.to_lowercase()))
            ),
            (None, Some(near)) => format!("did you mean {}?", quote(near)),
            (None, None) => "declare it under `columns`".to_owned(),
        };
        self.findings.push(
            Diagnostic::error(
                Phase::Schema,
                "schema/unknown-column",
                format!(
                    "the table {} has no column {}",
                    quote(self.table.as_str()),
                    quote(name.as_str())
                ),
            )
            .spanned(place.clone())
            .help(help),
        );
        false
    }

    fn twice(&self, column: &Ident, place: Span, what: &str) {
        self.findings.add_with_help(
            "schema/duplicate-column",
            place,
            format!("{what} has the column {} twice", quote(column.as_str())),
            "remove one of the two",
        );
    }
}

fn names(columns: &[KeyColumn]) -> impl Iterator<Item = &Ident> {
    columns.iter().map(|key| &key.column)
}

/// The name that was given and its place, or the derived one and the head of the declaration.
fn named_or(given: Option<Spanned<Ident>>, derived: Ident, head: Span) -> (Ident, Span) {
    match given {
        Some(name) => (name.value, name.span),
        None => (derived, head),
    }
}

//! Writing, loading, lowering and comparing, until what is written says what was described.
//!
//! Each object starts in its most readable form. One that comes back otherwise takes the next:
//! limits of a column become a check, a portable expression becomes the engine's own text, and what
//! cannot be said at all is left out and listed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diag::{Diagnostic, Severity, Source, Span};
use crate::dialect::Dialect;
use crate::diff::unnamed::named_like;
use crate::diff::{Change, Renames, diff};
use crate::model::{
    Column, Computed, Default, DefaultValue, Expression, Ident, Native, ObjectPath, Part, Schema,
    Table,
};
use crate::yaml::convention;
use crate::yaml::schema::{Naming, Rules, load};
use crate::yaml::write;

use super::{Explicit, Introspected, lost};

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wording {
    /// As people would write it.
    Readable,
    /// A check that could be the limits of a column is a check.
    Explicit,
    /// Expressions in the engine's own text.
    Verbatim,
    /// A column without default, computation, collation and identity; any other object not at all.
    Bare,
    /// A column that cannot be said takes its table along.
    Gone,
}

pub(super) struct Proof<'a> {
    dialect: &'a dyn Dialect,
    /// In engine form.
    described: &'a Schema,
    /// Neutral as far as it goes, with a name for everything.
    lifted: &'a Schema,
    wording: BTreeMap<ObjectPath, Wording>,
    reasons: BTreeMap<ObjectPath, String>,
}

/// One attempt.
struct Attempt {
    files: BTreeMap<Ident, write::Written>,
    loaded: Schema,
    lowered: Schema,
    /// What did not come back, and why.
    failed: BTreeMap<ObjectPath, (String, Failure)>,
}

/// How an object did not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Failure {
    /// It means something else.
    Different,
    /// It cannot be loaded or made.
    Refused,
}

impl<'a> Proof<'a> {
    pub fn new(dialect: &'a dyn Dialect, described: &'a Schema, lifted: &'a Schema) -> Self {
        Self {
            dialect,
            described,
            lifted,
            wording: BTreeMap::new(),
            reasons: BTreeMap::new(),
        }
    }

    /// Attempts until nothing changes. Each attempt moves an object on, and no object moves on
    /// forever.
    pub fn prove(&mut self) -> Introspected {
        loop {
            let attempt = self.attempt();
            let mut moved = false;
            for (path, (why, failure)) in &attempt.failed {
                moved |= self.move_on(path, why, *failure);
            }
            if !moved {
                let files = attempt.files.into_iter();
                return Introspected {
                    files: files.map(|(name, written)| (name, written.text)).collect(),
                    schema: attempt.loaded,
                    lowered: attempt.lowered,
                    losses: self.losses(),
                };
            }
        }
    }

    fn wording(&self, path: &ObjectPath) -> Wording {
        self.wording.get(path).copied().unwrap_or(Wording::Readable)
    }

    /// Gives an object its next wording; false when it has its last.
    fn move_on(&mut self, path: &ObjectPath, why: &str, failure: Failure) -> bool {
        let now = self.wording(path);
        let next = match (self.kind(path), now) {
            (_, Wording::Gone) | (Kind::Part, Wording::Bare) => return false,
            (Kind::Check, Wording::Readable) => Wording::Explicit,
            (Kind::Check, Wording::Explicit) => Wording::Verbatim,
            (Kind::Filtered | Kind::Valued, Wording::Readable) => Wording::Verbatim,
            (Kind::Column | Kind::Valued | Kind::Table, Wording::Bare) => match failure {
                // What remains of it is all that can be said.
                Failure::Different => return false,
                Failure::Refused => Wording::Gone,
            },
            (Kind::Check | Kind::Filtered, Wording::Bare) => return false,
            _ => Wording::Bare,
        };
        self.wording.insert(path.clone(), next);
        self.reasons.insert(path.clone(), why.to_owned());
        // A table cannot be without one of its columns.
        if let (Wording::Gone, Some(_)) = (next, &path.member) {
            let table = ObjectPath::table(&path.table);
            self.reasons.insert(table.clone(), why.to_owned());
            self.wording.insert(table, Wording::Gone);
        }
        true
    }

    /// The object itself, or the table where it is neither column nor part.
    fn known(&self, path: ObjectPath) -> ObjectPath {
        let table = self.lifted.table(&path.table);
        let is_known = |member: &Ident| {
            table
                .is_some_and(|table| table.column(member).is_some() || table.part(member).is_some())
        };
        match &path.member {
            Some(member) if !is_known(member) => ObjectPath::table(&path.table),
            _ => path,
        }
    }

    /// The check that is written with a column as its limits, which are what is refused first.
    fn limits_of(&self, path: ObjectPath) -> ObjectPath {
        let Some(column) = &path.member else {
            return path;
        };
        let check = convention::check(&path.table, [column]);
        let check = ObjectPath::member(&path.table, &check);
        match self.kind(&check) {
            Kind::Check if self.wording(&check) == Wording::Readable => check,
            _ => path,
        }
    }

    fn kind(&self, path: &ObjectPath) -> Kind {
        let (Some(table), Some(member)) = (self.lifted.table(&path.table), &path.member) else {
            return Kind::Table;
        };
        if let Some(column) = table.column(member) {
            return match column.default.is_some() || column.computed.is_some() {
                true => Kind::Valued,
                false => Kind::Column,
            };
        }
        match table.part(member) {
            Some(Part::Check(_)) => Kind::Check,
            Some(Part::Index(index)) if index.filter.is_some() => Kind::Filtered,
            Some(_) => Kind::Part,
            None => Kind::Table,
        }
    }

    fn attempt(&self) -> Attempt {
        let mut attempt = Attempt {
            files: BTreeMap::new(),
            loaded: Schema::default(),
            lowered: Schema::default(),
            failed: BTreeMap::new(),
        };
        let mut sources: Vec<Arc<Source>> = Vec::new();
        let mut explicit = Explicit::new();
        for (name, lifted) in &self.lifted.tables {
            if self.wording(&ObjectPath::table(name)) == Wording::Gone {
                continue;
            }
            let table = self.worded(lifted, explicit.entry(name.clone()).or_default());
            let written = write::table(&table, &explicit[name]);
            sources.push(Arc::new(Source {
                name: name.to_string(),
                text: written.text.clone(),
            }));
            attempt.files.insert(name.clone(), written);
        }
        if sources.is_empty() {
            return attempt;
        }
        let rules = Rules {
            naming: Naming::Off,
            tenant: None,
            targets: vec![self.dialect.engine()],
        };
        let (loaded, findings) = load(&sources, &rules);
        let (lowered, limits) = self.dialect.lower(&loaded.schema);
        for finding in &findings {
            if finding.severity != Severity::Error {
                continue;
            }
            let placed = finding
                .span
                .as_ref()
                .and_then(|span| placed(&attempt.files, span));
            if let Some(path) = placed.or_else(|| finding.path.clone()) {
                let why = (finding.message.clone(), Failure::Refused);
                attempt.failed.insert(self.limits_of(self.known(path)), why);
            }
        }
        let own = named_like(self.described, &lowered, &|_, _| true);
        let own = own.as_ref().unwrap_or(self.described);
        for change in diff(own, &lowered, &Renames::default()) {
            let path = match &change {
                // A table that was left out, or that could not be loaded: told already.
                Change::CreateTable(_) | Change::DropTable(_) => continue,
                Change::AddColumn { table, .. } | Change::DropColumn { table, .. } => {
                    ObjectPath::table(table)
                }
                other => other.path(),
            };
            // What is declared in its place is told.
            if path.member.as_ref().is_some_and(Ident::is_unnamed) {
                continue;
            }
            let path = self.known(path);
            // What the engine is said to refuse, it has: that alone is no reason.
            let limit = limits.iter().find(|limit| {
                limit.severity == Severity::Error && limit.path.as_ref() == Some(&path)
            });
            let why = limit.map_or(
                "it does not come back from its declaration as it is in the database",
                |limit| limit.message.as_str(),
            );
            attempt
                .failed
                .entry(path)
                .or_insert_with(|| (why.to_owned(), Failure::Different));
        }
        attempt.loaded = loaded.schema;
        attempt.lowered = lowered;
        attempt
    }

    /// The table in the wording of each of its objects.
    fn worded(&self, lifted: &Table, explicit: &mut BTreeSet<Ident>) -> Table {
        let own = self
            .described
            .table(&lifted.name)
            .expect("what was lifted was described");
        let path = ObjectPath::table(&lifted.name);
        let mut table = Table {
            columns: Vec::with_capacity(lifted.columns.len()),
            parts: Vec::with_capacity(lifted.parts.len()),
            ..lifted.clone()
        };
        if self.wording(&path) >= Wording::Bare {
            table.description = None;
            table.append_only = None;
        }
        for (column, own_column) in lifted.columns.iter().zip(&own.columns) {
            table.columns.push(self.column(own, column, own_column));
        }
        for (part, own_part) in lifted.parts.iter().zip(&own.parts) {
            let path = ObjectPath::member(&lifted.name, part.name());
            let wording = self.wording(&path);
            if wording >= Wording::Bare {
                continue;
            }
            let verbatim = wording == Wording::Verbatim;
            let word = |expression: &Expression, own_expression: &Expression| match expression {
                Expression::Portable(_) if !verbatim => expression.clone(),
                _ => Expression::Native(self.verbatim(own, own_expression)),
            };
            let mut part = part.clone();
            match (&mut part, own_part) {
                (Part::Check(check), Part::Check(own_check)) => {
                    check.expression = word(&check.expression, &own_check.expression);
                    if wording == Wording::Explicit {
                        explicit.insert(check.name.clone());
                    }
                }
                (Part::Index(index), Part::Index(own_index)) => {
                    if let (Some(filter), Some(own_filter)) = (&index.filter, &own_index.filter) {
                        index.filter = Some(word(filter, own_filter));
                    }
                }
                _ => {}
            }
            table.parts.push(part);
        }
        table
    }

    fn column(&self, table: &Table, column: &Column, own: &Column) -> Column {
        let wording = self.wording(&ObjectPath::member(&table.name, &column.name));
        let mut worded = column.clone();
        if wording >= Wording::Bare {
            worded.default = None;
            worded.computed = None;
            worded.collation = None;
            worded.identity = None;
            return worded;
        }
        let verbatim = wording == Wording::Verbatim;
        if let (Some(default), Some(own)) = (&column.default, &own.default)
            && let DefaultValue::Sql(text) = &own.value
            && (verbatim || matches!(default.value, DefaultValue::Sql(_)))
        {
            worded.default = Some(Default {
                name: default.name.clone(),
                value: DefaultValue::Native(self.native(text)),
            });
        }
        if let (Some(computed), Some(own)) = (&column.computed, &own.computed)
            && (verbatim || !matches!(computed.expression, Expression::Portable(_)))
        {
            worded.computed = Some(Computed {
                expression: Expression::Native(self.verbatim(table, &own.expression)),
                persisted: computed.persisted,
            });
        }
        worded
    }

    fn verbatim(&self, table: &Table, own: &Expression) -> Native {
        let native = self.dialect.verbatim(table, own);
        Native {
            mssql: native.mssql.as_deref().map(one_line),
            sqlite: native.sqlite.as_deref().map(one_line),
        }
    }

    /// A text of this engine.
    fn native(&self, text: &str) -> Native {
        let none = Table {
            name: Ident::new(""),
            description: None,
            append_only: None,
            columns: Vec::new(),
            parts: Vec::new(),
        };
        self.verbatim(&none, &Expression::Opaque(text.to_owned()))
    }

    /// What is left out, or said in part.
    fn losses(&self) -> Vec<Diagnostic> {
        let mut losses = Vec::new();
        for (path, wording) in &self.wording {
            if *wording < Wording::Bare {
                continue;
            }
            let table = ObjectPath::table(&path.table);
            if path.member.is_some() && self.wording(&table) == Wording::Gone {
                continue;
            }
            let why = self.reasons.get(path).map_or("", String::as_str);
            let what = match self.kind(path) {
                Kind::Table if *wording == Wording::Gone => "table",
                Kind::Table => "description and append-only triggers of table",
                Kind::Column | Kind::Valued => {
                    "default, identity, collation or computation of column"
                }
                Kind::Check => "check constraint",
                Kind::Filtered => "index",
                Kind::Part => self
                    .lifted
                    .table(&path.table)
                    .zip(path.member.as_ref())
                    .and_then(|(table, member)| table.part(member))
                    .map_or("part", |part| part.kind().noun()),
            };
            losses.push(
                lost(
                    path.clone(),
                    format!("{what} {path} cannot be declared and is left out: {why}"),
                    "introspect/left-out",
                )
                .help("drift-check will list it; change it in the database, or have it ignored"),
            );
        }
        losses
    }
}

/// What kind of wordings an object has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table,
    /// A column without an expression.
    Column,
    /// A column with a default or a computation.
    Valued,
    Check,
    /// An index with a filter.
    Filtered,
    Part,
}

/// Text that YAML takes: no control characters but line breaks.
fn one_line(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\t', " ")
}

/// The object in whose declaration a place is.
fn placed(files: &BTreeMap<Ident, write::Written>, span: &Span) -> Option<ObjectPath> {
    let written = files.get(&Ident::new(&span.source.name))?;
    let inside = written
        .places
        .iter()
        .find(|(_, range)| range.contains(&span.range.start));
    inside.map(|(path, _)| path.clone())
}

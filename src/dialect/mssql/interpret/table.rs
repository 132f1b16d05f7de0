//! One table: what of it the model can express, and what not.

use std::collections::BTreeSet;

use crate::dialect::mssql::{Mssql, bracketed, trigger};
use crate::dialect::{Dialect, Unsupported};
use crate::engine::CatalogObject;
use crate::model::{Column, Ident, ObjectPath, Table};

use super::outside;
use super::source::{Facts, Source, Sources};

/// A table while it is read.
pub(super) struct Reader<'r, 'a> {
    pub dialect: &'r Mssql,
    pub sources: &'r Sources<'a>,
    pub source: &'r Source<'a>,
    /// What the model can express.
    pub table: Table,
    /// What it cannot.
    pub unsupported: Vec<Unsupported>,
    /// What the server kept back.
    pub hidden: Vec<String>,
    /// Checks that are the promise of a type.
    pub type_checks: BTreeSet<String>,
}

impl<'r, 'a> Reader<'r, 'a> {
    /// A reader of this table.
    pub fn new(dialect: &'r Mssql, sources: &'r Sources<'a>, source: &'r Source<'a>) -> Self {
        Self {
            dialect,
            sources,
            source,
            table: Table {
                name: Ident::new(&source.object.name),
                description: None,
                append_only: None,
                columns: Vec::new(),
                parts: Vec::new(),
            },
            unsupported: Vec::new(),
            hidden: Vec::new(),
            type_checks: BTreeSet::new(),
        }
    }

    /// Reads all of it.
    pub fn read(&mut self) {
        self.table_options();
        let mut columns = self.source.rows("column").to_vec();
        columns.sort_by_key(|row| row.number("position"));
        for row in columns {
            self.plain_column(row);
        }
        self.computations();
        self.defaults();
        self.descriptions();
        self.keys();
        self.checks();
        self.foreign_keys();
        self.indexes();
        for row in self.source.rows("heap") {
            self.index_options(row, &Ident::new(&row.name));
        }
        self.triggers();
        const READ: [&str; 11] = [
            "check",
            "column",
            "default",
            "foreignKey",
            "foreignKeyColumn",
            "heap",
            "index",
            "indexColumn",
            "key",
            "property",
            "trigger",
        ];
        for kind in self.source.kinds().filter(|kind| !READ.contains(kind)) {
            for row in self.source.rows(kind) {
                self.unsupported.push(outside::object(self.dialect, row));
            }
        }
    }

    /// The table's name with its schema.
    pub fn full_name(&self) -> String {
        self.dialect.table(&self.table.name)
    }

    /// Notes something about the table, or a member of it, that is beyond the model.
    pub fn refuse(
        &mut self,
        kind: &str,
        member: Option<&Ident>,
        definition: String,
        reason: String,
        removal: Option<String>,
    ) {
        self.unsupported.push(Unsupported {
            kind: kind.to_owned(),
            path: ObjectPath {
                table: self.table.name.clone(),
                member: member.cloned(),
            },
            definition,
            reason,
            removal,
        });
    }

    /// Notes that the server told an object without its text.
    pub fn hide(&mut self, what: &str, name: &str) {
        self.hidden.push(format!(
            "the text of {what} {}.{name} is hidden",
            self.table.name
        ));
    }

    /// The column of this name.
    pub fn column_mut(&mut self, name: &str) -> Option<&mut Column> {
        let columns = &mut self.table.columns;
        columns
            .iter_mut()
            .find(|column| column.name.as_str() == name)
    }

    /// A constraint whose name nobody chose.
    pub fn system_named(&mut self, row: &CatalogObject, name: &Ident) {
        if row.is("systemNamed") {
            self.refuse(
                "constraint name",
                Some(name),
                format!("-- {} was named by the server", bracketed(&row.name)),
                "the server made up the name, so that it is another in every database".to_owned(),
                None,
            );
        }
    }

    /// What of the table itself the model cannot say.
    fn table_options(&mut self) {
        let row = self.source.object;
        let full = self.full_name();
        if let Some(escalation) = row.fact("lockEscalation") {
            let word = if escalation == "1" { "DISABLE" } else { "AUTO" };
            self.refuse(
                "table option",
                None,
                format!("ALTER TABLE {full} SET (LOCK_ESCALATION = {word});"),
                format!("its lock escalation is {word}"),
                Some(format!("ALTER TABLE {full} SET (LOCK_ESCALATION = TABLE);")),
            );
        }
        for (fact, reason) in [
            (
                "temporalType",
                "the table keeps versions of its rows, or is where they are kept",
            ),
            ("memoryOptimized", "the table is memory-optimised"),
            (
                "external",
                "the table's rows are elsewhere (external table)",
            ),
            ("fileTable", "the table shows a folder of files"),
            ("node", "the table holds the nodes of a graph"),
            ("edge", "the table holds the edges of a graph"),
            (
                "ledgerType",
                "the table is a ledger, or keeps the history of one",
            ),
            ("droppedLedger", "the table is a ledger that was dropped"),
        ] {
            if let Some(value) = row.fact(fact) {
                let history = row.fact("historyTable");
                let history = history.map(|table| format!(", history in {table}"));
                let definition =
                    format!("-- {full}: {fact} = {value}{}", history.unwrap_or_default());
                self.refuse("table option", None, definition, reason.to_owned(), None);
            }
        }
    }

    /// Descriptions, and extended properties that are none.
    fn descriptions(&mut self) {
        for row in self.source.rows("property") {
            let value = row.definition.clone().unwrap_or_default();
            let of_part = row.is("index") || row.is("constraintName");
            if row.name == "MS_Description" && !of_part {
                match row.fact("column") {
                    None => self.table.description = Some(value),
                    Some(column) => {
                        if let Some(column) = self.column_mut(column) {
                            column.description = Some(value);
                        }
                    }
                }
                continue;
            }
            let (member, add, drop) = outside::property(self.dialect, row);
            self.refuse(
                "extended property",
                member.as_ref(),
                add,
                format!("{} is no description of a table or column", row.name),
                Some(drop),
            );
        }
    }

    /// The append-only trigger, known by its whole text, and all others.
    fn triggers(&mut self) {
        for row in self.source.rows("trigger") {
            let name = Ident::new(&row.name);
            let Some(text) = row.definition.as_deref() else {
                self.hide("trigger", &row.name);
                self.unsupported.push(outside::object(self.dialect, row));
                continue;
            };
            let expected = trigger::append_only(self.dialect, &self.table.name, &name);
            let plain = [
                "disabled",
                "insteadOf",
                "notForReplication",
                "noAnsiNulls",
                "noQuotedIdentifier",
            ];
            if self.table.append_only.is_none()
                && same_text(text, &expected)
                && !plain.iter().any(|fact| row.is(fact))
            {
                self.table.append_only = Some(name);
            } else {
                self.unsupported.push(outside::object(self.dialect, row));
            }
        }
    }
}

/// Whether a module's text is this one. The server keeps the whole batch as it came: the comment
/// above the statement is part of it, and lines end as they did in the file.
fn same_text(stored: &str, expected: &str) -> bool {
    let plain = |text: &str| {
        let text = text.replace("\r\n", "\n");
        let mut rest = text.trim();
        while rest.starts_with("--") {
            rest = rest
                .split_once('\n')
                .map_or("", |(_, rest)| rest)
                .trim_start();
        }
        rest.trim_end_matches(';').to_owned()
    };
    plain(stored) == plain(expected)
}

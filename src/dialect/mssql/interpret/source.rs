//! The rows of a catalog, by the table that they belong to.

use std::collections::BTreeMap;

use crate::dialect::foreign_tools::is_history_table;
use crate::dialect::mssql::Mssql;
use crate::engine::{Catalog, CatalogObject};

/// Everything of a catalog that counts.
pub(super) struct Sources<'a> {
    /// The row about the database itself.
    pub database: Option<&'a CatalogObject>,
    /// The tables of the configured schema, by name.
    pub tables: BTreeMap<&'a str, Source<'a>>,
    /// What stands beside tables.
    pub others: Vec<&'a CatalogObject>,
}

/// A table and all rows about it.
pub(super) struct Source<'a> {
    /// The row about the table itself.
    pub object: &'a CatalogObject,
    /// The others, by kind.
    rows: BTreeMap<&'a str, Vec<&'a CatalogObject>>,
}

/// What may be asked of a row.
pub(super) trait Facts {
    /// A fact's text; `None` where it is NULL or 0.
    fn fact(&self, name: &str) -> Option<&str>;

    /// A fact's number; 0 where it is NULL.
    fn number(&self, name: &str) -> i64 {
        self.fact(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    }

    /// Whether a fact holds.
    fn is(&self, name: &str) -> bool {
        self.fact(name).is_some()
    }
}

impl Facts for CatalogObject {
    fn fact(&self, name: &str) -> Option<&str> {
        self.facts.get(name).map(String::as_str)
    }
}

impl<'a> Sources<'a> {
    /// The rows of the catalog that belong to the dialect's schema.
    pub fn of(dialect: &Mssql, catalog: &'a Catalog) -> Self {
        let mut sources = Self {
            database: None,
            tables: BTreeMap::new(),
            others: Vec::new(),
        };
        // A database has one schema of a name whatever its case, unless its collation says so.
        let ours = |object: &CatalogObject| {
            object
                .fact("schema")
                .is_none_or(|schema| schema.to_lowercase() == dialect.schema.to_lowercase())
        };
        let objects = || catalog.objects.iter().filter(|object| ours(object));
        for object in objects().filter(|object| object.kind == "table") {
            if !is_left_out(&object.name) {
                let rows = BTreeMap::new();
                sources.tables.insert(&object.name, Source { object, rows });
            }
        }
        for object in objects() {
            let left_out = object.table.as_deref().is_some_and(is_left_out);
            match (object.kind.as_str(), object.table.as_deref()) {
                ("table", _) => {}
                ("database", _) => sources.database = Some(object),
                _ if left_out => {}
                (kind, Some(table)) if sources.tables.contains_key(table) => {
                    let source = sources.tables.get_mut(table).expect("it was found");
                    source.rows.entry(kind).or_default().push(object);
                }
                _ => sources.others.push(object),
            }
        }
        sources
    }

    /// The collation of columns that say nothing else.
    pub fn collation(&self) -> Option<&'a str> {
        self.database
            .and_then(|database| database.fact("collation"))
    }

    /// Whether names are compared without regard to case, as with every collation that does not
    /// say CS or BIN.
    pub fn folds_names(&self) -> bool {
        let collation = self.collation().unwrap_or_default().to_uppercase();
        !(collation.contains("_CS") || collation.contains("_BIN"))
    }

    /// Why not all of the catalog was seen.
    pub fn hidden(&self) -> Vec<String> {
        let Some(database) = self.database else {
            return vec!["the catalog says nothing of the database itself".to_owned()];
        };
        if database.is("viewDefinition") {
            return Vec::new();
        }
        let count = match database.number("hiddenObjects") {
            0 => String::new(),
            1 => ", and one object with rows is hidden".to_owned(),
            n => format!(", and {n} objects with rows are hidden"),
        };
        vec![format!(
            "the principal lacks VIEW DEFINITION on the database{count}"
        )]
    }
}

impl<'a> Source<'a> {
    /// The rows of one kind, in order of name.
    pub fn rows(&self, kind: &str) -> &[&'a CatalogObject] {
        self.rows.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The rows of one kind about this object, in order of `position`.
    pub fn rows_of(&self, kind: &str, name: &str) -> Vec<&'a CatalogObject> {
        let rows = self.rows(kind).iter().copied();
        let mut rows: Vec<_> = rows.filter(|row| row.name == name).collect();
        rows.sort_by_key(|row| row.number("position"));
        rows
    }

    /// The kinds of rows that there are.
    pub fn kinds(&self) -> impl Iterator<Item = &'a str> {
        self.rows.keys().copied()
    }
}

/// Whether a table of this name is dbtool's own or another tool's.
pub(super) fn is_left_out(name: &str) -> bool {
    let own = name.get(.."dbtool".len());
    own.is_some_and(|start| start.eq_ignore_ascii_case("dbtool")) || is_history_table(name)
}

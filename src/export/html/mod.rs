//! A data dictionary as one HTML file that needs nothing else: no script, no font, no network.

use std::fmt::Write as _;

use super::{columns, default, expression, is_optional, is_to_one};
use crate::diff::Change;
use crate::migration::Id;
use crate::model::{Column, ForeignKey, Ident, KeyColumn, Schema, Table};

mod picture;

const STYLE: &str = include_str!("style.css");

/// What the dictionary is about.
pub struct Dictionary<'a> {
    /// What stands above it.
    pub title: &'a str,
    /// The schema.
    pub schema: &'a Schema,
    /// The tenant column of a table whose rows belong to tenants.
    pub tenant: &'a dyn Fn(&Table) -> Option<Ident>,
    /// The migrations with their changes, in order.
    pub migrations: &'a [(Id, Vec<Change>)],
}

impl Dictionary<'_> {
    /// The HTML document. It says at which version it was written and not when, so that the same
    /// schema gives the same bytes.
    pub fn to_html(&self) -> String {
        let mut page = String::new();
        let title = escaped(self.title);
        page.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.push_str(
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"generator\" content=\"dbtool\">\n",
        );
        let _ = write!(page, "<title>{title}</title>\n<style>\n{STYLE}</style>\n");
        page.push_str("</head>\n<body>\n<header>\n");
        let _ = writeln!(page, "<h1>{title}</h1>");
        let _ = writeln!(page, "<p class=\"quiet\">{}</p>", self.summary());
        page.push_str("</header>\n");
        if self.schema.tables.is_empty() {
            page.push_str("<p>The schema has no tables.</p>\n");
        } else {
            self.contents(&mut page);
            page.push_str("<div class=\"picture\">\n");
            page.push_str(&picture::svg(self.schema));
            page.push_str("</div>\n<main>\n");
            for table in self.schema.tables.values() {
                self.table(table, &mut page);
            }
            page.push_str("</main>\n");
        }
        page.push_str("</body>\n</html>\n");
        page
    }

    fn summary(&self) -> String {
        let count = self.schema.tables.len();
        let tables = if count == 1 { "table" } else { "tables" };
        match self.migrations.last() {
            None => format!("{count} {tables}. There are no migrations yet."),
            Some((id, _)) => format!(
                "{count} {tables}, as declared after migration <code>{}</code>.",
                escaped(&id.to_string())
            ),
        }
    }

    fn contents(&self, page: &mut String) {
        page.push_str("<nav aria-label=\"Tables\">\n<ul>\n");
        for table in self.schema.tables.values() {
            let _ = writeln!(page, "<li>{}</li>", link(&table.name));
        }
        page.push_str("</ul>\n</nav>\n");
    }

    fn table(&self, table: &Table, page: &mut String) {
        let name = escaped(table.name.as_str());
        let _ = write!(
            page,
            "<section id=\"{}\">\n<h2>{name}</h2>\n",
            anchor(&table.name)
        );
        if let Some(description) = &table.description {
            let _ = writeln!(page, "<p>{}</p>", escaped(description));
        }
        let tenant = (self.tenant)(table);
        let mut marks = String::new();
        match &tenant {
            Some(column) => {
                let _ = write!(
                    marks,
                    "<span class=\"mark tenant\">kept apart by {}</span>",
                    escaped(column.as_str())
                );
            }
            None => marks.push_str("<span class=\"mark\">of no tenant</span>"),
        }
        if table.append_only.is_some() {
            marks.push_str("<span class=\"mark sealed\">append-only</span>");
        }
        let _ = writeln!(page, "<p>{marks}</p>");
        page.push_str(
            "<table class=\"columns\">\n<thead><tr><th>Column</th><th>Type</th><th>Null</th>\
             <th>Default</th><th>Meaning</th></tr></thead>\n<tbody>\n",
        );
        for column in columns(table) {
            row(table, column, page);
        }
        page.push_str("</tbody>\n</table>\n");
        parts(self.schema, table, page);
        self.history(table, page);
        page.push_str("</section>\n");
    }

    /// What the migrations did to a table, newest first. A table that was renamed has the history
    /// of its former names too.
    fn history(&self, table: &Table, page: &mut String) {
        let mut name = table.name.clone();
        let mut entries = Vec::new();
        for (id, changes) in self.migrations.iter().rev() {
            let mut lines = Vec::new();
            for change in changes.iter().rev() {
                if *change.table() != name {
                    continue;
                }
                lines.push(change.headline());
                if let Change::RenameTable { from, .. } = change {
                    name = from.clone();
                }
            }
            lines.reverse();
            if !lines.is_empty() {
                entries.push((id, lines));
            }
        }
        if entries.is_empty() {
            return;
        }
        page.push_str("<h3>Changes</h3>\n<ul class=\"plain\">\n");
        for (id, lines) in entries {
            let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
            let _ = writeln!(
                page,
                "<li><code>{}</code> {}: {}</li>",
                escaped(id.version.as_str()),
                escaped(&id.name),
                lines.join("; ")
            );
        }
        page.push_str("</ul>\n");
    }
}

fn row(table: &Table, column: &Column, page: &mut String) {
    let is_key = table
        .primary_key()
        .is_some_and(|key| key.columns.iter().any(|key| key.column == column.name));
    let key = if is_key {
        " <span class=\"quiet\" title=\"primary key\">PK</span>"
    } else {
        ""
    };
    let mut meaning = Vec::new();
    meaning.extend(column.description.as_deref().map(escaped));
    for key in table.foreign_keys() {
        if key.columns.len() == 1 && key.columns.contains(&column.name) {
            meaning.push(format!("Refers to {}.", link(&key.references)));
        }
    }
    if let Some(computed) = &column.computed {
        let stored = if computed.persisted { ", stored" } else { "" };
        meaning.push(format!(
            "Computed{stored}: <code>{}</code>",
            escaped(&expression(&computed.expression))
        ));
    }
    if let Some(identity) = column.identity {
        meaning.push(format!(
            "Counted up from {} in steps of {}.",
            identity.seed, identity.increment
        ));
    }
    if let Some(collation) = column.collation.as_ref().and_then(|it| it.mssql.as_deref()) {
        meaning.push(format!("Collation <code>{}</code>.", escaped(collation)));
    }
    let value = column.default.as_ref().map(default).unwrap_or_default();
    let _ = writeln!(
        page,
        "<tr><td class=\"name\"><code>{}</code>{key}</td><td data-label=\"type\"><code>{}</code></td>\
         <td data-label=\"null\">{}</td>{}<td>{}</td></tr>",
        escaped(column.name.as_str()),
        escaped(&column.ty.to_string()),
        if column.nullable { "yes" } else { "no" },
        if value.is_empty() {
            "<td></td>".to_owned()
        } else {
            format!(
                "<td data-label=\"default\"><code>{}</code></td>",
                escaped(&value)
            )
        },
        meaning.join(" ")
    );
}

fn parts(schema: &Schema, table: &Table, page: &mut String) {
    let mut keys = Vec::new();
    if let Some(key) = table.primary_key() {
        let clustered = if key.clustered { "" } else { ", not clustered" };
        keys.push(format!(
            "{} primary key ({}){clustered}",
            code(&key.name),
            listed(&key.columns)
        ));
    }
    for unique in table.uniques() {
        keys.push(format!(
            "{} unique ({})",
            code(&unique.name),
            listed(&unique.columns)
        ));
    }
    section("Keys", keys, page);
    let to = table.foreign_keys().map(|key| {
        format!(
            "{} ({}) refers to {} ({}){}{}",
            code(&key.name),
            named(&key.columns),
            link(&key.references),
            named(&key.referenced_columns),
            actions(key),
            if is_optional(table, key) {
                ", or to nothing"
            } else {
                ""
            },
        )
    });
    section("References", to.collect(), page);
    let from = schema.tables.values().flat_map(|other| {
        let keys = other
            .foreign_keys()
            .filter(|key| key.references == table.name);
        keys.map(move |key| {
            let many = if is_to_one(other, key) {
                "at most one row"
            } else {
                "any number of rows"
            };
            format!(
                "{} by {many} through {}",
                link(&other.name),
                code(&key.name)
            )
        })
    });
    section("Referred to by", from.collect(), page);
    let indexes = table.indexes().map(|index| {
        let mut text = format!(
            "{} {}({})",
            code(&index.name),
            if index.unique { "unique " } else { "" },
            listed(&index.columns)
        );
        if !index.include.is_empty() {
            text.push_str(&format!(", carries {}", named(&index.include)));
        }
        if let Some(filter) = &index.filter {
            text.push_str(&format!(
                ", of rows where <code>{}</code>",
                escaped(&expression(filter))
            ));
        }
        text
    });
    section("Indexes", indexes.collect(), page);
    let checks = table.checks().map(|check| {
        format!(
            "{} <code>{}</code>",
            code(&check.name),
            escaped(&expression(&check.expression))
        )
    });
    section("Checks", checks.collect(), page);
}

fn section(title: &str, lines: Vec<String>, page: &mut String) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(page, "<h3>{title}</h3>\n<ul class=\"plain\">\n");
    for line in lines {
        let _ = writeln!(page, "<li>{line}</li>");
    }
    page.push_str("</ul>\n");
}

fn actions(key: &ForeignKey) -> String {
    let mut text = String::new();
    for (event, action) in [("delete", key.on_delete), ("update", key.on_update)] {
        if !action.is_none() {
            text.push_str(&format!(", on {event} {}", action.sql().to_lowercase()));
        }
    }
    text
}

fn code(name: &Ident) -> String {
    format!("<code>{}</code>", escaped(name.as_str()))
}

fn link(table: &Ident) -> String {
    format!(
        "<a href=\"#{}\">{}</a>",
        anchor(table),
        escaped(table.as_str())
    )
}

fn listed(columns: &[KeyColumn]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|key| escaped(&key.to_string()))
        .collect();
    columns.join(", ")
}

fn named(columns: &[Ident]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| escaped(column.as_str()))
        .collect();
    columns.join(", ")
}

/// A name as the target of a link: anything but letters and digits by its number, so that two names
/// never meet.
fn anchor(name: &Ident) -> String {
    let mut anchor = String::from("t-");
    for letter in name.as_str().chars() {
        if letter.is_ascii_alphanumeric() {
            anchor.push(letter);
        } else {
            anchor.push_str(&format!("_{:x}_", letter as u32));
        }
    }
    anchor
}

/// Text as HTML shows it, in elements and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in crate::report::text::block(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

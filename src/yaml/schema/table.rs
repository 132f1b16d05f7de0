//! The file of one entity.

use crate::diag::{Diagnostic, Phase, Span};
use crate::model::{Ident, ObjectPath, Table};
use crate::yaml::text::quote;
use crate::yaml::{Fields, Findings, Node, Spanned, convention, read};

use super::{column, draft, part};

/// The longest description in UTF-16 units: an extended property of SQL Server holds 7,500 bytes.
const LONGEST_DESCRIPTION: usize = 3750;

/// Reads an entity. `None`, with a finding, when it has no name.
pub(super) fn read(node: &Node, findings: &Findings) -> Option<draft::Table> {
    let before = findings.count();
    let mut fields = Fields::open(node, "a table", findings)?;
    let name = fields.required("table", read::filled_text)?;
    let place = name.span;
    let name = Ident::new(name.value);
    let path = ObjectPath::table(&name);

    let description = description(&mut fields);
    let renamed_from = renamed_from(&mut fields, &name, "table");
    let append_only = fields.optional("appendOnly", read::boolean);
    let (columns, places) = fields
        .required("columns", |node, findings| {
            column::read_all(node, &name, findings)
        })
        .unwrap_or_default();

    let mut draft = draft::Table {
        table: Table {
            append_only: append_only
                .as_ref()
                .filter(|flag| flag.value)
                .map(|_| convention::append_only(&name)),
            name,
            description,
            columns: columns.iter().map(|read| read.column.clone()).collect(),
            parts: Vec::new(),
        },
        place,
        columns: places,
        parts: Vec::new(),
        keys_incomplete: false,
        renamed_from,
        append_only: append_only.map(|flag| flag.span),
    };
    part::read_all(&mut fields, &columns, &mut draft, findings);
    fields.finish();
    findings.locate(before, &path);
    Some(draft)
}

/// `description`, of a length that every engine keeps.
pub(super) fn description(fields: &mut Fields<'_>) -> Option<String> {
    fields.optional("description", |node, findings| {
        let text = read::filled_text(node, findings)?;
        let value = text.value.trim().to_owned();
        if convention::units(&value) > LONGEST_DESCRIPTION {
            findings.add_with_help(
                "schema/description",
                node.head(),
                format!("the description has more than {LONGEST_DESCRIPTION} characters"),
                "shorten it",
            );
            return None;
        }
        Some(value)
    })
}

/// `renamedFrom`, which cannot name the object itself.
pub(super) fn renamed_from(
    fields: &mut Fields<'_>,
    name: &Ident,
    noun: &str,
) -> Option<Spanned<Ident>> {
    fields.optional("renamedFrom", |node, findings| {
        let from = read::filled_text(node, findings)?.map(Ident::new);
        if from.value == *name {
            findings.push(itself(noun, name, from.span));
            return None;
        }
        Some(from)
    })
}

fn itself(noun: &str, name: &Ident, span: Span) -> Diagnostic {
    Diagnostic::error(
        Phase::Schema,
        "schema/renamed-from-itself",
        format!(
            "the {noun} {} is said to be renamed from itself",
            quote(name.as_str())
        ),
    )
    .spanned(span)
    .help("write the name that it had before, or remove `renamedFrom`")
}

//! Tenancy: the tenant's column leads every key, so that no statement and no index crosses tenants.

use super::ByName;
use crate::diag::{Diagnostic, Phase, Span};
use crate::model::{ForeignKey, KeyColumn, ObjectPath, Part, Type};
use crate::yaml::Findings;
use crate::yaml::schema::{TenantRule, draft};
use crate::yaml::text::{nearest, quote};

pub(super) fn check(tables: &ByName<'_>, rule: &TenantRule, findings: &Findings) {
    // A table whose columns could not be read says nothing about tenants.
    let scoped = |table: &&draft::Table| {
        !rule.exempt.contains_key(table.name()) && !table.columns.is_empty()
    };
    for table in tables.values().copied().filter(scoped) {
        let before = findings.count();
        if column(table, rule, findings) {
            for draft in &table.parts {
                let columns = match &draft.part {
                    Part::PrimaryKey(key) => &key.columns,
                    Part::Unique(unique) => &unique.columns,
                    Part::Index(index) => &index.columns,
                    Part::ForeignKey(key) => {
                        foreign_key(tables, rule, key, &draft.place, findings);
                        continue;
                    }
                    Part::Check(_) => continue,
                };
                let place = draft.columns.first().unwrap_or(&draft.place);
                leads(columns, rule, &draft.part, place, findings);
            }
        }
        findings.locate(before, &ObjectPath::table(table.name()));
    }
    for (name, place) in &rule.exempt {
        if !tables.contains_key(name) {
            let near = nearest(name.as_str(), tables.keys().map(|name| name.as_str()));
            findings.push(
                Diagnostic::error(
                    Phase::Schema,
                    "config/unknown-table",
                    format!(
                        "{} is exempt from tenancy, but no such table is declared",
                        quote(name.as_str())
                    ),
                )
                .spanned(place.clone())
                .help(match near {
                    Some(near) => format!("did you mean {}?", quote(near)),
                    None => "remove it from `exempt`".into(),
                }),
            );
        }
    }
}

/// Whether the table has the tenant's column; what is wrong with it is a finding.
fn column(table: &draft::Table, rule: &TenantRule, findings: &Findings) -> bool {
    let wanted = quote(rule.column.as_str());
    let Some((column, places)) = table.column(&rule.column) else {
        findings.add_with_help(
            "schema/tenant",
            table.place.clone(),
            format!(
                "the table {} has no column {wanted}, so its rows belong to no tenant",
                quote(table.name().as_str())
            ),
            format!(
                "add `{}: {{ type: key(64) }}`, or list the table under `tenant.exempt` in \
                 dbtool.yaml",
                rule.column
            ),
        );
        return false;
    };
    if places.typed && !matches!(column.ty, Type::Key(_)) {
        findings.add_with_help(
            "schema/tenant",
            places.ty.clone(),
            format!(
                "{wanted} is of type {}, in whose comparison one tenant could match another",
                column.ty
            ),
            "make it a key, which is compared byte by byte: key(64)",
        );
    }
    if column.nullable {
        findings.add_with_help(
            "schema/tenant",
            places
                .nullable
                .clone()
                .unwrap_or_else(|| places.name.clone()),
            format!("{wanted} can be NULL, so a row could belong to no tenant"),
            "remove `nullable: true`",
        );
    }
    true
}

fn leads(columns: &[KeyColumn], rule: &TenantRule, part: &Part, place: &Span, findings: &Findings) {
    if columns.first().is_none_or(|key| key.column == rule.column) {
        return;
    }
    findings.add_with_help(
        "schema/tenant",
        place.clone(),
        format!(
            "the {} {} does not begin with {}, so it reaches across tenants",
            part.kind().noun(),
            quote(part.name().as_str()),
            quote(rule.column.as_str())
        ),
        format!("put {} first", quote(rule.column.as_str())),
    );
}

fn foreign_key(
    tables: &ByName<'_>,
    rule: &TenantRule,
    key: &ForeignKey,
    place: &Span,
    findings: &Findings,
) {
    let target_has_tenants = tables.get(&key.references).is_some_and(|table| {
        !rule.exempt.contains_key(table.name()) && table.column(&rule.column).is_some()
    });
    let paired = key
        .columns
        .iter()
        .zip(&key.referenced_columns)
        .any(|(near, far)| *near == rule.column && *far == rule.column);
    if target_has_tenants && !paired {
        findings.add_with_help(
            "schema/tenant",
            place.clone(),
            format!(
                "the foreign key {} does not tie {} to that of {}, so a row could refer to \
                 another tenant's",
                quote(key.name.as_str()),
                quote(rule.column.as_str()),
                quote(key.references.as_str())
            ),
            format!(
                "put {} into the columns of both sides",
                quote(rule.column.as_str())
            ),
        );
    }
}

//! Rules over tables that were read: one file a concern.

use std::collections::BTreeMap;

use super::{Rules, draft};
use crate::model::Ident;
use crate::yaml::Findings;

mod columns;
mod foreign_keys;
mod keys;
mod names;
mod renames;
mod tenant;

/// The tables by name.
type ByName<'a> = BTreeMap<&'a Ident, &'a draft::Table>;

/// Checks everything that can be judged from the declaration alone.
pub(super) fn check(tables: &[draft::Table], rules: &Rules, findings: &Findings) {
    names::check(tables, rules, findings);
    for table in tables {
        columns::check(table, rules, findings);
        keys::check(table, rules, findings);
    }
    let by_name: ByName<'_> = tables.iter().map(|table| (table.name(), table)).collect();
    foreign_keys::check(&by_name, findings);
    renames::check(tables, findings);
    if let Some(tenant) = &rules.tenant {
        tenant::check(&by_name, tenant, findings);
    }
}

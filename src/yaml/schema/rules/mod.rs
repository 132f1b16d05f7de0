//! Rules over tables that were read: one file a concern.

use super::{Rules, draft};
use crate::yaml::Findings;

mod columns;
mod foreign_keys;
mod keys;
mod names;
mod renames;
mod tenant;

/// Checks everything that can be judged from the declaration alone.
pub(super) fn check(tables: &[draft::Table], rules: &Rules, findings: &Findings) {
    names::check(tables, rules, findings);
    for table in tables {
        columns::check(table, rules, findings);
        keys::check(table, findings);
    }
    foreign_keys::check(tables, findings);
    renames::check(tables, findings);
    if let Some(tenant) = &rules.tenant {
        tenant::check(tables, tenant, findings);
    }
}

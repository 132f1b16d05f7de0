//! Stories: promises about persistence, and the scenarios that prove them on a real database.
//!
//! Owns the language of story files ([`format`](mod@format)), its loader with spans ([`mod@load`]), the
//! runner of the phase `persistence` ([`mod@run`]) and its result ([`report`]), and the proof that stories
//! can fail ([`mutation`]). What happens before (a
//! throwaway database, all migrations, no drift) belongs to whoever implements [`World`]; how the
//! result is shown belongs to `crate::report`.
//!
//! # Isolation
//! Each scenario works in tenants of its own: the tenant `acme` of a story file becomes
//! `acme-<token>`, where the token is derived from the run's seed, the story and the scenario.
//! Every statement on a tenant-scoped table carries the predicate `tenantId = @P1` (or the value,
//! in an insert), bound by the runner and never by the author, so that scenarios can share one
//! database, run in any order, and never meet each other's rows. Scenarios that change the
//! database itself (`alter`) run on a fresh one.
//!
//! # Growth
//! The format only grows: a story that loads today means the same tomorrow. So every unknown key
//! and step is refused, a step is a map of one key, and each step's content is a map that can take
//! further keys.

pub mod clock;
pub mod editor;
pub mod format;
pub mod generate;
pub mod load;
pub mod mutation;
pub mod report;
pub mod run;
pub mod statement;
pub mod value;

pub use format::{ProvenBy, Scenario, Step, Story};
pub use load::{Loaded, load};
pub use report::{Counts, CriterionStatus, ScenarioStatus, StoryReport};
pub use run::{Ground, RunOptions, World, run};

use std::collections::BTreeSet;

use crate::model::{Ident, Table};
use crate::yaml::schema::TenantRule;

/// Which tables belong to a tenant, and by which column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tenancy {
    /// The column that holds the tenant; `None` when the schema knows no tenants.
    pub column: Option<Ident>,
    /// Tables that no tenant owns although they have the column.
    pub exempt: BTreeSet<Ident>,
}

/// What the configuration says about tenants.
impl From<Option<&TenantRule>> for Tenancy {
    fn from(rule: Option<&TenantRule>) -> Self {
        rule.map_or_else(Self::default, |rule| Self {
            column: Some(rule.column.clone()),
            exempt: rule.exempt.keys().cloned().collect(),
        })
    }
}

impl Tenancy {
    /// The tenant column of a table, when its rows belong to tenants.
    pub fn column_of(&self, table: &Table) -> Option<&Ident> {
        self.column
            .as_ref()
            .filter(|column| table.column(column).is_some() && !self.exempt.contains(&table.name))
    }
}

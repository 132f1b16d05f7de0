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

pub mod against;
pub mod agree;
pub mod apart;
pub mod clock;
pub mod editor;
pub mod format;
pub mod generate;
pub mod isolation;
pub mod load;
pub mod mutation;
pub mod placeholder;
pub mod report;
pub mod run;
pub mod statement;
pub mod value;

pub use format::{ProvenBy, Scenario, Step, Story};
pub use load::{Loaded, load};
pub use report::{Counts, CriterionStatus, ScenarioStatus, StoryReport};
pub use run::{Ground, RunOptions, World, run};

pub use crate::tenant::Tenancy;

//! dbtool takes a declarative YAML schema to a verified database.
//!
//! ```text
//!  schema/*.yaml        migrations/*/changes.yaml      live catalog
//!     | yaml (spans)         | fold                       | Session::catalog
//!     v                      v                            v
//!  model::Schema       model::Schema                engine::Catalog
//!     |  Dialect::lower      |  Dialect::lower            |  Dialect::interpret
//!     +----------+-----------+-----------+----------------+
//!                | diff -> Vec<Change>   +--> drift findings
//!                | plan (order, hazards)
//!             Vec<Step> -> Dialect::render -> Vec<Batch> -> migrations/<version>/{mssql,sqlite}.sql
//!                                                | lock, verify, transaction
//!                                             executor -> Session -> history
//!  fixtures/stories -> story -> Session -> report
//!  every layer -> Diagnostic -> report::{human,json,junit,sarif,github,markdown}
//! ```
//!
//! One way, left to right and top to bottom. [`model`], [`diff`], [`plan`] and [`dialect`] take
//! values and return values; IO stays at the edge. Only [`engine`] knows drivers, and only
//! [`commands`] and `main` know the terminal. [`registry`] is the one place that names every engine.
//!
//! | module | owns |
//! |---|---|
//! | [`model`] | tables, columns, types, parts, and the portable expression language |
//! | [`yaml`] | reading schema, settings and stories with the place of everything |
//! | [`diff`], [`plan`] | what differs, in which order it goes, and what it means for what runs |
//! | [`dialect`] | each engine's language: lower, interpret, render, split |
//! | [`migration`], [`generate`], [`rebase`] | the migrations folder, its checksums and fold; new migrations, and those that come later |
//! | [`executor`], [`history`] | applying once, and the record of it |
//! | [`compare`] | any two schemas against each other |
//! | [`introspect`] | a database that is there to the files that declare it |
//! | [`repair`] | settling by hand what no run can settle by itself |
//! | [`drift`] | whether the live catalog is what it should be |
//! | [`story`], [`scratch`] | persistence promises, and the throwaway databases that prove them |
//! | [`export`] | the schema in forms that other tools and people read |
//! | [`tenant`] | the guard in front of SQL: no statement reaches another tenant's rows |
//! | [`engine`] | sessions: the only code that knows drivers |
//! | [`secret`], [`settings`], [`doctor`], [`provision`] | the way to a database, and what is in it |
//! | [`diag`], [`report`], [`printer`], [`exit`], [`failure`], [`interrupt`], [`panics`] | what a run says, and how it ends |

pub mod cli;
pub mod commands;
pub mod compare;
pub mod diag;
pub mod dialect;
pub mod diff;
pub mod doctor;
pub mod drift;
pub mod engine;
pub mod executor;
pub mod exit;
pub mod export;
pub mod failure;
pub mod generate;
pub mod history;
pub mod interrupt;
pub mod introspect;
pub mod lint;
pub mod migration;
pub mod model;
pub mod panics;
pub mod plan;
pub mod printer;
pub mod provision;
pub mod rebase;
pub mod registry;
pub mod repair;
pub mod report;
pub mod scratch;
pub mod secret;
pub mod settings;
pub mod story;
pub mod tenant;
pub mod yaml;

#[cfg(test)]
extern crate self as dbtool;
#[cfg(test)]
#[expect(
    dead_code,
    reason = "each binary of tests uses its own part of the strategies"
)]
mod testing;

//! Reading the files that people write: the schema, the configuration and the stories.
//!
//! Owns everything between the text of a YAML file and plain values with the place of each: the
//! tree with spans ([`node`]), its parser ([`mod@parse`]), the reader that collects findings ([`read`]),
//! and on top of them the schema ([`schema`]) and the configuration ([`config`]); and the way back,
//! from a table to its file ([`mod@write`]). Only [`files`] touches the disk. What the values mean
//! to a database belongs to `model` and `dialect`.
//!
//! All findings of a run are reported together: readers go on after a finding as far as they can.
//! This is how a file becomes a value:
//!
//! ```
//! use std::sync::Arc;
//!
//! use dbtool::diag::{Phase, Source};
//! use dbtool::yaml::read::{self, Fields, Findings};
//!
//! #[derive(Debug, Clone, Copy, PartialEq)]
//! enum Engine {
//!     Mssql,
//!     Sqlite,
//! }
//!
//! #[derive(Debug, PartialEq)]
//! struct Environment {
//!     target: Engine,
//!     database: Option<String>,
//!     retries: u8,
//! }
//!
//! const ENGINES: &[(&str, Engine)] = &[("mssql", Engine::Mssql), ("sqlite", Engine::Sqlite)];
//!
//! fn environment(source: &Arc<Source>, findings: &Findings) -> Option<Environment> {
//!     let root = dbtool::yaml::parse_into(source, findings)?;
//!     let mut fields = Fields::open(&root, "an environment", findings)?;
//!     let target = fields.required("target", |node, findings| read::one_of(node, ENGINES, findings));
//!     let database = fields.optional("database", read::text);
//!     let retries = fields.optional("retries", read::integer::<u8>);
//!     fields.finish(); // reports the keys that nobody asked for
//!     Some(Environment {
//!         target: target?.value,
//!         database: database.map(|text| text.value),
//!         retries: retries.map_or(3, |number| number.value),
//!     })
//! }
//!
//! let source = Arc::new(Source {
//!     name: "local.yaml".into(),
//!     text: "target: sqlit\ndatabse: x.db\nretries: 300\n".into(),
//! });
//! let findings = Findings::new(Phase::Schema);
//! assert_eq!(environment(&source, &findings), None);
//! let messages: Vec<_> = findings.into_list().into_iter().map(|found| found.message).collect();
//! assert_eq!(
//!     messages,
//!     [
//!         "`target` is `sqlit`, which is none of mssql, sqlite",
//!         "`retries` is 300, which is not a whole number from 0 to 255",
//!         "an environment has no key `databse`",
//!     ]
//! );
//! ```

pub mod config;
pub mod convention;
pub mod files;
pub mod json_schema;
pub mod node;
pub mod parse;
pub mod read;
pub mod schema;
pub mod text;
pub mod write;

#[cfg(test)]
mod tests;

pub use node::{Key, Kind, Node};
pub use parse::{parse, parse_into};
pub use read::{Fields, Findings, Spanned};

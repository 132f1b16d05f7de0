//! Scripts of T-SQL as statements with exact places.
//!
//! Owns tokens, the grammar as far as migrations use it, and what types cost. It judges nothing:
//! that is for the [rules](super::rules). What it cannot read it says.

pub mod cursor;
mod index;
pub mod read;
pub mod statement;
mod table;
pub mod token;
pub mod types;

pub use read::{Batch, read};

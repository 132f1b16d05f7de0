//! The model of a database schema: pure values, without IO and without an engine.
//!
//! Owns what a schema *is*: tables, columns, types, defaults, keys, checks, foreign keys, indexes
//! and the portable expression language. Leaves to others how a schema is read (`yaml`,
//! `dialect`), compared (`diff`), ordered (`plan`) and written (`dialect`).
//!
//! The same values serve three purposes: the schema that people declare, the fold of all
//! migrations, and the *engine form* of either, in which a dialect has replaced every portable
//! construct by what its engine stores (see [`crate::dialect::Dialect::lower`]).

pub mod column;
pub mod expression;
pub mod ident;
pub mod part;
pub mod path;
pub mod table;
pub mod types;

pub use column::{Column, Computed, Default, DefaultValue, Identity};
pub use expression::{Expr, Expression, Literal};
pub use ident::Ident;
pub use part::{
    Check, ForeignKey, Index, KeyColumn, Part, PartKind, PrimaryKey, ReferentialAction, Unique,
};
pub use path::ObjectPath;
pub use table::{Schema, Table};
pub use types::{Native, Type};

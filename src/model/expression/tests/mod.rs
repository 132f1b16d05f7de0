//! The laws of the expression language, and its examples as data.

mod canonical;
mod evaluate;
mod generate;
mod implies;
mod parse;

//! The `dbtool` command.

fn main() {}

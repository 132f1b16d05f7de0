//! What goes over the line: one JSON document each.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Way;
use crate::engine::{Catalog, EngineError, Rows, Server, Value};

#[derive(Serialize, Deserialize)]
pub(super) enum Request {
    Open(Way),
    Catalog,
    Execute(String),
    ExecuteWith(String, Vec<Value>),
    Query(String, Vec<Value>),
    Begin,
    Commit,
    Rollback,
    Now,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Answer {
    Opened(Server),
    Catalog(Catalog),
    Changed(u64),
    Rows(Rows),
    Now(String),
    Done,
}

pub(super) type Answered = Result<Answer, EngineError>;

pub(super) fn write_line(output: &mut impl Write, document: &impl Serialize) -> io::Result<()> {
    let mut line = Zeroizing::new(serde_json::to_vec(document)?);
    line.push(b'\n');
    output.write_all(&line)?;
    output.flush()
}

pub(super) fn read_line<T: for<'de> Deserialize<'de>>(
    input: &mut impl BufRead,
) -> io::Result<Option<T>> {
    let mut line = Zeroizing::new(Vec::new());
    if input.by_ref().read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

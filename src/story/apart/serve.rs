//! The end that is killed.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use super::garbled;
use super::line::{Answer, Answered, Request, read_line, write_line};
use crate::engine::{Session, TransactionOptions};

/// Serves a session on standard input and output until the input ends, or the process is killed.
pub fn serve() -> ExitCode {
    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    match serve_on(&mut input, &mut output) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever asked is gone, or never was one who knows how to ask.
        Err(_) => ExitCode::FAILURE,
    }
}

pub(super) fn serve_on(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<()> {
    let Some(Request::Open(way)) = read_line(input)? else {
        return Err(io::Error::other("the first request opens the session"));
    };
    let mut session = match way.open() {
        Ok(session) => {
            write_line(
                output,
                &Answered::Ok(Answer::Opened(session.server().clone())),
            )?;
            session
        }
        Err(error) => return write_line(output, &Answered::Err(error)),
    };
    while let Some(request) = read_line(input)? {
        write_line(output, &answer(session.as_mut(), request))?;
    }
    Ok(())
}

fn answer(session: &mut dyn Session, request: Request) -> Answered {
    Ok(match request {
        Request::Open(_) => return Err(garbled()),
        Request::Catalog => Answer::Catalog(session.catalog()?),
        Request::Execute(sql) => Answer::Changed(session.execute(&sql)?),
        Request::ExecuteWith(sql, parameters) => {
            Answer::Changed(session.execute_with(&sql, &parameters)?)
        }
        Request::Query(sql, parameters) => Answer::Rows(session.query(&sql, &parameters)?),
        Request::Now => Answer::Now(session.now()?),
        Request::Begin => {
            session.begin(TransactionOptions::default())?;
            Answer::Done
        }
        Request::Commit => {
            session.commit()?;
            Answer::Done
        }
        Request::Rollback => {
            session.rollback()?;
            Answer::Done
        }
    })
}

//! The responder of the session's own tests, here for the real binary.

#[expect(dead_code, reason = "the session's own tests use the rest of it")]
#[path = "../../src/engine/mssql/tests/responder.rs"]
pub mod responder;
#[path = "../../src/engine/mssql/tests/wire.rs"]
mod wire;

use responder::{Event, Reply, Responder, Token};

/// A server of Azure SQL with an empty database that anybody may enter and nobody needs rights in.
pub fn server() -> Responder {
    Responder::start_with_tls(answer)
}

/// What [`server`] answers.
pub fn answer(event: &Event) -> Reply {
    let sql = event.sql();
    if matches!(event, Event::Login(_)) {
        Reply::Tokens(vec![Token::LoginAck, Token::Done(0)])
    } else if sql.contains("AS engineEdition") {
        row(
            &["#edition", "version", "text", "database", "login"],
            &["#5", "12.0.2000.8", "Microsoft SQL Azure", "app", "deploy"],
        )
    } else if sql.contains("SYSUTCDATETIME()") {
        row(&["now"], &[&now()])
    } else if sql.contains("HAS_PERMS_BY_NAME") {
        // One column for each that is asked for, of which the last one is not held; then the user.
        let asked = sql.matches("HAS_PERMS_BY_NAME").count();
        let mut columns = vec!["#held"; asked];
        let mut values = vec!["#1"; asked];
        values[asked - 1] = "#0";
        columns.push("user");
        values.push("deployer");
        row(&columns, &values)
    } else if sql.contains("DATABASEPROPERTYEX") {
        let columns = vec!["name", "value", "remark"];
        let settings = [
            ("collation", "SQL_Latin1_General_CP1_CI_AS"),
            ("compatibility level", "160"),
            ("isolation", "readers do not wait for writers"),
        ];
        let mut tokens = vec![Token::Columns(columns)];
        for (name, value) in settings {
            tokens.push(Token::Row(vec![
                Some(name.to_owned()),
                Some(value.to_owned()),
                None,
            ]));
        }
        tokens.push(Token::Done(3));
        Reply::Tokens(tokens)
    } else if sql.contains("OBJECT_ID") {
        row(&["#count"], &["#0"])
    } else if sql.contains("applock") {
        row(&["#result"], &["#0"])
    } else if matches!(event, Event::Rpc(..)) {
        Reply::Tokens(vec![
            Token::DoneInProc(0),
            Token::ReturnStatus,
            Token::DoneProc,
        ])
    } else {
        Reply::Tokens(vec![Token::Done(0)])
    }
}

fn row(columns: &[&'static str], values: &[&str]) -> Reply {
    let values = values.iter().map(|it| Some((*it).to_owned())).collect();
    Reply::Tokens(vec![
        Token::Columns(columns.to_vec()),
        Token::Row(values),
        Token::Done(1),
    ])
}

/// The time by the clock of SQLite, which is this machine's.
fn now() -> String {
    let connection = rusqlite::Connection::open_in_memory().expect("a database");
    connection
        .query_row("SELECT strftime('%Y-%m-%dT%H:%M:%fZ')", [], |row| {
            row.get(0)
        })
        .expect("the time")
}

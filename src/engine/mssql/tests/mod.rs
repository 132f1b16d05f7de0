//! Sessions over the wire, against a server that answers as each test wants it to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::{Particulars, Violation, ViolationKind};
use crate::secret::Secret;
use responder::{Event, Reply, Responder, Token, failure};

mod migration;
mod renewal;
mod responder;
mod throwaway;
mod wire;

fn rows(columns: &[&'static str], rows: &[&[Option<&str>]]) -> Reply {
    let mut tokens = vec![Token::Columns(columns.to_vec())];
    for row in rows {
        let row = row.iter().map(|value| value.map(str::to_owned));
        tokens.push(Token::Row(row.collect()));
    }
    tokens.push(Token::Done(rows.len() as u64));
    Reply::Tokens(tokens)
}

/// What any server would answer to what every session asks.
fn usual(event: &Event) -> Reply {
    let sql = event.sql();
    if matches!(event, Event::Login(_)) {
        Reply::Tokens(vec![Token::LoginAck, Token::Done(0)])
    } else if sql.contains("EngineEdition") {
        let names = ["#engineEdition", "version", "text", "database", "login"];
        let row = ["#5", "12.0.2000.8", "Microsoft SQL Azure", "main", "deploy"];
        rows(&names, &[&row.map(Some)])
    } else if sql.contains("XACT_STATE") {
        rows(
            &["#depth", "#state", "mode"],
            &[&[Some("#1"), Some("#1"), Some("Exclusive")]],
        )
    } else if sql.contains("BEGIN TRANSACTION") {
        Reply::Tokens(vec![Token::Begun, Token::Done(0)])
    } else if sql.contains("COMMIT") {
        Reply::Tokens(vec![Token::Committed, Token::Done(0)])
    } else if sql.contains("ROLLBACK") {
        Reply::Tokens(vec![Token::RolledBack, Token::Done(0)])
    } else if sql.contains("applock") {
        rows(&["#result"], &[&[Some("#0")]])
    } else if matches!(event, Event::Rpc(..)) {
        Reply::Tokens(vec![
            Token::DoneInProc(1),
            Token::ReturnStatus,
            Token::DoneProc,
        ])
    } else {
        Reply::Tokens(vec![Token::Done(0)])
    }
}

fn plain(server: &Responder) -> String {
    format!(
        "Server=localhost,{};Database=main;User Id=deploy;Password=hunter2;\
         Encrypt=DANGER_PLAINTEXT",
        server.port
    )
}

/// Options with quick retries, and what was noticed.
fn options() -> (SessionOptions, Arc<Mutex<Vec<String>>>) {
    let noticed = Arc::<Mutex<Vec<String>>>::default();
    let notices = Arc::clone(&noticed);
    let options = SessionOptions {
        connect_timeout: Duration::from_secs(20),
        first_delay: Duration::from_millis(10),
        interrupt: Interrupt::Never,
        observe: Arc::new(move |notice| notices.lock().unwrap().push(notice.to_string())),
        ..SessionOptions::default()
    };
    (options, noticed)
}

struct OneToken;

impl TokenSource for OneToken {
    fn token(&self, identity: &Identity) -> Result<Secret, EngineError> {
        match identity {
            Identity::Managed {
                client_id: Some(id),
            } => Ok(Secret::new(format!("token-of-{id}"))),
            other => panic!("{other:?}"),
        }
    }
}

fn connect_with(text: &str, options: SessionOptions) -> Result<MssqlSession, EngineError> {
    let literal = Literal::read(text).expect("it is a connection string");
    MssqlSession::open(&literal, Arc::new(OneToken), options)
}

fn connect(server: &Responder) -> MssqlSession {
    connect_with(&plain(server), options().0).expect("the server lets us in")
}

fn refused(text: &str) -> EngineError {
    match connect_with(text, options().0) {
        Ok(_) => panic!("connected with {text}"),
        Err(error) => error,
    }
}

fn told(error: &EngineError) -> &Particulars {
    error.particulars.as_deref().expect("a server told it")
}

fn batches(server: &Responder) -> Vec<String> {
    let heard = server.heard();
    heard.iter().map(|event| event.sql().to_owned()).collect()
}

#[test]
fn a_session_makes_its_settings_and_knows_where_it_is() {
    let server = Responder::start(usual);
    let (mut options, _) = options();
    options.lock_timeout = Some(Duration::from_secs(3));
    options.low_deadlock_priority = true;
    let session = connect_with(&plain(&server), options).expect("the server lets us in");
    assert_eq!(session.server().product, "Azure SQL Database 12.0.2000.8");
    assert_eq!(
        session.server().database,
        format!("localhost,{}/main", server.port)
    );
    assert_eq!(session.server().user, "deploy");
    assert_eq!(session.product(), Some(Product::AzureSqlDatabase));
    let heard = server.heard();
    assert!(matches!(&heard[0], Event::Login(login)
        if login.user == "deploy" && login.password == "hunter2" && login.database == "main"
            && login.application == "dbtool" && !login.encrypted));
    let settings = heard[1].sql();
    for setting in [
        "ANSI_NULLS",
        "ANSI_PADDING",
        "ANSI_WARNINGS",
        "ARITHABORT",
        "CONCAT_NULL_YIELDS_NULL",
        "QUOTED_IDENTIFIER ON",
        "NUMERIC_ROUNDABORT OFF",
        "XACT_ABORT ON",
        "LOCK_TIMEOUT 3000",
        "DEADLOCK_PRIORITY LOW",
    ] {
        assert!(settings.contains(setting), "{setting} in {settings}");
    }
}

#[test]
fn encryption_is_required_and_the_certificate_verified() {
    let server = Responder::start_with_tls(usual);
    let login = format!("Server=localhost,{};User Id=u;Password=p", server.port);

    let error = refused(&login);
    assert_eq!(error.kind, ErrorKind::Connection);
    assert!(error.message.contains("encrypted"), "{}", error.message);
    assert!(server.logins().is_empty(), "no password was sent");

    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, server.certificate.as_deref().expect("it has one")).expect("writable");
    for trust in [
        "TrustServerCertificate=true".to_owned(),
        format!("TrustServerCertificateCA={}", file.display()),
    ] {
        let session = connect_with(&format!("{login};{trust}"), options().0);
        let session = session.unwrap_or_else(|error| panic!("{trust}: {error}"));
        assert_eq!(session.server().user, "deploy");
    }
    assert!(server.logins().iter().all(|login| login.encrypted));
    assert_eq!(server.logins().len(), 2);
}

#[test]
fn a_server_without_encryption_never_gets_the_password() {
    let server = Responder::start(usual);
    refused(&format!(
        "Server=localhost,{};User Id=u;Password=p",
        server.port
    ));
    assert!(server.logins().is_empty());
}

/// With `Encrypt=Strict` TLS comes before the first word of TDS, and the certificate always counts.
#[test]
fn strict_encryption_begins_with_tls_and_verifies_the_certificate() {
    let server = Responder::start_strict(usual);
    let login = format!(
        "Server=localhost,{};User Id=u;Password=p;Encrypt=Strict",
        server.port
    );
    let error = refused(&login);
    assert_eq!(error.kind, ErrorKind::Connection);
    assert!(error.message.contains("encrypted"), "{}", error.message);
    assert!(server.logins().is_empty(), "no password was sent");

    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, server.certificate.as_deref().expect("it has one")).expect("writable");
    let trusting = format!("{login};TrustServerCertificateCA={}", file.display());
    let mut session = connect_with(&trusting, options().0).expect("the server lets us in");
    session.execute("fine").expect("it runs");
    assert!(server.logins().iter().all(|login| login.encrypted));
    assert_eq!(server.protocols(), ["tds/8.0"]);

    // A server of before speaks TDS first, and is no match for it.
    let old = Responder::start_with_tls(usual);
    let (mut impatient, _) = options();
    impatient.connect_timeout = Duration::from_secs(2);
    let text = format!(
        "Server=localhost,{};User Id=u;Password=p;Encrypt=Strict",
        old.port
    );
    assert!(connect_with(&text, impatient).is_err());
    assert!(old.logins().is_empty());
}

/// The SQL Server Browser, which tells the ports of named instances over UDP.
#[test]
fn the_port_of_a_named_instance_is_asked_for() {
    let server = Responder::start(usual);
    // Its port is fixed, so that another run of these tests may have it for a moment.
    let begun = Instant::now();
    let browser = loop {
        match std::net::UdpSocket::bind(("127.0.0.1", 1434)) {
            Ok(socket) => break socket,
            Err(error) if begun.elapsed() > Duration::from_secs(60) => panic!("{error}"),
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    };
    let port = server.port;
    let asked = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for _ in 0..2 {
            let mut question = [0; 64];
            let (length, client) = browser.recv_from(&mut question).expect("a question");
            let name = String::from_utf8_lossy(&question[1..length]).into_owned();
            if name == "sales" {
                let text = format!(
                    "ServerName;DB;InstanceName;SALES;IsClustered;No;Version;16.0.1000.6;tcp;{port};;"
                );
                let length = u16::try_from(text.len())
                    .expect("it is short")
                    .to_le_bytes();
                let reply = [&[5], length.as_slice(), text.as_bytes()].concat();
                browser.send_to(&reply, client).expect("an answer");
            }
            asked.push((question[0], name));
        }
        asked
    });
    let text = |instance: &str| {
        format!("Server=127.0.0.1\\{instance};User Id=u;Password=p;Encrypt=DANGER_PLAINTEXT")
    };
    let session = connect_with(&text("sales"), options().0).expect("the server lets us in");
    assert_eq!(session.server().database, "127.0.0.1\\sales/main");
    assert_eq!(server.logins().len(), 1);
    let error = refused(&text("nowhere"));
    assert_eq!(error.kind, ErrorKind::Connection);
    assert!(
        error
            .message
            .contains("does not tell the port of the instance nowhere"),
        "{}",
        error.message
    );
    let asked = asked.join().expect("it answered");
    assert_eq!(asked, [(4, "sales".to_owned()), (4, "nowhere".to_owned())]);
}

#[test]
fn readers_share_the_lock_and_give_it_back() {
    let server = Responder::start(usual);
    let mut session = connect(&server);
    session.begin_read().expect("nobody writes");
    session.rollback().expect("it ends");
    let heard = batches(&server);
    let place = |text: &str| heard.iter().position(|sql| sql.contains(text));
    let (taken, given) = (place("'Shared'"), place("sp_releaseapplock"));
    assert!(taken.is_some() && taken < given, "{heard:?}");

    let held = Responder::start(|event| match event.sql() {
        sql if sql.contains("'Shared'") => rows(&["#result"], &[&[Some("#-1")]]),
        sql if sql.contains("dm_tran_locks") => Reply::Tokens(vec![
            Token::Error(failure(297, 16, "The user does not have permission.")),
            Token::Done(0),
        ]),
        _ => usual(event),
    });
    let error = connect(&held).begin_read().expect_err("a run writes");
    assert_eq!(error.kind, ErrorKind::Busy);
    assert!(
        error.message.contains("another dbtool run"),
        "{}",
        error.message
    );

    // A secondary that can only be read has no locks, and no run writes to it.
    let secondary = Responder::start(|event| match event.sql() {
        sql if sql.contains("'Shared'") => Reply::Tokens(vec![
            Token::Error(failure(3906, 16, "The database is read-only.")),
            Token::Done(0),
        ]),
        _ => usual(event),
    });
    connect(&secondary).begin_read().expect("it can be read");
}

#[test]
fn a_refused_login_is_told_at_once_and_without_the_password() {
    let server = Responder::start(|event| match event {
        Event::Login(_) => Reply::Tokens(vec![
            Token::Error(failure(18_456, 14, "Login failed for user 'deploy'.")),
            Token::Done(0),
        ]),
        event => usual(event),
    });
    let error = refused(&plain(&server));
    assert_eq!(error.kind, ErrorKind::Connection);
    assert_eq!(error.code, Some(18_456));
    assert_eq!(told(&error).severity, 14);
    assert!(error.message.contains("Login failed for user 'deploy'."));
    assert!(!error.message.contains("hunter2"));
    assert_eq!(server.logins().len(), 1);
}

#[test]
fn a_database_that_wakes_up_is_waited_for_visibly() {
    let attempts = AtomicUsize::new(0);
    let server = Responder::start(move |event| match event {
        Event::Login(_) if attempts.fetch_add(1, Ordering::SeqCst) < 2 => Reply::Tokens(vec![
            Token::Error(failure(
                40_613,
                17,
                "Database 'main' is not currently available.",
            )),
            Token::Done(0),
        ]),
        event => usual(event),
    });
    let (options, noticed) = options();
    connect_with(&plain(&server), options).expect("the third attempt succeeds");
    assert_eq!(server.logins().len(), 3);
    let noticed = noticed.lock().unwrap();
    assert_eq!(noticed.len(), 2, "{noticed:?}");
    assert!(
        noticed[0].contains("40613") && noticed[0].contains("trying again"),
        "{noticed:?}"
    );
}

#[test]
fn waiting_ends_with_the_timeout() {
    let server = Responder::start(|_| {
        Reply::Tokens(vec![
            Token::Error(failure(
                40_613,
                17,
                "Database 'main' is not currently available.",
            )),
            Token::Done(0),
        ])
    });
    let (mut options, _) = options();
    options.connect_timeout = Duration::from_millis(300);
    options.first_delay = Duration::from_millis(100);
    let begun = Instant::now();
    let error = connect_with(&plain(&server), options)
        .err()
        .expect("it never wakes up");
    // A guard against hanging, not a measurement.
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert_eq!(error.code, Some(40_613));
    assert!(
        error.message.contains("gave up after 2 attempts"),
        "{}",
        error.message
    );
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let server = Responder::start(|_| Reply::Hang);
    let (mut options, _) = options();
    options.connect_timeout = Duration::from_millis(300);
    let error = connect_with(&plain(&server), options)
        .err()
        .expect("it says nothing");
    assert_eq!(error.kind, ErrorKind::Connection);
}

#[test]
fn a_redirect_is_followed_once() {
    let target = Responder::start(usual);
    let port = target.port;
    let gateway = Responder::start(move |_| {
        Reply::Tokens(vec![
            Token::LoginAck,
            Token::Routing("localhost".to_owned(), port),
            Token::Done(0),
        ])
    });
    connect(&gateway);
    assert_eq!((gateway.logins().len(), target.logins().len()), (1, 1));

    let port = gateway.port;
    let loops = Responder::start(move |_| {
        Reply::Tokens(vec![
            Token::LoginAck,
            Token::Routing("localhost".to_owned(), port),
            Token::Done(0),
        ])
    });
    let error = refused(&plain(&loops));
    assert!(error.message.contains("a second time"), "{}", error.message);
}

#[test]
fn an_access_token_is_fetched_and_sent() {
    let server = Responder::start_with_tls(usual);
    let text = format!(
        "Server=localhost,{};Authentication=Active Directory Managed Identity;User Id=me;\
         TrustServerCertificate=true",
        server.port
    );
    connect_with(&text, options().0).expect("the server lets us in");
    let login = server.logins().remove(0);
    assert_eq!(login.token.as_deref(), Some("token-of-me"));
    assert_eq!((login.user.as_str(), login.password.as_str()), ("", ""));
}

#[test]
fn an_error_after_the_first_result_is_not_lost() {
    let server = Responder::start(|event| match event.sql() {
        "two" => {
            let mut second = failure(
                2627,
                14,
                "Violation of UNIQUE KEY constraint 'uqA'. Cannot insert.",
            );
            second.line = 4;
            Reply::Tokens(vec![
                Token::Columns(vec!["a"]),
                Token::Row(vec![Some("1".to_owned())]),
                Token::DoneMore(1),
                Token::DoneMore(0),
                Token::Error(second),
                Token::Error(failure(3621, 0, "The statement has been terminated.")),
                Token::Done(0),
            ])
        }
        _ => usual(event),
    });
    let mut session = connect(&server);
    for attempt in 0..2 {
        let error = match attempt {
            0 => session.execute("two").expect_err("the batch failed"),
            _ => session.query("two", &[]).expect_err("the batch failed"),
        };
        assert_eq!(
            error.kind,
            ErrorKind::Constraint(Violation {
                kind: ViolationKind::Unique,
                constraint: Some("uqA".to_owned())
            })
        );
        assert_eq!(
            (error.code, error.line, told(&error).state),
            (Some(2627), Some(4), 1)
        );
        assert!(error.message.contains("terminated"), "{}", error.message);
    }
    // The connection is as usable as before.
    session.execute("fine").expect("it runs");
}

#[test]
fn an_error_in_a_trigger_names_it() {
    let server = Responder::start(|event| match event {
        Event::Rpc(..) => {
            let mut error = failure(51_001, 16, "auditLogs is append-only: UPDATE is refused");
            error.procedure = "trAuditLogsAppendOnly";
            error.line = 9;
            Reply::Tokens(vec![Token::Error(error), Token::DoneProc])
        }
        event => usual(event),
    });
    let mut session = connect(&server);
    let error = session
        .execute_with("UPDATE auditLogs SET a = @P1", &[Value::Integer(1)])
        .expect_err("the trigger refused");
    assert_eq!(
        told(&error).procedure.as_deref(),
        Some("trAuditLogsAppendOnly")
    );
    assert_eq!(error.line, None);
    assert!(matches!(
        error.kind,
        ErrorKind::Constraint(Violation {
            kind: ViolationKind::AppendOnly,
            ..
        })
    ));
}

#[test]
fn parameters_arrive_and_null_is_written_out() {
    let server = Responder::start(usual);
    let mut session = connect(&server);
    let changed = session
        .execute_with(
            "INSERT INTO t VALUES (@P1, @P2, @P3, @P4, @P5)",
            &[
                Value::Integer(-7),
                Value::Null,
                Value::Text("O'Hara 漢".to_owned()),
                Value::Bytes(vec![1, 255]),
                Value::Real(0.5),
            ],
        )
        .expect("it runs");
    assert_eq!(changed, 1);
    let Some(Event::Rpc(sql, parameters)) = server.heard().pop() else {
        panic!("{:?}", server.heard());
    };
    assert_eq!(sql, "INSERT INTO t VALUES (@P1, NULL, @P3, @P4, @P5)");
    // Nobody reads the second one: the statement says NULL itself.
    assert_eq!(parameters, ["-7", "0", "O'Hara 漢", "[01, ff]", "0.5"]);
}

#[test]
fn rows_come_back_with_their_columns_also_when_there_are_none() {
    let server = Responder::start(|event| match event.sql() {
        "some" => rows(
            &["#id", "name"],
            &[&[Some("#1"), Some("a")], &[Some("#2"), None]],
        ),
        "none" => rows(&["#id", "name"], &[]),
        _ => usual(event),
    });
    let mut session = connect(&server);
    let found = session.query("some", &[]).expect("it runs");
    assert_eq!(found.columns, ["id", "name"]);
    assert_eq!(
        found.rows,
        [
            [Value::Integer(1), Value::Text("a".to_owned())],
            [Value::Integer(2), Value::Null]
        ]
    );
    let found = session.query("none", &[]).expect("it runs");
    assert_eq!((found.columns.len(), found.rows.len()), (2, 0));
}

#[test]
fn what_the_server_prints_is_passed_on() {
    let server = Responder::start(|event| match event.sql() {
        "PRINT" => Reply::Tokens(vec![
            Token::Info("backfilled 10 rows".to_owned()),
            Token::DoneMore(0),
            Token::Info("backfilled 20 rows".to_owned()),
            Token::Done(0),
        ]),
        _ => usual(event),
    });
    let (options, noticed) = options();
    let mut session = connect_with(&plain(&server), options).expect("the server lets us in");
    session
        .begin(TransactionOptions::default())
        .expect("it begins");
    session.execute("PRINT").expect("it runs");
    session.commit().expect("it commits");
    let noticed = noticed.lock().unwrap();
    assert_eq!(*noticed, ["backfilled 10 rows", "backfilled 20 rows"]);
}

#[test]
fn a_batch_of_two_megabytes_arrives_whole() {
    let server = Responder::start(usual);
    let mut session = connect(&server);
    let batch = format!("-- {}\nSELECT 1", "é漢x".repeat(700_000));
    session.execute(&batch).expect("it runs");
    assert_eq!(batches(&server).pop().as_deref(), Some(batch.as_str()));
}

#[test]
fn a_lock_that_is_not_granted_names_its_holder() {
    let server = Responder::start(|event| {
        let sql = event.sql();
        if sql.contains("dm_tran_locks") {
            rows(
                &["#process", "login", "host", "program", "since"],
                &[&[
                    Some("#7"),
                    Some("deploy"),
                    Some("build-3"),
                    Some("dbtool"),
                    Some("2026-01-31T12:00:00"),
                ]],
            )
        } else if sql.contains("sp_getapplock") {
            rows(&["#result"], &[&[Some("#-1")]])
        } else {
            usual(event)
        }
    });
    let mut session = connect(&server);
    let error = session
        .lock(Duration::from_secs(3))
        .expect_err("it is taken");
    assert_eq!(
        error.to_string(),
        "another dbtool run holds the migration lock: process 7 of deploy on build-3 (dbtool) \
         since 2026-01-31T12:00:00"
    );
    let asked = server
        .heard()
        .into_iter()
        .find(|event| event.sql().contains("sp_getapplock"));
    assert!(
        matches!(asked, Some(Event::Rpc(_, parameters)) if parameters == ["dbtool/migrate", "3000"])
    );
    // What was not taken is not given back.
    session.unlock().expect("nothing to do");
    assert!(
        !batches(&server)
            .iter()
            .any(|sql| sql.contains("sp_releaseapplock"))
    );
}

#[test]
fn every_code_but_success_means_that_there_is_no_lock() {
    for code in ["#-2", "#-3", "#-999", "#5"] {
        let server = Responder::start(move |event| match event.sql() {
            sql if sql.contains("sp_getapplock") => rows(&["#result"], &[&[Some(code)]]),
            _ => usual(event),
        });
        let mut session = connect(&server);
        assert!(session.lock(Duration::ZERO).is_err(), "{code}");
    }
    let server = Responder::start(usual);
    let mut session = connect(&server);
    session.lock(Duration::ZERO).expect("it is free");
    session.unlock().expect("it is ours");
    assert!(
        batches(&server)
            .iter()
            .any(|sql| sql.contains("sp_releaseapplock"))
    );
}

#[test]
fn commit_looks_first_and_refuses_what_is_not_its_transaction() {
    let cases = [
        (["#0", "#0"], "no transaction is open"),
        (["#2", "#1"], "2 deep"),
        (["#1", "#-1"], "can only be rolled back"),
    ];
    for (state, message) in cases {
        let server = Responder::start(move |event| match event.sql() {
            sql if sql.contains("XACT_STATE") => rows(
                &["#depth", "#state", "mode"],
                &[&[Some(state[0]), Some(state[1]), None]],
            ),
            _ => usual(event),
        });
        let mut session = connect(&server);
        session
            .begin(TransactionOptions::default())
            .expect("it begins");
        let error = session.commit().expect_err("it must not commit");
        assert!(error.message.contains(message), "{}", error.message);
        assert!(!batches(&server).iter().any(|sql| sql.starts_with("COMMIT")));
    }
}

#[test]
fn a_lock_that_the_migration_gave_up_forbids_the_commit() {
    let server = Responder::start(|event| match event.sql() {
        sql if sql.contains("XACT_STATE") => rows(
            &["#depth", "#state", "mode"],
            &[&[Some("#1"), Some("#1"), Some("NoLock")]],
        ),
        _ => usual(event),
    });
    let mut session = connect(&server);
    session.lock(Duration::ZERO).expect("it is free");
    session
        .begin(TransactionOptions::default())
        .expect("it begins");
    let error = session.commit().expect_err("it must not commit");
    assert!(
        error.message.contains("migration lock"),
        "{}",
        error.message
    );
}

#[test]
fn a_connection_cut_around_commit_is_an_error_of_the_connection() {
    type Cut = fn(&str) -> Option<Reply>;
    let cuts: [(&str, Cut); 3] = [
        ("before", |sql| {
            sql.contains("XACT_STATE").then_some(Reply::Cut)
        }),
        ("during", |sql| {
            sql.starts_with("COMMIT").then_some(Reply::Cut)
        }),
        ("after", |sql| {
            sql.starts_with("COMMIT")
                .then(|| Reply::CutAfter(vec![Token::Committed]))
        }),
    ];
    for (name, cut) in cuts {
        let server =
            Responder::start(move |event| cut(event.sql()).unwrap_or_else(|| usual(event)));
        let mut session = connect(&server);
        session.lock(Duration::ZERO).expect("it is free");
        session
            .begin(TransactionOptions::default())
            .expect("it begins");
        let error = session.commit().expect_err("the connection is gone");
        assert_eq!(error.kind, ErrorKind::Connection, "{name}: {error}");
        // Nothing is sent any more until somebody reconnects, and then all of it anew.
        let heard = server.heard().len();
        let error = session.execute("more").expect_err("the connection is gone");
        assert_eq!(error.kind, ErrorKind::Connection);
        assert!(session.rollback().is_err());
        assert_eq!(server.heard().len(), heard, "{name}");
        session.reconnect().expect("the server is there");
        session
            .lock(Duration::ZERO)
            .expect("it went with the connection");
        let again = batches(&server).split_off(heard);
        assert!(
            again.iter().any(|sql| sql.contains("XACT_ABORT ON")),
            "{again:?}"
        );
        assert!(
            again.iter().any(|sql| sql.contains("sp_getapplock")),
            "{again:?}"
        );
    }
}

#[test]
fn an_error_that_ends_the_connection_ends_the_session() {
    let server = Responder::start(|event| match event.sql() {
        "fatal" => Reply::Tokens(vec![
            Token::Error(failure(596, 21, "Cannot continue the execution.")),
            Token::Done(0),
        ]),
        _ => usual(event),
    });
    let mut session = connect(&server);
    let error = session.execute("fatal").expect_err("it is fatal");
    assert_eq!(
        (error.kind.clone(), told(&error).severity),
        (ErrorKind::Connection, 21)
    );
    assert!(session.execute("more").is_err());
}

#[test]
fn an_interruption_stops_the_server_and_leaves_room_for_the_rollback() {
    let token = CancellationToken::new();
    let stop = token.clone();
    let server = Responder::start(move |event| match event.sql() {
        "slow" => {
            stop.cancel();
            Reply::Hang
        }
        _ => usual(event),
    });
    let (mut options, _) = options();
    options.interrupt = Interrupt::Token(token);
    let mut session = connect_with(&plain(&server), options).expect("the server lets us in");
    session.lock(Duration::ZERO).expect("it is free");
    session
        .begin(TransactionOptions::default())
        .expect("it begins");
    let error = session.execute("slow").expect_err("it was interrupted");
    assert_eq!(error.kind, ErrorKind::Interrupted);
    // No new work; but what was begun is undone, and the lock given back.
    let error = session.execute("more").expect_err("it was interrupted");
    assert_eq!(error.kind, ErrorKind::Interrupted);
    session.rollback().expect("the connection is still there");
    session.unlock().expect("the connection is still there");
    let heard = server.heard();
    assert!(heard.contains(&Event::Attention));
    let batches = batches(&server);
    assert!(!batches.iter().any(|sql| sql == "more"));
    assert!(batches.iter().any(|sql| sql.contains("ROLLBACK")));
    assert!(batches.iter().any(|sql| sql.contains("sp_releaseapplock")));
}

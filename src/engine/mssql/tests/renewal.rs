//! Access tokens that are renewed, and looks at a server that log nobody in.

use super::*;
use crate::engine::mssql::encryption::{Look, look};

/// Gives another token each time.
#[derive(Default)]
struct Numbered(AtomicUsize);

impl TokenSource for Numbered {
    fn token(&self, _: &Identity) -> Result<Secret, EngineError> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Secret::new(format!("token-{number}")))
    }
}

#[test]
fn a_token_that_ran_out_is_renewed_by_reconnecting() {
    let server = Responder::start_with_tls(|event| match event.sql() {
        // What Azure SQL does once the token of a connection has run out.
        "too late" => Reply::Cut,
        _ => usual(event),
    });
    let text = format!(
        "Server=localhost,{};Authentication=Active Directory Default;TrustServerCertificate=true",
        server.port
    );
    let literal = Literal::read(&text).expect("it is a connection string");
    let tokens = Arc::new(Numbered::default());
    let mut session =
        MssqlSession::open(&literal, tokens, options().0).expect("the server lets us in");
    session
        .execute("too late")
        .expect_err("the connection is cut");
    assert!(session.is_lost());
    session.reconnect().expect("the server is there");
    session
        .execute("in time")
        .expect("it is another connection");
    let shown: Vec<Option<String>> = server.logins().into_iter().map(|it| it.token).collect();
    let wanted = ["token-0", "token-1"].map(|it| Some(it.to_owned()));
    assert_eq!(shown, wanted);
}

fn seen(server: &Responder, host: &str, more: &str) -> std::io::Result<Look> {
    let text = format!("Server={host},{};User Id=u;Password=p;{more}", server.port);
    let literal = Literal::read(&text).expect("it is a connection string");
    let settings = ConnectionSettings::parse(&literal).expect("it can be used");
    let address = ([127, 0, 0, 1], server.port).into();
    look(&settings, address, Duration::from_secs(10))
}

#[test]
fn a_look_shows_the_certificate_and_what_a_login_would_make_of_it() {
    let server = Responder::start_with_tls(usual);
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, server.certificate.as_deref().expect("it has one")).expect("writable");
    let trusting = format!("TrustServerCertificateCA={}", file.display());
    let cases = [
        (
            "localhost",
            "",
            Some("no authority that this machine trusts"),
        ),
        ("localhost", trusting.as_str(), None),
        (
            "127.0.0.1",
            trusting.as_str(),
            Some("it is not for 127.0.0.1"),
        ),
        (
            "127.0.0.1",
            &format!("{trusting};HostNameInCertificate=localhost"),
            None,
        ),
        ("localhost", &format!("{trusting};Encrypt=Optional"), None),
    ];
    for (host, more, why) in cases {
        let Look::Encrypted(handshake) = seen(&server, host, more).expect("it answers") else {
            panic!("{more}: it encrypts");
        };
        assert_eq!(handshake.protocol, "TLS 1.2");
        assert!(!handshake.certificate.is_empty());
        match (why, &handshake.refused) {
            (None, None) => {}
            (Some(why), Some(refused)) => assert!(refused.contains(why), "{more}: {refused}"),
            (why, refused) => panic!("{host} {more}: {refused:?} instead of {why:?}"),
        }
    }
    assert_eq!(server.heard(), [], "a look asks for nothing");
}

#[test]
fn a_look_tells_who_does_not_encrypt_and_who_is_no_server() {
    let plain = Responder::start(usual);
    assert_eq!(
        seen(&plain, "localhost", "").expect("it answers"),
        Look::Plain
    );
    let encrypting = Responder::start_with_tls(usual);
    let asked = seen(&encrypting, "localhost", "Encrypt=DANGER_PLAINTEXT");
    assert_eq!(asked.expect("it answers"), Look::Plain);
    // TLS first, to one who speaks TDS first.
    assert!(seen(&plain, "localhost", "Encrypt=Strict").is_err());
}

//! Whether a connection would be encrypted, with what, and by whose certificate.

use std::io;
use std::net::SocketAddr;

use crate::registry::{ConnectionSettings, Encryption, Handshake, Look, look};

use super::certificate::Certificate;
use super::{CONNECT, Found, here, milliseconds};

const DAY: i64 = 86_400_000;
/// A certificate that ends within so many days is worth a word.
const NOTABLE_DAYS: i64 = 14;

/// How the server behind an address encrypts, as a login with these settings would meet it.
pub fn tls(settings: &ConnectionSettings, address: SocketAddr) -> Found {
    judge(settings, look(settings, address, CONNECT), here())
}

fn judge(settings: &ConnectionSettings, seen: io::Result<Look>, now: i64) -> Found {
    let handshake = match seen {
        Ok(Look::Encrypted(handshake)) => handshake,
        Ok(Look::Plain) => return plain(settings.encryption),
        Err(error) => {
            return Found::failed(
                format!("no handshake: {error}"),
                "see that the port is that of SQL Server, and that nothing between here and there \
                 looks into TLS or demands an older version than TLS 1.2",
            );
        }
    };
    let certificate = Certificate::read(&handshake.certificate).unwrap_or_default();
    let left = certificate
        .until
        .as_deref()
        .and_then(milliseconds)
        .map(|until| (until - now).div_euclid(DAY));
    let detail = told(&handshake, &certificate, left);
    if let Some(why) = &handshake.refused {
        let detail = format!("{detail}; {why}");
        return match settings.trust_certificate {
            true => Found::warning(
                format!("{detail}, and TrustServerCertificate accepts it all the same"),
                "have the server show a certificate that this machine trusts, and remove \
                 TrustServerCertificate: so anybody in between can read the password",
            ),
            false => Found::failed(
                detail,
                "name the file of its authority with SSL_CERT_FILE or TrustServerCertificateCA=FILE, \
                 the host that it is for with HostNameInCertificate=NAME, or have the server's \
                 certificate replaced",
            ),
        };
    }
    if settings.trust_certificate {
        return Found::warning(
            format!(
                "{detail}; it would be trusted, and TrustServerCertificate keeps it from being asked"
            ),
            "remove TrustServerCertificate",
        );
    }
    if settings.encryption == Encryption::Optional {
        return Found::warning(
            format!("{detail}; only the login is encrypted for certain"),
            "write Encrypt=Mandatory",
        );
    }
    match left {
        Some(days) if days < NOTABLE_DAYS => {
            Found::warning(detail, "have the server's certificate renewed in time")
        }
        _ => Found::ok(detail),
    }
}

fn plain(wanted: Encryption) -> Found {
    match wanted {
        Encryption::Plaintext => Found::warning(
            "nothing is encrypted, password included, as the connection string asks",
            "write Encrypt=Mandatory",
        ),
        Encryption::Optional => Found::warning(
            "the server does not encrypt, and the connection string lets it",
            "give the server a certificate, and write Encrypt=Mandatory",
        ),
        Encryption::Mandatory | Encryption::Strict => Found::failed(
            "the server does not encrypt, and the connection string demands it",
            "give the server a certificate",
        ),
    }
}

fn told(handshake: &Handshake, certificate: &Certificate, left: Option<i64>) -> String {
    let Certificate {
        subject,
        issuer,
        until,
    } = certificate;
    let valid = match (until, left) {
        (Some(until), Some(days)) if days >= 0 => format!("until {until}, {days} days"),
        (Some(until), _) => format!("until {until}"),
        (None, _) => "for an unknown time".to_owned(),
    };
    format!(
        "{}, certificate of {subject}, issued by {issuer}, valid {valid}",
        handshake.protocol
    )
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::super::Status;
    use super::*;
    use crate::secret::Literal;

    fn settings(more: &str) -> ConnectionSettings {
        let text = format!("Server=db;Database=app;User Id=u;Password=p;{more}");
        let literal = Literal::read(&text).expect("a connection string");
        ConnectionSettings::parse(&literal).expect("it can be used")
    }

    fn encrypted(refused: Option<&str>) -> io::Result<Look> {
        let mut params = CertificateParams::new(vec!["db".to_owned()]).expect("a name");
        params.not_after = date_time_ymd(2026, 6, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Ok(Look::Encrypted(Handshake {
            protocol: "TLS 1.3",
            certificate: certificate.der().to_vec(),
            refused: refused.map(str::to_owned),
        }))
    }

    #[test]
    fn what_a_server_shows_is_judged_by_what_the_connection_string_wants() {
        let early = milliseconds("2026-01-01T00:00:00Z").expect("a time");
        let late = milliseconds("2026-05-25T00:00:00Z").expect("a time");
        let wrong = Some("it is not for db");
        let closed = || Err(io::ErrorKind::ConnectionReset.into());
        let cases = [
            (
                "",
                encrypted(None),
                early,
                Status::Ok,
                "until 2026-06-01T00:00:00Z, 151 days",
            ),
            ("", encrypted(None), late, Status::Warning, "7 days"),
            (
                "",
                encrypted(wrong),
                early,
                Status::Failed,
                "it is not for db",
            ),
            (
                "TrustServerCertificate=true",
                encrypted(wrong),
                early,
                Status::Warning,
                "accepts it",
            ),
            (
                "TrustServerCertificate=true",
                encrypted(None),
                early,
                Status::Warning,
                "would be trusted",
            ),
            (
                "Encrypt=Optional",
                encrypted(None),
                early,
                Status::Warning,
                "only the login",
            ),
            (
                "Encrypt=Strict",
                encrypted(None),
                early,
                Status::Ok,
                "TLS 1.3",
            ),
            ("", Ok(Look::Plain), early, Status::Failed, "demands it"),
            (
                "Encrypt=Optional",
                Ok(Look::Plain),
                early,
                Status::Warning,
                "lets it",
            ),
            (
                "Encrypt=DANGER_PLAINTEXT",
                Ok(Look::Plain),
                early,
                Status::Warning,
                "password included",
            ),
            ("", closed(), early, Status::Failed, "no handshake"),
        ];
        for (more, seen, now, status, said) in cases {
            let found = judge(&settings(more), seen, now);
            assert_eq!(found.status, status, "{more}: {found:?}");
            assert!(found.detail.contains(said), "{more}: {found:?}");
            assert_eq!(found.help.is_some(), status != Status::Ok, "{found:?}");
        }
    }
}

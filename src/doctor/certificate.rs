//! The few fields of an X.509 certificate that a person wants to see.
//!
//! For showing only: whether a certificate is to be trusted is judged elsewhere. What cannot be
//! read is left out, since a certificate that is odd must not keep the rest from being told.

/// What stands in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Certificate {
    /// Whom it is for.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The last moment at which it is valid, as `2026-01-31T12:00:00Z`.
    pub until: Option<String>,
}

/// Tags of DER.
const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const OBJECT: u8 = 0x06;
const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;
const TELETEX: u8 = 0x14;
const IA5: u8 = 0x16;
const BMP: u8 = 0x1e;
const SHORT_TIME: u8 = 0x17;
const LONG_TIME: u8 = 0x18;

/// Attributes of names that are worth their space, with what they are called (RFC 4519).
const ATTRIBUTES: [(&[u8], &str); 3] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
];

impl Certificate {
    /// Reads DER; `None` when it is no certificate.
    pub fn read(der: &[u8]) -> Option<Self> {
        let (certificate, _) = take(der, SEQUENCE)?;
        let (body, _) = take(certificate, SEQUENCE)?;
        let body = take(body, VERSION).map_or(body, |(_, rest)| rest);
        let (_serial, body) = take(body, INTEGER)?;
        let (_algorithm, body) = take(body, SEQUENCE)?;
        let (issuer, body) = take(body, SEQUENCE)?;
        let (validity, body) = take(body, SEQUENCE)?;
        let (subject, _) = take(body, SEQUENCE)?;
        Some(Self {
            subject: name(subject),
            issuer: name(issuer),
            until: until(validity),
        })
    }
}

/// A value of this tag and what follows it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, value, rest) = next(der)?;
    (found == tag).then_some((value, rest))
}

/// The next value, with its tag and what follows it.
fn next(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, first, rest @ ..] = der else {
        return None;
    };
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = bytes
                .iter()
                .fold(0, |all, &byte| all << 8 | usize::from(byte));
            (length, rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((*tag, value, rest))
}

fn name(mut sets: &[u8]) -> String {
    let mut parts = Vec::new();
    while let Some((SET, mut set, rest)) = next(sets) {
        while let Some((SEQUENCE, attribute, others)) = next(set) {
            parts.extend(part(attribute));
            set = others;
        }
        sets = rest;
    }
    match parts.as_slice() {
        [] => "nobody by name".to_owned(),
        parts => parts.join(", "),
    }
}

fn part(attribute: &[u8]) -> Option<String> {
    let (object, value) = take(attribute, OBJECT)?;
    let (_, label) = ATTRIBUTES.iter().find(|(known, _)| *known == object)?;
    let text = match next(value)? {
        (UTF8 | PRINTABLE | TELETEX | IA5, text, _) => String::from_utf8_lossy(text).into_owned(),
        (BMP, text, _) => {
            let units: Vec<u16> = text
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        }
        _ => return None,
    };
    // It comes from whoever answers.
    let plain = |it: char| if it.is_control() { '?' } else { it };
    let text: String = text.chars().take(128).map(plain).collect();
    Some(format!("{label}={text}"))
}

fn until(validity: &[u8]) -> Option<String> {
    let (_, _, rest) = next(validity)?;
    let (tag, time, _) = next(rest)?;
    let digits = std::str::from_utf8(time).ok()?.strip_suffix('Z')?;
    if !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let digits = match (tag, digits.len()) {
        // Two digits of a year are those of 1950 to 2049 (RFC 5280, 4.1.2.5.1).
        (SHORT_TIME, 12) if digits < "50" => format!("20{digits}"),
        (SHORT_TIME, 12) => format!("19{digits}"),
        (LONG_TIME, 14) => digits.to_owned(),
        _ => return None,
    };
    let at = |from: usize, to: usize| &digits[from..to];
    Some(format!(
        "{}-{}-{}T{}:{}:{}Z",
        at(0, 4),
        at(4, 6),
        at(6, 8),
        at(8, 10),
        at(10, 12),
        at(12, 14)
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, Issuer, KeyPair, date_time_ymd};

    use super::*;

    fn made(year: i32) -> Vec<u8> {
        let key = KeyPair::generate().expect("a key");
        let mut authority = CertificateParams::new(Vec::new()).expect("no names");
        authority
            .distinguished_name
            .push(DnType::CommonName, "Root of all");
        authority
            .distinguished_name
            .push(DnType::OrganizationName, "Contoso");
        let issuer = Issuer::new(authority, key);
        let mut leaf = CertificateParams::new(vec!["db.example".to_owned()]).expect("a name");
        leaf.distinguished_name
            .push(DnType::CommonName, "db\u{1b}[31m.exämple");
        leaf.not_before = date_time_ymd(2020, 1, 2);
        leaf.not_after = date_time_ymd(year, 3, 4);
        let key = KeyPair::generate().expect("a key");
        let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
        leaf.der().to_vec()
    }

    #[test]
    fn a_certificate_tells_whose_it_is_and_how_long() {
        for year in [2031, 2077] {
            let certificate = Certificate::read(&made(year)).expect("it is one");
            assert_eq!(certificate.subject, "CN=db?[31m.exämple");
            assert!(certificate.issuer.contains("CN=Root of all"));
            assert!(certificate.issuer.contains("O=Contoso"));
            let until = format!("{year}-03-04T00:00:00Z");
            assert_eq!(certificate.until, Some(until));
        }
    }

    proptest! {
        #[test]
        fn whatever_a_server_shows_is_read_or_refused(
            cut in 0usize..400,
            at in 0usize..400,
            byte in any::<u8>(),
            noise in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            Certificate::read(&noise);
            // One certificate for all cases: making keys is what costs.
            thread_local!(static MADE: Vec<u8> = made(2031));
            let mut der = MADE.with(Clone::clone);
            let at = at % der.len();
            der[at] = byte;
            Certificate::read(&der);
            Certificate::read(&der[..cut.min(der.len())]);
        }
    }
}

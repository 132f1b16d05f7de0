//! Checksums of text that survive a checkout on another system.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256 in lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checksum(String);

impl Checksum {
    /// The checksum of a text file: a byte-order mark is left out and CRLF counts as LF, so that a
    /// Windows checkout is no edit.
    pub fn of_text(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut hash = Sha256::new();
        // Hash the runs between the line ends without building a second text.
        let mut rest = text;
        while let Some(at) = rest.find("\r\n") {
            hash.update(&rest[..at]);
            rest = &rest[at + 1..];
        }
        hash.update(rest);
        Self::finish(hash)
    }

    /// The checksum of fields, each preceded by its length, with NULL distinct from empty.
    pub fn of_fields<'a>(fields: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut hash = Sha256::new();
        for field in fields {
            match field {
                None => hash.update(b"-"),
                Some(text) => {
                    hash.update(format!("{}:", text.len()));
                    hash.update(text);
                }
            }
        }
        Self::finish(hash)
    }

    fn finish(hash: Sha256) -> Self {
        let mut hex = String::with_capacity(64);
        for byte in hash.finalize() {
            for nibble in [byte >> 4, byte & 15] {
                hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        Self(hex)
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 64 && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for tables and messages.
    pub fn short(&self) -> &str {
        &self.0[..12.min(self.0.len())]
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha_256() {
        // The value is that of FIPS 180-4's example "abc".
        assert_eq!(
            Checksum::of_text("abc").as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn line_ends_and_byte_order_mark_do_not_count_but_a_lone_carriage_return_does() {
        let lf = Checksum::of_text("a\nb\n");
        assert_eq!(Checksum::of_text("a\r\nb\r\n"), lf);
        assert_eq!(Checksum::of_text("\u{feff}a\r\nb\n"), lf);
        assert_ne!(Checksum::of_text("a\rb\n"), lf);
        assert_ne!(Checksum::of_text("a\nb"), lf);
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let hash = |fields: &[Option<&str>]| Checksum::of_fields(fields.iter().copied());
        assert_ne!(
            hash(&[Some("ab"), Some("c")]),
            hash(&[Some("a"), Some("bc")])
        );
        assert_ne!(hash(&[None]), hash(&[Some("")]));
        assert_ne!(hash(&[Some("-")]), hash(&[None]));
    }
}

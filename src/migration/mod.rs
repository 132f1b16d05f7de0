//! The migrations folder: its format, checksums, fold and verification.
//!
//! ```text
//! migrations/dbtool.sum                 one line a file, and a hash over all lines
//! migrations/<version>_<name>/          changes.yaml, mssql.sql, sqlite.sql
//! ```
//!
//! A migration is written once. `dbtool.sum` says so for the repository, the history table for each
//! database; this module compares both with the files and does not run anything.

use std::fmt;

use serde::{Deserialize, Serialize};

pub mod checksum;
pub mod document;
pub mod folder;
pub mod sum;
pub mod verify;
pub mod write;

pub use checksum::Checksum;
pub use document::Document;
pub use folder::{File, Folder, FolderError, Migration};
pub use sum::{Entry, SumFile};

/// The file of a migration that holds its neutral changes.
pub const CHANGES_FILE: &str = "changes.yaml";

/// The file that lists every other one with its checksum.
pub const SUM_FILE: &str = "dbtool.sum";

/// The version of a migration: the UTC second in which it was made, as `20260131120000`. Versions
/// order migrations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(String);

/// A migration's version and name, written `20260131120000_initial`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Its version.
    pub version: Version,
    /// Its name: letters, digits, `_` and `-`.
    pub name: String,
}

impl Version {
    /// Reads 14 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit());
        valid.then(|| Self(text.to_owned()))
    }

    /// The version of an instant, given in seconds since 1970-01-01 UTC.
    pub fn at(unix_seconds: u64) -> Self {
        let days = unix_seconds / 86_400;
        let second = unix_seconds % 86_400;
        let (year, month, day) = civil_from_days(days);
        Self(format!(
            "{year:04}{month:02}{day:02}{:02}{:02}{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        ))
    }

    /// The version of `now`, or the next one after `last` where that is later, so that versions
    /// always grow, whatever the clocks of two machines say.
    pub fn next(unix_seconds: u64, last: Option<&Self>) -> Self {
        let now = Self::at(unix_seconds);
        match last {
            Some(last) if *last >= now => last.successor(),
            _ => now,
        }
    }

    /// The next number. It need not be a time that exists; versions only need to grow.
    fn successor(&self) -> Self {
        let number: u64 = self.0.parse().unwrap_or(0);
        Self(format!("{:014}", number + 1))
    }

    /// Its 14 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Id {
    /// Reads the name of a migration's folder.
    pub fn parse(text: &str) -> Option<Self> {
        let (version, name) = text.split_once('_')?;
        let version = Version::parse(version)?;
        Self::is_name(name).then(|| Self {
            version,
            name: name.to_owned(),
        })
    }

    /// Whether a text can be the name of a migration.
    pub fn is_name(text: &str) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        (1..=100).contains(&text.len()) && text.bytes().all(allowed)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.version, self.name)
    }
}

/// Year, month and day of a number of days since 1970-01-01, in the proleptic Gregorian calendar.
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_utc_seconds() {
        for (seconds, expected) in [
            (0, "19700101000000"),
            (951_782_400, "20000229000000"),
            (1_769_860_799, "20260131115959"),
            (4_102_444_800, "21000101000000"),
        ] {
            assert_eq!(Version::at(seconds).as_str(), expected);
        }
    }

    #[test]
    fn a_version_is_always_later_than_the_last() {
        let last = Version::parse("20991231235959").expect("14 digits");
        assert!(Version::next(0, Some(&last)) > last);
        assert_eq!(Version::next(0, None).as_str(), "19700101000000");
    }

    #[test]
    fn names_of_folders_are_strict() {
        assert!(Id::parse("20260131120000_initial").is_some());
        for text in [
            "2026_initial",
            "20260131120000",
            "20260131120000_",
            "20260131120000_a b",
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }
}

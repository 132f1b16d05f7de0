//! `dbtool.sum`: the checksums of all files of the migrations folder.
//!
//! One line a file, in order, and a last line with a hash over all of them: two branches that both
//! add a migration change that line, so that git reports a conflict instead of merging silently.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Checksum, Id};

const HEADER: &str = "# dbtool.sum 1 - written by dbtool, never by hand; a conflict here means that \
                      two branches added migrations";

/// The content of `dbtool.sum`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SumFile {
    /// What it says of each migration.
    pub entries: BTreeMap<Id, Entry>,
}

/// What the sum file says of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Its files are final.
    Sealed(BTreeMap<String, Checksum>),
    /// It is being written by hand and may not be applied yet.
    Unsealed,
}

/// Why a text is no sum file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SumError {
    /// A line has no meaning.
    #[error("line {line} is neither a file with its checksum nor an unsealed migration")]
    Line {
        /// The line, from 1.
        line: usize,
    },
    /// The hash over the lines is not theirs.
    #[error("the total is not that of the lines above it: the file was edited or merged by hand")]
    Total,
    /// The last line is missing.
    #[error("the total is missing: the file is cut off")]
    Cut,
}

impl SumError {
    /// The line at which it shows, from 1; the last one where no other does.
    pub fn line(&self, text: &str) -> usize {
        match self {
            Self::Line { line } => *line,
            Self::Total | Self::Cut => text.lines().count().max(1),
        }
    }
}

impl SumFile {
    /// Reads a sum file.
    ///
    /// # Errors
    /// When it was edited, merged or cut.
    pub fn parse(text: &str) -> Result<Self, SumError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut entries: BTreeMap<Id, Entry> = BTreeMap::new();
        let mut total = None;
        for (index, line) in text.lines().enumerate() {
            let bad = || SumError::Line { line: index + 1 };
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            if total.is_some() {
                return Err(bad());
            }
            if let Some(hash) = line.strip_prefix("total ") {
                total = Some(Checksum::parse(hash.trim()).ok_or_else(bad)?);
                continue;
            }
            let (path, value) = line.rsplit_once(' ').ok_or_else(bad)?;
            let (folder, file) = path.split_once('/').ok_or_else(bad)?;
            let id = Id::parse(folder).ok_or_else(bad)?;
            if value == "unsealed" && file.is_empty() {
                if entries.insert(id, Entry::Unsealed).is_some() {
                    return Err(bad());
                }
                continue;
            }
            let checksum = Checksum::parse(value).ok_or_else(bad)?;
            match entries
                .entry(id)
                .or_insert_with(|| Entry::Sealed(BTreeMap::new()))
            {
                Entry::Sealed(files) => {
                    if files.insert(file.to_owned(), checksum).is_some() {
                        return Err(bad());
                    }
                }
                Entry::Unsealed => return Err(bad()),
            }
        }
        let sum = Self { entries };
        match total {
            None => Err(SumError::Cut),
            Some(total) if total != Checksum::of_text(&sum.lines()) => Err(SumError::Total),
            Some(_) => Ok(sum),
        }
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let lines = self.lines();
        format!("{HEADER}\n{lines}total {}\n", Checksum::of_text(&lines))
    }

    /// The highest version listed.
    pub fn last(&self) -> Option<&Id> {
        self.entries.keys().next_back()
    }

    fn lines(&self) -> String {
        let mut lines = String::new();
        for (id, entry) in &self.entries {
            match entry {
                Entry::Unsealed => {
                    let _ = writeln!(lines, "{id}/ unsealed");
                }
                Entry::Sealed(files) => {
                    for (file, checksum) in files {
                        let _ = writeln!(lines, "{id}/{file} {checksum}");
                    }
                }
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> SumFile {
        let files = [
            ("changes.yaml", "a"),
            ("mssql.sql", "b"),
            ("sqlite.sql", "c"),
        ];
        let sealed = files
            .into_iter()
            .map(|(file, text)| (file.to_owned(), Checksum::of_text(text)))
            .collect();
        SumFile {
            entries: BTreeMap::from([
                (
                    Id::parse("20260131120000_initial").expect("an id"),
                    Entry::Sealed(sealed),
                ),
                (
                    Id::parse("20260201120000_backfill").expect("an id"),
                    Entry::Unsealed,
                ),
            ]),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = example().to_text();
        assert_eq!(SumFile::parse(&text), Ok(example()));
        assert_eq!(SumFile::parse(&text.replace('\n', "\r\n")), Ok(example()));
    }

    #[test]
    fn every_edit_is_noticed() {
        let text = example().to_text();
        let without_second_line: String = text
            .lines()
            .enumerate()
            .filter(|(n, _)| *n != 1)
            .map(|(_, l)| format!("{l}\n"))
            .collect();
        assert_eq!(SumFile::parse(&without_second_line), Err(SumError::Total));
        let cut: String = text
            .lines()
            .take(3)
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(SumFile::parse(&cut), Err(SumError::Cut));
        let conflict = text.replace("total", "<<<<<<< ours\ntotal");
        assert_eq!(SumFile::parse(&conflict), Err(SumError::Line { line: 6 }));
        assert_eq!(SumError::Line { line: 6 }.line(&conflict), 6);
        assert_eq!(SumError::Total.line(&text), text.lines().count());
    }
}

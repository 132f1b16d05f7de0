//! Reading the migrations folder.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Diagnostic, Phase, Source, Span};
use crate::diff::fold::{self, FoldError};
use crate::model::Schema;
use crate::yaml::files::read_file_below;

use super::{CHANGES_FILE, Checksum, Document, Id, SUM_FILE, SumFile, Version};

/// The largest file of a migration in bytes. Its SQL is held in memory, and in the history.
pub const MAX_BYTES: usize = 32 << 20;

/// The migrations of a folder, in order of version.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
    /// Its migrations.
    pub migrations: Vec<Migration>,
    /// What `dbtool.sum` says; empty when there is none.
    pub sum: SumFile,
    /// What is wrong with the folder as such: an edited sum file, folders that are no migrations.
    pub findings: Vec<Diagnostic>,
}

/// A migration as it lies in its folder.
#[derive(Debug, Clone)]
pub struct Migration {
    /// Its version and name.
    pub id: Id,
    /// The files that were asked for and are there, by name.
    pub files: BTreeMap<String, File>,
}

/// A file of a migration.
#[derive(Debug, Clone)]
pub struct File {
    /// Its path and text.
    pub source: Arc<Source>,
    /// Its checksum.
    pub checksum: Checksum,
}

/// Why the folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system refused.
    #[error("cannot read {path}: {error}")]
    Io {
        /// What could not be read.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// Files that are not read: links that leave the folder, pipes, what is too large or no text.
    #[error("the migrations folder cannot be used")]
    Refused(Vec<Diagnostic>),
}

impl Folder {
    /// Reads the folder and, of each migration, the files named in `wanted`. A folder that does not
    /// exist has no migrations.
    ///
    /// # Errors
    /// When something in it cannot be read.
    pub fn read(path: &Path, wanted: &[&str]) -> Result<Self, FolderError> {
        let mut folder = Self {
            path: path.to_owned(),
            migrations: Vec::new(),
            sum: SumFile::default(),
            findings: Vec::new(),
        };
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(folder),
            Err(error) => return Err(io_error(path, error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| io_error(path, error))?;
            let is_folder = entry
                .file_type()
                .map_err(|error| io_error(path, error))?
                .is_dir();
            names.push((entry.file_name().to_string_lossy().into_owned(), is_folder));
        }
        // The order of a directory means nothing; versions are fixed-width, so names sort by them.
        names.sort();
        let mut reader = Reader::of(path)?;
        folder.read_sum(&mut reader);
        for (name, is_folder) in names {
            if name == SUM_FILE || name.starts_with('.') {
                continue;
            }
            match Id::parse(&name) {
                Some(id) if is_folder => {
                    let files = reader.files(&path.join(&name), wanted);
                    folder.migrations.push(Migration { id, files });
                }
                _ => folder.findings.push(not_a_migration(path, &name)),
            }
        }
        if !reader.refused.is_empty() {
            return Err(FolderError::Refused(reader.refused));
        }
        folder.find_duplicate_versions();
        Ok(folder)
    }

    fn read_sum(&mut self, reader: &mut Reader) {
        let Some(source) = reader.text(&self.path.join(SUM_FILE)) else {
            return;
        };
        match SumFile::parse(&source.text) {
            Ok(sum) => self.sum = sum,
            Err(error) => {
                let place = line_span(&source, error.line(&source.text), None);
                self.findings.push(
                    Diagnostic::error(
                        Phase::Migration,
                        "migration/sum-edited",
                        format!("{} cannot be trusted: {error}", source.name),
                    )
                    .spanned(place)
                    .help(
                        "never resolve its conflicts by hand: take the file whole as the branch has \
                         it that landed first, then `dbtool rebase VERSION` for each migration that \
                         the other branch added",
                    ),
                );
            }
        }
    }

    fn find_duplicate_versions(&mut self) {
        for pair in self.migrations.windows(2) {
            if pair[0].id.version == pair[1].id.version {
                self.findings.push(
                    Diagnostic::error(
                        Phase::Migration,
                        "migration/duplicate-version",
                        format!(
                            "{} and {} have the same version, so their order is open",
                            pair[0].id, pair[1].id
                        ),
                    )
                    .help(format!(
                        "give the one that is not applied anywhere a later version: `dbtool rebase \
                         {}` or `dbtool rebase {}`",
                        pair[0].id, pair[1].id
                    )),
                );
            }
        }
    }

    /// The last version.
    pub fn last_version(&self) -> Option<&Version> {
        self.migrations
            .last()
            .map(|migration| &migration.id.version)
    }

    /// The schema that the migrations up to and including `to` make; of all when `None`.
    ///
    /// # Errors
    /// A finding at the change that cannot be read or does not apply.
    pub fn fold(&self, to: Option<&Version>) -> Result<Schema, Box<Diagnostic>> {
        let mut schema = Schema::default();
        for migration in &self.migrations {
            if to.is_some_and(|to| migration.id.version > *to) {
                break;
            }
            migration.fold_into(&mut schema)?;
        }
        Ok(schema)
    }

    /// The schema that these migrations alone make, in their order.
    ///
    /// # Errors
    /// As [`Folder::fold`].
    pub fn fold_of(&self, versions: &[Version]) -> Result<Schema, Box<Diagnostic>> {
        let mut schema = Schema::default();
        for migration in &self.migrations {
            if versions.contains(&migration.id.version) {
                migration.fold_into(&mut schema)?;
            }
        }
        Ok(schema)
    }

    /// The migration of this version.
    pub fn migration(&self, version: &Version) -> Option<&Migration> {
        self.migrations
            .iter()
            .find(|migration| migration.id.version == *version)
    }
}

impl Migration {
    /// Its neutral changes.
    ///
    /// # Errors
    /// A finding when the file is missing or cannot be understood.
    pub fn document(&self) -> Result<Document, Box<Diagnostic>> {
        let file = self.files.get(CHANGES_FILE).ok_or_else(|| {
            Diagnostic::error(
                Phase::Migration,
                "migration/missing-file",
                format!(
                    "{} has no {CHANGES_FILE}, so what it does is unknown",
                    self.id
                ),
            )
            .help("restore the file from version control")
        })?;
        Document::parse(&file.source.text).map_err(|error| {
            let span = error
                .line
                .map(|line| line_span(&file.source, line, error.column));
            Box::new(
                Diagnostic::error(
                    Phase::Migration,
                    "migration/unreadable",
                    format!("{} cannot be read: {error}", file.source.name),
                )
                .spanned(span)
                .help("restore the file from version control"),
            )
        })
    }

    /// Applies its changes to a schema.
    ///
    /// # Errors
    /// See [`Folder::fold`].
    pub fn fold_into(&self, schema: &mut Schema) -> Result<(), Box<Diagnostic>> {
        let document = self.document()?;
        fold::apply_all(schema, &document.changes).map_err(|(index, error): (usize, FoldError)| {
            Box::new(
                Diagnostic::error(
                    Phase::Migration,
                    "migration/does-not-fold",
                    format!(
                        "change {} of {} does not follow from the migrations before it: {error}",
                        index + 1,
                        self.id
                    ),
                )
                .spanned(
                    self.files
                        .get(CHANGES_FILE)
                        .map(|file| Span::new(&file.source, 0..0)),
                )
                .help(
                    "an earlier migration was changed, removed or reordered; restore the folder \
                     from version control",
                ),
            )
        })
    }
}

impl File {
    /// A file with its text.
    pub fn new(name: String, text: String) -> Self {
        let checksum = Checksum::of_text(&text);
        Self {
            source: Arc::new(Source { name, text }),
            checksum,
        }
    }
}

/// The place of a line and column in a source.
pub fn line_span(source: &Arc<Source>, line: usize, column: Option<usize>) -> Span {
    let start: usize = source
        .text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let text = source.text[start..].lines().next().unwrap_or_default();
    let skipped: usize = text
        .chars()
        .take(column.unwrap_or(1).saturating_sub(1))
        .map(char::len_utf8)
        .sum();
    Span::new(source, start + skipped..start + text.len())
}

fn not_a_migration(path: &Path, name: &str) -> Diagnostic {
    Diagnostic::error(
        Phase::Migration,
        "migration/not-a-migration",
        format!(
            "{} is no migration, and nothing would ever apply it",
            display(&path.join(name))
        ),
    )
    .help(
        "a migration is a folder named <14 digits>_<name>, made by `dbtool generate`; move it away",
    )
}

/// Reads the files of a folder, and keeps what is wrong with them: all of it is told together.
struct Reader {
    /// The folder, canonical.
    root: PathBuf,
    refused: Vec<Diagnostic>,
}

impl Reader {
    fn of(folder: &Path) -> Result<Self, FolderError> {
        Ok(Self {
            root: std::fs::canonicalize(folder).map_err(|error| io_error(folder, error))?,
            refused: Vec::new(),
        })
    }

    fn files(&mut self, folder: &Path, wanted: &[&str]) -> BTreeMap<String, File> {
        let mut files = BTreeMap::new();
        for name in wanted {
            if let Some(source) = self.text(&folder.join(name)) {
                let checksum = Checksum::of_text(&source.text);
                files.insert((*name).to_owned(), File { source, checksum });
            }
        }
        files
    }

    /// The text of a file; `None` when there is none, or it was refused.
    fn text(&mut self, path: &Path) -> Option<Arc<Source>> {
        // A link is there even when it leads nowhere.
        if std::fs::symlink_metadata(path)
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        {
            return None;
        }
        read_file_below(&self.root, path, Phase::Migration, MAX_BYTES)
            .map_err(|finding| self.refused.push(*finding))
            .ok()
    }
}

fn io_error(path: &Path, error: io::Error) -> FolderError {
    FolderError::Io {
        path: display(path),
        error,
    }
}

fn display(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}

//! A migration that was made beside others comes after them.
//!
//! Owns what its files then are. A generated migration keeps its changes where they still apply, so
//! that two of one branch stay two, and its SQL is made anew: that of a table made over again names
//! every column, also those that the other branch added. Where the changes do not apply any more, the
//! difference between the others and the declared schema takes their place. What people wrote stays
//! as they wrote it, and has to be proven again. Pure; reading and writing is the command's business.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Phase};
use crate::dialect::Dialect;
use crate::diff::{Change, Renames, fold};
use crate::generate::{Content, files_of};
use crate::migration::{CHANGES_FILE, Checksum, Document, File, Folder, Id, Migration, Version};
use crate::model::Schema;
use crate::plan;

/// How many places at which two branches may have parted are looked at, from the last one back.
const PARTINGS: usize = 100;

/// The others among the migrations, and the one that moves.
pub struct Move<'a> {
    /// The one that moves.
    pub moving: &'a Migration,
    /// Whether the sum file lists it.
    pub moving_is_listed: bool,
    /// Those that the sum file lists, in order.
    pub listed: Vec<&'a Migration>,
    /// Those that it does not list.
    pub unlisted: Vec<&'a Migration>,
}

/// How a migration comes after the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its changes are the same, and its SQL is made anew.
    Remade {
        /// Its files.
        files: BTreeMap<String, String>,
        /// Its changes.
        changes: Vec<Change>,
    },
    /// Its changes do not apply after the others: the difference to the declared schema has to take
    /// their place.
    Differs(Box<Diagnostic>),
    /// It was written by hand, at least in part: its files stay as they are.
    ByHand {
        /// Its files.
        files: BTreeMap<String, String>,
        /// Why its changes do not apply after the others, where they do not.
        clash: Option<Box<Diagnostic>>,
    },
}

impl<'a> Move<'a> {
    /// Sorts the migrations of a folder around the one that moves.
    pub fn new(folder: &'a Folder, moving: &'a Migration) -> Self {
        let others = folder
            .migrations
            .iter()
            .filter(|migration| migration.id != moving.id);
        let is_listed = |migration: &&Migration| folder.sum.entries.contains_key(&migration.id);
        let (listed, unlisted) = others.partition(is_listed);
        Self {
            moving,
            moving_is_listed: is_listed(&moving),
            listed,
            unlisted,
        }
    }

    /// What an earlier run left that was interrupted: the same migration under a later version.
    pub fn twins(&self) -> impl Iterator<Item = &'a Migration> {
        let moving = self.moving;
        let all = self.listed.iter().chain(&self.unlisted).copied();
        all.filter(move |other| {
            other.id.name == moving.id.name && other.id.version > moving.id.version
        })
    }

    /// The one that an earlier run wrote and listed before it was interrupted, if there is one.
    pub fn done(&self, document: &Document, dialects: &[&dyn Dialect]) -> Option<&'a Migration> {
        let own = texts(self.moving);
        let changes = |migration: &Migration| {
            migration
                .files
                .get(CHANGES_FILE)
                .map(|file| file.checksum.clone())
        };
        let is_listed = |twin: &Migration| self.listed.iter().any(|it| it.id == twin.id);
        self.twins()
            .filter(|twin| !self.moving_is_listed && is_listed(twin))
            .find(|twin| {
                // Its SQL was made anew; of what people wrote, every byte has to be there.
                is_same(twin, &own)
                    || (changes(twin) == changes(self.moving)
                        && self.is_generated(document, dialects))
            })
    }

    /// The schema that the others make, without those that nobody vouches for.
    ///
    /// # Errors
    /// The migration that does not follow without the one that moves, and why.
    pub fn base(&self) -> Result<Schema, (Id, Box<Diagnostic>)> {
        let mut schema = Schema::default();
        for migration in &self.listed {
            migration
                .fold_into(&mut schema)
                .map_err(|finding| (migration.id.clone(), finding))?;
        }
        Ok(schema)
    }

    /// What becomes of it after the others.
    pub fn outcome(
        &self,
        base: &Schema,
        document: &Document,
        dialects: &[&dyn Dialect],
    ) -> Outcome {
        let mut after = base.clone();
        let clash = fold::apply_all(&mut after, &document.changes)
            .err()
            .map(|(index, error)| {
                Box::new(
                    Diagnostic::warning(
                        Phase::Migration,
                        "rebase/clash",
                        format!(
                            "change {} of {} does not apply after the other migrations: {error}",
                            index + 1,
                            self.moving.id
                        ),
                    )
                    .at(document.changes[index].path()),
                )
            });
        if !self.is_generated(document, dialects) {
            let files = texts(self.moving);
            return Outcome::ByHand { files, clash };
        }
        match clash {
            Some(clash) => Outcome::Differs(clash),
            None => Outcome::Remade {
                files: files(base, &after, document, dialects),
                changes: document.changes.clone(),
            },
        }
    }

    /// Whether its files are, byte for byte, what `generate` wrote for its changes. What it was
    /// generated after is not recorded: some of the listed migrations with a lower version have come
    /// with the merge, and which they are is tried.
    fn is_generated(&self, document: &Document, dialects: &[&dyn Dialect]) -> bool {
        if document.changes.is_empty() {
            return false;
        }
        let before = |migration: &&&Migration| migration.id.version < self.moving.id.version;
        let listed: Vec<_> = self.listed.iter().filter(before).collect();
        let own: Vec<_> = self.unlisted.iter().filter(before).collect();
        let cuts = (listed.len().saturating_sub(PARTINGS)..=listed.len()).rev();
        cuts.into_iter().any(|cut| {
            let mut schema = Schema::default();
            let prefix = listed[..cut].iter().chain(&own);
            let folds = prefix
                .copied()
                .all(|migration| migration.fold_into(&mut schema).is_ok());
            let base = schema.clone();
            folds
                && fold::apply_all(&mut schema, &document.changes).is_ok()
                && is_same(self.moving, &files(&base, &schema, document, dialects))
        })
    }
}

/// The files of a migration as they are.
fn texts(migration: &Migration) -> BTreeMap<String, String> {
    let text = |(name, file): (&String, &File)| (name.clone(), file.source.text.clone());
    migration.files.iter().map(text).collect()
}

/// Whether a migration has these files and no other.
pub fn is_same(migration: &Migration, files: &BTreeMap<String, String>) -> bool {
    migration.files.len() == files.len()
        && files.iter().all(|(name, text)| {
            let found = migration.files.get(name);
            found.is_some_and(|file| file.checksum == Checksum::of_text(text))
        })
}

/// The version for it: the present second, or the one after the last that is known.
pub fn next_version(folder: &Folder, unix_seconds: u64) -> Version {
    let listed = folder.sum.last().map(|id| &id.version);
    Version::next(unix_seconds, folder.last_version().max(listed))
}

fn files(
    before: &Schema,
    after: &Schema,
    document: &Document,
    dialects: &[&dyn Dialect],
) -> BTreeMap<String, String> {
    let content = Content {
        changes: &document.changes,
        hazards: &plan::assess(&document.changes),
        before,
        after,
        renames: &Renames::among(&document.changes),
        dialects,
        contract: document.contract.as_deref(),
    };
    files_of(&content).0
}

//! Writing a migration: whole, or not at all.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;

use super::{Checksum, Entry, Folder, Id, SUM_FILE, SumFile};

/// Writes a new migration beside the others and enters it in the sum file.
///
/// The files are written to a temporary folder that is then renamed, and the sum file is replaced
/// by renaming too: whoever is interrupted leaves a folder that `migrate` refuses as unlisted, never
/// half a migration.
///
/// # Errors
/// When the folder cannot be written.
pub fn create(
    folder: &Folder,
    id: &Id,
    files: &BTreeMap<String, String>,
    sealed: bool,
) -> io::Result<()> {
    write_folder(&folder.path, id, files)?;
    let mut sum = folder.sum.clone();
    sum.entries.insert(id.clone(), entry(files, sealed));
    write_sum(&folder.path, &sum)
}

/// Puts a migration in the place of another, or only takes the other away.
///
/// First the new folder is written, then the sum file names it instead of the old one, then the old
/// folder goes. Whoever is interrupted leaves both folders, one of which the sum file does not list:
/// every command refuses that, and doing it again ends it.
///
/// # Errors
/// When the folder cannot be written.
pub fn replace(
    folder: &Folder,
    old: &Id,
    new: Option<(&Id, &BTreeMap<String, String>, bool)>,
) -> io::Result<()> {
    let mut sum = folder.sum.clone();
    sum.entries.remove(old);
    if let Some((id, files, sealed)) = new {
        let is_there = folder
            .migrations
            .iter()
            .any(|migration| migration.id == *id);
        if !is_there {
            write_folder(&folder.path, id, files)?;
        }
        sum.entries.insert(id.clone(), entry(files, sealed));
    }
    if sum != folder.sum {
        write_sum(&folder.path, &sum)?;
    }
    // Out of sight at once, so that nobody finds half of it.
    let going = folder.path.join(format!(".{old}.{}", std::process::id()));
    std::fs::rename(folder.path.join(old.to_string()), &going)?;
    std::fs::remove_dir_all(going)
}

fn entry(files: &BTreeMap<String, String>, sealed: bool) -> Entry {
    if sealed {
        let checksum = |(name, text): (&String, &String)| (name.clone(), Checksum::of_text(text));
        Entry::Sealed(files.iter().map(checksum).collect())
    } else {
        Entry::Unsealed
    }
}

/// Writes the files to a temporary folder that is then renamed.
fn write_folder(path: &Path, id: &Id, files: &BTreeMap<String, String>) -> io::Result<()> {
    std::fs::create_dir_all(path)?;
    let temporary = path.join(format!(".{id}.{}", std::process::id()));
    let write = || -> io::Result<()> {
        std::fs::create_dir(&temporary)?;
        for (name, text) in files {
            write_synced(&temporary.join(name), text)?;
        }
        std::fs::rename(&temporary, path.join(id.to_string()))
    };
    let written = write();
    if written.is_err() {
        // What could not be finished is taken away; the first error is the one that counts.
        let _ = std::fs::remove_dir_all(&temporary);
    }
    written
}

/// Replaces the sum file.
///
/// # Errors
/// When the folder cannot be written; the old file is then as it was.
pub fn write_sum(folder: &Path, sum: &SumFile) -> io::Result<()> {
    let temporary = folder.join(format!(".{SUM_FILE}.{}", std::process::id()));
    write_synced(&temporary, &sum.to_text())?;
    std::fs::rename(&temporary, folder.join(SUM_FILE))
}

fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

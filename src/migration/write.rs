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
    std::fs::create_dir_all(&folder.path)?;
    let temporary = folder.path.join(format!(".{id}.{}", std::process::id()));
    let write = || -> io::Result<()> {
        std::fs::create_dir(&temporary)?;
        for (name, text) in files {
            write_synced(&temporary.join(name), text)?;
        }
        std::fs::rename(&temporary, folder.path.join(id.to_string()))
    };
    if let Err(error) = write() {
        // What could not be finished is taken away; the first error is the one that counts.
        let _ = std::fs::remove_dir_all(&temporary);
        return Err(error);
    }
    let mut sum = folder.sum.clone();
    let entry = if sealed {
        let checksum = |(name, text): (&String, &String)| (name.clone(), Checksum::of_text(text));
        Entry::Sealed(files.iter().map(checksum).collect())
    } else {
        Entry::Unsealed
    };
    sum.entries.insert(id.clone(), entry);
    write_sum(&folder.path, &sum)
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

//! Reading files from disk: the only IO of this module.
//!
//! A folder that cannot be read is an error. A file in it that cannot be used is a finding, so that
//! the others are still looked at.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::parse::MAX_BYTES;
use super::text::quote;
use crate::diag::{Diagnostic, Phase, Source};

/// Why a folder or file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
pub struct ReadError {
    /// What was to be read.
    pub path: PathBuf,
    /// What the operating system says.
    #[source]
    pub cause: io::Error,
}

/// The YAML files of a folder.
#[derive(Debug, Default)]
pub struct Folder {
    /// Their texts, in order of name.
    pub files: Vec<Arc<Source>>,
    /// The files that cannot be used.
    pub findings: Vec<Diagnostic>,
}

/// Reads the `.yaml` and `.yml` files of a folder. Files whose name starts with a dot and files
/// with other endings are left alone; folders below it are findings, because what they hold would
/// silently be missing.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn read_folder(folder: &Path, phase: Phase) -> Result<Folder, ReadError> {
    let failed = |cause| ReadError {
        path: folder.to_owned(),
        cause,
    };
    let root = fs::canonicalize(folder).map_err(failed)?;
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    let mut found = Folder::default();
    for path in paths {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        let problem =
            |code, message: String, help: &str| Diagnostic::error(phase, code, message).help(help);
        let name = display_name(&path);
        if path.is_dir() {
            found.findings.push(problem(
                "file/folder",
                format!(
                    "the folder {} is not read, so nothing in it counts",
                    quote(&name)
                ),
                "move its files up, or give it a name that starts with a dot",
            ));
            continue;
        }
        let yaml = path.extension().is_some_and(|extension| {
            extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
        });
        if !yaml {
            continue;
        }
        match read_file_below(&root, &path, phase, MAX_BYTES) {
            Ok(source) => found.files.push(source),
            Err(finding) => found.findings.push(*finding),
        }
    }
    Ok(found)
}

/// Reads one file.
///
/// # Errors
/// A finding that names the file: it cannot be opened, is no ordinary file, is too large, or is
/// not UTF-8.
pub fn read_file(path: &Path, phase: Phase) -> Result<Arc<Source>, Box<Diagnostic>> {
    read_file_within(path, phase, MAX_BYTES)
}

/// Reads one file that has its place below `root`, which is canonical. A link that leads elsewhere
/// is not followed.
///
/// # Errors
/// As [`read_file`], and when the file is elsewhere.
pub fn read_file_below(
    root: &Path,
    path: &Path,
    phase: Phase,
    most_bytes: usize,
) -> Result<Arc<Source>, Box<Diagnostic>> {
    match fs::canonicalize(path) {
        Ok(target) if !target.starts_with(root) => Err(outside(&display_name(path), phase).into()),
        Ok(_) => read_file_within(path, phase, most_bytes),
        Err(cause) => Err(unreadable(&display_name(path), &cause, phase).into()),
    }
}

fn outside(name: &str, phase: Phase) -> Diagnostic {
    Diagnostic::error(
        phase,
        "file/outside",
        format!(
            "{} is a link that leaves the folder, so it is not read",
            quote(name)
        ),
    )
    .help("put the file itself into the folder")
}

fn read_file_within(
    path: &Path,
    phase: Phase,
    most_bytes: usize,
) -> Result<Arc<Source>, Box<Diagnostic>> {
    let name = display_name(path);
    let failed = |cause: io::Error| Box::new(unreadable(&name, &cause, phase));
    // Asked first, because opening a pipe would wait for its other end.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(Diagnostic::error(
            phase,
            "file/unreadable",
            format!("{} is no ordinary file, so it is not read", quote(&name)),
        )
        .help("put a text file in its place")
        .into());
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(most_bytes as u64 + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() > most_bytes {
        return Err(Diagnostic::error(
            phase,
            "file/too-large",
            format!(
                "{} is larger than the {most_bytes} bytes that are read",
                quote(&name)
            ),
        )
        .help("split the file")
        .into());
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Arc::new(Source { name, text })),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes()[at];
            let line = error.as_bytes()[..at]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            let finding = Diagnostic::error(
                phase,
                "file/not-utf8",
                format!(
                    "{} is not UTF-8: byte {at} (0x{byte:02x}), in line {line}, belongs to no \
                     character",
                    quote(&name)
                ),
            );
            let utf16 = error.as_bytes().starts_with(&[0xff, 0xfe])
                || error.as_bytes().starts_with(&[0xfe, 0xff]);
            let help = if utf16 {
                "the file looks like UTF-16: save it as UTF-8"
            } else {
                "save the file as UTF-8"
            };
            Err(finding.help(help).into())
        }
    }
}

fn unreadable(name: &str, cause: &io::Error, phase: Phase) -> Diagnostic {
    Diagnostic::error(
        phase,
        "file/unreadable",
        format!("{} cannot be read: {cause}", quote(name)),
    )
    .help("see whether it exists and you may read it")
}

/// The path as messages show it on every system: with `/` between folders.
pub fn display_name(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        text.into_owned()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(folder: &Folder) -> Vec<String> {
        folder
            .findings
            .iter()
            .map(|finding| format!("{} {}", finding.code, finding.message))
            .collect()
    }

    #[test]
    fn only_yaml_files_are_read_in_order_of_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yml", ".hidden.yaml", "README.md", "c.YAML"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let read = read_folder(folder.path(), Phase::Schema).unwrap();
        let texts: Vec<_> = read.files.iter().map(|file| file.text.as_str()).collect();
        assert_eq!(texts, ["a.yml", "b.yaml", "c.YAML"]);
        assert_eq!(messages(&read), Vec::<String>::new());
    }

    #[test]
    fn every_unusable_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("latin.yaml"), b"a: 1\nb: \xe9t\xe9\n").unwrap();
        fs::write(path("wide.yaml"), b"\xff\xfea\0").unwrap();
        fs::write(path("large.yaml"), vec![b'x'; MAX_BYTES + 1]).unwrap();
        fs::create_dir(path("more")).unwrap();
        fs::write(path("good.yaml"), "a: 1\n").unwrap();
        let read = read_folder(folder.path(), Phase::Schema).unwrap();
        let prefix = display_name(folder.path());
        let found: Vec<_> = messages(&read)
            .into_iter()
            .map(|message| message.replace(&format!("{prefix}/"), ""))
            .map(|message| {
                message
                    .split_once(" `")
                    .map_or(message.clone(), |(code, _)| code.into())
            })
            .collect();
        assert_eq!(
            found,
            [
                "file/too-large",
                "file/not-utf8",
                "file/folder the folder",
                "file/not-utf8"
            ]
        );
        assert_eq!(read.files.len(), 1);
        let latin = &read.findings[1];
        assert!(
            latin.message.contains("byte 8 (0xe9), in line 2"),
            "{}",
            latin.message
        );
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = read_folder(&folder.path().join("absent"), Phase::Schema).unwrap_err();
        assert!(error.to_string().contains("absent"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.yaml"), "a: 1\n").unwrap();
        fs::write(folder.path().join("real.yaml"), "a: 1\n").unwrap();
        let link = |target: &Path, name: &str| {
            std::os::unix::fs::symlink(target, folder.path().join(name)).unwrap();
        };
        link(&outside.path().join("secret.yaml"), "out.yaml");
        link(&folder.path().join("real.yaml"), "inside.yaml");
        link(&folder.path().join("absent"), "broken.yaml");
        let read = read_folder(folder.path(), Phase::Schema).unwrap();
        let codes: Vec<_> = read.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["file/unreadable", "file/outside"]);
        assert_eq!(read.files.len(), 2);
    }
}

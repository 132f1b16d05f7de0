//! Puts reports where they were asked for.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Format, Report};

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the {format} report could not be written to {}: {source}", path.display())]
pub struct WriteError {
    /// The format.
    pub format: Format,
    /// The file that was asked for.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Reads `FORMAT=PATH` as `--report` takes it. The path `-` is standard output.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn parse_target(argument: &str) -> Result<(Format, PathBuf), String> {
    let example = "write FORMAT=PATH, for example junit=reports/dbtool.xml";
    let (format, path) = argument
        .split_once('=')
        .ok_or_else(|| format!("there is no `=` in it: {example}"))?;
    let format = format.parse::<Format>().map_err(|it| it.to_string())?;
    match path {
        "" => Err(format!("there is no path in it: {example}")),
        path => Ok((format, PathBuf::from(path))),
    }
}

/// Writes the report in every format asked for, folders included. A file is there whole or not at
/// all: it is written beside its place and then renamed. `-` is `stdout`.
///
/// # Errors
/// The first that could not be written; the others are tried all the same, so that one wrong path
/// does not cost a CI run its other reports.
pub fn write_reports(
    targets: &[(Format, PathBuf)],
    report: &Report,
    stdout: &mut dyn Write,
) -> Result<(), WriteError> {
    let mut first = Ok(());
    for (format, path) in targets {
        let text = format.render(report);
        let written = match path.as_os_str() == "-" {
            true => stdout
                .write_all(text.as_bytes())
                .and_then(|()| stdout.flush()),
            false => write_file(path, text.as_bytes()),
        };
        if let Err(source) = written {
            first = first.and(Err(WriteError {
                format: *format,
                path: path.clone(),
                source,
            }));
        }
    }
    first
}

/// Writes a file, folders included, as a whole or not at all.
///
/// # Errors
/// When it cannot be written; what was there before is then there still.
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What is there already may be a link, or no file at all (`/dev/stderr`, a pipe): the first is
    // followed, the second written into, never replaced.
    let path = match fs::metadata(path) {
        Ok(there) if there.is_file() => fs::canonicalize(path)?,
        Ok(there) if there.is_dir() => {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                "it is a folder",
            ));
        }
        Ok(_) => return OpenOptions::new().write(true).open(path)?.write_all(bytes),
        Err(_) => path.to_owned(),
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let mut temporary_name = std::ffi::OsString::from(".");
    temporary_name.push(name);
    temporary_name.push(format!(".{}.tmp", std::process::id()));
    let temporary = folder.join(temporary_name);
    let written = write_whole(&temporary, bytes).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        // The error that led here matters more than one of the cleaning up.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report::new("check")
    }

    #[test]
    fn folders_are_made_and_files_replaced_whole() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let path = root.path().join("a/b/report.json");
        for _ in 0..2 {
            write_reports(&[(Format::Json, path.clone())], &report(), &mut Vec::new())
                .expect("it is written");
        }
        let text = fs::read_to_string(&path).expect("it is there");
        assert_eq!(text, Format::Json.render(&report()));
        let beside = fs::read_dir(path.parent().expect("it has one")).expect("it is a folder");
        assert_eq!(beside.count(), 1, "nothing temporary is left");
    }

    #[test]
    fn a_dash_is_standard_output() {
        let mut stdout = Vec::new();
        write_reports(&[(Format::Json, "-".into())], &report(), &mut stdout).expect("written");
        assert_eq!(stdout, Format::Json.render(&report()).into_bytes());
    }

    #[test]
    fn one_wrong_path_does_not_cost_the_others() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let right = root.path().join("right.xml");
        let targets = [
            (Format::Json, root.path().to_owned()),
            (Format::Junit, right.clone()),
        ];
        let error = write_reports(&targets, &report(), &mut Vec::new()).expect_err("a folder");
        assert_eq!(error.format, Format::Json);
        assert!(error.to_string().contains("it is a folder"), "{error}");
        assert!(right.is_file());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_kept() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let (real, link) = (root.path().join("real.md"), root.path().join("link.md"));
        fs::write(&real, "old").expect("it is written");
        std::os::unix::fs::symlink(&real, &link).expect("it is linked");
        let targets = [
            (Format::Markdown, link.clone()),
            (Format::Markdown, "/dev/null".into()),
        ];
        write_reports(&targets, &report(), &mut Vec::new()).expect("both are written");
        assert!(link.is_symlink());
        assert!(
            fs::read_to_string(&real)
                .expect("it is there")
                .starts_with("## ")
        );
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn targets_are_read_with_reasons() {
        assert_eq!(
            parse_target("junit=a=b.xml"),
            Ok((Format::Junit, PathBuf::from("a=b.xml")))
        );
        for wrong in ["junit", "junit=", "xml=a"] {
            assert!(parse_target(wrong).is_err(), "{wrong}");
        }
    }
}

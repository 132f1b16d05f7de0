//! The laws of `fuzz/` on inputs that are kept: those that once broke one, and what people write.
//!
//! `tests/cases/fuzz/<target>/` has a file for each; its name says what it is about. An input that
//! the fuzzer finds is minimised and put there.

use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/lib.rs"]
pub mod laws;

/// Every file under a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

#[test]
fn every_law_holds_for_every_input_that_is_kept() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, law) in laws::LAWS {
        let kept = files(&root.join("tests/cases/fuzz").join(name));
        assert!(!kept.is_empty(), "{name} has inputs");
        for path in kept {
            let bytes = std::fs::read(&path).expect("a file");
            let text = String::from_utf8(bytes).expect("laws take text");
            eprintln!("{name}: {}", path.display());
            law(&text);
        }
    }
}

#[test]
fn every_law_holds_for_what_is_shipped() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["schema", "migrations", "fixtures", "tests/cases"] {
        for path in files(&root.join(folder)) {
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            for (name, law) in laws::LAWS {
                eprintln!("{name}: {}", path.display());
                law(&text);
            }
        }
    }
}

//! `export`: the schema in other forms.

use anyhow::Result;

use crate::cli::{EditedFile, Export};
use crate::report::Report;

use super::Outcome;

pub(super) fn run(what: &Export) -> Result<Outcome> {
    let Export::JsonSchema { file } = what;
    let text = match file {
        EditedFile::Schema => String::new(),
        EditedFile::Config => String::new(),
        EditedFile::Story => crate::story::editor::story_schema(),
        EditedFile::Rows => crate::story::editor::rows_schema(),
    };
    let data = serde_json::from_str(&text)?;
    let report = Report { data, ..Report::new("export") };
    Ok(Outcome { report, text, findings_are_the_answer: false })
}

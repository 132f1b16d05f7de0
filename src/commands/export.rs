//! `export`: the schema in other forms.

use anyhow::Result;

use crate::cli::{EditedFile, Export};
use crate::report::Report;
use crate::story::editor;
use crate::yaml::json_schema;

use super::Outcome;

pub(super) fn run(what: &Export) -> Result<Outcome> {
    let Export::JsonSchema { file } = what;
    let text = match file {
        EditedFile::Schema => json_schema::file(&json_schema::schema()),
        EditedFile::Config => json_schema::file(&json_schema::config()),
        EditedFile::Story => editor::story_schema(),
        EditedFile::Rows => editor::rows_schema(),
    };
    let data = serde_json::from_str(&text)?;
    let report = Report {
        data,
        ..Report::new("export")
    };
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: false,
    })
}

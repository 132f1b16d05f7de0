//! `export`: the schema in other forms.

use crate::cli::{EditedFile, Export};
use crate::report::Report;

use super::Outcome;

pub(super) fn run(what: &Export) -> Outcome {
    let Export::JsonSchema { file } = what;
    let schema = match file {
        EditedFile::Schema => crate::yaml::json_schema::schema(),
        EditedFile::Config => crate::yaml::json_schema::config(),
        EditedFile::Story => crate::story::json_schema::schema(),
    };
    let text = format!("{schema:#}\n");
    Outcome { report: Report { data: schema, ..Report::new("export") }, text, findings_are_the_answer: false }
}

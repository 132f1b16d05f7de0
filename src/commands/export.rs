//! `export`: the schema in other forms.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::cli::{EditedFile, Export, ExportForm};
use crate::diff::Change;
use crate::exit::Exit;
use crate::export::html::Dictionary;
use crate::export::{mermaid, prisma, rows};
use crate::migration::{CHANGES_FILE, Id};
use crate::report::Report;
use crate::story::{Tenancy, editor};
use crate::yaml::json_schema;

use super::{Context, Outcome, findings_only};

pub(super) fn run(context: &Context<'_>, arguments: &Export) -> Result<Outcome> {
    if let ExportForm::JsonSchema { file } = &arguments.form {
        let text = match file {
            EditedFile::Schema => json_schema::file(&json_schema::schema()),
            EditedFile::Config => json_schema::file(&json_schema::config()),
            EditedFile::Story => editor::story_schema(),
            EditedFile::Rows => editor::rows_schema(),
        };
        let data = serde_json::from_str(&text)?;
        return written(arguments, text, data, Report::new("export"));
    }
    let declared = context.declared()?;
    if declared.has_errors() {
        return Ok(findings_only("export", Exit::Findings, declared.findings));
    }
    let schema = &declared.schema;
    let text = match &arguments.form {
        ExportForm::JsonSchema { .. } => String::new(),
        ExportForm::RowSchema => rows::document(schema),
        ExportForm::Mermaid => mermaid::diagram(schema),
        ExportForm::Prisma => prisma::schema(schema),
        ExportForm::Html { title } => {
            let folder = context.folder(&[])?;
            let migrations: std::result::Result<Vec<(Id, Vec<Change>)>, _> = folder
                .migrations
                .iter()
                .filter(|migration| migration.files.contains_key(CHANGES_FILE))
                .map(|migration| Ok((migration.id.clone(), migration.document()?.changes)))
                .collect();
            let migrations = match migrations {
                Ok(migrations) => migrations,
                Err(finding) => {
                    let finding: Box<crate::diag::Diagnostic> = finding;
                    return Ok(findings_only("export", Exit::History, vec![*finding]));
                }
            };
            let tenancy = Tenancy::from(context.settings.rules().tenant.as_ref());
            Dictionary {
                title,
                schema,
                tenant: &|table| tenancy.column_of(table).cloned(),
                migrations: &migrations,
            }
            .to_html()
        }
    };
    let data = match &arguments.form {
        ExportForm::RowSchema => serde_json::from_str(&text)?,
        _ => json!({ "text": text }),
    };
    let mut report = Report::new("export");
    report.findings = declared.findings;
    written(arguments, text, data, report)
}

/// Hands the text over, or writes it to the file that was asked for: as a whole or not at all.
fn written(arguments: &Export, text: String, data: Value, report: Report) -> Result<Outcome> {
    let text = match &arguments.output {
        None => text,
        Some(path) => {
            crate::report::write_file(path, text.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
            String::new()
        }
    };
    Ok(Outcome {
        report: Report { data, ..report },
        text,
        findings_are_the_answer: false,
    })
}

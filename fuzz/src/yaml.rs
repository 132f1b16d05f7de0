//! Whatever stands in a file, each reader of files takes it or says what is wrong with it.

use dbtool::diag::{Diagnostic, Severity, Source};
use dbtool::dialect::Dialect;
use dbtool::dialect::mssql::{Edition, Mssql};
use dbtool::dialect::sqlite::Sqlite;
use dbtool::diff::fold;
use dbtool::generate::{self, Request};
use dbtool::migration::{CHANGES_FILE, Document, SumFile};
use dbtool::model::Schema;
use dbtool::report::{Format, Report, Style, human};
use dbtool::story;
use dbtool::yaml::{config, schema};

use super::project::{SCHEMA, TENANCY, source};

/// The text as each file that dbtool reads.
pub fn law(text: &str) {
    let file = source(text);
    let (_, findings) = config::load(Some(&file));
    shown(findings);
    let stories = std::slice::from_ref(&file);
    shown(story::load::load(stories, &[], &SCHEMA, &TENANCY).findings);
    shown(story::load::load(&[], stories, &SCHEMA, &TENANCY).findings);
    as_sum(text);
    as_changes(text);
    as_schema(&file);
}

/// A sum file that is believed is written as it was read.
fn as_sum(text: &str) {
    if let Ok(sum) = SumFile::parse(text) {
        assert_eq!(SumFile::parse(&sum.to_text()), Ok(sum));
    }
}

/// Changes are written so that the same ones are read, and fold or say why not.
fn as_changes(text: &str) {
    if let Ok(document) = Document::parse(text) {
        let written = document.to_text();
        assert_eq!(
            Document::parse(&written).as_ref(),
            Ok(&document),
            "{written}"
        );
        let _ = fold::apply_all(&mut Schema::default(), &document.changes);
    }
}

/// A schema without errors becomes a migration, whose files are read back as they were meant.
fn as_schema(file: &std::sync::Arc<Source>) {
    let tenantless = schema::Rules {
        naming: schema::Naming::Off,
        tenant: None,
        ..schema::Rules::default()
    };
    shown(schema::load(std::slice::from_ref(file), &schema::Rules::default()).1);
    let (loaded, findings) = schema::load(std::slice::from_ref(file), &tenantless);
    let is_sound = findings.iter().all(|it| it.severity < Severity::Error);
    shown(findings);
    if !is_sound {
        return;
    }
    let mssql = Mssql {
        schema: "dbo".to_owned(),
        edition: Edition::Azure,
    };
    let dialects: [&dyn Dialect; 2] = [&mssql, &Sqlite];
    let draft = generate::draft(&Request {
        folded: &Schema::default(),
        declared: &loaded.schema,
        renames: &loaded.renames,
        dialects: &dialects,
        contract: None,
        place: &|_| None,
    });
    let is_sound = draft
        .findings
        .iter()
        .all(|it| it.severity < Severity::Error);
    shown(draft.findings);
    for (name, text) in &draft.files {
        if name == CHANGES_FILE {
            let document = Document::parse(text).expect("what is written is read");
            assert_eq!(document.changes, draft.changes, "{text}");
        } else if is_sound {
            let dialect = dialects
                .into_iter()
                .find(|it| it.engine().file_name() == name)
                .expect("a file of one of the engines");
            let script = dialect.split(text);
            assert!(script.is_ok(), "{script:?}\n{text}");
        }
    }
}

/// Findings lie within their file, and nothing of it reaches a reader raw.
fn shown(findings: Vec<Diagnostic>) {
    let mut report = Report::new("check");
    report.findings = findings;
    for text in [
        human(&report, &Style::PLAIN),
        Format::Markdown.render(&report),
        Format::Github.render(&report),
    ] {
        let raw = text
            .chars()
            .find(|it| it.is_control() && *it != '\n' && *it != '\t');
        assert_eq!(raw, None, "{text:?}");
    }
    let _ = Format::Junit.render(&report);
    let _ = Format::Sarif.render(&report);
}

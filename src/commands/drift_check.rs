//! `drift-check`: the gate between the live database and the schema.

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::{Access, DriftCheck};
use crate::diag::Severity;
use crate::drift::{self, Accepted};
use crate::exit::Exit;
use crate::report::{self, Report};

use super::{Context, Outcome};

pub(super) fn run(context: &Context<'_>, arguments: &DriftCheck) -> Result<Outcome> {
    let engine = context.settings.target()?.engine();
    let folder = context.folder(&[engine])?;
    let mut connection = context.connect(Access::Read)?;
    let dialect = connection.dialect.as_ref();
    let session = connection.session.as_mut();
    let accepted = Accepted {
        drift: &context.settings.config.drift,
        today: &context.settings.today(),
    };
    let mut gate = drift::gate(session, dialect, &folder, accepted, arguments.allow_pending)?;
    if let Some(path) = &arguments.save {
        let catalog = drift::saved::to_text(&session.catalog()?);
        report::write_file(path, catalog.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        context
            .printer
            .message(&format!("Saved the catalog to {}", path.display()));
    }
    let mut report = Report::new("drift-check");
    report.environment = Some(connection.environment.clone());
    report.exit = gate.exit;
    if gate.exit == Exit::History {
        report.findings = gate.findings;
        return Ok(Outcome {
            report,
            text: String::new(),
            findings_are_the_answer: true,
        });
    }
    // The schema files only lend their places, so they are read only when there is something to
    // place; what counts is what was applied.
    if gate.findings.iter().any(|finding| finding.path.is_some()) {
        context.declared()?.place_all(&mut gate.findings);
    }
    let differences = gate
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    report.data = json!({
        "version": gate.version,
        "pending": gate.pending,
        "differences": differences,
    });
    let text = if report.exit == Exit::Ok {
        let version = gate.version.as_ref();
        let version = version.map(ToString::to_string).unwrap_or_default();
        format!("No drift: the database is what version {version} says.\n")
    } else {
        String::new()
    };
    report.findings = gate.findings;
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: true,
    })
}

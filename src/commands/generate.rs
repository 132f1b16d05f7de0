//! `generate`: writes a new migration.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::Generate;
use crate::diag::{Diagnostic, Source};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::generate::{Draft, Request, draft, empty};
use crate::migration::{CHANGES_FILE, Document, Folder, Id, SUM_FILE, Version, verify, write};
use crate::model::Schema;
use crate::report::Report;
use crate::settings::Usage;
use crate::yaml::files::display_name;

use super::{Context, Outcome, findings_only, has_errors, lint, pending_changes};

pub(super) fn run(context: &Context<'_>, arguments: &Generate) -> Result<Outcome> {
    let folder = context.folder(&context.settings.config.targets.value)?;
    let conflicts = conflicts(&folder);
    if has_errors(&conflicts) {
        return Ok(findings_only("generate", Exit::History, conflicts));
    }
    let dialects = context.dialects();
    let dialects: Vec<_> = dialects.iter().map(AsRef::as_ref).collect();
    // A name that cannot be is refused also when there is nothing to write.
    let id = if arguments.check {
        None
    } else {
        Some(id(arguments, &folder)?)
    };
    if let (true, Some(id)) = (arguments.empty, &id) {
        write::create(&folder, id, &empty(&dialects), false)
            .with_context(|| format!("cannot write {}", folder.path.display()))?;
        return Ok(written(&folder, id, &Draft::default(), true));
    }
    let declared = context.declared()?;
    if declared.has_errors() {
        return Ok(findings_only("generate", Exit::Findings, declared.findings));
    }
    let folded = match folder.fold(None) {
        Ok(folded) => folded,
        Err(finding) => return Ok(findings_only("generate", Exit::History, vec![*finding])),
    };
    let mut draft = draft(&Request {
        folded: &folded,
        declared: &declared.schema,
        renames: &declared.renames,
        dialects: &dialects,
        contract: arguments.contract.as_deref(),
        place: &|path| declared.place(path),
    });
    draft
        .findings
        .splice(0..0, declared.findings.iter().cloned());
    if has_errors(&draft.findings) {
        return Ok(findings_only("generate", Exit::Findings, draft.findings));
    }
    if draft.changes.is_empty() {
        return Ok(nothing(&draft));
    }
    let Some(id) = id else {
        let missing = pending_changes(&draft.changes, &declared);
        return Ok(findings_only("generate", Exit::Findings, missing));
    };
    draft
        .findings
        .extend(judged(context, &folder, &id, &draft, arguments, &folded));
    if has_errors(&draft.findings) {
        let mut refused = findings_only("generate", Exit::Findings, draft.findings);
        refused.report.rules = lint::described();
        return Ok(refused);
    }
    write::create(&folder, &id, &draft.files, true)
        .with_context(|| format!("cannot write {}", folder.path.display()))?;
    Ok(written(&folder, &id, &draft, false))
}

/// What the rules say of the T-SQL that is about to be written.
fn judged(
    context: &Context<'_>,
    folder: &Folder,
    id: &Id,
    draft: &Draft,
    arguments: &Generate,
    folded: &Schema,
) -> Vec<Diagnostic> {
    let name = Engine::Mssql.file_name();
    let Some(sql) = draft.files.get(name) else {
        return Vec::new();
    };
    let path = folder.path.join(id.to_string()).join(name);
    let source = Arc::new(Source {
        name: display_name(&path),
        text: sql.clone(),
    });
    let document = Document {
        contract: arguments.contract.clone(),
        ..Document::new(draft.changes.clone())
    };
    let options = lint::options(&context.settings.config);
    let judged = lint::judge(&source, Some(&document), Some(folded), &options);
    judged.linted.findings
}

/// What stands against adding to the folder. An unsealed migration does: the fold would not be
/// what its author means.
fn conflicts(folder: &Folder) -> Vec<Diagnostic> {
    verify::against_sum(folder, &[CHANGES_FILE])
}

fn id(arguments: &Generate, folder: &Folder) -> Result<Id> {
    let name = arguments.name.clone().unwrap_or_default();
    if !Id::is_name(&name) {
        return Err(Usage::new(
            format!("{name:?} cannot be the name of a migration"),
            "use 1 to 100 letters, digits, `_` and `-`, such as addPriority",
        )
        .into());
    }
    let version = match &arguments.version_stamp {
        Some(stamp) => Version::parse(stamp).ok_or_else(|| {
            Usage::new(
                format!("{stamp:?} is no version"),
                "a version is 14 digits: year, month, day, hour, minute, second in UTC",
            )
        })?,
        None => {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            let listed = folder.sum.last().map(|id| &id.version);
            Version::next(now.as_secs(), folder.last_version().max(listed))
        }
    };
    if folder.last_version().is_some_and(|last| *last >= version) {
        return Err(Usage::new(
            format!("version {version} is not later than the last migration"),
            "leave --version-stamp out, or take a later one",
        )
        .into());
    }
    Ok(Id { version, name })
}

fn nothing(draft: &Draft) -> Outcome {
    let mut report = Report::new("generate");
    report.findings.clone_from(&draft.findings);
    report.data = json!({ "written": null, "changes": [] });
    let text = "The migrations already make the declared schema; nothing was written.\n".to_owned();
    Outcome {
        report,
        text,
        findings_are_the_answer: false,
    }
}

fn written(folder: &Folder, id: &Id, draft: &Draft, unsealed: bool) -> Outcome {
    let path = folder.path.join(id.to_string());
    let path = path.display().to_string().replace('\\', "/");
    let changes: Vec<_> = draft
        .changes
        .iter()
        .zip(&draft.hazards)
        .map(|(change, hazard)| {
            json!({ "change": change.headline(), "class": hazard.class.word(), "consequence": hazard.consequence })
        })
        .collect();
    let mut text = format!("Wrote {path}\n");
    for (change, hazard) in draft.changes.iter().zip(&draft.hazards) {
        text.push_str(&format!(
            "  {:<12} {}\n",
            hazard.class.word(),
            change.headline()
        ));
    }
    if unsealed {
        text.push_str(&format!(
            "Fill in its SQL, then run `dbtool seal {}`; until then migrate refuses it.\n",
            id.version
        ));
    } else {
        text.push_str(&format!(
            "Read it, and commit it together with {SUM_FILE}.\n"
        ));
    }
    let mut report = Report::new("generate");
    report.findings.clone_from(&draft.findings);
    report.data = json!({
        "written": path,
        "version": id.version,
        "name": id.name,
        "sealed": !unsealed,
        "changes": changes,
    });
    Outcome {
        report,
        text,
        findings_are_the_answer: false,
    }
}

//! What can be compared: reading a side's name, and loading what it names.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cli::Access;
use crate::compare::Side;
use crate::diag::{Diagnostic, Phase};
use crate::dialect::{Described, Evidence};
use crate::diff::Renames;
use crate::drift::saved;
use crate::engine::Engine;
use crate::migration::{CHANGES_FILE, Folder, Id, SUM_FILE};
use crate::registry;
use crate::report::Environment;
use crate::settings::Usage;

use super::super::{Context, has_errors, version};

/// A side as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// Schema files, of this project when there is no folder.
    Schema(Option<PathBuf>),
    /// Migrations, up to a version where one is named.
    Migrations(Option<PathBuf>, Option<String>),
    /// A database, of this environment where one is named.
    Live(Option<String>),
    /// A saved catalog.
    Catalog(PathBuf),
}

/// A side that was loaded.
pub(super) struct Loaded {
    pub side: Side,
    /// The engine of a catalog.
    pub engine: Option<Engine>,
    pub renames: Renames,
    pub environment: Option<Environment>,
    /// Why it cannot be compared, or only in part.
    pub findings: Vec<Diagnostic>,
}

impl Named {
    /// Reads a side.
    ///
    /// # Errors
    /// [`Usage`] when it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let (word, rest) = match text.split_once([':', '@']) {
            Some((word, rest)) => (word, Some((&text[word.len()..=word.len()], rest))),
            None => (text, None),
        };
        Ok(match (word, rest) {
            ("schema", None) => Self::Schema(None),
            ("migrations", None) => Self::Migrations(None, None),
            ("migrations", Some(("@", version))) => {
                Self::Migrations(None, Some(version.to_owned()))
            }
            ("live", None) => Self::Live(None),
            ("live", Some((":", name))) => Self::Live(Some(name.to_owned())),
            ("catalog", Some((":", path))) => Self::Catalog(PathBuf::from(path)),
            _ => return by_path(text),
        })
    }
}

fn by_path(text: &str) -> Result<Named> {
    let path = Path::new(text);
    if path.is_file() {
        return Ok(Named::Catalog(path.to_owned()));
    }
    if path.is_dir() {
        return by_folder(path);
    }
    if let Some((folder, version)) = text.rsplit_once('@')
        && let Ok(Named::Migrations(folder, _)) = by_folder(Path::new(folder))
    {
        return Ok(Named::Migrations(folder, Some(version.to_owned())));
    }
    Err(Usage::new(
        format!("{text:?} names nothing that can be compared"),
        "write schema, migrations, migrations@VERSION, live, live:ENVIRONMENT, catalog:FILE, or the \
         path of a folder or saved catalog; ./NAME is always a path",
    )
    .into())
}

fn by_folder(folder: &Path) -> Result<Named> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .filter_map(Result::ok);
    let names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let is_migration = |name: &String| name == SUM_FILE || Id::parse(name).is_some();
    let is_schema = |name: &String| name.ends_with(".yaml") || name.ends_with(".yml");
    if names.iter().any(is_migration) {
        return Ok(Named::Migrations(Some(folder.to_owned()), None));
    }
    if names.iter().any(is_schema) {
        return Ok(Named::Schema(Some(folder.to_owned())));
    }
    Err(Usage::new(
        format!(
            "{} holds neither schema files nor migrations",
            folder.display()
        ),
        "name a folder with *.yaml files, or one with dbtool.sum",
    )
    .into())
}

/// Loads what a side names.
///
/// # Errors
/// When it cannot be read.
pub(super) fn load(context: &Context<'_>, named: &Named) -> Result<Loaded> {
    match named {
        Named::Schema(folder) => schema(context, folder.as_deref()),
        Named::Migrations(folder, version) => {
            migrations(context, folder.as_deref(), version.as_deref())
        }
        Named::Live(environment) => live(context, environment.as_deref()),
        Named::Catalog(path) => catalog(context, path),
    }
}

fn neutral(schema: crate::model::Schema, renames: Renames, findings: Vec<Diagnostic>) -> Loaded {
    Loaded {
        side: Side::Neutral(schema),
        engine: None,
        renames,
        environment: None,
        findings,
    }
}

fn schema(context: &Context<'_>, folder: Option<&Path>) -> Result<Loaded> {
    let folder = folder.unwrap_or(&context.settings.folders.schema);
    let declared = context.declared_in(folder)?;
    let mut findings = declared.findings;
    if has_errors(&findings) {
        findings.retain(|finding| finding.severity == crate::diag::Severity::Error);
    } else {
        findings.clear();
    }
    Ok(neutral(declared.schema, declared.renames, findings))
}

fn migrations(context: &Context<'_>, folder: Option<&Path>, to: Option<&str>) -> Result<Loaded> {
    let path = folder.unwrap_or(&context.settings.folders.migrations);
    let folder = Folder::read(path, &[CHANGES_FILE])?;
    let to = to.map(|to| version(to, &folder)).transpose()?;
    let mut findings = crate::migration::verify::against_sum(&folder, &[CHANGES_FILE]);
    // What comes after the version is none of this comparison's business.
    findings.retain(|finding| finding.code != "migration/unsealed");
    match folder.fold(to.as_ref()) {
        Ok(schema) => Ok(neutral(schema, Renames::default(), findings)),
        Err(finding) => {
            findings.push(*finding);
            Ok(neutral(Default::default(), Renames::default(), findings))
        }
    }
}

fn live(context: &Context<'_>, environment: Option<&str>) -> Result<Loaded> {
    let settings = environment.map(|name| context.settings.of_environment(name));
    let context = Context {
        settings: settings.as_ref().unwrap_or(context.settings),
        printer: context.printer,
    };
    let mut connection = context.connect(Access::Read)?;
    let described = connection.dialect.interpret(&connection.session.catalog()?);
    Ok(described_side(
        described,
        connection.environment.engine,
        Some(connection.environment),
    ))
}

fn catalog(context: &Context<'_>, path: &Path) -> Result<Loaded> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Usage::new(
            format!("cannot read {}: {error}", path.display()),
            "name a file that `dbtool drift-check --save FILE` wrote",
        )
    })?;
    let catalog = saved::parse(&text).map_err(|why| {
        Usage::new(
            format!("{} is no saved catalog: {why}", path.display()),
            "name a file that `dbtool drift-check --save FILE` wrote",
        )
    })?;
    let dialect = registry::dialect(catalog.engine, &context.settings.config);
    Ok(described_side(
        dialect.interpret(&catalog),
        catalog.engine,
        None,
    ))
}

fn described_side(
    described: Described,
    engine: Engine,
    environment: Option<Environment>,
) -> Loaded {
    let hidden = match &described.evidence {
        Evidence::Whole => None,
        Evidence::Partial(why) | Evidence::RowsOnly(why) => Some(
            Diagnostic::error(
                Phase::Drift,
                "diff/hidden",
                format!("the catalog does not tell the whole schema: {why}"),
            )
            .help("what is not seen is not compared; grant VIEW DEFINITION on the database"),
        ),
    };
    Loaded {
        side: Side::Described(described),
        engine: Some(engine),
        renames: Renames::default(),
        environment,
        findings: hidden.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::Named;

    #[test]
    fn a_side_is_a_word_or_a_path() {
        let parse = |text: &str| Named::parse(text).ok();
        assert_eq!(parse("schema"), Some(Named::Schema(None)));
        assert_eq!(
            parse("migrations@20260101000000"),
            Some(Named::Migrations(None, Some("20260101000000".into())))
        );
        assert_eq!(parse("live:dev"), Some(Named::Live(Some("dev".into()))));
        assert_eq!(
            parse("catalog:a:b.json"),
            Some(Named::Catalog("a:b.json".into()))
        );
        assert_eq!(parse("env:NAME"), None);
        assert_eq!(parse("nowhere"), None);
        assert!(matches!(parse("schema/"), Some(Named::Schema(Some(_)))));
        assert!(matches!(
            parse("./migrations@1"),
            Some(Named::Migrations(Some(_), Some(_)))
        ));
    }
}

//! Why a scenario stops.

use super::Ground;
use crate::diag::{Diagnostic, Phase, Span};
use crate::engine::{EngineError, ErrorKind, Violation, ViolationKind};
use crate::exit::Exit;
use crate::model::{Ident, KeyColumn, ObjectPath, Part, PartKind, Schema, Table};
use crate::story::format::Refusal;
use crate::story::load::KINDS;

/// Why a scenario stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// The database refused a statement. An expectError around it may have wanted that.
    Refused(Box<Refused>),
    /// A step did not go as it says.
    Failed {
        /// The number of the step.
        step: String,
        /// How a gate ends that fails so.
        exit: Exit,
        /// What is wrong.
        finding: Box<Diagnostic>,
    },
}

/// A statement that the database refused.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: EngineError,
    /// The number of the step.
    pub(super) step: String,
    /// Its place.
    pub(super) span: Span,
    /// What was tried: `insert into jobRuns`.
    pub(super) attempt: String,
    /// Its table.
    pub(super) table: Option<Ident>,
    /// The columns whose values were generated.
    pub(super) generated: Vec<Ident>,
    /// The check that no generated values were found for.
    pub(super) unsettled: Option<Ident>,
}

impl Stop {
    /// The step's number, how a gate ends that fails so, and what is wrong.
    pub(super) fn into_finding(self) -> (String, Exit, Diagnostic) {
        match self {
            Self::Failed {
                step,
                exit,
                finding,
            } => (step, exit, *finding),
            Self::Refused(refused) => {
                let finding = refused.finding();
                (refused.step, Exit::Assertion, finding)
            }
        }
    }
}

impl Refused {
    fn finding(&self) -> Diagnostic {
        let message = format!("{} was refused: {}", self.attempt, self.error.message);
        let code = match self.error.kind {
            ErrorKind::Constraint(_)
            | ErrorKind::Statement
            | ErrorKind::ReadOnly
            | ErrorKind::Permission => "story/refused",
            // Nothing that was promised: the database could not be worked with.
            ErrorKind::Connection
            | ErrorKind::Busy
            | ErrorKind::Corrupt
            | ErrorKind::Full
            | ErrorKind::Interrupted => "story/connection",
            // Whoever asks has taken it for a gap of the product before.
            ErrorKind::Unsupported => "story/unsupported",
        };
        let help = match &self.error.kind {
            ErrorKind::Constraint(_) if self.unsettled.is_some() || !self.generated.is_empty() => {
                let names: Vec<&str> = self.generated.iter().map(Ident::as_str).collect();
                let names = match names.is_empty() {
                    true => String::new(),
                    false => format!(" ({})", names.join(", ")),
                };
                let unsettled = self.unsettled.as_ref().map_or(String::new(), |check| {
                    format!("no values were found that {check} takes: ")
                });
                format!(
                    "{unsettled}give a value where a generated one does not fit{names}; if the \
                     refusal is right, put the step into an expectError"
                )
            }
            ErrorKind::Constraint(_) => {
                "mend the values or the schema; if the refusal is right, put the step into an \
                 expectError"
                    .into()
            }
            ErrorKind::Busy => "another connection holds the database: see who works on it".into(),
            _ => "see what the database says".into(),
        };
        let mut finding = Diagnostic::error(Phase::Persistence, code, message)
            .spanned(self.span.clone())
            .help(help);
        if let Some(table) = &self.table {
            finding = finding.at(ObjectPath::table(table));
        }
        finding
    }

    /// Whether the refusal says nothing of the schema, since the product lacks what it takes.
    pub(super) fn is_gap(&self) -> bool {
        self.error.kind == ErrorKind::Unsupported
    }

    /// How the database refused, in the words of a story.
    pub(super) fn manner(&self) -> String {
        match &self.error.kind {
            ErrorKind::Constraint(violation) => {
                manner(violation.kind, violation.constraint.as_deref())
            }
            _ => self.error.message.clone(),
        }
    }
}

/// A stop before the first step.
pub(super) fn unreachable(error: &EngineError, span: &Span) -> Stop {
    let message = format!("the database cannot be opened: {}", error.message);
    Stop::Failed {
        step: String::new(),
        exit: Exit::Assertion,
        finding: Box::new(
            Diagnostic::error(Phase::Persistence, "story/connection", message)
                .spanned(span.clone())
                .help("see what the database says"),
        ),
    }
}

/// `unique (uqJobRuns…)`
pub(super) fn manner(kind: ViolationKind, constraint: Option<&str>) -> String {
    let word = KINDS.iter().find(|(_, other)| *other == kind);
    let word = word.map_or("an error", |(word, _)| *word);
    match constraint {
        Some(constraint) => format!("{word} ({constraint})"),
        None => word.to_owned(),
    }
}

/// Whether the database refused as it was to.
pub(super) fn as_wanted(refused: &Refused, wanted: &Refusal, ground: &Ground<'_>) -> bool {
    let schema = ground.real_schema();
    let ErrorKind::Constraint(violation) = &refused.error.kind else {
        return false;
    };
    is_kind(violation, wanted.kind, schema)
        && match (&wanted.constraint, &violation.constraint) {
            (Some(wanted), Some(found)) => names(found, wanted, violation, refused, ground),
            // The engine does not say which constraint it was.
            (_, None) | (None, _) => true,
        }
}

/// Whether a violation is of the wanted kind. What keeps a type's promise is a check on some
/// engines, which they report as one: its name tells.
fn is_kind(violation: &Violation, wanted: ViolationKind, schema: &Schema) -> bool {
    let keeps_type = || {
        let name = violation.constraint.as_deref().map(Ident::new);
        let mut columns = schema.tables.values().flat_map(|table| &table.columns);
        name.is_some_and(|name| columns.any(|column| column.type_check.folded() == name.folded()))
    };
    violation.kind == wanted
        || wanted == ViolationKind::Type && violation.kind == ViolationKind::Check && keeps_type()
}

/// Whether what an engine names is the wanted constraint. Engines name the constraint itself, or
/// (SQLite) what it is on: the columns of a key, the column of a type, the table of a trigger.
fn names(
    found: &str,
    wanted: &Ident,
    violation: &Violation,
    refused: &Refused,
    ground: &Ground<'_>,
) -> bool {
    let schema = ground.real_schema();
    if violation.names(wanted, refused.table.as_ref()) {
        return true;
    }
    let table = refused.table.as_ref().and_then(|table| schema.table(table));
    let tables = match table {
        Some(table) => vec![table],
        None => schema.tables.values().collect(),
    };
    tables.into_iter().any(|table| match violation.kind {
        ViolationKind::Unique => has_key(table, wanted, found),
        ViolationKind::AppendOnly => {
            table.append_only.as_ref() == Some(wanted) && found == table.name.as_str()
        }
        ViolationKind::Type => table.columns.iter().any(|column| {
            let path = ObjectPath::member(&table.name, &column.name);
            column.type_check == *wanted && found == path.to_string()
        }),
        // Of several checks that a row breaks, the engine may name any.
        ViolationKind::Check if !ground.dialect.capabilities().checks_in_order => {
            share_a_column(table, wanted, &Ident::new(found))
        }
        ViolationKind::ForeignKey | ViolationKind::Check | ViolationKind::NotNull => false,
    })
}

/// Whether two checks of a table are about a column in common, so that a row may break both.
fn share_a_column(table: &Table, one: &Ident, other: &Ident) -> bool {
    let uses = |name: &Ident| {
        let part = table
            .parts
            .iter()
            .find(|part| part.name().folded() == name.folded());
        let check = part.filter(|part| part.kind() == PartKind::Check);
        let columns = table.columns.iter().map(|column| &column.name);
        columns
            .filter(|column| check.is_some_and(|check| check.uses(column) == Some(true)))
            .collect::<Vec<_>>()
    };
    let others = uses(other);
    uses(one).iter().any(|column| others.contains(column))
}

/// Whether the wanted key is on the columns that an engine lists: `jobRuns.a, jobRuns.b`.
fn has_key(table: &Table, wanted: &Ident, found: &str) -> bool {
    let keys = match table.part(wanted) {
        Some(Part::PrimaryKey(key)) => &key.columns,
        Some(Part::Unique(key)) => &key.columns,
        Some(Part::Index(index)) => &index.columns,
        Some(Part::Check(_) | Part::ForeignKey(_)) | None => return false,
    };
    let path = |key: &KeyColumn| ObjectPath::member(&table.name, &key.column).to_string();
    let mut columns: Vec<String> = keys.iter().map(path).collect();
    let mut listed: Vec<&str> = found.split(',').map(str::trim).collect();
    columns.sort_unstable();
    listed.sort_unstable();
    columns == listed
}

//! Comparing any two schemas: declared, made by migrations, live, or saved.
//!
//! Owns how two sides of different kinds are brought to one form: neutral while both are, else that
//! of the engine. Pure; where the sides come from is the command's business.

use std::collections::BTreeMap;

use crate::dialect::{Described, Dialect, Unsupported};
use crate::diff::unnamed::named_like;
use crate::diff::{Change, Renames, diff};
use crate::drift::without_usual_collation;
use crate::model::Schema;
use crate::plan::{self, Hazard};

/// One of two schemas.
#[derive(Debug, Clone)]
pub enum Side {
    /// Neutral: declared, or made by migrations.
    Neutral(Schema),
    /// What a catalog says, in engine form.
    Described(Described),
}

/// What differs between two sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The first, in the form in which both were compared.
    pub from: Schema,
    /// The second, in the same form.
    pub to: Schema,
    /// What turns the first into the second, in order.
    pub changes: Vec<Change>,
    /// What each change means, in the same order.
    pub hazards: Vec<Hazard>,
    /// What the model cannot express and the two catalogs have otherwise.
    pub outside: Vec<Outside>,
    /// What the model cannot express where only one side is a catalog: the other cannot say it.
    pub unsaid: Vec<Unsupported>,
}

/// Something outside the model that two catalogs do not have alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outside {
    /// Only the first has it.
    Gone(Unsupported),
    /// Only the second has it.
    New(Unsupported),
    /// Both have it, with another text.
    Changed(Unsupported, Unsupported),
}

/// Compares two sides: as they are while both are neutral and no engine is named, else as the engine
/// of `dialect` holds them. Catalogs must be of that engine.
pub fn compare(
    from: &Side,
    to: &Side,
    renames: &Renames,
    dialect: Option<&dyn Dialect>,
) -> Comparison {
    let collation = [from, to].into_iter().find_map(|side| match side {
        Side::Described(described) => described.collation.as_deref(),
        Side::Neutral(_) => None,
    });
    let form = |side: &Side| match (side, dialect) {
        (Side::Described(described), _) => described.schema.clone(),
        (Side::Neutral(schema), None) => schema.clone(),
        (Side::Neutral(schema), Some(dialect)) => {
            let (lowered, _) = dialect.lower(schema);
            without_usual_collation(&lowered, collation).unwrap_or(lowered)
        }
    };
    let (mut before, mut after) = (form(from), form(to));
    // A constraint without a name is the one of the other side that says the same.
    if let Some(named) = named_like(&before, &after, &|_, _| true) {
        before = named;
    }
    if let Some(named) = named_like(&after, &before, &|_, _| true) {
        after = named;
    }
    let changes = plan::order(diff(&before, &after, renames));
    let hazards = plan::assess(&changes);
    let (outside, unsaid) = match (from, to) {
        (Side::Described(from), Side::Described(to)) => {
            (outside(&from.unsupported, &to.unsupported), Vec::new())
        }
        (Side::Described(only), _) | (_, Side::Described(only)) => {
            (Vec::new(), only.unsupported.clone())
        }
        (Side::Neutral(_), Side::Neutral(_)) => (Vec::new(), Vec::new()),
    };
    Comparison {
        from: before,
        to: after,
        changes,
        hazards,
        outside,
        unsaid,
    }
}

fn outside(from: &[Unsupported], to: &[Unsupported]) -> Vec<Outside> {
    type Key<'a> = (&'a crate::model::ObjectPath, &'a str, &'a str);
    fn keyed(list: &[Unsupported]) -> BTreeMap<Key<'_>, &Unsupported> {
        list.iter()
            .map(|entry| {
                (
                    (&entry.path, entry.kind.as_str(), entry.reason.as_str()),
                    entry,
                )
            })
            .collect()
    }
    let (from, to) = (keyed(from), keyed(to));
    let mut found = Vec::new();
    for (key, entry) in &from {
        match to.get(key) {
            None => found.push(Outside::Gone((*entry).clone())),
            Some(other) if other.definition != entry.definition => {
                found.push(Outside::Changed((*entry).clone(), (*other).clone()));
            }
            Some(_) => {}
        }
    }
    for (key, entry) in &to {
        if !from.contains_key(key) {
            found.push(Outside::New((*entry).clone()));
        }
    }
    found.sort_by(|a, b| a.entry().cmp(b.entry()));
    found
}

/// A line of comment. A name can hold a line break, and what follows would be no comment.
fn comment(text: &str) -> String {
    format!("-- {}\n", text.replace(char::is_control, " "))
}

impl Outside {
    /// What it is about.
    pub fn entry(&self) -> &Unsupported {
        match self {
            Self::Gone(entry) | Self::New(entry) | Self::Changed(_, entry) => entry,
        }
    }
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.changes.is_empty() && self.outside.is_empty()
    }

    /// The statements that turn the first into the second, with what each change means above them.
    /// Both are in the form of this engine.
    pub fn sql(&self, renames: &Renames, dialect: &dyn Dialect) -> String {
        let mut text = String::new();
        for (change, hazard) in self.changes.iter().zip(&self.hazards) {
            text.push_str(&comment(&format!(
                "{}: {}: it {}",
                hazard.class.word(),
                change.headline(),
                hazard.consequence
            )));
        }
        for outside in &self.outside {
            let entry = outside.entry();
            text.push_str(&comment(&format!(
                "not written: {} {} is outside the model ({})",
                entry.kind, entry.path, entry.reason
            )));
        }
        let steps = plan::steps(&self.from, &self.to, renames, dialect.capabilities());
        let statements = dialect.by_hand(&dialect.render(&steps));
        if !statements.is_empty() {
            text.push_str(&format!("{statements}\n"));
        }
        text
    }
}

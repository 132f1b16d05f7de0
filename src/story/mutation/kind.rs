//! The ways in which something is broken.

/// How a mutant differs from the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Rows of an append-only table can be changed and removed.
    Rewritable,
    /// A column takes NULL.
    Nullable,
    /// A default is gone.
    DefaultDropped,
    /// A default is another value.
    DefaultChanged,
    /// A key is compared without regard to case.
    CaseIgnored,
    /// A row version stays what it is.
    VersionFrozen,
    /// A key, check, foreign key or index is gone.
    Dropped,
    /// A key or foreign key lacks the tenant, so that it reaches over all tenants.
    WithoutTenant,
    /// A unique key lacks its last column.
    WithoutLastColumn,
    /// A unique index holds for all rows and not only those of its filter.
    WithoutFilter,
    /// A foreign key does something else when the row it refers to is deleted.
    DeleteAction,
    /// A limit of a check is one step further out.
    LimitMoved,
    /// A check lacks one of the conditions that it wants together.
    ConditionDropped,
    /// A check lacks one of the alternatives of which one is enough.
    AlternativeDropped,
    /// A check refuses one of its values.
    ValueRefused,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 15] = [
        Self::Rewritable,
        Self::Nullable,
        Self::DefaultDropped,
        Self::DefaultChanged,
        Self::CaseIgnored,
        Self::VersionFrozen,
        Self::Dropped,
        Self::WithoutTenant,
        Self::WithoutLastColumn,
        Self::WithoutFilter,
        Self::DeleteAction,
        Self::LimitMoved,
        Self::ConditionDropped,
        Self::AlternativeDropped,
        Self::ValueRefused,
    ];

    /// The word for it in story files and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rewritable => "rewritable",
            Self::Nullable => "nullable",
            Self::DefaultDropped => "defaultDropped",
            Self::DefaultChanged => "defaultChanged",
            Self::CaseIgnored => "caseIgnored",
            Self::VersionFrozen => "versionFrozen",
            Self::Dropped => "dropped",
            Self::WithoutTenant => "withoutTenant",
            Self::WithoutLastColumn => "withoutLastColumn",
            Self::WithoutFilter => "withoutFilter",
            Self::DeleteAction => "deleteAction",
            Self::LimitMoved => "limitMoved",
            Self::ConditionDropped => "conditionDropped",
            Self::AlternativeDropped => "alternativeDropped",
            Self::ValueRefused => "valueRefused",
        }
    }
}

//! What the laws read texts against: the shipped schema.

use std::sync::{Arc, LazyLock};

use dbtool::diag::Source;
use dbtool::model::Schema;
use dbtool::tenant::Tenancy;
use dbtool::yaml::schema::{Rules, load};

const FILES: [&str; 2] = [
    include_str!("../../schema/jobRuns.yaml"),
    include_str!("../../schema/historyEntries.yaml"),
];

/// A part of the shipped schema.
pub static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let sources: Vec<_> = FILES.iter().map(|text| source(text)).collect();
    let (loaded, findings) = load(&sources, &Rules::default());
    assert_eq!(findings, [], "the shipped schema is sound");
    loaded.schema
});

/// Who owns its rows.
pub static TENANCY: LazyLock<Tenancy> =
    LazyLock::new(|| Tenancy::from(Rules::default().tenant.as_ref()));

/// A text as a file.
pub fn source(text: &str) -> Arc<Source> {
    Arc::new(Source {
        name: "file.yaml".to_owned(),
        text: text.to_owned(),
    })
}

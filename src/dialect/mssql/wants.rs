//! What a batch asks for that not every product, version and edition has.
//!
//! Owns how it is recognised; who has it is in [`super::versions`].

use crate::dialect::{Feature, Want};

use super::words::{Word, words};

/// Words that ask for a feature when they follow one another.
const PATTERNS: [(&[&str], Feature); 7] = [
    (&["ONLINE", "=", "ON"], Feature::OnlineIndex),
    (&["RESUMABLE", "=", "ON"], Feature::ResumableIndex),
    (&["LEDGER", "=", "ON"], Feature::Ledger),
    (&["CREATE", "OR", "ALTER"], Feature::CreateOrAlter),
    (&["CREATE", "SECURITY", "POLICY"], Feature::SecurityPolicy),
    (&["ALTER", "SECURITY", "POLICY"], Feature::SecurityPolicy),
    (&["WITH", "VALUES"], Feature::WithValues),
];

/// What a batch asks for, each once, in order.
pub(super) fn wants(sql: &str) -> Vec<Want> {
    let words = words(sql);
    let mut wants: Vec<Want> = Vec::new();
    for (at, (word, line)) in words.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| words[at].0);
        let found = PATTERNS.iter().find_map(|(pattern, feature)| {
            let here = words[at..].iter().map(|(word, _)| *word);
            let matches = here.zip(*pattern).filter(|(word, part)| word.is(part));
            (matches.count() == pattern.len()).then_some(*feature)
        });
        let found = found.or_else(|| {
            if word.is("MERGE") && begins_statement(before) {
                Some(Feature::Merge)
            } else if word.is("JSON") && before == Some(Word::Name) {
                Some(Feature::JsonType)
            } else {
                None
            }
        });
        if let Some(feature) = found
            && !wants.iter().any(|want| want.feature == feature)
        {
            wants.push(Want {
                feature,
                line: *line,
            });
        }
    }
    wants
}

/// Whether a statement can begin behind this word, other than one that follows another without a
/// semicolon: that MERGE forbids itself.
fn begins_statement(before: Option<Word<'_>>) -> bool {
    before.is_none_or(|word| [";", "BEGIN", "ELSE", ")"].iter().any(|sign| word.is(sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_found_and_what_is_only_said_is_not() {
        let cases: [(&str, &[(Feature, u32)]); 10] = [
            ("CREATE TABLE t (a int)", &[]),
            (
                "CREATE INDEX i ON t (a)\n  WITH (FILLFACTOR = 80, online=on)",
                &[(Feature::OnlineIndex, 2)],
            ),
            (
                "ALTER INDEX i ON t REBUILD WITH (ONLINE = ON, RESUMABLE = ON)",
                &[(Feature::OnlineIndex, 1), (Feature::ResumableIndex, 1)],
            ),
            ("ALTER TABLE t REBUILD WITH (ONLINE = OFF)", &[]),
            (
                "-- ONLINE = ON\nSELECT 'ONLINE = ON', [ONLINE = ON] /* LEDGER = ON /**/ */",
                &[],
            ),
            (
                "/* a\n */ CREATE OR ALTER VIEW v AS SELECT 1",
                &[(Feature::CreateOrAlter, 2)],
            ),
            (
                "UPDATE t SET a = 1;\nMERGE INTO t USING s ON 1 = 1",
                &[(Feature::Merge, 2)],
            ),
            ("SELECT 1 FROM a INNER MERGE JOIN b ON 1 = 1", &[]),
            (
                "CREATE TABLE [t] ([a] json NULL)",
                &[(Feature::JsonType, 1)],
            ),
            (
                "ALTER TABLE t ADD a int NULL DEFAULT (1) WITH VALUES",
                &[(Feature::WithValues, 1)],
            ),
        ];
        for (sql, expected) in cases {
            let found: Vec<_> = wants(sql)
                .into_iter()
                .map(|want| (want.feature, want.line))
                .collect();
            assert_eq!(found, expected, "{sql}");
        }
    }
}

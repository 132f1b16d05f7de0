//! The names of everything that people need not name.
//!
//! Every constraint has a name of its own, so that no server ever makes one up: a prefix that tells
//! the kind, the table, and what sets it apart.

use sha2::{Digest, Sha256};

use crate::model::Ident;

/// `pkJobRuns`
pub fn primary_key(table: &Ident) -> Ident {
    name("pk", [table])
}

/// `uqJobRunsTenantIdIdempotencyKey`
pub fn unique<'a>(table: &'a Ident, columns: impl IntoIterator<Item = &'a Ident>) -> Ident {
    name("uq", std::iter::once(table).chain(columns))
}

/// `ixJobRunsTenantIdStatusCreatedAt`
pub fn index<'a>(table: &'a Ident, columns: impl IntoIterator<Item = &'a Ident>) -> Ident {
    name("ix", std::iter::once(table).chain(columns))
}

/// `fkHistoryEntriesJobRuns`
pub fn foreign_key(table: &Ident, references: &Ident) -> Ident {
    name("fk", [table, references])
}

/// `fkTransfersAccountsTenantIdFromAccountId`, for a second foreign key to the same table
pub fn another_foreign_key<'a>(
    table: &'a Ident,
    references: &'a Ident,
    columns: impl IntoIterator<Item = &'a Ident>,
) -> Ident {
    name("fk", [table, references].into_iter().chain(columns))
}

/// `ckJobRunsStatus`
pub fn check<'a>(table: &'a Ident, columns: impl IntoIterator<Item = &'a Ident>) -> Ident {
    name("ck", std::iter::once(table).chain(columns))
}

/// `dfJobRunsStatus`
pub fn default(table: &Ident, column: &Ident) -> Ident {
    name("df", [table, column])
}

/// `tyJobRunsStatus`
pub fn type_check(table: &Ident, column: &Ident) -> Ident {
    name("ty", [table, column])
}

/// `trHistoryEntriesAppendOnly`
pub fn append_only(table: &Ident) -> Ident {
    name("tr", [table, &Ident::new("appendOnly")])
}

/// How many characters of the hash stand for what was cut off: enough that two names of one schema
/// meet by chance in one of four billion.
const HASH_CHARS: usize = 8;

/// The parts joined in camelCase; cut, with a hash of the whole, where it is longer than the
/// engines take.
fn name<'a>(prefix: &str, parts: impl IntoIterator<Item = &'a Ident>) -> Ident {
    let mut whole = prefix.to_owned();
    for part in parts {
        let mut characters = part.as_str().chars();
        whole.extend(characters.next().into_iter().flat_map(char::to_uppercase));
        whole.push_str(characters.as_str());
    }
    if units(&whole) <= Ident::MAX_CHARS {
        return Ident::new(whole);
    }
    let hash = Sha256::digest(whole.as_bytes());
    let hash: String = hash
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>()
        .chars()
        .take(HASH_CHARS)
        .collect();
    let mut cut = String::new();
    let mut length = 0;
    for character in whole.chars() {
        length += character.len_utf16();
        if length > Ident::MAX_CHARS - HASH_CHARS {
            break;
        }
        cut.push(character);
    }
    Ident::new(cut + &hash)
}

/// The length of a name as SQL Server counts it, in UTF-16 units.
pub fn units(name: &str) -> usize {
    name.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(name: &str) -> Ident {
        Ident::new(name)
    }

    #[test]
    fn names_are_those_of_the_documentation() {
        let table = ident("jobRuns");
        let columns = [ident("tenantId"), ident("idempotencyKey")];
        assert_eq!(primary_key(&table).as_str(), "pkJobRuns");
        assert_eq!(
            unique(&table, &columns).as_str(),
            "uqJobRunsTenantIdIdempotencyKey"
        );
        assert_eq!(
            index(&table, &columns).as_str(),
            "ixJobRunsTenantIdIdempotencyKey"
        );
        assert_eq!(
            foreign_key(&ident("historyEntries"), &table).as_str(),
            "fkHistoryEntriesJobRuns"
        );
        assert_eq!(
            check(&table, [&ident("status")]).as_str(),
            "ckJobRunsStatus"
        );
        assert_eq!(
            default(&table, &ident("status")).as_str(),
            "dfJobRunsStatus"
        );
        assert_eq!(
            type_check(&table, &ident("status")).as_str(),
            "tyJobRunsStatus"
        );
        assert_eq!(
            append_only(&ident("historyEntries")).as_str(),
            "trHistoryEntriesAppendOnly"
        );
    }

    #[test]
    fn a_long_name_is_cut_with_a_hash_of_the_whole() {
        let table = ident(&"t".repeat(100));
        let (one, two) = (
            ident(&format!("{}A", "c".repeat(60))),
            ident(&format!("{}B", "c".repeat(60))),
        );
        let (first, second) = (default(&table, &one), default(&table, &two));
        assert_eq!(first.as_str().len(), Ident::MAX_CHARS);
        assert_ne!(first, second);
        assert_eq!(first, default(&table, &one));
        assert!(first.as_str().starts_with("dfTttt"));
    }

    #[test]
    fn names_outside_the_basic_plane_are_cut_between_characters() {
        let long = default(&ident(&"🦀".repeat(60)), &ident(&"🦀".repeat(60)));
        assert!(units(long.as_str()) <= Ident::MAX_CHARS);
    }
}

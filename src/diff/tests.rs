//! Laws of diff, order and fold over random schemas.

use proptest::prelude::*;

use super::{Change, Renames, diff, fold};
use crate::migration::Document;
use crate::model::{Ident, Schema};
use crate::plan::{Class, assess, order};
use crate::testing::{schema_pairs, schemas};

fn fold(from: &Schema, changes: &[Change]) -> Schema {
    let mut schema = from.clone();
    fold::apply_all(&mut schema, changes).expect("ordered changes apply");
    schema
}

fn headlines(changes: &[Change]) -> Vec<String> {
    changes.iter().map(Change::headline).collect()
}

proptest! {
    #[test]
    fn a_schema_does_not_differ_from_itself(schema in schemas()) {
        prop_assert_eq!(headlines(&diff(&schema, &schema, &Renames::default())), Vec::<String>::new());
    }

    #[test]
    fn the_difference_leads_from_one_schema_to_the_other((from, to) in schema_pairs()) {
        let changes = order(diff(&from, &to, &Renames::default()));
        let reached = fold(&from, &changes);
        let left = diff(&reached, &to, &Renames::default());
        prop_assert_eq!(headlines(&left), Vec::<String>::new());
    }

    #[test]
    fn a_document_is_read_as_it_was_written((from, to) in schema_pairs()) {
        let creation = order(diff(&Schema::default(), &from, &Renames::default()));
        let edit = order(diff(&from, &to, &Renames::default()));
        for changes in [creation, edit] {
            let document = Document::new(changes);
            let text = document.to_text();
            prop_assert_eq!(Document::parse(&text), Ok(document), "{}", text);
        }
    }

    #[test]
    fn creating_is_additive_and_dropping_is_not(schema in schemas()) {
        let empty = Schema::default();
        let creation = diff(&empty, &schema, &Renames::default());
        prop_assert!(assess(&creation).iter().all(|hazard| hazard.class == Class::Additive));
        let removal = diff(&schema, &empty, &Renames::default());
        prop_assert!(assess(&removal).iter().all(|hazard| hazard.class == Class::Destructive));
    }

    #[test]
    fn tables_come_after_those_they_refer_to_unless_in_a_circle(schema in schemas()) {
        let changes = order(diff(&Schema::default(), &schema, &Renames::default()));
        let place = |name: &Ident| changes.iter().position(|change| change.table() == name);
        for change in &changes {
            let Change::CreateTable(table) = change else { continue };
            for key in table.foreign_keys() {
                let in_circle = reaches(&schema, &key.references, &table.name);
                prop_assert!(in_circle || place(&key.references) < place(&table.name));
            }
        }
    }
}

/// Whether foreign keys lead from one table to another.
fn reaches(schema: &Schema, from: &Ident, to: &Ident) -> bool {
    let mut seen = vec![from.clone()];
    let mut at = 0;
    while at < seen.len() {
        if seen[at] == *to {
            return true;
        }
        let table = schema.table(&seen[at]);
        for key in table
            .into_iter()
            .flat_map(super::super::model::table::Table::foreign_keys)
        {
            if !seen.contains(&key.references) {
                seen.push(key.references.clone());
            }
        }
        at += 1;
    }
    false
}

use super::*;
use crate::diff::{Renames, diff};
use crate::migration::{Id, Version};
use crate::model::Schema;
use crate::testing::{declared, schemas};
use proptest::prelude::*;

/// Two tables that use what exports have to say something about.
fn shop() -> Schema {
    declared(&[
        r#"
table: orders
description: "An order, with <b>marks</b> & \"quotes\"."
appendOnly: true
columns:
  orderId: { type: uuid, default: newSequentialId }
  number: { type: int, identity: {} }
  status: { type: string(32), oneOf: [open, closed], default: open, description: Where it stands. }
  total: { type: "decimal(9,2)", min: 0, default: 0 }
  note: { type: string(100), nullable: true }
  old: { type: int, nullable: true, deprecated: true }
  placedAt: { type: timestamp(3), default: utcNow }
  version: { type: rowVersion }
primaryKey: [orderId]
indexes:
  - { name: uxOrdersOpen, columns: [number], unique: true, where: status = 'open' }
  - { columns: [status, placedAt desc], include: [note] }
"#,
        r#"
table: orderLines
columns:
  orderId: { type: uuid }
  lineNumber: { type: int, min: 1 }
  replacesOrderId: { type: uuid, nullable: true }
  sku: { type: key(64) }
primaryKey: [orderId, lineNumber]
foreignKeys:
  - { columns: [orderId], references: { table: orders, columns: [orderId] }, onDelete: cascade }
  - { name: fkReplaces, columns: [replacesOrderId], references: { table: orders, columns: [orderId] } }
"#,
    ])
}

#[test]
fn mermaid() {
    insta::assert_snapshot!(mermaid::diagram(&shop()));
}

#[test]
fn prisma() {
    insta::assert_snapshot!(prisma::schema(&shop()));
}

#[test]
fn rows() {
    insta::assert_snapshot!(rows::document(&shop()));
}

fn html_of(schema: &Schema) -> String {
    let changes = diff(&Schema::default(), schema, &Renames::default());
    let id = Id {
        version: Version::parse("20260101000000").unwrap(),
        name: "initial".to_owned(),
    };
    let dictionary = html::Dictionary {
        title: "Shop",
        schema,
        tenant: &|_| None,
        migrations: &[(id, changes)],
    };
    dictionary.to_html()
}

#[test]
fn html() {
    insta::assert_snapshot!(html_of(&shop()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever stands in names, texts and expressions, the page stays well-formed, runs no script,
    /// and each of its links leads somewhere.
    #[test]
    fn a_page_is_well_formed(schema in schemas()) {
        let page = html_of(&schema);
        prop_assert!(!page.contains("<script"));
        let ids: BTreeSet<&str> = page.split(" id=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
        for target in page.split("href=\"#").skip(1).filter_map(|it| it.split('"').next()) {
            prop_assert!(ids.contains(target), "{target}");
        }
        let mut open = Vec::new();
        for tag in page.split('<').skip(1) {
            let tag = &tag[..tag.find('>').unwrap_or(tag.len())];
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
            if ["!doctype", "meta"].contains(&name) || tag.ends_with('/') {
                continue;
            }
            match tag.strip_prefix('/') {
                None => open.push(name),
                Some(name) => prop_assert_eq!(open.pop(), Some(name), "{}", tag),
            }
        }
        prop_assert!(open.is_empty());
    }
}

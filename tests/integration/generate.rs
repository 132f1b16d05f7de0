//! `generate`: additive migrations, refusals that write nothing, and the same bytes each time.

use super::sandbox::{ORDERS, Sandbox};

/// An edit of `schema/orders.yaml` (from, to) and what comes of it.
struct Case {
    name: &'static str,
    from: &'static str,
    to: &'static str,
}

const fn case(name: &'static str, from: &'static str, to: &'static str) -> Case {
    Case { name, from, to }
}

const CREATED: &str = "  createdAt:";

#[test]
fn additive_and_compatible_changes_are_generated_applied_and_leave_no_drift() {
    let cases = [
        case(
            "nullable column",
            CREATED,
            "  extra: { type: int, nullable: true }\n  createdAt:",
        ),
        case(
            "column with a constant default",
            CREATED,
            "  extra: { type: int, default: 7 }\n  createdAt:",
        ),
        case(
            "column with a computed default",
            CREATED,
            "  extra: { type: timestamp(3), default: utcNow }\n  createdAt:",
        ),
        case(
            "column with its own check",
            CREATED,
            "  extra: { type: int, default: 1, min: 0 }\n  createdAt:",
        ),
        case(
            "row version",
            CREATED,
            "  version: { type: rowVersion }\n  createdAt:",
        ),
        case(
            "computed column",
            CREATED,
            "  doubled: { type: int, nullable: true, computed: { expression: 'length(note) * 2' } }\n  createdAt:",
        ),
        case("wider string", "string(100)", "string(200)"),
        case("string to text", "string(100)", "text"),
        case("wider decimal", "\"decimal(9,2)\"", "\"decimal(12,2)\""),
        case(
            "more decimal places",
            "\"decimal(9,2)\"",
            "\"decimal(12,4)\"",
        ),
        case(
            "more precise timestamp",
            "createdAt: { type: timestamp(3)",
            "createdAt: { type: timestamp(6)",
        ),
        case(
            "nullability relaxed",
            "status: { type: string(32),",
            "status: { type: string(32), nullable: true,",
        ),
        case(
            "a value more in oneOf",
            "[open, closed]",
            "[open, closed, held]",
        ),
        case("a lower minimum", "min: 0,", "min: -5,"),
        case("a default changed", "default: open", "default: closed"),
        case(
            "an index more",
            "indexes:",
            "indexes:\n  - columns: [tenantId, note]",
        ),
        case(
            "an index changed",
            "[tenantId, status, createdAt desc]",
            "[tenantId, status, createdAt]",
        ),
        case(
            "a description",
            "description: An order.",
            "description: An order of a customer.",
        ),
        case(
            "a column deprecated",
            "note: { type: string(100),",
            "note: { type: string(100), deprecated: true,",
        ),
    ];
    for case in cases {
        let sandbox = Sandbox::migrated();
        sandbox.sql(
            "insert into orders (tenantId, orderId, note, total) values
                ('a', '0190b2c4-0000-7000-8000-000000000001', 'kept', 1250),
                ('a', '0190b2c4-0000-7000-8000-000000000002', null, 0);
             insert into orderLines values ('a', '0190b2c4-0000-7000-8000-000000000001', 1, 'sku')",
        );
        sandbox.edit("schema/orders.yaml", case.from, case.to);
        sandbox
            .fails(6, &["generate", "--check"])
            .says("dbtool generate");
        sandbox.fails(6, &["check"]);
        let run = sandbox.ok(&["generate", "change", "--version-stamp", "20260102000000"]);
        assert!(!run.seen().contains("destructive"), "{}: {run}", case.name);
        sandbox.ok(&["check"]);
        let run = sandbox.run(&["migrate"]);
        assert_eq!(run.code, 0, "{}: {run}", case.name);
        let run = sandbox.run(&["drift-check"]);
        assert_eq!(run.code, 0, "{}: {run}", case.name);
        let (rows, lines): (i64, i64) = sandbox
            .database()
            .query_row(
                "select (select count(*) from orders), (select count(*) from orderLines)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .expect("counts");
        assert_eq!((rows, lines), (2, 1), "{}: rows survive", case.name);
        let kept: String = sandbox
            .database()
            .query_row(
                "select note from orders where note is not null",
                [],
                |row| row.get(0),
            )
            .expect("a note");
        assert_eq!(kept, "kept", "{}", case.name);
    }
}

#[test]
fn values_keep_their_meaning_when_their_stored_form_changes() {
    let sandbox = Sandbox::migrated();
    sandbox.sql(
        "insert into orders (tenantId, orderId, total, createdAt) values
            ('a', '0190b2c4-0000-7000-8000-000000000001', 1250, '2026-01-31T12:00:00.123Z')",
    );
    sandbox.edit(
        "schema/orders.yaml",
        "\"decimal(9,2)\"",
        "\"decimal(12,4)\"",
    );
    sandbox.edit(
        "schema/orders.yaml",
        "createdAt: { type: timestamp(3)",
        "createdAt: { type: timestamp(6)",
    );
    sandbox.ok(&["generate", "precision"]);
    sandbox.ok(&["migrate"]);
    let stored: (i64, String) = sandbox
        .database()
        .query_row("select total, createdAt from orders", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("a row");
    assert_eq!(stored, (125_000, "2026-01-31T12:00:00.123000Z".to_owned()));
}

#[test]
fn destructive_changes_are_refused_with_place_and_way_out_and_write_nothing() {
    let cases = [
        case(
            "drop column",
            "  note: { type: string(100), nullable: true }\n",
            "",
        ),
        case("narrow string", "string(100)", "string(50)"),
        case("narrow decimal", "\"decimal(9,2)\"", "\"decimal(7,2)\""),
        case(
            "other type",
            "note: { type: string(100)",
            "note: { type: int",
        ),
        case(
            "not null without default",
            CREATED,
            "  extra: { type: int }\n  createdAt:",
        ),
        case(
            "null refused",
            "note: { type: string(100), nullable: true }",
            "note: { type: string(100) }",
        ),
        case("rename without renamedFrom", "  note:", "  remark:"),
        case(
            "rename with renamedFrom",
            "  note: { type: string(100),",
            "  remark: { renamedFrom: note, type: string(100),",
        ),
        case("a value less in oneOf", "[open, closed]", "[open]"),
        case("a higher minimum", "min: 0,", "min: 1,"),
        case(
            "check added",
            "indexes:",
            "checks:\n  - { name: ckOrdersNote, expression: note <> 'x' }\nindexes:",
        ),
        case(
            "unique added",
            "indexes:",
            "unique:\n  - columns: [tenantId, note]\nindexes:",
        ),
        case(
            "index dropped",
            "indexes:\n  - columns: [tenantId, status, createdAt desc]\n",
            "",
        ),
        case("default dropped", ", default: open", ""),
        case(
            "append-only",
            "table: orders\n",
            "table: orders\nappendOnly: true\n",
        ),
    ];
    for case in cases {
        let sandbox = Sandbox::migrated();
        sandbox.edit("schema/orders.yaml", case.from, case.to);
        // A default that no longer fits would be another finding.
        if case.name == "a higher minimum" {
            sandbox.edit(
                "schema/orders.yaml",
                "min: 1, default: 0",
                "min: 1, default: 1",
            );
        }
        let before = sandbox.read("migrations/dbtool.sum");
        let run = sandbox.run(&["generate", "change"]);
        assert_eq!(run.code, 6, "{}: {run}", case.name);
        let seen = run.seen();
        assert!(seen.contains("refused to"), "{}: {run}", case.name);
        assert!(seen.contains("schema/orders.yaml:"), "{}: {run}", case.name);
        assert!(seen.contains("--contract"), "{}: {run}", case.name);
        assert_eq!(
            sandbox.migrations().len(),
            1,
            "{}: nothing is written",
            case.name
        );
        assert_eq!(
            sandbox.read("migrations/dbtool.sum"),
            before,
            "{}",
            case.name
        );
    }
}

#[test]
fn dropping_a_table_is_refused() {
    let sandbox = Sandbox::migrated();
    std::fs::remove_file(sandbox.path("schema/orderLines.yaml")).expect("a file");
    sandbox
        .fails(6, &["generate", "change"])
        .says("drop table orderLines");
}

#[test]
fn a_contract_migration_carries_its_reason_and_works() {
    let cases = [
        case(
            "drop column",
            "  note: { type: string(100), nullable: true }\n",
            "",
        ),
        case(
            "rename",
            "  note: { type: string(100),",
            "  remark: { renamedFrom: note, type: string(100),",
        ),
        case(
            "check added",
            "indexes:",
            "checks:\n  - { name: ckOrdersNote, expression: note <> 'x' }\nindexes:",
        ),
        case(
            "append-only",
            "table: orders\n",
            "table: orders\nappendOnly: true\n",
        ),
    ];
    for case in cases {
        let sandbox = Sandbox::migrated();
        sandbox.sql(
            "insert into orders (tenantId, orderId, note) values
                ('a', '0190b2c4-0000-7000-8000-000000000001', 'kept');
             insert into orderLines values ('a', '0190b2c4-0000-7000-8000-000000000001', 1, 'sku')",
        );
        sandbox.edit("schema/orders.yaml", case.from, case.to);
        sandbox.ok(&[
            "generate",
            "change",
            "--contract",
            "agreed in review",
            "--version-stamp",
            "20260102000000",
        ]);
        for file in ["changes.yaml", "mssql.sql", "sqlite.sql"] {
            let text = sandbox.read(&format!("migrations/20260102000000_change/{file}"));
            assert!(
                text.contains("agreed in review"),
                "{}: {file}\n{text}",
                case.name
            );
        }
        let run = sandbox.run(&["migrate"]);
        assert_eq!(run.code, 0, "{}: {run}", case.name);
        sandbox.ok(&["drift-check"]);
        let lines: i64 = sandbox
            .database()
            .query_row("select count(*) from orderLines", [], |row| row.get(0))
            .expect("a count");
        assert_eq!(
            lines, 1,
            "{}: rows that refer to the table survive",
            case.name
        );
        if case.name == "rename" {
            let kept: String = sandbox
                .database()
                .query_row("select remark from orders", [], |row| row.get(0))
                .expect("a value");
            assert_eq!(kept, "kept");
        }
    }
}

#[test]
fn a_table_can_be_renamed_with_all_that_hangs_on_it() {
    let sandbox = Sandbox::migrated();
    sandbox.sql(
        "insert into orders (tenantId, orderId, note) values
            ('a', '0190b2c4-0000-7000-8000-000000000001', 'kept');
         insert into orderLines values ('a', '0190b2c4-0000-7000-8000-000000000001', 1, 'sku')",
    );
    sandbox.edit(
        "schema/orders.yaml",
        "table: orders\n",
        "table: purchases\nrenamedFrom: orders\n",
    );
    sandbox.edit(
        "schema/orderLines.yaml",
        "table: orders,",
        "table: purchases,",
    );
    sandbox.ok(&["generate", "rename", "--contract", "maintenance window"]);
    sandbox.ok(&["migrate"]);
    sandbox.ok(&["drift-check"]);
    let database = sandbox.database();
    let kept: String = database
        .query_row("select note from purchases", [], |row| row.get(0))
        .expect("a value");
    assert_eq!(kept, "kept");
    let refused = database.execute(
        "insert into orderLines values ('a', 'nowhere', 1, 'sku')",
        [],
    );
    assert!(refused.is_err(), "the foreign key still holds");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, two) = (Sandbox::small(), Sandbox::small());
    for file in ["changes.yaml", "mssql.sql", "sqlite.sql"] {
        let name = format!("migrations/20260101000000_initial/{file}");
        assert_eq!(one.read(&name), two.read(&name), "{file}");
    }
    assert_eq!(
        one.read("migrations/dbtool.sum"),
        two.read("migrations/dbtool.sum")
    );
}

#[test]
fn versions_grow_and_names_are_checked() {
    let sandbox = Sandbox::small();
    sandbox.edit(
        "schema/orders.yaml",
        CREATED,
        "  extra: { type: int, nullable: true }\n  createdAt:",
    );
    sandbox
        .fails(2, &["generate", "x", "--version-stamp", "20250101000000"])
        .says("later");
    sandbox
        .fails(2, &["generate", "../x"])
        .says("name of a migration");
    sandbox.ok(&["generate", "later"]);
    sandbox
        .ok(&["generate", "nothing"])
        .says("nothing was written");
    assert_eq!(sandbox.migrations().len(), 2);
}

#[test]
fn circular_foreign_keys_work() {
    let sandbox = Sandbox::empty();
    let table = |name: &str, other: &str| {
        format!(
            "table: {name}\ncolumns:\n  tenantId: {{ type: key(64) }}\n  {name}Id: {{ type: int }}\n  \
             {other}Id: {{ type: int, nullable: true }}\nprimaryKey: [tenantId, {name}Id]\nforeignKeys:\n  \
             - columns: [tenantId, {other}Id]\n    references: {{ table: {other}, columns: [tenantId, {other}Id] }}\n"
        )
    };
    sandbox.write("schema/chicken.yaml", table("chicken", "egg"));
    sandbox.write("schema/egg.yaml", table("egg", "chicken"));
    sandbox.ok(&["generate", "initial"]);
    sandbox.ok(&["migrate"]);
    sandbox.ok(&["drift-check"]);
    let name = sandbox.migrations().remove(0);
    let tsql = sandbox.read(&format!("migrations/{name}/mssql.sql"));
    let (create, alter) = (
        tsql.find("CREATE TABLE [dbo].[egg]"),
        tsql.rfind("REFERENCES [dbo].[egg]"),
    );
    assert!(
        create < alter,
        "the foreign key comes after its table:\n{tsql}"
    );
}

#[test]
fn reserved_words_and_odd_names_are_quoted_when_the_naming_rule_is_off() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "dbtool.yaml",
        "naming: off\ntenant: off\nenvironments:\n  local: { target: sqlite, database: local.db }\n",
    );
    sandbox.write(
        "schema/odd.yaml",
        "table: \"order ]\\\" '🦀\"\ncolumns:\n  \"select\": { type: int }\n  \"a]b\": { type: string(10), oneOf: [\"it's\", \"x\\\"y\"] }\n  \"c\\\"d\": { type: bool, default: true }\nprimaryKey: [\"select\"]\nindexes:\n  - columns: [\"a]b\", \"c\\\"d desc\"]\n",
    );
    sandbox.ok(&["generate", "initial"]);
    sandbox.ok(&["migrate"]);
    sandbox.ok(&["drift-check"]);
    let name = sandbox.migrations().remove(0);
    let tsql = sandbox.read(&format!("migrations/{name}/mssql.sql"));
    assert!(
        tsql.contains("[order ]]\" '🦀]") && tsql.contains("[a]]b]"),
        "{tsql}"
    );
}

#[test]
fn the_orders_schema_of_these_tests_is_sound() {
    assert!(ORDERS.contains("decimal(9,2)"));
    Sandbox::small()
        .ok(&["check"])
        .says("2 tables and 1 migration ");
}

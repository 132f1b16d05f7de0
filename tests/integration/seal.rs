//! Hand-written migrations: refused until they are proven.

use super::sandbox::Sandbox;

const SQL: &str = "migrations/20260102000000_backfill/sqlite.sql";

/// The small project with rows, and an empty hand-written migration.
fn with_backfill() -> Sandbox {
    let sandbox = Sandbox::migrated();
    sandbox.sql(
        "insert into orders (tenantId, orderId) values
            ('a', '0190b2c4-0000-7000-8000-000000000001'),
            ('b', '0190b2c4-0000-7000-8000-000000000002')",
    );
    sandbox
        .ok(&[
            "generate",
            "--empty",
            "backfill",
            "--version-stamp",
            "20260102000000",
        ])
        .says("dbtool seal 20260102000000");
    sandbox
}

#[test]
fn an_unsealed_migration_is_refused_and_a_sealed_backfill_runs_once() {
    let sandbox = with_backfill();
    sandbox
        .fails(9, &["migrate"])
        .says("20260102000000_backfill")
        .says("not sealed");
    sandbox.fails(9, &["generate", "other"]).says("not sealed");
    let head = sandbox.read(SQL);
    sandbox.write(
        SQL,
        format!("{head}-- Every order had a number before.\nUPDATE orders SET note = coalesce(note, '') || 'backfilled';\n"),
    );
    sandbox.ok(&["seal", "20260102000000"]).says("unproven");
    sandbox.ok(&["migrate"]).says("Applied 1 migration");
    sandbox.ok(&["migrate"]).says("Nothing to do");
    let notes: String = sandbox
        .database()
        .query_row("select group_concat(note) from orders", [], |row| {
            row.get(0)
        })
        .expect("notes");
    assert_eq!(notes, "backfilled,backfilled");
    sandbox.ok(&["drift-check"]);
}

#[test]
fn sql_that_does_not_run_is_not_sealed() {
    let sandbox = with_backfill();
    sandbox.write(SQL, "UPDATE nowhere SET x = 1;\n");
    sandbox
        .fails(4, &["seal", "20260102000000"])
        .says("nowhere")
        .says("sqlite.sql:1");
    sandbox.fails(9, &["migrate"]).says("not sealed");
}

#[test]
fn sql_that_changes_the_schema_behind_the_models_back_is_not_sealed() {
    let sandbox = with_backfill();
    sandbox.write(SQL, "DROP INDEX ixOrdersTenantIdStatusCreatedAt;\n");
    sandbox
        .fails(6, &["seal", "20260102000000"])
        .says("ixOrdersTenantIdStatusCreatedAt");
}

#[test]
fn what_a_sealed_migration_creates_outside_the_model_is_no_drift_until_it_changes() {
    let sandbox = with_backfill();
    sandbox.write(
        SQL,
        "CREATE VIEW openOrders AS SELECT * FROM orders WHERE status = 'open';\n",
    );
    sandbox.ok(&["seal", "20260102000000"]);
    sandbox.ok(&["migrate"]);
    sandbox.ok(&["drift-check"]).says("openOrders");
    sandbox.sql("drop view openOrders");
    sandbox
        .fails(3, &["drift-check"])
        .says("openOrders")
        .says("CREATE VIEW");
}

#[test]
fn malformed_sql_is_refused_with_its_place() {
    let sandbox = with_backfill();
    sandbox.write(SQL, "UPDATE orders SET note = 'never closed;\n");
    sandbox
        .fails(4, &["seal", "20260102000000"])
        .says("sqlite.sql:1");
}

#[test]
fn a_migration_without_a_transaction_goes_on_where_it_stopped() {
    let sandbox = with_backfill();
    sandbox.write(
        SQL,
        "-- dbtool:no-transaction\n\
         UPDATE orders SET note = coalesce(note, '') || 'one' WHERE tenantId = 'a';\n\
         UPDATE orders SET note = coalesce(note, '') || 'two' WHERE tenantId = 'b';\n",
    );
    sandbox.ok(&["seal", "20260102000000"]);
    // The second batch fails the first time.
    sandbox.sql(
        "create trigger stop before update on orders when new.tenantId = 'b'
         begin select raise(abort, 'not now'); end",
    );
    sandbox
        .fails(4, &["migrate", "--allow-drift", "the trigger is ours"])
        .says("not now");
    sandbox.sql("drop trigger stop");
    // It was allowed, and recorded with the first batch, so that it is gone is a change as well.
    sandbox.fails(3, &["migrate"]).says("stop is gone");
    sandbox
        .ok(&["migrate", "--allow-drift", "the trigger is gone again"])
        .says("Applied 1 migration");
    let notes: String = sandbox
        .database()
        .query_row(
            "select group_concat(note) from orders order by tenantId",
            [],
            |row| row.get(0),
        )
        .expect("notes");
    assert_eq!(notes, "one,two", "no batch ran twice");
    sandbox.ok(&["history", "--verify"]);
}

#[test]
fn a_migration_can_be_sealed_although_later_ones_are_listed() {
    let sandbox = with_backfill();
    sandbox.write(SQL, "UPDATE orders SET note = 'x';\n");
    sandbox.ok(&["seal", "20260102000000"]);
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt",
        "  extra: { type: int, nullable: true }\n  createdAt",
    );
    sandbox.ok(&["generate", "extra", "--version-stamp", "20260103000000"]);
    sandbox.write(SQL, "UPDATE orders SET note = 'y';\n");
    sandbox.ok(&["seal", "20260102000000"]).says("Sealed again");
    assert!(
        sandbox
            .read("migrations/dbtool.sum")
            .contains("20260103000000_extra")
    );
    sandbox.ok(&["migrate"]).says("Applied 2 migrations");
}

#[test]
fn the_batches_that_have_not_run_can_be_mended() {
    let sandbox = with_backfill();
    let first = "-- dbtool:no-transaction\nUPDATE orders SET note = coalesce(note, '') || 'one' WHERE tenantId = 'a';\n";
    sandbox.write(
        SQL,
        format!("{first}UPDATE orders SET note = 'two' WHERE tenantId = 'b';\n"),
    );
    sandbox.ok(&["seal", "20260102000000"]);
    sandbox.sql(
        "create trigger stop before update on orders when new.note = 'two'
         begin select raise(abort, 'not this note'); end",
    );
    sandbox
        .fails(4, &["migrate", "--allow-drift", "the trigger is ours"])
        .says("not this note");
    // What has run stays as it ran.
    sandbox.write(
        SQL,
        format!(
            "{}UPDATE orders SET note = 'three' WHERE tenantId = 'b';\n",
            first.replace("'one'", "'uno'")
        ),
    );
    sandbox.ok(&["seal", "20260102000000"]);
    sandbox
        .fails(9, &["migrate", "--allow-drift", "the trigger is ours"])
        .says("batch 1");
    sandbox.write(
        SQL,
        format!("{first}UPDATE orders SET note = 'three' WHERE tenantId = 'b';\n"),
    );
    sandbox.ok(&["seal", "20260102000000"]);
    sandbox.ok(&["migrate", "--allow-drift", "the trigger is ours"]);
    let notes: String = sandbox
        .database()
        .query_row(
            "select group_concat(note) from orders order by tenantId",
            [],
            |row| row.get(0),
        )
        .expect("notes");
    assert_eq!(notes, "one,three");
}

#[test]
fn a_rebuild_does_not_take_a_trigger_along_in_silence() {
    let sandbox = with_backfill();
    sandbox.write(
        SQL,
        "CREATE TRIGGER noteKept AFTER UPDATE ON orders BEGIN SELECT 1; END;\n",
    );
    sandbox.ok(&["seal", "20260102000000"]);
    sandbox.ok(&["migrate"]);
    sandbox.edit("schema/orders.yaml", "string(100)", "string(200)");
    sandbox.ok(&["generate", "wider", "--version-stamp", "20260103000000"]);
    let before = sandbox.catalog();
    sandbox
        .fails(4, &["migrate"])
        .says("noteKept")
        .says("would take");
    assert_eq!(
        before.contains("noteKept"),
        sandbox.catalog().contains("noteKept"),
        "nothing was applied"
    );
    let file = "migrations/20260103000000_wider/sqlite.sql";
    let text = sandbox.read(file);
    sandbox.write(
        file,
        format!("{text}\nCREATE TRIGGER noteKept AFTER UPDATE ON orders BEGIN SELECT 1; END;\n"),
    );
    sandbox.ok(&["seal", "20260103000000"]);
    sandbox.ok(&["migrate"]);
    assert!(sandbox.catalog().contains("noteKept"));
    sandbox.ok(&["drift-check"]);
}

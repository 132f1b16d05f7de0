//! Bad input: a clear error with its place, the documented exit code, and nothing half-done.

use super::sandbox::{LINES, ORDERS, Sandbox};

#[test]
fn every_error_of_a_run_is_reported_with_file_line_column_and_help() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "schema/orders.yaml",
        ORDERS
            .replace("type: uuid", "type: uid")
            .replace("note: { type: string(100),", "note: { type: string(0),")
            .replace("[tenantId, orderId]", "[tenantId, orderNumber]"),
    );
    sandbox.write("schema/orderLines.yaml", format!("{LINES}colour: red\n"));
    for command in [&["check"][..], &["generate", "initial"]] {
        let run = sandbox.fails(6, command);
        run.says("schema/orders.yaml:5:20")
            .says("schema/orders.yaml:8:17")
            .says("orderNumber")
            .says("schema/orderLines.yaml:14:1")
            .says("colour")
            .says("help");
    }
    assert_eq!(sandbox.migrations(), Vec::<String>::new());
    let json = sandbox.json(6, &["check"]);
    let first = &json["findings"][0];
    for field in ["code", "file", "line", "column", "message"] {
        assert!(!first[field].is_null(), "{field}: {first:#}");
    }
}

#[test]
fn files_that_are_no_yaml_are_named() {
    for (name, bytes, says) in [
        ("tabs", &b"table: orders\n\tcolumns: {}\n"[..], "schema/bad.yaml:2"),
        ("empty", b"", "schema/bad.yaml"),
        ("not UTF-8", b"table: \xff\xfe\n", "UTF-8"),
        ("duplicate key", b"table: a\ntable: b\n", "schema/bad.yaml:2:1"),
        ("unquoted comma", b"table: a\ncolumns:\n  tenantId: { type: key(64) }\n  x: { type: decimal(5,4) }\nprimaryKey: [tenantId, x]\n", "quote"),
    ] {
        let sandbox = Sandbox::empty();
        sandbox.write("schema/bad.yaml", bytes);
        let run = sandbox.run(&["check"]);
        assert_eq!(run.code, 6, "{name}: {run}");
        assert!(run.seen().contains(says), "{name}: nothing says {says:?}\n{run}");
    }
}

#[test]
fn two_tables_of_one_name_in_other_case_are_refused_at_both_places() {
    let sandbox = Sandbox::small();
    sandbox.write(
        "schema/other.yaml",
        ORDERS.replace("table: orders", "table: oRders"),
    );
    sandbox
        .fails(6, &["check"])
        .says("schema/other.yaml:1")
        .says("schema/orders.yaml");
}

#[test]
fn a_missing_schema_folder_is_a_usage_error() {
    let sandbox = Sandbox::empty();
    sandbox.fails(2, &["check"]).says("schema");
}

#[test]
fn settings_with_errors_are_refused_before_anything_else() {
    let sandbox = Sandbox::small();
    sandbox.write("dbtool.yaml", "environment:\n  local: {}\n");
    sandbox
        .fails(2, &["migrate"])
        .says("dbtool.yaml:1:1")
        .says("environments");
    assert!(!sandbox.path("local.db").exists());
    sandbox.write(
        "dbtool.yaml",
        "environments:\n  dev:\n    target: mssql\n    connection: Server=db;User Id=sa;Password=hunter2secret\n",
    );
    let run = sandbox.fails(2, &["migrate", "--env", "dev"]);
    assert!(!run.seen().contains("hunter2secret"), "{run}");
    sandbox
        .fails(2, &["migrate", "--config", "nowhere.yaml"])
        .says("nowhere.yaml");
}

#[test]
fn a_file_that_is_not_a_database_is_refused_and_left_as_it_was() {
    let sandbox = Sandbox::small();
    sandbox.write(
        "local.db",
        "this is a letter, not a database; it is long enough to have a header",
    );
    for command in ["migrate", "status", "drift-check", "history"] {
        sandbox
            .fails(8, &[command])
            .says("local.db")
            .says("not a database");
    }
    assert!(sandbox.read("local.db").starts_with("this is a letter"));
    sandbox.write("folder/keep", "");
    sandbox
        .fails(8, &["migrate", "--url", "sqlite:folder"])
        .says("folder");
}

#[test]
fn a_database_file_that_cannot_be_written_is_refused() {
    let sandbox = Sandbox::migrated();
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt",
        "  extra: { type: int, nullable: true }\n  createdAt",
    );
    sandbox.ok(&["generate", "extra"]);
    let path = sandbox.path("local.db");
    let mut permissions = std::fs::metadata(&path).expect("a file").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).expect("permissions");
    if std::fs::File::options().append(true).open(&path).is_ok() {
        // The superuser writes whatever the mode says.
        eprintln!("skipped: this user may write a read-only file");
        return;
    }
    sandbox.fails(8, &["migrate"]).says("local.db");
    sandbox.ok(&["status"]);
}

#[test]
fn a_database_that_does_not_exist_is_not_made_by_looking_at_it() {
    let sandbox = Sandbox::small();
    for command in ["status", "drift-check", "history", "plan"] {
        sandbox.fails(8, &[command]).says("local.db");
    }
    assert!(!sandbox.path("local.db").exists());
}

#[test]
fn a_secret_that_is_missing_fails_at_once_and_says_where_it_should_be() {
    let sandbox = Sandbox::small();
    sandbox
        .fails(8, &["migrate", "--url", "env:NO_SUCH_VARIABLE"])
        .says("NO_SUCH_VARIABLE");
    sandbox
        .fails(8, &["migrate", "--url", "file:nowhere"])
        .says("nowhere");
    sandbox
        .fails(2, &["migrate", "--url", "gopher://x"])
        .says("sqlite:PATH");
}

#[test]
fn credentials_in_a_variable_are_refused_for_a_host_that_is_not_this_machine() {
    let sandbox = Sandbox::small();
    let mut command = sandbox.command(&["migrate", "--url", "env:CONNECTION", "-v"]);
    command.env(
        "CONNECTION",
        "Server=db.example.com;Database=x;User Id=sa;Password=hunter2secret",
    );
    let run = super::sandbox::finish(command);
    assert_eq!(run.code, 2, "{run}");
    run.says("--allow-inline-credentials");
    assert!(!run.seen().contains("hunter2secret"), "{run}");
}

#[test]
fn escape_sequences_in_names_never_reach_the_terminal() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "schema/bad.yaml",
        "table: \"evil\\u001b[31m\"\ncolumns: {}\n",
    );
    let run = sandbox.fails(6, &["check", "--color", "never"]);
    assert!(!run.seen().contains('\u{1b}'), "{run}");
}

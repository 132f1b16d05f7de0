//! Input that means harm: files that are not what they seem, names that lead elsewhere, sizes and
//! depths that would fill the memory, and characters that give orders to whoever shows them.

use std::path::Path;
use std::process::{Command, Stdio};

use dbtool::migration::{Checksum, Entry, SumFile};

use super::kill::written;
use super::sandbox::{ORDERS, Run, Sandbox, finish};

/// Runs dbtool with at most this much memory to address.
fn in_memory_of(kilobytes: u64, sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let command = sandbox.command(arguments);
    let mut shell = Command::new("sh");
    shell
        .current_dir(sandbox.path(""))
        .stdin(Stdio::null())
        .args(["-c", "ulimit -v \"$0\"; exec \"$@\""])
        .arg(kilobytes.to_string())
        .arg(command.get_program())
        .args(command.get_args());
    for name in ["CI", "DBTOOL_ENV", "DBTOOL_DATABASE_URL"] {
        shell.env_remove(name);
    }
    finish(shell)
}

const MEMORY: u64 = 2 << 20;

fn link(target: impl AsRef<Path>, sandbox: &Sandbox, name: &str) {
    let _ = std::fs::remove_file(sandbox.path(name));
    std::os::unix::fs::symlink(target, sandbox.path(name)).expect("a link");
}

/// A file that says it is this large and takes no room.
fn sparse(sandbox: &Sandbox, name: &str, bytes: u64) {
    let _ = std::fs::remove_file(sandbox.path(name));
    sandbox.write(name, "");
    let file = std::fs::File::options()
        .write(true)
        .open(sandbox.path(name))
        .expect("a file");
    file.set_len(bytes).expect("a size");
}

#[test]
fn links_out_of_the_migrations_and_what_is_no_file_are_refused_all_together() {
    let outside = Sandbox::empty();
    let sandbox = Sandbox::small();
    let folder = format!("migrations/{}", sandbox.migrations()[0]);
    outside.write("secret.sql", sandbox.read(&format!("{folder}/sqlite.sql")));
    link(
        outside.path("secret.sql"),
        &sandbox,
        &format!("{folder}/sqlite.sql"),
    );
    link("nowhere", &sandbox, &format!("{folder}/changes.yaml"));
    for command in [
        &["migrate"][..],
        &["check"],
        &["plan"],
        &["generate", "more"],
        &["verify-story"],
    ] {
        let run = sandbox.fails(2, command);
        run.says("file/outside")
            .says("sqlite.sql")
            .says("file/unreadable")
            .says("changes.yaml");
    }
    let made = std::fs::File::open(sandbox.path("local.db"));
    assert!(made.is_err(), "nothing was made");
}

#[test]
fn a_link_that_stays_in_the_folder_is_followed_and_its_text_counts() {
    let sandbox = Sandbox::small();
    let folder = format!("migrations/{}", sandbox.migrations()[0]);
    let path = format!("{folder}/sqlite.sql");
    std::fs::rename(
        sandbox.path(&path),
        sandbox.path(&format!("{folder}/real.sql")),
    )
    .expect("a file");
    link("real.sql", &sandbox, &path);
    sandbox.ok(&["migrate"]);
    sandbox.write(&format!("{folder}/real.sql"), "SELECT 1;\n");
    sandbox.fails(9, &["migrate"]).says("edited");
}

#[test]
fn a_sum_file_or_a_whole_migration_that_is_a_link_elsewhere_is_refused() {
    let outside = Sandbox::small();
    let sandbox = Sandbox::small();
    link(
        outside.path("migrations/dbtool.sum"),
        &sandbox,
        "migrations/dbtool.sum",
    );
    sandbox
        .fails(2, &["migrate"])
        .says("file/outside")
        .says("dbtool.sum");
    let sandbox = Sandbox::small();
    let name = sandbox.migrations().remove(0);
    std::fs::remove_dir_all(sandbox.path(&format!("migrations/{name}"))).expect("a folder");
    link(
        outside.path(&format!("migrations/{name}")),
        &sandbox,
        &format!("migrations/{name}"),
    );
    sandbox.fails(9, &["migrate"]).says("is no migration");
}

#[test]
fn a_pipe_in_place_of_a_file_is_not_waited_for() {
    for name in ["schema/orders.yaml", "migrations/dbtool.sum", "dbtool.yaml"] {
        let sandbox = Sandbox::small();
        std::fs::remove_file(sandbox.path(name)).expect("a file");
        let made = Command::new("mkfifo").arg(sandbox.path(name)).status();
        assert!(made.is_ok_and(|status| status.success()));
        let run = sandbox.run(&["check"]);
        assert!([2, 6].contains(&run.code), "{name}: {run}");
        run.says("no ordinary file");
    }
}

#[test]
fn files_of_any_size_are_refused_without_being_read_whole() {
    let sandbox = Sandbox::small();
    let folder = format!("migrations/{}", sandbox.migrations()[0]);
    for (name, codes) in [
        ("schema/orders.yaml".to_owned(), &[6][..]),
        (format!("{folder}/sqlite.sql"), &[2]),
        (format!("{folder}/changes.yaml"), &[2]),
        ("migrations/dbtool.sum".to_owned(), &[2]),
        ("dbtool.yaml".to_owned(), &[2]),
    ] {
        let sandbox = Sandbox::small();
        sparse(&sandbox, &name, 16 << 30);
        let run = in_memory_of(MEMORY, &sandbox, &["check"]);
        assert!(codes.contains(&run.code), "{name}: {run}");
        run.says("larger than").says(&name);
    }
    let sandbox = Sandbox::small();
    sandbox.write("fixtures/stories/S-1.yaml", "");
    sparse(&sandbox, "fixtures/rows/rows.yaml", 16 << 30);
    let run = in_memory_of(MEMORY, &sandbox, &["verify-story"]);
    assert_eq!(run.code, 6, "{run}");
    run.says("fixtures/rows/rows.yaml").says("larger than");
    sparse(&sandbox, "url", 16 << 30);
    let run = in_memory_of(MEMORY, &sandbox, &["migrate", "--url", "file:url"]);
    assert_eq!(run.code, 8, "{run}");
}

/// Enters a file of each migration as it is now into the sum file, like somebody who means harm.
fn vouch(sandbox: &Sandbox, file: &str) {
    let mut sum = SumFile::parse(&sandbox.read("migrations/dbtool.sum")).expect("a sum file");
    for (id, entry) in &mut sum.entries {
        let text = sandbox.read(&format!("migrations/{id}/{file}"));
        if let Entry::Sealed(files) = entry {
            files.insert(file.to_owned(), Checksum::of_text(&text));
        }
    }
    sandbox.write("migrations/dbtool.sum", sum.to_text());
}

#[test]
fn depth_and_repetition_are_refused_at_their_place_in_every_file() {
    let deep = format!("a: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let blocks: String = (0..2_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let list = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    let nested = ORDERS.replace(
        "primaryKey",
        &format!(
            "checks: [{{ name: c, expression: {:?} }}]\nprimaryKey",
            "(".repeat(100_000)
        ),
    );
    for text in [&deep, &blocks, &laughs, &nested] {
        for name in [
            "schema/orders.yaml",
            "dbtool.yaml",
            "changes.yaml",
            "fixtures/stories/S-1.yaml",
        ] {
            let sandbox = Sandbox::small();
            let name = match name {
                "changes.yaml" => format!("migrations/{}/changes.yaml", sandbox.migrations()[0]),
                name => name.to_owned(),
            };
            sandbox.write(&name, text);
            vouch(&sandbox, "changes.yaml");
            let command = match name.contains("stories") {
                true => "verify-story",
                false => "check",
            };
            let run = in_memory_of(MEMORY, &sandbox, &[command]);
            assert!([2, 6, 9].contains(&run.code), "{name}: {run}");
            run.says(&name);
        }
    }
}

/// Every file below a folder and around it.
fn around(sandbox: &Sandbox) -> Vec<String> {
    let root = sandbox.path("");
    let root = root.as_path();
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.push(
                path.strip_prefix(root)
                    .expect("below")
                    .display()
                    .to_string(),
            );
        }
    }
    found.sort();
    found
}

#[test]
fn names_that_lead_elsewhere_are_refused_and_write_nothing() {
    let sandbox = Sandbox::migrated();
    sandbox.write("inner/dbtool.yaml", sandbox.read("dbtool.yaml"));
    sandbox.write("inner/schema/orders.yaml", ORDERS);
    let before = around(&sandbox);
    for (code, arguments) in [
        (2, &["generate", "../../evil"][..]),
        (2, &["generate", "a/b"]),
        (2, &["generate", "--empty", ".."]),
        (2, &["generate", "--empty", "/tmp/evil"]),
        (
            2,
            &[
                "generate",
                "--empty",
                "x",
                "--version-stamp",
                "../20260103000000",
            ],
        ),
        (2, &["seal", "../../../20260101000000"]),
        (2, &["migrate", "--env", "../../etc/passwd"]),
        (2, &["migrate", "--to", "../20260101000000"]),
    ] {
        let mut all = arguments.to_vec();
        all.extend(["--config", "inner/dbtool.yaml"]);
        sandbox.fails(code, &all);
        assert_eq!(around(&sandbox), before, "{arguments:?}");
    }
    let shown = sandbox.run(&["history", "--show", "../../../etc/passwd"]);
    assert!([2, 9].contains(&shown.code), "{shown}");
    assert!(!shown.seen().contains("root:"), "{shown}");
}

#[test]
fn a_sum_file_leads_to_no_other_file_whatever_it_lists() {
    let sandbox = Sandbox::small();
    sandbox.write("secret.txt", "top secret");
    let mut sum = SumFile::parse(&sandbox.read("migrations/dbtool.sum")).expect("a sum file");
    for entry in sum.entries.values_mut() {
        if let Entry::Sealed(files) = entry {
            files.insert(
                "../../secret.txt".to_owned(),
                Checksum::of_text("top secret"),
            );
        }
    }
    sandbox.write("migrations/dbtool.sum", sum.to_text());
    let run = sandbox.run(&["check"]);
    assert!(!run.seen().contains("top secret"), "{run}");
    sandbox.ok(&["migrate"]);
}

/// Escape sequences, in both their spellings, a title for the terminal, reading order turned round,
/// a line of its own, and orders to CI systems.
const ORDERS_TO_TERMINALS: &str =
    "x\u{1b}[31mred\u{9b}2J\u{1b}]0;title\u{7}\u{202e}\r\n::error::no\n##vso[task.complete]\u{8}y";

/// Fails when somebody's terminal, page or log would obey a text.
#[track_caller]
fn is_harmless(what: &str, text: &str) {
    let raw = text.chars().find(|it| {
        let line = matches!(it, '\n' | '\t');
        !line
            && (it.is_control() || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    });
    assert_eq!(raw, None, "{what}: {text:?}");
    assert!(!text.contains("##vso["), "{what}: {text}");
    let orders = text
        .lines()
        .any(|line| line.trim_start().starts_with("::error::no"));
    assert!(!orders, "{what}: {text}");
}

/// Runs a command in each dress that it has, and on a terminal, and looks at all that it says.
fn all_dresses(sandbox: &Sandbox, arguments: &[&str]) {
    let mut all = arguments.to_vec();
    for report in [
        "json=r.json",
        "junit=r.xml",
        "sarif=r.sarif",
        "github=r.txt",
        "markdown=r.md",
    ] {
        all.extend(["--report", report]);
    }
    all.extend(["--color", "never", "-v"]);
    let run = sandbox.run(&all);
    is_harmless(&format!("{arguments:?}, messages"), &run.stderr);
    is_harmless(&format!("{arguments:?}, answer"), &run.stdout);
    for name in ["r.json", "r.xml", "r.sarif", "r.txt", "r.md"] {
        is_harmless(&format!("{arguments:?}, {name}"), &sandbox.read(name));
    }
    let json = sandbox.run(&[arguments, &["--format", "json"]].concat());
    is_harmless(&format!("{arguments:?}, JSON"), &json.stdout);
    on_terminal(sandbox, arguments);
}

/// What a terminal is sent, where there is a program to make one.
fn on_terminal(sandbox: &Sandbox, arguments: &[&str]) {
    let command = sandbox.command(arguments);
    let quoted =
        |text: &std::ffi::OsStr| format!("'{}'", text.to_string_lossy().replace('\'', "'\\''"));
    let mut line = quoted(command.get_program());
    for argument in command.get_args() {
        line.push_str(&format!(" {}", quoted(argument)));
    }
    let mut terminal = Command::new("script");
    terminal
        .current_dir(sandbox.path(""))
        .stdin(Stdio::null())
        .env("TERM", "dumb")
        .env_remove("CI")
        .args(["-qec", &line, "/dev/null"]);
    match terminal.output() {
        Ok(output) => {
            let sent = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
            is_harmless(&format!("{arguments:?}, terminal"), &sent);
        }
        Err(error) => eprintln!("skipped: no program to make a terminal ({error})"),
    }
}

#[test]
fn what_a_database_holds_gives_no_orders_in_any_dress() {
    let sandbox = Sandbox::migrated();
    let name = ORDERS_TO_TERMINALS.replace('"', "\"\"");
    sandbox.sql(&format!(
        "create table \"{name}\" (\"{name}\" text default '{name}', check (\"{name}\" <> '{name}'));
         create view \"v{name}\" as select '{name}' as \"{name}\";
         create index \"i{name}\" on orders (status) where status <> '{name}';"
    ));
    all_dresses(&sandbox, &["drift-check"]);
    all_dresses(&sandbox, &["migrate"]);
    // An error of the engine whose text somebody chose.
    let sandbox = Sandbox::migrated();
    written(
        &sandbox,
        "20260102000000",
        "raise",
        "UPDATE orders SET note = 'x';\n",
    );
    sandbox.sql(&format!(
        "insert into orders (tenantId, orderId) values ('a', '0190b2c4-0000-7000-8000-00000000000a');
         create trigger stop before update on orders begin select raise(abort, '{name}'); end;"
    ));
    all_dresses(&sandbox, &["migrate", "--allow-drift", ORDERS_TO_TERMINALS]);
    all_dresses(&sandbox, &["status"]);
    all_dresses(&sandbox, &["history"]);
    all_dresses(&sandbox, &["history", "--verify"]);
}

#[test]
fn what_files_and_arguments_say_gives_no_orders_in_any_dress() {
    let sandbox = Sandbox::migrated();
    // As YAML, which takes no control character raw.
    let hostile: String = serde_json::json!(ORDERS_TO_TERMINALS)
        .to_string()
        .chars()
        .map(|it| match it.is_ascii() {
            true => it.to_string(),
            false => format!("\\u{:04x}", it as u32),
        })
        .collect();
    sandbox.write(
        "schema/evil.yaml",
        format!(
            "table: {hostile}\ndescription: {hostile}\ncolumns:\n  {hostile}: {{ type: {hostile}, default: {hostile} }}\n\
             checks: [{{ name: {hostile}, expression: {hostile} }}]\n{hostile}: 1\nprimaryKey: [{hostile}]\n"
        ),
    );
    all_dresses(&sandbox, &["check"]);
    all_dresses(&sandbox, &["generate", "more"]);
    std::fs::remove_file(sandbox.path("schema/evil.yaml")).expect("a file");
    sandbox.write(&format!("migrations/{ORDERS_TO_TERMINALS}"), "");
    all_dresses(&sandbox, &["check"]);
    std::fs::remove_file(sandbox.path(&format!("migrations/{ORDERS_TO_TERMINALS}")))
        .expect("a file");
    sandbox.write(
        "fixtures/stories/S-1.yaml",
        format!(
            "story: S-1\ntitle: {hostile}\ncriteria:\n  - {{ id: a, text: {hostile}, provenBy: database }}\n\
             scenarios:\n  - name: {hostile}\n    proves: [a]\n    as: {{ tenant: a }}\n    steps:\n\
             \x20     - insert: {{ into: orders, row: {{ orderId: 0190b2c4-0000-7000-8000-00000000000a, note: {hostile} }} }}\n\
             \x20     - expectRows: {{ table: orders, rows: [{{ note: other }}] }}\n"
        ),
    );
    all_dresses(&sandbox, &["verify-story"]);
    for arguments in [
        &["migrate", "--env", ORDERS_TO_TERMINALS][..],
        &["migrate", "--url", ORDERS_TO_TERMINALS],
        &["seal", ORDERS_TO_TERMINALS],
        &["generate", ORDERS_TO_TERMINALS],
        &["migrate", "--expect-database", ORDERS_TO_TERMINALS],
    ] {
        all_dresses(&sandbox, arguments);
    }
}

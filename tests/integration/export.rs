//! `export`: the schema in forms that other tools and people read.

use std::path::PathBuf;
use std::process::Command;

use super::sandbox::Sandbox;

const FORMS: [&str; 4] = ["mermaid", "prisma", "row-schema", "html"];

#[test]
fn every_form_shows_every_table_the_same_each_time() {
    let sandbox = Sandbox::product();
    for form in FORMS {
        let text = sandbox.ok(&["export", form]).stdout;
        for table in ["jobRuns", "historyEntries", "columnDetectionAudits"] {
            assert!(text.contains(table), "{form} lacks {table}");
        }
        assert_eq!(text, sandbox.ok(&["export", form]).stdout, "{form}");
        sandbox.ok(&["export", form, "--output", "out/there"]);
        assert_eq!(sandbox.read("out/there"), text, "{form}");
    }
}

#[test]
fn deprecated_columns_are_left_out() {
    let sandbox = Sandbox::small();
    sandbox.edit(
        "schema/orders.yaml",
        "  note: { type: string(100), nullable: true }",
        "  note: { type: string(100), nullable: true, deprecated: true }",
    );
    for form in FORMS {
        let text = sandbox.ok(&["export", form]).stdout;
        assert!(text.contains("total"), "{form}: {text}");
        assert!(!text.contains("note"), "{form}: {text}");
    }
}

#[test]
fn a_schema_with_errors_is_exported_in_no_form() {
    let sandbox = Sandbox::small();
    sandbox.edit("schema/orders.yaml", "key(64)", "kee(64)");
    for form in FORMS {
        let run = sandbox.fails(6, &["export", form, "--output", "out"]);
        run.says("schema/orders.yaml:");
        assert!(!sandbox.path("out").exists(), "{form}");
    }
}

#[test]
fn rows_of_the_schema_match_their_json_schema() {
    let sandbox = Sandbox::product();
    let document = sandbox.json(0, &["export", "row-schema"]);
    let job = &document["data"]["$defs"]["jobRuns"];
    assert_eq!(job["properties"]["status"]["default"], "queued");
    assert_eq!(job["properties"]["status"]["enum"][4], "cancelled");
    assert_eq!(job["properties"]["attemptCount"]["minimum"], 0);
    assert_eq!(job["properties"]["startedAt"]["type"][1], "null");
    assert_eq!(job["properties"]["version"]["readOnly"], true);
}

#[test]
fn the_dictionary_tells_what_each_migration_did_to_a_table() {
    let sandbox = Sandbox::small();
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt:",
        "  priority: { type: int, default: 0 }\n  createdAt:",
    );
    sandbox.ok(&[
        "generate",
        "addPriority",
        "--version-stamp",
        "20260102000000",
    ]);
    let page = sandbox
        .ok(&["export", "html", "--title", "Orders & more"])
        .stdout;
    assert!(page.contains("<title>Orders &amp; more</title>"), "{page}");
    assert!(
        page.contains("addPriority: add column orders.priority"),
        "{page}"
    );
    assert!(page.contains("initial: create table orders"), "{page}");
    assert!(page.contains("kept apart by tenantId"), "{page}");
}

/// A browser of the Chromium family, if there is one.
fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

#[test]
fn a_browser_shows_the_dictionary_on_a_phone_without_scrolling_sideways() {
    let Some(browser) = browser() else {
        eprintln!("skipped: there is no Chromium here");
        return;
    };
    let sandbox = Sandbox::product();
    let page = sandbox.ok(&["export", "html"]).stdout;
    // The page runs no script of its own; this copy reports what the browser made of it.
    let measure = "<script>addEventListener('load', () => { const missing = \
        [...document.querySelectorAll('a')].filter(a => !document.getElementById(a.getAttribute('href').slice(1))); \
        document.title = `wide:${document.documentElement.scrollWidth > innerWidth} \
        sections:${document.querySelectorAll('section').length} missing:${missing.length} \
        boxes:${document.querySelectorAll('svg rect.head').length}`; })</script></body>";
    sandbox.write("page.html", page.replace("</body>", measure));
    for size in ["390,844", "1280,800"] {
        let output = Command::new(&browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .arg("--disable-sync")
            .arg(format!("--window-size={size}"))
            .arg(format!(
                "--user-data-dir={}",
                sandbox.path("profile").display()
            ))
            .arg("--dump-dom")
            .arg(format!("file://{}", sandbox.path("page.html").display()))
            .output()
            .expect("the browser runs");
        let dom = String::from_utf8_lossy(&output.stdout);
        assert!(
            dom.contains("<title>wide:false sections:7 missing:0 boxes:7</title>"),
            "{size}: {}",
            dom.chars().take(600).collect::<String>()
        );
    }
}

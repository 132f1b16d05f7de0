//! A project of its own for each test, in a folder that goes away with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;
use tempfile::TempDir;

/// A project folder and the way to run dbtool in it.
pub struct Sandbox {
    folder: TempDir,
}

/// What a run of dbtool left behind.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A small schema: orders and their lines, two tables with a foreign key between them.
pub const ORDERS: &str = "\
table: orders
description: An order.
columns:
  tenantId: { type: key(64) }
  orderId: { type: uuid, default: newSequentialId }
  status: { type: string(32), oneOf: [open, closed], default: open }
  total: { type: \"decimal(9,2)\", min: 0, default: 0 }
  note: { type: string(100), nullable: true }
  createdAt: { type: timestamp(3), default: utcNow }
primaryKey: [tenantId, orderId]
indexes:
  - columns: [tenantId, status, createdAt desc]
";

/// The second table of the small schema.
pub const LINES: &str = "\
table: orderLines
columns:
  tenantId: { type: key(64) }
  orderId: { type: uuid }
  lineNumber: { type: int, min: 1 }
  sku: { type: key(64) }
primaryKey: [tenantId, orderId, lineNumber]
unique:
  - columns: [tenantId, orderId, sku]
foreignKeys:
  - columns: [tenantId, orderId]
    references: { table: orders, columns: [tenantId, orderId] }
    onDelete: cascade
";

impl Sandbox {
    /// An empty project with default settings.
    pub fn empty() -> Self {
        let sandbox = Self {
            folder: TempDir::new().expect("a temporary folder"),
        };
        sandbox.write("dbtool.yaml", "defaultEnvironment: local\nenvironments:\n  local: { target: sqlite, database: local.db }\n");
        sandbox
    }

    /// A project with the small schema and one migration that makes it.
    pub fn small() -> Self {
        let sandbox = Self::empty();
        sandbox.write("schema/orders.yaml", ORDERS);
        sandbox.write("schema/orderLines.yaml", LINES);
        sandbox.ok(&["generate", "initial", "--version-stamp", "20260101000000"]);
        sandbox
    }

    /// The small project, migrated.
    pub fn migrated() -> Self {
        let sandbox = Self::small();
        sandbox.ok(&["migrate"]);
        sandbox
    }

    /// A copy of this repository's own project.
    pub fn product() -> Self {
        let sandbox = Self {
            folder: TempDir::new().expect("a temporary folder"),
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["dbtool.yaml", "schema", "migrations", "fixtures"] {
            copy(&root.join(name), &sandbox.path(name));
        }
        sandbox
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Replaces text in a file, which must have it.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, text.replacen(from, to, 1));
    }

    /// The command, ready to run, without anything of the surrounding environment that it heeds.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dbtool"));
        command
            .current_dir(self.folder.path())
            .args(arguments)
            .stdin(Stdio::null());
        for name in [
            "CI",
            "DBTOOL_ENV",
            "DBTOOL_DATABASE_URL",
            "NO_COLOR",
            "CLICOLOR_FORCE",
        ] {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        finish(self.command(arguments))
    }

    /// Runs a command that must end well.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> Run {
        self.fails(0, arguments)
    }

    /// Runs a command that must end with this exit code.
    #[track_caller]
    pub fn fails(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, code, "{arguments:?}\n{run}");
        run
    }

    /// The JSON of a command that must end with this exit code.
    #[track_caller]
    pub fn json(&self, code: i32, arguments: &[&str]) -> serde_json::Value {
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        let run = self.fails(code, &all);
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{run}"))
    }

    /// The database of the local environment, opened by a client that is not dbtool.
    pub fn database(&self) -> Connection {
        let path = ["local.db", ".dbtool/local.db"].map(|name| self.path(name));
        let path = path
            .into_iter()
            .find(|path| path.exists())
            .expect("a migrated database");
        let connection = Connection::open(path).expect("a database");
        connection
            .pragma_update(None, "foreign_keys", "on")
            .expect("a pragma");
        connection
    }

    /// Changes the database behind dbtool's back.
    #[track_caller]
    pub fn sql(&self, sql: &str) {
        self.database()
            .execute_batch(sql)
            .unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }

    /// The name of every migration folder, in order.
    pub fn migrations(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path("migrations")) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .filter(|name| name != "dbtool.sum")
            .collect();
        names.sort();
        names
    }

    /// Everything in the database's catalog as text, to tell whether anything changed.
    pub fn catalog(&self) -> String {
        let connection = self.database();
        let mut statement = connection
            .prepare("select type, name, tbl_name, sql from sqlite_schema order by 1, 2, 3")
            .expect("a query");
        let rows = statement.query_map([], |row| {
            let sql: Option<String> = row.get(3)?;
            let name: String = row.get(1)?;
            Ok(format!("{name}: {}\n", sql.unwrap_or_default()))
        });
        rows.expect("rows").map(|row| row.expect("a row")).collect()
    }
}

/// Runs a command to its end.
pub fn finish(mut command: Command) -> Run {
    let output = command.output().expect("dbtool runs");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit {}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

impl Run {
    /// Whatever a person would see.
    pub fn seen(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.seen().contains(text), "nothing says {text:?}\n{self}");
        self
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        std::fs::copy(from, to).expect("a copy");
        return;
    }
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

//! References, what they resolve to, and that no secret is ever shown.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

/// Variables and files of a test.
#[derive(Default)]
struct Given {
    variables: BTreeMap<String, OsString>,
    files: BTreeMap<PathBuf, Result<Vec<u8>, io::ErrorKind>>,
}

impl Given {
    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    fn file(mut self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.files.insert(path.into(), Ok(text.as_ref().to_vec()));
        self
    }
}

impl Lookup for Given {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).cloned()
    }

    fn file(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        match self.files.get(path) {
            None => Err(io::ErrorKind::NotFound.into()),
            Some(Err(kind)) => Err((*kind).into()),
            Some(Ok(bytes)) => Ok(bytes.iter().copied().take(limit + 1).collect()),
        }
    }
}

fn resolved(text: &str, given: &Given) -> Result<Resolved, SecretError> {
    resolve(&Reference::parse(text).expect(text), "dev", given)
}

fn failure(text: &str, given: &Given) -> String {
    let error = resolved(text, given).expect_err(text);
    format!("{error}\n{}", error.help())
}

#[test]
fn every_form_is_read() {
    let version = "0123456789abcdef0123456789ABCDEF";
    let cases = [
        ("sqlite::memory:", "sqlite::memory:"),
        (
            " sqlite:.dbtool/local.db\n".trim(),
            "sqlite:.dbtool/local.db",
        ),
        ("sqlite:///srv/a.db", "sqlite:/srv/a.db"),
        ("SQLITE:a.db", "sqlite:a.db"),
        ("sqlite:${HOME}/a.db", "sqlite:${HOME}/a.db"),
        ("env:DBTOOL_DATABASE_URL", "env:DBTOOL_DATABASE_URL"),
        ("file:/run/secrets/db", "file:/run/secrets/db"),
        ("file:///run/secrets/db", "file:/run/secrets/db"),
        (
            "keyvault://my-vault/SqlConnectionString--Dev",
            "keyvault://my-vault/SqlConnectionString--Dev",
        ),
        (
            "keyvault://${AZURE_KEY_VAULT_NAME}/S",
            "keyvault://${AZURE_KEY_VAULT_NAME}/S",
        ),
        (
            &format!("keyvault://my-vault/S/{version}"),
            &format!("keyvault://my-vault/S/{version}"),
        ),
        (
            "https://my-vault.vault.azure.net/secrets/S",
            "keyvault://my-vault/S",
        ),
        (
            "https://my-vault.VAULT.azure.net/secrets/S/",
            "keyvault://my-vault/S",
        ),
        (
            "https://my-vault.vault.azure.cn/secrets/S",
            "https://my-vault.vault.azure.cn/secrets/S",
        ),
        (
            "@Microsoft.KeyVault(SecretUri=https://my-vault.vault.azure.net/secrets/S)",
            "keyvault://my-vault/S",
        ),
        (
            &format!(
                "@microsoft.keyvault(VaultName=my-vault; SecretName=S;SecretVersion={version})"
            ),
            &format!("keyvault://my-vault/S/{version}"),
        ),
        (
            "Server=tcp:db.database.windows.net,1433;Database=app;Authentication=Active Directory Default;Encrypt=Mandatory",
            "Server=tcp:db.database.windows.net,1433;Database=app;Authentication=Active Directory Default;Encrypt=Mandatory",
        ),
        (
            "mssql://sa:pw@localhost:1433/app?encrypt=true",
            "mssql://<redacted>@localhost:1433/app?encrypt=true",
        ),
        (
            "sqlserver://db:1433;database=app;user=sa;password={p;w}",
            "sqlserver://db:1433;database=app;user=<redacted>;password=<redacted>",
        ),
        (
            "jdbc:sqlserver://;serverName=db;databaseName=app",
            "jdbc:sqlserver://;serverName=db;databaseName=app",
        ),
    ];
    for (text, shown) in cases {
        let reference = Reference::parse(text).expect(text);
        assert_eq!(reference.redacted(), shown, "{text}");
        let again = Reference::parse(shown).map(|it| it.redacted());
        if !shown.contains(REDACTED) {
            assert_eq!(again.as_deref(), Ok(shown), "what is shown reads the same");
        }
    }
}

#[test]
fn what_is_no_reference_is_refused_with_a_reason() {
    use ReferenceError as E;

    let cases = [
        ("", E::Empty),
        (" \n", E::Empty),
        ("env:A\nB", E::Control),
        ("hunter2", E::Unknown),
        ("local.db", E::BarePath),
        ("postgres://u:p@h/d", E::ForeignEngine),
        ("env:", E::Variable),
        ("env:A B", E::Variable),
        ("env:Server=x;Password=y", E::Variable),
        ("file:", E::File),
        ("file://host/share", E::File),
        ("sqlite:", E::Sqlite),
        ("sqlite:a.db?mode=ro", E::SqliteOptions),
        ("sqlite:${A", E::Template(TemplateError::Unclosed)),
        ("keyvault://a/S", E::KeyVault(VaultError::Vault)),
        ("keyvault://1abc/S", E::KeyVault(VaultError::Vault)),
        ("keyvault://my--vault/S", E::KeyVault(VaultError::Vault)),
        ("keyvault://my-vault-/S", E::KeyVault(VaultError::Vault)),
        (
            "keyvault://my-vault-is-much-too-long-for-it/S",
            E::KeyVault(VaultError::Vault),
        ),
        ("keyvault://my-vault", E::KeyVault(VaultError::Secret)),
        ("keyvault://my-vault/S_1", E::KeyVault(VaultError::Secret)),
        ("keyvault://my-vault/S/1", E::KeyVault(VaultError::Version)),
        (
            "https://evil.example/secrets/S",
            E::KeyVault(VaultError::Address),
        ),
        (
            "https://a.b.vault.azure.net/secrets/S",
            E::KeyVault(VaultError::Vault),
        ),
        (
            "https://my-vault.vault.azure.net/keys/S",
            E::KeyVault(VaultError::Address),
        ),
        (
            "https://my-vault.vault.azure.net.evil.example/secrets/S",
            E::KeyVault(VaultError::Address),
        ),
        (
            "@Microsoft.KeyVault(SecretName=S)",
            E::KeyVault(VaultError::AppService),
        ),
        (
            "@Microsoft.KeyVault(VaultName=my-vault;SecretName=S",
            E::KeyVault(VaultError::AppService),
        ),
        (
            "@Microsoft.KeyVault(SecretUri=http://my-vault.vault.azure.net/secrets/S)",
            E::KeyVault(VaultError::Address),
        ),
        (
            "Database=app;Password=x",
            E::SqlServer(LiteralError::NoServer),
        ),
        ("Server=;Database=app", E::SqlServer(LiteralError::NoServer)),
        (
            "Server=a;Password=b;c",
            E::SqlServer(LiteralError::Property(PropertyError::NoEquals(3))),
        ),
        ("mssql://", E::SqlServer(LiteralError::NoServer)),
        ("mssql://h:99999/d", E::SqlServer(LiteralError::Host)),
        ("mssql://sa:12/3@h/d", E::SqlServer(LiteralError::Ambiguous)),
        (
            "mssql://sa:12?x=3@h/d",
            E::SqlServer(LiteralError::Ambiguous),
        ),
        ("mssql://sa:p#w@h/d", E::SqlServer(LiteralError::Ambiguous)),
    ];
    for (text, error) in cases {
        assert_eq!(Reference::parse(text).err(), Some(error), "{text}");
        assert!(!error.help().is_empty());
    }
}

#[test]
fn redaction_keeps_what_helps_and_nothing_else() {
    let cases = [
        (
            "Server=db;Database=app;User Id=sa;Password=\"a;b\";Encrypt=True",
            "Server=db;Database=app;User Id=<redacted>;Password=<redacted>;Encrypt=True",
        ),
        (
            "Server=db;Pwd={a}b};Uid=sa",
            "Server=db;Pwd=<redacted>;Uid=<redacted>",
        ),
        (
            "SERVER=db;PASSWORD=x;USER=sa",
            "SERVER=db;PASSWORD=<redacted>;USER=<redacted>",
        ),
        (
            "Data Source=db;Access Token=ey.J",
            "Data Source=db;Access Token=<redacted>",
        ),
        (
            "Server=db;AccountKey=abc==",
            "Server=db;AccountKey=<redacted>",
        ),
        // Keys that nobody knows are not shown either: they may be the rest of a secret.
        (
            "Server=db;Password=abc;def=ghi",
            "Server=db;Password=<redacted>;<redacted>",
        ),
        ("Server=db;SuperPassword=x", "Server=db;<redacted>"),
        // A `;` was forgotten.
        ("Server=db,1433 Password=hunter2", "Server=<redacted>"),
        (
            "Server=db;Database=app Pwd=hunter2",
            "Server=db;Database=<redacted>",
        ),
        ("Server=sa:hunter2@db", "Server=<redacted>"),
        (
            "mssql://sa:p%40ss@db:1433/app",
            "mssql://<redacted>@db:1433/app",
        ),
        ("mssql://sa:p@ss@db/app", "mssql://<redacted>@db/app"),
        ("mssql://token@db/app", "mssql://<redacted>@db/app"),
        (
            "mssql://db/app?user=me@corp.example&password=a@b&encrypt=true",
            "mssql://db/app?user=<redacted>&password=<redacted>&encrypt=true",
        ),
        (
            "sqlserver://db:1433;database=app;user=me@db;password=x;encrypt=true",
            "sqlserver://db:1433;database=app;user=<redacted>;password=<redacted>;encrypt=true",
        ),
        (
            "sqlserver://[::1]:1433;database=app",
            "sqlserver://[::1]:1433;database=app",
        ),
    ];
    for (text, shown) in cases {
        let reference = Reference::parse(text).expect(text);
        assert_eq!(reference.redacted(), shown, "{text}");
        assert!(format!("{reference:?}").contains(shown), "{text}");
    }
}

#[test]
fn server_and_database_can_be_shown() {
    let cases = [
        (
            "Server=tcp:db,1433;Initial Catalog=app",
            "tcp:db,1433",
            "app",
        ),
        ("mssql://u:p@db:1433/app%20one", "db:1433", "app one"),
        (
            "sqlserver://db\\one:1433;databaseName=app",
            "db\\one:1433",
            "app",
        ),
    ];
    for (text, server, database) in cases {
        let Reference::SqlServer(literal) = Reference::parse(text).expect(text) else {
            panic!("{text} is a connection string");
        };
        assert_eq!(literal.server(), Some(server), "{text}");
        assert_eq!(literal.database(), Some(database), "{text}");
        assert_eq!(literal.secret().expose(), text);
    }
}

#[test]
fn inline_credentials_are_told_with_their_host() {
    let here = Some(InlineCredentials { loopback: true });
    let away = Some(InlineCredentials { loopback: false });
    let cases = [
        ("Server=db;Password=x", away),
        ("Server=db;Access Token=x", away),
        ("Server=db;ClientSecret=x", away),
        ("Server=db;My Password Thing=x", away),
        ("Server=db;Password=", None),
        ("Server=db;User Id=sa", None),
        ("Server=db;Password=${DB_PASSWORD}", None),
        ("Server=db;Password=a${DB_PASSWORD}", away),
        ("Server=localhost;Password=x", here),
        ("Server=tcp:127.0.0.1,1433;Password=x", here),
        ("Server=.\\SQLEXPRESS;Password=x", here),
        ("Server=(local);Password=x", here),
        ("Server=(localdb)\\MSSQLLocalDB;Password=x", here),
        ("Server=127.0.0.1.evil.example;Password=x", away),
        ("Server=localhost.evil.example;Password=x", away),
        ("Server=localhost;Server=db;Password=x", away),
        ("Server=localhost;Failover Partner=db;Password=x", away),
        ("mssql://sa:x@localhost:1433/app", here),
        ("mssql://sa:x@[::1]/app", here),
        ("mssql://sa:x@db/app", away),
        ("mssql://sa:${PW}@db/app", None),
        ("mssql://sa@db/app", None),
        ("sqlserver://db;password=x", away),
        ("sqlserver://localhost:1433;password=x", here),
        ("sqlite:a.db", None),
        ("env:A", None),
    ];
    for (text, credentials) in cases {
        let reference = Reference::parse(text).expect(text);
        assert_eq!(reference.inline_credentials(), credentials, "{text}");
    }
}

#[test]
fn variables_and_files_are_followed() {
    let given = Given::default()
        .variable("A", "file:/run/${NAME}")
        .variable("NAME", "db")
        .variable("LITERAL", "Server=db;Password=${NAME}")
        .file("/run/db", "\u{feff}Server=db;Password=x\r\n");
    let through = resolved("env:A", &given).expect("it leads to a file");
    assert_eq!(through.origin, Origin::File("/run/db".into()));
    assert_eq!(
        through.inline_credentials(),
        None,
        "a mounted secret is in its place"
    );
    let Target::SqlServer(literal) = through.target else {
        panic!("it is a connection string");
    };
    assert_eq!(literal.secret().expose(), "Server=db;Password=x");

    let in_variable = resolved("env:LITERAL", &given).expect("it leads to a literal");
    assert_eq!(in_variable.origin, Origin::Variable("LITERAL".to_owned()));
    assert!(
        in_variable.inline_credentials().is_some(),
        "in a secret's value nothing is a placeholder"
    );

    let direct = resolved("sqlite:${NAME}/a.db", &given).expect("it is a path");
    assert_eq!(direct.origin, Origin::Reference);
    let Target::Sqlite(location) = direct.target else {
        panic!("it is SQLite");
    };
    assert_eq!(location, SqliteLocation::File("db/a.db".into()));
}

#[test]
fn placeholders_are_quoted_as_their_place_needs() {
    let given = Given::default()
        .variable("PW", "a;b\"{c}@/")
        .variable("HOST", "db:1433");
    let cases = [
        (
            "Server=${HOST};Password=${PW}",
            "Server=db:1433;Password=\"a;b\"\"{c}@/\"",
        ),
        (
            "Server=x;Password=\"${PW}\"",
            "Server=x;Password=\"a;b\"\"{c}@/\"",
        ),
        (
            "mssql://sa:${PW}@${HOST}/app",
            "mssql://sa:a%3Bb%22%7Bc%7D%40%2F@db:1433/app",
        ),
        (
            "sqlserver://${HOST};password=${PW}",
            "sqlserver://db:1433;password={a;b\"{c}}@/}",
        ),
        ("Server=x;Password=$${PW}", "Server=x;Password=\"${PW}\""),
    ];
    for (text, want) in cases {
        let Target::SqlServer(literal) = resolved(text, &given).expect(text).target else {
            panic!("{text} is a connection string");
        };
        assert_eq!(literal.secret().expose(), want, "{text}");
    }
}

#[test]
fn every_dead_end_says_where_and_what_to_do() {
    let mut given = Given::default()
        .variable("EMPTY", " ")
        .variable("TO_EMPTY", "env:EMPTY")
        .variable(
            "LEFT",
            " @Microsoft.KeyVault(SecretUri=https://my-vault.vault.azure.net/secrets/S)",
        )
        .variable("ONE", "env:TWO")
        .variable("TWO", "env:ONE")
        .variable("ODD", "Server=db;Password=a;hunter2")
        .file("/empty", "\n")
        .file("/long", vec![b'a'; 70_000])
        .file("/binary", [0xff, 0xfe])
        .file("/app.db", b"SQLite format 3\0...");
    given
        .files
        .insert("/locked".into(), Err(io::ErrorKind::PermissionDenied));
    let texts = [
        "env:MISSING",
        "env:TO_EMPTY",
        "env:LEFT",
        "env:ONE",
        "env:ODD",
        "file:/missing",
        "file:/empty",
        "file:/long",
        "file:/binary",
        "file:/app.db",
        "file:/locked",
        "sqlite:${MISSING}/a.db",
        "keyvault://my-vault/SqlConnectionString--Dev",
    ];
    let said: Vec<String> = texts.iter().map(|text| failure(text, &given)).collect();
    insta::assert_snapshot!(said.join("\n\n"), @r#"
    environment `dev`: variable `MISSING` is not set
    set variable `MISSING` to the connection of `dev`, in a pipeline from its secret store, or choose another environment with --env

    environment `dev`: variable `EMPTY` (reached through variable `TO_EMPTY`) is empty
    set variable `EMPTY` to the connection of `dev`, in a pipeline from its secret store, or choose another environment with --env

    environment `dev`: variable `LEFT` still holds an unresolved @Microsoft.KeyVault(…) reference instead of the secret
    see that the identity of the app may read the secret and that the reference names it rightly; or set variable `LEFT` to the secret's value

    environment `dev`: variable `ONE` (reached through variable `ONE`, variable `TWO`) was read already: the references go round in a circle
    let variable `ONE` hold the connection itself

    environment `dev`: variable `ODD` cannot be used: its connection string cannot be used: part 3 has no `=`; a value that contains `;` must be quoted: "a;b"
    quote values that contain `;`: Password="a;b"; in a URL write such characters as %XX

    environment `dev`: file `/missing` does not exist
    see that the secret is mounted where `dev` expects it, or correct the path

    environment `dev`: file `/empty` is empty
    see that the secret behind file `/empty` has a value

    environment `dev`: file `/long` is longer than 65536 bytes, so it is no connection
    see that file `/long` is the file that holds the connection, and nothing else

    environment `dev`: file `/binary` is not UTF-8 text
    put the connection into file `/binary` as UTF-8 text

    environment `dev`: file `/app.db` is an SQLite database, not a connection
    write sqlite:PATH for a database file; file:PATH is for a file that holds a connection string

    environment `dev`: file `/locked` cannot be read: permission denied
    let the user that runs dbtool read file `/locked`

    environment `dev`: its connection needs variable `MISSING`, which is not set or empty
    set variable `MISSING`, or write its value into the connection of `dev`

    environment `dev`: secret `SqlConnectionString--Dev` in Key Vault `my-vault` cannot be read: this build reads secrets from `env:` and `file:` only
    let the pipeline fetch it into a variable or a mounted file, and point `dev` at it with env:NAME or file:PATH; or use a dbtool that is built with the feature `azure`
    "#);
}

#[test]
fn vault_names_are_checked_again_once_whole() {
    let given = Given::default().variable("AZURE_KEY_VAULT_NAME", "evil.example/x");
    let text = "keyvault://${AZURE_KEY_VAULT_NAME}/S";
    assert!(failure(text, &given).contains("the vault's name must have"));
    let given = Given::default().variable("AZURE_KEY_VAULT_NAME", "my-vault");
    let error = resolved(text, &given).expect_err("these tests have no vault");
    assert_eq!(error.fault, Fault::NotBuilt);
    let Some(Hop::KeyVault(hop)) = error.trail.last() else {
        panic!("{error}");
    };
    assert_eq!(
        hop.to_string(),
        "secret `S` in Key Vault `my-vault` (named by `AZURE_KEY_VAULT_NAME`)"
    );
}

#[test]
fn long_trails_end() {
    let mut given = Given::default();
    for at in 0..20 {
        given = given.variable(&format!("V{at}"), &format!("env:V{}", at + 1));
    }
    let error = resolved("env:V0", &given).expect_err("it never ends");
    assert_eq!(error.fault, Fault::TooManySteps);
}

#[test]
fn the_process_is_looked_up() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("secret");
    std::fs::write(&path, "sqlite:a.db\n").expect("it is written");
    let reference = Reference::parse(&format!("file:{}", path.display())).expect("a path");
    let found = resolve(&reference, "local", &Process::default()).expect("it leads to a database");
    assert!(matches!(
        found.target,
        Target::Sqlite(SqliteLocation::File(_))
    ));
    let folder = Reference::parse(&format!("file:{}", folder.path().display())).expect("a path");
    let error = resolve(&folder, "local", &Process::default()).expect_err("a folder");
    assert!(matches!(error.fault, Fault::FileUnreadable(_)), "{error}");
}

/// Everything that anybody could print about a text, resolved or not.
fn everything_shown(text: &str) -> String {
    let given = Given::default()
        .variable("DIRECT", text)
        .file("/secret", text);
    let mut shown = String::new();
    match Reference::parse(text) {
        Err(error) => shown.push_str(&format!("{error} {error:?} {}", error.help())),
        Ok(reference) => shown.push_str(&format!("{reference} {reference:?}")),
    }
    let direct = Reference::parse(text).ok();
    let through = ["env:DIRECT", "file:/secret"].map(|it| Reference::parse(it).ok());
    for reference in through.into_iter().chain([direct]).flatten() {
        match resolve(&reference, "dev", &given) {
            Ok(resolved) => shown.push_str(&format!("{resolved:?}")),
            Err(error) => {
                shown.push_str(&format!("{error} {error:?} {}", error.help()));
                let chain = anyhow::Error::new(error).context("cannot connect");
                shown.push_str(&format!("{chain:#} {chain:?}"));
            }
        }
    }
    shown
}

/// What messages say of the characters to encode; a password may hold a run of it by chance.
const TO_ENCODE: &str = "@ : / ? # ; % as %40 %3A %2F %3F %23 %3B %25";

/// Fails when five characters in a row of the password are shown. The alphabet of the passwords
/// and the fixed texts share no other such run.
fn assert_hidden(password: &str, text: &str) -> Result<(), TestCaseError> {
    let shown = everything_shown(text);
    let characters: Vec<char> = password.chars().collect();
    for window in characters.windows(5) {
        let window: String = window.iter().collect();
        prop_assert!(
            TO_ENCODE.contains(&window) || !shown.contains(&window),
            "{text:?} shows {window:?}: {shown}"
        );
    }
    Ok(())
}

fn encoded(text: &str) -> String {
    let hex = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02x}"),
    };
    text.bytes().map(hex).collect()
}

/// Passwords of characters that have a meaning somewhere, and some that have none.
const PASSWORD: &str = "[WXYZ5-9;=\"'{}@:/?#&%$+,\\\\ é漢-]{5,24}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_quoted_password_is_never_shown(password in PASSWORD, key in 0usize..6) {
        let key = ["Password", "PWD", "pass word", "Access Token", "AccountKey", "Unheard-of"][key];
        for value in [
            format!("\"{}\"", password.replace('"', "\"\"")),
            format!("'{}'", password.replace('\'', "''")),
            format!("{{{}}}", password.replace('}', "}}")),
        ] {
            let text = format!("Server=tcp:db,1433;{key}={value};Database=app");
            prop_assert!(Reference::parse(&text).is_ok(), "{}", text);
            assert_hidden(&password, &text)?;
            assert_hidden(&password, &format!("sqlserver://db:1433;{key}={value};database=app"))?;
        }
    }

    #[test]
    fn a_password_is_not_shown_however_wrongly_it_is_written(password in PASSWORD) {
        for text in [
            format!("Server=db;Password={password}"),
            format!("Server=db;Password={password};Database=app"),
            format!("Password={password};Server=db"),
            format!("Server=db;User Id=sa Password={password}"),
            format!("Server=db Password={password};Database=app"),
            format!("Server=db;Password=\"{password};Database=app"),
            format!("Server=db;Password={{{password};Database=app"),
            format!("mssql://sa:{password}@db:1433/app"),
            format!("mssql://sa:{password}@db/app?encrypt=true"),
            format!("mssql://{password}@db/app"),
            format!("mssql://db/app?user=sa&password={password}"),
            format!("sqlserver://sa:{password}@db:1433;database=app"),
            format!("sqlserver://db:1433;user=sa;password={password};database=app"),
            format!("postgres://sa:{password}@db/app"),
            format!("env:{password}"),
            format!("@Microsoft.KeyVault({password})"),
            password.clone(),
        ] {
            assert_hidden(&password, &text)?;
        }
    }

    #[test]
    fn an_encoded_password_is_never_shown(password in PASSWORD) {
        let written = encoded(&password);
        let text = format!("mssql://sa:{written}@db:1433/app");
        prop_assert!(Reference::parse(&text).is_ok());
        assert_hidden(&password, &text)?;
        assert_hidden(&written, &text)?;
        assert_hidden(&written, &format!("mssql://db/app?password={written}"))?;
    }

    #[test]
    fn a_password_from_a_placeholder_arrives_and_is_never_shown(password in PASSWORD) {
        prop_assume!(!password.trim().is_empty());
        let given = Given::default().variable("PW", &password);
        for text in [
            "Server=db;Password=${PW};Database=app",
            "mssql://sa:${PW}@db/app",
            "sqlserver://db:1433;password=${PW}",
        ] {
            let resolved = resolved(text, &given).expect(text);
            let shown = format!("{resolved:?}");
            for window in password.chars().collect::<Vec<char>>().windows(5) {
                let window: String = window.iter().collect();
                prop_assert!(!shown.contains(&window), "{}", shown);
            }
            let Target::SqlServer(literal) = resolved.target else {
                panic!("{text} is a connection string");
            };
            let exposed = literal.secret().expose();
            let arrived = exposed.contains(&password)
                || exposed.contains(&password.replace('"', "\"\""))
                || exposed.contains(&password.replace('}', "}}"))
                || exposed.to_lowercase().contains(&encoded(&password).to_lowercase())
                || text.starts_with("mssql");
            prop_assert!(arrived, "{}", exposed);
            prop_assert_eq!(literal.database().is_some(), text.contains("app"));
        }
    }
}

#[test]
fn a_secret_prints_as_redacted() {
    let secret = Secret::new("hunter2");
    assert_eq!(format!("{secret} {secret:?}"), "<redacted> <redacted>");
    assert_eq!(secret.expose(), "hunter2");
}

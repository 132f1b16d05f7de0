use super::*;

fn read(text: &str) -> (Config, Vec<Diagnostic>) {
    load(Some(&Arc::new(Source {
        name: FILE_NAME.into(),
        text: text.into(),
    })))
}

fn messages(text: &str) -> Vec<String> {
    read(text)
        .1
        .into_iter()
        .map(|finding| {
            let (line, column) = finding.span.expect("a place").line_column();
            format!("{} {line}:{column} {}", finding.code, finding.message)
        })
        .collect()
}

#[test]
fn the_file_of_this_project_says_what_holds_without_it() {
    fn bare<T>(setting: &mut Setting<T>) {
        setting.span = None;
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE_NAME);
    let (mut config, list) = read(&std::fs::read_to_string(path).unwrap());
    assert_eq!(list, []);
    bare(&mut config.naming);
    bare(&mut config.targets);
    bare(&mut config.mssql.schema);
    bare(&mut config.mssql.edition);
    bare(&mut config.default_environment);
    bare(&mut config.drift.scope);
    bare(&mut config.tenant.as_mut().unwrap().column);
    for environment in config.environments.values_mut() {
        environment.span = None;
        bare(&mut environment.target);
        bare(&mut environment.database);
    }
    assert_eq!(config, Config::default());
    assert_eq!(load(None), (Config::default(), vec![]));
}

#[test]
fn levels_of_rules_are_read_and_checked() {
    let (config, list) = read(
        "lint:\n  after: 20261123020000\n  rules: { L15: off, L01: note, not-analysed: error }\n",
    );
    assert_eq!(list, []);
    assert_eq!(
        config.lint.after.map(|after| after.value).as_deref(),
        Some("20261123020000")
    );
    let levels: Vec<(&str, Level)> = config
        .lint
        .rules
        .iter()
        .map(|(id, level)| (id.as_str(), level.value))
        .collect();
    assert_eq!(
        levels,
        [
            ("L01", Level::Note),
            ("L15", Level::Off),
            ("not-analysed", Level::Error)
        ]
    );
    assert_eq!(
        messages("lint: { after: 2026, rules: { L33: off, L01: loud } }\n"),
        [
            "config/version 1:16 this is no version of a migration",
            "config/unknown-rule 1:31 there is no rule `L33`",
            "yaml/unknown-word 1:46 `rules` is `loud`, which is none of off, note, warning, error",
        ]
    );
}

#[test]
fn every_setting_is_read() {
    let (config, list) = read(
        "naming: off\n\
         tenant: { column: orgId, exempt: [countries] }\n\
         targets: [sqlite]\n\
         mssql: { schema: app, edition: standard }\n\
         defaultEnvironment: test\n\
         environments:\n  \
           test: { target: sqlite, connection: \"sqlite::memory:\" }\n\
         drift:\n  \
           scope: managed\n  \
           ignore:\n    \
             - { object: index, table: jobRuns, name: \"ixTemp*\", owner: dba, reason: why, until: 2027-01-31 }\n\
         folders: { schema: db/schema, migrations: db/migrations, fixtures: db/fixtures }\n",
    );
    assert_eq!(list, []);
    assert_eq!(config.naming.value, Naming::Off);
    let rules = config.rules();
    assert_eq!(rules.targets, [Engine::Sqlite]);
    let tenant = rules.tenant.unwrap();
    assert_eq!(tenant.column.as_str(), "orgId");
    assert!(tenant.exempt.contains_key(&Ident::new("countries")));
    assert_eq!(config.mssql.schema.value.as_str(), "app");
    assert_eq!(config.mssql.edition.value, Edition::Standard);
    assert_eq!(config.default_environment.value, "test");
    assert_eq!(
        config.environments["test"].database.value,
        Database::Connection("sqlite::memory:".into())
    );
    assert_eq!(config.drift.scope.value, Scope::Managed);
    let ignored = &config.drift.ignore[0];
    assert_eq!(ignored.until.value, "2027-01-31");
    assert_eq!(ignored.name.span.as_ref().unwrap().text(), "\"ixTemp*\"");
    assert_eq!(config.folders.migrations.value, "db/migrations");
}

#[test]
fn tenancy_can_be_off() {
    let (config, list) = read("tenant: off\n");
    assert_eq!(list, []);
    assert_eq!(config.tenant, None);
    assert_eq!(config.rules().tenant, None);
}

#[test]
fn mistakes_are_told_together() {
    assert_eq!(
        messages(
            "namng: camelCase\n\
             naming: snake\n\
             targets: []\n\
             defaultEnvironment: prod\n\
             environments:\n  \
               a: { target: mysql, connection: x }\n  \
               b: { target: sqlite }\n  \
               c: { target: sqlite, database: x, connection: y }\n  \
               d: { target: mssql, database: x }\n  \
               e: { target: sqlite, database: x.db }\n\
             drift:\n  \
               ignore:\n    \
                 - { object: indx, name: a, owner: b, until: 2027-02-29 }\n"
        ),
        [
            "yaml/unknown-key 1:1 the configuration has no key `namng`",
            "yaml/unknown-word 2:9 `naming` is `snake`, which is none of camelCase, off",
            "config/targets 3:10 no engine is a target, so no migration could be written",
            "config/unknown-environment 4:21 there is no environment `prod`",
            "yaml/unknown-word 6:16 `target` is `mysql`, which is none of mssql, sqlite",
            "config/environment 7:6 the environment `b` says nothing about its database",
            "config/environment 8:34 the environment `c` has both `database` and `connection`",
            "config/environment 9:33 the environment `d` is on mssql, which has no database file",
            "yaml/missing-key 13:7 an accepted drift needs the key `reason`",
            "yaml/unknown-word 13:17 `object` is `indx`, which is none of table, column, \
             primaryKey, unique, check, default, foreignKey, index, trigger, view, procedure, \
             function, sequence, synonym, type",
            "config/until 13:49 `2027-02-29` is no day of the calendar",
        ]
    );
}

/// Nothing that is made of the file may carry the password: not the values, not the findings, and
/// not the sources into which the findings point.
#[test]
fn a_password_goes_nowhere() {
    let files = [
        "environments:\n  a: { target: mssql, connection: \"Server=x;Password=hunter2;Encrypt=true\" }\n",
        "environments:\n  a: { target: mssql, connection: 'mssql://sa:hunter2@x/y' }\nnamng: 1\n",
        "environments:\n  a:\n    target: mssql\n    connection: >\n      Server=x;\n      Pwd=hunter2\n",
        "environments:\n  a:\n    target: mssql\n    connection: \"Server=x;Pass\\x77ord=hunter2\"\n",
        "environments:\n  a:\n    target: mssql\n    connection: >\n      Server=x;Pwd=\n      hunter2\n",
        "a: [\nPassword=hunter2\n",
    ];
    for text in files {
        let (config, list) = read(text);
        let codes: Vec<_> = list.iter().map(|finding| finding.code).collect();
        assert!(codes.contains(&"config/inline-secret"), "{text}: {codes:?}");
        let everything = format!("{config:?} {list:?}");
        assert!(!everything.contains("hunter2"), "{text}: {everything}");
    }
}

#[test]
fn a_reference_to_a_variable_stays_as_written() {
    let (config, list) = read(
        "environments:\n  a: { target: mssql, connection: \"Server=x;User Id=sa;Password=${P}\" }\n",
    );
    assert_eq!(list, []);
    assert_eq!(
        config.environments["a"].database.value,
        Database::Connection("Server=x;User Id=sa;Password=${P}".into())
    );
    assert_eq!(config.default_environment.value, "a");
}

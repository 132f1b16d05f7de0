use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::diag::Source;
use crate::yaml::{config as settings, schema as loader};

#[test]
fn the_checked_in_files_are_current() {
    for (name, schema) in [(SCHEMA_FILE, schema()), (CONFIG_FILE, config())] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        if std::env::var_os("UPDATE_CASES").is_some() {
            std::fs::write(&path, file(&schema)).unwrap();
        }
        let found = std::fs::read_to_string(&path)
            .unwrap_or_default()
            .replace("\r\n", "\n");
        assert!(
            found == file(&schema),
            "{name} is out of date: run with UPDATE_CASES=1"
        );
    }
}

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source {
        name: "a.yaml".into(),
        text: text.into(),
    })
}

/// The keys that a loader lists for help when it meets a key that resembles none.
fn known_keys(findings: Vec<crate::diag::Diagnostic>) -> Vec<BTreeSet<String>> {
    findings
        .into_iter()
        .filter(|finding| finding.code == "yaml/unknown-key")
        .map(|finding| {
            let help = finding.help.unwrap();
            let keys = help
                .strip_prefix("its keys are ")
                .unwrap()
                .replace(" and ", ", ");
            keys.split(", ").map(str::to_owned).collect()
        })
        .collect()
}

fn properties(value: &Value) -> BTreeSet<String> {
    value["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

#[test]
fn editors_know_the_keys_that_the_loader_knows() {
    let text = "table: things\n\
                columns: { a: { zzzzzzzzzzzz: 1, computed: { zzzzzzzzzzzz: 1 } } }\n\
                primaryKey: { zzzzzzzzzzzz: 1 }\n\
                unique: [{ zzzzzzzzzzzz: 1 }]\n\
                checks: [{ zzzzzzzzzzzz: 1 }]\n\
                foreignKeys: [{ zzzzzzzzzzzz: 1, references: { zzzzzzzzzzzz: 1 } }]\n\
                indexes: [{ zzzzzzzzzzzz: 1 }]\n\
                zzzzzzzzzzzz: 1\n";
    let (_, found) = loader::load(&[source(text)], &loader::Rules::default());
    let schema = schema();
    let root = &schema["properties"];
    let expected = [
        &schema["$defs"]["column"],
        &schema["$defs"]["column"]["properties"]["computed"],
        &root["primaryKey"]["oneOf"][1],
        &root["unique"]["items"],
        &root["checks"]["items"],
        &root["foreignKeys"]["items"],
        &root["foreignKeys"]["items"]["properties"]["references"],
        &root["indexes"]["items"],
        &schema,
    ];
    assert_eq!(known_keys(found), expected.map(properties));

    let text = "tenant: { zzzzzzzzzzzz: 1 }\n\
                mssql: { zzzzzzzzzzzz: 1 }\n\
                environments: { a: { zzzzzzzzzzzz: 1 } }\n\
                drift: { ignore: [{ zzzzzzzzzzzz: 1 }], zzzzzzzzzzzz: 1 }\n\
                lint: { zzzzzzzzzzzz: 1 }\n\
                folders: { zzzzzzzzzzzz: 1 }\n\
                zzzzzzzzzzzz: 1\n";
    let (_, found) = settings::load(Some(&source(text)));
    let schema = config();
    let root = &schema["properties"];
    let expected = [
        &root["tenant"]["oneOf"][1],
        &root["mssql"],
        &root["environments"]["additionalProperties"],
        &root["drift"]["properties"]["ignore"]["items"],
        &root["drift"],
        &root["lint"],
        &root["folders"],
        &schema,
    ];
    assert_eq!(known_keys(found), expected.map(properties));
}

//! Pieces of JSON Schemas.

use serde_json::{Map, Value, json};

pub(super) fn document(title: &str, mut root: Value, definitions: Value) -> Value {
    root["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    root["title"] = json!(title);
    if definitions != json!({}) {
        root["$defs"] = definitions;
    }
    root
}

pub(super) fn object<const N: usize>(
    meaning: &str,
    required: &[&str],
    properties: [(&str, Value); N],
) -> Value {
    let properties: Map<String, Value> = properties
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    let mut object = json!({
        "type": "object",
        "description": meaning,
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

pub(super) fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

pub(super) fn text(meaning: &str) -> Value {
    json!({ "type": "string", "description": meaning })
}

pub(super) fn flag(meaning: &str) -> Value {
    json!({ "type": "boolean", "default": false, "description": meaning })
}

pub(super) fn choice<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "enum": words.into_iter().collect::<Vec<_>>() })
}

pub(super) fn described(mut value: Value, meaning: &str) -> Value {
    value["description"] = json!(meaning);
    value
}

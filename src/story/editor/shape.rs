//! The shapes of JSON Schema that the others are made of.

use serde_json::{Map, Value, json};

pub(super) fn object<const N: usize>(
    description: &str,
    required: &[&str],
    properties: [(&str, Value); N],
) -> Value {
    let properties: Map<String, Value> = properties
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

pub(super) fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

pub(super) fn texts(description: &str) -> Value {
    json!({ "description": description, "type": "array", "items": { "type": "string" } })
}

pub(super) fn by_table(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": { "type": "array", "items": { "type": "string" } },
    })
}

pub(super) fn truth(description: &str) -> Value {
    json!({ "description": description, "enum": [true] })
}

pub(super) fn texts_by_name(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object", "additionalProperties": { "type": "string" },
    })
}

pub(super) fn number(description: &str) -> Value {
    json!({ "description": description, "type": "integer", "minimum": 0 })
}

pub(super) fn between(description: &str, low: u32, high: u32) -> Value {
    json!({ "description": description, "type": "integer", "minimum": low, "maximum": high })
}

pub(super) fn words<'a>(description: &str, words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "description": description, "enum": words.into_iter().collect::<Vec<_>>() })
}

pub(super) fn list(items: Value) -> Value {
    json!({ "type": "array", "minItems": 1, "items": items })
}

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

pub(super) fn pretty(value: &Value) -> String {
    // A value of maps with text keys always has a text.
    format!("{value:#}\n")
}

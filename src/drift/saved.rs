//! Catalogs in files, to compare with later or elsewhere.
//!
//! A file holds what the server told and nothing of the way to it: no connection, no user, no time.
//! The same catalog gives the same bytes.

use serde::{Deserialize, Serialize};

use crate::engine::Catalog;

/// The form of the file.
const FORMAT: &str = "dbtool.catalog/1";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Saved {
    format: String,
    catalog: Catalog,
}

/// The text of the file of a catalog.
pub fn to_text(catalog: &Catalog) -> String {
    let saved = Saved {
        format: FORMAT.to_owned(),
        catalog: catalog.clone(),
    };
    let mut text =
        serde_json::to_string_pretty(&saved).expect("a catalog has only text in it and serialises");
    text.push('\n');
    text
}

/// Reads the file of a catalog.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(text: &str) -> Result<Catalog, String> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
    }
    let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if head.format != FORMAT {
        return Err(format!(
            "its format is {:?}, and this build reads {FORMAT:?}",
            head.format
        ));
    }
    let saved: Saved = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(saved.catalog)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    #[test]
    fn what_is_saved_is_read_back_and_nothing_else_is_taken() {
        let catalog = Catalog {
            engine: Engine::Sqlite,
            product: "SQLite 3".into(),
            objects: Vec::new(),
        };
        let text = to_text(&catalog);
        assert_eq!(parse(&text), Ok(catalog));
        assert!(parse("{}").is_err());
        assert!(parse("format: 1").is_err());
        let later = text.replace("dbtool.catalog/1", "dbtool.catalog/2");
        assert!(parse(&later).is_err_and(|why| why.contains("catalog/2")));
    }
}

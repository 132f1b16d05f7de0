//! Whatever a connection reference says, it is read or refused, and its secrets are never shown.

use dbtool::engine::mssql::connection::ConnectionSettings;
use dbtool::secret::{Literal, Reference, Template};

/// The text as a reference, and as a connection string.
pub fn law(text: &str) {
    let secrets = secrets(text);
    if let Ok(template) = Template::parse(text) {
        let same: Result<String, ()> = template.expand(|name| Ok(format!("${{{name}}}")));
        assert!(same.is_ok());
    }
    match Reference::parse(text) {
        Ok(reference) => hidden(
            &secrets,
            &[&reference.redacted(), &format!("{reference:?}")],
        ),
        Err(error) => hidden(&secrets, &[&error.to_string(), error.help()]),
    }
    let literal = match Literal::read(text) {
        Ok(literal) => literal,
        Err(error) => return hidden(&secrets, &[&error.to_string()]),
    };
    hidden(&secrets, &[literal.redacted(), &format!("{literal:?}")]);
    match ConnectionSettings::parse(&literal) {
        Ok(settings) => hidden(&secrets, &[&format!("{settings:?}"), &settings.server()]),
        Err(error) => hidden(&secrets, &[&error.to_string()]),
    }
}

/// The values that stand under a secret's key and nowhere else in the text, so that whoever shows
/// one can have it from there alone.
fn secrets(text: &str) -> Vec<String> {
    let Ok(parts) = Literal::read(text).and_then(|literal| literal.parts()) else {
        return Vec::new();
    };
    let is_secret = |key: &str| {
        let key: String = key.chars().filter(|it| it.is_alphanumeric()).collect();
        matches!(
            key.to_lowercase().as_str(),
            "password" | "pwd" | "accesstoken"
        )
    };
    parts
        .properties
        .iter()
        .filter(|(key, _)| is_secret(key))
        .map(|(_, value)| value.expose().to_owned())
        .filter(|value| text.matches(value.as_str()).count() == 1)
        // Long enough, and nothing that dbtool's own words could hold.
        .filter(|value| value.len() >= 6 && value.chars().all(char::is_alphanumeric))
        .filter(|value| value.chars().any(|it| it.is_ascii_digit()))
        .collect()
}

fn hidden(secrets: &[String], shown: &[&str]) {
    for secret in secrets {
        for text in shown {
            assert!(
                !text.contains(secret.as_str()),
                "{secret:?} is shown: {text}"
            );
        }
    }
}

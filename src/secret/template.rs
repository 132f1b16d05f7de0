//! Text with `${VARIABLE}` in it.

use std::fmt;

use zeroize::Zeroizing;

use super::is_variable_name;

/// Text in which `${NAME}` stands for a variable, and `$${` for a plain `${`. For places that
/// hold no secret: paths, names of vaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

/// Why a text is no [`Template`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `${` without its `}`.
    #[error("a `${{` is not closed by `}}`")]
    Unclosed,
    /// What stands between the braces is not the name of a variable.
    #[error(
        "between `${{` and `}}` stands no variable name (letters, digits and `_`); a plain `${{` is written `$${{`"
    )]
    Name,
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// When a placeholder is broken.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                plain.push_str(&rest[..at - 1]);
                plain.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            plain.push_str(&rest[..at]);
            let inside = &rest[at + 2..];
            let end = inside.find('}').ok_or(TemplateError::Unclosed)?;
            let name = &inside[..end];
            if !is_variable_name(name) {
                return Err(TemplateError::Name);
            }
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = &inside[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// The text when it names no variable.
    pub fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The variables that it names, in order.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Whether it consists of nothing but variables.
    pub(super) fn only_variables(&self) -> bool {
        let variable = |part: &Part| matches!(part, Part::Variable(_));
        !self.parts.is_empty() && self.parts.iter().all(variable)
    }

    /// The text with every variable replaced by what `value` gives for its name.
    ///
    /// # Errors
    /// The first that `value` gives.
    pub fn expand<E>(&self, mut value: impl FnMut(&str) -> Result<String, E>) -> Result<String, E> {
        // Values may be secret: each is wiped, and none is left behind by a text that grows.
        let mut texts = Vec::new();
        for part in &self.parts {
            texts.push(Zeroizing::new(match part {
                Part::Text(plain) => plain.clone(),
                Part::Variable(name) => value(name)?,
            }));
        }
        let mut text = String::with_capacity(texts.iter().map(|it| it.len()).sum());
        texts.iter().for_each(|it| text.push_str(it));
        Ok(text)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(&text.replace("${", "$${"))?,
                Part::Variable(name) => write!(f, "${{{name}}}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, TemplateError> {
        let known = |name: &str| Ok::<_, TemplateError>(format!("<{name}>"));
        Template::parse(text)?.expand(known)
    }

    #[test]
    fn variables_are_replaced_and_escapes_kept() {
        let cases = [
            ("", ""),
            ("plain $ { }", "plain $ { }"),
            ("${A}", "<A>"),
            ("a/${A_1}/${B}b", "a/<A_1>/<B>b"),
            ("$${A} ${A}", "${A} <A>"),
        ];
        for (text, want) in cases {
            assert_eq!(expanded(text).as_deref(), Ok(want), "{text}");
            let shown = Template::parse(text).expect("it is one").to_string();
            assert_eq!(shown, text);
        }
    }

    #[test]
    fn broken_placeholders_are_refused() {
        assert_eq!(expanded("a${A"), Err(TemplateError::Unclosed));
        for text in ["${}", "${1A}", "${A-b}", "${A:-x}"] {
            assert_eq!(expanded(text), Err(TemplateError::Name), "{text}");
        }
    }
}

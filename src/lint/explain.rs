//! `lint --explain`: a rule in words, and all of them as a table.

use super::rules::{RULES, Rule};

/// A rule in words: what it flags, why, and the safe way.
pub fn rule(rule: &Rule) -> String {
    format!(
        "{} {} ({})\n\n{}\n\n{}\n\nInstead: {}.\n\n{}\n\nAccept it in place: -- dbtool:allow {} REASON\nChange it for the project, in dbtool.yaml: lint: {{ rules: {{ {}: off | note | warning | error }} }}\n",
        rule.id,
        rule.name,
        rule.severity.word(),
        sentence(rule.title),
        rule.explanation,
        rule.help,
        indented(rule.rewrite),
        rule.id,
        rule.id,
    )
}

fn sentence(title: &str) -> String {
    let mut chars = title.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

fn indented(sql: &str) -> String {
    let lines: Vec<String> = sql
        .lines()
        .map(|line| format!("    {line}").trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// The headings of [`rows`].
pub const HEADINGS: [&str; 4] = ["rule", "name", "severity", "flags"];

/// Every rule as a row.
pub fn rows() -> Vec<Vec<String>> {
    RULES
        .iter()
        .map(|rule| {
            vec![
                rule.id.to_owned(),
                rule.name.to_owned(),
                rule.severity.word().to_owned(),
                rule.title.to_owned(),
            ]
        })
        .collect()
}

/// Every rule as a table of Markdown, for the README.
pub fn markdown_table() -> String {
    let mut text = String::from("| rule | severity | flags | instead |\n|---|---|---|---|\n");
    for rule in &RULES {
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            rule.id,
            rule.severity.word(),
            rule.title,
            rule.help.replace('|', "\\|")
        ));
    }
    text
}

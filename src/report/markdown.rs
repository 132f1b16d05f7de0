//! Markdown for job summaries and comments on pull requests.

use super::cases::{members, spelled, suites};
use super::human::{Style, counts, red_phases};
use super::place::Place;
use super::{Case, Part, Report, Status, difference, text};
use crate::diag::{Diagnostic, Severity};
use crate::exit::Exit;

/// The report as a section under a heading of the second level.
pub(super) fn markdown(report: &Report) -> String {
    let mut page = format!(
        "## {} dbtool {}: {}\n",
        match report.exit {
            Exit::Ok => "✅",
            _ => "❌",
        },
        report.command,
        report.exit.word()
    );
    if let Some(environment) = &report.environment {
        page.push_str(&format!(
            "\nEnvironment **{}** · {} · {}\n",
            escaped(&environment.name),
            escaped(&environment.product),
            code(&environment.database)
        ));
    }
    let counts = counts(report);
    page.push_str(&match counts.is_empty() {
        true => "\nNo findings.\n".to_owned(),
        false => format!("\n{}.\n", counts.join(", ")),
    });
    if report.exit != Exit::Ok {
        let (code, meaning) = (report.exit.code(), report.exit.meaning());
        let phases = red_phases(report);
        page.push_str(&format!("\nExit code {code}{phases}: {meaning}.\n"));
    }
    for (phase, suite) in suites(report) {
        page.push_str(&format!("\n### {} · {}\n\n", phase.word(), escaped(suite)));
        for case in members(report, phase, suite) {
            page.push_str(&item(case));
        }
    }
    if !report.findings.is_empty() {
        page.push_str("\n### Findings\n");
        // Errors first: whoever reads a summary reads its beginning.
        for severity in [Severity::Error, Severity::Warning, Severity::Note] {
            let findings = report.findings.iter();
            for finding in findings.filter(|finding| finding.severity == severity) {
                page.push_str(&paragraph(finding));
            }
        }
    }
    page
}

fn item(case: &Case) -> String {
    let mut item = format!("- {} {}", sign(case.status), escaped(&case.name));
    if !matches!(case.status, Status::Passed | Status::Failed) {
        item.push_str(&format!(" *{}*", case.status.phrase()));
    }
    if let Some(note) = &case.note {
        item.push_str(&format!(": {}", escaped(note)));
    }
    if let Some(duration) = case.duration {
        item.push_str(&format!(" ({})", spelled(duration)));
    }
    item.push('\n');
    let listed = |part: &&Part| matches!(part.status, Status::Failed | Status::Unproven);
    let (open, rest): (Vec<&Part>, Vec<&Part>) = case.parts.iter().partition(listed);
    for part in open {
        item.push_str(&format!("  - {}\n", of_part(part, escaped)));
    }
    // What is as it should be stays out of the way; one alone says no more than its case.
    if case.parts.len() > 1 && !rest.is_empty() {
        let of = |status| rest.iter().filter(|part| part.status == status).count();
        let counts = Status::ALL.map(|status| (of(status), status.phrase()));
        let counts = counts.iter().filter(|(number, _)| *number > 0);
        let counts: Vec<String> = counts
            .map(|(number, phrase)| format!("{number} {phrase}"))
            .collect();
        let rows: Vec<String> = rest.iter().map(|part| of_part(part, html)).collect();
        item.push_str(&format!(
            "  <details><summary>{}</summary>{}</details>\n",
            counts.join(", "),
            rows.join("<br>")
        ));
    }
    item
}

fn of_part(part: &Part, escape: fn(&str) -> String) -> String {
    let mut text = format!("{} {}", sign(part.status), escape(&part.name));
    if let Some(duration) = part.duration {
        text.push_str(&format!(" ({})", spelled(duration)));
    }
    if let Some(note) = &part.note {
        text.push_str(&format!(": {}", escape(note)));
    }
    text
}

fn sign(status: Status) -> &'static str {
    match status {
        Status::Passed => "✅",
        Status::Failed => "❌",
        Status::Skipped => "⏭️",
        Status::NotProven | Status::Unproven => "⚪",
    }
}

fn paragraph(finding: &Diagnostic) -> String {
    let sign = match finding.severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
        Severity::Note => "ℹ️",
    };
    let mut page = format!(
        "\n{sign} **{}** ({}) {}  \n",
        code(finding.code),
        finding.phase.word(),
        escaped(&finding.message)
    );
    let place = Place::of(finding).map(|it| format!("{}:{}:{}", it.file, it.line, it.column));
    let object = finding.path.as_ref().map(ToString::to_string);
    let where_to_look: Vec<String> = [object, place]
        .iter()
        .flatten()
        .map(|it| code(it))
        .collect();
    if !where_to_look.is_empty() {
        page.push_str(&format!("{}  \n", where_to_look.join(" · ")));
    }
    if let Some(help) = &finding.help {
        page.push_str(&format!("Help: {}\n", escaped(help)));
    }
    if let Some(difference) = &finding.difference {
        let lines = difference::unified(difference, &Style::PLAIN);
        if !lines.is_empty() {
            page.push_str(&fenced("diff", &lines));
        }
    }
    if let Some(remedy) = &finding.remedy {
        page.push_str(&fenced("sql", &text::block(remedy)));
    }
    page
}

/// Text within a block of HTML, where Markdown means nothing, on one line.
fn html(text: &str) -> String {
    text::line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('@', "@\u{200d}")
}

/// Text that Markdown and HTML take for nothing but text, on one line.
fn escaped(text: &str) -> String {
    let text = text::block(text);
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => escaped.push_str("<br>"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A zero-width joiner after it keeps a name from calling somebody.
            '@' => escaped.push_str("@\u{200d}"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A code span whatever its text.
fn code(text: &str) -> String {
    let text = text::line(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    match text.starts_with('`') || text.ends_with('`') {
        true => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

/// A code block whatever its text.
fn fenced(language: &str, lines: &str) -> String {
    let fence = "`".repeat(longest_run(lines).max(2) + 1);
    format!(
        "\n{fence}{language}\n{}\n{fence}\n",
        lines.trim_end_matches('\n')
    )
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|it| it != '`').map(str::len);
    runs.max().unwrap_or_default()
}

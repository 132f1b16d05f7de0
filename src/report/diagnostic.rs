//! One finding as annotated source.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Style, difference, text};
use crate::diag::{Diagnostic, Severity};

/// The width for snippets where there is no terminal: long source lines are still cut around the
/// marked place, because one line of a data file can be a megabyte.
const WIDTH: u16 = 140;

/// A finding: headline, place, source with the marked part, object, help, difference, remedy.
/// Ends with a line break.
pub(super) fn diagnostic(finding: &Diagnostic, style: &Style) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let message = text::block(&finding.message);
    let label = finding.label.as_deref().map(text::line);
    let cut = finding.span.as_ref().map(|span| {
        let name = text::line(&span.source.name);
        (name, text::excerpt(&span.source.text, &span.range))
    });
    let mut group = Group::with_title(level.primary_title(message).id(finding.code));
    if let Some((name, cut)) = &cut {
        let mut mark = AnnotationKind::Primary.span(cut.range.clone());
        if let Some(label) = label {
            mark = mark.label(label);
        }
        group = group.element(
            Snippet::source(cut.text.as_str())
                .path(name.as_ref())
                .line_start(cut.first_line)
                .annotation(mark),
        );
    }
    let renderer = match style.color {
        true => Renderer::styled(),
        false => Renderer::plain(),
    };
    let renderer = renderer
        .decor_style(DecorStyle::Ascii)
        .term_width(usize::from(style.width.unwrap_or(WIDTH).max(40)));
    let mut shown = renderer.render(&[group]);
    shown.push('\n');

    let last_line = cut.map_or(1, |(_, cut)| {
        cut.first_line + cut.text.matches('\n').count()
    });
    let margin = " ".repeat(last_line.to_string().len() + 1);
    let phase = finding.phase.word();
    shown.push_str(&match &finding.path {
        Some(path) => remark(phase, &path.to_string(), &margin, style),
        None => remark("phase", phase, &margin, style),
    });
    if let Some(help) = &finding.help {
        shown.push_str(&remark("help", help, &margin, style));
    }
    if let Some(difference) = &finding.difference {
        let lines = difference::unified(difference, style);
        if !lines.is_empty() {
            let title = "difference (- expected, + found)";
            shown.push_str(&section(title, &lines, &margin, style));
        }
    }
    if let Some(remedy) = &finding.remedy {
        shown.push_str(&section("remedy", &text::block(remedy), &margin, style));
    }
    shown
}

/// `= name: text`, further lines of the text below its first.
fn remark(name: &str, text: &str, margin: &str, style: &Style) -> String {
    let text = text::block(text);
    let mut lines = text.trim_end().split('\n');
    let first = lines.next().unwrap_or_default();
    let mut remark = format!("{margin}{} {}: {first}\n", style.bar("="), style.bold(name));
    let indent = " ".repeat(margin.len() + name.len() + 4);
    for line in lines {
        remark.push_str(&format!("{indent}{line}\n"));
    }
    remark
}

/// `= title:` and a block of lines below it.
fn section(title: &str, lines: &str, margin: &str, style: &Style) -> String {
    let body = text::indented(lines, &format!("{margin}    "));
    format!(
        "{margin}{} {}:\n{body}\n",
        style.bar("="),
        style.bold(title)
    )
}

//! What the parser complains about, in the words of somebody who wrote the file.

use super::pos;
use crate::{Diagnostic, FileId, Pos, Span};
use saphyr_parser::ScanError;

/// The parser's complaint in terms of the file.
pub(super) fn syntax(error: &ScanError, text: &str, file: FileId) -> Diagnostic {
    let at = within(pos(*error.marker()), text);
    let span = Span { file, start: at, end: Pos { line: at.line, column: at.column + 1 } };
    let line = text.lines().nth((at.line as usize).saturating_sub(1)).unwrap_or_default();
    let info = error.info();
    if info.contains("unknown anchor") {
        let name: String =
            line.chars().skip(at.column as usize).take_while(|c| c.is_alphanumeric()).collect();
        let hint =
            "mark the node that it repeats with `&`; a text that starts with `*` needs quotes";
        return Diagnostic::error("yaml-alias", format!("nothing is called `&{name}` above"), span)
            .hint(hint);
    }
    Diagnostic::error("yaml-syntax", format!("this is no valid YAML: {info}"), span)
        .hint(syntax_hint(info, line))
}

/// What is probably wrong.
fn syntax_hint(info: &str, line: &str) -> &'static str {
    if line.trim_start_matches(' ').starts_with('\t') {
        "the line is indented with a tab; YAML takes only spaces"
    } else if info.contains("quoted scalar") {
        "a quote that opens must close; within single quotes write '' for one of them"
    } else if info.contains("flow") || info.contains("illegal placement of ':'") {
        "a `[` or `{` above is not closed, or an entry behind it lacks its comma"
    } else if line.matches(": ").count() > 1 {
        "a value that holds `: ` needs quotes"
    } else {
        "look at the indentation and the quotes here and one line above"
    }
}

/// A place in the text: what is missing at its end is shown at the end of its last line.
fn within(at: Pos, text: &str) -> Pos {
    let mut last = Pos { line: 1, column: 1 };
    for (number, line) in (1..).zip(text.lines()) {
        if number >= at.line {
            return at;
        }
        if !line.trim().is_empty() {
            let column = u32::try_from(line.chars().count()).unwrap_or(u32::MAX);
            last = Pos { line: number, column: column.max(1) };
        }
    }
    last
}

//! The only place that writes to standard output and standard error.

use crate::Variables;
use crate::error::Error;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use report::{Color, Layout};
use std::io::{IsTerminal, Write};
use yaml::{Diagnostic, Sources};

/// Results go to standard output, everything else to standard error.
#[derive(Debug)]
pub(crate) struct Printer {
    width: usize,
}

/// Where nothing says how wide the terminal is.
const WIDTH: usize = 100;
/// Narrower than this, no table is readable.
const NARROWEST: usize = 40;

impl Printer {
    pub(crate) fn new(color: ColorChoice, variables: &Variables) -> Self {
        color.write_global();
        Self { width: width(variables) }
    }

    /// How a result is laid out that goes to standard output.
    pub(crate) fn layout(&self) -> Layout {
        let color = match AutoStream::choice(&std::io::stdout()) {
            ColorChoice::Never => Color::Plain,
            _ => Color::Ansi,
        };
        Layout { width: self.width, color }
    }

    /// Writes a result. Its colors are those of [`Self::layout`].
    pub(crate) fn result(&self, text: &str) -> Result<(), Error> {
        let mut stdout = anstream::stdout();
        stdout.write_all(text.as_bytes()).map_err(Error::Output)?;
        if !text.is_empty() && !text.ends_with('\n') {
            stdout.write_all(b"\n").map_err(Error::Output)?;
        }
        Ok(())
    }

    /// A full disk or a closed pipe may only show itself now.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        anstream::stdout().flush().map_err(Error::Output)
    }

    /// What was done, on standard error.
    pub(crate) fn note(&self, text: &str) {
        // When standard error is gone there is nobody left to tell.
        let _ = writeln!(anstream::stderr(), "{text}");
    }

    /// Messages about places in files, as [`Diagnostic::render`] writes them.
    pub(crate) fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        for diagnostic in diagnostics {
            self.note(&paint(&diagnostic.render(sources)));
            self.note("");
        }
    }

    /// A message with advice, such as `blocker`.
    pub(crate) fn message(&self, word: &str, message: &str, hint: Option<&str>) {
        let hint = hint.map_or_else(String::new, |hint| format!("\nhint: {hint}"));
        self.note(&paint(&format!("{word}: {message}{hint}")));
    }

    /// An error with what caused it. That nobody reads on is not worth a word.
    pub(crate) fn error(&self, error: &Error) {
        if error.exit() == crate::Exit::Done {
            return;
        }
        let mut message = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        self.message("error", &message, error.hint());
    }
}

fn width(variables: &Variables) -> usize {
    let asked = variables.get("COLUMNS").and_then(|columns| columns.parse().ok());
    let seen = || {
        let stdout = std::io::stdout();
        let size = stdout.is_terminal().then(|| terminal_size::terminal_size_of(&stdout)).flatten();
        size.map(|(width, _)| usize::from(width.0))
    };
    asked.filter(|columns| *columns > 0).or_else(seen).unwrap_or(WIDTH).max(NARROWEST)
}

/// Colors the first word of each line that has one; the stream drops colors where none are wanted.
fn paint(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(paint_line).collect();
    lines.join("\n")
}

fn paint_line(line: &str) -> String {
    let Some((word, rest)) = line.split_once(':') else { return line.to_owned() };
    match style(word) {
        Some(style) => format!("{style}{word}:{style:#}{rest}"),
        None => line.to_owned(),
    }
}

/// How a word of ours is colored.
pub(crate) fn style(word: &str) -> Option<Style> {
    let color = match word {
        "error" | "blocker" => AnsiColor::Red,
        "warning" => AnsiColor::Yellow,
        "info" | "note" => AnsiColor::Blue,
        "hint" | "fix" => AnsiColor::Cyan,
        _ => return None,
    };
    Some(color.on_default().bold())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths() {
        let width = |columns: &str| super::width(&[("COLUMNS".into(), columns.into())].into());
        assert_eq!((width("80"), width("7")), (80, NARROWEST));
        assert!(width("wide") >= NARROWEST);
    }

    #[test]
    fn only_known_words_are_colored() {
        assert_eq!(paint_line("services: x"), "services: x");
        assert!(paint_line("error: x").starts_with('\u{1b}'));
    }
}

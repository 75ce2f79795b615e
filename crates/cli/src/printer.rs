//! The only place that writes to standard output and standard error.

use crate::Variables;
use crate::error::Error;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use report::{Color, Layout};
use std::io::{IsTerminal, Stderr, Stdout, Write};
use yaml::{Diagnostic, Sources};

/// Results go to standard output, everything else to standard error.
#[derive(Debug)]
pub(crate) struct Printer {
    stdout: AutoStream<Stdout>,
    stderr: AutoStream<Stderr>,
    layout: Layout,
}

/// Where nothing says how wide the terminal is.
const WIDTH: usize = 100;
/// Narrower than this, no table is readable.
const NARROWEST: usize = 40;

impl Printer {
    pub(crate) fn new(color: ColorChoice, variables: &Variables) -> Self {
        let stdout = AutoStream::new(std::io::stdout(), color);
        let color_of_results = match stdout.current_choice() {
            ColorChoice::Never => Color::Plain,
            _ => Color::Ansi,
        };
        Self {
            stdout,
            stderr: AutoStream::new(std::io::stderr(), color),
            layout: Layout { width: width(variables), color: color_of_results },
        }
    }

    /// How a result is laid out that goes to standard output.
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Writes a result. Its colors are those of [`Self::layout`].
    pub(crate) fn result(&mut self, text: &str) -> Result<(), Error> {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let written = self.stdout.write_all(text.as_bytes());
        // A full disk or a closed pipe may only show itself when the buffer is emptied.
        written
            .and_then(|()| self.stdout.write_all(end.as_bytes()))
            .and_then(|()| self.stdout.flush())
            .map_err(Error::Output)
    }

    /// What was done, on standard error.
    pub(crate) fn note(&mut self, text: &str) {
        // When standard error is gone there is nobody left to tell.
        let _ = writeln!(self.stderr, "{text}");
    }

    /// Whether somebody watches standard error, so that lines may be written over.
    pub(crate) fn is_watched(&self) -> bool {
        self.stderr.is_terminal()
    }

    /// Writes lines over those that were written last, on a terminal.
    pub(crate) fn redraw(&mut self, lines: &[String], over: usize) {
        let up = if over > 0 { format!("\x1b[{over}A") } else { String::new() };
        let lines: Vec<_> = lines.iter().map(|line| format!("\x1b[2K{line}")).collect();
        let mut stderr = self.stderr.as_inner();
        // When standard error is gone there is nobody left to tell.
        let _ = writeln!(stderr, "{up}{}", lines.join("\n"));
    }

    /// Messages about places in files, as [`Diagnostic::render`] writes them.
    pub(crate) fn diagnostics(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        for diagnostic in diagnostics {
            self.note(&paint(&diagnostic.render(sources)));
            self.note("");
        }
    }

    /// A message with advice, such as `blocker`.
    pub(crate) fn message(&mut self, word: &str, message: &str, hint: Option<&str>) {
        let hint = hint.map_or_else(String::new, |hint| format!("\nhint: {hint}"));
        self.note(&paint(&format!("{word}: {message}{hint}")));
    }

    /// An error with what caused it. That nobody reads on is not worth a word.
    pub(crate) fn error(&mut self, error: &Error) {
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
        let asked = |columns: &str| width(&[("COLUMNS".into(), columns.into())].into());
        assert_eq!((asked("80"), asked("7")), (80, NARROWEST));
        assert!(asked("wide") >= NARROWEST);
    }

    #[test]
    fn only_known_words_are_colored() {
        assert_eq!(paint_line("services: x"), "services: x");
        assert!(paint_line("error: x").starts_with('\u{1b}'));
    }
}

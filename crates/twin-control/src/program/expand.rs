//! Words to fields.

use super::Stream;
use super::shell::{Halt, Shell};
use super::syntax::{Part, Quoting, What, Word};

/// Letters that make a pattern of what a variable holds.
const PATTERN: &[char] = &['*', '?', '[', '\\'];

impl Shell<'_> {
    /// The fields that words become.
    pub(super) fn fields(&mut self, words: &[Word]) -> Result<Vec<String>, Halt> {
        let mut fields = Vec::new();
        for word in words {
            self.split(word, &mut fields)?;
        }
        Ok(fields)
    }

    /// What a word becomes where it is one field in any case.
    pub(super) fn joined(&mut self, word: &Word) -> Result<String, Halt> {
        let mut text = String::new();
        for part in word {
            text.push_str(&self.part(part)?);
        }
        Ok(text)
    }

    fn split(&mut self, word: &Word, fields: &mut Vec<String>) -> Result<(), Halt> {
        let mut open: Option<String> = None;
        for part in word {
            let text = self.part(part)?;
            let whole = part.quoting == Quoting::Quoted || matches!(part.what, What::Text(_));
            if whole {
                open.get_or_insert_default().push_str(&text);
                continue;
            }
            if text.contains(PATTERN) {
                return Err(Halt::Unclear);
            }
            let blank = [' ', '\t', '\n'];
            if text.starts_with(blank) {
                fields.extend(open.take());
            }
            let mut pieces = text.split(blank).filter(|piece| !piece.is_empty()).peekable();
            while let Some(piece) = pieces.next() {
                open.get_or_insert_default().push_str(piece);
                if pieces.peek().is_some() || text.ends_with(blank) {
                    fields.extend(open.take());
                }
            }
        }
        fields.extend(open);
        Ok(())
    }

    fn part(&mut self, part: &Part) -> Result<String, Halt> {
        match &part.what {
            What::Text(text) => Ok(text.clone()),
            What::Variable(name) => {
                let value = self.variable(name).ok_or(Halt::Unclear)?;
                self.grow(value.len())?;
                Ok(value)
            }
            // Whether `$(…)` on the same line counts is another thing in each shell.
            What::Status if self.substituted.is_some() => Err(Halt::Unclear),
            What::Status => Ok(self.status.to_string()),
            What::Output(list) => {
                let text = self.output(list)?;
                Ok(text.trim_end_matches('\n').to_owned())
            }
        }
    }
}

/// The streams by name.
pub(super) fn device(path: &str) -> Option<Stream> {
    match path {
        "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => Some(Stream::Out),
        "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => Some(Stream::Error),
        _ => None,
    }
}

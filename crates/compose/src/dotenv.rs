//! Env files: `.env`, `--env-file` and `env_file:`.

use crate::interpolate::{self, Variables};

/// One variable of an env file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// `None` for a bare key.
    pub(crate) value: Option<String>,
    /// From 1.
    pub(crate) line: u32,
}

/// A line that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadLine {
    pub(crate) line: u32,
    pub(crate) why: &'static str,
}

/// An env file, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EnvText {
    pub(crate) entries: Vec<Entry>,
    pub(crate) bad: Vec<BadLine>,
}

/// More entries than this are no env file.
const MOST: usize = 20_000;
/// Values may name each other: together they stay below this.
const MOST_TEXT: usize = 4 << 20;

/// Reads an env file. `outer` is what its values may refer to, and it wins over the file itself.
pub(crate) fn parse(text: &str, outer: &Variables) -> EnvText {
    let mut reader = Reader {
        rest: text.trim_start_matches('\u{feff}'),
        line: 1,
        known: outer.clone(),
        made: 0,
        open: None,
    };
    let mut out = EnvText::default();
    while !reader.rest.is_empty() && out.entries.len() < MOST && out.bad.len() < MOST {
        let line = reader.line;
        match reader.statement() {
            Ok(Some((key, value))) => {
                if let (Some(value), false) = (&value, outer.contains_key(&key)) {
                    reader.known.insert(key.clone(), value.clone());
                }
                out.entries.push(Entry { key, value, line });
            }
            Ok(None) => {}
            Err(why) => out.bad.push(BadLine { line, why }),
        }
    }
    out
}

/// Reads an env file of `format: raw`: everything behind `=` is the value.
pub(crate) fn parse_raw(text: &str) -> EnvText {
    let mut out = EnvText::default();
    for (line, number) in text.lines().zip(1..).take(MOST) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.to_owned())),
            None => (line.trim(), None),
        };
        out.entries.push(Entry { key: key.to_owned(), value, line: number });
    }
    out
}

struct Reader<'t> {
    rest: &'t str,
    line: u32,
    known: Variables,
    made: usize,
    /// A quotation mark that is never closed: looking for its end again would take quadratic time.
    open: Option<char>,
}

type Statement = Option<(String, Option<String>)>;

impl<'t> Reader<'t> {
    /// One line, or several where quotes span them.
    fn statement(&mut self) -> Result<Statement, &'static str> {
        let line = self.rest.lines().next().unwrap_or_default();
        let trimmed = line.trim_start();
        if trimmed.trim_end().is_empty() || trimmed.starts_with('#') {
            self.skip_line();
            return Ok(None);
        }
        let body = trimmed.strip_prefix("export ").map_or(trimmed, str::trim_start);
        let Some(at) = body.find(['=', ':']) else {
            self.skip_line();
            let key = body.split('#').next().unwrap_or_default().trim();
            return if is_key(key) {
                Ok(Some((key.to_owned(), None)))
            } else {
                Err("it is not `KEY=value`")
            };
        };
        let key = body[..at].trim();
        if !is_key(key) {
            self.skip_line();
            return Err("the name in front of `=` is no variable's name");
        }
        // `body` is the end of `line`, which is the start of `rest`.
        let value_at = line.len() - body.len() + at + 1;
        let value = self.rest[value_at..].trim_start_matches([' ', '\t']);
        let key = key.to_owned();
        if let Some(mark @ ('\'' | '"')) = value.chars().next() {
            self.quoted(value, mark).map(|text| Some((key, Some(text))))
        } else {
            let value = unquoted(value.lines().next().unwrap_or_default());
            self.skip_line();
            Ok(Some((key, Some(self.expand(value)))))
        }
    }

    fn skip_line(&mut self) {
        self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
        self.line = self.line.saturating_add(1);
    }

    fn quoted(&mut self, value: &'t str, mark: char) -> Result<String, &'static str> {
        let inner = &value[1..];
        let end = if self.open == Some(mark) { None } else { closing(inner, mark) };
        let Some(end) = end else {
            self.open = Some(mark);
            self.skip_line();
            return Err("the quote is never closed");
        };
        let text = &inner[..end];
        let lines = text.matches('\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = &inner[end + 1..];
        self.skip_line();
        if mark == '\'' {
            return Ok(text.to_owned());
        }
        Ok(self.expand(&unescaped(text)))
    }

    /// Variables in a value; what cannot be expanded stays as it is.
    fn expand(&mut self, text: &str) -> String {
        if !text.contains('$') || self.made > MOST_TEXT {
            return text.to_owned();
        }
        let expanded = match interpolate::substitute(text, &self.known) {
            Ok(done) => done.text,
            Err(_) => text.to_owned(),
        };
        self.made += expanded.len();
        expanded
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']'))
}

/// A value without quotes ends at a comment: ` #`.
fn unquoted(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    let end = value.find(" #").or_else(|| value.find("\t#")).unwrap_or(value.len());
    value[..end].trim()
}

/// Where the quote closes, skipping escaped marks.
fn closing(text: &str, mark: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == mark {
            return Some(at);
        }
    }
    None
}

/// `\n`, `\t`, `\"` and so on; `\$` becomes `$$`, which the expansion reads as `$`.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('$') => out.push_str("$$"),
            Some(c @ ('"' | '\\' | '\'')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, Option<String>)> {
        let outer = Variables::from([("OUTER".to_owned(), "o".to_owned())]);
        parse(text, &outer).entries.into_iter().map(|e| (e.key, e.value)).collect()
    }

    #[test]
    fn every_form_is_read() {
        for (text, want) in [
            ("A=1", "1"),
            ("export A=1", "1"),
            ("  A = 1  ", "1"),
            ("A: 1", "1"),
            ("A=", ""),
            ("A=a b # comment", "a b"),
            ("A=a#b", "a#b"),
            ("A='$OUTER # no'", "$OUTER # no"),
            ("A=\"x\\ny\"", "x\ny"),
            ("A=\"one\ntwo\"", "one\ntwo"),
            ("A=$OUTER-${X:-d}", "o-d"),
            ("A=\"\\$OUTER\"", "$OUTER"),
            ("A=\"q\" # comment", "q"),
            ("\u{feff}A=1\r\n", "1"),
        ] {
            assert_eq!(pairs(text), [("A".to_owned(), Some(want.to_owned()))], "{text}");
        }
    }

    #[test]
    fn lines_follow_each_other() {
        let read =
            parse("# c\nA='1\n2'\nB=$A\nBARE\n=x\nfoo bar\nC=\"open\nD=4\n", &Variables::new());
        let got: Vec<_> =
            read.entries.iter().map(|e| (e.key.as_str(), e.value.as_deref(), e.line)).collect();
        assert_eq!(
            got,
            [
                ("A", Some("1\n2"), 2),
                ("B", Some("1\n2"), 4),
                ("BARE", None, 5),
                ("D", Some("4"), 9)
            ]
        );
        assert_eq!(read.bad.iter().map(|b| b.line).collect::<Vec<_>>(), [6, 7, 8]);
    }

    #[test]
    fn raw_keeps_everything() {
        let read = parse_raw("A=\"x $Y\" # z\n#no\nB\n");
        let got: Vec<_> =
            read.entries.iter().map(|e| (e.key.as_str(), e.value.as_deref())).collect();
        assert_eq!(got, [("A", Some("\"x $Y\" # z")), ("B", None)]);
    }
}

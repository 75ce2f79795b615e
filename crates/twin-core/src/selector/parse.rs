//! The text of a label selector, read as Kubernetes reads it.

use super::labels::{Requirement, Spelling, whole};
use crate::names::{label_key, label_value, quoted};
use crate::tree::Text;
use std::collections::BTreeSet;

/// The requirements that a text lists, in its order.
pub(super) fn requirements(text: &str) -> Result<Vec<(Text, Requirement)>, String> {
    let mut reader = Reader { tokens: tokens(text), at: 0 };
    let mut found = Vec::new();
    loop {
        match reader.peek() {
            Token::End => return Ok(found),
            Token::Word(_) | Token::Mark("!") => {}
            Token::Mark(text) => {
                return Err(format!("found '{text}', expected: !, identifier, or 'end of string'"));
            }
        }
        let requirement = reader.requirement();
        found.push(requirement.map_err(|why| format!("unable to parse requirement: {why}"))?);
        match (reader.next(), reader.peek()) {
            (Token::End, _) => return Ok(found),
            (Token::Mark(","), Token::Word(_) | Token::Mark("!")) => {}
            (Token::Mark(","), other) => {
                let text = other.text();
                return Err(format!("found '{text}', expected: identifier after ','"));
            }
            (other, _) => {
                let text = other.text();
                return Err(format!("found '{text}', expected: ',' or 'end of string'"));
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Mark(&'a str),
    End,
}

impl Token<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Mark(text) => text,
            Self::End => "",
        }
    }
}

const MARKS: &[&str] = &["!=", "==", "=", "!", ",", "(", ")", ">", "<"];
const BLANK: &[char] = &[' ', '\t', '\r', '\n'];

/// Everything after a zero byte is not read.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text.split('\0').next().unwrap_or_default().trim_start_matches(BLANK);
    while !rest.is_empty() {
        let mark = MARKS.iter().find(|mark| rest.starts_with(**mark));
        let is_mark = |c: char| "=!(),><".contains(c);
        let length = match mark {
            Some(mark) => mark.len(),
            None => rest.find(|c| is_mark(c) || BLANK.contains(&c)).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        found.push(if mark.is_some() { Token::Mark(token) } else { Token::Word(token) });
        rest = after.trim_start_matches(BLANK);
    }
    found
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens.get(self.at).cloned().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Result<(Text, Requirement), String> {
        let absent = self.peek() == Token::Mark("!");
        self.at += usize::from(absent);
        let key = self.key()?;
        let ends = matches!(self.peek(), Token::End | Token::Mark(","));
        if absent || ends {
            let requirement = if absent { Requirement::Absent } else { Requirement::Exists };
            return Ok((Text::new(key), requirement));
        }
        let one = |value: &str| BTreeSet::from([Text::new(value)]);
        let requirement = match self.next().text() {
            "=" => Requirement::In(one(self.value(key)?), Spelling::Mark),
            "==" => Requirement::In(one(self.value(key)?), Spelling::Double),
            "!=" => Requirement::NotIn(one(self.value(key)?), Spelling::Mark),
            "in" => Requirement::In(self.values(key)?, Spelling::Word),
            "notin" => Requirement::NotIn(self.values(key)?, Spelling::Word),
            ">" => Requirement::Above(self.bound(key)?),
            "<" => Requirement::Below(self.bound(key)?),
            other => return Err(format!("found '{other}', expected: {OPERATORS}")),
        };
        Ok((Text::new(key), requirement))
    }

    fn key(&mut self) -> Result<&'a str, String> {
        match self.next() {
            Token::Word(word) => match &label_key(word)[..] {
                [] => Ok(word),
                wrong => {
                    Err(format!("<nil>: Invalid value: {}: {}", quoted(word), wrong.join("; ")))
                }
            },
            other => Err(format!("found '{}', expected: identifier", other.text())),
        }
    }

    /// An empty value is a value.
    fn raw(&mut self) -> Result<&'a str, String> {
        match self.peek() {
            Token::End | Token::Mark(",") => Ok(""),
            Token::Word(word) => {
                self.at += 1;
                Ok(word)
            }
            other @ Token::Mark(_) => {
                Err(format!("found '{}', expected: identifier", other.text()))
            }
        }
    }

    fn value(&mut self, key: &str) -> Result<&'a str, String> {
        let value = self.raw()?;
        together(wrong_value(key, 0, value)).map(|()| value)
    }

    fn bound(&mut self, key: &str) -> Result<i64, String> {
        let value = self.raw()?;
        let number = whole(value);
        let wrong = number.is_none().then(|| {
            let value = quoted(value);
            format!("values[0]: Invalid value: {value}: for 'Gt', 'Lt' operators, the value must be an integer")
        });
        together(wrong.into_iter().chain(wrong_value(key, 0, value)))?;
        Ok(number.unwrap_or_default())
    }

    fn values(&mut self, key: &str) -> Result<BTreeSet<Text>, String> {
        match self.next() {
            Token::Mark("(") => {}
            other => return Err(format!("found '{}' expected: '('", other.text())),
        }
        let values = match self.peek() {
            Token::Mark(")") => BTreeSet::from([Text::default()]),
            Token::Word(_) | Token::Mark(",") => self.listed()?,
            other => {
                let text = other.text();
                return Err(format!("found '{text}', expected: ',', ')' or identifier"));
            }
        };
        self.at += 1;
        together(values.iter().enumerate().filter_map(|(at, value)| wrong_value(key, at, value)))?;
        Ok(values)
    }

    /// Values up to the mark that closes them. Between commas stands an empty one.
    fn listed(&mut self) -> Result<BTreeSet<Text>, String> {
        let mut values = BTreeSet::new();
        loop {
            match (self.next(), self.peek()) {
                (Token::Word(word), after) => {
                    values.insert(Text::new(word));
                    match after {
                        Token::Mark(",") => {}
                        Token::Mark(")") => return Ok(values),
                        other => {
                            return Err(format!("found '{}', expected: ',' or ')'", other.text()));
                        }
                    }
                }
                (Token::Mark(","), after) => {
                    if values.is_empty() || matches!(after, Token::Mark("," | ")")) {
                        values.insert(Text::default());
                    }
                    if after == Token::Mark(")") {
                        return Ok(values);
                    }
                }
                (other, _) => {
                    return Err(format!("found '{}', expected: ',', or identifier", other.text()));
                }
            }
        }
    }
}

const OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

fn wrong_value(key: &str, at: usize, value: &str) -> Option<String> {
    let wrong = label_value(value);
    let value = quoted(value);
    (!wrong.is_empty())
        .then(|| format!("values[{at}][{key}]: Invalid value: {value}: {}", wrong.join("; ")))
}

/// Several sentences as one.
fn together(wrong: impl IntoIterator<Item = String>) -> Result<(), String> {
    match &wrong.into_iter().collect::<Vec<_>>()[..] {
        [] => Ok(()),
        [one] => Err(one.clone()),
        all => Err(format!("[{}]", all.join(", "))),
    }
}

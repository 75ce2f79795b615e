//! `app=web,tier in (a, b),!old`

use crate::store::terms;
use crate::tree::{Map, Text, Value};
use std::collections::BTreeSet;

/// Requirements on labels, all of which hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelSelector {
    requirements: Vec<(Text, Requirement)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Requirement {
    In(BTreeSet<Text>),
    NotIn(BTreeSet<Text>),
    Exists,
    Absent,
    Above(i64),
    Below(i64),
}

impl LabelSelector {
    /// Reads a selector; an error is Kubernetes' sentence.
    ///
    /// # Errors
    /// If the text is no selector.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { tokens: tokens(text), at: 0 };
        let mut requirements = Vec::new();
        while reader.peek().is_some() {
            requirements.push(reader.requirement()?);
            match reader.next() {
                None => break,
                Some(Token::Mark(",")) if reader.peek().is_some() => {}
                Some(Token::Mark(",")) => {
                    return Err("found '', expected: identifier after ','".to_owned());
                }
                Some(other) => {
                    return Err(format!(
                        "found '{}', expected: ',' or 'end of string'",
                        other.text()
                    ));
                }
            }
        }
        Ok(Self { requirements })
    }

    /// Reads `metav1.LabelSelector`, or the `matchExpressions` of a node selector term. Nothing, if
    /// an operator is unknown or lacks its values: such a selector selects nothing.
    pub fn of_object(object: &Value) -> Option<Self> {
        let labels = object.at(&["matchLabels"]).and_then(Value::as_map);
        let mut requirements = Vec::new();
        for (key, value) in labels.map(Map::iter).into_iter().flatten() {
            let value = Text::new(value.as_str()?);
            requirements.push((key.clone(), Requirement::In([value].into())));
        }
        let expressions = object.at(&["matchExpressions"]).and_then(Value::as_list);
        for expression in expressions.into_iter().flat_map(|list| list.iter()) {
            requirements.push(expressed(expression)?);
        }
        Some(Self { requirements })
    }

    /// The selector that also wants this label.
    #[must_use]
    pub fn and(mut self, key: &str, value: &str) -> Self {
        self.requirements.push((Text::new(key), Requirement::In([Text::new(value)].into())));
        self
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether an object with these labels is meant.
    pub fn matches(&self, labels: Option<&Map>) -> bool {
        let value = |key: &str| labels.and_then(|labels| labels.get(key)?.as_str());
        self.requirements.iter().all(|(key, requirement)| match (requirement, value(key)) {
            (Requirement::In(values), Some(value)) => values.contains(value),
            (Requirement::NotIn(values), Some(value)) => !values.contains(value),
            (Requirement::Exists, found) => found.is_some(),
            (Requirement::Absent, found) => found.is_none(),
            (Requirement::Above(bound), Some(value)) => {
                value.parse::<i64>().is_ok_and(|v| v > *bound)
            }
            (Requirement::Below(bound), Some(value)) => {
                value.parse::<i64>().is_ok_and(|v| v < *bound)
            }
            (Requirement::NotIn(_), None) => true,
            (Requirement::In(_) | Requirement::Above(_) | Requirement::Below(_), None) => false,
        })
    }

    /// A term that every object meant has, if there is one.
    pub fn term(&self) -> Option<Text> {
        self.requirements.iter().find_map(|(key, requirement)| match requirement {
            Requirement::In(values) if values.len() == 1 => {
                Some(terms::label(key, values.first()?))
            }
            _ => None,
        })
    }
}

fn expressed(expression: &Value) -> Option<(Text, Requirement)> {
    let values = expression.at(&["values"]).and_then(Value::as_list);
    let values = || values.into_iter().flat_map(|list| list.iter().filter_map(Value::as_str));
    let set = || -> BTreeSet<Text> { values().map(Text::new).collect() };
    let some = |set: BTreeSet<Text>| (!set.is_empty()).then_some(set);
    let bound = || values().next()?.parse().ok();
    let requirement = match expression.str_at(&["operator"])? {
        "In" => Requirement::In(some(set())?),
        "NotIn" => Requirement::NotIn(some(set())?),
        "Exists" => Requirement::Exists,
        "DoesNotExist" => Requirement::Absent,
        "Gt" => Requirement::Above(bound()?),
        "Lt" => Requirement::Below(bound()?),
        _ => return None,
    };
    Some((Text::new(expression.str_at(&["key"])?), requirement))
}

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Mark(&'a str),
}

impl<'a> Token<'a> {
    fn text(&self) -> &'a str {
        match self {
            Self::Word(text) | Self::Mark(text) => text,
        }
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mark = ["!=", "==", "=", "!", ",", "(", ")", ">", "<"]
            .iter()
            .find(|mark| rest.starts_with(**mark));
        let length = match mark {
            Some(mark) => mark.len(),
            None => rest
                .find(|c: char| "=!,()<>".contains(c) || c.is_whitespace())
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        found.push(if mark.is_some() { Token::Mark(token) } else { Token::Word(token) });
        rest = after.trim_start();
    }
    found
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token<'a>> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    fn requirement(&mut self) -> Result<(Text, Requirement), String> {
        if self.peek() == Some(&Token::Mark("!")) {
            self.at += 1;
            return Ok((self.key()?, Requirement::Absent));
        }
        let key = self.key()?;
        let operator = match self.peek() {
            None | Some(Token::Mark(",")) => return Ok((key, Requirement::Exists)),
            Some(token) => token.text(),
        };
        self.at += 1;
        let requirement = match operator {
            "=" | "==" => Requirement::In([self.value(&key)?].into()),
            "!=" => Requirement::NotIn([self.value(&key)?].into()),
            "in" => Requirement::In(self.values(&key)?),
            "notin" => Requirement::NotIn(self.values(&key)?),
            ">" => Requirement::Above(self.bound(&key)?),
            "<" => Requirement::Below(self.bound(&key)?),
            other => {
                return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt"));
            }
        };
        Ok((key, requirement))
    }

    fn key(&mut self) -> Result<Text, String> {
        match self.next() {
            Some(Token::Word(word)) => {
                let name = word.rsplit('/').next().unwrap_or_default();
                if is_label_text(name) && !name.is_empty() {
                    Ok(Text::new(word))
                } else {
                    Err(bad_key(word))
                }
            }
            other => {
                let found = other.map_or("", |token| token.text());
                Err(format!("found '{found}', expected: !, identifier, or 'end of string'"))
            }
        }
    }

    /// An empty value is a value.
    fn value(&mut self, key: &str) -> Result<Text, String> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = *word;
                self.at += 1;
                if is_label_text(word) { Ok(Text::new(word)) } else { Err(bad_value(key, word)) }
            }
            None | Some(Token::Mark(",")) => Ok(Text::default()),
            Some(other) => Err(format!("found '{}', expected: identifier", other.text())),
        }
    }

    fn bound(&mut self, key: &str) -> Result<i64, String> {
        let value = self.value(key)?;
        value.parse().map_err(|_| {
            format!("for 'Gt', 'Lt' operators, the value must be an integer: {value:?}")
        })
    }

    fn values(&mut self, key: &str) -> Result<BTreeSet<Text>, String> {
        let open = self.next().map_or("", |token| token.text());
        if open != "(" {
            return Err(format!("found '{open}' expected: '('"));
        }
        let mut values = BTreeSet::new();
        loop {
            match self.next() {
                Some(Token::Word(word)) if is_label_text(word) => {
                    values.insert(Text::new(word));
                }
                Some(Token::Word(word)) => return Err(bad_value(key, word)),
                Some(Token::Mark(",")) => {}
                Some(Token::Mark(")")) => return Ok(values),
                other => {
                    let found = other.map_or("", |token| token.text());
                    return Err(format!("found '{found}', expected: ',', or identifier"));
                }
            }
        }
    }
}

/// At most 63 of letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; or empty.
pub(crate) fn is_label_text(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let ends = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && text.bytes().all(inner)
        && ends(bytes.first().copied())
        && ends(bytes.last().copied())
}

fn bad_key(key: &str) -> String {
    format!(
        "key: Invalid value: {key:?}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    )
}

fn bad_value(key: &str, value: &str) -> String {
    format!(
        "values[0][{key}]: Invalid value: {value:?}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    )
}

#[cfg(test)]
mod tests {
    use super::LabelSelector;
    use crate::tree::{Text, Value};
    use proptest::prelude::*;

    #[test]
    fn selectors_mean_what_they_say() {
        let labels = [("app", "web"), ("tier", "a"), ("n", "5")];
        let labels =
            labels.map(|(key, value)| (Text::new(key), Value::text(value))).into_iter().collect();
        for (text, expected) in [
            ("app=web", true),
            ("app==web,tier!=b", true),
            ("app in (web, db),!old", true),
            ("tier notin (a)", false),
            ("missing notin (a)", true),
            ("missing!=a", true),
            ("app", true),
            ("!app", false),
            ("n>4,n<6", true),
            ("n > 5", false),
            ("app=", false),
            ("", true),
        ] {
            let selector = LabelSelector::parse(text).unwrap();
            assert_eq!(selector.matches(Some(&labels)), expected, "{text}");
        }
    }

    #[test]
    fn selectors_of_objects_mean_the_same() {
        let labels = [("app", "web"), ("n", "5")];
        let labels =
            labels.map(|(key, value)| (Text::new(key), Value::text(value))).into_iter().collect();
        for (text, expected) in [
            (r#"{"matchLabels":{"app":"web"}}"#, Some(true)),
            (r#"{"matchExpressions":[{"key":"app","operator":"In","values":["a"]}]}"#, Some(false)),
            (r#"{"matchExpressions":[{"key":"x","operator":"NotIn","values":["a"]}]}"#, Some(true)),
            (r#"{"matchExpressions":[{"key":"n","operator":"Gt","values":["4"]}]}"#, Some(true)),
            (r#"{"matchExpressions":[{"key":"n","operator":"Lt","values":["x"]}]}"#, None),
            (r#"{"matchExpressions":[{"key":"app","operator":"In"}]}"#, None),
            (r#"{"matchExpressions":[{"key":"app","operator":"Is"}]}"#, None),
            ("{}", Some(true)),
        ] {
            let object = crate::tree::decode(text.as_bytes()).unwrap();
            let selector = LabelSelector::of_object(&object);
            assert_eq!(selector.map(|it| it.matches(Some(&labels))), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in ["=", "a=b,", "a in b", "a in (b", "a b", "a=$", "!", "a>b", "a in (b))"] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,40}") {
            let _ = LabelSelector::parse(&text);
        }
    }
}

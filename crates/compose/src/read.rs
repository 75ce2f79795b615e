//! Scalars of a tree as the types that they mean. What does not fit is left out with a warning.

use crate::context::{Context, quote};
use std::collections::BTreeMap;
use units::{Bytes, Cpu, Seconds};
use yaml::{Node, Spanned, Value};

impl Context<'_> {
    /// Says that a value has the wrong form.
    pub(crate) fn misfit(&mut self, node: &Node, what: &str, expected: &str) {
        let found = match node.scalar_text() {
            Some(text) => quote(text),
            None => node.kind().to_owned(),
        };
        let message = format!("`{what}` should be {expected}, this is {found}");
        if self.strict {
            self.error("invalid-intent", message, node.span, format!("write {expected}"));
        } else {
            self.warn("invalid-value", message, node.span, "the attribute was left out");
        }
    }

    /// Text; nothing if nothing was said.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        if node.value == Value::Null {
            return None;
        }
        let text = node.scalar_text();
        if text.is_none() {
            self.misfit(node, what, "text");
        }
        text.map(|text| Spanned::new(text, node.span))
    }

    /// A list of texts, or a lone one.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<Spanned<String>> {
        match &node.value {
            Value::Seq(items) => items.iter().filter_map(|item| self.text(item, what)).collect(),
            _ => self.text(node, what).into_iter().collect(),
        }
    }

    /// A mapping from names to texts; a list of `K=V` is one too.
    pub(crate) fn dictionary(
        &mut self,
        node: &Node,
        what: &str,
    ) -> BTreeMap<String, Spanned<String>> {
        match &node.value {
            Value::Null => BTreeMap::new(),
            Value::Map(map) => map
                .entries
                .iter()
                .filter_map(|(key, value)| {
                    if value.value == Value::Null {
                        return Some((key.value.clone(), Spanned::new(String::new(), key.span)));
                    }
                    Some((key.value.clone(), self.text(value, what)?))
                })
                .collect(),
            Value::Seq(_) => self
                .texts(node, what)
                .into_iter()
                .map(|text| {
                    let (key, value) = text.value.split_once('=').unwrap_or((&text.value, ""));
                    (key.to_owned(), Spanned::new(value.to_owned(), text.span))
                })
                .collect(),
            _ => {
                self.misfit(node, what, "a mapping");
                BTreeMap::new()
            }
        }
    }

    /// `true` or `false`, in any of the spellings that Docker takes.
    pub(crate) fn flag(&mut self, node: &Node, what: &str) -> Option<Spanned<bool>> {
        let text = match &node.value {
            Value::Null => return None,
            Value::Bool(flag) => return Some(Spanned::new(*flag, node.span)),
            Value::Seq(_) | Value::Map(_) => "a list or a mapping".to_owned(),
            _ => node.scalar_text().unwrap_or_default().to_ascii_lowercase(),
        };
        let flag = match text.as_str() {
            "true" | "yes" | "on" | "y" | "1" | "t" => true,
            // An unset variable is written as `${X}` and reads as nothing.
            "false" | "no" | "off" | "n" | "0" | "f" | "" => false,
            _ => {
                self.misfit(node, what, "true or false");
                return None;
            }
        };
        Some(Spanned::new(flag, node.span))
    }

    /// A whole number.
    pub(crate) fn whole<T: TryFrom<i64>>(&mut self, node: &Node, what: &str) -> Option<Spanned<T>> {
        let number = match &node.value {
            Value::Null => return None,
            Value::Int(number) => Some(*number),
            _ => node.scalar_text().and_then(|text| text.trim().parse().ok()),
        };
        let number = number.and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            self.misfit(node, what, "a whole number");
        }
        number.map(|number| Spanned::new(number, node.span))
    }

    /// A duration: `1m30s`.
    pub(crate) fn seconds(&mut self, node: &Node, what: &str) -> Option<Spanned<Seconds>> {
        self.parsed(node, what, "a duration such as `30s` or `1m30s`", |text| text.parse().ok())
    }

    /// A size: `512m`.
    pub(crate) fn bytes(&mut self, node: &Node, what: &str) -> Option<Spanned<Bytes>> {
        self.parsed(node, what, "a size such as `512m` or `1.5g`", |text| {
            Bytes::from_compose(text).or_else(|_| text.parse()).ok()
        })
    }

    /// A number of CPUs: `0.5`.
    pub(crate) fn cpu(&mut self, node: &Node, what: &str) -> Option<Spanned<Cpu>> {
        self.parsed(node, what, "a number of CPUs such as `0.5`", |text| text.parse().ok())
    }

    /// Anything that is written as text.
    pub(crate) fn parsed<T>(
        &mut self,
        node: &Node,
        what: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        if node.value == Value::Null {
            return None;
        }
        let value = node.scalar_text().and_then(|text| parse(text.trim()));
        if value.is_none() {
            self.misfit(node, what, expected);
        }
        value.map(|value| Spanned::new(value, node.span))
    }

    /// The entries of a mapping; none, with a warning, if it is something else.
    pub(crate) fn entries<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
    ) -> &'n [(Spanned<String>, Node)] {
        match &node.value {
            Value::Map(map) => &map.entries,
            Value::Null => &[],
            _ => {
                self.misfit(node, what, "a mapping");
                &[]
            }
        }
    }

    /// The items of a list; none, with a warning, if it is something else.
    pub(crate) fn items<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::Seq(items) => items,
            Value::Null => &[],
            _ => {
                self.misfit(node, what, "a list");
                &[]
            }
        }
    }
}

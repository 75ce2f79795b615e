//! Functions that Kubernetes knows, with what they take and give.
//!
//! `data/cel.txt` names them as Kubernetes 1.37 lists them for new rules; the line oracle gives the same list.

use super::types::Type;
use super::unify::Mapping;
use crate::tree::Text;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One way to call a function.
#[derive(Debug)]
pub(super) struct Overload {
    pub(super) is_member: bool,
    params: u32,
    args: Vec<Type>,
    result: Type,
}

/// All of them.
pub(super) static FUNCTIONS: LazyLock<BTreeMap<&'static str, Vec<Overload>>> =
    LazyLock::new(|| include_str!("../../../data/cel.txt").lines().filter_map(line).collect());

fn line(line: &'static str) -> Option<(&'static str, Vec<Overload>)> {
    let (name, overloads) = line.split_once(": ")?;
    Some((name, overloads.split("; ").filter_map(overload).collect()))
}

fn overload(text: &str) -> Option<Overload> {
    let rest = text.strip_prefix("of ");
    let whole = rest.unwrap_or(text);
    let end = closing(whole)?;
    let mut names = Vec::new();
    let args = parts(&whole[1..end]).into_iter().map(|part| read(part, &mut names)).collect();
    let result = read(whole.get(end + 2..)?, &mut names);
    let params = u32::try_from(names.len()).ok()?;
    Some(Overload { is_member: rest.is_some(), params, args, result })
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    text.bytes().position(|byte| {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        depth == 0
    })
}

/// What commas part, outside of brackets.
fn parts(text: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    for (at, byte) in text.bytes().enumerate() {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        if byte == b',' && depth == 0 {
            found.push(text[start..at].trim());
            start = at + 1;
        }
    }
    found.push(text[start..].trim());
    found.retain(|part| !part.is_empty());
    found
}

/// A type in words; capital letters are types that are not known, in the order in which they come.
fn read(text: &str, names: &mut Vec<char>) -> Type {
    if let Some((name, inner)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        let params: Vec<_> = parts(inner).into_iter().map(|part| read(part, names)).collect();
        return match (name, &params[..]) {
            ("list", [item]) => Type::list(item.clone()),
            ("map", [key, value]) => Type::map(key.clone(), value.clone()),
            ("type", [of]) => Type::Meta(of.clone().into()),
            (name, _) => Type::Opaque(Text::new(name), params.into()),
        };
    }
    match text {
        "dyn" => Type::Dyn,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "duration" => Type::Duration,
        "timestamp" => Type::Timestamp,
        name => match name.chars().next().filter(|c| c.is_ascii_uppercase() && name.len() == 1) {
            Some(letter) => {
                let at = names.iter().position(|known| *known == letter);
                let at = at.unwrap_or_else(|| {
                    names.push(letter);
                    names.len() - 1
                });
                Type::Param(u32::try_from(at).unwrap_or(u32::MAX))
            }
            None => Type::Opaque(Text::new(name), [].into()),
        },
    }
}

impl Overload {
    /// What it takes and gives, with types of its own for those that are not known.
    pub(super) fn instance(&self, mapping: &mut Mapping) -> (Vec<Type>, Type) {
        if self.params == 0 {
            return (self.args.clone(), self.result.clone());
        }
        let fresh: Vec<_> = (0..self.params).map(|_| mapping.fresh()).collect();
        let args = self.args.iter().map(|arg| renamed(arg, &fresh)).collect();
        (args, renamed(&self.result, &fresh))
    }

    pub(super) fn takes(&self, count: usize) -> bool {
        self.args.len() == count
    }
}

fn renamed(ty: &Type, fresh: &[Type]) -> Type {
    match ty {
        Type::Param(number) => {
            let at = usize::try_from(*number).unwrap_or(usize::MAX);
            fresh.get(at).cloned().unwrap_or(Type::Dyn)
        }
        Type::List(item) => Type::list(renamed(item, fresh)),
        Type::Map(parts) => Type::map(renamed(&parts.0, fresh), renamed(&parts.1, fresh)),
        Type::Meta(of) => Type::Meta(renamed(of, fresh).into()),
        Type::Opaque(name, params) => {
            Type::Opaque(name.clone(), params.iter().map(|param| renamed(param, fresh)).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::FUNCTIONS;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("../../../data/cel.txt").lines();
        let overloads: usize = lines.map(|line| line.matches("; ").count() + 1).sum();
        assert_eq!(FUNCTIONS.values().map(Vec::len).sum::<usize>(), overloads);
        let named = &FUNCTIONS["format.named"][0];
        assert_eq!(named.result.shown(), "optional_type(kubernetes.NamedFormat)");
        let query = &FUNCTIONS["getQuery"][0];
        assert_eq!(query.result.shown(), "map(string, list(string))");
        assert!(query.is_member && query.takes(1));
    }
}

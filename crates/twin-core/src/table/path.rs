//! Paths into objects, as definitions of custom resources write them:
//! `.status.conditions[?(@.type=="Ready")].status`.

use crate::tree::{Text, Value};

/// A path that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(Text),
    /// From the end, if it is below zero.
    Item(i64),
    /// All items, or all fields.
    All,
    /// Items that have something: anything, or a certain value.
    Where(Path, Option<Test>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Test {
    is: bool,
    wanted: Text,
}

impl Path {
    /// Reads a path; none, if it is none of those that are known here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$').unwrap_or(text);
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('[') {
                Some(inner) => bracket(inner)?,
                None => field(rest.strip_prefix('.')?),
            };
            steps.extend(step);
            rest = after;
        }
        Some(Self(steps))
    }

    /// The first value there.
    pub(super) fn first<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        walk(&self.0, object)
    }
}

fn walk<'a>(steps: &[Step], value: &'a Value) -> Option<&'a Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    let items = || value.as_list().into_iter().flat_map(|list| list.iter());
    match step {
        Step::Field(name) => walk(rest, value.at(&[name])?),
        Step::Item(at) => {
            let list = value.as_list()?;
            let length = i64::try_from(list.len()).ok()?;
            let at = if *at < 0 { length.checked_add(*at)? } else { *at };
            walk(rest, list.get(usize::try_from(at).ok()?)?)
        }
        Step::All => {
            let fields = value.as_map().into_iter().flat_map(|map| map.iter());
            let mut all = items().chain(fields.map(|(_, value)| value));
            all.find_map(|item| walk(rest, item))
        }
        Step::Where(path, test) => {
            let meant = |item: &&Value| match (path.first(item), test) {
                (Some(found), Some(test)) => (plain(found) == test.wanted.as_str()) == test.is,
                (found, None) => found.is_some(),
                (None, Some(_)) => false,
            };
            items().filter(meant).find_map(|item| walk(rest, item))
        }
    }
}

/// A value as text: text itself, everything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A name after a dot, with what comes behind it. A backslash keeps the dot after it.
fn field(text: &str) -> (Option<Step>, &str) {
    let mut name = String::new();
    let mut chars = text.char_indices();
    let mut end = text.len();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => name.extend(chars.next().map(|(_, char)| char)),
            '.' | '[' => {
                end = at;
                break;
            }
            char => name.push(char),
        }
    }
    let step = match name.as_str() {
        "" => None,
        "*" => Some(Step::All),
        name => Some(Step::Field(Text::new(name))),
    };
    (step, &text[end..])
}

/// What stands in brackets, with what comes behind them.
fn bracket(text: &str) -> Option<(Option<Step>, &str)> {
    if let Some(filter) = text.strip_prefix("?(") {
        let (inner, rest) = filter.split_once(")]")?;
        return Some((Some(condition(inner)?), rest));
    }
    if let Some(quote) = text.chars().next().filter(|char| matches!(char, '\'' | '"')) {
        let (name, rest) =
            text[1..].split_once([quote, ']'].iter().collect::<String>().as_str())?;
        return Some((Some(Step::Field(Text::from(name.replace('\\', "")))), rest));
    }
    let (inner, rest) = text.split_once(']')?;
    let step = if inner == "*" { Step::All } else { Step::Item(inner.parse().ok()?) };
    Some((Some(step), rest))
}

/// `@.type=="Ready"`
fn condition(text: &str) -> Option<Step> {
    let split = [("==", true), ("!=", false)]
        .into_iter()
        .find_map(|(mark, is)| text.split_once(mark).map(|(path, value)| (path, is, value)));
    let (path, test) = match split {
        Some((path, is, value)) => {
            let wanted = Text::new(value.trim().trim_matches(['"', '\'']));
            (path, Some(Test { is, wanted }))
        }
        None => (text, None),
    };
    Some(Step::Where(Path::parse(path.trim().strip_prefix('@')?)?, test))
}

#[cfg(test)]
mod tests {
    use super::Path;
    use crate::tree::decode;

    #[test]
    fn the_first_value_is_found() {
        let object = decode(
            br#"{"a":{"b.c/d":1,"list":[{"name":"x"},{"name":"y","on":true},{"name":"z"}]},"m":{"k":"v"}}"#,
        )
        .unwrap();
        for (path, found) in [
            (".a.list[0].name", Some("\"x\"")),
            ("$.a.list[-1].name", Some("\"z\"")),
            (".a.list[*].on", Some("true")),
            (".a['b\\.c/d']", Some("1")),
            (".a.b\\.c/d", Some("1")),
            (".a.list[?(@.name==\"y\")].on", Some("true")),
            (".a.list[?(@.name != 'x')].name", Some("\"y\"")),
            (".a.list[?(@.on)].name", Some("\"y\"")),
            (".m.*", Some("\"v\"")),
            (".a.list[7].name", None),
            (".a.list[-9].name", None),
            (".none.at.all", None),
        ] {
            let read = Path::parse(path).unwrap();
            assert_eq!(read.first(&object).map(ToString::to_string).as_deref(), found, "{path}");
        }
        for path in ["a", "[", "[x]", ".a[?(b)]", ".a['b", "[?(@.a=="] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }
}

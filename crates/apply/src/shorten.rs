//! Long values, so that what differs is seen.

use crate::path::plain;
use serde_json::Value;

/// Longer values tell nothing in a table.
const SHOWN: usize = 60;
/// What is shown of what both have in front of the difference.
const CONTEXT: usize = 12;

/// Two values, shortened to where they differ.
pub(crate) fn shown(
    before: Option<&Value>,
    after: Option<&Value>,
) -> (Option<String>, Option<String>) {
    let (Some(before), Some(after)) = (before, after) else {
        let short = |value: &Value| cut(&plain(value));
        return (before.map(short), after.map(short));
    };
    let (a, b) = match (before, after) {
        (Value::Array(a), Value::Array(b)) if long(before) || long(after) => {
            (items(a, b), items(b, a))
        }
        _ => texts(&plain(before), &plain(after)),
    };
    (Some(a), Some(b))
}

fn long(value: &Value) -> bool {
    plain(value).chars().count() > SHOWN
}

/// A list, with the first of its items that the other one does not have.
fn items(list: &[Value], other: &[Value]) -> String {
    let own = list.iter().find(|item| !other.contains(item));
    let count = match list.len() {
        1 => "1 item".to_owned(),
        many => format!("{many} items"),
    };
    own.map_or(count.clone(), |own| format!("{count}, with {}", cut(&plain(own))))
}

fn texts(a: &str, b: &str) -> (String, String) {
    if a.contains('\n') || b.contains('\n') {
        return lines(a, b);
    }
    if a.chars().count() <= SHOWN && b.chars().count() <= SHOWN {
        return (a.to_owned(), b.to_owned());
    }
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let from = |text: &str| match same.saturating_sub(CONTEXT) {
        0 => cut(text),
        skipped => format!("…{}", cut(&text.chars().skip(skipped).collect::<String>())),
    };
    (from(a), from(b))
}

/// The first line that differs.
fn lines(a: &str, b: &str) -> (String, String) {
    let same = a.lines().zip(b.lines()).take_while(|(a, b)| a == b).count();
    let line = |text: &str| match text.lines().nth(same) {
        Some(line) => format!("line {}: {}", same + 1, cut(line.trim())),
        None => format!("{} lines", text.lines().count()),
    };
    (line(a), line(b))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;
    use serde_json::{Value, json};

    #[expect(clippy::needless_pass_by_value, reason = "literals read better without a `&`")]
    fn check(before: Value, after: Value, want: (&str, &str)) {
        let (a, b) = shown(Some(&before), Some(&after));
        assert_eq!((a.unwrap().as_str(), b.unwrap().as_str()), want);
    }

    #[test]
    fn what_differs_is_seen() {
        check(json!(1), json!(2), ("1", "2"));
        let long = "x".repeat(80);
        check(
            json!(format!("{long}a")),
            json!(format!("{long}b")),
            ("…xxxxxxxxxxxxa", "…xxxxxxxxxxxxb"),
        );
        check(json!("a\nb\nc"), json!("a\nB\nc"), ("line 2: b", "line 2: B"));
        check(json!("a\nb"), json!("a\nb\nc"), ("2 lines", "line 3: c"));
        let item = |name: &str| json!({"alert": name, "expr": "y".repeat(40)});
        let want = "2 items, with {\"alert\":\"down\",\"expr\":\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";
        let (a, b) =
            shown(Some(&json!([item("slow")])), Some(&json!([item("slow"), item("down")])));
        assert_eq!(a.unwrap(), "1 item");
        assert!(b.unwrap().starts_with(&want[..40]));
        let (a, b) = shown(None, Some(&json!({"a": long})));
        assert_eq!((a, b.unwrap().chars().count()), (None, 61));
    }
}

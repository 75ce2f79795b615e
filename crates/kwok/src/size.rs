//! How large a value is: parts that are shared count as often as they are seen.

use twin_core::tree::Value;

/// What is nested more deeply is refused: it could not even be dropped.
const DEPTH: usize = 64;
/// What each part of a value takes, about.
const PART: usize = 8;

/// How many bytes a value takes, about. None if these are more than `most`, or it is too deep.
pub(crate) fn size(value: &Value, most: usize) -> Option<usize> {
    let mut left = most;
    measure(value, 0, &mut left).then(|| most - left)
}

fn measure(value: &Value, depth: usize, left: &mut usize) -> bool {
    let text = value.as_str().map_or(0, str::len);
    match value {
        _ if depth > DEPTH || !pay(PART + text, left) => false,
        Value::List(list) => list.iter().all(|item| measure(item, depth + 1, left)),
        Value::Map(map) => {
            map.iter().all(|(key, item)| pay(key.len(), left) && measure(item, depth + 1, left))
        }
        _ => true,
    }
}

fn pay(bytes: usize, left: &mut usize) -> bool {
    let rest = left.checked_sub(bytes);
    *left = rest.unwrap_or(0);
    rest.is_some()
}

#[cfg(test)]
mod tests {
    use super::{DEPTH, size};
    use twin_core::tree::Value;

    #[test]
    fn what_is_shared_counts_each_time() {
        assert_eq!(size(&Value::Null, 8), Some(8));
        assert_eq!(size(&"abc".into(), 10), None);
        assert_eq!(size(&Value::from([("k", "abc".into())]), 100), Some(20));
        let doubled = (0..50).fold(Value::Null, |value, _| vec![value.clone(), value].into());
        assert_eq!(size(&doubled, 1 << 20), None);
    }

    #[test]
    fn what_is_too_deep_has_no_size() {
        let nested = |depth| (0..depth).fold(Value::Null, |value, _| vec![value].into());
        assert!(size(&nested(DEPTH), 1 << 20).is_some());
        assert!(size(&nested(DEPTH + 1), 1 << 20).is_none());
    }
}

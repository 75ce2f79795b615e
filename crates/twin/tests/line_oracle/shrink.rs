//! Smaller cases that still show a difference.

use serde_json::{Value, json};

/// Every value that is one step smaller, the boldest steps first.
pub(crate) fn smaller(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(map) => {
            for key in map.keys() {
                let mut less = map.clone();
                less.remove(key);
                found.push(Value::Object(less));
            }
            for (key, child) in map {
                found.extend(smaller(child).into_iter().map(|child| {
                    let mut other = map.clone();
                    other.insert(key.clone(), child);
                    Value::Object(other)
                }));
            }
        }
        Value::Array(list) => {
            for at in 0..list.len() {
                let mut less = list.clone();
                less.remove(at);
                found.push(Value::Array(less));
            }
            for (at, child) in list.iter().enumerate() {
                found.extend(smaller(child).into_iter().map(|child| {
                    let mut other = list.clone();
                    other[at] = child;
                    Value::Array(other)
                }));
            }
        }
        Value::String(text) if text.chars().count() > 1 => {
            let letters: Vec<char> = text.chars().collect();
            let half = letters.len() / 2;
            for part in [&letters[..half], &letters[half..], &letters[1..]] {
                found.push(json!(part.iter().collect::<String>()));
            }
        }
        _ => {}
    }
    found
}

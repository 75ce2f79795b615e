//! JSON patch.

use super::{PatchError, refused};
use crate::tree::{DEEPEST, Map, Value};

/// More operations than this are refused.
const OPERATIONS: usize = 10_000;
/// Copies that are longer than this together, as text, are refused.
const COPIES: usize = 3 * 1024 * 1024;

/// The value after all operations.
///
/// # Errors
/// If an operation has no meaning, or does not go with the value.
pub fn apply(value: &Value, patch: &Value) -> Result<Value, PatchError> {
    let Value::List(operations) = patch else {
        return Err(PatchError::Malformed("a JSON patch is a list of operations".to_owned()));
    };
    if operations.len() > OPERATIONS {
        let count = operations.len();
        return Err(PatchError::Malformed(format!(
            "The allowed maximum operations in a JSON patch is {OPERATIONS}, got {count}"
        )));
    }
    let mut copied = 0;
    operations
        .iter()
        .try_fold(value.clone(), |value, operation| step(&value, operation, &mut copied))
}

/// The value after one operation; `copied` is how long all copies are up to now.
fn step(value: &Value, operation: &Value, copied: &mut usize) -> Result<Value, PatchError> {
    let text = |field: &str| operation.str_at(&[field]);
    let name = text("op").unwrap_or("unknown");
    let path = pointer(text("path").unwrap_or_default());
    let given = || {
        let missing = || refused(format!("{name} operation does not apply: missing value"));
        operation.at(&["value"]).cloned().ok_or_else(missing)
    };
    let source = || get(value, &pointer(text("from").unwrap_or_default()), name);
    match name {
        "add" => change(value, &path, Change::Add(given()?), name),
        "remove" => change(value, &path, Change::Remove, name),
        "replace" => {
            get(value, &path, name)?;
            change(value, &path, Change::Replace(given()?), name)
        }
        "copy" => change(value, &path, Change::Add(bounded(source()?, copied)?), name),
        "move" => {
            let moved = source()?;
            let from = pointer(text("from").unwrap_or_default());
            let rest = change(value, &from, Change::Remove, name)?;
            change(&rest, &path, Change::Add(moved), name)
        }
        "test" => {
            test(value, &path, operation.at(&["value"]).unwrap_or(&Value::Null), text("path"))
        }
        other => Err(refused(format!("Unexpected kind: {other}"))),
    }
}

fn bounded(copy: Value, copied: &mut usize) -> Result<Value, PatchError> {
    *copied += copy.encoded().len();
    if *copied <= COPIES {
        return Ok(copy);
    }
    Err(refused(format!(
        "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {COPIES}"
    )))
}

fn test(
    value: &Value,
    path: &[String],
    expected: &Value,
    shown: Option<&str>,
) -> Result<Value, PatchError> {
    let found = get(value, path, "test").unwrap_or_default();
    if found == *expected {
        return Ok(value.clone());
    }
    let shown = shown.unwrap_or_default();
    Err(refused(format!("testing value {shown} failed: test failed")))
}

fn pointer(text: &str) -> Vec<String> {
    let parts = text.split('/').skip(1);
    parts.map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

fn absent(operation: &str, path: &[String]) -> PatchError {
    let parts: Vec<_> =
        path.iter().map(|part| part.replace('~', "~0").replace('/', "~1")).collect();
    let shown = format!("/{}", parts.join("/"));
    refused(format!(
        "{operation} operation does not apply: doc is missing path: \"{shown}\": missing value"
    ))
}

fn get(value: &Value, path: &[String], operation: &str) -> Result<Value, PatchError> {
    let found = path.iter().try_fold(value, |value, part| match value {
        Value::Map(map) => map.get(part),
        Value::List(list) => list.get(part.parse::<usize>().ok()?),
        _ => None,
    });
    found.cloned().ok_or_else(|| absent(operation, path))
}

enum Change {
    Add(Value),
    Replace(Value),
    Remove,
}

fn change(
    value: &Value,
    path: &[String],
    what: Change,
    operation: &str,
) -> Result<Value, PatchError> {
    // Copies of a value into itself would be deeper than any stack.
    let fits = match &what {
        Change::Add(new) | Change::Replace(new) => {
            DEEPEST.checked_sub(path.len()).is_some_and(|left| new.fits(left))
        }
        Change::Remove => true,
    };
    if !fits {
        let sentence = format!("{operation} operation does not apply: more than {DEEPEST} levels");
        return Err(PatchError::Malformed(sentence));
    }
    changed(value, path, what, operation)
}

fn changed(
    value: &Value,
    path: &[String],
    what: Change,
    operation: &str,
) -> Result<Value, PatchError> {
    let missing = || absent(operation, path);
    let Some((part, rest)) = path.split_first() else {
        return match what {
            Change::Add(new) | Change::Replace(new) => Ok(new),
            Change::Remove => Ok(Value::Null),
        };
    };
    match value {
        Value::Map(map) if rest.is_empty() => in_map(map, part, what).ok_or_else(missing),
        Value::Map(map) => {
            let child = changed(map.get(part).ok_or_else(missing)?, rest, what, operation)?;
            Ok(Value::Map(map.with(part, child)))
        }
        Value::List(list) => {
            let mut items = list.to_vec();
            if rest.is_empty() {
                in_list(&mut items, part, what).ok_or_else(missing)?;
            } else {
                let at = part.parse::<usize>().ok().and_then(|at| items.get_mut(at));
                let item = at.ok_or_else(missing)?;
                *item = changed(item, rest, what, operation)?;
            }
            Ok(Value::from(items))
        }
        _ => Err(missing()),
    }
}

fn in_map(map: &Map, key: &str, what: Change) -> Option<Value> {
    Some(Value::Map(match what {
        Change::Add(new) | Change::Replace(new) => map.with(key, new),
        Change::Remove => {
            map.get(key)?;
            map.without(key)
        }
    }))
}

fn in_list(items: &mut Vec<Value>, part: &str, what: Change) -> Option<()> {
    let at = if part == "-" { items.len() } else { part.parse().ok()? };
    match what {
        Change::Add(new) if at <= items.len() => items.insert(at, new),
        Change::Replace(new) => *items.get_mut(at)? = new,
        Change::Remove if at < items.len() => {
            items.remove(at);
        }
        Change::Add(_) | Change::Remove => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::apply;
    use crate::tree::decode;

    #[test]
    fn operations() {
        let value = decode(br#"{"a":{"b":[1,2]},"c/d":0}"#).unwrap();
        for (patch, result) in [
            (r#"[{"op":"add","path":"/a/b/-","value":3}]"#, Ok(r#"{"a":{"b":[1,2,3]},"c/d":0}"#)),
            (r#"[{"op":"add","path":"/a/b/0","value":3}]"#, Ok(r#"{"a":{"b":[3,1,2]},"c/d":0}"#)),
            (r#"[{"op":"remove","path":"/c~1d"}]"#, Ok(r#"{"a":{"b":[1,2]}}"#)),
            (
                r#"[{"op":"replace","path":"/a/b/1","value":{}}]"#,
                Ok(r#"{"a":{"b":[1,{}]},"c/d":0}"#),
            ),
            (r#"[{"op":"move","from":"/a/b","path":"/e"}]"#, Ok(r#"{"a":{},"c/d":0,"e":[1,2]}"#)),
            (
                r#"[{"op":"copy","from":"/c~1d","path":"/e"}]"#,
                Ok(r#"{"a":{"b":[1,2]},"c/d":0,"e":0}"#),
            ),
            (r#"[{"op":"test","path":"/a/b/0","value":1}]"#, Ok(r#"{"a":{"b":[1,2]},"c/d":0}"#)),
            (
                r#"[{"op":"test","path":"/a/b/0","value":2}]"#,
                Err("testing value /a/b/0 failed: test failed"),
            ),
            (
                r#"[{"op":"remove","path":"/x"}]"#,
                Err("remove operation does not apply: doc is missing path: \"/x\": missing value"),
            ),
            (
                r#"[{"op":"add","path":"/a/b/9","value":1}]"#,
                Err("add operation does not apply: doc is missing path: \"/9\": missing value"),
            ),
            (r#"[{"op":"frob","path":"/x"}]"#, Err("Unexpected kind: frob")),
        ] {
            let found = apply(&value, &decode(patch.as_bytes()).unwrap());
            let shown = found.map(|v| v.to_string()).map_err(|e| e.to_string());
            assert_eq!(shown, result.map(str::to_owned).map_err(str::to_owned), "{patch}");
        }
    }

    #[test]
    fn copies_into_themselves_do_not_become_endlessly_deep() {
        let mut path = "/a".to_owned();
        let mut operations = Vec::new();
        for _ in 0..15 {
            operations.push(format!(r#"{{"op":"copy","from":"/a","path":"{path}/a"}}"#));
            path = path.repeat(2);
        }
        let patch = decode(format!("[{}]", operations.join(",")).as_bytes()).unwrap();
        let error = apply(&decode(br#"{"a":{}}"#).unwrap(), &patch).unwrap_err();
        assert!(error.to_string().contains("more than 100 levels"), "{error}");
    }

    #[test]
    fn copies_that_double_do_not_become_endlessly_long() {
        let copies = (0..95).flat_map(|at| {
            ["b", "c"]
                .map(|to| format!(r#"{{"op":"copy","from":"/a","path":"/a{at}{to}"}}"#))
                .into_iter()
                .chain([
                    r#"{"op":"replace","path":"/a","value":{}}"#.to_owned(),
                    format!(r#"{{"op":"move","from":"/a{at}b","path":"/a/b"}}"#),
                    format!(r#"{{"op":"move","from":"/a{at}c","path":"/a/c"}}"#),
                ])
        });
        let patch = format!("[{}]", copies.collect::<Vec<_>>().join(","));
        let error = apply(&decode(br#"{"a":{}}"#).unwrap(), &decode(patch.as_bytes()).unwrap());
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("Unable to complete the copy"), "{error}");
    }
}

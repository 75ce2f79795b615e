//! Items that a list may hold once and holds twice: `x-kubernetes-list-type` of `set` and `map`.

use crate::causes::Causes;
use crate::tree::{List, Map, Value};
use std::collections::BTreeMap;

/// The second of each pair, in the order of the object.
pub(super) fn doubles(openapi: &Value, value: &Value) -> Causes {
    let mut found = Causes::default();
    walk(openapi, value, &mut String::new(), &mut found);
    found
}

fn walk(openapi: &Value, value: &Value, path: &mut String, found: &mut Causes) {
    match value {
        Value::List(list) => {
            let key = Key::of(openapi);
            let mut seen = BTreeMap::new();
            for (at, item) in list.iter().enumerate() {
                let step = format!("[{at}]");
                if let Some(text) = key.as_ref().map(|key| key.text(item)) {
                    let times = seen.entry(text.clone()).or_insert(0_usize);
                    *times += 1;
                    // Each is told once.
                    if *times == 2 {
                        let field = format!("{path}{step}");
                        let message = format!("Duplicate value: {text}");
                        found.say("FieldValueDuplicate", &field, message);
                    }
                }
                if let Some(items) = openapi.at(&["items"]) {
                    below(path, &step, |path| walk(items, item, path, found));
                }
            }
        }
        Value::Map(map) => {
            let properties = openapi.at(&["properties"]).and_then(Value::as_map);
            let others = openapi.at(&["additionalProperties"]);
            for (name, value) in map {
                if let Some(part) = properties.and_then(|it| it.get(name)).or(others) {
                    let step = if path.is_empty() { name.to_string() } else { format!(".{name}") };
                    below(path, &step, |path| walk(part, value, path, found));
                }
            }
        }
        _ => {}
    }
}

/// What has to be different in all items of a list.
enum Key<'a> {
    Whole,
    Fields(&'a List),
}

impl Key<'_> {
    /// Nothing, if items may be equal.
    fn of(openapi: &Value) -> Option<Key<'_>> {
        match openapi.str_at(&["x-kubernetes-list-type"])? {
            "set" => Some(Key::Whole),
            "map" => openapi.at(&["x-kubernetes-list-map-keys"])?.as_list().map(Key::Fields),
            _ => None,
        }
    }

    fn text(&self, item: &Value) -> String {
        match self {
            Self::Whole => item.to_string(),
            Self::Fields(names) => picked(names, item).to_string(),
        }
    }
}

fn picked(names: &List, item: &Value) -> Value {
    let own = names.iter().filter_map(Value::as_str);
    let entries = own.filter_map(|name| Some((name.into(), item.at(&[name])?.clone())));
    Value::Map(entries.collect::<Map>())
}

fn below(path: &mut String, step: &str, then: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push_str(step);
    then(path);
    path.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::doubles;
    use crate::tree::decode;

    #[test]
    fn the_second_of_each_pair_is_told_once() {
        let openapi = decode(
            br#"{"properties":{
            "set":{"x-kubernetes-list-type":"set"},
            "map":{"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["a"]},
            "any":{"items":{"x-kubernetes-list-type":"set"}}}}"#,
        )
        .unwrap();
        for (object, told) in [
            (r#"{"set":[1,2],"map":[{"a":1},{"a":2}],"any":[[1],[1]]}"#, &[][..]),
            (r#"{"set":["x","y","x","x"]}"#, &["set[2]: Duplicate value: \"x\""]),
            (r#"{"map":[{"a":1,"b":1},{"a":1,"b":2}]}"#, &["map[1]: Duplicate value: {\"a\":1}"]),
            (r#"{"any":[[1],[2,2]]}"#, &["any[1][1]: Duplicate value: 2"]),
        ] {
            let found = doubles(&openapi, &decode(object.as_bytes()).unwrap());
            let said = found.iter().map(|cause| format!("{}: {}", cause.field, cause.message));
            assert_eq!(said.collect::<Vec<_>>(), told, "{object}");
        }
    }
}

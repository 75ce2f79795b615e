//! Places in an object, and how items of a list are told apart.

use serde_json::{Map, Value};
use std::fmt;

/// One step into an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Segment {
    Field(String),
    /// The item of a list that has these keys.
    Item(Map<String, Value>),
    /// The item of a list that is owned as a whole.
    Index(usize),
}

/// A place in an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Path(pub(crate) Vec<Segment>);

impl Path {
    pub(crate) fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }

    pub(crate) fn field(&self, name: &str) -> Self {
        self.with(Segment::Field(name.to_owned()))
    }

    /// Whether it begins with these fields.
    pub(crate) fn starts(&self, fields: &[&str]) -> bool {
        self.0.len() >= fields.len()
            && self.0.iter().zip(fields).all(|(segment, want)| match segment {
                Segment::Field(name) => name == want,
                Segment::Item(_) | Segment::Index(_) => false,
            })
    }

    /// The last field on the way.
    pub(crate) fn last_field(&self) -> &str {
        let named = self.0.iter().rev().find_map(|segment| match segment {
            Segment::Field(name) => Some(name.as_str()),
            Segment::Item(_) | Segment::Index(_) => None,
        });
        named.unwrap_or_default()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) if name.contains(['.', '/']) => write!(f, "[{name}]")?,
                Segment::Field(name) if at == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Item(keys) => {
                    let shown: Vec<_> = keys.values().map(plain).collect();
                    write!(f, "[{}]", shown.join("/"))?;
                }
            }
        }
        Ok(())
    }
}

/// A value without quotes around a text.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Lists of built-in kinds whose items are told apart by keys, with those keys: there, several
/// owners may each have items.
const KEYED: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("volumes", &["name"]),
    ("env", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("secrets", &["name"]),
    ("resourceClaims", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("ports", &["containerPort", "protocol"]),
    ("ports", &["port", "protocol"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("ownerReferences", &["uid"]),
];

/// The keys of the items of a list, if all items have them. `ports` of a `NetworkPolicy` look like
/// those of a Service, and are told apart in the same way without harm.
pub(crate) fn keys_of(list: &str, items: &[Value]) -> Option<&'static [&'static str]> {
    let candidates = KEYED.iter().filter(|(name, _)| *name == list);
    let mut fitting = candidates.map(|(_, keys)| *keys);
    fitting.find(|keys| items.iter().all(|item| item.get(keys[0]).is_some()))
}

/// The keys of one item, with the server's default where one is not written.
pub(crate) fn keys_in(item: &Value, keys: &[&str]) -> Map<String, Value> {
    let value = |key: &str| match item.get(key) {
        Some(value) => value.clone(),
        None if key == "protocol" => Value::from("TCP"),
        None => Value::Null,
    };
    keys.iter().map(|key| ((*key).to_owned(), value(key))).collect()
}

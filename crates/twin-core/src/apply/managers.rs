//! `metadata.managedFields`: who owns which fields, read and written.

use super::set::FieldSet;
use crate::tree::{List, Text, Value};
use std::collections::BTreeMap;

/// How a manager wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Apply,
    Update,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// Who wrote, through which door.
///
/// An applier stays the same when it speaks another version of the API; an updater does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    pub name: Text,
    pub operation: Operation,
    /// Empty for appliers.
    pub api_version: Text,
    /// Empty for the object itself.
    pub subresource: Text,
}

/// Among doors of one manager, the object itself comes last: so conflicts are listed.
impl Ord for Author {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |manager: &Self| {
            let Self { name, operation, api_version, subresource } = manager.clone();
            (name, operation, api_version, subresource.is_empty(), subresource)
        };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Author {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Author {
    /// A manager that writes objects of this version.
    pub fn new(name: &str, operation: Operation, api_version: &str, subresource: &str) -> Self {
        let api_version = match operation {
            Operation::Apply => Text::default(),
            Operation::Update => Text::new(api_version),
        };
        let name = Text::new(if name.is_empty() { "unknown" } else { name });
        Self { name, operation, api_version, subresource: Text::new(subresource) }
    }

    /// As messages name it.
    pub fn shown(&self) -> String {
        let mut text = format!("{:?}", self.name.as_str());
        if !self.subresource.is_empty() {
            text = format!("{text} with subresource {:?}", self.subresource.as_str());
        }
        match self.operation {
            Operation::Apply => text,
            Operation::Update => format!("{text} using {}", self.api_version),
        }
    }
}

/// What a manager owns, and since when.
#[derive(Clone, Debug, PartialEq)]
pub struct Owned {
    pub fields: FieldSet,
    pub api_version: Text,
    /// As it is written; absent if nobody knows.
    pub time: Option<Text>,
}

/// All managers of an object.
pub type Managers = BTreeMap<Author, Owned>;

/// The managers that somebody names. Nothing, if an entry has a form that does not exist.
pub(super) fn decode(entries: &List) -> Option<Managers> {
    entries.iter().map(|entry| decode_entry(entry, FieldSet::decoded)).collect()
}

/// The managers of a stored object, whose sets have their form already.
pub(super) fn stored(entries: &List) -> Managers {
    entries.iter().filter_map(|entry| decode_entry(entry, FieldSet::stored)).collect()
}

fn decode_entry(entry: &Value, set: fn(&Value) -> Option<FieldSet>) -> Option<(Author, Owned)> {
    let text = |field: &str| entry.str_at(&[field]).unwrap_or_default();
    let operation = match text("operation") {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    let version = text("apiVersion");
    let manager = Author::new(text("manager"), operation, version, text("subresource"));
    let fields = match entry.at(&["fieldsV1"]) {
        Some(fields) => set(fields)?,
        None => FieldSet::default(),
    };
    let time = entry.str_at(&["time"]).map(Text::new);
    Some((manager, Owned { fields, api_version: Text::new(version), time }))
}

/// As `managedFields` has them: appliers first, then by time.
pub(super) fn encode(managers: &Managers) -> Option<Value> {
    let mut sorted: Vec<_> = managers.iter().collect();
    sorted.sort_by_key(|(manager, owned)| {
        let Author { name, operation, subresource, .. } = manager;
        (*operation, owned.time.clone(), name, owned.api_version.clone(), subresource)
    });
    let entries: Vec<_> =
        sorted.into_iter().map(|(manager, owned)| entry(manager, owned)).collect();
    (!entries.is_empty()).then(|| Value::from(entries))
}

fn entry(manager: &Author, owned: &Owned) -> Value {
    let mut fields = vec![
        ("apiVersion", Value::from(owned.api_version.clone())),
        ("fieldsType", Value::text("FieldsV1")),
        ("fieldsV1", owned.fields.encoded()),
        ("manager", Value::from(manager.name.clone())),
        ("operation", Value::text(manager.operation.name())),
    ];
    if !manager.subresource.is_empty() {
        fields.push(("subresource", Value::from(manager.subresource.clone())));
    }
    if let Some(time) = &owned.time {
        fields.push(("time", Value::from(time.clone())));
    }
    Value::Map(fields.into_iter().map(|(key, value)| (Text::new_static(key), value)).collect())
}

/// Updates by more managers than this are merged into one entry, the oldest first.
const UPDATERS: usize = 10;
const ANCIENT: &str = "ancient-changes";

/// Keeps the number of updaters within its limit.
pub(super) fn cap(managers: &mut Managers) {
    let mut updaters: Vec<_> = managers
        .iter()
        .filter(|(manager, _)| manager.operation == Operation::Update)
        .map(|(manager, owned)| (owned.time.clone(), manager.clone()))
        .collect();
    updaters.sort();
    let mut count = updaters.len();
    let mut first_of: BTreeMap<Text, Author> = BTreeMap::new();
    for (time, manager) in updaters {
        if count <= UPDATERS {
            return;
        }
        let Some(version) = managers.get(&manager).map(|owned| owned.api_version.clone()) else {
            continue;
        };
        let Some(first) = first_of.get(&version) else {
            first_of.insert(version, manager);
            continue;
        };
        let bucket = Author::new(ANCIENT, Operation::Update, &version, "");
        if !managers.contains_key(&bucket) {
            let Some(owned) = managers.remove(first) else { continue };
            managers.insert(bucket.clone(), owned);
        }
        let Some(merged) = managers.remove(&manager) else { continue };
        if let Some(kept) = managers.get_mut(&bucket) {
            kept.fields = kept.fields.union(&merged.fields);
            kept.time = time;
        }
        count -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Author, FieldSet, Managers, Operation, Owned, cap, decode, encode};
    use crate::tree::decode as parse;

    #[test]
    fn entries_are_written_as_they_are_read() {
        let text = r#"[{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:a":{}}},"manager":"x","operation":"Apply","time":"2026-01-01T00:00:00Z"},{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:status":{}},"manager":"a","operation":"Update","subresource":"status"}]"#;
        let managers = decode(parse(text.as_bytes()).unwrap().as_list().unwrap()).unwrap();
        assert_eq!(encode(&managers).unwrap().to_string(), text);
        let shown: Vec<_> = managers.keys().map(Author::shown).collect();
        assert_eq!(shown, [r#""a" with subresource "status" using v1"#, r#""x""#]);
    }

    #[test]
    fn old_updaters_share_an_entry() {
        let owned = |at: usize| {
            let fields = FieldSet::default().with(&[format!("f:{at}").into()]);
            Owned {
                fields,
                api_version: "v1".into(),
                time: Some(format!("2026-01-01T00:00:{at:02}Z").into()),
            }
        };
        let manager = |at: usize| Author::new(&format!("m{at}"), Operation::Update, "v1", "");
        let mut managers: Managers = (0..12).map(|at| (manager(at), owned(at))).collect();
        cap(&mut managers);
        assert_eq!(managers.len(), 10);
        let ancient = &managers[&Author::new("ancient-changes", Operation::Update, "v1", "")];
        assert_eq!(ancient.fields.paths().len(), 3);
    }
}

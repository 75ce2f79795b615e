//! Events of the control plane itself: most of what is written while pods come and go.
//!
//! They come complete and under names of their own. Beside identity, each gets the owners of its
//! fields, which are those of the last one that its teller told in the same form.

use super::object::meta;
use super::write::Track;
use super::{Api, Call};
use crate::status::Status;
use crate::store::Key;
use crate::tree::{Map, Text, Value};

/// The last event of a teller.
#[derive(Debug)]
pub(super) struct Told {
    /// In seconds, as the owners' times are written.
    second: i64,
    /// Which fields it had.
    form: Vec<Text>,
    owners: Value,
}

/// Parts of an event with fields of their own.
const PARTS: [&str; 4] = ["", "metadata", "involvedObject", "source"];

impl Api {
    /// Adds a complete event.
    pub(super) fn tell(&mut self, call: &Call<'_>, event: &Value) -> Result<Value, Status> {
        match self.quickly(call, event) {
            Some(object) => Ok(object),
            None => self.tell_first(call, event),
        }
    }

    fn tell_first(&mut self, call: &Call<'_>, event: &Value) -> Result<Value, Status> {
        let object = self.add(call, event, Track::Writes)?;
        let owners = object.at(&["metadata", "managedFields"]).cloned().unwrap_or_default();
        let (second, form) = (call.moment.now.seconds(), form(event).cloned().collect());
        self.told.insert(Text::new(call.request.user_agent), Told { second, form, owners });
        Ok(object)
    }

    /// The event, if it needs no second look: its teller has just told one like it, nothing is counted,
    /// and its namespace stays.
    fn quickly(&mut self, call: &Call<'_>, event: &Value) -> Option<Value> {
        let told = self.told.get(call.request.user_agent)?;
        let now = call.moment.now;
        let like = told.second == now.seconds() && form(event).eq(&told.form);
        let plain = event.at(&["metadata"])?.as_map()?.len() == NAMED;
        let (namespace, name) = (&call.address.namespace, meta(event, "name"));
        let spaces = self.registry.find("", "v1", "namespaces")?;
        let space = self.store.get(&spaces.table, &Key::new("", namespace))?;
        let stays = space.tree.at(&["metadata", "deletionTimestamp"]).is_none();
        if !(like && plain && stays && self.counts_nothing()) {
            return None;
        }
        let key = Key::new(namespace, &name);
        if meta(event, "namespace") != namespace.as_str()
            || self.store.get(&call.address.resource.table, &key).is_some()
        {
            return None;
        }
        let metadata = Value::from([
            ("creationTimestamp", now.value()),
            ("managedFields", told.owners.clone()),
            ("name", name.into()),
            ("namespace", Value::text(namespace)),
            ("uid", call.moment.uid().as_str().into()),
        ]);
        let object = event.with(&["metadata"], metadata);
        Some(self.keep(&call.address.resource, &key, &object))
    }
}

/// A name and a namespace are all that the metadata of a plain event has.
const NAMED: usize = 2;

/// The fields of an event, and of its parts.
fn form(event: &Value) -> impl Iterator<Item = &Text> {
    let part = move |part: &&str| if part.is_empty() { Some(event) } else { event.at(&[part]) };
    let maps = PARTS.iter().filter_map(part).filter_map(Value::as_map);
    maps.flat_map(Map::iter).map(|(field, _)| field)
}

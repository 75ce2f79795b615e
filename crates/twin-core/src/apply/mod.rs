//! Server-side apply: who owns which fields, what an applied configuration changes, and conflicts.
//!
//! [`update`] follows a write of a whole object, [`apply`] lays a configuration over one. Both are
//! functions of the objects, their type and who writes. The rules are those of
//! structured-merge-diff; objects are not converted between versions.

mod compare;
mod laid;
mod managers;
mod memo;
mod merge;
mod set;
mod typed;

pub use compare::{Comparison, compare};
pub(crate) use laid::laid_over;
pub use managers::{Author, Managers, Operation, Owned};
pub use memo::Memo;
pub use set::{FieldSet, field_step, shown};
pub use typed::field_set;

use crate::schema::{Schema, TypeId};
use crate::time::Timestamp;
use crate::tree::{List, Map, Text, Value};
use compare::Difference;
use managers::{cap, decode, encode, stored};
use memo::Question;
use std::sync::LazyLock;

/// Who writes what, through which door, and when.
#[derive(Debug)]
pub struct Writer<'a> {
    pub schema: &'a Schema,
    pub ty: TypeId,
    /// The version in which the object is written: `apps/v1`.
    pub api_version: &'a str,
    pub manager: &'a str,
    /// Empty for the object itself.
    pub subresource: &'a str,
    /// A field of the object that this door never changes, whatever the writer says.
    pub ignored: Option<&'a str>,
    /// Nothing, if the door keeps no times.
    pub now: Option<Timestamp>,
}

/// What to do when another manager owns a field with another value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    Refuse,
    Take,
}

/// A field that another manager owns with another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub manager: Author,
    /// As people read it: `.spec.replicas`.
    pub path: String,
}

/// Why a configuration was not applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    #[error("{}", conflict_message(.0))]
    Conflicts(Vec<Conflict>),
    #[error("metadata.managedFields must be nil")]
    ManagedFields,
    /// What the configuration says does not fit its type.
    #[error("{}", faults_message(.0))]
    Faults(Vec<String>),
}

fn faults_message(faults: &[String]) -> String {
    match faults {
        [one] => one.clone(),
        all => all.iter().fold("errors:".to_owned(), |text, fault| format!("{text}\n  {fault}")),
    }
}

/// The message that Kubernetes gives for conflicts.
pub fn conflict_message(conflicts: &[Conflict]) -> String {
    if let [only] = conflicts {
        let (manager, path) = (only.manager.shown(), &only.path);
        return format!("Apply failed with 1 conflict: conflict with {manager}: {path}");
    }
    let mut lines = Vec::new();
    let mut last = None;
    for conflict in conflicts {
        if last != Some(&conflict.manager) {
            lines.push(format!("conflicts with {}:", conflict.manager.shown()));
            last = Some(&conflict.manager);
        }
        lines.push(format!("- {}", conflict.path));
    }
    format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
}

const MANAGED: &[&str] = &["metadata", "managedFields"];

/// Fields of every object that have no owner.
const UNOWNED: &[&[&str]] = &[
    &["apiVersion"],
    &["kind"],
    &["metadata"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "clusterName"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

fn stripped(fields: &FieldSet) -> FieldSet {
    static SET: LazyLock<FieldSet> = LazyLock::new(|| {
        let steps = |path: &&[&str]| path.iter().map(|name| field_step(name)).collect::<Vec<_>>();
        UNOWNED.iter().map(steps).fold(FieldSet::default(), |set, path| set.with(&path))
    });
    fields.difference(&SET)
}

/// The new object with the owners of its fields, after a write of the whole object.
///
/// `live` is what was there before; an object without any content for a create.
pub fn update(writer: &Writer<'_>, live: &Value, new: &Value, memo: &mut Memo) -> Value {
    let before = entries(writer, live, new);
    let creates = live.str_at(&["metadata", "uid"]).is_none();
    if before.is_empty() && !creates {
        // Nobody was tracked, so nobody starts: the first apply will.
        return new.without(MANAGED);
    }
    let difference = Difference::between(writer.schema, writer.ty, live, new);
    let question = Question::new(writer, &difference);
    if let Some(known) = memo.answer(&question, &difference.open, &before) {
        return with_entries(new, &known);
    }
    let mut managers = stored(&before);
    let me = Author::new(writer.manager, Operation::Update, writer.api_version, writer.subresource);
    track(writer, &difference.sets().outside(&ignored(writer)), &mut managers, me);
    cap(&mut managers);
    let entries = encode(&managers).unwrap_or_default();
    let tracked = with_entries(new, &entries);
    memo.keep(question, difference.open, before, entries);
    tracked
}

fn ignored(writer: &Writer<'_>) -> FieldSet {
    let field = writer.ignored.map(|field| [field_step(field)]);
    FieldSet::default().with(field.as_ref().map_or(&[], |field| field))
}

/// Notes that `me` wrote what differs.
fn track(writer: &Writer<'_>, difference: &Comparison, managers: &mut Managers, me: Author) {
    settle(managers, None, difference);
    let fields = stripped(&difference.modified.union(&difference.added));
    if fields.is_empty() {
        return;
    }
    let before = managers.get(&me).map(|owned| owned.fields.clone()).unwrap_or_default();
    let owned = Owned {
        fields: fields.union(&before),
        api_version: Text::new(writer.api_version),
        time: written_at(writer),
    };
    managers.insert(me, owned);
}

fn written_at(writer: &Writer<'_>) -> Option<Text> {
    writer.now.map(|now| Text::from(now.to_string()))
}

/// Takes what changed from all managers except one.
fn settle(managers: &mut Managers, except: Option<&Author>, difference: &Comparison) {
    let changed = difference.modified.union(&difference.added).union(&difference.removed);
    let others = managers.iter_mut().filter(|(manager, _)| Some(*manager) != except);
    for (_, owned) in others {
        owned.fields = owned.fields.difference(&changed);
    }
    managers.retain(|_, owned| !owned.fields.is_empty());
}

/// The entries that count: those that the writer gives, except through a subresource. An empty list
/// resets them, as one empty entry does; if one is odd, the live ones count.
fn entries(writer: &Writer<'_>, live: &Value, new: &Value) -> List {
    let list = |object: &Value| object.at(MANAGED).and_then(Value::as_list).cloned();
    let live = list(live).unwrap_or_default();
    let said = list(new).filter(|said| writer.subresource.is_empty() && *said != live);
    let Some(said) = said else { return live };
    let is_empty = |entry: &Value| entry.as_map().is_some_and(Map::is_empty);
    if said.len() <= 1 && said.iter().all(is_empty) {
        return List::default();
    }
    let read = decode(&said).and_then(|managers| encode(&managers)?.as_list().cloned());
    read.unwrap_or(live)
}

fn with_entries(object: &Value, entries: &Value) -> Value {
    if entries.is_null() { object.without(MANAGED) } else { object.with(MANAGED, entries.clone()) }
}

/// The live object with what a configuration says, and with the owners of its fields.
///
/// # Errors
/// If another manager owns a field with another value and `force` refuses, or if the configuration
/// does not fit its type.
pub fn apply(
    writer: &Writer<'_>,
    live: &Value,
    config: &Value,
    force: Force,
) -> Result<Value, ApplyError> {
    let (schema, ty) = (writer.schema, writer.ty);
    if config.at(MANAGED).is_some() {
        return Err(ApplyError::ManagedFields);
    }
    let faults = merge::faults(schema, ty, config);
    if !faults.is_empty() {
        return Err(ApplyError::Faults(faults));
    }
    let entries = live.at(MANAGED).and_then(Value::as_list).cloned().unwrap_or_default();
    let mut managers = stored(&entries);
    let live = live.without(MANAGED);
    if managers.is_empty() {
        let first = Author::new(
            "before-first-apply",
            Operation::Update,
            writer.api_version,
            writer.subresource,
        );
        let nothing = crate::schema::empty(schema, ty);
        let difference = compare(schema, ty, &nothing, &live).outside(&ignored(writer));
        track(writer, &difference, &mut managers, first);
    }
    let me = Author::new(writer.manager, Operation::Apply, writer.api_version, writer.subresource);
    let merged = merge::merge(schema, ty, &live, config);
    let last = managers.get(&me).cloned();
    // What is owned by nobody in the end still holds what stands around it.
    let fields = field_set(schema, ty, config).outside(&ignored(writer));
    let mine = Owned {
        fields,
        api_version: Text::new(writer.api_version),
        time: last.as_ref().and_then(|last| last.time.clone()),
    };
    managers.insert(me.clone(), mine);
    let merged = match &last {
        Some(last) if !last.fields.is_empty() => {
            prune(schema, ty, &merged, &managers, &last.fields)
        }
        _ => merged,
    };
    let difference = compare(schema, ty, &live, &merged).outside(&ignored(writer));
    if force == Force::Refuse {
        refuse(&managers, &me, &difference)?;
    }
    settle(&mut managers, Some(&me), &difference);
    if let Some(mine) = managers.get_mut(&me) {
        mine.fields = stripped(&mine.fields);
        if live != merged {
            mine.time = written_at(writer);
        }
    }
    managers.retain(|_, owned| !owned.fields.is_empty());
    Ok(with_entries(&merged, &encode(&managers).unwrap_or_default()))
}

fn refuse(managers: &Managers, me: &Author, difference: &Comparison) -> Result<(), ApplyError> {
    let changed = difference.modified.union(&difference.added);
    let others = managers.iter().filter(|(manager, _)| *manager != me);
    let conflicts: Vec<_> = others
        .flat_map(|(manager, owned)| {
            let paths = owned.fields.intersection(&changed).paths();
            paths.into_iter().map(|path| Conflict { manager: manager.clone(), path: shown(&path) })
        })
        .collect();
    if conflicts.is_empty() { Ok(()) } else { Err(ApplyError::Conflicts(conflicts)) }
}

/// Removes what the manager applied last time and does not now, unless somebody else owns it.
fn prune(
    schema: &Schema,
    ty: TypeId,
    merged: &Value,
    managers: &Managers,
    last: &FieldSet,
) -> Value {
    let named = |set: &FieldSet| typed::with_named(schema, Some(ty), set);
    let fields = |value: &Value| named(&field_set(schema, ty, value));
    let without = |set: &FieldSet| typed::remove(schema, ty, merged, set).unwrap_or_default();
    let last = named(last);
    let all = fields(merged);
    let pruned = without(&last);
    let owned = managers.values().fold(FieldSet::default(), |all, owned| all.union(&owned.fields));
    let kept = fields(&pruned).union(&named(&owned));
    let pruned = without(&all.difference(&kept));
    let gone = all.difference(&fields(&pruned)).intersection(&last);
    without(&gone)
}

#[cfg(test)]
mod tests;

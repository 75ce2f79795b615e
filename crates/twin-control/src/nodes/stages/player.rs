//! Plays the stages of one kind of object.

use super::site::{Around, Dice, Given};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::events::{Event, Severity};
use crate::nodes::lifecycle::is_lost;
use crate::tables::{NODES, PODS};
use kwok::{Form, Stage};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use twin_core::api::{Act, Deed, Deletion, PatchForm};
use twin_core::registry::{Registry, Scope};
use twin_core::schema::Schema;
use twin_core::store::{Change, ChangeKind, Key, Object, Revision, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// An object that has so many stages at one moment gets the next one later: stages that follow
/// each other for ever would stop the time else.
const AT_ONCE: u32 = 100;
const PAUSE: Duration = Duration::from_secs(1);

/// What comes next for an object.
#[derive(Debug)]
struct Next {
    /// The version that it was chosen for.
    version: Revision,
    /// The place of the stage.
    stage: Option<usize>,
    due: Timestamp,
}

/// How often an object had a stage at a moment.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    at: Timestamp,
    count: u32,
}

/// Plays stages.
#[derive(Debug)]
pub(super) struct Player {
    table: TableName,
    stages: Arc<[Stage]>,
    registry: Registry,
    next: BTreeMap<Key, Next>,
    paces: BTreeMap<Key, Pace>,
    given: Given,
    dice: Dice,
    started: Option<Timestamp>,
}

impl Player {
    pub(super) fn new(table: TableName, stages: Arc<[Stage]>, seed: u64) -> Self {
        Self {
            table,
            stages,
            registry: Registry::builtin(Schema::builtin()),
            next: BTreeMap::new(),
            paces: BTreeMap::new(),
            given: Given::default(),
            dice: Dice::new(seed),
            started: None,
        }
    }

    fn forget(&mut self, key: &Key) {
        self.next.remove(key);
        self.paces.remove(key);
    }

    /// Whether somebody is there to play for an object: a lost node does nothing, nor do its pods.
    fn is_played(&self, object: &Object, view: &View<'_>) -> bool {
        if self.table == NODES {
            // Its address follows from its range.
            return !is_lost(&object.tree) && object.tree.at(&["spec", "podCIDR"]).is_some();
        }
        let Some(node) = object.tree.str_at(&["spec", "nodeName"]) else {
            return self.table != PODS;
        };
        self.table != PODS
            || view.get(&NODES, &Key::new("", node)).is_some_and(|node| !is_lost(&node.tree))
    }

    /// Chooses the stage that comes next.
    fn choose(&mut self, object: &Object, view: &View<'_>) -> Next {
        let started = *self.started.get_or_insert(view.now);
        let (dice, given) = (&mut self.dice, &mut self.given);
        let mut around = Around { view, object, dice, given, started };
        let chosen = kwok::next(self.stages.iter(), &object.tree, &mut around);
        let mut delay = chosen.map_or(Duration::ZERO, |it| it.delay(&object.tree, &mut around));
        let stage = chosen
            .and_then(|chosen| self.stages.iter().position(|stage| std::ptr::eq(stage, chosen)));
        let pace = self.paces.get(&object.key).copied().unwrap_or_default();
        if pace.at == view.now && pace.count >= AT_ONCE {
            delay = delay.max(PAUSE);
        }
        Next { version: object.revision, stage, due: view.now.plus(delay) }
    }

    fn play(&mut self, stage: usize, object: &Object, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let pace = self.paces.entry(object.key.clone()).or_default();
        let count = if pace.at == view.now { pace.count + 1 } else { 1 };
        *pace = Pace { at: view.now, count };
        let started = *self.started.get_or_insert(view.now);
        let (dice, given) = (&mut self.dice, &mut self.given);
        let mut around = Around { view, object, dice, given, started };
        let Some(stage) = self.stages.get(stage) else { return outcome };
        match stage.deeds(&object.tree, &mut around) {
            Ok(deeds) => {
                for deed in deeds {
                    self.act(deed, object, view, &mut outcome);
                }
            }
            Err(error) => {
                let message = format!("Stage {}: {error}", stage.name());
                let event = Event::new(object, Severity::Warning, "StageFailed", message);
                outcome.events.push(event);
            }
        }
        outcome
    }

    fn act(&self, deed: kwok::Deed, object: &Object, view: &View<'_>, outcome: &mut Outcome) {
        match deed {
            kwok::Deed::Tell(told) => {
                let severity = match told.severity {
                    kwok::Severity::Normal => Severity::Normal,
                    kwok::Severity::Warning => Severity::Warning,
                };
                outcome.events.push(Event::new(object, severity, &told.reason, told.message));
            }
            kwok::Deed::Patch { form, subresource, patch } => {
                let deed = patched(form, &subresource, patch);
                outcome.acts.push(Act { table: self.table.clone(), key: object.key.clone(), deed });
            }
            kwok::Deed::Apply { form, subresource, object: other } => {
                if let Some(act) = self.applied(form, &subresource, other, (object, view)) {
                    outcome.acts.push(act);
                } else {
                    let message = "Stage: the object to apply has no known apiVersion and kind";
                    let event = Event::new(object, Severity::Warning, "StageFailed", message);
                    outcome.events.push(event);
                }
            }
            kwok::Deed::Delete => {
                let deletion = Deletion { grace: Some(0), ..Deletion::default() };
                outcome.delete(self.table.clone(), &object.key, deletion);
            }
        }
    }

    /// How another object comes to be as it is wanted.
    fn applied(
        &self,
        form: Form,
        subresource: &str,
        other: Value,
        (object, view): (&Object, &View<'_>),
    ) -> Option<Act> {
        let text = |path: &[&str]| other.str_at(path).unwrap_or_default();
        let resource = self.registry.of_kind(text(&["apiVersion"]), text(&["kind"]))?;
        let namespace = match (resource.scope, text(&["metadata", "namespace"])) {
            (Scope::Cluster, _) => "",
            (Scope::Namespaced, "") => object.key.namespace(),
            (Scope::Namespaced, said) => said,
        };
        let key = Key::new(namespace, text(&["metadata", "name"]));
        let is_there = view.get(&resource.table, &key).is_some();
        let deed = if is_there || !subresource.is_empty() {
            patched(form, subresource, other)
        } else {
            Deed::Create(other)
        };
        Some(Act { table: resource.table.clone(), key, deed })
    }
}

fn patched(form: Form, subresource: &str, patch: Value) -> Deed {
    let form = match form {
        Form::Json => PatchForm::Json,
        Form::Merge => PatchForm::Merge,
        Form::Strategic => PatchForm::Strategic,
        Form::Apply => PatchForm::Apply,
    };
    Deed::Patch { form, subresource: Text::new(subresource), patch }
}

impl Controller for Player {
    fn name(&self) -> &'static str {
        "kwok"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake) {
        let object = &change.object;
        if *table == self.table {
            if change.kind == ChangeKind::Deleted {
                self.forget(&object.key);
                self.given.forget(&object.key);
            } else {
                wake.key(object.key.clone());
            }
        } else if *table == NODES && self.table == PODS {
            let was_away = change.previous.as_ref().is_none_or(|old| is_lost(&old.tree));
            if was_away && change.kind != ChangeKind::Deleted && !is_lost(&object.tree) {
                view.on_node(object.key.name()).for_each(|pod| wake.key(pod.key.clone()));
            }
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(object) = view.get(&self.table, key) else { return outcome };
        if !self.is_played(object, view) {
            self.forget(key);
            return outcome;
        }
        if self.table == PODS {
            self.given.note(object);
        }
        let is_current = self.next.get(key).is_some_and(|it| it.version == object.revision);
        if !is_current {
            let next = self.choose(object, view);
            self.next.insert(key.clone(), next);
        }
        let Some(next) = self.next.get(key) else { return outcome };
        match next.stage {
            None => {}
            Some(_) if next.due > view.now => outcome.again(next.due.since(view.now)),
            Some(stage) => {
                self.next.remove(key);
                outcome = self.play(stage, object, view);
            }
        }
        outcome
    }
}

//! A stage: which objects it is for, when it comes, and what it does.

use crate::block;
use crate::delay::{Delay, Weight};
use crate::selector::Selector;
use crate::site::Site;
use crate::template::{RenderError, Template};
use std::time::Duration;
use twin_core::tree::{Text, Value};

/// One stage of the life of an object.
#[derive(Debug)]
pub struct Stage {
    pub(crate) name: String,
    pub(crate) target: Target,
    pub(crate) selector: Selector,
    pub(crate) weight: Weight,
    pub(crate) delay: Delay,
    pub(crate) steps: Vec<Step>,
}

/// The kind of object that a stage is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// `v1`, `apps/v1`
    pub api_version: String,
    pub kind: String,
}

/// What a stage does, before it knows the object.
#[derive(Debug)]
pub(crate) enum Step {
    Event(Told),
    Finalizers(Finalizers),
    Delete,
    Patch { form: Option<Form>, root: String, subresource: String, template: Template },
    Apply { form: Form, subresource: String, template: Template },
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub severity: Severity,
    pub reason: String,
    pub message: String,
}

/// How much an event should worry people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Normal,
    Warning,
}

/// How finalizers change.
#[derive(Debug, Default)]
pub(crate) struct Finalizers {
    pub(crate) add: Vec<String>,
    pub(crate) remove: Removed,
}

/// Which finalizers go.
#[derive(Debug)]
pub(crate) enum Removed {
    All,
    These(Vec<String>),
}

impl Default for Removed {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

/// How a patch is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Merge,
    Strategic,
    /// Server-side apply.
    Apply,
}

/// What a stage does to an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Tells something about it.
    Tell(Told),
    /// Changes it, or the part of it with this name.
    Patch { form: Form, subresource: String, patch: Value },
    /// Makes another object, or changes it.
    Apply { form: Form, subresource: String, object: Value },
    /// Ends it.
    Delete,
}

impl Stage {
    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether it is for an object of its kind, as this one is now.
    pub fn matches(&self, object: &Value) -> bool {
        self.selector.matches(object)
    }

    /// How long it waits.
    pub fn delay(&self, object: &Value, site: &mut dyn Site) -> Duration {
        self.delay.of(object, site)
    }

    /// What it does, in this order.
    ///
    /// # Errors
    /// A template that does not fit the object.
    pub fn deeds(&self, object: &Value, site: &mut dyn Site) -> Result<Vec<Deed>, RenderError> {
        let mut deeds = Vec::new();
        for step in &self.steps {
            let ended = deeds.contains(&Deed::Delete);
            match step {
                Step::Event(told) => deeds.push(Deed::Tell(told.clone())),
                // What is gone can only be talked about.
                _ if ended => {}
                Step::Finalizers(finalizers) => deeds.extend(finalizers.deed(object)),
                Step::Delete => deeds.push(Deed::Delete),
                Step::Patch { form, root, subresource, template } => {
                    let form = form.unwrap_or(usual(&self.target));
                    let patch = rooted(form, root, rendered(template, object, site)?);
                    deeds.push(Deed::Patch { form, subresource: subresource.clone(), patch });
                }
                Step::Apply { form, subresource, template } => deeds.push(Deed::Apply {
                    form: *form,
                    subresource: subresource.clone(),
                    object: rendered(template, object, site)?,
                }),
            }
        }
        Ok(deeds)
    }
}

fn rendered(
    template: &Template,
    object: &Value,
    site: &mut dyn Site,
) -> Result<Value, RenderError> {
    let text = template.render(object, site)?;
    block::read(&text).map_err(|fault| RenderError { line: 1, message: fault.message })
}

/// How a patch is meant that does not say it.
fn usual(target: &Target) -> Form {
    let known = target.api_version == "v1" && ["Node", "Pod"].contains(&target.kind.as_str());
    if known { Form::Strategic } else { Form::Merge }
}

/// A patch of what lies under a field.
fn rooted(form: Form, root: &str, patch: Value) -> Value {
    if root.is_empty() {
        return patch;
    }
    match (form, patch.as_list()) {
        (Form::Json, Some(changes)) => {
            let below = |change: &Value| {
                let path = change.str_at(&["path"]).unwrap_or_default();
                change.with(&["path"], Value::text(format!("/{root}{path}")))
            };
            changes.iter().map(below).collect::<Vec<_>>().into()
        }
        _ => Value::from([(root, patch)]),
    }
}

impl Finalizers {
    /// The patch that makes them so, if they are not.
    fn deed(&self, object: &Value) -> Option<Deed> {
        let known = object.at(&["metadata", "finalizers"]).and_then(Value::as_list);
        let known: Vec<&str> =
            known.into_iter().flat_map(|it| it.iter()).filter_map(Value::as_str).collect();
        let goes = |name: &str| match &self.remove {
            Removed::All => true,
            Removed::These(names) => names.iter().any(|it| it == name),
        };
        let mut wanted: Vec<&str> = known.iter().copied().filter(|name| !goes(name)).collect();
        for name in &self.add {
            if !wanted.contains(&name.as_str()) {
                wanted.push(name);
            }
        }
        let list = wanted.iter().map(|name| Value::Text(Text::new(name))).collect::<Vec<_>>();
        // A list that is merged would keep what is gone.
        let patch = Value::from([("metadata", Value::from([("finalizers", list.into())]))]);
        let deed = Deed::Patch { form: Form::Merge, subresource: String::new(), patch };
        (wanted != known).then_some(deed)
    }
}

/// The stage that comes next for an object, by chance and by weight if several fit it.
pub fn next<'a>(
    stages: impl IntoIterator<Item = &'a Stage>,
    object: &Value,
    site: &mut dyn Site,
) -> Option<&'a Stage> {
    let mut fit: Vec<&Stage> = stages.into_iter().filter(|it| it.matches(object)).collect();
    if fit.len() < 2 {
        return fit.pop();
    }
    let weighed: Vec<(&Stage, Option<u64>)> =
        fit.iter().map(|stage| (*stage, stage.weight.of(object))).collect();
    let sum =
        weighed.iter().fold(0_u64, |sum, (_, weight)| sum.saturating_add(weight.unwrap_or(0)));
    if sum == 0 {
        // None says more than the others; those that say something wrong stand back.
        let said: Vec<&Stage> = weighed
            .iter()
            .filter(|(_, weight)| weight.is_some())
            .map(|(stage, _)| *stage)
            .collect();
        let among = if said.is_empty() { &fit } else { &said };
        let place = site.chance(u64::try_from(among.len()).unwrap_or(u64::MAX));
        return among.get(usize::try_from(place).unwrap_or(0)).copied();
    }
    let mut place = site.chance(sum);
    for (stage, weight) in weighed {
        let weight = weight.unwrap_or(0);
        if place < weight {
            return Some(stage);
        }
        place -= weight;
    }
    None
}

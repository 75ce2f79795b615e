//! What stands in the picture, in words: cards and the arrows between them.

mod arrows;
mod cards;
mod entrances;

use crate::View;
use crate::text::count;
use arrows::arrows;
use model::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use cards::{BACKUP, claims, replicas};
pub(crate) use entrances::entrances;

/// Everything in the picture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) namespace: String,
    pub(crate) cards: Vec<Card>,
    pub(crate) arrows: Vec<Arrow>,
    /// Compose networks, if there are several.
    pub(crate) networks: Vec<String>,
}

/// One box.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) shape: Shape,
    pub(crate) icon: Icon,
    /// Small print above the name.
    pub(crate) eyebrow: String,
    pub(crate) name: String,
    /// Everything in full, for a tooltip.
    pub(crate) hint: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) meter: Option<Meter>,
    /// Drawn as a stack.
    pub(crate) several: Several,
    /// Indices into [`Scene::networks`].
    pub(crate) networks: Vec<usize>,
}

/// Whether a card stands for one pod or for several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Several {
    One,
    Many,
}

/// How a card is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The world outside.
    World,
    /// Where traffic comes in.
    Entrance,
    /// Something that serves.
    Service,
    /// Something that keeps the product's data.
    Database,
    /// Something that runs and ends.
    Job,
    /// Something that the cluster does not run.
    Elsewhere,
}

/// A small picture that says what a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Globe,
    Door,
    Window,
    Worker,
    Cylinder,
    Bolt,
    Queue,
    Lens,
    Box,
    Pulse,
    Chip,
    Check,
    Clock,
    Cloud,
}

/// A line of text on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Small print: an image.
    Quiet(String),
    /// Something that matters: how often it runs.
    Plain(String),
    /// A volume.
    Volume(String),
}

impl Line {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Quiet(text) | Self::Plain(text) | Self::Volume(text) => text,
        }
    }
}

/// Connections that clients may open, of those that a database has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meter {
    pub(crate) used: u32,
    pub(crate) total: u32,
    pub(crate) holds: Holds,
}

/// Whether a budget holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Yes,
    No,
}

/// One card calls another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The port that is called, if it is known.
    pub(crate) port: Option<u16>,
    pub(crate) tie: Tie,
    /// The evidence, for a tooltip.
    pub(crate) why: String,
}

/// What an arrow stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tie {
    /// Something in the files names the callee.
    Calls,
    /// The caller starts after the callee; nothing says more.
    Needs,
}

/// The picture of a plan.
pub(crate) fn scene(view: &View<'_>) -> Scene {
    let plan = view.plan;
    let networks = networks(plan);
    let mut cards = entrances::cards(plan);
    let first = cards.len();
    cards.extend(plan.workloads.iter().map(|w| cards::workload(plan, w, &networks)));
    cards.extend(plan.databases.iter().map(|d| cards::cluster(plan, d)));
    let mut index = index(plan, first);
    for link in &plan.links {
        for name in link.from.iter().chain([&link.to]) {
            index.entry(name.clone()).or_insert_with(|| {
                cards.push(cards::elsewhere(name));
                cards.len() - 1
            });
        }
    }
    let arrows = arrows(plan, &cards, &index, first);
    Scene {
        title: plan.app.clone(),
        subtitle: subtitle(plan, view.objects.len()),
        namespace: plan.namespace.clone(),
        cards,
        arrows,
        networks,
    }
}

fn subtitle(plan: &Plan, objects: usize) -> String {
    let level = plan.pod_security.name();
    format!(
        "{} · {} · Pod Security {level}",
        count(services(plan), "service"),
        count(objects, "object")
    )
}

/// How many Compose services a plan is for.
pub(crate) fn services(plan: &Plan) -> usize {
    let all: BTreeSet<&String> = plan
        .workloads
        .iter()
        .map(|w| &w.service)
        .chain(plan.databases.iter().map(|d| &d.service))
        .chain(plan.services.iter().map(|s| &s.service))
        .collect();
    all.len()
}

/// The label under which the planner notes a pod's networks.
const NETWORK: &str = "network.muster.dev/";

/// Names of the Compose networks, none if there is only one.
fn networks(plan: &Plan) -> Vec<String> {
    let labels = plan.workloads.iter().flat_map(|w| w.pod.labels.keys());
    let names: BTreeSet<&str> = labels.filter_map(|l| l.strip_prefix(NETWORK)).collect();
    if names.len() < 2 { Vec::new() } else { names.into_iter().map(str::to_owned).collect() }
}

/// The workload of each Compose service, by index; those of an operator follow.
pub(crate) fn members(plan: &Plan) -> BTreeMap<String, usize> {
    index(plan, 0)
}

/// Card of each Compose service.
fn index(plan: &Plan, first: usize) -> BTreeMap<String, usize> {
    let by_name: BTreeMap<&str, usize> =
        plan.workloads.iter().enumerate().map(|(at, w)| (w.name.as_str(), first + at)).collect();
    let mut index = BTreeMap::new();
    for service in &plan.services {
        if let Some(&card) = by_name.get(service.workload.as_str()) {
            index.entry(service.service.clone()).or_insert(card);
        }
    }
    // A backup belongs to the service that it saves, but does not stand for it.
    for workload in plan.workloads.iter().filter(|w| w.component != BACKUP) {
        if let Some(&card) = by_name.get(workload.name.as_str()) {
            index.insert(workload.service.clone(), card);
        }
        for container in &workload.pod.containers {
            let card = by_name.get(workload.name.as_str()).copied();
            index.entry(container.name.clone()).or_insert(card.unwrap_or(first));
        }
    }
    let clusters = first + plan.workloads.len();
    for (at, database) in plan.databases.iter().enumerate() {
        index.insert(database.service.clone(), clusters + at);
    }
    index
}

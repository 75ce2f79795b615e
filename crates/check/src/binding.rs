//! Which volume of the files a claim is meant for.
//!
//! Volumes have no namespace: when several products are judged together, one that merely has the
//! size is somebody else's. What ties the two is a name, a reservation or a class; failing those,
//! only what a person would take for evidence.

use std::collections::{BTreeMap, BTreeSet};

use crate::known::words;
use crate::quantity::parse_milli;
use crate::selector::Selector;
use crate::set::{Object, Set};

/// How a claim and a volume of the files belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tie<'s, 'a> {
    /// The claim names the volume.
    Named(&'s Object<'a>),
    /// The volume names the claim.
    Reserved(&'s Object<'a>),
    /// Both name the same class, and the claim fits.
    Class(&'s Object<'a>),
    /// The claim fits and names no class; the two only look as if they were meant for each other.
    Loose(&'s Object<'a>),
}

impl<'s, 'a> Tie<'s, 'a> {
    /// The volume.
    pub(crate) fn volume(self) -> &'s Object<'a> {
        match self {
            Self::Named(v) | Self::Reserved(v) | Self::Class(v) | Self::Loose(v) => v,
        }
    }
}

/// What a claim asks for or a volume offers.
#[derive(Debug)]
struct Terms<'s, 'a> {
    object: &'s Object<'a>,
    size: Option<i128>,
    modes: Vec<&'a str>,
    class: Option<String>,
    marks: BTreeSet<String>,
}

/// The claims and volumes of the files.
#[derive(Debug)]
pub(crate) struct Bindings<'s, 'a> {
    set: &'s Set<'a>,
    claims: Vec<Terms<'s, 'a>>,
    volumes: Vec<Terms<'s, 'a>>,
    /// Volumes by the claim that they are reserved for.
    reserved: BTreeMap<(String, String), usize>,
    /// Volumes that no claim has yet.
    free: Vec<usize>,
}

impl<'s, 'a> Bindings<'s, 'a> {
    pub(crate) fn read(set: &'s Set<'a>) -> Self {
        let claim = |o| Terms::read(o, "resources.requests.storage");
        let volume = |o| Terms::read(o, "capacity.storage");
        let mut bindings = Self {
            set,
            claims: set.of_kind("PersistentVolumeClaim").map(claim).collect(),
            volumes: set.of_kind("PersistentVolume").map(volume).collect(),
            reserved: BTreeMap::new(),
            free: Vec::new(),
        };
        for (i, volume) in bindings.volumes.iter().enumerate() {
            if let Some(key) = reservation(volume.object) {
                bindings.reserved.entry(key).or_insert(i);
            }
        }
        bindings.free = bindings.unclaimed();
        bindings
    }

    /// The volume that a claim of the files is meant for, if it is in the files.
    pub(crate) fn tie(&self, claim: &Object<'a>) -> Option<Tie<'s, 'a>> {
        if let Some(name) = claim.spec().at("volumeName").text().filter(|n| !n.is_empty()) {
            return self.set.find("PersistentVolume", "", &name).map(Tie::Named);
        }
        let key = |namespace: &str| (namespace.to_owned(), claim.name.clone());
        let reserved = self.reserved.get(&key(&claim.namespace));
        if let Some(i) = reserved.or_else(|| self.reserved.get(&key(""))) {
            return self.volumes.get(*i).map(|v| Tie::Reserved(v.object));
        }
        let claim = Terms::read(claim, "resources.requests.storage");
        match claim.class {
            Some(_) => {
                let unreserved = |v: &&Terms<'_, '_>| reservation(v.object).is_none();
                let same = |v: &&Terms<'_, '_>| v.class_name() == claim.class_name();
                let mut fitting = self.volumes.iter().filter(same).filter(|v| claim.fits(v));
                fitting.find(unreserved).map(|v| Tie::Class(v.object))
            }
            None => self.loose(&claim).map(Tie::Loose),
        }
    }

    fn loose(&self, claim: &Terms<'_, 'a>) -> Option<&'s Object<'a>> {
        let free = self.free.iter().filter_map(|i| self.volumes.get(*i));
        let mut fitting = free.filter(|v| claim.fits(v));
        let lonely = |c: &&Terms<'_, '_>| c.class.is_none() && !c.names_volume();
        let pair = self.free.len() == 1 && self.claims.iter().filter(lonely).count() == 1;
        fitting.find(|v| pair || claim.is_near(v)).map(|v| v.object)
    }

    /// Volumes that are neither reserved nor named, nor of a class that a fitting claim asks for.
    fn unclaimed(&self) -> Vec<usize> {
        let named = self.claims.iter().filter_map(|c| c.object.spec().at("volumeName").text());
        let named: BTreeSet<String> = named.collect();
        let mut classes: BTreeMap<&str, Vec<&Terms<'_, '_>>> = BTreeMap::new();
        for claim in self.claims.iter().filter(|c| c.class.is_some()) {
            classes.entry(claim.class_name()).or_default().push(claim);
        }
        let asked = |v: &Terms<'_, '_>| {
            classes.get(v.class_name()).is_some_and(|claims| claims.iter().any(|c| c.fits(v)))
        };
        let is_free = |v: &Terms<'_, '_>| {
            reservation(v.object).is_none() && !named.contains(&v.object.name) && !asked(v)
        };
        (0..self.volumes.len()).filter(|i| is_free(&self.volumes[*i])).collect()
    }
}

impl<'s, 'a> Terms<'s, 'a> {
    fn read(object: &'s Object<'a>, size: &'static str) -> Self {
        let spec = object.spec();
        Self {
            object,
            size: spec.dig(size).text().and_then(|size| parse_milli(&size)),
            modes: spec.at("accessModes").strings(),
            class: spec.at("storageClassName").text(),
            marks: marks(object),
        }
    }

    fn class_name(&self) -> &str {
        self.class.as_deref().unwrap_or_default()
    }

    fn names_volume(&self) -> bool {
        self.object.spec().at("volumeName").is_set()
    }

    /// Whether size, modes and labels of a volume would do.
    fn fits(&self, volume: &Terms<'_, '_>) -> bool {
        let enough = self.size.zip(volume.size).is_some_and(|(asked, has)| has >= asked);
        enough && self.modes.iter().all(|m| volume.modes.contains(m)) && {
            let at = self.object.spec().at("selector");
            !at.is_set() || Selector::label_selector(&at).matches(&volume.object.labels())
        }
    }

    /// Whether one would take them for a pair: they stand in one file, or share a word or a label.
    fn is_near(&self, volume: &Terms<'_, '_>) -> bool {
        let file = |t: &Terms<'_, '_>| t.object.root.span().file;
        file(self) == file(volume) || !self.marks.is_disjoint(&volume.marks)
    }
}

/// Whether size, modes and labels of a volume would let it serve a claim.
pub(crate) fn fits(claim: &Object<'_>, volume: &Object<'_>) -> bool {
    let claim = Terms::read(claim, "resources.requests.storage");
    claim.fits(&Terms::read(volume, "capacity.storage"))
}

/// Namespace and name of the claim that a volume is kept for.
fn reservation(volume: &Object<'_>) -> Option<(String, String)> {
    let claim = volume.spec().at("claimRef");
    Some((claim.at("namespace").text().unwrap_or_default(), claim.at("name").text()?))
}

/// The words of a name that tell one product from another, and the labels that name it.
fn marks(object: &Object<'_>) -> BTreeSet<String> {
    const GENERIC: &[&str] = &[
        "pv",
        "pvc",
        "claim",
        "volume",
        "vol",
        "data",
        "storage",
        "disk",
        "nfs",
        "persistent",
        "local",
        "hostpath",
        "files",
        "my",
    ];
    const LABELS: &[&str] = &[
        "app",
        "app.kubernetes.io/name",
        "app.kubernetes.io/instance",
        "app.kubernetes.io/part-of",
    ];
    let named = words(&object.name).into_iter();
    let named = named.filter(|w| !GENERIC.contains(&w.as_str()) && w.parse::<u64>().is_err());
    let labels = object.labels().into_iter().filter(|(key, _)| LABELS.contains(&key.as_str()));
    named.chain(labels.map(|(key, value)| format!("{key}={value}"))).collect()
}

//! What becomes of each mount: a claim, files of a `ConfigMap`, scratch space, or nothing.

use super::binds;
use catalog::{DataKind, Family, ImageRef, Role};
use model::project::{Mount, MountKind, Project, Service, Volume};
use model::reason::Level;
use std::collections::{BTreeMap, BTreeSet};
use units::Bytes;

/// A mount of a service, its own or one that `volumes_from` brings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'p> {
    pub(super) mount: &'p Mount,
    pub(super) read_only: bool,
    /// Index in `volumes_from`.
    pub(super) inherited: Option<usize>,
}

/// What becomes of a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Storage that outlives the pod.
    Claim(Store),
    /// Files that were read while planning.
    Files,
    /// An `emptyDir`.
    Scratch { memory: bool, limit: Option<Bytes>, why: &'static str },
    /// The files of an image.
    Image(String),
    /// Nothing, and that is right: the end of a sentence that says why.
    Dropped(Drop),
    /// Nothing, and people must act.
    Lost(Loss),
}

/// Why a mount is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drop {
    /// The image holds the code.
    SourceCode,
    /// A shield over `node_modules` below a mount of source code.
    Shield,
    /// The clock of the host.
    TimeZone,
    /// An empty directory that is only read.
    Empty,
    /// The operator of the database brings its storage.
    Operated,
}

/// What people must know about a mount that could not be carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Loss {
    pub(super) level: Level,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) fix: String,
}

/// Storage, by what makes it one and the same for several services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Store {
    pub(super) origin: Origin,
    /// What the image table says about the place where it is mounted.
    pub(super) data: Option<DataKind>,
    /// Size that the image table suggests.
    pub(super) size: Option<Bytes>,
}

/// Where storage comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// A volume of the project.
    Named(String),
    /// A directory of the host.
    Bind { source: String, content: Content },
    /// A volume without a name, by its path.
    Anonymous(String),
    /// Nothing in the file: a data directory of the image, by its path.
    Image(String),
}

/// What a bind mount's directory holds today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Content {
    /// Nothing yet.
    Empty,
    /// Something that must be copied.
    Data,
    /// It was not looked at.
    Unknown,
}

/// The service, and what is known about its image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    pub(super) project: &'p Project,
    pub(super) service: &'p Service,
    pub(super) family: Option<&'static Family>,
    pub(super) image: Option<&'p ImageRef>,
}

/// The mounts of a service with those that `volumes_from` brings; its own win.
pub(super) fn mounts<'p>(project: &'p Project, service: &'p Service) -> Vec<Seen<'p>> {
    let mut out: Vec<Seen<'p>> = service
        .mounts
        .iter()
        .map(|mount| Seen { mount, read_only: mount.read_only, inherited: None })
        .collect();
    for (index, from) in service.volumes_from.iter().enumerate() {
        let (name, mode) = from.value.split_once(':').unwrap_or((&from.value, ""));
        let Some(other) = project.services.get(name).filter(|other| other.name != service.name)
        else {
            continue;
        };
        for mount in &other.mounts {
            if !out.iter().any(|seen| seen.mount.target == mount.target) {
                let read_only = mount.read_only || mode == "ro";
                out.push(Seen { mount, read_only, inherited: Some(index) });
            }
        }
    }
    out
}

/// Decides about one mount.
pub(super) fn fate(place: &Place<'_>, seen: &Seen<'_>) -> Fate {
    let target = clean(&seen.mount.target);
    match &seen.mount.kind {
        MountKind::Named(key) => named(place, key, &target),
        MountKind::Anonymous => anonymous(place, &target),
        MountKind::Tmpfs(limit) => {
            Fate::Scratch { memory: true, limit: *limit, why: "a tmpfs is memory" }
        }
        MountKind::Image(reference) => Fate::Image(reference.clone()),
        MountKind::Bind { source, facts } => binds::fate(place, seen, source, facts, &target),
        MountKind::Other(kind) => Fate::Lost(Loss {
            level: Level::Warning,
            code: "mount-type",
            message: format!(
                "a mount of type `{kind}` has no counterpart: `{target}` is not mounted"
            ),
            fix: "use a named volume".to_owned(),
        }),
    }
}

fn named(place: &Place<'_>, key: &str, target: &str) -> Fate {
    let volume = place.project.volumes.get(key);
    let option =
        |name: &str| volume.and_then(|v| v.driver_opts.get(name)).map(|v| v.value.as_str());
    if is_shield(target) && place.service.build.is_some() {
        return Fate::Dropped(Drop::Shield);
    }
    if option("type") == Some("tmpfs") {
        return Fate::Scratch { memory: true, limit: None, why: "the volume is a tmpfs" };
    }
    place.store(Origin::Named(key.to_owned()), target)
}

fn anonymous(place: &Place<'_>, target: &str) -> Fate {
    if target.ends_with("/node_modules")
        || target.ends_with("/vendor")
        || target.ends_with("/.next")
    {
        return Fate::Dropped(Drop::Shield);
    }
    let keeps = data_at(place, target).is_some_and(|(kind, _)| kind != DataKind::Cache);
    if keeps {
        return place.store(Origin::Anonymous(target.to_owned()), target);
    }
    Fate::Scratch {
        memory: false,
        limit: None,
        why: "Docker forgets a volume without a name with its container",
    }
}

/// Directories of installed packages: a volume there keeps a mount of source code from hiding them.
fn is_shield(target: &str) -> bool {
    ["/node_modules", "/vendor", "/.next", "/.venv", "/target"]
        .iter()
        .any(|end| target.ends_with(end))
}

impl Place<'_> {
    /// Storage mounted at a path.
    pub(super) fn store(&self, origin: Origin, target: &str) -> Fate {
        let known = data_at(self, target);
        if known.is_some() && self.operated() {
            return Fate::Dropped(Drop::Operated);
        }
        Fate::Claim(Store {
            origin,
            data: known.map(|(kind, _)| kind),
            size: known.map(|(_, size)| size),
        })
    }

    /// Whether an operator runs the service, storage included.
    fn operated(&self) -> bool {
        use model::project::Topology;
        let intent = self.service.intent.database.as_ref();
        intent.is_some_and(|i| i.topology != Topology::Single)
            && self.family.is_some_and(|f| f.engine.is_some())
    }
}

/// What the image table knows about a path: the data directory itself, one above it or one below.
pub(super) fn data_at(place: &Place<'_>, target: &str) -> Option<(DataKind, Bytes)> {
    let family = place.family?;
    let all = family.data.iter().filter(|data| {
        let mut places = std::iter::once(&data.path).chain(&data.also);
        places.any(|path| path == target || is_below(path, target) || is_below(target, path))
    });
    let mut all: Vec<_> = all.collect();
    // The closest first: a directory and one below it may differ.
    all.sort_by_key(|data| (data.path != target, std::cmp::Reverse(data.path.len())));
    let first = all.first()?;
    Some((first.kind, Bytes::gib(first.size_gi.into())))
}

/// Whether `path` lies below `above`.
pub(super) fn is_below(path: &str, above: &str) -> bool {
    above == "/" || path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

/// A path without a slash at its end.
pub(super) fn clean(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() }
}

/// How a directory of the host is named for comparing: `./data/` is `data`.
pub(super) fn source_key(source: &str) -> String {
    let trimmed = source.trim_end_matches('/');
    trimmed.strip_prefix("./").unwrap_or(trimmed).to_owned()
}

/// Which services mount which storage: name of the volume or of the directory → service → whether
/// it only reads.
pub(crate) type Sharers<'p> = BTreeMap<String, BTreeMap<&'p str, bool>>;

/// Looks at the mounts of every service.
pub(crate) fn sharers(project: &Project) -> Sharers<'_> {
    let mut out = Sharers::new();
    for service in project.services.values() {
        for seen in mounts(project, service) {
            let key = match &seen.mount.kind {
                MountKind::Named(key) => format!("volume:{key}"),
                MountKind::Bind { source, .. } => format!("bind:{}", source_key(source)),
                _ => continue,
            };
            let reads = out.entry(key).or_default().entry(service.name.as_str()).or_insert(true);
            *reads &= seen.read_only;
        }
    }
    out
}

impl Origin {
    /// The key under which [`sharers`] counts it; `None` if nobody else can mount it.
    pub(super) fn shared_key(&self) -> Option<String> {
        match self {
            Self::Named(key) => Some(format!("volume:{key}")),
            Self::Bind { source, .. } => Some(format!("bind:{source}")),
            Self::Anonymous(_) | Self::Image(_) => None,
        }
    }

    /// The volume's own settings.
    pub(super) fn volume<'p>(&self, project: &'p Project) -> Option<&'p Volume> {
        match self {
            Self::Named(key) => project.volumes.get(key),
            _ => None,
        }
    }
}

/// The data directories of an image that nothing is mounted at. The table's own images are sure to
/// keep data there; a database that is only guessed must not lose it if it does.
pub(super) fn unmounted(place: &Place<'_>) -> Vec<(&'static catalog::DataPath, String)> {
    let listed = place.image.and_then(catalog::lookup);
    let keeps = |f: &Family| listed.is_some_and(|l| l.id == f.id) || f.role == Role::Database;
    let Some(family) = place.family.filter(|f| keeps(f) && !place.operated()) else {
        return Vec::new();
    };
    let seen = mounts(place.project, place.service);
    let targets: BTreeSet<String> = seen
        .iter()
        .map(|seen| clean(&seen.mount.target))
        .chain(place.service.tmpfs.iter().map(|t| clean(&t.value.0)))
        .collect();
    // Files that are shown below a data directory are not the data.
    let stored: BTreeSet<String> = seen
        .iter()
        .filter(|seen| !matches!(fate(place, seen), Fate::Files | Fate::Dropped(_)))
        .map(|seen| clean(&seen.mount.target))
        .collect();
    let all: Vec<&'static catalog::DataPath> = match place.image {
        Some(image) => family.data_for(image).collect(),
        None => family.data.iter().collect(),
    };
    all.into_iter()
        .filter(|data| data.kind != DataKind::Cache)
        .filter(|data| {
            let mut places = std::iter::once(&data.path).chain(&data.also);
            !places.any(|path| {
                targets.iter().any(|t| t == path || is_below(path, t))
                    || stored.iter().any(|t| is_below(t, path))
            })
        })
        .map(|data| (data, clean(&data.path)))
        .collect()
}

//! How much storage, of which kind, and whether it ties a service to one copy.

use super::fate::{Fate, Origin, Place, Sharers, Store, fate, mounts, unmounted};
use crate::world::{Subject, World};
use catalog::{DataKind, Family, ImageRef, Replicas, Role};
use model::plan::AccessMode;
use model::project::{Project, Service};
use model::reason::Because;
use units::Bytes;

/// Size of a database's claim of which nothing is known.
const DATABASE_SIZE: Bytes = Bytes::gib(10);

/// Size of any other claim of which nothing is known.
const OTHER_SIZE: Bytes = Bytes::gib(5);

/// Provisioners whose drivers can bind a volume to a single pod.
const ONE_POD: &[&str] = &[
    "rbd.csi.ceph.com",
    "ebs.csi.aws.com",
    "pd.csi.storage.gke.io",
    "disk.csi.azure.com",
    "cinder.csi.openstack.org",
];

/// What a service's storage means for its number of copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StorageNeed {
    /// It writes to nothing that outlives a pod.
    None,
    /// It owns what it writes: one copy.
    Private {
        /// The end of a sentence that starts with "because".
        why: String,
        /// The mounts that say so.
        because: Vec<Because>,
    },
    /// Several may write, on storage that several nodes can mount.
    Shared,
}

/// What the storage of a service means for its number of copies.
pub(crate) fn storage_need(
    world: &World<'_>,
    service: &Service,
    family: Option<&'static Family>,
    image: Option<&ImageRef>,
) -> StorageNeed {
    let project = world.project;
    let place = Place { project, service, family, image };
    let mut need = StorageNeed::None;
    for seen in mounts(project, service).into_iter().filter(|seen| !seen.read_only) {
        let Fate::Claim(store) = fate(&place, &seen) else { continue };
        if may_share(&place, &store, &world.sharers) {
            need = StorageNeed::Shared;
            continue;
        }
        let field = match seen.inherited {
            None => format!("services.{}.volumes.{}", service.name, seen.mount.index),
            Some(index) => format!("services.{}.volumes_from.{index}", service.name),
        };
        return StorageNeed::Private {
            why: format!("it owns what it writes to `{}`", seen.mount.target),
            because: vec![Because::Line { field, span: seen.mount.span }],
        };
    }
    match unmounted(&place).first() {
        Some((data, path)) => StorageNeed::Private {
            why: format!(
                "nothing is mounted at `{path}`, so each copy would keep {} of its own",
                data.what
            ),
            because: vec![own_line(service)],
        },
        None => need,
    }
}

fn own_line(service: &Service) -> Because {
    Because::Line { field: format!("services.{}", service.name), span: service.span }
}

/// Whether several pods may write to the storage.
fn may_share(place: &Place<'_>, store: &Store, sharers: &Sharers<'_>) -> bool {
    let several = others(place.service, &store.origin, sharers) > 0;
    let stateless = place.family.is_some_and(|f| f.replicas == Replicas::Stateless);
    match store.data {
        Some(DataKind::Shared) => true,
        Some(DataKind::Cache) => stateless,
        Some(DataKind::Exclusive | DataKind::Settings) => false,
        None => several || is_network_storage(place.project, &store.origin),
    }
}

/// How many other services mount the storage.
pub(super) fn others(service: &Service, origin: &Origin, sharers: &Sharers<'_>) -> usize {
    let users = origin.shared_key().and_then(|key| sharers.get(&key));
    users.map_or(0, |users| users.keys().filter(|user| **user != service.name).count())
}

/// Whether the volume says itself that it lies on NFS or the like.
pub(super) fn is_network_storage(project: &Project, origin: &Origin) -> bool {
    let Some(volume) = origin.volume(project) else { return false };
    let kind = volume.driver_opts.get("type").map(|t| t.value.as_str());
    matches!(kind, Some("nfs" | "nfs4" | "cifs" | "smb"))
        || volume.driver.as_ref().is_some_and(|d| {
            ["nfs", "glusterfs", "ceph", "cifs", "netshare"].iter().any(|n| d.value.contains(n))
        })
}

/// The size of a service's claim where no mount says more.
pub(crate) fn claim_size(subject: &Subject<'_>) -> Bytes {
    stated_size(subject).map_or_else(|| known_size(subject), |(size, _)| size)
}

fn known_size(subject: &Subject<'_>) -> Bytes {
    let data = subject.family().and_then(|f| f.data.iter().find(|d| d.kind == DataKind::Exclusive));
    match (data, subject.family().map(|f| f.role)) {
        (Some(data), _) => Bytes::gib(data.size_gi.into()),
        (None, Some(Role::Database)) => DATABASE_SIZE,
        _ => OTHER_SIZE,
    }
}

/// The size that `x-muster` states at the service.
fn stated_size(subject: &Subject<'_>) -> Option<(Bytes, Because)> {
    let intent = &subject.service.intent;
    if let Some((size, span)) = intent.database.as_ref().and_then(|d| Some((d.storage?, d.span))) {
        return Some((size, subject.line("x-muster.database.storage", span)));
    }
    intent.storage.as_ref().map(|size| (size.value, subject.line("x-muster.storage", size.span)))
}

/// A claim's size and what it rests on, besides the rule.
pub(super) fn size(
    world: &World<'_>,
    subject: &Subject<'_>,
    store: &Store,
) -> (Bytes, Vec<Because>) {
    if let Some(volume) = store.origin.volume(world.project)
        && let (Some(size), Origin::Named(key)) = (&volume.size, &store.origin)
    {
        let because =
            Because::Line { field: format!("volumes.{key}.x-muster.size"), span: size.span };
        return (size.value, vec![because]);
    }
    if let Some((size, because)) = stated_size(subject) {
        return (size, vec![because]);
    }
    match store.size {
        Some(size) => (size, subject.image_fact().into_iter().collect()),
        None if subject.family().is_some_and(|f| f.role == Role::Database) => {
            (DATABASE_SIZE, Vec::new())
        }
        None => (OTHER_SIZE, Vec::new()),
    }
}

/// The storage class: of the volume, of the command line, else what the cluster has for the purpose.
pub(super) fn class(
    world: &World<'_>,
    origin: &Origin,
    several: Several,
) -> (Option<String>, Option<Because>) {
    if let Some((class, Origin::Named(key))) =
        origin.volume(world.project).and_then(|v| v.class.as_ref()).map(|c| (c, origin))
    {
        let because =
            Because::Line { field: format!("volumes.{key}.x-muster.class"), span: class.span };
        return (Some(class.value.clone()), Some(because));
    }
    let (option, name, wanted) = match several {
        Several::Nodes => (
            &world.options.shared_storage_class,
            "--shared-storage-class",
            &["cephfs", "nfs", "efs", "filestore", "azurefile", "file.csi"][..],
        ),
        Several::No => (&world.options.storage_class, "--storage-class", &[][..]),
    };
    if let Some(class) = option {
        return (Some(class.clone()), Some(Because::Option { name: name.to_owned() }));
    }
    let found = wanted.iter().find_map(|word| {
        world.cluster.storage_classes.iter().find(|(_, provisioner)| provisioner.contains(word))
    });
    (found.map(|(name, _)| name.clone()), found.map(|_| Because::Cluster))
}

/// Whether storage is mounted by pods of several nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Several {
    /// By one pod at a time.
    No,
    /// By many pods, wherever they are.
    Nodes,
}

/// The access mode: one pod where that can be promised, else one node, else many.
pub(super) fn access(
    world: &World<'_>,
    subject: &Subject<'_>,
    class: Option<&str>,
    several: Several,
) -> AccessMode {
    if several == Several::Nodes {
        return AccessMode::ReadWriteMany;
    }
    let provisioner = class.and_then(|class| world.cluster.storage_classes.get(class));
    let one_pod = provisioner.is_some_and(|p| ONE_POD.iter().any(|known| p.ends_with(known)));
    if one_pod && subject.is_data_store() {
        AccessMode::ReadWriteOncePod
    } else {
        AccessMode::ReadWriteOnce
    }
}

//! Databases: where their files are, how many servers use them, how they stop.

use crate::binding::Bindings;
use crate::cursor::At;
use crate::finding::Findings;
use crate::known::{Store, mounts, sounds_like_database, store_in};
use crate::rules::Context;
use crate::set::{Container, Object, Pod, Set};
use crate::table::{scaling, storage as t};

/// What backs a mount of a pod.
enum Backing<'s, 'a> {
    /// A claim of the files, or one that is not in them.
    Claim { at: At<'a>, claim: Option<&'s Object<'a>> },
    /// A claim template of the `StatefulSet`: one claim per pod.
    Template(At<'a>),
    /// A volume of the pod itself.
    Volume(At<'a>),
}

/// The objects, and which volume is whose.
#[derive(Clone, Copy)]
struct Storage<'s, 'a> {
    set: &'s Set<'a>,
    bindings: &'s Bindings<'s, 'a>,
}

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    let storage = Storage { set: cx.set, bindings: &Bindings::read(cx.set) };
    for pod in cx.set.pods.iter().filter(|p| !p.is_job()) {
        if let Some((store, container)) = store_in(pod) {
            data(pod, store, container, storage, out);
            deployment(pod, store, out);
            grace(pod, store, out);
        }
    }
    if !cx.set.pods.iter().any(|pod| store_in(pod).is_some()) {
        for volume in cx.set.of_kind("PersistentVolume") {
            lonely_nfs(volume, out);
        }
    }
}

fn data<'a>(
    pod: &Pod<'a>,
    store: &Store,
    container: &Container<'a>,
    storage: Storage<'_, 'a>,
    out: &mut Findings,
) {
    let set = storage.set;
    let all = mounts(container);
    let exact =
        |path: &str| path.starts_with(store.data) || (path != "/" && store.data.starts_with(path));
    let found = all.iter().find(|(path, _)| exact(path)).or_else(|| {
        // An image of another vendor keeps its data elsewhere; any persistent mount will do.
        all.iter().find(|(_, m)| {
            !matches!(backing(pod, m, set), Some(Backing::Volume(v)) if !v.at("nfs").is_set())
        })
    });
    let Some((path, mount)) = found else {
        return ephemeral(pod, store, &container.at.at("volumeMounts"), out);
    };
    postgres(pod, store, container, path, mount, out);
    separate(pod, store, container, set, out);
    match backing(pod, mount, set) {
        Some(Backing::Volume(volume)) => in_pod(pod, store, &volume, out),
        Some(Backing::Claim { at, claim }) => on_claim(pod, store, &at, claim, storage, out),
        Some(Backing::Template(template)) if nfs_class(&template.at("spec"), set) => {
            nfs(&pod.owner, store.name, &template.dig("spec.storageClassName"), out);
        }
        Some(Backing::Template(_)) | None => {}
    }
}

fn backing<'s, 'a>(pod: &Pod<'a>, mount: &At<'a>, set: &'s Set<'a>) -> Option<Backing<'s, 'a>> {
    let name = mount.at("name").text()?;
    let templates = pod.owner.spec().at("volumeClaimTemplates").items();
    if let Some(template) = templates.into_iter().find(|t| t.dig("metadata.name").is(&name)) {
        return Some(Backing::Template(template));
    }
    let volume = pod.spec.at("volumes").items().into_iter().find(|v| v.at("name").is(&name))?;
    let at = volume.dig("persistentVolumeClaim.claimName");
    match at.text() {
        Some(claim) => {
            let claim = set.find("PersistentVolumeClaim", &pod.owner.namespace, &claim);
            Some(Backing::Claim { at, claim })
        }
        None => Some(Backing::Volume(volume)),
    }
}

fn ephemeral(pod: &Pod<'_>, store: &Store, at: &At<'_>, out: &mut Findings) {
    // Redis and the like are often a cache: nobody's data is lost.
    if !store.is_relational() && store.port != 27017 {
        return;
    }
    let message = format!(
        "{} has no persistent volume: all its data is gone when the pod is moved or restarted",
        store.name
    );
    let fix = format!(
        "# in a StatefulSet\nvolumeClaimTemplates:\n  - metadata:\n      name: data\n    spec:\n      accessModes: [ReadWriteOnce]\n      resources:\n        requests:\n          storage: 10Gi\n# and in the container\nvolumeMounts:\n  - name: data\n    mountPath: {}",
        store.data
    );
    out.add(&t::EPHEMERAL_DATABASE, &pod.owner, at, message, fix);
}

fn in_pod(pod: &Pod<'_>, store: &Store, volume: &At<'_>, out: &mut Findings) {
    if volume.at("nfs").is_set() {
        nfs(&pod.owner, store.name, &volume.at("nfs"), out);
    } else if volume.at("emptyDir").written() {
        ephemeral(pod, store, &volume.at("emptyDir"), out);
    }
}

fn on_claim<'a>(
    pod: &Pod<'a>,
    store: &Store,
    at: &At<'a>,
    claim: Option<&Object<'a>>,
    Storage { set, bindings }: Storage<'_, 'a>,
    out: &mut Findings,
) {
    let most = set.pods_max(&pod.owner);
    if most > 1 || pod.owner.kind == "DaemonSet" {
        let message = format!(
            "up to {most} {} servers would work on the same files: the second one refuses to start, or both destroy them",
            store.name
        );
        let fix = "one replica; or a StatefulSet with volumeClaimTemplates, so that each server has its own claim, and replication between them";
        out.add(&t::SHARED_DATA_DIRECTORY, &pod.owner, at, message, fix);
    }
    if let Some(claim) = claim
        && (nfs_class(&claim.spec(), set)
            || bindings.tie(claim).is_some_and(|tie| is_nfs(tie.volume())))
    {
        nfs(&pod.owner, store.name, at, out);
    }
}

/// Replicas of a plain image with a claim each, and nothing that joins them.
fn separate(
    pod: &Pod<'_>,
    store: &Store,
    container: &Container<'_>,
    set: &Set<'_>,
    out: &mut Findings,
) {
    const PLAIN: &[&str] = &["postgres", "mysql", "mariadb", "mongo", "percona"];
    let image = container.at.at("image").text().unwrap_or_default();
    let most = set.pods_max(&pod.owner);
    let own_claims = !pod.owner.spec().at("volumeClaimTemplates").items().is_empty();
    let plain = PLAIN.contains(&crate::known::Image::parse(&image).base);
    if most < 2 || !own_claims || !plain || joins(pod) {
        return;
    }
    let message = format!(
        "{most} pods of {}, each with files of its own, and nothing in the pod sets up replication: they are {most} separate databases, and the Service picks one at random",
        store.name
    );
    let fix = "replicas: 1\n# or an operator that sets up replication: CloudNativePG, mariadb-operator, MySQL Operator, …";
    out.add(&t::SEPARATE_DATABASES, &pod.owner, &pod.owner.spec().at("replicas"), message, fix);
}

/// Whether anything that the pod starts with speaks of other members.
fn joins(pod: &Pod<'_>) -> bool {
    const WORDS: &[&str] = &[
        "repl", "galera", "wsrep", "cluster", "patroni", "primary", "standby", "master", "slave",
        "ordinal", "peer", "member",
    ];
    let speaks = |text: &str| {
        let text = text.to_ascii_lowercase();
        WORDS.iter().any(|word| text.contains(word))
    };
    pod.containers.iter().any(|c| {
        let names = c.at.at("env").items().into_iter().filter_map(|e| e.at("name").text());
        let lists = ["command", "args"].map(|field| c.at.at(field).items());
        let started = lists.into_iter().flatten().filter_map(|item| item.text());
        names.chain(started).chain([c.name.clone()]).any(|text| speaks(&text))
    })
}

fn is_nfs(volume: &Object<'_>) -> bool {
    volume.spec().at("nfs").is_set() || volume.spec().dig("csi.driver").is("nfs.csi.k8s.io")
}

fn nfs_class(claim: &At<'_>, set: &Set<'_>) -> bool {
    let Some(name) = claim.at("storageClassName").text() else { return false };
    let provisioner =
        set.find("StorageClass", "", &name).and_then(|c| c.root.at("provisioner").text());
    crate::known::words(&provisioner.unwrap_or(name)).iter().any(|w| w == "nfs")
}

fn nfs(object: &Object<'_>, whose: &str, at: &At<'_>, out: &mut Findings) {
    let message = format!(
        "the files of {whose} lie on NFS: after a node is lost its locks stay (`Unable to lock ./ibdata1`), a lost connection hangs the server, and an fsync that the NFS server does not honor corrupts tables"
    );
    let fix = "use block storage:\nstorageClassName: rook-ceph-block  # or the cloud's disks, or local disks below a replicated database\naccessModes: [ReadWriteOncePod]\n# if it must be NFS: one replica, mountOptions [hard, nfsvers=4.1], and backups elsewhere";
    out.add(&t::NFS_DATABASE, object, at, message, fix);
}

/// A volume whose name speaks of a database, though no pod of the files mounts it.
fn lonely_nfs(volume: &Object<'_>, out: &mut Findings) {
    let spec = volume.spec();
    let path = spec.dig("nfs.path").text().unwrap_or_default();
    let claim = spec.dig("claimRef.name").text().unwrap_or_default();
    let sounds = [volume.name.as_str(), &path, &claim].into_iter().any(sounds_like_database);
    if is_nfs(volume) && sounds {
        nfs(volume, "a database (by the volume's name or path)", &spec.at("nfs"), out);
    }
}

fn postgres(
    pod: &Pod<'_>,
    store: &Store,
    container: &Container<'_>,
    path: &str,
    mount: &At<'_>,
    out: &mut Findings,
) {
    if store.port != 5432 || path.trim_end_matches('/') != "/var/lib/postgresql/data" {
        return;
    }
    let env = container.at.at("env").items();
    let moved = env.iter().any(|e| e.at("name").is("PGDATA"));
    let text = container.at.at("image").text().unwrap_or_default();
    let image = crate::known::Image::parse(&text);
    let official = image.base == "postgres";
    let from_18 = official && image.major().map_or(!image.digest, |major| major >= 18);
    let at = mount.at("mountPath");
    if from_18 && !moved {
        let message = "from PostgreSQL 18 on (and that is what an image without a version is) the data lies in /var/lib/postgresql/<major>/docker, and the image refuses to start with a mount here";
        let fix = "mountPath: /var/lib/postgresql\n# or pin the image to a major below 18";
        out.add(&t::POSTGRES_MOUNT, &pod.owner, &at, message, fix);
    } else if official && !moved && !mount.at("subPath").is_set() {
        let message = "a new ext4 volume holds `lost+found`: initdb refuses a directory that is not empty, and the pod crashes at its first start";
        let fix = "env:\n  - name: PGDATA\n    value: /var/lib/postgresql/data/pgdata\n# or `subPath: pgdata` in the mount";
        out.add(&t::POSTGRES_MOUNT, &pod.owner, &at, message, fix);
    }
}

fn deployment(pod: &Pod<'_>, store: &Store, out: &mut Findings) {
    if pod.owner.kind == "Deployment" && (store.is_relational() || store.port == 27017) {
        let message = format!(
            "{} as a Deployment: no stable name, no claim of its own, and at a rollout two servers at a time unless the strategy is Recreate",
            store.name
        );
        let fix = "kind: StatefulSet\nspec:\n  serviceName: …  # a headless Service\n  volumeClaimTemplates: […]";
        out.add(&t::DATABASE_DEPLOYMENT, &pod.owner, &pod.owner.root.at("kind"), message, fix);
    }
}

fn grace(pod: &Pod<'_>, store: &Store, out: &mut Findings) {
    let at = pod.spec.at("terminationGracePeriodSeconds");
    if at.int().unwrap_or(30) <= 30 && store.is_relational() {
        let message = format!(
            "{} has 30 seconds or less to write its buffers; then it is killed and starts with crash recovery",
            store.name
        );
        out.add(
            &scaling::DATABASE_GRACE,
            &pod.owner,
            &at,
            message,
            "terminationGracePeriodSeconds: 120",
        );
    }
}

//! A nightly dump of each database whose engine is known.

use crate::log::Log;
use crate::security::NOBODY;
use crate::world::{Shape, Subject, World};
use crate::{names, rules};
use catalog::Role;
use model::plan::{
    AccessMode, Claim, Completions, Container, EnvSource, EnvVar, Kind, Mounted, Pod, PodSecurity,
    PodVolume, Probes, RestartPolicy, VolumeSource, Workload,
};
use model::reason::{Because, Certainty, Level};
use units::{Bytes, Seconds};

/// When nobody says otherwise: at 03:17, away from everybody else's full hour.
const SCHEDULE: &str = "17 3 * * *";

/// How many dumps are kept when nobody says otherwise.
const KEEP: u32 = 7;

/// The longest name of a `CronJob`: its jobs add eleven characters.
const CRON_JOB_MAX: usize = 52;

/// Where dumps lie in the pod.
const DIRECTORY: &str = "/backup";

/// Schedule and number kept; `None` if no backup is wanted or possible.
pub(crate) fn schedule(subject: &Subject<'_>) -> Option<(String, u32)> {
    let intent = subject.service.intent.database.as_ref().and_then(|d| d.backup.as_ref());
    if intent.is_some_and(|b| !b.enabled) {
        return None;
    }
    let schedule = intent.and_then(|b| b.schedule.clone()).unwrap_or_else(|| SCHEDULE.to_owned());
    Some((schedule, intent.and_then(|b| b.keep).unwrap_or(KEEP)))
}

/// A `CronJob` and a claim for each database that runs as a workload of ours.
pub(crate) fn backups(
    world: &World<'_>,
    workloads: &[Workload],
    log: &mut Log,
) -> (Vec<Workload>, Vec<Claim>) {
    let mut jobs = Vec::new();
    let mut claims = Vec::new();
    for subject in world.subjects.values().filter(|s| s.shape == Shape::StatefulSet) {
        let Some(family) = subject.family().filter(|f| f.role == Role::Database) else { continue };
        let Some((schedule, keep)) = schedule(subject) else {
            log.find(
                Level::Warning,
                "no-backup",
                Some(subject.key()),
                format!("`{}` is not backed up: x-muster.database.backup says so", subject.key()),
                "make sure that somebody else does it",
                subject.lines("x-muster.database"),
            );
            continue;
        };
        let Some(recipe) = &family.backup else {
            no_recipe(subject, log);
            continue;
        };
        let Some(database) = workloads.iter().find(|w| w.name == subject.name) else { continue };
        let name = world.derived(&subject.name, "backup", CRON_JOB_MAX);
        explain(subject, &name, &schedule, keep, log);
        let Kind::StatefulSet { claims: templates, .. } = &database.kind else { continue };
        let data = templates.iter().map(|c| c.size).max().unwrap_or(Bytes::gib(10));
        claims.push(Claim {
            name: name.clone(),
            service: subject.key().to_owned(),
            // Compressed dumps are smaller than the data, but there are several.
            size: data.times(2),
            access: AccessMode::ReadWriteOnce,
            class: templates.first().and_then(|c| c.class.clone()),
            external: false,
        });
        jobs.extend(job(database, name, schedule, &script(database, recipe, keep), subject));
    }
    (jobs, claims)
}

fn no_recipe(subject: &Subject<'_>, log: &mut Log) {
    log.find(
        Level::Warning,
        "backup-by-hand",
        Some(subject.key()),
        format!("no dump command for `{}` is known: nothing backs it up", subject.key()),
        "snapshot its claim (VolumeSnapshot), or add a CronJob of your own",
        subject.image_fact().into_iter().collect(),
    );
}

fn explain(subject: &Subject<'_>, name: &str, schedule: &str, keep: u32, log: &mut Log) {
    let stated = subject.service.intent.database.as_ref().is_some_and(|d| d.backup.is_some());
    let because: Vec<Because> =
        if stated { subject.lines("x-muster.database.backup") } else { Vec::new() };
    let certainty = if stated { Certainty::Stated } else { Certainty::Assumed };
    for object in [
        format!("CronJob/{name}"),
        format!("PersistentVolumeClaim/{name}"),
        format!("NetworkPolicy/{name}"),
    ] {
        log.decide_on(Some(subject.key()), object, "")
            .chose(format!("a dump at `{schedule}`, the last {keep} are kept"))
            .all(because.clone())
            .rule(rules::BACKUP_DAILY)
            .sure(certainty)
            .why("a database without a backup is a database that will be lost");
    }
    log.decide_on(
        Some(subject.key()),
        format!("CronJob/{name}"),
        "spec.jobTemplate.spec.template.spec.securityContext",
    )
    .chose(format!("user {NOBODY}, unless the image needs root"))
    .rule(rules::RESTRICTED)
    .why("a dump goes over the network and needs none of the server's files");
}

/// The dump, compressed, renamed into place only when it is whole; older ones go afterwards.
fn script(database: &Workload, recipe: &catalog::Backup, keep: u32) -> String {
    let mut lines = vec!["set -eu".to_owned(), "umask 077".to_owned()];
    for container in database.pod.containers.iter().take(1) {
        for variable in container.env.iter().filter_map(|v| v.name.strip_suffix("_FILE")) {
            lines.push(format!("export {variable}=\"$(cat \"${variable}_FILE\")\""));
        }
    }
    let file =
        format!("{DIRECTORY}/{}-$(date -u +%Y%m%dT%H%M%SZ).{}", database.name, recipe.suffix);
    lines.push(format!("file=\"{file}\""));
    lines.push(format!("{} > \"$file.part\"", recipe.dump));
    lines.push("test -s \"$file.part\"".to_owned());
    lines.push("gzip -c \"$file.part\" > \"$file.gz.part\"".to_owned());
    lines.push("rm \"$file.part\"".to_owned());
    lines.push("mv \"$file.gz.part\" \"$file.gz\"".to_owned());
    lines.push(format!(
        "ls -1 {DIRECTORY}/{}-*.gz | sort -r | tail -n +{} | while read -r old; do rm -- \"$old\"; done",
        database.name,
        keep.max(1).saturating_add(1)
    ));
    lines.push("ls -l \"$file.gz\"".to_owned());
    lines.join("\n")
}

/// A dump needs none of the server's files: where the image works without root, it runs as a user
/// of its own.
fn security(database: &Workload) -> PodSecurity {
    let server = database.pod.security.clone();
    if !server.non_root {
        return server;
    }
    let own = Some(NOBODY);
    PodSecurity { user: own, group: own, fs_group: own, groups: Vec::new(), ..server }
}

/// The pod of the database, with its credentials, without its data.
fn job(
    database: &Workload,
    name: String,
    schedule: String,
    script: &str,
    subject: &Subject<'_>,
) -> Option<Workload> {
    let main = database.pod.containers.first()?;
    let secret = |volume: &PodVolume| matches!(volume.source, VolumeSource::Secret { .. });
    let mut volumes: Vec<PodVolume> =
        database.pod.volumes.iter().filter(|v| secret(v)).cloned().collect();
    let mut mounts: Vec<Mounted> = main
        .mounts
        .iter()
        .filter(|m| volumes.iter().any(|v| v.name == m.volume))
        .cloned()
        .collect();
    volumes.retain(|v| mounts.iter().any(|m| m.volume == v.name));
    for (volume, path, source) in [
        ("backup", DIRECTORY, VolumeSource::Claim { name: name.clone(), read_only: false }),
        ("tmp", "/tmp", VolumeSource::Empty { memory: false, limit: Some(Bytes::gib(1)) }),
    ] {
        volumes.push(PodVolume { name: volume.to_owned(), source });
        mounts.push(Mounted {
            path: path.to_owned(),
            volume: volume.to_owned(),
            sub_path: None,
            read_only: false,
        });
    }
    volumes.sort_by(|a, b| a.name.cmp(&b.name));
    mounts.sort();
    let mut env: Vec<EnvVar> = main.env.clone();
    env.push(EnvVar { name: "HOST".to_owned(), source: EnvSource::Value(subject.name.clone()) });
    crate::config::sort_env(&mut env);
    let container = Container {
        name: names::label("backup", 63),
        command: Some(vec!["/bin/sh".to_owned(), "-c".to_owned()]),
        args: Some(vec![crate::config::escape(script)]),
        env,
        mounts,
        ports: Vec::new(),
        probes: Probes::default(),
        lifecycle: model::plan::Lifecycle::default(),
        ..main.clone()
    };
    let pod = Pod {
        labels: database.pod.labels.clone(),
        annotations: database.pod.annotations.clone(),
        containers: vec![container],
        volumes,
        security: security(database),
        restart: RestartPolicy::OnFailure,
        grace: Seconds(30),
        ..Pod::default()
    };
    let job = Completions { count: 1, indexed: false, backoff_limit: 3, ttl_seconds: Some(86_400) };
    Some(Workload {
        name,
        service: subject.key().to_owned(),
        component: "backup".to_owned(),
        version: database.version.clone(),
        kind: Kind::CronJob { schedule, job },
        pod,
        min_ready: Seconds(0),
        after: vec![subject.name.clone()],
    })
}

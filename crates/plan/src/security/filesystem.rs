//! What a container may write.

use super::identity::Identity;
use crate::attributes::{cite, explain_scratch, image_or_own};
use crate::log::Log;
use crate::rules;
use crate::world::Subject;
use catalog::RootFilesystem;
use model::plan::VolumeSource;
use model::reason::{Because, Certainty};
use std::collections::{BTreeMap, BTreeSet};
use units::Bytes;

/// The size of a scratch volume of an unknown image, in Mi: what its disk may hold at all.
const SCRATCH_MI: u32 = 1024;

/// Decides whether the root file system is read-only.
pub(super) fn read_only(
    subject: &Subject<'_>,
    identity: &Identity,
    privileged: bool,
    log: &mut Log,
) -> bool {
    let (read_only, because, certainty, why) = choose(subject, identity, privileged);
    log.decide(subject, subject.container_field("securityContext.readOnlyRootFilesystem"))
        .chose(read_only.to_string())
        .all(because)
        .rule(if read_only { rules::READ_ONLY_ROOT } else { rules::AS_SMALL_AS_CAN_BE })
        .sure(certainty)
        .why(why);
    read_only
}

fn choose(
    subject: &Subject<'_>,
    identity: &Identity,
    privileged: bool,
) -> (bool, Vec<Because>, Certainty, String) {
    let service = subject.service;
    let intent = service.intent.security.as_ref().and_then(|intent| intent.read_only);
    if let Some(read_only) = intent {
        let mut because = subject.lines("x-muster.security");
        because.extend(cite(subject, &["read_only"]));
        return (
            read_only,
            because,
            Certainty::Stated,
            "x-muster.security.read_only says so".to_owned(),
        );
    }
    if let Some(said) = &service.read_only {
        let because = vec![subject.line("read_only", said.span)];
        return (said.value, because, Certainty::Stated, "the file says so".to_owned());
    }
    let because = vec![image_or_own(subject)];
    if privileged {
        return (
            false,
            because,
            Certainty::Inferred,
            "a privileged container works on the machine".to_owned(),
        );
    }
    match subject.known.as_ref() {
        Some(known) => match &known.family.root_filesystem {
            RootFilesystem::Writable(why) => (false, because, known.certainty, why.clone()),
            RootFilesystem::ReadOnly => {
                let why = format!(
                    "{} writes only to its data and scratch directories",
                    known.family.title
                );
                (true, because, known.certainty, why)
            }
        },
        None if identity.root => {
            let why =
                "an unknown image that needs root writes in places that nobody knows".to_owned();
            (false, because, Certainty::Assumed, why)
        }
        None => {
            let why =
                "most images write to /tmp only; x-muster.security.read_only: false says otherwise"
                    .to_owned();
            (true, because, Certainty::Assumed, why)
        }
    }
}

/// Directories that must stay writable on a read-only root file system.
pub(super) fn scratch(
    subject: &Subject<'_>,
    read_only: bool,
    mounted: &BTreeSet<String>,
    log: &mut Log,
) -> Vec<(String, VolumeSource, String)> {
    if !read_only {
        return Vec::new();
    }
    let limit = subject.family().map_or(SCRATCH_MI, |family| family.resources.ephemeral_limit_mi);
    let mut out: Vec<(String, VolumeSource, String)> = Vec::new();
    for (path, (why, because, certainty)) in wanted(subject) {
        let taken: BTreeSet<&str> = mounted
            .iter()
            .map(String::as_str)
            .chain(out.iter().map(|(path, ..)| path.as_str()))
            .collect();
        if covered(&path, &taken) {
            continue;
        }
        let why_mounted = format!("on a read-only root file system it needs this writable: {why}");
        explain_scratch(
            subject,
            &path,
            "an emptyDir",
            &[because],
            rules::READ_ONLY_ROOT,
            (certainty, &why_mounted),
            log,
        );
        let source = VolumeSource::Empty { memory: false, limit: Some(Bytes::mib(limit.into())) };
        out.push((path, source, why));
    }
    out
}

type Wanted = BTreeMap<String, (String, Because, Certainty)>;

/// The table's paths, data that nobody mounted, volumes of the Dockerfile, and always /tmp.
fn wanted(subject: &Subject<'_>) -> Wanted {
    let mut out = Wanted::new();
    let own = || subject.own_line();
    out.insert("/tmp".to_owned(), ("temporary files".to_owned(), own(), Certainty::Assumed));
    if let Some(facts) = subject.dockerfile {
        let because = Because::File { path: facts.path.clone() };
        for path in facts.volumes.iter().filter(|path| path.starts_with('/') && path.len() > 1) {
            let why = "a VOLUME of the Dockerfile that nothing is mounted on".to_owned();
            out.insert(clean(path), (why, because.clone(), Certainty::Known));
        }
    }
    for (path, because) in written(subject) {
        let why = "the command or a template writes there".to_owned();
        out.insert(path, (why, because, Certainty::Inferred));
    }
    let Some(known) = &subject.known else { return out };
    for (path, why) in &known.family.writable {
        out.insert(clean(path), (why.clone(), image_or_own(subject), known.certainty));
    }
    let data: Vec<_> = match subject.image.facts_ref() {
        Some(image) => known.family.data_for(image).collect(),
        None => known.family.data.iter().collect(),
    };
    for data in data {
        let why = format!("{}, which the file mounts nothing for", data.what);
        out.entry(clean(&data.path)).or_insert((why, image_or_own(subject), known.certainty));
    }
    out
}

/// Where nginx's entrypoint reads templates, and where it writes what becomes of them.
const TEMPLATES: (&str, &str) = ("/etc/nginx/templates", "/etc/nginx/conf.d");

/// Directories in which the command line writes files, and those that templates fill.
fn written(subject: &Subject<'_>) -> Vec<(String, Because)> {
    let mut out = Vec::new();
    for (path, words) in
        [("command", &subject.service.command), ("entrypoint", &subject.service.entrypoint)]
    {
        let Some(words) = words else { continue };
        let because = subject.line(path, words.span);
        let targets = words.value.iter().flat_map(|word| redirected(word));
        out.extend(targets.map(|target| (target, because.clone())));
    }
    let mut mounts = subject.service.mounts.iter();
    if let Some(mount) = mounts.find(|mount| clean(&mount.target).starts_with(TEMPLATES.0)) {
        let because = subject.line(format!("volumes.{}", mount.index), mount.span);
        out.push((TEMPLATES.1.to_owned(), because));
    }
    out
}

/// Directories of the files after `>` in a shell's line. Those at the top hold too much of the image
/// to be hidden by an empty one.
fn redirected(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, _) in line.match_indices('>') {
        let rest = line[at + 1..].trim_start_matches(['>', '|']).trim_start();
        let rest = rest.trim_start_matches(['"', '\'']);
        let end = rest.find(|c: char| c.is_whitespace() || "\"';&|)<>".contains(c));
        let file = &rest[..end.unwrap_or(rest.len())];
        let Some((directory, _)) = file.rsplit_once('/') else { continue };
        let deep = directory.matches('/').count() >= 2;
        let plain = !directory.contains(['$', '*', '`']);
        if directory.starts_with('/') && deep && plain && !is_pseudo(directory) {
            out.push(directory.to_owned());
        }
    }
    out
}

/// Not on a disk.
fn is_pseudo(path: &str) -> bool {
    ["/dev/", "/proc/", "/sys/"].iter().any(|top| path.starts_with(top))
}

fn clean(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() }
}

/// `/var/run` is a link to `/run` in nearly every image.
fn real(path: &str) -> String {
    let path = path.trim_end_matches('/');
    match path.strip_prefix("/var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}"),
        _ => path.to_owned(),
    }
}

/// Whether something is mounted at the path or above it. What is mounted below it stays visible:
/// the runtime mounts shorter paths first.
fn covered(path: &str, taken: &BTreeSet<&str>) -> bool {
    let path = real(path);
    taken.iter().any(|mount| {
        let mount = real(mount);
        path == mount || path.strip_prefix(&mount).is_some_and(|rest| rest.starts_with('/'))
    })
}

//! Which image a service runs, and what is known about it.

use crate::log::Log;
use crate::world::{Image, Known, Subject, World};
use catalog::{Evidence, ImageRef, Strength};
use model::project::{MountKind, Service};
use model::reason::{Because, Certainty, Level};

/// The tag of an image that nobody has built yet.
const UNBUILT_TAG: &str = "dev";

/// Picks the reference: the command line, the file, or a name for what must be built.
pub(super) fn choose(world: &World<'_>, service: &Service) -> Image {
    let base = super::siblings::dockerfile(world.project, service)
        .and_then(|f| f.base.as_deref())
        .and_then(|text| ImageRef::parse(text).ok());
    if let Some(chosen) = world.options.images.get(&service.name) {
        return chosen_image(service, chosen, base);
    }
    if let Some(image) = &service.image {
        let written = image.value.trim().trim_end_matches([':', '@', '/']).to_owned();
        let parsed = ImageRef::parse(&written).ok();
        let must_build = service.build.is_some();
        return Image { reference: written, parsed, base, must_build, stands_for: None };
    }
    let name = format!("{}-{}", world.app, crate::names::label(&service.name, 40));
    let reference = match &world.options.registry {
        Some(registry) => format!("{}/{name}:{UNBUILT_TAG}", registry.trim_end_matches('/')),
        None => format!("{name}:{UNBUILT_TAG}"),
    };
    let parsed = ImageRef::parse(&reference).ok();
    Image { reference, parsed, base, must_build: service.build.is_some(), stands_for: None }
}

/// An image of the command line. What is known of the file's own image holds for it too, unless the
/// table knows better.
fn chosen_image(service: &Service, chosen: &str, base: Option<ImageRef>) -> Image {
    let parsed = ImageRef::parse(chosen).ok();
    let unknown = parsed.as_ref().and_then(catalog::lookup).is_none();
    let written = service.image.as_ref().and_then(|image| ImageRef::parse(&image.value).ok());
    let stands_for = written.or_else(|| base.clone()).filter(|_| unknown);
    Image { reference: chosen.to_owned(), parsed, base, must_build: false, stands_for }
}

/// Finds the image in the table, or guesses from weaker evidence.
pub(super) fn recognise(service: &Service, image: &Image) -> Option<Known> {
    if let Some(family) = image.parsed.as_ref().and_then(catalog::lookup) {
        let why = format!("`{}` is {}", image.reference, family.title);
        return Some(Known { family, why, certainty: Certainty::Known });
    }
    if let Some((image, family)) =
        image.stands_for.as_ref().and_then(|i| Some((i, catalog::lookup(i)?)))
    {
        let why = format!("it takes the place of `{}`, {}", image.canonical(), family.title);
        return Some(Known { family, why, certainty: Certainty::Known });
    }
    let env_keys: Vec<&str> = service.environment.keys().map(String::as_str).collect();
    let mount_targets: Vec<&str> = service
        .mounts
        .iter()
        .filter(|m| {
            matches!(m.kind, MountKind::Named(_) | MountKind::Bind { .. } | MountKind::Anonymous)
        })
        .map(|m| m.target.as_str())
        .collect();
    let words = service.entrypoint.iter().chain(&service.command).flat_map(|w| w.value.iter());
    let command: Vec<&str> = words.map(String::as_str).collect();
    let subject_image = image.stands_for.as_ref().or(image.base.as_ref()).or(image.parsed.as_ref());
    let evidence = Evidence {
        image: subject_image,
        env_keys: &env_keys,
        mount_targets: &mount_targets,
        command: &command,
    };
    let (family, because) = catalog::guess(&evidence)?;
    let certainty = match because.strength {
        Strength::Strong => Certainty::Inferred,
        Strength::Weak => Certainty::Assumed,
    };
    Some(Known { family, why: because.text, certainty })
}

/// Writes down where the image comes from, and what is the matter with it.
pub(super) fn explain(world: &World<'_>, subject: &Subject<'_>, log: &mut Log) {
    let field = subject.container_field("image");
    let reference = subject.image.reference.clone();
    if world.options.images.contains_key(subject.key()) {
        let option = Because::Option { name: "--image".to_owned() };
        log.decide(subject, field)
            .chose(reference)
            .because(option)
            .all(subject.lines("image"))
            .all(subject.lines("build"))
            .sure(Certainty::Stated)
            .why("the command line names it");
        return;
    }
    log.decide(subject, field)
        .chose(reference.clone())
        .all(if subject.service.image.is_some() { subject.lines("image") } else { Vec::new() })
        .all(if subject.service.build.is_some() { subject.lines("build") } else { Vec::new() })
        .because(subject.own_line())
        .sure(if subject.service.image.is_some() { Certainty::Stated } else { Certainty::Assumed })
        .why(match &subject.known {
            Some(known) => format!("as written; {}", known.why),
            None => "as written; the image table does not know it".to_owned(),
        });
    if subject.image.must_build {
        missing_image(subject, &reference, log);
    } else if subject.image.parsed.is_none() {
        broken_reference(subject, &reference, log);
    } else if subject.image.parsed.as_ref().is_some_and(ImageRef::is_floating) {
        log.find(
            Level::Note,
            "floating-tag",
            Some(subject.key()),
            format!("`{reference}` moves: two pods of one rollout may run different versions"),
            "pin a version, best with a digest",
            subject.lines("image"),
        );
    }
    if let Some(instead) = subject.family().and_then(|f| f.replaced_by.as_ref()) {
        log.find(
            Level::Warning,
            "not-needed-on-kubernetes",
            Some(subject.key()),
            format!("`{}` does for Docker what a cluster has already: {instead}", subject.key()),
            "leave the service out of the plan, by a profile for instance",
            subject.image_fact().into_iter().collect(),
        );
    }
}

fn missing_image(subject: &Subject<'_>, reference: &str, log: &mut Log) {
    let context = subject.service.build.as_ref().map_or(".", |b| b.context.as_str());
    log.find(
        Level::Note,
        "image-must-be-built",
        Some(subject.key()),
        format!("Kubernetes pulls images, it does not build them: `{reference}` must be in a registry"),
        format!(
            "docker build -t {reference} {context} && docker push {reference}, or name another with --image {}=REF or --registry HOST",
            subject.key()
        ),
        subject.lines("build"),
    );
}

fn broken_reference(subject: &Subject<'_>, reference: &str, log: &mut Log) {
    let why = ImageRef::parse(reference).err().map_or(String::new(), |e| e.to_string());
    log.find(
        Level::Blocker,
        "image-reference-broken",
        Some(subject.key()),
        format!("`{reference}` is no image reference: {why}"),
        "write name:tag; a variable in it is probably not set",
        subject.lines("image"),
    );
}

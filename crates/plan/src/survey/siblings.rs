//! Services that run the same image: a web process and its workers, for instance.

use catalog::{Family, Role};
use model::project::{Build, Dockerfile, Project, Service};

/// What the Dockerfile of the service's image says; a service that only names the image that
/// another one builds runs what that Dockerfile made.
pub(super) fn dockerfile<'a>(project: &'a Project, service: &'a Service) -> Option<&'a Dockerfile> {
    let own = |service: &'a Service| service.build.as_ref().and_then(|build| build.facts.as_ref());
    own(service).or_else(|| {
        let image = service.image.as_ref().filter(|_| service.build.is_none())?;
        let mut others = project.services.values();
        others.find_map(|other| {
            let same = other.image.as_ref().is_some_and(|other| other.value == image.value);
            own(other).filter(|_| same)
        })
    })
}

/// Whether the service runs another command of an image with which a sibling serves: what the image
/// listens on and how it tells its health is then the sibling's, not that of a worker.
pub(super) fn runs_another_command(
    project: &Project,
    service: &Service,
    family: Option<&Family>,
) -> bool {
    let program = family.is_none_or(|f| matches!(f.role, Role::Application | Role::Runtime));
    let own = service.command.is_some() || service.entrypoint.is_some();
    let silent = service.ports.is_empty() && service.expose.is_empty();
    program
        && own
        && silent
        && project.services.values().any(|other| {
            other.name != service.name
                && same_image(service, other)
                && !(other.ports.is_empty() && other.expose.is_empty())
                && (words(other) != words(service))
        })
}

fn words(service: &Service) -> [Option<&Vec<String>>; 2] {
    [&service.entrypoint, &service.command].map(|words| words.as_ref().map(|w| &w.value))
}

fn same_image(one: &Service, other: &Service) -> bool {
    let image = |service: &Service| service.image.as_ref().map(|image| image.value.clone());
    if let (Some(one), Some(other)) = (image(one), image(other)) {
        return one == other;
    }
    let recipe = |build: &Build| {
        let file = build.dockerfile.as_ref().map(|file| file.value.clone());
        let target = build.target.as_ref().map(|target| target.value.clone());
        (build.context.clone(), file, target, build.args.clone())
    };
    match (&one.build, &other.build) {
        (Some(one), Some(other)) => recipe(one) == recipe(other),
        _ => false,
    }
}

//! The programs of a container: their words, and what they find where they run.

use super::environment::{Environment, environment, expanded};
use super::fields::Site;
use super::volumes::Mounts;
use crate::program::{Course, Files, Scene, Scratch, is_known, read};
use std::time::Duration;
use twin_core::tree::Value;

/// Images whose entry point is whatever they are asked to run.
const WITHOUT_ENTRY: &[&str] =
    &["almalinux", "alpine", "amazonlinux", "busybox", "debian", "fedora", "rockylinux", "ubuntu"];
const MESSAGE_PATH: &str = "/dev/termination-log";

/// What a container's program does, if its words say it plainly.
pub(super) fn course(container: &Value, site: &Site<'_>) -> Option<Course> {
    let words = words(container)?;
    if !words.first().is_some_and(|word| may_be_known(word)) {
        return None;
    }
    let room = Room::of(container, site)?;
    room.run(&words, &room.mounts())
}

/// Whether a program may be one that is known. To find out all that it runs with is not for the others.
pub(super) fn may_be_known(program: &str) -> bool {
    program.contains('$') || is_known(program)
}

/// Where the programs of a container run.
#[derive(Debug)]
pub(super) struct Room<'a> {
    container: &'a Value,
    site: &'a Site<'a>,
    environment: Environment,
}

impl<'a> Room<'a> {
    /// None, if what it has to have is not there.
    pub(super) fn of(container: &'a Value, site: &'a Site<'a>) -> Option<Self> {
        Some(Self { container, site, environment: environment(container, site)? })
    }

    fn mounts(&self) -> Mounts<'_> {
        let Self { container, site, environment } = self;
        Mounts { container, environment, site }
    }

    /// What a program does that starts beside the container's own, this long after it.
    pub(super) fn beside(
        &self,
        words: &[&str],
        own: Option<&Course>,
        after: Duration,
    ) -> Option<Course> {
        self.run(words, &Later { mounts: self.mounts(), own, after })
    }

    fn run(&self, words: &[&str], files: &dyn Files) -> Option<Course> {
        let container = self.container;
        let words: Vec<_> = words.iter().map(|word| expanded(word, &self.environment)).collect();
        let message = container.str_at(&["terminationMessagePath"]).unwrap_or(MESSAGE_PATH);
        let sealed = container.at(&["securityContext", "readOnlyRootFilesystem"]);
        let open = sealed.and_then(Value::as_bool) != Some(true) && !self.mounts().covers("/tmp");
        let scratch = if open { Scratch::Own } else { Scratch::Unknown };
        let environment = &self.environment;
        read(&words, &Scene { environment, files, message_path: message, scratch })
    }
}

/// The files of a container some time after its start.
#[derive(Debug)]
struct Later<'a> {
    mounts: Mounts<'a>,
    own: Option<&'a Course>,
    after: Duration,
}

impl Later<'_> {
    /// What its program has made of a file; nothing, if it never touches it.
    #[expect(clippy::option_option, reason = "who knows nothing does not know that it is missing")]
    fn made(&self, path: &str) -> Option<Option<&str>> {
        let mut changes = self.own?.files.iter().filter(|it| it.path == path).peekable();
        changes.peek()?;
        let last = changes.take_while(|it| it.after <= self.after).last();
        Some(last.and_then(|it| it.text.as_deref()))
    }
}

impl Files for Later<'_> {
    fn text(&self, path: &str) -> Option<String> {
        match self.made(path) {
            Some(text) => text.map(str::to_owned),
            None => self.mounts.text(path),
        }
    }

    fn is_missing(&self, path: &str) -> bool {
        self.made(path) == Some(None)
    }
}

/// What it runs, as far as the pod says it.
fn words(container: &Value) -> Option<Vec<&str>> {
    let list = |field: &str| {
        let list = container.at(&[field]).and_then(Value::as_list);
        list.into_iter().flat_map(|list| list.iter()).filter_map(Value::as_str).collect::<Vec<_>>()
    };
    let (mut words, arguments) = (list("command"), list("args"));
    if words.is_empty() && !runs_anything(container.str_at(&["image"]).unwrap_or_default()) {
        return None;
    }
    words.extend(arguments);
    (!words.is_empty()).then_some(words)
}

/// Whether an image has no entry point of its own.
pub(super) fn runs_anything(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or_default();
    let name = name.split([':', '@']).next().unwrap_or_default();
    WITHOUT_ENTRY.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::runs_anything;

    #[test]
    fn some_images_have_no_entry_point() {
        for image in ["busybox", "busybox:1.37", "docker.io/library/alpine:3@sha256:0"] {
            assert!(runs_anything(image), "{image}");
        }
        for image in ["nginx", "", "alpine/git:2", "my-busybox"] {
            assert!(!runs_anything(image), "{image}");
        }
    }
}

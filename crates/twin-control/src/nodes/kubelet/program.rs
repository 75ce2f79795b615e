//! The program of a container: its words, and what it finds where it runs.

use super::environment::{environment, expanded};
use super::fields::Site;
use super::volumes::Mounts;
use crate::program::{Course, Scene, Scratch, read};
use twin_core::tree::Value;

/// Images whose entry point is whatever they are asked to run.
const WITHOUT_ENTRY: &[&str] =
    &["almalinux", "alpine", "amazonlinux", "busybox", "debian", "fedora", "rockylinux", "ubuntu"];
const MESSAGE_PATH: &str = "/dev/termination-log";

/// What a container's program does, if its words say it plainly.
pub(super) fn course(container: &Value, site: &Site<'_>) -> Option<Course> {
    let words = words(container)?;
    let environment = environment(container, site)?;
    let words: Vec<_> = words.iter().map(|word| expanded(word, &environment)).collect();
    let message = container.str_at(&["terminationMessagePath"]).unwrap_or(MESSAGE_PATH);
    let files = Mounts { container, environment: &environment, site };
    let sealed = container.at(&["securityContext", "readOnlyRootFilesystem"]);
    let open = sealed.and_then(Value::as_bool) != Some(true) && !files.covers("/tmp");
    let scratch = if open { Scratch::Own } else { Scratch::Unknown };
    read(
        &words,
        &Scene { environment: &environment, files: &files, message_path: message, scratch },
    )
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

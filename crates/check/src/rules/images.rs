//! Image references.

use crate::finding::Findings;
use crate::known::Image;
use crate::rules::Context;
use crate::set::{Container, Pod};
use crate::table::resources as t;

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for pod in &cx.set.pods {
        for container in &pod.containers {
            image(pod, container, out);
        }
    }
}

fn image(pod: &Pod<'_>, container: &Container<'_>, out: &mut Findings) {
    let owner = &pod.owner;
    let at = container.at.at("image");
    let text = at.str().unwrap_or_default();
    let image = Image::parse(text);
    let floating = image.tag.is_empty() || image.tag == "latest";
    if !is_reference(text) {
        let message = format!(
            "`{text}` is no image reference: the container never starts (InvalidImageName)"
        );
        out.add(&t::NO_IMAGE, owner, &at, message, "image: registry.example.com/team/app:1.2.3");
    }
    if floating && !image.digest {
        let message = "the tag moves: two pods of one workload can run different versions, and a rollback brings nothing back";
        let fix = format!(
            "# a tag that is never moved, better still a digest\nimage: {}:1.2.3",
            name_of(text)
        );
        out.add(&t::FLOATING_TAG, owner, &at, message, fix);
    }
    if !image.digest {
        let message = "the registry can serve something else under this tag tomorrow";
        let fix = format!(
            "# `docker buildx imagetools inspect {text}` prints the digest\nimage: {text}@sha256:…"
        );
        out.add(&t::NO_DIGEST, owner, &at, message, fix);
    }
    let policy = container.at.at("imagePullPolicy");
    let always = match policy.str() {
        Some(policy) => policy == "Always",
        // The default is Always for `latest`, IfNotPresent for the rest.
        None => !text.is_empty() && floating,
    };
    if !always && !image.digest {
        let message = "a node that holds an older image under this tag keeps using it, and pods of others can use images they have no right to pull";
        let fix = "imagePullPolicy: Always\n# or pin the image by digest, or waive this where tags never move";
        out.add(&t::PULL_POLICY, owner, &policy, message, fix);
    }
}

fn name_of(text: &str) -> &str {
    text.strip_suffix(":latest").unwrap_or(text)
}

/// The form that the kubelet accepts, roughly: no blanks or capitals outside the tag, no scheme.
fn is_reference(text: &str) -> bool {
    let name = text.split('@').next().unwrap_or(text);
    let last_slash = name.rfind('/').map_or(0, |i| i + 1);
    let (path, last) = name.split_at(last_slash);
    let repository = last.split(':').next().unwrap_or(last);
    !repository.is_empty()
        && !text.contains("://")
        && !text.chars().any(|c| c.is_whitespace() || "${}".contains(c))
        && !repository.chars().any(|c| c.is_ascii_uppercase())
        && !path.starts_with('/')
}

//! The Kubernetes objects, as YAML.

use super::Section;
use crate::View;
use crate::svg::text::escape;
use std::fmt::Write as _;

/// The objects, in the order of applying.
pub(super) fn section(view: &View<'_>) -> Section {
    let mut body = String::new();
    for object in view.objects {
        let (kind, name) = (escape(&object.kind), escape(&object.name));
        let _ = writeln!(
            body,
            "<details class=\"yaml\">\n<summary><span class=\"kind\">{kind}</span> {name}</summary>\n\
             <pre tabindex=\"0\" aria-label=\"{kind} {name}\"><code>{}</code></pre>\n</details>",
            escape(&object.yaml)
        );
    }
    Section {
        id: "objects",
        title: "Objects",
        lead: "In the order in which they are applied.".to_owned(),
        body,
    }
}

//! Image references, taken apart.

/// `repository[:tag][@digest]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ImageRef<'a> {
    pub(super) repository: &'a str,
    pub(super) tag: Option<&'a str>,
    pub(super) digest: Option<&'a str>,
}

/// Takes a reference apart; a colon before a slash is that of a registry's port.
pub(super) fn parse(reference: &str) -> ImageRef<'_> {
    let (name, digest) = match reference.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    };
    match name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
        Some((repository, tag)) => ImageRef { repository, tag: Some(tag), digest },
        None => ImageRef { repository: name, tag: None, digest },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_references_apart() {
        for (text, repository, tag, digest) in [
            ("nginx", "nginx", None, None),
            ("nginx:1.27", "nginx", Some("1.27"), None),
            ("localhost:5000/a/b", "localhost:5000/a/b", None, None),
            ("localhost:5000/a:1@sha256:ab", "localhost:5000/a", Some("1"), Some("sha256:ab")),
        ] {
            assert_eq!(parse(text), ImageRef { repository, tag, digest });
        }
    }
}

//! References to container images: `[registry/]repository[:tag][@digest]`.

use std::fmt;

/// Names under which Docker Hub, or a mirror of it with the same paths, is reached.
const HUB: &[&str] = &[
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
    "mirror.gcr.io",
];

/// A reference to a container image, as written; nothing is filled in.
///
/// [`fmt::Display`] gives back exactly what was parsed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageRef {
    /// The registry host with its port, such as `ghcr.io` or `localhost:5000`; none means Docker Hub.
    pub registry: Option<String>,
    /// The repository path, such as `postgres` or `bitnami/postgresql`.
    pub repository: String,
    /// The tag, such as `16-alpine`; none (and no digest) means `latest`.
    pub tag: Option<String>,
    /// The digest with its algorithm, such as `sha256:…`.
    pub digest: Option<String>,
}

/// Why a text is not an image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadImage {
    /// The text is empty.
    Empty,
    /// The repository is empty or has an empty path segment.
    EmptySegment,
    /// The repository holds a character other than `a-z`, `0-9`, `.`, `_`, `-` and `/`.
    BadRepository(char),
    /// The registry host holds a character a host name cannot have.
    BadRegistry(char),
    /// The tag is empty, longer than 128 characters, or holds a character tags cannot have.
    BadTag,
    /// The digest is not `algorithm:hex` with at least 32 hexadecimal digits.
    BadDigest,
}

impl fmt::Display for BadImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the image is empty"),
            Self::EmptySegment => write!(f, "the image's repository has an empty part"),
            Self::BadRepository(c) if c.is_ascii_uppercase() => {
                write!(f, "image repositories are lower case, this one holds `{c}`")
            }
            Self::BadRepository(c) => write!(f, "the image's repository holds `{c}`"),
            Self::BadRegistry(c) => write!(f, "the image's registry holds `{c}`"),
            Self::BadTag => {
                write!(f, "an image tag is 1 to 128 letters, digits, `.`, `_` and `-`")
            }
            Self::BadDigest => write!(f, "an image digest looks like `sha256:` and hex digits"),
        }
    }
}

impl std::error::Error for BadImage {}

/// The version a tag starts with; missing parts are absent, not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: Option<u32>,
}

impl ImageRef {
    /// Reads a reference as Docker does: the first path segment is a registry when it holds a
    /// dot or a colon, or is `localhost`.
    pub fn parse(text: &str) -> Result<Self, BadImage> {
        if text.is_empty() {
            return Err(BadImage::Empty);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        let (registry, rest) = match rest.split_once('/') {
            Some((host, rest)) if is_registry(host) => (Some(host), rest),
            _ => (None, rest),
        };
        let (repository, tag) = match rest.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (rest, None),
        };
        check_registry(registry)?;
        check_repository(repository)?;
        check_tag(tag)?;
        check_digest(digest)?;
        Ok(Self {
            registry: registry.map(str::to_owned),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }

    /// The repository in the form the table uses: what Docker Hub serves is written without a
    /// registry and without `library/`, whichever mirror it is pulled from.
    pub fn canonical(&self) -> String {
        let repository = self.repository.as_str();
        let hub = match self.registry.as_deref() {
            None => repository,
            Some(host) if HUB.contains(&host) => repository,
            // The linuxserver.io images are the same ones on every registry.
            Some("lscr.io" | "ghcr.io") if repository.starts_with("linuxserver/") => repository,
            Some("public.ecr.aws") if repository.starts_with("docker/") => {
                repository.trim_start_matches("docker/")
            }
            Some(host) => return format!("{host}/{repository}"),
        };
        hub.strip_prefix("library/").unwrap_or(hub).to_owned()
    }

    /// The last segment of the repository: `postgresql` of `bitnami/postgresql`.
    pub fn name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }

    /// Whether the reference moves over time: no digest, and no tag or `latest`.
    pub fn is_floating(&self) -> bool {
        self.digest.is_none() && matches!(self.tag.as_deref(), None | Some("latest"))
    }

    /// Whether the reference always means the same image: a digest, or a tag that names one build
    /// (three numbers, a date, a commit). `16` and `11.4` move with each release of their series.
    pub fn is_exact(&self) -> bool {
        let Some(tag) = self.tag.as_deref() else { return self.digest.is_some() };
        let numbers = |part: &str| {
            let parts = part.strip_prefix('v').unwrap_or(part).split(['.', '_']);
            parts.take_while(|p| p.starts_with(|c: char| c.is_ascii_digit())).count()
        };
        let commit = |part: &str| {
            part.len() >= 7
                && part.bytes().all(|b| b.is_ascii_hexdigit())
                && part.bytes().any(|b| b.is_ascii_digit())
        };
        let date =
            tag.split(['-', 'T', '.']).filter(|p| p.len() == 4 && p.starts_with("20")).count() > 0;
        self.digest.is_some()
            || date
            || tag.split('-').any(|part| numbers(part) >= 3 || commit(part))
    }

    /// The version in the tag: `16` of `16-alpine`, `2.4` of `v2.4.1`. Images that extend
    /// `PostgreSQL` name its version as `pg17`, which counts before their own: `17` of
    /// `2.17.2-pg17`. None when the tag names no version.
    pub fn version(&self) -> Option<Version> {
        let tag = self.tag.as_deref()?;
        tag.split('-').find_map(|part| number(part.strip_prefix("pg")?)).or_else(|| {
            let first = tag.split('-').next()?;
            number(first.strip_prefix('v').unwrap_or(first))
        })
    }
}

/// The version at the start of a text.
fn number(text: &str) -> Option<Version> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next().and_then(|n| n.parse().ok());
    Some(Version { major, minor })
}

fn is_registry(host: &str) -> bool {
    host == "localhost" || host.contains('.') || host.contains(':')
}

fn check_registry(registry: Option<&str>) -> Result<(), BadImage> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    match registry.and_then(|host| host.chars().find(|c| !allowed(*c))) {
        Some(c) => Err(BadImage::BadRegistry(c)),
        None => Ok(()),
    }
}

fn check_repository(repository: &str) -> Result<(), BadImage> {
    let allowed = |c: char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '/')
    };
    if let Some(c) = repository.chars().find(|c| !allowed(*c)) {
        return Err(BadImage::BadRepository(c));
    }
    if repository.split('/').any(str::is_empty) {
        return Err(BadImage::EmptySegment);
    }
    Ok(())
}

fn check_tag(tag: Option<&str>) -> Result<(), BadImage> {
    let Some(tag) = tag else { return Ok(()) };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts_well = tag.starts_with(word);
    let all_well = tag.chars().all(|c| word(c) || matches!(c, '.' | '-'));
    if starts_well && all_well && tag.len() <= 128 { Ok(()) } else { Err(BadImage::BadTag) }
}

fn check_digest(digest: Option<&str>) -> Result<(), BadImage> {
    let Some(digest) = digest else { return Ok(()) };
    let good = digest.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty()
            && algorithm.chars().all(|c| c.is_ascii_alphanumeric() || "+._-".contains(c))
            && hex.len() >= 32
            && hex.chars().all(|c| c.is_ascii_hexdigit())
    });
    if good { Ok(()) } else { Err(BadImage::BadDigest) }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for ImageRef {
    type Err = BadImage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BadImage, ImageRef, Version};

    #[test]
    fn parts_are_found_as_docker_finds_them() {
        for (text, registry, repository, tag) in [
            ("postgres", None, "postgres", None),
            ("postgres:16-alpine", None, "postgres", Some("16-alpine")),
            ("library/postgres", None, "library/postgres", None),
            ("docker.io/library/postgres:16", Some("docker.io"), "library/postgres", Some("16")),
            ("localhost:5000/app", Some("localhost:5000"), "app", None),
            ("localhost/app:1", Some("localhost"), "app", Some("1")),
            ("ghcr.io/a/b/c:v1.2", Some("ghcr.io"), "a/b/c", Some("v1.2")),
        ] {
            let image = ImageRef::parse(text).expect(text);
            assert_eq!(image.registry.as_deref(), registry, "{text}");
            assert_eq!(image.repository, repository, "{text}");
            assert_eq!(image.tag.as_deref(), tag, "{text}");
            assert_eq!(image.to_string(), text);
        }
    }

    #[test]
    fn junk_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", BadImage::Empty),
            (":16", BadImage::EmptySegment),
            ("a//b", BadImage::EmptySegment),
            ("Postgres", BadImage::BadRepository('P')),
            ("${IMAGE}", BadImage::BadRepository('$')),
            ("a b", BadImage::BadRepository(' ')),
            ("postgres:", BadImage::BadTag),
            ("postgres:-1", BadImage::BadTag),
            ("a:b:c", BadImage::BadTag),
            ("postgres@sha256:12", BadImage::BadDigest),
        ] {
            assert_eq!(ImageRef::parse(text), Err(reason), "{text}");
            assert!(!reason.to_string().is_empty());
        }
    }

    #[test]
    fn versions_are_read_from_tags() {
        for (text, expected) in [
            ("postgres", None),
            ("postgres:latest", None),
            ("postgres:alpine", None),
            ("postgres:16", Some((16, None))),
            ("postgres:16.2-alpine3.20", Some((16, Some(2)))),
            ("traefik:v3.1", Some((3, Some(1)))),
            ("pgvector/pgvector:pg17", Some((17, None))),
            ("timescale/timescaledb:latest-pg16", Some((16, None))),
            ("timescale/timescaledb:2.17.2-pg18", Some((18, None))),
            ("minio/minio:RELEASE.2024-01-16T16-07-38Z", None),
            ("node:22-bookworm", Some((22, None))),
        ] {
            let found = ImageRef::parse(text).expect(text).version();
            let expected = expected.map(|(major, minor)| Version { major, minor });
            assert_eq!(found, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_gives_back_its_text(text in ".{0,80}") {
            if let Ok(image) = ImageRef::parse(&text) {
                prop_assert_eq!(image.to_string(), text);
            }
        }

        #[test]
        fn well_formed_references_are_read(
            registry in prop::option::of("(localhost|[a-z]{1,8}\\.io)(:[0-9]{2,5})?"),
            repository in "[a-z][a-z0-9]{0,8}(/[a-z0-9][a-z0-9_.-]{0,8}){0,3}",
            tag in prop::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"),
            digest in prop::option::of("sha256:[0-9a-f]{64}"),
        ) {
            // Without a registry, a first segment such as `localhost` would become one.
            prop_assume!(registry.is_some() || !repository.starts_with("localhost/"));
            let image = ImageRef { registry, repository, tag, digest };
            prop_assert_eq!(ImageRef::parse(&image.to_string()), Ok(image.clone()));
            let again = ImageRef::parse(&image.canonical());
            prop_assert_eq!(again.map(|i| i.canonical()), Ok(image.canonical()));
        }
    }
}

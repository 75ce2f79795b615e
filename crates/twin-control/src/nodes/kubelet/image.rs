//! Names of images, as a container runtime has them.

use twin_core::tree::Text;

/// An image as a runtime knows it, with its registry and its tag.
pub(super) fn full_name(image: &str) -> Text {
    let (name, tag) = split_tag(image);
    let tag = if tag.is_empty() { ":latest" } else { tag };
    Text::from(format!("{}{tag}", repository(name)))
}

/// The name of what is in an image.
pub(super) fn image_id(image: &str) -> Text {
    let name = image.split('@').next().unwrap_or_default();
    let (name, _) = split_tag(name);
    Text::from(format!("{}@sha256:{}", repository(name), digest(image)))
}

/// A name, and its tag or digest with what goes before it.
fn split_tag(image: &str) -> (&str, &str) {
    let last = image.rfind('/').map_or(0, |slash| slash + 1);
    let end = image[last..].find(['@', ':']).map_or(image.len(), |at| last + at);
    image.split_at(end)
}

/// A name with its registry.
fn repository(name: &str) -> String {
    match name.split_once('/') {
        None => format!("docker.io/library/{name}"),
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
    }
}

/// 64 hexadecimal digits that follow from a text.
pub(super) fn digest(text: &str) -> String {
    let mut state = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut draw = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    format!("{:016x}{:016x}{:016x}{:016x}", draw(), draw(), draw(), draw())
}

#[cfg(test)]
mod tests {
    use super::{full_name, image_id};

    #[test]
    fn names_get_a_registry_and_a_tag() {
        for (image, full) in [
            ("busybox", "docker.io/library/busybox:latest"),
            ("busybox:1.37.0", "docker.io/library/busybox:1.37.0"),
            ("local/shop-app:1", "docker.io/local/shop-app:1"),
            ("localhost/app:1", "localhost/app:1"),
            ("r.example:5000/team/app", "r.example:5000/team/app:latest"),
            ("r.example/app@sha256:0", "r.example/app@sha256:0"),
            ("", "docker.io/library/:latest"),
        ] {
            assert_eq!(full_name(image).as_str(), full);
        }
        assert!(image_id("web:1").starts_with("docker.io/library/web@sha256:"));
        assert!(image_id("r.example/web@sha256:0").starts_with("r.example/web@sha256:"));
    }
}

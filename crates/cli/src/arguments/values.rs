//! Values of options, each with a message that says how to write it.

/// A DNS label: names of namespaces and products.
pub(super) fn label(text: &str) -> Result<String, String> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ends = !text.starts_with('-') && !text.ends_with('-');
    if !text.is_empty() && text.len() <= 63 && ends && text.chars().all(inner) {
        return Ok(text.to_owned());
    }
    Err("write at most 63 small letters, digits and dashes, no dash at an end".to_owned())
}

/// DNS labels, joined by dots: names of storage classes.
pub(super) fn subdomain(text: &str) -> Result<String, String> {
    if text.len() <= 253 && text.split('.').all(|part| label(part).is_ok()) {
        return Ok(text.to_owned());
    }
    Err("write small letters, digits, dashes and dots, such as `fast-ssd`".to_owned())
}

/// A host name, or `*.` and a domain.
pub(super) fn host(text: &str) -> Result<String, String> {
    if subdomain(text.strip_prefix("*.").unwrap_or(text)).is_ok() {
        return Ok(text.to_owned());
    }
    Err("write a host name without scheme, port and path, such as `shop.example.com`".to_owned())
}

/// A registry with an optional path.
pub(super) fn registry(text: &str) -> Result<String, String> {
    let trimmed = text.trim_end_matches('/');
    if trimmed.contains("://") || trimmed.is_empty() || trimmed.contains(char::is_whitespace) {
        return Err("write it as images name it, such as `ghcr.io/acme`, without scheme".to_owned());
    }
    Ok(trimmed.to_owned())
}

/// `SERVICE=IMAGE`.
pub(super) fn image(text: &str) -> Result<(String, String), String> {
    let spaces = |image: &str| image.contains(char::is_whitespace);
    match text.split_once('=') {
        Some((service, image)) if !service.is_empty() && !image.is_empty() && !spaces(image) => {
            Ok((service.to_owned(), image.to_owned()))
        }
        _ => Err("write SERVICE=IMAGE, such as `web=ghcr.io/acme/web:1.4`".to_owned()),
    }
}

/// The minor version of Kubernetes 1.x: `1.34`, `v1.34` or `1.34.2`.
pub(super) fn minor(text: &str) -> Result<u8, String> {
    let digits = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.").unwrap_or_default();
    let minor = digits.split('.').next().unwrap_or_default();
    minor.parse().map_err(|_| "write a version such as `1.34`".to_owned())
}

/// A number that is not negative.
pub(super) fn amount(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| *number >= 0.0 && number.is_finite());
    number.ok_or_else(|| "write a number that is not negative, such as `2.5`".to_owned())
}

/// A number above zero.
pub(super) fn positive(text: &str) -> Result<f64, String> {
    let number = amount(text).ok().filter(|number| *number > 0.0);
    number.ok_or_else(|| "write a number above zero, such as `2.5`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, want) in [("1.34", Some(34)), ("v1.35", Some(35)), ("1.34.2", Some(34))] {
            assert_eq!(minor(text).ok(), want, "{text}");
        }
        for text in ["34", "2.0", "1.", "1.x", "1.999", ""] {
            assert!(minor(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names() {
        assert!(label("shop-2").is_ok() && label("-a").is_err() && label("A").is_err());
        assert!(host("*.example.com").is_ok() && host("http://a").is_err());
        assert!(host("a:80").is_err() && subdomain("a..b").is_err());
        assert_eq!(registry("ghcr.io/acme/").as_deref(), Ok("ghcr.io/acme"));
        assert!(registry("https://ghcr.io").is_err());
    }

    #[test]
    fn images() {
        let pair = ("web".to_owned(), "a/b:1@sha256:c=".to_owned());
        assert_eq!(image("web=a/b:1@sha256:c=").as_ref(), Ok(&pair));
        assert!(image("web").is_err() && image("=a").is_err() && image("web=").is_err());
    }
}

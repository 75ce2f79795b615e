//! What Kubernetes lets names be, and its sentences for what they are not.

/// A text as Go quotes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_ascii_control() => out.extend(format!("\\x{:02x}", u32::from(c)).chars()),
            c if c.is_control() => out.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// How long a text of a name may be, in bytes.
pub(crate) const LABEL_LENGTH: usize = 63;
const SUBDOMAIN_LENGTH: usize = 253;

pub(crate) const NON_EMPTY: &str = "must be non-empty";
const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const DNS_LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const DNS_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const ENV_NAME: &str = "a valid environment variable name must consist only of printable ASCII characters other than '='";

/// The sentence for a text that is longer than `limit` bytes.
pub(crate) fn too_long(limit: usize) -> String {
    format!("must be no more than {limit} bytes")
}

fn within(text: &str, limit: usize, found: &mut Vec<String>) {
    if text.len() > limit {
        found.push(too_long(limit));
    }
}

/// Not empty, of these bytes, with letters or digits at both ends.
fn is_word(text: &str, inner: impl Fn(u8) -> bool, ends: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| inner(*byte))
        && bytes.first().is_some_and(|byte| ends(*byte))
        && bytes.last().is_some_and(|byte| ends(*byte))
}

fn is_qualified_part(text: &str) -> bool {
    is_word(
        text,
        |byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte),
        |byte| byte.is_ascii_alphanumeric(),
    )
}

fn is_dns_word(text: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    is_word(text, |byte| lower(byte) || byte == b'-', lower)
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_dns_word)
}

/// `example.com/name`, or the name alone.
pub(crate) fn label_key(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let name = match text.split('/').collect::<Vec<_>>()[..] {
        [name] => name,
        ["", name] => {
            found.push(format!("prefix part {NON_EMPTY}"));
            name
        }
        [prefix, name] => {
            found.extend(subdomain(prefix).iter().map(|it| format!("prefix part {it}")));
            name
        }
        _ => {
            return vec![format!(
                "a valid label key {QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        found.push(format!("name part {NON_EMPTY}"));
    } else if name.len() > LABEL_LENGTH {
        found.push(format!("name part {}", too_long(LABEL_LENGTH)));
    }
    if !is_qualified_part(name) {
        found.push(format!("name part {QUALIFIED}"));
    }
    found
}

/// The same, with letters of any size before the slash.
pub(crate) fn any_case_key(text: &str) -> Vec<String> {
    label_key(&text.to_lowercase())
}

/// The value of a label.
pub(crate) fn label_value(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    within(text, LABEL_LENGTH, &mut found);
    if !text.is_empty() && !is_qualified_part(text) {
        found.push(LABEL_VALUE.to_owned());
    }
    found
}

/// `my-name`
pub(crate) fn dns_label(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    within(text, LABEL_LENGTH, &mut found);
    if !is_dns_word(text) {
        let dots = if is_subdomain(text) { "must not contain dots" } else { DNS_LABEL };
        found.push(dots.to_owned());
    }
    found
}

/// `my-name`, with a letter first.
pub(crate) fn dns_1035_label(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    within(text, LABEL_LENGTH, &mut found);
    if !is_dns_word(text) || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        found.push(DNS_1035.to_owned());
    }
    found
}

/// `my-name.example.com`
pub(crate) fn subdomain(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    within(text, SUBDOMAIN_LENGTH, &mut found);
    if !is_subdomain(text) {
        found.push(SUBDOMAIN.to_owned());
    }
    found
}

/// The name of a file in a volume of a `ConfigMap` or `Secret`.
pub(crate) fn config_key(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if text.len() > SUBDOMAIN_LENGTH {
        found.push(format!("must be no more than {SUBDOMAIN_LENGTH} characters"));
    }
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if text.is_empty() || !text.bytes().all(inner) {
        found.push(CONFIG_KEY.to_owned());
    }
    found.extend(directory(text));
    found
}

/// Files may not lead out of their directory.
fn directory(text: &str) -> Option<String> {
    match text {
        "." | ".." => Some(format!("must not be '{text}'")),
        _ if text.starts_with("..") => Some("must not start with '..'".to_owned()),
        _ => None,
    }
}

/// A path that stays below where it starts.
pub(crate) fn relative_path(text: &str) -> Vec<String> {
    if text.starts_with('/') {
        return vec!["must be a relative path".to_owned()];
    }
    no_dots(text)
}

/// A path that does not lead back.
pub(crate) fn no_dots(text: &str) -> Vec<String> {
    let back = text.split('/').any(|part| part == "..");
    if back { vec!["must not contain '..'".to_owned()] } else { Vec::new() }
}

/// The name of a variable.
pub(crate) fn env_name(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if text.is_empty() {
        found.push(format!("environment variable name {NON_EMPTY}"));
    }
    if text.bytes().any(|byte| !(b' '..=b'~').contains(&byte) || byte == b'=') {
        found.push(ENV_NAME.to_owned());
    }
    found
}

/// A name that is a part of a path.
pub(crate) fn path_segment(text: &str) -> Vec<String> {
    if text == "." || text == ".." {
        return vec![format!("may not be '{text}'")];
    }
    let marks = ["/", "%"].into_iter().filter(|mark| text.contains(mark));
    marks.map(|mark| format!("may not contain '{mark}'")).collect()
}

/// A setting of the kernel: `net.ipv4.ip_forward`, with dots or slashes between its parts.
pub(crate) fn sysctl(text: &str) -> Vec<String> {
    const MOST: usize = 253;
    const FORM: &str = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let sound = |part: &str| {
        part.bytes().all(|byte| letter(byte) || byte == b'-' || byte == b'_')
            && part.bytes().next().is_some_and(letter)
            && part.bytes().last().is_some_and(letter)
    };
    if text.len() <= MOST && text.split(['.', '/']).all(sound) {
        return Vec::new();
    }
    vec![format!("must have at most {MOST} characters and match regex {FORM}")]
}

/// The name of a port.
pub(crate) fn port_name(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if text.len() > 15 {
        found.push("must be no more than 15 characters".to_owned());
    }
    if !text.bytes().all(|byte| lower(byte) || byte == b'-') || text.is_empty() {
        found.push(
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned(),
        );
    }
    if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        found.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        found.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        found.push("must not begin or end with a hyphen".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{dns_label, label_key, quoted, subdomain};

    #[test]
    fn names_are_told_from_what_is_none() {
        for (text, sentences) in [("a", 0), ("x.io/a", 0), ("X/a", 1), ("/", 3), ("a/b/c", 1)] {
            assert_eq!(label_key(text).len(), sentences, "{text}");
        }
        assert_eq!(dns_label("a.b"), ["must not contain dots"]);
        assert!(subdomain("a.b").is_empty() && !subdomain("a..b").is_empty());
    }

    #[test]
    fn quotes_are_those_of_go() {
        assert_eq!(quoted("a\"é\u{1}\n"), "\"a\\\"é\\x01\\n\"");
    }
}

//! Secrets written in plain sight: in environments, `ConfigMap`s and URLs. And the size
//! of `ConfigMap`s.

use crate::cursor::At;
use crate::finding::Findings;
use crate::known::words;
use crate::rules::Context;
use crate::set::Object;
use crate::table::secrets as t;

/// What etcd takes in one object, roughly; the API server refuses more data in a `ConfigMap`.
const CONFIG_MAP_BYTES: usize = 1 << 20;

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for map in cx.set.of_kind("ConfigMap") {
        size(map, out);
        for (key, at) in map.root.at("data").entries() {
            let text = at.text().unwrap_or_default();
            url(map, key, &at, &text, out);
            if speaks_of_secret(key) && is_value(&text) {
                let message = format!(
                    "`{key}` looks like a secret, and a ConfigMap is shown to everybody who may look at the namespace"
                );
                let fix = "move it to a Secret, and change the value";
                out.add(&t::CONFIG_MAP_SECRET, map, &at, message, fix);
            }
        }
    }
    for pod in &cx.set.pods {
        for env in pod.containers.iter().flat_map(|c| c.at.at("env").items()) {
            literal(&pod.owner, &env, out);
        }
    }
}

fn size(map: &Object<'_>, out: &mut Findings) {
    let of = |field: &str| -> usize {
        let entries = map.root.at(field).entries();
        entries.iter().map(|(key, at)| key.len() + at.str().map_or(0, str::len)).sum()
    };
    // base64 holds three bytes in four characters.
    let bytes = of("data") + of("binaryData") / 4 * 3;
    if bytes > CONFIG_MAP_BYTES {
        let message = format!(
            "the data is {bytes} bytes, and 1 MiB is the most: the API server refuses the object"
        );
        let fix = "build the files into an image, or put them on a volume";
        out.add(&t::CONFIG_MAP_SIZE, map, &map.root.at("data"), message, fix);
    }
}

fn literal(owner: &Object<'_>, env: &At<'_>, out: &mut Findings) {
    let (name, value) = (env.at("name").text().unwrap_or_default(), env.at("value"));
    let Some(text) = value.text() else { return };
    url(owner, &name, &value, &text, out);
    if speaks_of_secret(&name) && is_value(&text) {
        let message = format!(
            "`{name}` stands in plain text in the {}, where everybody who may read it reads it, and in each of its old revisions",
            owner.kind
        );
        let fix = format!(
            "move it to a Secret, and change the value:\nenv:\n  - name: {name}\n    valueFrom:\n      secretKeyRef:\n        name: …\n        key: {name}"
        );
        out.add(&t::LITERAL_SECRET, owner, &value, message, fix);
    }
}

fn url(object: &Object<'_>, key: &str, at: &At<'_>, text: &str, out: &mut Findings) {
    if text.split_whitespace().any(has_password) {
        let message = format!(
            "`{key}` holds a URL with a password, which everybody who may read the {} reads, and which ends up in logs",
            object.kind
        );
        let fix = format!(
            "put the whole URL into a Secret, or only the password and let Kubernetes compose it:\nenv:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef: {{name: …, key: password}}\n  - name: {key}\n    value: scheme://user:$(DB_PASSWORD)@host/name"
        );
        out.add(&t::DSN_PASSWORD, object, at, message, fix);
    }
}

/// `scheme://user:password@host`, where the password is no reference to a variable.
fn has_password(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let Some((user, _host)) = authority.rsplit_once('@') else { return false };
    let Some((_, password)) = user.split_once(':') else { return false };
    !scheme.is_empty() && is_value(password)
}

/// Whether a text is a value, not a reference, a path or a switch.
fn is_value(text: &str) -> bool {
    let text = text.trim();
    let reference = text.starts_with("$(") || text.starts_with("${") || text.starts_with("{{");
    let path = text.starts_with('/') || text.starts_with("./") || text.starts_with("vault:");
    let number = text.len() < 6 && text.chars().all(|c| c.is_ascii_digit());
    !text.is_empty() && !reference && !path && !number && !text.contains('\n') && !is_switch(text)
}

/// Words that turn something on or off, or stand for nothing.
pub(super) fn is_switch(text: &str) -> bool {
    const SWITCHES: &[&str] = &[
        "true",
        "false",
        "yes",
        "no",
        "y",
        "n",
        "0",
        "1",
        "on",
        "off",
        "enable",
        "enabled",
        "disable",
        "disabled",
        "none",
        "null",
        "nil",
        "undefined",
        "unset",
        "auto",
        "~",
        "-",
    ];
    SWITCHES.contains(&text.trim().to_ascii_lowercase().as_str())
}

/// Whether the name of a variable or key promises a secret: `DB_PASSWORD`, `apiKey`, not
/// `PASSWORD_FILE` or `TOKEN_EXPIRY`.
pub(super) fn speaks_of_secret(key: &str) -> bool {
    const SECRET: &[&str] = &[
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "pass",
        "secret",
        "token",
        "apikey",
        "credentials",
        "rootpw",
    ];
    const ABOUT: &[&str] = &[
        "file",
        "path",
        "dir",
        "name",
        "policy",
        "length",
        "expiry",
        "ttl",
        "expiration",
        "lifetime",
        "min",
        "max",
        "url",
        "uri",
        "endpoint",
        "type",
        "header",
        "issuer",
        "id",
        "timeout",
        "enabled",
        "allow",
        "empty",
        "random",
        "ref",
        "duration",
        "limit",
        "algorithm",
    ];
    let words = words(&split_camel(key));
    let last_about = words.last().is_some_and(|w| ABOUT.contains(&w.as_str()));
    let about = last_about || words.iter().any(|w| ["allow", "random"].contains(&w.as_str()));
    let key_pair = words.windows(2).any(|w| {
        ["api", "secret", "private", "access", "encryption", "app", "master"]
            .contains(&w[0].as_str())
            && w[1] == "key"
    });
    !about
        && (key_pair
            || words.iter().any(|w| SECRET.iter().any(|s| w == s || w.ends_with("password"))))
}

/// `apiKey` to `api Key`.
fn split_camel(text: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in text.chars() {
        if c.is_ascii_uppercase() && lower {
            out.push(' ');
        }
        lower = c.is_ascii_lowercase();
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{has_password, is_value, speaks_of_secret};

    #[test]
    fn tells_secrets_by_name() {
        for key in [
            "DB_PASSWORD",
            "apiKey",
            "MYSQL_ROOT_PASSWORD",
            "PGPASSWORD",
            "SECRET_KEY",
            "authToken",
        ] {
            assert!(speaks_of_secret(key), "{key}");
        }
        for key in [
            "PASSWORD_FILE",
            "TOKEN_TTL",
            "MYSQL_USER",
            "KEYBOARD",
            "MYSQL_ALLOW_EMPTY_PASSWORD",
            "COMPASS",
        ] {
            assert!(!speaks_of_secret(key), "{key}");
        }
    }

    #[test]
    fn switches_and_references_are_no_values() {
        for text in ["null", "Yes", "false", "~", "", "$(PW)", "/run/secrets/pw", "12"] {
            assert!(!is_value(text), "{text}");
        }
        assert!(is_value("hunter2") && is_value("nullable"));
    }

    #[test]
    fn finds_passwords_in_urls() {
        assert!(has_password("mysql://root:hunter2@db:3306/app"));
        assert!(!has_password("mysql://root:$(PW)@db:3306/app"));
        assert!(!has_password("http://host:80/a@b:c"));
        assert!(!has_password("redis://cache:6379"));
    }
}

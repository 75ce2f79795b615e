//! Secrets, and secrets that stand where they should not. No message ever shows a value.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::cursor::At;
use crate::finding::Findings;
use crate::known::words;
use crate::rules::Context;
use crate::rules::config::speaks_of_secret;
use crate::rules::references::{How, uses};
use crate::set::{Object, Set};
use crate::table::secrets as t;

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    let files = only_files(cx.set);
    for secret in cx.set.of_kind("Secret") {
        in_file(secret, out);
        let is_file = files.contains(&(secret.namespace.clone(), secret.name.clone()));
        if !is_file {
            newlines(secret, out);
        }
        for (key, at) in secret.root.at("data").entries() {
            encoded(secret, key, &at, out);
        }
        for (key, at) in secret.root.at("stringData").entries() {
            value(secret, key, &at, at.text().unwrap_or_default().as_bytes(), out);
        }
    }
    for pod in &cx.set.pods {
        for container in &pod.containers {
            as_env(&pod.owner, &container.at, out);
        }
    }
}

fn in_file(secret: &Object<'_>, out: &mut Findings) {
    let fields = ["data", "stringData"].map(|f| secret.root.at(f));
    if let Some(at) = fields.into_iter().find(|at| !at.entries().is_empty()) {
        let message = "base64 is no encryption: whoever reads this file, or its history in version control, has the values";
        let fix = "keep the values out of the file: `kubectl create secret generic NAME --from-env-file=…`, or Sealed Secrets, SOPS or the External Secrets Operator; and change those that have been committed";
        out.add(&t::SECRET_IN_FILE, secret, &at, message, fix);
    }
}

fn encoded(secret: &Object<'_>, key: &str, at: &At<'_>, out: &mut Findings) {
    let Some(bytes) = decode(at) else {
        let message = format!("`{key}` is not base64: the API server refuses the object");
        let fix = "write the plain value under stringData instead of data";
        return out.add(&t::BAD_BASE64, secret, at, message, fix);
    };
    value(secret, key, at, &bytes, out);
}

fn decode(at: &At<'_>) -> Option<Vec<u8>> {
    let text: String = at.text().unwrap_or_default().split_whitespace().collect();
    STANDARD.decode(&text).ok()
}

fn value(secret: &Object<'_>, key: &str, at: &At<'_>, bytes: &[u8], out: &mut Findings) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if speaks_of_secret(key) && is_weak(text) {
        let message = format!(
            "the value of `{key}` is one that everybody guesses, or so short that a program does; base64 hides it from nobody"
        );
        let fix = "generate it: `openssl rand -base64 24`, and change it in the running system too";
        out.add(&t::WEAK_SECRET, secret, at, message, fix);
    }
}

/// Secrets that pods only mount: entrypoints and libraries that read a file drop its last line
/// break, an environment variable keeps it.
fn only_files(set: &Set<'_>) -> BTreeSet<(String, String)> {
    let (mut mounted, mut other) = (BTreeSet::new(), BTreeSet::new());
    for pod in &set.pods {
        for usage in uses(pod).into_iter().filter(|usage| usage.holder.kind == "Secret") {
            let name = (pod.owner.namespace.clone(), usage.name.text().unwrap_or_default());
            let list = if usage.how == How::Files { &mut mounted } else { &mut other };
            list.insert(name);
        }
    }
    mounted.difference(&other).cloned().collect()
}

fn newlines(secret: &Object<'_>, out: &mut Findings) {
    for (key, at) in secret.root.at("data").entries() {
        if let Some(bytes) = decode(&at) {
            newline(secret, key, &at, &bytes, out);
        }
    }
    for (key, at) in secret.root.at("stringData").entries() {
        newline(secret, key, &at, at.text().unwrap_or_default().as_bytes(), out);
    }
}

fn newline(secret: &Object<'_>, key: &str, at: &At<'_>, bytes: &[u8], out: &mut Findings) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.ends_with('\n') && !is_file(secret, key, text) {
        let message = format!(
            "the value of `{key}` ends in a line break, which becomes part of it: logins fail although it looks right"
        );
        let fix = "encode it without the line break: `printf %s \"$VALUE\" | base64`";
        out.add(&t::TRAILING_NEWLINE, secret, at, message, fix);
    }
}

/// Whether a value is the content of a file, which ends in a line break as files do: a certificate,
/// a key, a list of users. What is left is a word that a program compares.
fn is_file(secret: &Object<'_>, key: &str, text: &str) -> bool {
    const FILES: &[&str] = &[
        "ca",
        "cert",
        "certs",
        "certificate",
        "chain",
        "bundle",
        "crt",
        "pem",
        "csr",
        "crl",
        "p12",
        "jks",
        "keystore",
        "truststore",
        "kubeconfig",
        "htpasswd",
        "keys",
        "hosts",
        "config",
        "conf",
        "cfg",
        "json",
        "yaml",
        "yml",
        "toml",
        "ini",
        "env",
        "sql",
        "script",
        "license",
    ];
    let typed = secret.root.at("type").str().is_some_and(|t| {
        t.starts_with("kubernetes.io/tls")
            || t.starts_with("kubernetes.io/ssh")
            || t.starts_with("kubernetes.io/docker")
    });
    let trimmed = text.trim();
    let named = key.contains('.') || words(key).last().is_some_and(|w| FILES.contains(&w.as_str()));
    let structured = trimmed.starts_with(['{', '[', '<', '#'])
        || trimmed.contains("-----BEGIN ")
        || trimmed.starts_with("ssh-")
        || trimmed.starts_with("ecdsa-");
    typed || named || structured || trimmed.lines().count() != 1
}

/// What stands in every list of first guesses, or is too short to resist any.
pub(super) fn is_weak(text: &str) -> bool {
    const GUESSES: &[&str] = &[
        "password",
        "passwort",
        "passwd",
        "pass",
        "secret",
        "changeme",
        "change-me",
        "change_me",
        "changeit",
        "admin",
        "administrator",
        "root",
        "toor",
        "test",
        "testing",
        "example",
        "default",
        "letmein",
        "welcome",
        "qwerty",
        "mysql",
        "mariadb",
        "postgres",
        "postgresql",
        "mongo",
        "redis",
        "rabbitmq",
        "guest",
        "user",
        "demo",
        "dev",
        "development",
        "foobar",
        "supersecret",
        "mypassword",
        "mysecret",
        "todo",
        "replaceme",
        "dbpassword",
        "rootpassword",
        "wordpress",
        "nextcloud",
        "abc",
    ];
    let lower = text.trim().to_ascii_lowercase();
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit() || "!@#$._-".contains(c));
    let repeated = lower.chars().next().is_some_and(|first| lower.chars().all(|c| c == first));
    lower.len() < 8 || stem.is_empty() || GUESSES.contains(&stem) || repeated
}

fn as_env(owner: &Object<'_>, container: &At<'_>, out: &mut Findings) {
    let fix = "mount it as a file, and tell the application the path (many images take NAME_FILE):\nvolumes:\n  - name: secrets\n    secret:\n      secretName: …\nvolumeMounts:\n  - name: secrets\n    mountPath: /run/secrets\n    readOnly: true";
    let message =
        "the value shows up in crash reports, in child processes and in `kubectl exec … env`";
    for env in container.at("env").items() {
        let at = env.dig("valueFrom.secretKeyRef");
        if at.written() {
            out.add(&t::SECRET_AS_ENV, owner, &at, message, fix);
        }
    }
    for env in container.at("envFrom").items() {
        let at = env.at("secretRef");
        if at.written() {
            out.add(&t::SECRET_AS_ENV, owner, &at, message, fix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_weak;

    #[test]
    fn knows_first_guesses() {
        for weak in ["password", "Password1!", "changeme", "123456789", "short", "aaaaaaaaaaa"] {
            assert!(is_weak(weak), "{weak}");
        }
        assert!(!is_weak("kT9vQz2LmX4pR7wB"));
    }
}

//! Passwords in health checks: they come from the environment, never from the pod's spec.

use crate::config::is_secret;
use crate::world::Subject;
use model::project::HealthTest;
use std::fmt::Write as _;

/// The words of an exec probe that holds no secret, or what kind of secret cannot be removed.
pub(super) fn without(subject: &Subject<'_>, test: &HealthTest) -> Result<Vec<String>, String> {
    let values = secret_values(subject);
    let (text, words) = match test {
        HealthTest::Disabled => return Ok(Vec::new()),
        HealthTest::Shell(text) => (text.clone(), None),
        HealthTest::Command(words) => (quoted(words), Some(words)),
    };
    let mut script = text.clone();
    for (key, value) in &values {
        script = replaced(&script, value, key);
    }
    let files = file_keys(subject, &script);
    if let Some(what) = stray(&script) {
        return Err(what.to_owned());
    }
    match words {
        // Nothing had to change: no shell is needed.
        Some(words) if script == text && (files.is_empty() || !is_shell(words)) => {
            Ok(words.clone())
        }
        _ => {
            Ok(vec!["/bin/sh".to_owned(), "-c".to_owned(), format!("{}{script}", prelude(&files))])
        }
    }
}

fn is_shell(words: &[String]) -> bool {
    words.get(1).is_some_and(|flag| flag == "-c")
}

/// Variables of the service whose values are secret, longest value first, so that a password that
/// holds another is replaced whole.
fn secret_values<'s>(subject: &'s Subject<'_>) -> Vec<(&'s str, &'s str)> {
    let mut values: Vec<_> = subject
        .service
        .environment
        .iter()
        .filter(|(key, _)| is_secret(subject, key))
        .filter_map(|(key, value)| Some((key.as_str(), value.value.as_deref()?)))
        // Short values are words that stand for something else too.
        .filter(|(_, value)| value.len() >= 4 && !value.starts_with('/'))
        .collect();
    values.sort_by_key(|(key, value)| (std::cmp::Reverse(value.len()), *key));
    values
}

/// Secret variables that the script reads and that the image may get as a file instead.
fn file_keys(subject: &Subject<'_>, script: &str) -> Vec<String> {
    let Some(family) = subject.family() else { return Vec::new() };
    let reads = |key: &str| {
        [format!("${key}"), format!("${{{key}")].iter().any(|reference| {
            script.match_indices(reference.as_str()).any(|(at, found)| {
                let next = script[at + found.len()..].chars().next();
                !next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
            })
        })
    };
    subject
        .service
        .environment
        .keys()
        .filter(|key| family.file_key(key).is_some() && is_secret(subject, key) && reads(key))
        .cloned()
        .collect()
}

/// Reads secrets that stand in files, so that the script finds them where it expects them.
fn prelude(files: &[String]) -> String {
    files.iter().fold(String::new(), |mut text, key| {
        let _ = write!(text, ": \"${{{key}:=$(cat \"${key}_FILE\" 2>/dev/null)}}\"; ");
        text
    })
}

/// Words as a shell would read them back.
fn quoted(words: &[String]) -> String {
    let plain = |word: &str| {
        !word.is_empty()
            && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c))
    };
    let quote = |word: &String| {
        if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// The script with each literal of `value` replaced by the variable, in the quotes it stands in.
fn replaced(script: &str, value: &str, key: &str) -> String {
    let mut out = String::with_capacity(script.len());
    let mut quote = None;
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix(value)
            && !out.ends_with('$')
        {
            let _ = match quote {
                Some('\'') => write!(out, "'\"${{{key}}}\"'"),
                Some(_) => write!(out, "${{{key}}}"),
                None => write!(out, "\"${{{key}}}\""),
            };
            rest = after;
            continue;
        }
        match quote {
            Some(open) if open == c => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// A password that is written out and that no variable holds.
fn stray(script: &str) -> Option<&'static str> {
    let words: Vec<&str> = script.split_whitespace().collect();
    let literal = |text: &str| {
        let text = text.trim_matches(['"', '\'']);
        !text.is_empty() && !text.starts_with(['$', '-', '|', '&', '>', '<', '/'])
    };
    let has =
        |names: &[&str]| words.iter().any(|word| names.iter().any(|name| word.ends_with(name)));
    let mysql = has(&["mysqladmin", "mysql", "mariadb", "mariadb-admin"]);
    let redis = has(&["redis-cli", "valkey-cli", "keydb-cli"]);
    let mongo = has(&["mongosh", "mongo"]);
    for (index, word) in words.iter().enumerate() {
        let next = words.get(index + 1).copied().unwrap_or_default();
        let after = |prefix: &str| word.strip_prefix(prefix).is_some_and(literal);
        if after("--password=") || (mysql && after("-p")) {
            return Some("after --password");
        }
        if ["PGPASSWORD=", "MYSQL_PWD=", "REDISCLI_AUTH="].iter().any(|name| after(name)) {
            return Some("in a variable");
        }
        if (redis && matches!(*word, "-a" | "--pass")
            || mongo && matches!(*word, "-p" | "--password"))
            && literal(next)
        {
            return Some("as an argument");
        }
        if word.contains("://") && word.split_once("://").is_some_and(|(_, rest)| userinfo(rest)) {
            return Some("in an address");
        }
    }
    None
}

/// Whether an address starts with `user:password@`, the password written out.
fn userinfo(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or(rest);
    authority
        .rsplit_once('@')
        .and_then(|(user, _)| user.split_once(':'))
        .is_some_and(|(_, password)| !password.is_empty() && !password.starts_with('$'))
}

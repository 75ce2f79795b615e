//! Traps worth telling, and when they concern a file.

use serde::Deserialize;

use crate::image::ImageRef;
use crate::pattern;

/// A trap: a sentence or two, and the circumstances under which to tell it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct Note {
    /// What to tell.
    pub text: String,
    when: When,
}

/// In the table a bare text is always told.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Written {
    Always(String),
    Sometimes { text: String, when: When },
}

impl From<Written> for Note {
    fn from(written: Written) -> Self {
        match written {
            Written::Always(text) => Self { text, when: When::All(Vec::new()) },
            Written::Sometimes { text, when } => Self { text, when },
        }
    }
}

/// A circumstance.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum When {
    /// Never: a plan takes care of it, so it only stands in the reference document.
    Handled,
    /// The image has no version and no digest.
    Untagged,
    /// There may be more than one copy.
    Several,
    /// The major version is at least this; no version counts as the newest.
    Since(u32),
    /// The repository fits the pattern.
    Repository(String),
    /// A variable of this name is set; `*` stands for any text.
    Env(String),
    /// None of these variables is set.
    NoEnv(Vec<String>),
    /// Something is mounted there, above or below.
    Mount(String),
    /// Nothing is mounted there, above or below.
    NoMount(String),
    /// A directory of the host is mounted there, above or below: it may hold data already.
    Bound(String),
    /// The command line contains this text.
    Command(String),
    /// The command line does not contain this text.
    NoCommand(String),
    /// Somebody who calls it has one of these words in the name, the image or the command.
    Caller(Vec<String>),
    /// All of these.
    All(Vec<When>),
}

/// How a service uses an image.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage<'a> {
    /// The image.
    pub image: Option<&'a ImageRef>,
    /// Keys of its environment.
    pub env: &'a [&'a str],
    /// Where anything is mounted.
    pub mounts: &'a [&'a str],
    /// Where directories of the host are mounted.
    pub bound: &'a [&'a str],
    /// Its entrypoint and command, as one line.
    pub command: &'a str,
    /// Names, images and commands of those who call it.
    pub callers: &'a [String],
    /// How many copies there may be.
    pub copies: u32,
}

impl Note {
    /// Whether the note concerns a service that uses the image so.
    pub fn concerns(&self, usage: &Usage<'_>) -> bool {
        self.when.holds(usage)
    }
}

impl When {
    fn holds(&self, usage: &Usage<'_>) -> bool {
        let set = |name: &String| usage.env.iter().any(|key| pattern::fits(name, key));
        let among = |path: &str, all: &[&str]| all.iter().any(|mount| touch(path, mount));
        match self {
            Self::Handled => false,
            Self::Untagged => {
                usage.image.is_none_or(|image| image.version().is_none() && image.digest.is_none())
            }
            Self::Several => usage.copies > 1,
            Self::Since(major) => {
                let version = usage.image.and_then(ImageRef::version);
                version.is_none_or(|version| version.major >= *major)
            }
            Self::Repository(glob) => {
                usage.image.is_some_and(|image| pattern::fits(glob, &image.canonical()))
            }
            Self::Env(name) => set(name),
            Self::NoEnv(names) => !names.iter().any(set),
            Self::Mount(path) => among(path, usage.mounts),
            Self::NoMount(path) => !among(path, usage.mounts),
            Self::Bound(path) => among(path, usage.bound),
            Self::Command(text) => usage.command.contains(text),
            Self::NoCommand(text) => !usage.command.contains(text),
            Self::Caller(words) => {
                let says = |caller: &String| words.iter().any(|word| has_word(caller, word));
                usage.callers.iter().any(says)
            }
            Self::All(all) => all.iter().all(|when| when.holds(usage)),
        }
    }
}

/// Whether the word, or its plural, stands alone in the text.
fn has_word(text: &str, word: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|found| found.eq_ignore_ascii_case(word) || found.strip_suffix('s') == Some(word))
}

/// Whether one path is the other or lies below it.
fn touch(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_end_matches('/'), b.trim_end_matches('/'));
    let below =
        |path: &str, above: &str| path.strip_prefix(above).is_some_and(|r| r.starts_with('/'));
    a == b || below(a, b) || below(b, a)
}

#[cfg(test)]
mod tests {
    use super::{Note, Usage};
    use crate::ImageRef;

    fn note(when: &str) -> Note {
        let text = format!("note = {{ text = \"Beware.\", when = {when} }}");
        let mut table: toml::Table = text.parse().expect("the test writes TOML");
        table.remove("note").and_then(|value| value.try_into().ok()).expect("a note")
    }

    #[test]
    fn notes_are_told_when_they_concern_the_file() {
        let (old, new) = (ImageRef::parse("db:7.1"), ImageRef::parse("db"));
        let (old, new) = (old.expect("an image"), new.expect("an image"));
        let usage = Usage {
            image: Some(&old),
            env: &["DB_PASSWORD_FILE"],
            mounts: &["/etc/db", "/data"],
            bound: &["/data"],
            command: "db --console",
            callers: &["mail-workers acme/mail:1 run".to_owned()],
            copies: 2,
        };
        for (when, expected) in [
            ("\"handled\"", false),
            ("\"untagged\"", false),
            ("\"several\"", true),
            ("{ since = 7 }", true),
            ("{ since = 8 }", false),
            ("{ repository = \"*/db\" }", false),
            ("{ env = \"DB_*_FILE\" }", true),
            ("{ no-env = [\"DB_USER\"] }", true),
            ("{ mount = \"/etc/db/db.conf\" }", true),
            ("{ no-mount = \"/data/files\" }", false),
            ("{ no-mount = \"/database\" }", true),
            ("{ bound = \"/etc\" }", false),
            ("{ bound = \"/data\" }", true),
            ("{ command = \"--console\" }", true),
            ("{ no-command = \"--console\" }", false),
            ("{ caller = [\"worker\"] }", true),
            ("{ caller = [\"work\"] }", false),
            ("{ all = [\"several\", { since = 8 }] }", false),
        ] {
            assert_eq!(note(when).concerns(&usage), expected, "{when}");
        }
        let usage = Usage { image: Some(&new), copies: 1, ..usage };
        assert!(note("\"untagged\"").concerns(&usage) && note("{ since = 9 }").concerns(&usage));
        assert!(!note("\"several\"").concerns(&usage));
    }
}

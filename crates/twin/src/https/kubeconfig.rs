//! The file that tells kubectl where the twin is, and lets it in.

use super::clients::Pair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;

/// Who may come in: a name, and what shows who it is.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) proof: Proof,
}

/// What a client shows.
#[derive(Clone, Debug)]
pub(super) enum Proof {
    Token(String),
    Certificate(Pair),
}

impl Proof {
    fn lines(&self) -> String {
        match self {
            Self::Token(token) => format!("    token: {token}\n"),
            Self::Certificate(pair) => format!(
                "    client-certificate-data: {}\n    client-key-data: {}\n",
                STANDARD.encode(&pair.certificate),
                STANDARD.encode(&pair.key)
            ),
        }
    }
}

/// How to reach the twin, as each of these; the first is who comes without further words.
pub(super) fn text(address: SocketAddr, authority: &str, users: &[User]) -> String {
    let authority = STANDARD.encode(authority);
    let first = users.first().map(|user| user.name.as_str()).unwrap_or_default();
    let mut text = format!(
        "\
apiVersion: v1
kind: Config
current-context: {first}
clusters:
- name: muster-twin
  cluster:
    server: https://{address}
    certificate-authority-data: {authority}
users:
"
    );
    for User { name, proof } in users {
        text.extend(["- name: ", name, "\n  user:\n", &proof.lines()]);
    }
    text.push_str("contexts:\n");
    for User { name, .. } in users {
        text.extend(["- name: ", name, "\n  context:\n    cluster: muster-twin\n    user: ", name]);
        text.push_str("\n    namespace: default\n");
    }
    text
}

/// Whole or not at all, and never readable by others.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = Path::new(&name);
    let written = private(fresh)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(fresh, path));
    if written.is_err() {
        // What is left of it is of no use; the error is told.
        let _ = fs::remove_file(fresh);
    }
    written
}

fn private(path: &Path) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

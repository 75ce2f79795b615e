//! The file that tells kubectl where the twin is, and lets it in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;

pub(super) fn text(address: SocketAddr, authority: &str, token: &str) -> String {
    let authority = STANDARD.encode(authority);
    format!(
        "\
apiVersion: v1
kind: Config
current-context: muster-twin
clusters:
- name: muster-twin
  cluster:
    server: https://{address}
    certificate-authority-data: {authority}
users:
- name: muster-twin
  user:
    token: {token}
contexts:
- name: muster-twin
  context:
    cluster: muster-twin
    user: muster-twin
    namespace: default
"
    )
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

//! A real API server with its etcd, on loopback ports of its own.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "only tests use it")]

use kube::{Client, Config};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// It ends with this value.
pub(crate) struct Oracle {
    pub(crate) client: Client,
    children: Vec<Child>,
    _folder: TempDir,
}

impl Drop for Oracle {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Where the binaries are.
fn binaries() -> Option<PathBuf> {
    let home =
        std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/muster/cluster/bin"));
    let named = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    named
        .into_iter()
        .chain(home)
        .find(|folder| ["etcd", "kube-apiserver"].iter().all(|name| folder.join(name).exists()))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether pods get an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accounts {
    None,
    Given,
}

impl Accounts {
    fn left_out(self) -> &'static str {
        match self {
            Self::None => "ServiceAccount",
            Self::Given => "",
        }
    }
}

impl Oracle {
    pub(crate) async fn start(accounts: Accounts) -> Option<Self> {
        let binaries = binaries()?;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("tokens.csv"), "token,admin,1,system:masters\n").unwrap();
        let key =
            Command::new("openssl").args(["genrsa", "-out", &path("sa.key"), "2048"]).output();
        if !key.is_ok_and(|done| done.status.success()) {
            println!("SKIP: no openssl");
            return None;
        }
        let (clients, peers, port) = (free_port(), free_port(), free_port());
        let etcd = format!("http://127.0.0.1:{clients}");
        let peer = format!("http://127.0.0.1:{peers}");
        let run = |name: &str, arguments: &[String]| {
            let mut command = Command::new(binaries.join(name));
            command.args(arguments).current_dir(folder.path());
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let mut children = vec![run(
            "etcd",
            &[
                format!("--data-dir={}", path("etcd")),
                "--unsafe-no-fsync".to_owned(),
                format!("--listen-client-urls={etcd}"),
                format!("--advertise-client-urls={etcd}"),
                format!("--listen-peer-urls={peer}"),
                format!("--initial-advertise-peer-urls={peer}"),
                format!("--initial-cluster=default={peer}"),
            ],
        )];
        children.push(run(
            "kube-apiserver",
            &[
                format!("--etcd-servers={etcd}"),
                format!("--cert-dir={}", path("certs")),
                format!("--secure-port={port}"),
                "--bind-address=127.0.0.1".to_owned(),
                "--service-cluster-ip-range=10.0.0.0/16".to_owned(),
                format!("--service-account-key-file={}", path("sa.key")),
                format!("--service-account-signing-key-file={}", path("sa.key")),
                "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
                format!("--token-auth-file={}", path("tokens.csv")),
                "--authorization-mode=RBAC".to_owned(),
                format!("--disable-admission-plugins={}", accounts.left_out()),
                "--allow-privileged=true".to_owned(),
            ],
        ));
        let mut config = Config::new(format!("https://127.0.0.1:{port}").parse().unwrap());
        config.accept_invalid_certs = true;
        config.auth_info.token = Some("token".to_owned().into());
        let client = Client::try_from(config).unwrap();
        let oracle = Self { client, children, _folder: folder };
        for _ in 0..300 {
            let request = http::Request::get("/readyz").body(Vec::new()).unwrap();
            if oracle.client.request_text(request).await.is_ok_and(|text| text == "ok") {
                return Some(oracle);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("kube-apiserver did not become ready in a minute");
    }
}

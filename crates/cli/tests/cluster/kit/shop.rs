//! The example product, running.

use super::{Place, Run, place};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The images that stand in for those of the Compose file.
const IMAGES: [(&str, &str); 6] = [
    ("db", "local/shop-db:1.0.0"),
    ("cache", "local/shop-cache:1.0.0"),
    ("edge", "local/shop-edge:1.0.0"),
    ("app", "local/shop-app:1.0.0"),
    ("worker", "local/shop-app:1.0.0"),
    ("migrate", "local/shop-app:1.0.0"),
];

/// `examples/shop` in the namespace of its name.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) place: &'static Place,
    folder: PathBuf,
    /// Of a changed copy.
    _copy: Option<TempDir>,
}

impl Shop {
    pub(crate) const NAMESPACE: &'static str = "shop";

    /// It may or may not be there.
    pub(crate) fn at(place: &'static Place) -> Self {
        Self { place, folder: example(), _copy: None }
    }

    /// It serves, whatever was there before.
    pub(crate) fn serving() -> Self {
        let shop = Self::at(place());
        shop.up("").exits(0);
        shop
    }

    /// The same with one file changed; nothing is applied yet.
    pub(crate) fn changed(
        place: &'static Place,
        file: &str,
        change: impl FnOnce(String) -> String,
    ) -> Self {
        let copy = tempfile::tempdir().unwrap();
        for name in [
            "compose.yaml",
            "edge/nginx.conf",
            "secrets/db-password.txt",
            "secrets/db-root-password.txt",
        ] {
            let target = copy.path().join(name);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(example().join(name), target).unwrap();
        }
        let target = copy.path().join(file);
        let text = std::fs::read_to_string(&target).unwrap();
        let changed = change(text.clone());
        assert_ne!(text, changed, "the change must hit");
        std::fs::write(&target, changed).unwrap();
        Self { place, folder: copy.path().to_owned(), _copy: Some(copy) }
    }

    /// `muster up` of it with more words.
    pub(crate) fn up(&self, more: &str) -> Run {
        Run::of(&mut self.command(&format!("up --yes {more}")))
    }

    /// A command of `muster` with the images and the edge that this cluster has.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = self.place.command(line);
        command.arg(self.folder.join("compose.yaml")).args(["--edge", "node-port"]);
        let others = IMAGES.iter().filter(|(name, _)| !line.contains(&format!("--image {name}=")));
        command
            .args(others.flat_map(|(name, image)| ["--image".into(), format!("{name}={image}")]));
        command
    }

    pub(crate) fn down(&self, more: &str) -> Run {
        self.place.muster(&format!("down --yes --namespace shop {more}"))
    }

    /// Where a client outside of the pods reaches the edge: an address for each node.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        let service = self.place.get(Self::NAMESPACE, "service/edge-public").unwrap();
        let port = service["spec"]["ports"][0]["nodePort"].as_u64().unwrap();
        let nodes = self.place.list(Self::NAMESPACE, "nodes");
        nodes.iter().map(|node| Address::new(node, port)).collect()
    }

    /// The numbers of all orders that are in the database.
    pub(crate) fn orders(&self) -> BTreeSet<u64> {
        self.sql("SELECT id FROM orders").lines().map(|line| line.parse().unwrap()).collect()
    }

    /// What the database answers its user, one row on each line.
    pub(crate) fn sql(&self, statement: &str) -> String {
        self.ask("db-password", "shop", statement)
    }

    /// What it answers its administrator.
    pub(crate) fn sql_as_root(&self, statement: &str) -> String {
        self.ask("db-root-password", "root", statement)
    }

    fn ask(&self, secret: &str, user: &str, statement: &str) -> String {
        let script = format!(
            r#"MYSQL_PWD=$(cat /run/secrets/{secret}) exec mariadb -N -u {user} shop -e "$0""#
        );
        let words = ["exec", "-n", Self::NAMESPACE, "db-0", "--", "sh", "-c", &script, statement];
        self.place.kubectl(&words)
    }
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop")
}

/// A node, and what a client connects to there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) node: String,
    pub(crate) host: String,
}

impl Address {
    fn new(node: &Value, port: u64) -> Self {
        let addresses = node["status"]["addresses"].as_array().unwrap();
        let internal = addresses.iter().find(|it| it["type"] == "InternalIP").unwrap();
        Self {
            node: node["metadata"]["name"].as_str().unwrap().to_owned(),
            host: format!("{}:{port}", internal["address"].as_str().unwrap()),
        }
    }
}

//! A product of a few lines, in a namespace of its own.

use super::{Place, Run, place};
use std::process::Command;
use tempfile::TempDir;

/// Removed with all its data at the end of the test.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) place: &'static Place,
    pub(crate) name: &'static str,
    folder: TempDir,
}

impl Product {
    /// Writes its Compose file; its name is that of its namespace too.
    pub(crate) fn new(name: &'static str, services: &str) -> Self {
        let product = Self { place: place(), name, folder: tempfile::tempdir().unwrap() };
        product.services(services);
        product
    }

    /// Its Compose file says something else now.
    pub(crate) fn services(&self, services: &str) {
        self.write("compose.yaml", &format!("name: {}\n{services}", self.name));
    }

    /// A file beside the Compose file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// `muster` beside its Compose file.
    pub(crate) fn muster(&self, line: &str) -> Run {
        Run::of(&mut self.command(line))
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = self.place.command(line);
        command.current_dir(self.folder.path());
        command
    }

    /// The names of the objects of a kind that are there.
    pub(crate) fn names(&self, kind: &str) -> Vec<String> {
        let objects = self.place.list(self.name, kind);
        objects.iter().map(|it| it["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        self.muster("down --yes --delete-data");
        let namespace = ["delete", "namespace", self.name, "--ignore-not-found", "--timeout=60s"];
        self.place.try_kubectl(&namespace);
    }
}

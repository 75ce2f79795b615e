//! Real Compose files: a real API server accepts every object of their plans.

use crate::kit::{Place, Run, place, skip};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Nothing is stored there.
const NAMESPACE: &str = "judged";

/// Plans for these may hold custom resources, whose definitions the cluster gets first.
#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn every_plan_is_accepted_strictly() {
    let place = place();
    if place.machines().is_none() {
        return skip("plans of examples", "it would add custom resources to this cluster");
    }
    let definitions = definitions(place);
    place.try_kubectl(&["create", "namespace", NAMESPACE]);
    let files = files();
    let mut objects = 0;
    for file in &files {
        objects += accepted(place, file);
    }
    println!("{} plans, {objects} objects accepted by a strict dry run", files.len());
    assert!(objects > 100, "{objects}");
    place.kubectl(&["delete", "namespace", NAMESPACE, "--wait=false"]);
    // Other tests run on a cluster without them.
    for definition in definitions {
        place.kubectl(&["delete", "-f", &definition, "--timeout=60s"]);
    }
}

fn definitions(place: &Place) -> Vec<String> {
    let script = Run::of(&mut Command::new(top().join("tests/cluster/crds"))).exits(0);
    let files: Vec<String> = script.stdout.lines().map(str::to_owned).collect();
    for file in &files {
        place.kubectl(&["apply", "--server-side", "-f", file]);
    }
    for file in &files {
        place.kubectl(&["wait", "-f", file, "--for=condition=Established", "--timeout=30s"]);
    }
    std::thread::sleep(Duration::from_secs(1));
    files
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compose files of the tree, and those beside it where they are.
fn files() -> Vec<PathBuf> {
    let beside = top().join("../shared/data/compose");
    if !beside.is_dir() {
        skip("the shared examples", "they are not beside this checkout");
    }
    let folders = [top().join("examples"), top().join("crates/cli/tests/golden"), beside];
    let below = folders.iter().flat_map(std::fs::read_dir).flatten().flatten();
    let names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
    let file = |folder: PathBuf| names.iter().map(|name| folder.join(name)).find(|it| it.is_file());
    let mut files: Vec<PathBuf> = below.filter_map(|entry| file(entry.path())).collect();
    files.sort();
    files
}

/// Plans a file and has the API server judge it; how many objects there are.
fn accepted(place: &Place, file: &Path) -> usize {
    let out = tempfile::tempdir().unwrap();
    let (file, folder) = (file.to_str().unwrap(), out.path().join("k8s"));
    let folder = folder.to_str().unwrap();
    let mut plan = Command::new(env!("CARGO_BIN_EXE_muster"));
    Run::of(plan.args(["plan", file, "--out", folder, "--namespace", NAMESPACE])).exits(0);
    let mut objects = 0;
    let mut judged = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        // Its operator, and with it its definition, does not exist yet.
        if text.contains("apiVersion: muster.dev/") {
            println!("SKIP {}: no cluster knows muster.dev yet", path.display());
            continue;
        }
        objects += 1;
        judged.extend(["-f".to_owned(), path.to_str().unwrap().to_owned()]);
    }
    let mut words = vec!["apply", "--server-side", "--dry-run=server", "--validate=strict"];
    words.extend(judged.iter().map(String::as_str));
    let run = place.try_kubectl(&words);
    assert_eq!(run.code, 0, "{file}:\n{}", run.stderr);
    objects
}

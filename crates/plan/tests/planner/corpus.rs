//! Real files: the golden inputs, and whatever `MUSTER_CORPUS` names or lies beside the repository.

use crate::coverage::{reasoned, silent};
use crate::properties::{closed, named, reachable, scaled};
use compose::{DiskFiles, Request};
use model::facts::{ClusterFacts, Options};
use std::path::{Path, PathBuf};

fn compose_files(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            compose_files(&path, found);
        } else if is_compose(&path) {
            found.push(path);
        }
    }
}

/// Overrides make no sense alone.
fn is_compose(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let ending = path.extension().unwrap_or_default();
    (ending == "yml" || ending == "yaml") && name.contains("compose") && !name.contains("override")
}

#[test]
fn real_files_have_sound_plans() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let more = std::env::var_os("MUSTER_CORPUS").map(PathBuf::from);
    let mut files = Vec::new();
    compose_files(&here.join("../cli/tests/golden"), &mut files);
    compose_files(&here.join("../../examples"), &mut files);
    compose_files(&more.unwrap_or_else(|| here.join("../../../shared/data/compose")), &mut files);
    let mut planned = 0;
    for path in files {
        let Some(project) = compose::load(&Request::file(&path), &DiskFiles).project else {
            continue;
        };
        let plan = plan::plan(&project, &ClusterFacts::default(), &Options::default());
        println!("{}", path.display());
        named(&plan);
        reachable(&plan);
        scaled(&plan);
        closed(&plan);
        reasoned(&plan);
        assert_eq!(silent(&project, &plan), Vec::<String>::new(), "{}", path.display());
        planned += 1;
    }
    assert!(planned >= 8, "the golden inputs are there: {planned}");
}

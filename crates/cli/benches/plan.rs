//! Files planned in a second: load, plan, write manifests, in one process.
//!
//! The input is the golden examples, 250 files of them in turn, or the Compose files below
//! `MUSTER_CORPUS`. A file that promises users of a model something is simulated: one of those is measured alone.

use compose::{MemoryFiles, Request, load};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::facts::{ClusterFacts, Options};
use model::plan::Plan;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many files one round plans.
const FILES: usize = 250;

struct Input {
    file: PathBuf,
    files: MemoryFiles,
}

fn corpus() -> Vec<Input> {
    let root = std::env::var_os("MUSTER_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"), PathBuf::from);
    let mut found = Vec::new();
    collect(&root, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no Compose files below {}", root.display());
    found.iter().cycle().take(FILES.max(found.len())).map(|path| input(path)).collect()
}

fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("the corpus can be read").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, found);
        } else if name.contains("compose") && is_yaml(&path) {
            found.push(path);
        }
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// Everything beside the Compose file is read before the clock starts.
fn input(path: &Path) -> Input {
    let dir = path.parent().expect("a file has a directory");
    let mut files = BTreeMap::new();
    read_tree(dir, dir, &mut files);
    let file = PathBuf::from(path.file_name().expect("a file has a name"));
    Input { file, files: MemoryFiles(files) }
}

fn read_tree(root: &Path, dir: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).expect("the directory can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_tree(root, &path, files);
        } else if let (Ok(bytes), Ok(name)) = (std::fs::read(&path), path.strip_prefix(root)) {
            files.insert(name.to_owned(), bytes);
        }
    }
}

fn planned(input: &Input) -> Option<Plan> {
    let request = Request {
        files: vec![input.file.clone()],
        project_name: Some("bench".to_owned()),
        ..Request::default()
    };
    let project = load(&request, &input.files).project?;
    Some(plan::plan(&project, &ClusterFacts::default(), &Options::default()))
}

fn plan_one(input: &Input) -> usize {
    let plan = planned(input).unwrap_or_default();
    manifest::plain(&plan).iter().map(|file| file.text.len()).sum()
}

fn bench(criterion: &mut Criterion) {
    let serves = |input: &Input| planned(input).is_some_and(|plan| !plan.serving.is_empty());
    let (models, inputs): (Vec<_>, Vec<_>) = corpus().into_iter().partition(serves);
    assert!(inputs.iter().any(|input| planned(input).is_some()), "some file must get a plan");
    let mut group = criterion.benchmark_group("plan");
    group.throughput(Throughput::Elements(inputs.len() as u64)).sample_size(10);
    group.bench_function(format!("{} files", inputs.len()), |bencher| {
        bencher.iter(|| inputs.iter().map(plan_one).sum::<usize>());
    });
    group.finish();
    if let Some(model) = models.first() {
        criterion.bench_function("plan a model", |bencher| bencher.iter(|| plan_one(model)));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);

//! Projects on a disk.

use compose::{DiskFiles, Files, Request, default_file, load, override_file};
use model::project::{BindSource, MountKind, Project};
use std::fs;
use std::path::Path;

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = dir.join(name);
        let parent = path.parent().expect("a file has a directory");
        fs::create_dir_all(parent).expect("a fresh directory");
        fs::write(path, text).expect("a fresh file");
    }
}

fn bind(project: &Project, index: usize) -> &BindSource {
    match &project.services["web"].mounts[index].kind {
        MountKind::Bind { facts, .. } => facts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_project_is_read_where_it_lies() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("Shop");
    let text = "services: {web: {image: x, volumes: ['./conf:/c', './one.txt:/o', './none:/n', './dev:/d']}}\n";
    write(
        &root,
        &[
            ("compose.yml", text),
            ("compose.override.yml", "services: {}"),
            ("conf/a.conf", "a"),
            ("conf/deep/b.bin", "\0"),
            ("one.txt", "1"),
        ],
    );
    let file = default_file(&root, &DiskFiles).unwrap();
    assert_eq!(file, root.join("compose.yml"));
    assert_eq!(override_file(&root, &DiskFiles), Some(root.join("compose.override.yml")));
    let project = load(&Request::file(file), &DiskFiles).project.unwrap();
    assert_eq!(project.name, "shop");
    let BindSource::Directory { files, truncated: false } = bind(&project, 0) else {
        panic!("a directory")
    };
    assert_eq!(files.keys().collect::<Vec<_>>(), ["a.conf", "deep/b.bin"]);
    assert!(matches!(bind(&project, 1), BindSource::File(_)));
    assert_eq!(bind(&project, 2), &BindSource::Missing);
}

/// A link must not lead the loader out of the project.
#[cfg(unix)]
#[test]
fn links_out_of_the_project_are_not_followed() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("p");
    let text = "services: {web: {image: x, volumes: ['./link:/l', './conf:/c', './dir/key:/k']}}\nsecrets: {s: {file: ./link}}\n";
    write(&root, &[("compose.yaml", text), ("conf/a.conf", "a")]);
    write(dir.path(), &[("outside/key", "private")]);
    symlink(dir.path().join("outside/key"), root.join("link")).unwrap();
    symlink(dir.path().join("outside/key"), root.join("conf/key")).unwrap();
    symlink(dir.path().join("outside"), root.join("dir")).unwrap();
    let loaded = load(&Request::file(root.join("compose.yaml")), &DiskFiles);
    let project = loaded.project.unwrap();
    assert_eq!(bind(&project, 0), &BindSource::Host);
    assert_eq!(bind(&project, 2), &BindSource::Host);
    let BindSource::Directory { files, .. } = bind(&project, 1) else { panic!("a directory") };
    assert_eq!(files.keys().collect::<Vec<_>>(), ["a.conf"]);
    assert!(project.secrets["s"].content.is_none());
    assert!(DiskFiles.read(&root).is_err(), "a directory is no file");
}

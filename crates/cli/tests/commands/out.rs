//! `muster plan --out`.

use super::{Place, Run, SHOP};

#[test]
fn twice_the_same_bytes_and_nothing_else() {
    let place = Place::new(&[("compose.yaml", SHOP)]);
    for format in ["yaml", "kustomize", "helm", "json"] {
        let line = format!("plan --format {format} --out {format}");
        place.muster(&line).says(0, &["wrote "]);
        let first = place.tree(format);
        place.muster(&line).says(0, &["wrote "]);
        assert_eq!(first, place.tree(format), "{format}");
        assert!(first.iter().any(|(name, _)| name == ".muster-files"));
    }
}

#[test]
fn stale_files_go_and_files_of_others_stay() {
    let place = Place::new(&[("compose.yaml", SHOP)]);
    place.muster("plan --out k8s").says(0, &["wrote"]);
    place.write("k8s/README.md", "mine");
    let without_web = "name: shop\nservices: { db: { image: 'mariadb:11.4' } }\n";
    place.write("compose.yaml", without_web);
    place.muster("plan --out k8s").says(0, &["that are not needed any more"]);
    let names: Vec<_> = place.tree("k8s").into_iter().map(|(name, _)| name).collect();
    assert!(!names.iter().any(|name| name.contains("deployment-web")), "{names:?}");
    assert!(names.contains(&"README.md".to_owned()));
    // Another form is another set of files of ours.
    place.muster("plan --out k8s --format helm").says(0, &["not needed any more"]);
    assert_eq!(place.read("k8s/README.md"), "mine");
}

#[test]
fn a_folder_of_others_is_refused() {
    let place = Place::new(&[("compose.yaml", SHOP), ("notes/a.txt", "mine")]);
    let run = place.muster("plan --out notes");
    run.says(1, &["notes is not empty and was not written by muster", "a.txt", "hint: "]);
    assert_eq!(place.tree("notes").len(), 1);
    place.muster("plan --out .").says(1, &["not empty"]);
    place.muster("plan --out compose.yaml").says(1, &["compose.yaml"]);
    place.muster("plan --html nowhere/a.html").says(1, &["cannot write nowhere/a.html"]);
}

#[cfg(unix)]
#[test]
fn secrets_are_for_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new(&[("compose.yaml", SHOP)]);
    place.muster("plan --out k8s").says(0, &[]);
    let secret = |name: &str| name.contains("-secret-");
    let mut secrets = 0;
    for (name, text) in place.tree("k8s") {
        let mode = std::fs::metadata(place.path("k8s").join(&name)).unwrap().permissions().mode();
        let own = mode & 0o777 == 0o600;
        assert_eq!(own, secret(&name), "{name}: {mode:o}");
        assert_eq!(text.contains("hunter22"), secret(&name), "{name}");
        secrets += usize::from(secret(&name));
    }
    assert!(secrets > 0);
}

/// A file size limit stands in for a full disk: the kernel refuses to write beyond it.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_takes_no_more_leaves_nothing_half_written() {
    let place = Place::new(&[("compose.yaml", SHOP)]);
    place.muster("plan --out k8s").says(0, &[]);
    let before = place.tree("k8s");
    place.write("compose.yaml", &SHOP.replace("web:1.4", "web:1.5"));
    let mut shell = std::process::Command::new("sh");
    // Ignored, the signal becomes an error of the write.
    shell.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" plan --out k8s --format json"]);
    shell.arg(env!("CARGO_BIN_EXE_muster")).current_dir(place.path("")).env_clear();
    let run = Run::of(shell.env("PATH", "/usr/bin:/bin"));
    run.says(1, &["cannot write k8s/plan.json"]);
    let whole = |tree: Vec<(String, String)>| -> Vec<_> {
        tree.into_iter().filter(|(name, _)| name != ".muster-files").collect()
    };
    assert_eq!(whole(before), whole(place.tree("k8s")));
}

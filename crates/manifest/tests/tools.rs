//! What independent tools say about the output. A tool is taken from `target/judges/bin` or from the
//! path; a test whose tool is missing says so and passes.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod common;

use manifest::{OutFile, Secrets, helm, kustomize, objects, plain, yaml};
use model::SecretText;
use model::plan::{ConfigFiles, EnvSource, EnvVar, Plan, Secret, SecretEntry};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Kubernetes versions whose schemas the objects must meet.
const VERSIONS: [&str; 4] = ["1.34", "1.35", "1.36", "1.37"];

fn tool(name: &str) -> Option<PathBuf> {
    let judges = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges/bin").join(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(judges)
        .chain(std::env::split_paths(&path).map(|folder| folder.join(name)))
        .find(|candidate| candidate.is_file());
    if found.is_none() {
        println!("SKIP: {name} is not installed");
    }
    found
}

fn write(files: &[OutFile]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.text).unwrap();
    }
    folder
}

fn run(tool: &Path, folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(tool).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{arguments:?}\n{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// A Helm that was built without its release flags believes in a very old Kubernetes.
const NEW: [&str; 2] = ["--kube-version", "1.34.0"];

/// Objects by kind and name.
fn by_name(text: &str) -> BTreeMap<String, Value> {
    let named = |value: Value| {
        let name = format!("{}/{}", value["kind"], value["metadata"]["name"]);
        (name.replace('"', ""), value)
    };
    common::read(text).into_iter().filter(|value| !value.is_null()).map(named).collect()
}

fn expected() -> BTreeMap<String, Value> {
    by_name(&yaml(&objects(&common::plan()), Secrets::Shown))
}

fn assert_same(actual: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) {
    let names = |map: &BTreeMap<String, Value>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(actual), names(expected));
    for (name, expected) in expected {
        assert_eq!(&actual[name], expected, "{name}");
    }
}

#[test]
fn schemas_accept_every_built_in_object() {
    let Some(tool) = tool("kubernetes-validate") else { return };
    let folder = write(&plain(&common::plan()));
    let custom = [".x-k8s.io", "muster.dev", "cnpg.io", "coreos.com", "gateway.networking"];
    let files: Vec<_> = plain(&common::plan())
        .into_iter()
        .filter(|file| file.path != ".gitignore")
        .filter(|file| {
            !custom.iter().any(|group| file.text.lines().next().unwrap().contains(group))
        })
        .map(|file| file.path)
        .collect();
    assert!(files.len() > 20);
    for version in VERSIONS {
        let mut arguments = vec!["--strict", "-k", version];
        arguments.extend(files.iter().map(String::as_str));
        run(&tool, folder.path(), &arguments);
    }
}

#[test]
fn kustomize_builds_the_same_objects() {
    let Some(tool) = tool("kustomize") else { return };
    let folder = write(&kustomize(&common::plan()));
    let built = run(&tool, folder.path(), &["build", "."]);
    assert_same(&by_name(&built), &expected());
}

#[test]
fn helm_renders_the_same_objects() {
    let Some(tool) = tool("helm") else { return };
    let folder = chart();
    let arguments = ["template", "shop", ".", "--namespace", "shop", "-f", "values-secrets.yaml"];
    let fill = ["--set", "secrets.db-credentials.values.root-password="];
    let create = ["--set", "namespace.create=true"];
    let rendered = run(&tool, folder.path(), &[&arguments[..], &fill, &create, &NEW].concat());
    let mut expected = expected();
    // The chart asks for the value instead of telling people to fill it in.
    let secret = expected.get_mut("Secret/db-credentials").unwrap();
    secret["metadata"].as_object_mut().unwrap().remove("annotations");
    let mut rendered = by_name(&rendered);
    rendered.values_mut().for_each(without_keep);
    assert_same(&rendered, &expected);
}

/// What holds data outlives a release: the chart says so, plain objects need not.
fn without_keep(object: &mut Value) {
    let Some(metadata) = object["metadata"].as_object_mut() else { return };
    if metadata.get("annotations") == Some(&json!({ "helm.sh/resource-policy": "keep" })) {
        metadata.remove("annotations");
    }
}

/// A plan that says these words wherever a text may stand.
fn saying(words: &[&str]) -> Plan {
    let mut plan = Plan { app: "shop".to_owned(), namespace: "shop".to_owned(), ..Plan::default() };
    let words = || words.iter().enumerate();
    let mut web = common::plan().workloads.remove(0);
    web.pod.containers[0].args = Some(words().map(|(_, word)| (*word).to_owned()).collect());
    let variable = |(at, word): (usize, &&str)| EnvVar {
        name: format!("V{at}"),
        source: EnvSource::Value((*word).to_owned()),
    };
    web.pod.containers[0].env = words().map(variable).collect();
    plan.workloads.push(web);
    plan.config_maps.push(ConfigFiles {
        name: "words".to_owned(),
        owner: String::new(),
        data: words().map(|(at, word)| (format!("k{at}"), (*word).to_owned())).collect(),
        binary: BTreeMap::new(),
    });
    let secret =
        |(at, word): (usize, &&str)| (format!("k{at}"), SecretEntry::Value(SecretText::new(*word)));
    plan.secrets.push(Secret {
        name: "words".to_owned(),
        users: Vec::new(),
        entries: words().map(secret).collect(),
        external: false,
    });
    plan
}

#[test]
fn helm_keeps_any_text() {
    let Some(tool) = tool("helm") else { return };
    let plan = saying(common::WORDS);
    let folder = write(&helm(&plan));
    let arguments = ["template", ".", "-n", "shop", "-f", "values-secrets.yaml"];
    let create = ["--set", "namespace.create=true"];
    let rendered = run(&tool, folder.path(), &[&arguments[..], &create, &NEW].concat());
    let mut rendered = by_name(&rendered);
    rendered.values_mut().for_each(without_keep);
    assert_same(&rendered, &by_name(&yaml(&objects(&plan), Secrets::Shown)));
}

/// Kustomize reads our objects, but writes tabs, control characters and line separators so that its own reader, which
/// comes next, refuses or changes them.
#[test]
fn kustomize_keeps_any_text() {
    let Some(tool) = tool("kustomize") else { return };
    let refused = |c: char| c != '\n' && (c.is_control() || "\u{fffe}\u{2028}".contains(c));
    let words: Vec<&str> =
        common::WORDS.iter().copied().filter(|word| !word.contains(refused)).collect();
    let plan = saying(&words);
    let folder = write(&kustomize(&plan));
    let built = by_name(&run(&tool, folder.path(), &["build", "."]));
    assert_same(&built, &by_name(&yaml(&objects(&plan), Secrets::Shown)));
}

#[test]
fn helm_lints_and_asks_for_secrets() {
    let Some(tool) = tool("helm") else { return };
    let folder = chart();
    let lint = ["lint", "--strict", ".", "-f", "values-secrets.yaml"];
    run(&tool, folder.path(), &[&lint[..], &NEW].concat());
    let refused = Command::new(&tool)
        .args(["template", "shop", "."])
        .args(NEW)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(message.contains("secrets.db-credentials.values."), "{message}");
    let unknown = ["template", ".", "--set", "services.web.replica=3"];
    let refused =
        Command::new(&tool).args(unknown).args(NEW).current_dir(folder.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("replica"));
}

#[test]
fn helm_values_reach_the_objects() {
    let Some(tool) = tool("helm") else { return };
    let folder = chart();
    let mut arguments = vec!["template", "shop", ".", "--namespace", "other"];
    let sets = [
        "secrets.db-credentials.existingSecret=mine",
        "services.web.autoscaling.enabled=false",
        "services.web.replicas=3",
        "services.web.image.tag=2.0",
        "services.web.env.DEBUG=on",
        "services.db.storage.data.size=20Gi",
        "services.db.storage.data.class=fast",
        "services.migrate.image.tag=8",
        "databases.orders.storage.class=",
        "routes.web.hosts={x.example}",
        "routes.web-bare.hosts={y.example}",
        "commonLabels.team=blue",
    ];
    arguments.extend(sets.iter().flat_map(|set| ["--set-string", set]));
    let arguments = [typed(&arguments), NEW.to_vec()].concat();
    let rendered = by_name(&run(&tool, folder.path(), &arguments));
    let at = |name: &str, pointer: &str| {
        let value = rendered.get(name).and_then(|object| object.pointer(pointer));
        value.cloned().unwrap_or_default()
    };
    assert!(!rendered.contains_key("Secret/db-credentials"));
    assert!(!rendered.contains_key("HorizontalPodAutoscaler/web"));
    let web = "/spec/template/spec/containers/0";
    let claim = "/spec/volumeClaimTemplates/0/spec";
    for (name, pointer, value) in [
        ("Deployment/web", "/spec/replicas".to_owned(), Value::from(3)),
        ("Deployment/web", "/metadata/namespace".to_owned(), "other".into()),
        ("Deployment/web", "/metadata/labels/team".to_owned(), "blue".into()),
        ("Deployment/web", format!("{web}/image"), "registry.example:5000/acme/web:2.0".into()),
        ("Deployment/web", format!("{web}/env/0/value"), "on".into()),
        ("Deployment/web", format!("{web}/env/6/valueFrom/secretKeyRef/name"), "mine".into()),
        ("StatefulSet/db", format!("{claim}/resources/requests/storage"), "20Gi".into()),
        ("StatefulSet/db", format!("{claim}/storageClassName"), "fast".into()),
        ("Database/orders", "/spec/storage/class".to_owned(), Value::Null),
        (
            "PersistentVolumeClaim/uploads",
            "/metadata/annotations/helm.sh~1resource-policy".to_owned(),
            "keep".into(),
        ),
        ("HTTPRoute/web", "/spec/hostnames/0".to_owned(), "x.example".into()),
        ("Ingress/web-bare", "/spec/rules/0/host".to_owned(), "y.example".into()),
    ] {
        assert_eq!(at(name, &pointer), value, "{name} {pointer}");
    }
    let jobs: Vec<_> = rendered.keys().filter(|name| name.starts_with("Job/migrate-")).collect();
    let planned = expected();
    assert!(jobs.len() == 1 && !planned.contains_key(jobs[0]), "{jobs:?}");
}

/// Numbers and booleans keep their type; everything else is a string, even `on`.
fn typed<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let mut out = arguments.to_vec();
    for at in 1..out.len() {
        if out[at].ends_with("=false") || out[at].ends_with("replicas=3") {
            out[at - 1] = "--set";
        }
    }
    out
}

fn chart() -> tempfile::TempDir {
    write(&helm(&common::plan()))
}

//! The stages that KWOK ships, with the objects and the answers of KWOK's own tests. They are not
//! part of this tree: `MUSTER_KWOK_STAGES` names `kustomize/stage` of a checkout of KWOK 0.8.

mod common;

use common::{Named, now, stages, value};
use kwok::{Deed, Form, Stage};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use twin_core::tree::{Map, Value};

#[test]
fn shipped_stages_do_what_they_do_there() {
    let Some(root) = std::env::var_os("MUSTER_KWOK_STAGES") else {
        eprintln!(
            "skipped: MUSTER_KWOK_STAGES does not name kustomize/stage of a checkout of KWOK"
        );
        return;
    };
    let (mut files, mut cases) = (0, 0);
    for folder in folders(Path::new(&root)) {
        let read: Vec<Stage> = yaml_files(&folder)
            .into_iter()
            .flat_map(|file| {
                let text = fs::read_to_string(&file).expect("it can be read");
                files += 1;
                stages(&file.display().to_string(), &text).unwrap_or_else(|error| panic!("{error}"))
            })
            .collect();
        for input in yaml_files(&folder.join("testdata")) {
            let name = input.display().to_string();
            let Some(stem) = name.strip_suffix(".input.yaml") else { continue };
            cases += 1;
            judge(&read, &name, Path::new(&format!("{stem}.output.yaml")));
        }
    }
    assert!(files >= 14 && cases >= 16, "{files} files, {cases} cases");
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).expect("it can be listed").flatten() {
        if entry.path().is_dir() && entry.file_name() != "testdata" {
            found.push(entry.path());
            found.extend(folders(&entry.path()));
        }
    }
    found.sort();
    found
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "yaml")).collect();
    found.sort();
    found
}

fn judge(stages: &[Stage], input: &str, output: &Path) {
    let object = value(&fs::read_to_string(input).expect("it can be read"));
    let wanted = value(&fs::read_to_string(output).expect("it can be read"));
    let kind = object.str_at(&["kind"]).unwrap_or_default();
    let ours = stages.iter().filter(|stage| stage.target().kind == kind);
    let stage = kwok::next(ours, &object, &mut Named).expect("a stage fits");
    let wanted = wanted.at(&["stages"]).and_then(Value::as_list).cloned().unwrap_or_default();
    let names: Vec<_> = wanted.iter().filter_map(|it| it.str_at(&["stage"])).collect();
    assert!(names.contains(&stage.name()), "{input}: {} of {names:?}", stage.name());
    let wanted = wanted.iter().find(|it| it.str_at(&["stage"]) == Some(stage.name()));
    let deeds = stage.deeds(&object, &mut Named).unwrap_or_else(|error| panic!("{input}: {error}"));
    // KWOK's answers leave events out when they are written down there: they have no data.
    let shown: Vec<_> = deeds.iter().filter_map(shown).collect();
    let wanted = wanted
        .and_then(|it| it.at(&["next"]))
        .and_then(Value::as_list)
        .cloned()
        .unwrap_or_default();
    let wanted: Vec<_> =
        wanted.iter().filter(|it| it.str_at(&["kind"]) != Some("event")).map(plain).collect();
    assert_eq!(text(&Value::from(shown)), text(&Value::from(wanted)), "{input}");
}

/// A deed as KWOK writes it down.
fn shown(deed: &Deed) -> Option<Value> {
    let row = |kind: &str, subresource: &str, data: &Value| {
        let mut row = BTreeMap::from([("kind", Value::text(kind)), ("data", data.clone())]);
        if !subresource.is_empty() {
            row.insert("subresource", Value::text(subresource));
        }
        Value::Map(row.into_iter().map(|(key, it)| (key.into(), it)).collect::<Map>())
    };
    match deed {
        Deed::Tell(_) => None,
        Deed::Delete => Some(Value::from([("kind", "delete".into())])),
        Deed::Patch { form, subresource, patch } => {
            assert_ne!(*form, Form::Apply);
            Some(row("patch", subresource, patch))
        }
        Deed::Apply { subresource, object, .. } => Some(row("apply", subresource, object)),
    }
}

/// What is wanted, without the media type: theirs forgets which objects are built in.
fn plain(row: &Value) -> Value {
    row.without(&["type"])
}

/// As text in which both name the same things the same way.
fn text(value: &Value) -> String {
    let mut text = value.to_string();
    text = text.replace(&now().to_string(), "<Now>").replace("kwok-v0.8.0", "kwok-<Version>");
    for (from, to) in [("<NodeIP of <NodeName>>", "<NodeIP>"), ("10250", "\"<NodePort>\"")] {
        text = text.replace(from, to);
    }
    text = theirs(&text, "<0 of NodeIPsWith(\\\"", "<NodeIP of ");
    text = theirs(&text, "<NodeIPWith(\\\"", "<NodeIP of ");
    text = pods(&text, "<0 of PodIPsWith(");
    text = pods(&text, "<PodIPWith(");
    // They have two families of addresses, we have one.
    let second = |name: &str| format!(",{{\"ip\":\"<1 of {name}IPsWith(");
    for name in ["Node", "Pod"] {
        while let Some(at) = text.find(&second(name)) {
            let end = text[at..].find("\"}").map_or(text.len(), |end| at + end + 2);
            text.replace_range(at..end, "");
        }
    }
    text
}

fn theirs(text: &str, from: &str, to: &str) -> String {
    let mut text = text.to_owned();
    while let Some(at) = text.find(from) {
        let end = text[at..].find("\\\")>").map_or(text.len(), |end| at + end);
        let name = text[at + from.len()..end].to_owned();
        text.replace_range(at..(end + 4).min(text.len()), &format!("{to}{name}>"));
    }
    text
}

/// `PodIPWith("node", false, "", "pod", "")`
fn pods(text: &str, from: &str) -> String {
    let mut text = text.to_owned();
    while let Some(at) = text.find(from) {
        let end = text[at..].find(")>").map_or(text.len(), |end| at + end);
        let arguments = text[at + from.len()..end].replace("\\\"", "");
        let arguments: Vec<_> = arguments.split(", ").collect();
        let host = if arguments[1] == "true" { " as host" } else { "" };
        let ours = format!("<PodIP of {} on {}{host}>", arguments[3], arguments[0]);
        text.replace_range(at..(end + 2).min(text.len()), &ours);
    }
    text
}

use super::Template;
use crate::site::{PodName, Site};
use twin_core::time::Timestamp;
use twin_core::tree::decode;

/// A place where everything is known.
struct Here;

impl Site for Here {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_000_000_000_000_000)
    }

    fn started(&self) -> Timestamp {
        Timestamp::default()
    }

    fn node_name(&self) -> String {
        "n".to_owned()
    }

    fn node_port(&self) -> i64 {
        10_250
    }

    fn node_addresses(&self, node: &str) -> Vec<String> {
        vec![format!("address of {node}")]
    }

    fn pod_addresses(&mut self, pod: &PodName<'_>) -> Vec<String> {
        vec![format!("{:?} of {}/{} on {}", pod.network, pod.namespace, pod.name, pod.node)]
    }

    fn chance(&mut self, below: u64) -> u64 {
        below / 2
    }
}

const OBJECT: &str = r#"{
    "metadata": {"name": "x", "annotations": {"a/b": "v"}},
    "spec": {"nodeName": "n1", "containers": [{"name": "a", "image": "i"}, {"name": "b"}], "count": 3},
    "status": {"empty": {}, "map": {"k": "1", "l": ["x", {"m": 2}]}}
}"#;

fn rendered(template: &str) -> Result<String, String> {
    let template = Template::parse(template).map_err(|fault| format!("{}: {fault}", fault.at))?;
    let value = decode(OBJECT.as_bytes()).expect("the object is JSON");
    template.render(&value, &mut Here).map_err(|error| error.to_string())
}

#[track_caller]
fn makes(template: &str, wanted: &str) {
    assert_eq!(rendered(template).unwrap_or_else(|error| error), wanted, "{template}");
}

#[test]
fn values_are_shown_as_go_does() {
    makes("{{ .metadata.name }}-{{ .spec.count }}", "x-3");
    makes("{{ .metadata.uid }}", "<no value>");
    makes("{{ .no.such.thing | Quote }}", "\"null\"");
    makes("{{ .spec.count | Quote }} {{ true | Quote }}", "\"3\" \"true\"");
    makes("{{ .status.map }} {{ list 1 nil }}", "map[k:1 l:[x map[m:2]]] [1 <nil>]");
    makes("{{ printf \"kwok-%s %q %03d%%\" Version .metadata.name 7 }}", "kwok-v0.8.0 \"x\" 007%");
    makes("{{ index .metadata.annotations \"a/b\" }}{{ index .spec.containers 1 | len }}", "v1");
    makes("{{ (index .spec.containers 0).image }}", "i");
}

#[test]
fn actions_choose_and_repeat() {
    makes("{{ if .spec.x }}a{{ else if eq .spec.count 2 3 }}b{{ else }}c{{ end }}", "b");
    makes(
        "{{ with .status.empty }}a{{ else }}b{{ end }}{{ with .spec }}{{ .count }}{{ end }}",
        "b3",
    );
    makes("{{ range .spec.containers }}{{ .name }},{{ end }}", "a,b,");
    makes(
        "{{ range $i, $c := .spec.containers }}{{ $i }}{{ $c.name }}{{ $.metadata.name }} {{ end }}",
        "0ax 1bx ",
    );
    makes("{{ range .spec.none }}a{{ else }}none{{ end }}", "none");
    makes("{{ range $k, $v := .status.map }}{{ $k }}{{ end }}", "kl");
    makes("{{ range 3 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "02");
    makes("{{ range 3 }}{{ if . }}{{ break }}{{ end }}{{ . }}{{ end }}", "0");
    makes(
        "{{ $x := false }}{{ range .spec.containers }}{{ if eq .name \"b\" }}{{ $x = true }}{{ end }}{{ end }}{{ $x }}",
        "true",
    );
    makes("a {{- /* said */ -}} b{{ \"}}\" }}", "ab}}");
    makes("{{ or .spec.none \"\" | Quote }} {{ and .spec 0 1 }} {{ not .spec }}", "\"\" 0 false");
}

#[test]
fn functions_know_the_place() {
    makes("{{ Now }} {{ StartTime }}", "2001-09-09T01:46:40Z 1970-01-01T00:00:00Z");
    makes("{{ NodeName }} {{ NodeIP }} {{ NodePort }}", "n address of n 10250");
    makes("{{ index (NodeIPsWith .spec.nodeName) 0 }}", "address of n1");
    makes(
        "{{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid \"\" ) .metadata.name \"ns\" }}",
        "Own of ns/x on n1",
    );
    makes(
        "{{ range NodeConditions }}{{ .type }}={{ .status }} {{ end }}",
        "Ready=True MemoryPressure=False DiskPressure=False PIDPressure=False NetworkUnavailable=False ",
    );
    makes("{{ randInt 10 20 }}", "15");
}

#[test]
fn values_become_blocks() {
    makes(
        "m:{{ YAML .status.map 1 }}",
        "m:\n  \"k\": \"1\"\n  \"l\":\n    - \"x\"\n    -\n      \"m\": 2\n  ",
    );
    makes("{{ \"a\\nb\" | nindent 2 }}|{{ list \"x\" 1 | join \"-\" | upper }}", "\n  a\n  b|X-1");
    makes(
        "{{ default \"d\" .spec.none }} {{ ternary \"y\" \"n\" true }} {{ dict \"a\" 1 | toJson }}",
        "d y {\"a\":1}",
    );
}

#[test]
fn what_is_wrong_is_said() {
    makes("{{ .a", "0: the action has no end");
    makes("{{ if .a }}", "5: \"end\" is missing");
    makes("{{ end }}", "2: \"end\" belongs to nothing");
    makes("a{{ nope 1 }}", "4: there is no function \"nope\"");
    makes("{{ $x }}", "3: there is no variable \"$x\"");
    makes("{{ if .a }}{{ $x := 1 }}{{ end }}{{ $x }}", "36: there is no variable \"$x\"");
    makes("{{ $x = 1 }}", "3: there is no such variable to set");
    makes("{{ index }}", "3: \"index\" takes at least 1 values, not 0");
    makes("{{ .a | .b }}", "8: only a function can follow \"|\"");
    makes("{{ define \"x\" }}{{ end }}", "2: \"define\" is not known here");
    makes("\n{{ index .spec.containers 9 }}", "line 2 of the template: there is no item 9 of 2");
    makes("{{ .metadata.name.x }}", "line 1 of the template: there is no \"x\" in a string");
    makes("{{ range 999999999 }}{{ end }}", "line 1 of the template: the template takes too long");
    makes(
        "{{ range 100000 }}xxxxxxxxxxxxxxx{{ end }}",
        "line 1 of the template: the template makes too much text",
    );
    for nested in ["{{ if 1 }}", "{{ (", "{{ with 1 }}{{ else with 1 }}"] {
        assert!(rendered(&nested.repeat(10_000)).is_err());
    }
}

#[test]
fn what_takes_too_much_is_said() {
    let large = "line 1 of the template: the value gets too large";
    makes("{{ $x := 1 }}{{ range 400000 }}{{ $x = list $x }}{{ end }}", large);
    makes("{{ $x := 1 }}{{ range 400000 }}{{ $x = dict \"a\" $x }}{{ end }}", large);
    makes("{{ $x := \"a\" }}{{ range 50 }}{{ $x = print $x $x }}{{ end }}", large);
    makes("{{ $x := 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}", large);
    let many = format!("{{{{ $x := until 9000 }}}}{{{{ print {} }}}}", "$x ".repeat(3_000));
    makes(&many, large);
    makes(
        "{{ join (Quote (until 9000)) (until 90000) }}",
        "line 1 of the template: the text gets too long",
    );
    let slow = "line 1 of the template: the template takes too long";
    makes("{{ $x := until 90000 }}{{ range 1000000 }}{{ $y := has -1 $x }}{{ end }}", slow);
    let nested = format!("{}{}", "{{ range 1000000 }}".repeat(60), "{{ end }}".repeat(60));
    makes(&nested, slow);
    makes("{{ until 100000 | len }}", "100000");
}

#[test]
fn what_stands_where_it_cannot_is_refused() {
    makes("a{{ break }}", "4: \"break\" is only for a range");
    makes("{{ if 1 }}{{ continue }}{{ end }}", "13: \"continue\" is only for a range");
    makes("{{ range 1 }}{{ else }}{{ break }}{{ end }}", "26: \"break\" is only for a range");
    makes("{{ range 2 }}{{ if 1 }}{{ break }}{{ end }}{{ end }}", "");
    makes("{{ range 2 }}{{ range 1 }}{{ else }}{{ break }}{{ end }}{{ . }}{{ end }}", "01");
    makes("{{ if 1 }}{{ else $x }}{{ end }}", "18: \"else\" takes no value");
    makes("{{ if 1 }}{{ else .a }}{{ end }}", "18: \"else\" takes no value");
    makes("{{ if 1 }}{{ else }}{{ else 1 }}{{ end }}", "27: there is an \"else\" already");
    makes("{{ if 1 }}{{ else with 1 }}{{ end }}", "18: \"if\" and \"with\" do not mix");
    makes("{{ with 1 }}{{ else if 1 }}{{ end }}", "20: \"with\" and \"if\" do not mix");
    makes("{{ with 0 }}{{ else with 1 }}{{ . }}{{ end }}", "1");
}

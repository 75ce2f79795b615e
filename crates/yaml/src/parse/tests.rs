use super::*;
use std::fmt::Write;

fn read(text: &str) -> Result<Option<Node>, Diagnostic> {
    parse(text, FileId(0), Limits::default())
}

fn value(text: &str) -> Value {
    read(text).unwrap().unwrap().value
}

#[test]
fn scalars_mean_what_compose_readers_take_them_for() {
    for (text, want) in [
        ("true", Value::Bool(true)),
        ("yes", Value::Str("yes".into())),
        ("8080", Value::Int(8080)),
        ("0x1f", Value::Int(31)),
        ("0444", Value::Int(0o444)),
        ("08", Value::Str("08".into())),
        ("'8080'", Value::Str("8080".into())),
        ("!!str 8080", Value::Str("8080".into())),
        ("1.10", Value::Float(1.10, "1.10".into())),
        ("22:22", Value::Str("22:22".into())),
        ("99999999999999999999", Value::Float(1e20, "99999999999999999999".into())),
        ("-", Value::Seq(vec![Node { span: Span::default(), tag: None, value: Value::Null }])),
    ] {
        match (value(text), want) {
            (Value::Float(a, at), Value::Float(b, bt)) => {
                assert!((a - b).abs() <= f64::EPSILON * b.abs() && at == bt);
            }
            (Value::Seq(got), Value::Seq(_)) => assert_eq!(got[0].value, Value::Null),
            // `08` is no octal number, so it stays what it looks like.
            (Value::Float(8.0, _), Value::Str(s)) if s == "08" => {}
            (got, want) => assert_eq!(got, want, "{text}"),
        }
    }
}

#[test]
fn places_count_from_one_in_characters() {
    let node = read("a: 1\nü: [x, yz]\n").unwrap().unwrap();
    let map = node.as_map().unwrap();
    let (key, list) = map.entry("ü").unwrap();
    assert_eq!((key.span.start.line, key.span.start.column), (2, 1));
    let item = &list.as_seq().unwrap()[1];
    assert_eq!(
        (item.span.start, item.span.end),
        (Pos { line: 2, column: 8 }, Pos { line: 2, column: 10 })
    );
}

#[test]
fn aliases_and_merges_expand() {
    let node =
        read("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: {<<: [{b: 4}, *x]}\n").unwrap().unwrap();
    let get = |key: &str, inner: &str| {
        node.as_map().unwrap().get(key).unwrap().as_map().unwrap().get(inner).unwrap().value.clone()
    };
    assert_eq!(get("y", "a"), Value::Int(1));
    assert_eq!(get("y", "b"), Value::Int(3));
    assert_eq!(get("z", "b"), Value::Int(4));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, code, line) in [
        ("a: 1\na: 2\n", "yaml-duplicate-key", 2),
        ("a:\n\t- b\n", "yaml-syntax", 2),
        ("a: [1\n", "yaml-syntax", 1),
        ("a: 1\n---\nb: 2\n", "yaml-documents", 3),
        ("[a]: 1\n", "yaml-key", 1),
        ("a: &a [*a]\n", "yaml-alias", 1),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!((error.code, error.span.start.line), (code, line), "{text}: {error:?}");
        assert!(error.hint.is_some());
    }
}

#[test]
fn bombs_are_refused_quickly() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let alias = format!("*a{}", n - 1);
        writeln!(bomb, "a{n}: &a{n} [{}]", vec![alias; 10].join(", ")).unwrap();
    }
    assert_eq!(read(&bomb).unwrap_err().code, "yaml-too-large");
    assert_eq!(
        read(&format!("{}{}", "[".repeat(80), "]".repeat(80))).unwrap_err().code,
        "yaml-too-deep"
    );
    assert!(read(&"[".repeat(100_000)).is_err());
    assert_eq!(read(&"x".repeat(10 << 20)).unwrap_err().code, "yaml-too-large");
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 1000].join(", "));
    assert_eq!(read(&text).unwrap_err().code, "yaml-too-large");
    let mut deep = "a0: &a0 x\n".to_owned();
    for n in 1..40 {
        writeln!(deep, "a{n}: &a{n} [[[*a{}]]]", n - 1).unwrap();
    }
    assert_eq!(read(&deep).unwrap_err().code, "yaml-too-deep");
    let mut long = String::new();
    for n in 0..90_000 {
        writeln!(long, "k{n}: 1").unwrap();
    }
    assert!(read(&long).is_ok());
}

/// Every message as people read it.
#[test]
fn messages_are_readable() {
    let texts = [
        "a: 1\nb:\n  c: 2\n  c: 3\n",
        "services:\n\tweb:\n\t\timage: x\n",
        "command: echo a: b\n",
        "ports: [80, 81\nimage: x\n",
        "name: {{ name }}\n",
        "<<: 3\n",
        "a: *nobody\n",
        "text: \"never closed\n",
        "a: 1\n---\nb: 2\n",
        "ümläut: [x, y\n",
    ];
    let mut out = String::new();
    for text in texts {
        let mut sources = crate::Sources::default();
        let file = sources.add("compose.yaml", text);
        let error = parse(text, file, Limits::default()).unwrap_err();
        writeln!(out, "{}\n", error.render(&sources)).unwrap();
    }
    insta::assert_snapshot!(out);
}

/// No text makes the reader panic, and its places lie in the text.
#[test]
fn any_text_is_read_or_refused() {
    use proptest::prelude::*;
    let pieces = prop::sample::select(vec![
        "a", ":", " ", "\n", "  ", "- ", "&a ", "*a", "<<: ", "{", "}", "[", "]", ",", "\"", "'",
        "|", ">", "#", "!", "!reset ", "!!str ", "%", "---\n", "...\n", "?", "~", "0x", "1.5",
        "\t", "\u{feff}", "é", "\r\n", "\0", "@", "`", "\\", "\u{85}", "\u{2028}",
    ]);
    let text = prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat());
    let config =
        ProptestConfig { failure_persistence: None, cases: 3000, ..ProptestConfig::default() };
    proptest!(config, |(text in text)| {
        let mut sources = crate::Sources::default();
        let file = sources.add("f", text.clone());
        let span = match parse_all(&text, file, Limits::default()) {
            Ok(documents) => documents.first().map(|node| node.span),
            Err(error) => {
                let _ = error.render(&sources);
                Some(error.span)
            }
        };
        prop_assert!(span.is_none_or(|span| span.start.line >= 1 && span.start.column >= 1));
    });
}

use super::Query;
use twin_core::tree::decode;

const POD: &str = r#"{
    "metadata": {"labels": {"a.b/c": "true"}, "ownerReferences": [{"kind": "Job"}], "annotations": {"delay": "3s"}},
    "spec": {"containers": [{"name": "x"}, {"name": "y"}], "priority": 5},
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "False"}]}
}"#;

#[track_caller]
fn finds(query: &str, wanted: &str) {
    let value = decode(POD.as_bytes()).expect("the pod is JSON");
    let found = Query::parse(query).expect("the query is right").run(&value);
    let found = found.map(|found| twin_core::tree::Value::from(found).to_string());
    assert_eq!(found.as_deref().unwrap_or("failed"), wanted, "{query}");
}

#[test]
fn paths_find_what_lies_there() {
    finds(".status.phase", r#"["Running"]"#);
    finds(".metadata.deletionTimestamp", "[]");
    finds(".metadata.labels[\"a.b/c\"]", r#"["true"]"#);
    finds(".metadata.labels.\"a.b/c\"", r#"["true"]"#);
    finds(".metadata.ownerReferences.[].kind", r#"["Job"]"#);
    finds(".metadata.finalizers.[].kind", "failed");
    finds(".metadata.finalizers[]?.kind", "[]");
    finds(".spec.containers[1].name, .spec.containers.[-2].name", r#"["y","x"]"#);
    finds(".status.conditions.[] | select( .type == \"Ready\" ) | .status", r#"["True"]"#);
}

#[test]
fn filters_calculate() {
    finds(".metadata.annotations.wait // .metadata.annotations.delay // \"1s\"", r#"["3s"]"#);
    finds(".spec.containers | length > 1 and (.[0].name == \"x\")", "[true]");
    finds("[.spec.containers[].name] | join(\"-\")", r#"["x-y"]"#);
    finds(
        "if .spec.priority >= 5 then \"high\" elif .spec then \"low\" else empty end",
        r#"["high"]"#,
    );
    finds(".spec.priority * 2 - 1, -.spec.priority, 7 / 2, 7 % 4", "[9,-5,3.5,3]");
    finds(".status.conditions | map(select(.status != \"True\").type)", r#"[["Initialized"]]"#);
    finds(".status.phase | test(\"^Run\"), (ascii_downcase | startswith(\"r\"))", "[true,true]");
    finds(".spec | has(\"priority\"), (.containers | any(.name == \"y\"))", "[true,true]");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (query, at, message) in [
        ("", 0, "the expression is empty"),
        (".a |", 4, "the expression ends too early"),
        (".a | now", 5, "there is no function \"now\""),
        (".a[", 3, "the expression ends too early"),
        (".a[0", 4, "\"]\" is missing before the end"),
        (".a = 1", 3, "'=' means nothing here"),
        (".a) ", 2, "\")\" is too much"),
        (".a == \"x", 6, "the string has no end"),
        ("\"\\(.a)\"", 0, "values inside of strings are not known here"),
    ] {
        let fault = Query::parse(query).expect_err(query);
        assert_eq!((fault.at, fault.message.as_str()), (at, message), "{query}");
    }
    assert!(Query::parse(&"(".repeat(100_000)).is_err());
    assert!(Query::parse(&"-".repeat(100_000)).is_err());
    assert!(Query::parse(&format!(".a{}", "[0]".repeat(100_000))).is_err());
}

#[test]
fn what_takes_too_much_fails() {
    let piped = |part: &str, count: usize| vec![part; count].join("|");
    finds(&piped("(.,.)", 60), "failed");
    finds(&format!("({})?", piped("(.,.)", 60)), "failed");
    finds(&format!("({}) // 1", piped("(.,.)", 60)), "failed");
    finds(&format!("first({})", piped("(.,.)", 60)), "failed");
    finds(&format!("\"aaaaaaaa\"|{}|length", piped(".+.", 60)), "failed");
    finds(&format!("[1]|{}|length", piped(".+.", 60)), "failed");
    finds(&format!("{}|tojson|length", piped("[.,.]", 60)), "failed");
    finds(&format!("{}|tojson|length", piped("map(.,.)", 60)), "failed");
    finds(
        &format!("\"aaaaaaaaaa\"|{}|length", piped("(split(\"\")|join(\"aaaaaaaaaa\"))", 30)),
        "failed",
    );
    finds(
        &format!("[{}|test(\"(a{{500}}){{20}}\")]|length", piped("(.spec,.spec|\"a\")", 12)),
        "failed",
    );
    let deep = format!("({})", piped("[.]", 30));
    finds(&format!("{deep}|{deep}|length"), "[1]");
    finds(&format!("{deep}|{deep}|{deep}|length"), "failed");
    finds("[..] | length", "[25]");
}

#[test]
fn lists_that_are_compared_item_by_item_have_a_limit() {
    let many = format!("[{}[1]]", "[],".repeat(4_000));
    let value = decode(many.as_bytes()).expect("it is JSON");
    for text in [". - .", "contains(map([1]))"] {
        assert_eq!(Query::parse(text).expect(text).run(&value), None, "{text}");
    }
}

/// Whole numbers that are too large for a float lie between floats that are not.
#[test]
fn numbers_have_one_order() {
    let one = 9_007_199_254_740_992_i64;
    let mut numbers = Vec::new();
    for step in 0..64 {
        numbers.push(format!("{}", one + (step * 7) % 13));
        numbers.push(format!("{}.0", one + (step * 5) % 11));
    }
    let value = decode(format!("[{}]", numbers.join(",")).as_bytes()).expect("it is JSON");
    let sorted = Query::parse("sort").expect("it is right").run(&value).expect("it sorts");
    let sorted = sorted[0].as_list().expect("a list").to_vec();
    for (at, left) in sorted.iter().enumerate() {
        for right in &sorted[at..] {
            assert!(super::run::compared(left, right).is_le(), "{left} {right}");
        }
    }
    finds("9007199254740993 > 9007199254740992.0", "[true]");
    finds("9223372036854775807 < 9223372036854775808.0, -1 > -1.5, 2 == 2.0", "[true,true,true]");
    finds("0 == -0.0, 1e300 > 9223372036854775807, -1e300 < 0", "[true,true,true]");
}

//! Expressions over a schema: which have a type, what they give, and what that costs.

use super::chance::Chance;
use super::peer::Peer;
use super::property::Property;
use serde_json::{Value, json};
use std::sync::LazyLock;
use twin_core::cel::{self, CelValue, Expression};
use twin_core::tree::decode;

pub(crate) const TYPES: Property =
    Property { name: "types of expressions", question, ours: types, theirs: their_types, known };

pub(crate) const VALUES: Property = Property {
    name: "values of expressions",
    question: sound,
    ours: values,
    theirs: their_values,
    known: fails_otherwise,
};

/// Lists of what a parser expected, and what `format` says of its arguments.
fn known(_: &Value, ours: &Value, theirs: &Value) -> bool {
    if theirs["issues"].as_str().is_some_and(|issues| issues.contains("error during formatting")) {
        return true;
    }
    let is_syntax = |side: &Value| {
        side["issues"].as_str().is_some_and(|issues| issues.contains("Syntax error"))
    };
    is_syntax(ours) && is_syntax(theirs)
}

/// Sentences of functions that fail.
fn fails_otherwise(_: &Value, ours: &Value, theirs: &Value) -> bool {
    // What fails in any case is refused there when it is defined.
    let is_sure = theirs["fault"].as_str().is_some_and(|it| it.starts_with("type conversion"));
    is_sure || (ours["fault"].is_string() && theirs["fault"].is_string())
}

static TABLE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("expressions.json")).unwrap());

/// A text of a kind, in which a few parts may be of another one.
fn grown(chance: &mut Chance, kind: &str, depth: usize, wrong: usize) -> String {
    let kinds = TABLE["kinds"].as_object().unwrap();
    let kind = if chance.percent(wrong) {
        let at = chance.below(kinds.len());
        kinds.keys().nth(at).unwrap().as_str()
    } else {
        kind
    };
    let forms = kinds[kind].as_array().unwrap();
    let leaves: Vec<_> =
        forms.iter().filter(|form| !form.as_str().unwrap().contains('{')).collect();
    let form = if depth == 0 {
        leaves[chance.below(leaves.len())]
    } else {
        &forms[chance.below(forms.len())]
    };
    let mut text = form.as_str().unwrap().to_owned();
    while let Some((start, end)) = hole(&text) {
        let inner = grown(chance, &text[start + 1..end], depth.saturating_sub(1), wrong);
        text.replace_range(start..=end, &inner.replace('{', "\u{1}"));
    }
    text.replace('\u{1}', "{")
}

/// The next place that waits for a part: `{int}`.
fn hole(text: &str) -> Option<(usize, usize)> {
    let kinds = TABLE["kinds"].as_object().unwrap();
    let mut from = 0;
    while let Some(start) = text[from..].find('{').map(|at| at + from) {
        if let Some(end) = text[start..].find('}').map(|at| at + start)
            && kinds.contains_key(&text[start + 1..end])
        {
            return Some((start, end));
        }
        from = start + 1;
    }
    None
}

fn asked(chance: &mut Chance, wrong: usize) -> Value {
    let kinds = TABLE["kinds"].as_object().unwrap();
    let at = chance.below(kinds.len());
    let kind = kinds.keys().nth(at).unwrap().clone();
    let depth = 1 + chance.below(3);
    let text = grown(chance, &kind, depth, wrong);
    json!({ "do": "cel", "text": text, "schema": TABLE["schema"], "object": TABLE["object"] })
}

fn question(chance: &mut Chance) -> Value {
    asked(chance, 12)
}

fn sound(chance: &mut Chance) -> Value {
    asked(chance, 0)
}

fn types(question: &Value) -> Value {
    if !is_whole(question) {
        return Value::Null;
    }
    let schema = decode(question["schema"].to_string().as_bytes()).unwrap();
    match cel::type_of(&schema, question["text"].as_str().unwrap_or_default()) {
        Ok(ty) => json!(ty),
        Err(issues) => json!({ "issues": issues }),
    }
}

fn is_whole(question: &Value) -> bool {
    question["schema"] == TABLE["schema"] && question["object"] == TABLE["object"]
}

fn their_types(answer: &Value) -> Value {
    let answer = &answer["ok"];
    match answer["issues"].as_str() {
        Some(issues) => json!({ "issues": issues }),
        None => answer["type"].clone(),
    }
}

fn values(question: &Value) -> Value {
    if !is_whole(question) {
        return Value::Null;
    }
    let schema = decode(question["schema"].to_string().as_bytes()).unwrap();
    let text = question["text"].as_str().unwrap_or_default();
    if cel::type_of(&schema, text).is_err() {
        return Value::Null;
    }
    let object = decode(question["object"].to_string().as_bytes()).unwrap();
    let ran = match Expression::read(text) {
        Ok(expression) => expression.run(&[("self", cel::typed(&schema, &object))]),
        Err(why) => return json!({ "unread": why.to_string() }),
    };
    match ran.result {
        Ok(value) => json!({ "value": worded(&value) }),
        Err(why) => json!({ "fault": why.to_string() }),
    }
}

fn their_values(answer: &Value) -> Value {
    let answer = &answer["ok"];
    match (answer["issues"].as_str(), answer["fault"].as_str()) {
        (Some(_), _) => Value::Null,
        (None, Some(fault)) => json!({ "fault": fault }),
        (None, None) => json!({ "value": answer["value"] }),
    }
}

/// A value in words that both sides can find.
fn worded(value: &CelValue) -> String {
    match value {
        CelValue::Null => "null".to_owned(),
        CelValue::Bool(bool) => bool.to_string(),
        CelValue::Int(int) => int.to_string(),
        CelValue::UInt(uint) => format!("{uint}u"),
        CelValue::Float(float) => exponent(*float),
        CelValue::String(text) => go_quoted(text),
        CelValue::Bytes(bytes) => {
            let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("b{}", digits.concat())
        }
        CelValue::List(items) => {
            format!("[{}]", items.iter().map(worded).collect::<Vec<_>>().join(", "))
        }
        CelValue::Map(map) => {
            let entry = |(key, value): (&cel::CelKey, &CelValue)| {
                format!("{}: {}", worded(&key.into()), worded(value))
            };
            let mut entries: Vec<_> = map.map.iter().map(entry).collect();
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
        CelValue::Duration(duration) => {
            format!("duration {}", duration.num_nanoseconds().unwrap_or(i64::MAX))
        }
        CelValue::Timestamp(time) => format!("timestamp {}", time.timestamp()),
        other => cel::opaque(other, worded),
    }
}

fn exponent(float: f64) -> String {
    let text = format!("{float:.12e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let number: i32 = exponent.parse().unwrap();
            let sign = if number < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", number.abs())
        }
        None if float.is_infinite() => if float > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
        None => text,
    }
}

fn go_quoted(text: &str) -> String {
    json!(text).to_string()
}

/// Compares the table of functions with what Kubernetes lists.
pub(crate) fn same_functions() {
    let Some(mut peer) = Peer::start() else {
        println!("SKIP functions: no line oracle");
        return;
    };
    let answer = peer.ask(&[json!({ "do": "functions" })]).remove(0);
    let ours: Vec<_> = include_str!("../../../twin-core/data/cel.txt").lines().collect();
    assert_eq!(answer["ok"], json!(ours));
}

use super::{Answer, Inquiry, Place, Question, Sort, heard, hooks};
use crate::api::{Act, Api, Body, Deed, Method, Moment, Request};
use crate::store::{Key, TableName};
use crate::time::Timestamp;
use crate::tree::{Text, Value, decode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;

fn read(json: &str) -> Value {
    decode(json.as_bytes()).expect("it is JSON")
}

/// An API in which webhooks are asked what a test says.
struct Stage {
    api: Api,
    seed: u64,
    /// Names of webhooks, as they were asked.
    asked: Vec<Text>,
}

const NOTHING: &str = r#"{"allowed":true}"#;

impl Stage {
    fn new() -> Self {
        let mut stage = Self { api: Api::default(), seed: 1, asked: Vec::new() };
        stage.post("/api/v1/namespaces", r#"{"metadata":{"name":"n"}}"#);
        stage
    }

    /// A response of each webhook that is asked, and the answer to the request at last.
    fn ask(&mut self, request: &Request<'_>, says: impl Fn(&Question) -> String) -> (u16, Value) {
        self.seed += 1;
        let moment = Moment { now: Timestamp::default(), seed: self.seed };
        let mut inquiry = Inquiry::default();
        let response = loop {
            let before = self.api.store().revision();
            match self.api.handle_asking(request, 0, moment, &mut inquiry) {
                Some(response) => break response,
                // Of a collection each ends in its turn.
                None if request.method == Method::Delete => {}
                None => assert_eq!(self.api.store().revision(), before, "nothing changes before"),
            }
            let question = inquiry.question().expect("there is no answer").clone();
            self.asked.push(question.webhook.clone());
            inquiry.answer(reviewed(&question, &says(&question)));
        };
        let Body::Whole(body) = response.body else { panic!("a watch") };
        (response.code, decode(&body).unwrap_or_default())
    }

    fn post(&mut self, path: &str, body: &str) -> Value {
        let (code, answer) = self.ask(&posted(path, body), |_| NOTHING.to_owned());
        assert_eq!(code, 201, "{answer}");
        answer
    }

    /// Makes a configuration with a webhook of each name, for these rules and with these fields.
    fn configure(&mut self, kind: &str, name: &str, hooks: &[&str], fields: &str) {
        let hook = |hook: &&str| {
            format!(
                r#"{{"name":"{hook}","sideEffects":"None","admissionReviewVersions":["v1"],"clientConfig":{{"url":"https://h/"}},{fields}}}"#
            )
        };
        let hooks: Vec<_> = hooks.iter().map(hook).collect();
        let body =
            format!(r#"{{"metadata":{{"name":"{name}"}},"webhooks":[{}]}}"#, hooks.join(","));
        self.post(&format!("/apis/admissionregistration.k8s.io/v1/{kind}"), &body);
    }
}

const MUTATING: &str = "mutatingwebhookconfigurations";
const VALIDATING: &str = "validatingwebhookconfigurations";
const MAPS: &str = "/api/v1/namespaces/n/configmaps";
const RULES: &str = r#""rules":[{"operations":["*"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"]}]"#;

fn posted<'a>(path: &'a str, body: &'a str) -> Request<'a> {
    asked(Method::Post, path, body)
}

fn asked<'a>(method: Method, path: &'a str, body: &'a str) -> Request<'a> {
    Request {
        method,
        path,
        query: "",
        content_type: "application/json",
        accept: "",
        user_agent: "test",
        user: None,
        body: body.as_bytes(),
    }
}

/// A review with this response, and the uid that was asked.
fn reviewed(question: &Question, response: &str) -> Answer {
    let uid = question.review.at(&["request", "uid"]).cloned().unwrap_or_default();
    let review = Value::from([
        ("apiVersion", "admission.k8s.io/v1".into()),
        ("kind", "AdmissionReview".into()),
        ("response", read(response).with(&["uid"], uid)),
    ]);
    said(200, &review.encoded())
}

fn said(code: u16, body: &[u8]) -> Answer {
    Answer::Said { code, content_type: String::new(), body: body.to_vec() }
}

#[test]
fn configurations_are_asked_by_name_and_hooks_by_place() {
    let mut stage = Stage::new();
    stage.configure(VALIDATING, "a", &["v.a.b"], RULES);
    stage.configure(MUTATING, "z", &["m.z.b", "m.a.b"], RULES);
    stage.configure(MUTATING, "b", &["m.b.b"], RULES);
    stage.post(MAPS, r#"{"metadata":{"name":"m"}}"#);
    assert_eq!(stage.asked, ["m.b.b", "m.z.b", "m.a.b", "v.a.b"]);
    // What would lock everybody out is not asked about.
    stage.asked.clear();
    let all = r#""rules":[{"operations":["*"],"apiGroups":["*"],"apiVersions":["*"],"resources":["*/*"]}]"#;
    stage.configure(VALIDATING, "all", &["all.a.b"], all);
    stage.configure(VALIDATING, "other", &["other.a.b"], all);
    assert!(stage.asked.is_empty());
}

#[test]
fn a_webhook_means_what_its_rules_and_selectors_say() {
    let rule = |operations: &str, resources: &str, more: &str| {
        format!(
            r#""rules":[{{"operations":["{operations}"],"apiGroups":[""],"apiVersions":["v1"],"resources":["{resources}"]}}]{more}"#
        )
    };
    for (fields, times) in [
        (rule("*", "*", ""), 3),
        (rule("*", "*/*", ""), 3),
        (rule("*", "configmaps/*", ""), 3),
        (rule("*", "*/status", ""), 0),
        (rule("CREATE", "configmaps", ""), 1),
        (rule("UPDATE", "configmaps", ""), 1),
        (rule("DELETE", "configmaps", ""), 1),
        (rule("CONNECT", "configmaps", ""), 0),
        (r#""rules":[]"#.to_owned(), 0),
        (rule("*", "*", r#","objectSelector":{"matchLabels":{"a":"b"}}"#), 3),
        (rule("*", "*", r#","objectSelector":{"matchLabels":{"a":"c"}}"#), 0),
        (
            rule(
                "*",
                "*",
                r#","namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"n"}}"#,
            ),
            3,
        ),
        (rule("*", "*", r#","namespaceSelector":{"matchLabels":{"x":"y"}}"#), 0),
        (
            rule(
                "*",
                "*",
                r#","matchConditions":[{"name":"c","expression":"request.operation == 'DELETE' && object == null"}]"#,
            ),
            1,
        ),
    ] {
        let mut stage = Stage::new();
        stage.configure(VALIDATING, "v", &["v.a.b"], &fields);
        let object = r#"{"metadata":{"name":"m","labels":{"a":"b"}}}"#;
        stage.post(MAPS, object);
        let path = format!("{MAPS}/m");
        let changed = r#"{"metadata":{"name":"m","labels":{"a":"b"}},"data":{"c":"d"}}"#;
        for request in [asked(Method::Put, &path, changed), asked(Method::Delete, &path, "")] {
            let (code, answer) = stage.ask(&request, |_| NOTHING.to_owned());
            assert_eq!(code, 200, "{answer}");
        }
        assert_eq!(stage.asked.len(), times, "{fields}");
    }
}

#[test]
fn a_collection_ends_up_to_what_is_refused() {
    let mut stage = Stage::new();
    for name in ["a", "b", "c"] {
        stage.post(MAPS, &format!(r#"{{"metadata":{{"name":"{name}"}}}}"#));
    }
    stage.configure(VALIDATING, "v", &["v.a.b"], RULES);
    let request = asked(Method::Delete, MAPS, "");
    let says = |question: &Question| {
        // As in Kubernetes, none of them is named.
        assert_eq!(question.review.at(&["request", "name"]), None);
        let name = ["request", "oldObject", "metadata", "name"];
        let allowed = question.review.str_at(&name) != Some("b");
        format!(r#"{{"allowed":{allowed}}}"#)
    };
    let (code, answer) = stage.ask(&request, says);
    let why = "admission webhook \"v.a.b\" denied the request without explanation";
    assert_eq!((code, answer.str_at(&["message"])), (400, Some(why)));
    let (_, left) = stage.ask(&asked(Method::Get, MAPS, ""), says);
    let names = left.at(&["items"]).and_then(Value::as_list).into_iter();
    let names =
        names.flat_map(|list| list.iter().filter_map(|it| it.str_at(&["metadata", "name"])));
    assert_eq!(names.collect::<Vec<_>>(), ["b", "c"]);
}

#[test]
fn each_of_a_collection_is_asked_about_once_and_ends_in_its_turn() {
    let mut stage = Stage::new();
    let made = |name: &str| format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
    for name in ["b", "c", "d"] {
        stage.post(MAPS, &made(name));
    }
    stage.configure(VALIDATING, "v", &["v.a.b"], RULES);
    let moment = Moment { now: Timestamp::default(), seed: 77 };
    let mut inquiry = Inquiry::default();
    let mut uids = BTreeSet::new();
    let table = TableName(Text::new_static("/configmaps"));
    let request = asked(Method::Delete, MAPS, "");
    let response = loop {
        if let Some(response) = stage.api.handle_asking(&request, 0, moment, &mut inquiry) {
            break response;
        }
        let question = inquiry.question().expect("there is no answer").clone();
        uids.insert(question.review.at(&["request", "uid"]).expect("it has one").to_string());
        inquiry.answer(reviewed(&question, NOTHING));
        // Who comes later is not meant, and nobody who was asked about is asked about again.
        let moment = Moment { seed: 100 + uids.len() as u64, ..moment };
        let name = format!("a{}", uids.len());
        stage.api.handle(&posted(MAPS, &made(&name)), moment);
        let left = stage.api.store().count(&table);
        assert_eq!(left, 4, "one has come for each that went");
    };
    assert_eq!(uids.len(), 3);
    let Body::Whole(body) = response.body else { panic!("a watch") };
    let ended = read(&String::from_utf8_lossy(&body));
    let ended = ended.at(&["items"]).and_then(Value::as_list).expect("a list").len();
    assert_eq!((response.code, ended, stage.api.store().count(&table)), (200, 3, 3));
}

#[test]
fn a_name_is_drawn_when_all_have_had_their_say() {
    let mut stage = Stage::new();
    stage.configure(MUTATING, "m", &["m.a.b"], RULES);
    let patched = |operations: &str| {
        let patch = STANDARD.encode(operations);
        format!(r#"{{"allowed":true,"patchType":"JSONPatch","patch":"{patch}"}}"#)
    };
    let said = r#"{"metadata":{"generateName":"old-"}}"#;
    for (operations, start) in [
        (r#"[{"op":"add","path":"/metadata/name","value":"new"}]"#, "new"),
        (r#"[{"op":"add","path":"/metadata/generateName","value":"stem-"}]"#, "stem-"),
    ] {
        let (code, made) = stage.ask(&posted(MAPS, said), |_| patched(operations));
        let name = made.str_at(&["metadata", "name"]).unwrap_or_default();
        assert!(code == 201 && name.starts_with(start), "{made}");
        let (code, _) =
            stage.ask(&asked(Method::Get, &format!("{MAPS}/{name}"), ""), |_| patched("[]"));
        assert_eq!(code, 200);
    }
    let moved = r#"[{"op":"add","path":"/metadata/namespace","value":"other"}]"#;
    let (code, answer) = stage.ask(&posted(MAPS, said), |_| patched(moved));
    assert_eq!(code, 400, "{answer}");
}

#[test]
fn what_the_api_says_of_a_definition_is_not_asked() {
    let mut stage = Stage::new();
    let all = r#""rules":[{"operations":["*"],"apiGroups":["*"],"apiVersions":["*"],"resources":["*/*"]}]"#;
    stage.configure(VALIDATING, "v", &["v.a.b"], all);
    let schema = r#"{"openAPIV3Schema":{"type":"object"}}"#;
    let definition = format!(
        r#"{{"metadata":{{"name":"things.a.b"}},"spec":{{"group":"a.b","scope":"Namespaced",
        "names":{{"plural":"things","singular":"thing","kind":"Thing"}},
        "versions":[{{"name":"v1","served":true,"storage":true,"schema":{schema}}}]}}}}"#
    );
    stage.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition);
    assert_eq!(stage.asked.len(), 1);
    let thing = r#"{"apiVersion":"a.b/v1","kind":"Thing","metadata":{"name":"t"}}"#;
    stage.post("/apis/a.b/v1/namespaces/n/things", thing);
    assert_eq!(stage.asked.len(), 2);
}

#[test]
fn a_dry_run_is_refused_where_it_would_leave_a_trace() {
    let mut stage = Stage::new();
    stage.configure(VALIDATING, "v", &["v.a.b"], RULES);
    // As an older version of the API let people write it.
    let table = TableName(Text::from(format!("admissionregistration.k8s.io/{VALIDATING}")));
    let key = Key::new("", "v");
    let stored = stage.api.store().get(&table, &key).expect("it was made").tree.clone();
    let hook = stored.at(&["webhooks"]).and_then(Value::as_list).expect("there is one")[0].clone();
    let some = hook.with(&["sideEffects"], "Some".into());
    let deed = Deed::Update(stored.with(&["webhooks"], vec![some].into()));
    let moment = Moment { now: Timestamp::default(), seed: 99 };
    stage.api.act("test", &Act { table, key, deed }, moment).expect("nobody judges it");
    let body = r#"{"metadata":{"name":"m"}}"#;
    let dry = Request { query: "dryRun=All", ..posted(MAPS, body) };
    let (code, answer) = stage.ask(&dry, |_| NOTHING.to_owned());
    let why = "admission webhook \"v.a.b\" does not support dry run";
    assert_eq!((code, answer.str_at(&["message"])), (400, Some(why)));
    stage.post(MAPS, body);
    assert_eq!(stage.asked, ["v.a.b"]);
}

#[test]
fn an_answer_counts_for_what_was_asked_only() {
    let question = |name: &str| Question {
        webhook: "h.a.b".into(),
        place: Place::Url("https://h/".into()),
        authority: Vec::new(),
        seconds: 1,
        review: Value::text(name),
    };
    let mut inquiry = Inquiry::default();
    inquiry.start();
    assert_eq!(inquiry.hear(question("a")), None);
    inquiry.answer(said(200, b"a"));
    inquiry.start();
    assert_eq!(inquiry.hear(question("a")), Some(said(200, b"a")));
    assert_eq!(inquiry.hear(question("b")), None);
    // While one is open, no other one is.
    assert_eq!(inquiry.hear(question("c")), None);
    assert_eq!(inquiry.question(), Some(&question("b")));
    inquiry.answer(said(200, b"b"));
    // Somebody has changed the object: both are worth nothing.
    inquiry.start();
    assert_eq!(inquiry.hear(question("x")), None);
    inquiry.answer(said(200, b"x"));
    inquiry.start();
    assert_eq!(inquiry.hear(question("x")), Some(said(200, b"x")));
    assert_eq!(inquiry.hear(question("b")), None);
    // Not for ever.
    let mut attempts = 0;
    loop {
        inquiry.answer(said(200, b""));
        inquiry.start();
        attempts += 1;
        if let Some(answer) = inquiry.hear(question(&attempts.to_string())) {
            assert!(matches!(answer, Answer::Unreached(_)));
            break;
        }
        assert!(attempts < 1_000);
    }
}

#[test]
fn answers_that_make_no_sense_are_failures() {
    let hook = |sort, policy: &str| {
        let text = format!(
            r#"{{"webhooks":[{{"name":"h","failurePolicy":"{policy}","admissionReviewVersions":["v1"],"clientConfig":{{"url":"https://h/?a=b"}}}}]}}"#
        );
        hooks(sort, &read(&text)).remove(0)
    };
    let fails = hook(Sort::Mutating, "Fail");
    let review = read(r#"{"request":{"uid":"1"}}"#);
    let question = fails.question(fails.place().expect("it has one"), review);
    assert_eq!(question.url(), "https://h/?a=b&timeout=10s");
    let huge = format!(r#"{{"response":{}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for (answer, why) in [
        (
            Answer::Unreached("gone".to_owned()),
            "failed to call webhook: Post \"https://h/?a=b&timeout=10s\": gone",
        ),
        (
            said(404, b""),
            "failed to call webhook: the server could not find the requested resource",
        ),
        (
            said(500, b" oh\n"),
            "failed to call webhook: an error on the server (\"oh\") has prevented the request from succeeding",
        ),
        (said(200, b"{}"), "received invalid webhook response: webhook response was absent"),
        (
            said(200, br#"{"response":{"uid":"2"}}"#),
            "received invalid webhook response: expected response.uid=\"1\", got \"2\"",
        ),
        (
            said(200, br#"{"response":{"uid":"1"}}"#),
            "received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=",
        ),
        (
            said(200, br#"{"response":{"uid":"1","patch":"a%","patchType":"JSONPatch"}}"#),
            "failed to call webhook: illegal base64 data at input byte 1",
        ),
        (said(200, b"\xff"), "failed to call webhook: "),
        (said(200, huge.as_bytes()), "failed to call webhook: "),
    ] {
        let status = heard(&fails, &question, &answer).verdict.expect_err("it is no answer");
        let start = format!("Internal error occurred: failed calling webhook \"h\": {why}");
        assert!(status.message.starts_with(&start), "{}", status.message);
        assert_eq!(status.code(), 500);
        assert!(heard(&hook(Sort::Mutating, "Ignore"), &question, &answer).verdict.is_ok());
    }
    // Who answers and refuses is not ignored.
    let refused =
        reviewed(&question, r#"{"allowed":false,"status":{"code":200,"status":"Success"}}"#);
    let heard_of = heard(&hook(Sort::Validating, "Ignore"), &question, &refused);
    let status = heard_of.verdict.expect_err("no");
    assert_eq!(status.code(), 400);
    assert_eq!(status.value().str_at(&["status"]), Some("Failure"));
    // A patch may be a list of bytes, as `kube` writes it.
    let listed =
        reviewed(&question, r#"{"allowed":true,"patchType":"JSONPatch","patch":[91,49,93]}"#);
    assert_eq!(heard(&fails, &question, &listed).verdict, Ok(Some(read("[1]"))));
}

use super::{ApplyError, Force, Memo, Writer, apply, update};
use crate::schema::Schema;
use crate::time::Timestamp;
use crate::tree::{Value, decode};

fn parse(text: &str) -> Value {
    decode(text.as_bytes()).unwrap()
}

struct Story {
    object: Value,
    memo: Memo,
}

impl Story {
    fn start() -> Self {
        Self { object: parse("{}"), memo: Memo::default() }
    }

    fn with_writer<T>(manager: &str, write: impl FnOnce(&Writer<'_>) -> T) -> T {
        let schema = Schema::builtin();
        write(&Writer {
            schema,
            ty: schema.named("io.k8s.api.apps.v1.Deployment").unwrap(),
            api_version: "apps/v1",
            manager,
            subresource: "",
            ignored: None,
            now: Some(Timestamp::default()),
        })
    }

    fn apply(&mut self, manager: &str, config: &str, force: Force) -> Result<(), ApplyError> {
        let config = parse(config);
        self.object = Self::with_writer(manager, |w| apply(w, &self.object, &config, force))?;
        self.object = self.object.with(&["metadata", "uid"], "u".into());
        Ok(())
    }

    fn update(&mut self, manager: &str, object: &str) {
        let object = parse(object).with(&["metadata", "uid"], "u".into());
        let live = self.object.clone();
        self.object =
            Self::with_writer(manager, |w| update(w, &live, &object, &mut Memo::default()));
        // The same from memory.
        for _ in 0..2 {
            let memo = &mut self.memo;
            let again = Self::with_writer(manager, |w| update(w, &live, &object, memo));
            assert_eq!(again, self.object);
        }
    }

    fn spec(&self) -> String {
        self.object.at(&["spec"]).map(ToString::to_string).unwrap_or_default()
    }

    fn owners(&self) -> Vec<String> {
        let entries =
            self.object.at(&["metadata", "managedFields"]).unwrap().as_list().unwrap().clone();
        let entry = |e: &Value| {
            let text = |field: &str| e.str_at(&[field]).unwrap().to_owned();
            format!("{} {} {}", text("manager"), text("operation"), e.at(&["fieldsV1"]).unwrap())
        };
        entries.iter().map(entry).collect()
    }
}

#[test]
fn what_is_no_longer_applied_is_removed() {
    let mut story = Story::start();
    story.apply("a", r#"{"spec":{"replicas":3,"paused":true}}"#, Force::Refuse).unwrap();
    story.apply("a", r#"{"spec":{"replicas":3}}"#, Force::Refuse).unwrap();
    assert_eq!(story.spec(), r#"{"replicas":3}"#);
    assert_eq!(story.owners(), [r#"a Apply {"f:spec":{"f:replicas":{}}}"#]);
}

#[test]
fn what_others_own_stays() {
    let mut story = Story::start();
    story.apply("a", r#"{"spec":{"replicas":3,"paused":true}}"#, Force::Refuse).unwrap();
    story.apply("b", r#"{"spec":{"paused":true}}"#, Force::Refuse).unwrap();
    story.apply("a", r#"{"spec":{"replicas":3}}"#, Force::Refuse).unwrap();
    assert_eq!(story.spec(), r#"{"paused":true,"replicas":3}"#);
}

#[test]
fn another_value_is_a_conflict_unless_forced() {
    let mut story = Story::start();
    story.update("kubectl", r#"{"spec":{"replicas":3,"paused":true}}"#);
    let config = r#"{"spec":{"replicas":4}}"#;
    let error = story.apply("a", config, Force::Refuse).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas"#
    );
    story.apply("a", config, Force::Take).unwrap();
    assert_eq!(
        story.owners(),
        [
            r#"a Apply {"f:spec":{"f:replicas":{}}}"#,
            r#"kubectl Update {"f:spec":{".":{},"f:paused":{}}}"#
        ]
    );
}

#[test]
fn several_conflicts_are_listed_by_manager() {
    let mut story = Story::start();
    story.update("k", r#"{"spec":{"replicas":3,"paused":true}}"#);
    let error =
        story.apply("a", r#"{"spec":{"replicas":4,"paused":false}}"#, Force::Refuse).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Apply failed with 2 conflicts: conflicts with \"k\" using apps/v1:\n- .spec.paused\n- .spec.replicas"
    );
}

#[test]
fn items_of_keyed_lists_have_owners() {
    let mut story = Story::start();
    let pods = |containers: &str| {
        format!(r#"{{"spec":{{"template":{{"spec":{{"containers":[{containers}]}}}}}}}}"#)
    };
    story
        .apply("a", &pods(r#"{"name":"x","image":"1"},{"name":"y","image":"2"}"#), Force::Refuse)
        .unwrap();
    story
        .apply("b", &pods(r#"{"name":"z","image":"3"},{"name":"x","tty":true}"#), Force::Refuse)
        .unwrap();
    story.apply("a", &pods(r#"{"name":"x","image":"1"}"#), Force::Refuse).unwrap();
    assert_eq!(
        story.spec(),
        r#"{"template":{"spec":{"containers":[{"name":"z","image":"3"},{"name":"x","image":"1","tty":true}]}}}"#
            .replace(r#"{"name":"z","image":"3"}"#, r#"{"image":"3","name":"z"}"#)
            .replace(r#"{"name":"x","image":"1","tty":true}"#, r#"{"image":"1","name":"x","tty":true}"#)
    );
}

#[test]
fn configurations_that_do_not_fit_are_refused() {
    for (config, message) in [
        (r#"{"spec":{"foo":1}}"#, ".spec.foo: field not declared in schema"),
        (
            r#"{"spec":{"template":{"spec":{"containers":["a"]}}}}"#,
            ".spec.template.spec.containers: element 0: associative list with keys may not have non-map elements",
        ),
        (r#"{"metadata":{"managedFields":[]}}"#, "metadata.managedFields must be nil"),
    ] {
        let error = Story::start().apply("a", config, Force::Refuse).unwrap_err().to_string();
        let start = message.split(" that omits").next().unwrap();
        assert!(error.starts_with(start), "{error}");
    }
}

/// What a kubelet says of a pod's addresses; `before` is what is there already.
fn addressed(memo: &mut Memo, before: &str, host: &str, pod: &str) -> Value {
    let schema = Schema::builtin();
    let writer = Writer {
        schema,
        ty: schema.named("io.k8s.api.core.v1.Pod").unwrap(),
        api_version: "v1",
        manager: "kubelet",
        subresource: "status",
        ignored: Some("spec"),
        now: Some(Timestamp::default()),
    };
    let live = parse(before);
    let list = |address: &str| Value::from(vec![Value::from([("ip", address.into())])]);
    let new = live.with(&["status", "hostIPs"], list(host)).with(&["status", "podIPs"], list(pod));
    update(&writer, &live, &new, memo)
}

#[test]
fn pods_that_differ_in_their_addresses_are_remembered_as_one() {
    let owned = r#"{"metadata":{"uid":"u","managedFields":[{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:podIPs":{".":{},"k:{\"ip\":\"10.0.0.3\"}":{".":{},"f:ip":{}}}}},"manager":"other","operation":"Update","subresource":"status"}]},"status":{"podIPs":[{"ip":"10.0.0.3"}]}}"#;
    let plain = r#"{"metadata":{"uid":"u","managedFields":[{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:a":{}}},"manager":"other","operation":"Update"}]}}"#;
    let mut memo = Memo::default();
    for before in [plain, owned] {
        for (host, pod) in [
            ("10.0.0.1", "10.0.0.2"),
            ("10.0.0.2", "10.0.0.1"),
            ("10.0.0.4", "10.0.0.5"),
            // Of a pod in the network of its node, and of another one after it.
            ("10.0.0.6", "10.0.0.6"),
            ("10.0.0.7", "10.0.0.7"),
            ("10.0.0.7", "10.0.0.8"),
            ("10.0.0.7", "10.0.0.3"),
        ] {
            let fresh = addressed(&mut Memo::default(), before, host, pod);
            assert_eq!(addressed(&mut memo, before, host, pod), fresh, "{host} {pod}");
        }
    }
}

#[test]
fn an_item_is_not_taken_for_another_one_of_its_name() {
    let schema = Schema::builtin();
    let writer = Writer {
        schema,
        ty: schema.named("io.k8s.api.core.v1.Pod").unwrap(),
        api_version: "v1",
        manager: "editor",
        subresource: "",
        ignored: Some("status"),
        now: Some(Timestamp::default()),
    };
    let pod = |container: &str, image: &str, kind: &str| {
        parse(&format!(
            r#"{{"metadata":{{"uid":"u","managedFields":[{{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{{"f:spec":{{"f:nodeName":{{}}}}}},"manager":"other","operation":"Update"}}]}},"spec":{{"containers":[{{"name":"{container}","image":"{image}"}}],"volumes":[{{"name":"config"}},{{"name":"web","emptyDir":{{"medium":"{kind}"}}}}]}}}}"#
        ))
    };
    let mut memo = Memo::default();
    // The container has the volume's name, and then another one.
    for name in ["web", "api", "web"] {
        let (live, new) = (pod(name, "a", "x"), pod(name, "b", "y"));
        let fresh = update(&writer, &live, &new, &mut Memo::default());
        assert_eq!(update(&writer, &live, &new, &mut memo), fresh, "{name}");
    }
}

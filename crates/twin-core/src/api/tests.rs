use super::{Act, Api, Body, Deed, Method, Moment, Request};
use crate::status::Status;
use crate::store::{Key, TableName};
use crate::time::Timestamp;
use crate::tree::{Text, Value, decode};

mod accounts;
mod deletes;

struct World {
    api: Api,
    seed: u64,
    /// Seconds since the first request.
    waited: i64,
}

impl World {
    fn wait(&mut self, seconds: i64) {
        self.waited += seconds;
    }

    fn new() -> Self {
        let mut world = Self { api: Api::default(), seed: 0, waited: 0 };
        assert_eq!(world.post("/api/v1/namespaces", r#"{"metadata":{"name":"x"}}"#).0, 201);
        world
    }

    fn ask(&mut self, method: Method, path: &str, content_type: &str, body: &str) -> (u16, Value) {
        self.answer(method, path, content_type, body, 0)
    }

    fn answer(
        &mut self,
        method: Method,
        path: &str,
        content_type: &str,
        body: &str,
        behind: u64,
    ) -> (u16, Value) {
        self.seed += 1;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let body = body.as_bytes();
        let (accept, user_agent, user) = ("", "test/1", None);
        let request = Request { method, path, query, content_type, accept, user_agent, user, body };
        let moment =
            Moment { now: Timestamp::default().plus_seconds(1_000 + self.waited), seed: self.seed };
        let response = self.api.handle_late(&request, behind, moment);
        let Body::Whole(body) = response.body else { panic!("a watch") };
        (response.code, decode(&body).unwrap_or_default())
    }

    fn post(&mut self, path: &str, body: &str) -> (u16, Value) {
        self.ask(Method::Post, path, "application/json", body)
    }

    /// What a server says that is so many versions behind.
    fn late(&mut self, path: &str, behind: u64) -> (u16, Value) {
        self.answer(Method::Get, path, "", "", behind)
    }

    fn get(&mut self, path: &str) -> (u16, Value) {
        self.ask(Method::Get, path, "", "")
    }

    /// Makes an object as a controller does.
    fn act(&mut self, table: &'static str, object: &Value) -> Value {
        self.try_act(table, object).unwrap()
    }

    fn try_act(&mut self, table: &'static str, object: &Value) -> Result<Value, Status> {
        self.seed += 1;
        let key = Key::new("x", object.str_at(&["metadata", "name"]).unwrap());
        let table = TableName(Text::new_static(table));
        let act = Act { table, key, deed: Deed::Create(object.clone()) };
        let moment =
            Moment { now: Timestamp::default().plus_seconds(1_000 + self.waited), seed: self.seed };
        self.api.act("test", &act, moment)
    }
}

const MAPS: &str = "/api/v1/namespaces/x/configmaps";

#[test]
fn an_object_lives() {
    let mut world = World::new();
    let (code, made) = world.post(MAPS, r#"{"metadata":{"name":"a"},"data":{"k":"v"}}"#);
    assert_eq!((code, made.str_at(&["data", "k"])), (201, Some("v")));
    assert_eq!(world.post(MAPS, r#"{"metadata":{"name":"a"}}"#).0, 409);
    assert_eq!(world.get(&format!("{MAPS}/a")).1, made);
    let stale = made.with(&["metadata", "resourceVersion"], "1".into()).to_string();
    assert_eq!(world.ask(Method::Put, &format!("{MAPS}/a"), "", &stale).0, 409);
    let (code, patched) = world.ask(
        Method::Patch,
        &format!("{MAPS}/a"),
        "application/merge-patch+json",
        r#"{"data":{"k":null,"l":"w"}}"#,
    );
    assert_eq!(
        (code, patched.at(&["data"]).unwrap().to_string()),
        (200, r#"{"l":"w"}"#.to_owned())
    );
    assert_eq!(world.ask(Method::Delete, &format!("{MAPS}/a"), "", "").0, 200);
    assert_eq!(world.get(&format!("{MAPS}/a")).0, 404);
}

#[test]
fn pages_show_one_moment() {
    let mut world = World::new();
    for at in 0..5 {
        world.post(MAPS, &format!(r#"{{"metadata":{{"name":"m{at}"}}}}"#));
    }
    let (_, first) = world.get(&format!("{MAPS}?limit=2"));
    let token = first.str_at(&["metadata", "continue"]).unwrap().to_owned();
    assert_eq!(first.at(&["metadata", "remainingItemCount"]), Some(&Value::Int(3)));
    world.ask(Method::Delete, &format!("{MAPS}/m3"), "", "");
    let (_, rest) = world.get(&format!("{MAPS}?continue={token}"));
    assert_eq!(rest.at(&["items"]).unwrap().as_list().unwrap().len(), 3);
    world.api.compact();
    let (code, expired) = world.get(&format!("{MAPS}?continue={token}&limit=2"));
    assert_eq!(code, 410);
    // Who does not mind goes on with what is there now.
    let token = expired.str_at(&["metadata", "continue"]).unwrap();
    let (_, next) = world.get(&format!("{MAPS}?continue={token}&limit=1"));
    let name = |list: &Value| list.at(&["items"]).unwrap().as_list().unwrap()[0].clone();
    assert_eq!(name(&next).str_at(&["metadata", "name"]), Some("m2"));
    let token = next.str_at(&["metadata", "continue"]).unwrap();
    let (_, last) = world.get(&format!("{MAPS}?continue={token}"));
    assert_eq!(name(&last).str_at(&["metadata", "name"]), Some("m4"));
}

#[test]
fn the_rest_of_a_list_is_forgotten_after_some_minutes() {
    let mut world = World::new();
    for at in 0..3 {
        world.post(MAPS, &format!(r#"{{"metadata":{{"name":"m{at}"}}}}"#));
    }
    let (_, first) = world.get(&format!("{MAPS}?limit=1"));
    let token = first.str_at(&["metadata", "continue"]).unwrap().to_owned();
    let rest = format!("{MAPS}?continue={token}&limit=1");
    world.wait(299);
    assert_eq!(world.get(&rest).0, 200);
    world.wait(1);
    let (code, expired) = world.get(&rest);
    assert_eq!((code, expired.str_at(&["reason"])), (410, Some("Expired")));
}

#[test]
fn a_late_server_shows_the_past_and_no_more_than_it_knows() {
    let mut world = World::new();
    for at in 0..3 {
        world.post(MAPS, &format!(r#"{{"metadata":{{"name":"m{at}"}}}}"#));
    }
    let one = format!("{MAPS}/m2");
    let count = |body: &Value| body.at(&["items"]).and_then(Value::as_list).map(|it| it.len());
    assert_eq!(count(&world.late(MAPS, 2).1), Some(1));
    assert_eq!((world.late(&one, 1).0, world.late(&one, 0).0), (404, 200));
    let now = world.late(MAPS, 0).1;
    let now = now.str_at(&["metadata", "resourceVersion"]).unwrap();
    // Who asks for no less than that gets it.
    assert_eq!(count(&world.late(&format!("{MAPS}?resourceVersion={now}"), 2).1), Some(3));
    world.api.compact();
    assert_eq!(count(&world.late(MAPS, 2).1), Some(3));
    assert_eq!(world.late(&one, 1).0, 200);
}

#[test]
fn requests_that_make_no_sense_get_their_status() {
    let mut world = World::new();
    for (method, path, media, body, code) in [
        (Method::Post, MAPS, "", "{", 400),
        (Method::Post, MAPS, "text/plain", "{}", 415),
        (Method::Post, MAPS, "", r#"{"data":[]}"#, 400),
        (Method::Post, MAPS, "", "{}", 422),
        (Method::Post, MAPS, "", r#"{"metadata":{"name":"A"}}"#, 422),
        (
            Method::Post,
            "/api/v1/namespaces/none/configmaps",
            "",
            r#"{"metadata":{"name":"a"}}"#,
            404,
        ),
        (Method::Get, "/api/v1/namespaces/x/configmaps?labelSelector=a=$", "", "", 400),
        (Method::Get, "/api/v1/namespaces/x/configmaps?fieldSelector=spec.x=1", "", "", 400),
        (Method::Put, MAPS, "", "{}", 405),
        (Method::Get, "/api/v1/nonsense", "", "", 404),
        (Method::Patch, "/api/v1/namespaces/x", "text/plain", "{}", 415),
    ] {
        assert_eq!(world.ask(method, path, media, body).0, code, "{method:?} {path} {body}");
    }
}

#[test]
fn pods_end_gracefully_once_they_run() {
    let mut world = World::new();
    let pods = "/api/v1/namespaces/x/pods";
    let pod = r#"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}"#;
    assert_eq!(world.post(pods, pod).0, 201);
    assert_eq!(world.post(&format!("{pods}/p/binding"), r#"{"target":{"name":"n"}}"#).0, 201);
    assert_eq!(world.post(&format!("{pods}/p/binding"), r#"{"target":{"name":"m"}}"#).0, 409);
    let (_, ending) = world.ask(Method::Delete, &format!("{pods}/p"), "", "");
    assert_eq!(ending.at(&["metadata", "deletionGracePeriodSeconds"]), Some(&Value::Int(30)));
    assert_eq!(world.get(&format!("{pods}/p")).0, 200);
    world.ask(Method::Delete, &format!("{pods}/p?gracePeriodSeconds=0"), "", "");
    assert_eq!(world.get(&format!("{pods}/p")).0, 404);
}

#[test]
fn services_get_addresses() {
    let services = "/api/v1/namespaces/x/services";
    let spec = |fields: &str| {
        format!(
            r#"{{"metadata":{{"generateName":"s"}},"spec":{{"ports":[{{"port":80}}]{fields}}}}}"#
        )
    };
    let mut world = World::new();
    let (_, plain) = world.post(services, &spec(r#","selector":{"a":"b"}"#));
    let address = plain.str_at(&["spec", "clusterIP"]).unwrap().to_owned();
    assert!(address.starts_with("10."), "{plain}");
    assert_eq!(plain.at(&["spec", "clusterIPs"]).unwrap().to_string(), format!("[{address:?}]"));
    assert_eq!(plain.at(&["spec", "ipFamilies"]).unwrap().to_string(), r#"["IPv4"]"#);
    for (fields, code, part) in [
        (r#","clusterIP":"None","selector":{"a":"b"}"#, 201, r#""clusterIPs":["None"]"#),
        (r#","clusterIP":"None""#, 201, r#""ipFamilyPolicy":"RequireDualStack""#),
        (r#","type":"ExternalName","externalName":"a.b""#, 201, r#""externalName":"a.b","ports""#),
        (r#","clusterIP":"10.96.0.10""#, 201, r#""clusterIP":"10.96.0.10""#),
        (
            r#","clusterIP":"10.96.0.10""#,
            422,
            "failed to allocate IP 10.96.0.10: provided IP is already allocated",
        ),
        (r#","clusterIPs":["10.97.0.10"]"#, 201, r#""clusterIP":"10.97.0.10""#),
        (r#","clusterIP":"1.2.3.4""#, 422, "The range of valid IPs is 10.96.0.0/12"),
        (r#","clusterIP":"x""#, 422, "must be a valid IP address"),
        (r#","ipFamilies":["IPv6"]"#, 422, "spec.ipFamilies[0]: Invalid value"),
        (r#","ipFamilyPolicy":"RequireDualStack""#, 422, "not configured for dual-stack"),
        (r#","ipFamilyPolicy":"PreferDualStack""#, 201, r#""ipFamilies":["IPv4"]"#),
        (r#","type":"NodePort""#, 201, r#""externalTrafficPolicy":"Cluster""#),
        (r#","type":"LoadBalancer""#, 201, r#""allocateLoadBalancerNodePorts":true"#),
        (r#","type":"LoadBalancer","externalTrafficPolicy":"Local""#, 201, "healthCheckNodePort"),
    ] {
        let (found, object) = world.post(services, &spec(fields));
        assert_eq!(found, code, "{fields}: {object}");
        assert!(object.to_string().replace('\\', "").contains(part), "{fields}: {object}");
    }
}

#[test]
fn a_service_keeps_what_it_has_and_gives_it_back() {
    let services = "/api/v1/namespaces/x/services";
    let service = |port: &str| {
        format!(
            r#"{{"metadata":{{"name":"s"}},"spec":{{"type":"NodePort","ports":[{{"port":80{port}}}]}}}}"#
        )
    };
    let mut world = World::new();
    let (_, made) = world.post(services, &service(r#","nodePort":30080"#));
    let other = service(r#","nodePort":30080"#).replace(r#""s""#, r#""t""#);
    let (code, refused) = world.post(services, &other);
    assert_eq!(code, 422);
    assert!(refused.to_string().contains(
        "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"
    ));
    assert_eq!(world.post(services, &other.replace("30080", "80")).0, 422);
    let path = format!("{services}/s");
    let (code, put) = world.ask(Method::Put, &path, "", &service(""));
    assert_eq!((code, put.at(&["spec"])), (200, made.at(&["spec"])));
    let (code, _) = world.ask(
        Method::Patch,
        &path,
        "application/merge-patch+json",
        r#"{"spec":{"clusterIP":"10.96.0.99","clusterIPs":["10.96.0.99"]}}"#,
    );
    assert_eq!(code, 422);
    let (code, inner) = world.ask(
        Method::Patch,
        &path,
        "application/merge-patch+json",
        r#"{"spec":{"type":"ClusterIP"}}"#,
    );
    assert_eq!((code, inner.to_string().contains("nodePort")), (200, false));
    assert_eq!(inner.at(&["spec", "clusterIP"]), made.at(&["spec", "clusterIP"]));
    world.ask(Method::Delete, &path, "", "");
    let address = made.str_at(&["spec", "clusterIP"]).unwrap();
    let again = format!(
        r#"{{"metadata":{{"name":"s"}},"spec":{{"clusterIP":"{address}","ports":[{{"port":1}}]}}}}"#
    );
    assert_eq!(world.post(services, &again).0, 201);
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

fn definition(group: &str, plural: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{plural}.{group}"}},"spec":{{"group":"{group}","scope":"Namespaced",
        "names":{{"plural":"{plural}","kind":"Thing"}},"versions":[{{"name":"v1","served":true,"storage":true,
        "schema":{{"openAPIV3Schema":{{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}}]}}}}"#
    )
}

#[test]
fn custom_resources_live_as_long_as_their_definition() {
    let mut world = World::new();
    let things = "/apis/example.dev/v1/namespaces/x/things";
    assert_eq!(world.get(things).0, 404);
    assert_eq!(world.post(DEFINITIONS, &definition("example.dev", "things")).0, 201);
    assert_eq!(world.post(things, r#"{"metadata":{"name":"a"},"any":{"b":1}}"#).0, 201);
    world.ask(Method::Delete, &format!("{DEFINITIONS}/things.example.dev"), "", "");
    assert_eq!(world.get(things).0, 404);
    world.post(DEFINITIONS, &definition("example.dev", "things"));
    assert_eq!(world.get(&format!("{things}/a")).0, 404);
}

#[test]
fn no_definition_takes_the_place_of_what_is_built_in() {
    let mut world = World::new();
    world.post(DEFINITIONS, &definition("apps", "deployments"));
    world.ask(Method::Delete, &format!("{DEFINITIONS}/deployments.apps"), "", "");
    assert_eq!(world.get("/apis/apps/v1/namespaces/x/deployments").0, 200);
}

/// An object without what sets it apart from an equal one.
fn anonymous(object: &Value) -> Value {
    let own = ["name", "uid", "resourceVersion"];
    own.iter().fold(object.clone(), |object, field| object.without(&["metadata", field]))
}

#[test]
fn what_controllers_make_is_what_clients_make() {
    for (table, path, body) in [
        (
            "/events",
            "events",
            r#"{"metadata":{"name":"NAME"},"involvedObject":{"kind":"Pod","namespace":"x"},"reason":"r","type":"Normal"}"#,
        ),
        (
            "/pods",
            "pods",
            r#"{"metadata":{"name":"NAME","labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":1}}}]}}"#,
        ),
        (
            "/persistentvolumeclaims",
            "persistentvolumeclaims",
            r#"{"metadata":{"name":"NAME"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}"#,
        ),
    ] {
        let mut world = World::new();
        let named = |name: &str| body.replace("NAME", name);
        let (code, theirs) = world.post(&format!("/api/v1/namespaces/x/{path}"), &named("a"));
        assert_eq!(code, 201, "{theirs}");
        // The second one is known from the first.
        for name in ["b", "c"] {
            let ours = world.act(table, &decode(named(name).as_bytes()).unwrap());
            assert_eq!(anonymous(&ours), anonymous(&theirs), "{path}");
        }
    }
}

#[test]
fn odd_managers_do_not_count() {
    let mut world = World::new();
    let (_, made) = world.post(MAPS, r#"{"metadata":{"name":"a"},"data":{"k":"v"}}"#);
    let path = ["metadata", "managedFields"];
    let owners = made.at(&path).unwrap().as_list().unwrap().len();
    for (fields, left) in [("k:a", owners), ("a", owners), ("x:a", 0)] {
        let odd = format!(
            r#"[{{"manager":"m","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{{"{fields}":{{}}}}}}]"#
        );
        let body = made.with(&path, decode(odd.as_bytes()).unwrap());
        let body = body.without(&["metadata", "resourceVersion"]).to_string();
        let (code, after) = world.ask(Method::Put, &format!("{MAPS}/a"), "application/json", &body);
        assert_eq!(code, 200, "{after}");
        let found = after.at(&path).and_then(Value::as_list).map_or(0, |list| list.len());
        assert_eq!(found, left, "{fields}");
    }
}

#[test]
fn rules_that_are_nested_too_deeply_are_refused() {
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    for rule in ["(".repeat(5_000), "true ? 1 : ".repeat(200), "1+".repeat(5_000)] {
        let mut world = World::new();
        let body = format!(
            r#"{{"metadata":{{"name":"as.x.dev"}},"spec":{{"group":"x.dev","scope":"Cluster","names":{{"plural":"as","singular":"a","kind":"A","listKind":"AList"}},"versions":[{{"name":"v1","served":true,"storage":true,"schema":{{"openAPIV3Schema":{{"type":"object","properties":{{"spec":{{"type":"object","x-kubernetes-validations":[{{"rule":"{rule}"}}]}}}}}}}}}}]}}}}"#
        );
        let (code, answer) = world.post(definitions, &body);
        assert_eq!(code, 422, "{answer}");
        // One that comes another way is harmless.
        let definition = decode(body.as_bytes()).unwrap();
        let _ = world.act("apiextensions.k8s.io/customresourcedefinitions", &definition);
    }
}

/// `{"a":{"a":…1}}` with so many levels.
fn nested(levels: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
}

#[test]
fn what_is_too_deep_to_be_read_again_is_not_stored() {
    let mut world = World::new();
    let things = "/apis/example.dev/v1/namespaces/x/things";
    world.post(DEFINITIONS, &definition("example.dev", "things"));
    let thing = |name: &str, levels: usize| {
        format!(r#"{{"metadata":{{"name":"{name}"}},"any":{}}}"#, nested(levels))
    };
    assert_eq!(world.post(things, &thing("a", 90)).0, 201);
    for levels in [97, 123] {
        for path in [things.to_owned(), format!("{things}?dryRun=All")] {
            let (code, answer) = world.post(&path, &thing("b", levels));
            assert_eq!(code, 400, "{answer}");
            assert!(answer.to_string().contains("more than 100 levels"), "{answer}");
        }
        let value = nested(levels);
        for (form, patch) in [
            ("merge-patch", format!(r#"{{"any":{value}}}"#)),
            ("json-patch", format!(r#"[{{"op":"add","path":"/any","value":{value}}}]"#)),
        ] {
            let form = format!("application/{form}+json");
            let (code, answer) = world.ask(Method::Patch, &format!("{things}/a"), &form, &patch);
            assert_eq!(code, 400, "{answer}");
        }
        let own = decode(thing("c", levels).as_bytes()).unwrap();
        assert_eq!(world.try_act("example.dev/things", &own).unwrap_err().code(), 400);
    }
    for object in world.api.store().present() {
        let tree = object.tree.unwrap();
        assert_eq!(decode(&tree.encoded()).unwrap(), tree);
    }
}

#[test]
fn a_pod_has_the_priority_of_its_class() {
    let mut world = World::new();
    let classes = "/apis/scheduling.k8s.io/v1/priorityclasses";
    world.post(classes, r#"{"metadata":{"name":"high"},"value":100,"preemptionPolicy":"Never"}"#);
    let pod = |more: &str| {
        format!(
            r#"{{"metadata":{{"name":"p"}},"spec":{{"containers":[{{"name":"c","image":"i"}}]{more}}}}}"#
        )
    };
    let mut made = |more: &str| world.post("/api/v1/namespaces/x/pods?dryRun=All", &pod(more));
    let priority = |pod: &Value| pod.at(&["spec", "priority"]).and_then(Value::as_int);
    let (_, high) = made(r#","priorityClassName":"high""#);
    assert_eq!(
        (priority(&high), high.str_at(&["spec", "preemptionPolicy"])),
        (Some(100), Some("Never"))
    );
    let (_, system) = made(r#","priorityClassName":"system-node-critical""#);
    assert_eq!(priority(&system), Some(2_000_001_000));
    assert_eq!(priority(&made("").1), Some(0));
    assert_eq!(made(r#","priorityClassName":"none""#).0, 403);
    assert_eq!(made(r#","priorityClassName":"high","priority":7"#).0, 403);
}

#[test]
fn a_runtime_adds_its_overhead_and_its_nodes() {
    let mut world = World::new();
    let class = r#"{"metadata":{"name":"vm"},"handler":"h","overhead":{"podFixed":{"cpu":"10m"}},"scheduling":{"nodeSelector":{"vm":"yes"},"tolerations":[{"key":"vm","operator":"Exists"}]}}"#;
    world.post("/apis/node.k8s.io/v1/runtimeclasses", class);
    let pod = |class: &str| {
        format!(
            r#"{{"metadata":{{"name":"p"}},"spec":{{"runtimeClassName":"{class}","containers":[{{"name":"c","image":"i"}}]}}}}"#
        )
    };
    let (code, made) = world.post("/api/v1/namespaces/x/pods", &pod("vm"));
    assert_eq!(code, 201, "{made}");
    assert_eq!(made.str_at(&["spec", "overhead", "cpu"]), Some("10m"));
    assert_eq!(made.str_at(&["spec", "nodeSelector", "vm"]), Some("yes"));
    assert!(made.at(&["spec", "tolerations"]).unwrap().to_string().contains(r#""key":"vm""#));
    assert_eq!(world.post("/api/v1/namespaces/x/pods", &pod("none")).0, 403);
}

#[test]
fn fields_that_stand_twice_are_told() {
    let mut world = World::new();
    let body = r#"{"metadata":{"name":"m"},"data":{"a":"1","a":"2"},"odd":1}"#;
    let path = "/api/v1/namespaces/x/configmaps";
    let (code, status) = world.post(&format!("{path}?fieldValidation=Strict"), body);
    let end = r#"strict decoding error: unknown field "odd", duplicate field "data.a""#;
    assert_eq!(code, 400);
    assert!(status.str_at(&["message"]).unwrap().ends_with(end), "{status}");
    let (code, made) = world.post(path, body);
    assert_eq!((code, made.str_at(&["data", "a"])), (201, Some("2")));
}

#[test]
fn a_namespace_takes_no_more_than_its_quota() {
    let mut world = World::new();
    let quota = r#"{"metadata":{"name":"q"},"spec":{"hard":{"configmaps":"1"}}}"#;
    world.post("/api/v1/namespaces/x/resourcequotas", quota);
    let status = r#"{"status":{"hard":{"configmaps":"1"},"used":{"configmaps":"0"}}}"#;
    let path = "/api/v1/namespaces/x/resourcequotas/q/status";
    world.ask(Method::Patch, path, "application/merge-patch+json", status);
    let map = |name: &str| format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
    assert_eq!(world.post("/api/v1/namespaces/x/configmaps", &map("a")).0, 201);
    let (code, status) = world.post("/api/v1/namespaces/x/configmaps", &map("b"));
    let why = "configmaps \"b\" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1";
    assert_eq!((code, status.str_at(&["message"])), (403, Some(why)));
}

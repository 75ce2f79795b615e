//! Services and who is behind them.

use crate::nodes::kit::Stage;
use crate::nodes::stages::Stages;
use twin_core::tree::Value;

const SERVICES: &str = "/api/v1/namespaces/x/services";
const SLICES: &str = "/apis/discovery.k8s.io/v1/namespaces/x/endpointslices";
const PODS: &str = "/api/v1/namespaces/x/pods";

fn stage(nodes: usize) -> Stage {
    let mut controllers = super::controllers();
    controllers.extend(crate::nodes::controllers(&Stages::default(), 1));
    let mut stage = Stage::new(controllers);
    for at in 0..nodes {
        let node = format!(
            r#"{{"metadata":{{"name":"n{at}","labels":{{"topology.kubernetes.io/zone":"z{at}"}}}}}}"#
        );
        stage.made("/api/v1/nodes", &node);
    }
    stage.settle();
    stage
}

fn service(stage: &mut Stage, more: &str) {
    let service = format!(
        r#"{{"metadata":{{"name":"web","labels":{{"team":"a"}}}},"spec":{{"selector":{{"app":"web"}},"ports":[{{"port":80}}]{more}}}}}"#
    );
    stage.made(SERVICES, &service);
    stage.settle();
}

fn endpoints(stage: &mut Stage) -> Vec<Value> {
    let slices = stage.list(SLICES);
    let lists = slices.iter().filter_map(|slice| slice.at(&["endpoints"])?.as_list());
    lists.flat_map(|list| list.iter().cloned()).collect()
}

fn conditions(endpoint: &Value) -> String {
    endpoint.at(&["conditions"]).unwrap().to_string()
}

#[test]
fn a_pod_is_behind_a_service_from_ready_to_gone() {
    let mut stage = stage(1);
    service(&mut stage, "");
    let slices = stage.list(SLICES);
    assert_eq!((slices.len(), endpoints(&mut stage).len()), (1, 0));
    let pod = r#"{"metadata":{"name":"web-0","labels":{"app":"web"},"annotations":{"muster.dev/ready-seconds":"10","muster.dev/stop-seconds":"5"}},"spec":{"containers":[{"name":"c","image":"i:1"}]}}"#;
    stage.made(PODS, pod);
    stage.seconds(5);
    let expected = |ready, serving, ending| {
        format!(r#"{{"ready":{ready},"serving":{serving},"terminating":{ending}}}"#)
    };
    assert_eq!(conditions(&endpoints(&mut stage)[0]), expected(false, false, false));
    let legacy = stage.get("/api/v1/namespaces/x/endpoints/web").unwrap();
    let subset = &legacy.at(&["subsets"]).unwrap().as_list().unwrap()[0];
    assert!(subset.at(&["notReadyAddresses"]).is_some() && subset.at(&["addresses"]).is_none());
    stage.seconds(10);
    let endpoint = endpoints(&mut stage)[0].clone();
    assert_eq!(conditions(&endpoint), expected(true, true, false));
    assert_eq!(endpoint.str_at(&["nodeName"]), Some("n0"));
    assert_eq!(endpoint.str_at(&["zone"]), Some("z0"));
    assert_eq!(endpoint.str_at(&["targetRef", "name"]), Some("web-0"));
    let slice = stage.list(SLICES).remove(0);
    for (label, value) in [
        ("kubernetes.io/service-name", "web"),
        ("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"),
        ("team", "a"),
    ] {
        assert_eq!(slice.str_at(&["metadata", "labels", label]), Some(value));
    }
    assert_eq!(
        slice.at(&["ports"]).unwrap().to_string(),
        r#"[{"name":"","port":80,"protocol":"TCP"}]"#
    );
    stage.deleted(&format!("{PODS}/web-0"));
    stage.seconds(1);
    assert_eq!(conditions(&endpoints(&mut stage)[0]), expected(false, true, true));
    let legacy = stage.get("/api/v1/namespaces/x/endpoints/web").unwrap();
    assert_eq!(legacy.at(&["subsets"]), None);
    stage.seconds(10);
    assert_eq!((stage.list(SLICES).len(), endpoints(&mut stage).len()), (1, 0));
}

#[test]
fn a_slice_holds_a_hundred() {
    let mut stage = stage(4);
    service(&mut stage, "");
    for at in 0..250 {
        stage.pod(&format!("web-{at}"), "", "");
    }
    stage.seconds(10);
    let sizes = |stage: &mut Stage| {
        let slices = stage.list(SLICES);
        let size = |slice: &Value| slice.at(&["endpoints"]).unwrap().as_list().unwrap().len();
        let mut sizes: Vec<_> = slices.iter().map(size).collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(sizes(&mut stage), [50, 100, 100]);
    for at in 0..30 {
        stage.deleted(&format!("{PODS}/web-{at}"));
    }
    stage.seconds(10);
    assert_eq!(sizes(&mut stage).iter().sum::<usize>(), 220);
    for at in 250..260 {
        stage.pod(&format!("web-{at}"), "", "");
    }
    stage.seconds(10);
    assert_eq!((sizes(&mut stage).len(), sizes(&mut stage).iter().sum::<usize>()), (3, 230));
    let ready = endpoints(&mut stage);
    assert!(ready.iter().all(|it| it.at(&["conditions", "ready"]) == Some(&Value::Bool(true))));
}

#[test]
fn named_ports_are_those_of_each_pod() {
    let mut stage = stage(1);
    let ports = r#"{"metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"name":"http","port":80,"targetPort":"http"}]}}"#;
    stage.made(SERVICES, ports);
    for (name, port) in [("a", 8080), ("b", 9090), ("c", 8080)] {
        let pod = format!(
            r#"{{"metadata":{{"name":"{name}","labels":{{"app":"web"}}}},"spec":{{"containers":[{{"name":"c","image":"i:1","ports":[{{"name":"http","containerPort":{port}}}]}}]}}}}"#
        );
        stage.made(PODS, &pod);
    }
    stage.seconds(5);
    let slices = stage.list(SLICES);
    let mut found: Vec<_> = slices
        .iter()
        .map(|slice| {
            let port = slice.at(&["ports"]).unwrap().as_list().unwrap()[0].at(&["port"]).cloned();
            (
                port.unwrap().as_int().unwrap(),
                slice.at(&["endpoints"]).unwrap().as_list().unwrap().len(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    found.sort_unstable();
    assert_eq!(found, [(8080, 2), (9090, 1)]);
}

#[test]
fn the_api_is_a_service_and_balancers_have_addresses() {
    let mut stage = stage(0);
    let path = "/api/v1/namespaces/default/services/kubernetes";
    assert_eq!(stage.get(path).unwrap().str_at(&["spec", "clusterIP"]), Some("10.96.0.1"));
    stage.deleted(path);
    stage.settle();
    assert!(stage.get(path).is_some());
    assert!(
        stage
            .get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes")
            .is_some()
    );
    service(&mut stage, r#","type":"LoadBalancer""#);
    let made = stage.get(&format!("{SERVICES}/web")).unwrap();
    let ingress = made.at(&["status", "loadBalancer", "ingress"]).unwrap().to_string();
    assert!(ingress.starts_with(r#"[{"ip":"100."#), "{ingress}");
}

#[test]
fn a_deleted_service_takes_its_endpoints_along() {
    let mut stage = stage(0);
    service(&mut stage, "");
    assert!(stage.get("/api/v1/namespaces/x/endpoints/web").is_some());
    stage.deleted(&format!("{SERVICES}/web"));
    stage.settle();
    assert!(stage.get("/api/v1/namespaces/x/endpoints/web").is_none());
}

#[test]
fn endpoints_that_people_write_are_mirrored() {
    let mut stage = stage(0);
    let name = r#"{"metadata":{"name":"own"},"spec":{"ports":[{"port":80}]}}"#;
    stage.made(SERVICES, name);
    let body = |ip: &str| {
        format!(
            r#"{{"metadata":{{"name":"own"}},"subsets":[{{"addresses":[{{"ip":"{ip}"}}],"ports":[{{"port":80}}]}}]}}"#
        )
    };
    let path = "/api/v1/namespaces/x/endpoints";
    stage.made(path, &body("10.1.2.3"));
    stage.settle();
    let addresses = |stage: &mut Stage| {
        let own = endpoints(stage);
        own.iter().map(|it| it.at(&["addresses"]).unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(addresses(&mut stage), [r#"["10.1.2.3"]"#]);
    stage.patched(&format!("{path}/own"), &body("10.2.3.4"));
    stage.settle();
    assert_eq!(addresses(&mut stage), [r#"["10.2.3.4"]"#]);
    stage.deleted(&format!("{path}/own"));
    stage.settle();
    assert!(stage.list(SLICES).is_empty());
}

//! Pods and their accounts.

use super::World;
use crate::tree::Value;

const ACCOUNTS: &str = "/api/v1/namespaces/x/serviceaccounts";
const PODS: &str = "/api/v1/namespaces/x/pods";

/// The names of a pod's volumes, and where the first container has what.
fn mounted(pod: &Value) -> (Vec<String>, Vec<String>) {
    let texts = |list: Option<&Value>, field: &str| -> Vec<String> {
        let list = list.and_then(Value::as_list).map(|list| list.to_vec()).unwrap_or_default();
        list.iter().map(|it| it.str_at(&[field]).unwrap().to_owned()).collect()
    };
    let container = pod.at(&["spec", "containers"]).unwrap().as_list().unwrap()[0].clone();
    let mounts = texts(container.at(&["volumeMounts"]), "mountPath");
    (texts(pod.at(&["spec", "volumes"]), "name"), mounts)
}

#[test]
fn pods_get_the_token_of_their_account() {
    let mut world = World::new();
    let pod = |name: &str, more: &str| {
        format!(
            r#"{{"metadata":{{"name":"{name}"}},"spec":{{{more}"containers":[{{"name":"c","image":"i"}}]}}}}"#
        )
    };
    let (_, before) = world.post(PODS, &pod("before", ""));
    assert_eq!(mounted(&before), (vec![], vec![]));
    world.api.give_accounts();
    // Its account comes in a moment.
    let (code, first) = world.post(PODS, &pod("first", ""));
    assert_eq!((code, first.str_at(&["spec", "serviceAccountName"])), (201, Some("default")));
    let (volumes, mounts) = mounted(&first);
    assert!(volumes[0].starts_with("kube-api-access-"), "{volumes:?}");
    assert_eq!(mounts, ["/var/run/secrets/kubernetes.io/serviceaccount"]);
    let (_, second) = world.post(PODS, &pod("second", ""));
    assert_eq!(first.at(&["spec"]), second.at(&["spec"]), "those of one template share it");
    let quiet = r#"{"metadata":{"name":"default"},"automountServiceAccountToken":false}"#;
    world.post(ACCOUNTS, quiet);
    let (_, third) = world.post(PODS, &pod("third", ""));
    assert_eq!(mounted(&third), (vec![], vec![]), "the account is another one now");
    let (_, loud) = world.post(PODS, &pod("loud", r#""automountServiceAccountToken":true,"#));
    assert_eq!(mounted(&loud).1.len(), 1, "the pod has the last word");
    let (code, refused) = world.post(PODS, &pod("lost", r#""serviceAccountName":"none","#));
    let message = refused.str_at(&["message"]).unwrap();
    assert_eq!(
        (code, message),
        (
            403,
            r#"pods "lost" is forbidden: error looking up service account x/none: serviceaccount "none" not found"#
        )
    );
}

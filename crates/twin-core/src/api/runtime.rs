//! What the runtime class of a pod adds to it.

use super::Api;
use crate::registry::Resource;
use crate::status::Status;
use crate::store::{Key, TableName};
use crate::tree::{Map, Text, Value};

const CLASSES: TableName = TableName(Text::new_static("node.k8s.io/runtimeclasses"));

impl Api {
    /// A new pod with what its runtime needs for itself, and where there is such a runtime.
    pub(super) fn with_runtime(
        &self,
        resource: &Resource,
        pod: Value,
        name: &str,
    ) -> Result<Value, Status> {
        let class = pod.str_at(&["spec", "runtimeClassName"]).unwrap_or_default();
        if class.is_empty() || !resource.is("", "pods") {
            return Ok(pod);
        }
        let refused =
            |why: &str| Status::forbidden(resource, name, &format!("pod rejected: {why}"));
        let Some(class) = self.store.get(&CLASSES, &Key::new("", class)) else {
            return Err(refused(&format!("RuntimeClass {class:?} not found")));
        };
        let overhead = class.tree.at(&["overhead", "podFixed"]);
        if pod.at(&["spec", "overhead"]).is_some_and(|said| Some(said) != overhead) {
            let why = "Pod's Overhead doesn't match RuntimeClass's defined Overhead";
            return Err(refused(why));
        }
        let pod = match overhead {
            Some(overhead) => pod.with(&["spec", "overhead"], overhead.clone()),
            None => pod,
        };
        let pod = selecting(pod, &class.tree).map_err(|why| refused(&why))?;
        Ok(tolerating(pod, &class.tree))
    }
}

/// The pod with the node selector of the class.
fn selecting(pod: Value, class: &Value) -> Result<Value, String> {
    let wanted = class.at(&["scheduling", "nodeSelector"]).and_then(Value::as_map);
    wanted.map(Map::iter).into_iter().flatten().try_fold(pod, |pod, (key, value)| {
        let path = ["spec", "nodeSelector", key.as_str()];
        if pod.at(&path).is_some_and(|said| said != value) {
            return Err(format!("conflict: runtimeClass.scheduling.nodeSelector[{key}]"));
        }
        Ok(pod.with(&path, value.clone()))
    })
}

fn tolerating(pod: Value, class: &Value) -> Value {
    let list = |tree: &Value, path: &[&str]| {
        tree.at(path).and_then(Value::as_list).map(|list| list.to_vec()).unwrap_or_default()
    };
    let mut all = list(&pod, &["spec", "tolerations"]);
    let more = list(class, &["scheduling", "tolerations"]);
    if more.is_empty() {
        return pod;
    }
    let new: Vec<_> = more.into_iter().filter(|it| !all.contains(it)).collect();
    all.extend(new);
    pod.with(&["spec", "tolerations"], all.into())
}

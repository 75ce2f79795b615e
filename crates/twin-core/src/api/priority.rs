//! How much a pod matters: what its class says.

use super::Api;
use crate::registry::Resource;
use crate::status::Status;
use crate::store::{Key, Narrow, TableName};
use crate::tree::{Text, Value};

const CLASSES: TableName = TableName(Text::new_static("scheduling.k8s.io/priorityclasses"));
/// Classes that are there whatever is stored.
const SYSTEM: [(&str, i64); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

impl Api {
    /// A new pod with the priority of its class; without one, with that of the class for all others.
    pub(super) fn prioritised(
        &self,
        resource: &Resource,
        pod: Value,
        name: &str,
    ) -> Result<Value, Status> {
        if !resource.is("", "pods") {
            return Ok(pod);
        }
        let named = pod.str_at(&["spec", "priorityClassName"]).unwrap_or_default();
        let class = if named.is_empty() {
            match self.class_of_others() {
                Some(class) => class,
                None => return Ok(pod),
            }
        } else {
            self.class(named).ok_or_else(|| {
                let why = format!("no PriorityClass with name {named} was found");
                Status::forbidden(resource, name, &why)
            })?
        };
        let value = class.at(&["value"]).and_then(Value::as_int).unwrap_or(0);
        let said = pod.at(&["spec", "priority"]).and_then(Value::as_int);
        if let Some(said) = said.filter(|said| *said != value) {
            let why = format!(
                "the integer value of priority ({said}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name"
            );
            return Err(Status::forbidden(resource, name, &why));
        }
        let policy = class.str_at(&["preemptionPolicy"]).unwrap_or("PreemptLowerPriority");
        let class_name = class.at(&["metadata", "name"]).cloned().unwrap_or_default();
        Ok(pod
            .with(&["spec", "priorityClassName"], class_name)
            .with(&["spec", "priority"], value.into())
            .with(&["spec", "preemptionPolicy"], policy.into()))
    }

    fn class(&self, name: &str) -> Option<Value> {
        let stored = self.store.get(&CLASSES, &Key::new("", name)).map(|class| class.tree.clone());
        stored.or_else(|| {
            let (name, value) = SYSTEM.into_iter().find(|(known, _)| *known == name)?;
            let metadata = Value::from([("name", name.into())]);
            Some(Value::from([("metadata", metadata), ("value", value.into())]))
        })
    }

    /// The class of pods that name none; the least, if there are several.
    fn class_of_others(&self) -> Option<Value> {
        let value = |class: &&Value| class.at(&["value"]).and_then(Value::as_int).unwrap_or(0);
        let all = self.store.list(&CLASSES, &Narrow::default(), None).map(|class| &class.tree);
        let global =
            |class: &&Value| class.at(&["globalDefault"]).and_then(Value::as_bool) == Some(true);
        all.filter(global).min_by_key(value).cloned()
    }
}

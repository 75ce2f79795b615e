//! What a template may ask of the place where it is rendered.

use twin_core::time::Timestamp;
use twin_core::tree::Value;

/// Answers what a template asks besides the object.
pub trait Site {
    /// The time.
    fn now(&self) -> Timestamp;

    /// When everything started.
    fn started(&self) -> Timestamp;

    /// The name of a node: that of the object, or that where it runs.
    fn node_name(&self) -> String;

    /// The port of kubelets; 0 if there is none.
    fn node_port(&self) -> i64;

    /// Addresses of a node; of any if it is not known.
    fn node_addresses(&self, node: &str) -> Vec<String>;

    /// Addresses of a pod on a node: the same at each call.
    fn pod_addresses(&mut self, pod: &PodName<'_>) -> Vec<String>;

    /// A number in `0..below`, by chance; 0 if there is none.
    fn chance(&mut self, below: u64) -> u64;
}

/// A pod, as a template names it.
#[derive(Clone, Copy, Debug)]
pub struct PodName<'a> {
    pub node: &'a str,
    pub network: Network,
    pub uid: &'a str,
    pub name: &'a str,
    pub namespace: &'a str,
}

/// Whose addresses a pod has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Its own.
    Own,
    /// Those of its node.
    Host,
}

/// Conditions of a node that is well, in the order in which KWOK gives them.
pub(crate) fn node_conditions() -> Value {
    let rows = [
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        (
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("NetworkUnavailable", "False", "RouteCreated", "RouteController created a route"),
    ];
    let row = |(kind, status, reason, message): (&str, &str, &str, &str)| {
        Value::from([
            ("type", kind.into()),
            ("status", status.into()),
            ("reason", reason.into()),
            ("message", message.into()),
            ("lastHeartbeatTime", Value::Null),
            ("lastTransitionTime", Value::Null),
        ])
    };
    rows.map(row).to_vec().into()
}

//! The last lines of a container.

use crate::connect::Cluster;
use crate::error::{Ask, Error};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;

/// Which run of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// The one that runs.
    Current,
    /// The one that ended before.
    Previous,
}

impl Cluster {
    /// The last lines that a container wrote.
    pub async fn last_lines(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        run: Run,
        lines: u32,
    ) -> Result<String, Error> {
        let api: Api<Pod> = Api::namespaced(self.client(), namespace);
        let params = LogParams {
            container: Some(container.to_owned()),
            previous: run == Run::Previous,
            tail_lines: Some(lines.into()),
            ..LogParams::default()
        };
        let object = format!("Pod/{pod}");
        let resource = "pods/log".to_owned();
        let ask = Ask { verb: "get", resource, namespace: Some(namespace), object };
        self.ask(&ask, || api.logs(pod, &params)).await
    }
}

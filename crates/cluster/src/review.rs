//! What we may do, and who we are.

use crate::connect::Cluster;
use crate::error::{Ask, Error};
use apply::{Need, Rules, Subject};
use serde_json::{Value, json};

const REVIEWS: &str = "/apis/authorization.k8s.io/v1";
const IDENTITY: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

impl Cluster {
    /// What we may do in a namespace, as far as the cluster can list it: one request.
    pub async fn rules(&self, namespace: &str) -> Result<Rules, Error> {
        let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace}});
        let answer = self.review(&format!("{REVIEWS}/selfsubjectrulesreviews"), &body).await?;
        Ok(Rules::read(&answer["status"]))
    }

    /// Whether we may do something.
    pub async fn may(&self, need: &Need) -> Result<bool, Error> {
        let plural = need.resource.plural.as_str();
        let (resource, below) = plural.split_once('/').unwrap_or((plural, ""));
        let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"namespace": need.namespace, "verb": need.verb,
                "group": need.resource.group, "resource": resource, "subresource": below,
                "name": need.name}}});
        let answer = self.review(&format!("{REVIEWS}/selfsubjectaccessreviews"), &body).await?;
        Ok(answer["status"]["allowed"] == true)
    }

    /// Who we are.
    pub async fn who(&self) -> Result<Subject, Error> {
        let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let answer = self.review(IDENTITY, &body).await?;
        Ok(Subject::of(answer["status"]["userInfo"]["username"].as_str().unwrap_or_default()))
    }

    async fn review(&self, path: &str, body: &Value) -> Result<Value, Error> {
        let resource = path.rsplit('/').next().unwrap_or_default().to_owned();
        let ask = Ask { verb: "create", resource, namespace: None, object: String::new() };
        self.ask(&ask, || async move {
            let request = http::Request::post(path).header("Content-Type", "application/json");
            let request = request.body(body.to_string().into_bytes());
            self.client().request::<Value>(request.map_err(kube::Error::HttpError)?).await
        })
        .await
    }
}

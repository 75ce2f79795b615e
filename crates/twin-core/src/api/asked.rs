//! Questions that are asked by creating them, and tokens.
//!
//! Everybody may do everything here, so that the answers are short.

use super::{Api, Call, Method, Response};
use crate::status::Status;
use crate::time::Timestamp;
use crate::tree::{Map, Text, Value, decode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const ISSUER: &str = "https://kubernetes.default.svc";
/// How long a token is good, if nobody says it.
const TOKEN_SECONDS: i64 = 3600;

/// The answer to a review; none, if it is something else.
pub(super) fn review(call: &Call<'_>, object: &Value) -> Option<Value> {
    let resource = &call.address.resource;
    let status = match (resource.kind.group.as_str(), resource.plural.as_str()) {
        (
            "authorization.k8s.io",
            "selfsubjectaccessreviews" | "subjectaccessreviews" | "localsubjectaccessreviews",
        ) => Value::from([("allowed", Value::Bool(true))]),
        ("authorization.k8s.io", "selfsubjectrulesreviews") => rules(),
        ("authentication.k8s.io", "selfsubjectreviews") => {
            // Of all answers this one alone says when it was given.
            let time = call.moment.now.value();
            let answer = object.with(&["metadata", "creationTimestamp"], time);
            return Some(answer.with(&["status", "userInfo"], who(call)));
        }
        ("authentication.k8s.io", "tokenreviews") => {
            let audiences = object.at(&["spec", "audiences"]);
            token_status(object.str_at(&["spec", "token"]).unwrap_or_default(), audiences)
        }
        _ => return None,
    };
    Some(object.with(&["status"], status))
}

/// Who asks: a part of the control plane, or somebody from outside.
pub(super) fn who(call: &Call<'_>) -> Value {
    match call.request.user {
        Some(user) if user.groups.is_empty() => {
            let groups = account_groups(&user.name);
            user_info(&user.name, groups.iter().map(Text::as_str))
        }
        Some(user) => user_info(&user.name, user.groups.iter().map(Text::as_str)),
        None => unnamed(call.is_own().then_some(call.request.user_agent)),
    }
}

fn user_info<'a>(name: &str, groups: impl Iterator<Item = &'a str>) -> Value {
    let mut groups: Vec<_> = groups.collect();
    let own = if name == ANONYMOUS { STRANGERS } else { ALL };
    let is_placed = groups.iter().any(|it| *it == STRANGERS || *it == own);
    if !is_placed {
        groups.push(own);
    }
    let groups: Vec<_> = groups.into_iter().map(Value::text).collect();
    Value::from([("username", Value::text(name)), ("groups", groups.into())])
}

/// The groups that a service account is in by its name; none, if it is something else.
fn account_groups(name: &str) -> Vec<Text> {
    let account = name.strip_prefix("system:serviceaccount:").and_then(|it| it.split_once(':'));
    let Some((namespace, _)) = account else { return Vec::new() };
    let own = Text::from(format!("system:serviceaccounts:{namespace}"));
    vec![Text::new_static("system:serviceaccounts"), own]
}

/// The group of all who were let in.
const ALL: &str = "system:authenticated";
/// Who was let in without a name, and the group of those.
const ANONYMOUS: &str = "system:anonymous";
const STRANGERS: &str = "system:unauthenticated";

fn unnamed(part: Option<&str>) -> Value {
    const ACCOUNTS: &str = "system:serviceaccounts";
    let (name, groups) = match part {
        None => ("kubernetes-admin".to_owned(), ["system:masters"].as_slice()),
        Some(part @ ("kube-scheduler" | "kube-controller-manager" | "kube-apiserver")) => {
            (format!("system:{part}"), [].as_slice())
        }
        Some(part) => (
            format!("system:serviceaccount:kube-system:{part}"),
            [ACCOUNTS, "system:serviceaccounts:kube-system"].as_slice(),
        ),
    };
    user_info(&name, groups.iter().copied())
}

fn rules() -> Value {
    let all = || Value::from(vec![Value::text("*")]);
    let resources = Value::from([("verbs", all()), ("apiGroups", all()), ("resources", all())]);
    let others = Value::from([("verbs", all()), ("nonResourceURLs", all())]);
    Value::from([
        ("resourceRules", vec![resources].into()),
        ("nonResourceRules", vec![others].into()),
        ("incomplete", Value::Bool(false)),
    ])
}

/// Who a token is for. Nobody signs tokens here: what looks like ours is ours.
fn token_status(token: &str, audiences: Option<&Value>) -> Value {
    let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims = claims.and_then(|claims| decode(&claims).ok()).unwrap_or_default();
    let audience = |list: Option<&Value>| list.and_then(Value::as_list).cloned();
    let own = audience(claims.at(&["aud"])).unwrap_or_default();
    // Who asks for no audience is the API itself.
    let asked = audience(audiences).filter(|list| !list.is_empty());
    let asked = asked.unwrap_or_else(|| vec![Value::text(ISSUER)].into());
    let shared: Vec<_> = asked.iter().filter(|it| own.contains(it)).cloned().collect();
    let ours = claims.str_at(&["iss"]) == Some(ISSUER) && !shared.is_empty();
    match claims.str_at(&["sub"]).filter(|_| ours) {
        Some(name) => Value::from([
            ("audiences", shared.into()),
            ("authenticated", Value::Bool(true)),
            ("user", user(name, &claims)),
        ]),
        None => Value::from([
            ("error", "[invalid bearer token]".into()),
            ("user", Value::Map(Map::default())),
        ]),
    }
}

/// A service account as the API knows it: `system:serviceaccount:NAMESPACE:NAME`.
fn user(name: &str, claims: &Value) -> Value {
    let mut groups = account_groups(name);
    groups.push(Text::new_static(ALL));
    let account = ["kubernetes.io", "serviceaccount", "uid"];
    Value::from([
        ("username", name.into()),
        ("uid", claims.at(&account).cloned().unwrap_or_default()),
        ("groups", groups.into_iter().map(Value::from).collect::<Vec<_>>().into()),
    ])
}

impl Api {
    /// `serviceaccounts/NAME/token`
    pub(super) fn token(&self, call: &Call<'_>) -> Result<Response, Status> {
        let account = &self.stored(call)?.tree;
        let body = match call.request.body {
            b"" => Value::Map(Map::default()),
            body => decode(body).map_err(|error| Status::bad_request(error.to_string()))?,
        };
        let asked = body.at(&["spec", "expirationSeconds"]).and_then(Value::as_int);
        let until = call.moment.now.plus_seconds(asked.unwrap_or(TOKEN_SECONDS));
        let audiences = body
            .at(&["spec", "audiences"])
            .filter(|list| list.as_list().is_some_and(|list| !list.is_empty()));
        let audiences = audiences.cloned().unwrap_or_else(|| vec![Value::text(ISSUER)].into());
        let token = token(account, call.moment.now, until, &audiences);
        let status =
            Value::from([("token", Value::text(token)), ("expirationTimestamp", until.value())]);
        let answer = body
            .with(&["kind"], "TokenRequest".into())
            .with(&["apiVersion"], "authentication.k8s.io/v1".into())
            .with(&["metadata", "name"], Value::text(&call.address.name))
            .with(&["metadata", "namespace"], Value::text(&call.address.namespace))
            .with(&["metadata", "creationTimestamp"], call.moment.now.value())
            .with(&["spec", "audiences"], audiences)
            .with(&["spec", "expirationSeconds"], asked.unwrap_or(TOKEN_SECONDS).into())
            .with(&["status"], status);
        Ok(Response::json(201, &answer))
    }

    /// Kinds of which a replacement makes what is not there.
    pub(super) fn creates_on_update(call: &Call<'_>) -> bool {
        let resource = &call.address.resource;
        call.request.method == Method::Put
            && call.address.subresource.is_empty()
            && matches!(
                (resource.kind.group.as_str(), resource.plural.as_str()),
                ("", "endpoints" | "events" | "limitranges" | "services")
                    | ("events.k8s.io", "events")
                    | ("coordination.k8s.io", "leases")
                    | ("node.k8s.io", "runtimeclasses")
                    | ("rbac.authorization.k8s.io", _)
            )
    }
}

/// A token in the form of those that a cluster gives; its signature is none.
fn token(account: &Value, now: Timestamp, until: Timestamp, audiences: &Value) -> Text {
    let meta = |field: &str| account.str_at(&["metadata", field]).unwrap_or_default();
    let (namespace, name) = (meta("namespace"), meta("name"));
    let bound = Value::from([("name", name.into()), ("uid", meta("uid").into())]);
    let scope = Value::from([("namespace", namespace.into()), ("serviceaccount", bound)]);
    let claims = Value::from([
        ("aud", audiences.clone()),
        ("exp", until.seconds().into()),
        ("iat", now.seconds().into()),
        ("iss", ISSUER.into()),
        ("kubernetes.io", scope),
        ("nbf", now.seconds().into()),
        ("sub", Value::text(format!("system:serviceaccount:{namespace}:{name}"))),
    ]);
    let head = Value::from([("alg", "none".into()), ("typ", "JWT".into())]);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.encoded());
    Text::from(format!("{}.{}.{}", part(&head), part(&claims), URL_SAFE_NO_PAD.encode("twin")))
}

#[cfg(test)]
mod tests {
    use super::user_info;
    use crate::tree::Value;

    #[test]
    fn who_has_no_name_was_not_let_in_by_one() {
        let groups = |name: &str, groups: &[&str]| {
            let user = user_info(name, groups.iter().copied());
            let list = user.at(&["groups"]).and_then(Value::as_list).cloned().unwrap_or_default();
            list.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(groups("jane", &["devs"]), ["devs", "system:authenticated"]);
        assert_eq!(groups("jane", &["system:unauthenticated"]), ["system:unauthenticated"]);
        assert_eq!(groups("system:anonymous", &[]), ["system:unauthenticated"]);
    }
}

//! The account of a pod: who it is, and its token as a volume.

use super::{Api, Moment};
use crate::registry::Resource;
use crate::status::Status;
use crate::store::{Key, Object, TableName};
use crate::tree::{Map, Text, Value};
use std::sync::Arc;

const ACCOUNTS: TableName = TableName(Text::new_static("/serviceaccounts"));
/// The account of pods that name none; each namespace gets it.
const DEFAULT: &str = "default";
/// What the names of volumes with a token begin with.
const VOLUME: &str = "kube-api-access-";
/// Where programs look for their token.
const PLACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Of a pod that a node brought along.
const MIRROR: &str = "kubernetes.io/config.mirror";
/// An hour and a bit, by which Kubernetes tells tokens that it gave by itself.
const SECONDS: i64 = 3_607;

/// Whether pods have accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Accounts {
    /// Nobody makes accounts.
    #[default]
    None,
    Given,
}

/// What became of the last pod: pods of one template share it.
#[derive(Debug)]
pub(super) struct Admitted {
    given: Value,
    account: Option<Arc<Object>>,
    made: Value,
}

impl Api {
    /// From now on pods get an account, and its token as a volume, as far as they want it.
    pub fn give_accounts(&mut self) {
        self.accounts = Accounts::Given;
    }

    /// A new pod with its account.
    pub(super) fn accounted(
        &mut self,
        resource: &Resource,
        pod: Value,
        key: &Key,
        moment: Moment,
    ) -> Result<Value, Status> {
        let mirror = pod.at(&["metadata", "annotations", MIRROR]).is_some();
        if self.accounts == Accounts::None || !resource.is("", "pods") || mirror {
            return Ok(pod);
        }
        let Some(spec) = pod.at(&["spec"]) else { return Ok(pod) };
        let name = spec.str_at(&["serviceAccountName"]).filter(|name| !name.is_empty());
        let name = name.unwrap_or(DEFAULT);
        let account = self.store.get(&ACCOUNTS, &Key::new(key.namespace(), name)).cloned();
        // The account of a new namespace comes in a moment.
        if account.is_none() && name != DEFAULT {
            let namespace = key.namespace();
            let why = format!(
                "error looking up service account {namespace}/{name}: serviceaccount {name:?} not found"
            );
            return Err(Status::forbidden(resource, key.name(), &why));
        }
        let same = |known: &&Admitted| {
            let revision = |account: &Option<Arc<Object>>| account.as_ref().map(|it| it.revision);
            revision(&known.account) == revision(&account) && known.given == *spec
        };
        // Who is asked about a pod should see the same one each time.
        let is_shared = !self.has_hooks();
        if let Some(known) = self.last_admitted.as_ref().filter(|known| is_shared && same(known)) {
            return Ok(pod.with(&["spec"], known.made.clone()));
        }
        let tree = account.as_ref().map(|account| &account.tree);
        let made = with_account(spec, tree, name, &format!("{VOLUME}{}", moment.suffix(8)));
        self.last_admitted = Some(Admitted { given: spec.clone(), account, made: made.clone() });
        Ok(pod.with(&["spec"], made))
    }
}

/// What a pod should be, with its account.
fn with_account(spec: &Value, account: Option<&Value>, name: &str, volume: &str) -> Value {
    let mut spec = spec.clone();
    for field in ["serviceAccountName", "serviceAccount"] {
        spec = spec.with(&[field], name.into());
    }
    let wanted = |tree: &Value| tree.at(&["automountServiceAccountToken"])?.as_bool();
    if wanted(&spec).or_else(|| account.and_then(wanted)).unwrap_or(true) {
        spec = with_token(&spec, volume);
    }
    let own = account.and_then(|account| account.at(&["imagePullSecrets"]));
    let said = spec.at(&["imagePullSecrets"]).and_then(Value::as_list);
    match own.filter(|_| said.is_none_or(|list| list.is_empty())) {
        Some(secrets) => spec.with(&["imagePullSecrets"], secrets.clone()),
        None => spec,
    }
}

/// A volume with a token, mounted in each container that has nothing in that place.
fn with_token(spec: &Value, volume: &str) -> Value {
    let volumes = items(spec, "volumes");
    let names = volumes.iter().filter_map(|it| it.str_at(&["name"]));
    let known = names.clone().find(|name| name.starts_with(VOLUME));
    let name = known.unwrap_or(volume).to_owned();
    let (mut new, mut needed) = (spec.clone(), false);
    for field in ["initContainers", "containers"] {
        let containers = items(spec, field);
        if containers.is_empty() {
            continue;
        }
        let mounted: Vec<_> =
            containers.iter().map(|container| with_mount(container, &name, &mut needed)).collect();
        new = new.with(&[field], mounted.into());
    }
    if known.is_some() || !needed {
        return new;
    }
    let volumes: Vec<_> = volumes.iter().cloned().chain([token_volume(&name)]).collect();
    new.with(&["volumes"], volumes.into())
}

fn with_mount(container: &Value, name: &str, needed: &mut bool) -> Value {
    let mounts = items(container, "volumeMounts");
    if mounts.iter().any(|it| it.str_at(&["mountPath"]) == Some(PLACE)) {
        return container.clone();
    }
    *needed = true;
    let mount = Value::from([
        ("name", name.into()),
        ("readOnly", Value::Bool(true)),
        ("mountPath", PLACE.into()),
    ]);
    let mounts: Vec<_> = mounts.iter().cloned().chain([mount]).collect();
    container.with(&["volumeMounts"], mounts.into())
}

fn token_volume(name: &str) -> Value {
    let one = |value: Value| Value::from(vec![value]);
    let token = Value::from([("path", "token".into()), ("expirationSeconds", SECONDS.into())]);
    let root = Value::from([
        ("name", "kube-root-ca.crt".into()),
        ("items", one(Value::from([("key", "ca.crt".into()), ("path", "ca.crt".into())]))),
    ]);
    let field =
        Value::from([("apiVersion", "v1".into()), ("fieldPath", "metadata.namespace".into())]);
    let namespace = Value::from([("path", "namespace".into()), ("fieldRef", field)]);
    let sources = vec![
        Value::from([("serviceAccountToken", token)]),
        Value::from([("configMap", root)]),
        Value::from([("downwardAPI", Value::from([("items", one(namespace))]))]),
    ];
    let projected = Value::from([("defaultMode", 0o644.into()), ("sources", sources.into())]);
    Value::Map(Map::default()).with(&["name"], name.into()).with(&["projected"], projected)
}

fn items<'a>(tree: &'a Value, field: &str) -> &'a [Value] {
    tree.at(&[field]).and_then(Value::as_list).map(|list| &**list).unwrap_or_default()
}

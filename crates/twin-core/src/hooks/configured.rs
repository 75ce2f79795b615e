//! Webhooks as their configurations describe them.

use super::{Place, Question};
use crate::policy::{Compiled, OnFailure};
use crate::tree::{Text, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What webhooks of a configuration may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Mutating,
    Validating,
}

/// What becomes of a dry run that a webhook is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDryRun {
    Ask,
    /// It would leave a trace.
    Refuse,
}

/// Whether a webhook is asked again when others have changed the object after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    Never,
    IfNeeded,
}

/// The form of review that a webhook reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V1Beta1,
}

impl Version {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V1 => "admission.k8s.io/v1",
            Self::V1Beta1 => "admission.k8s.io/v1beta1",
        }
    }
}

/// A webhook, ready to be asked.
#[derive(Debug)]
pub(crate) struct Hook {
    pub(crate) name: Text,
    pub(crate) sort: Sort,
    /// Its entry in the configuration: rules and selectors.
    pub(crate) wanted: Value,
    /// Its conditions, and what becomes of a request when it fails.
    pub(crate) conditions: Compiled,
    pub(crate) on_dry_run: OnDryRun,
    pub(crate) again: Again,
    /// None, if it reads no form that is known here.
    pub(crate) version: Option<Version>,
    seconds: u8,
}

/// How long a webhook may take that does not say it.
const SECONDS: i64 = 10;
/// How long one may take at most.
const MOST_SECONDS: i64 = 30;

/// The webhooks of a configuration, in their order.
pub(crate) fn hooks(sort: Sort, configuration: &Value) -> Vec<Hook> {
    let list = configuration.at(&["webhooks"]).and_then(Value::as_list);
    list.into_iter().flat_map(|list| list.iter()).map(|entry| Hook::of(sort, entry)).collect()
}

impl Hook {
    fn of(sort: Sort, entry: &Value) -> Self {
        let part = |field: &str| entry.at(&[field]).cloned().unwrap_or_default();
        let spec = Value::from([
            ("failurePolicy", part("failurePolicy")),
            ("matchConditions", part("matchConditions")),
        ]);
        let quiet = matches!(entry.str_at(&["sideEffects"]), Some("None" | "NoneOnDryRun"));
        let again = entry.str_at(&["reinvocationPolicy"]) == Some("IfNeeded");
        let seconds = entry.at(&["timeoutSeconds"]).and_then(Value::as_int).unwrap_or(SECONDS);
        let seconds = u8::try_from(seconds.clamp(1, MOST_SECONDS));
        Self {
            name: Text::new(entry.str_at(&["name"]).unwrap_or_default()),
            sort,
            conditions: Compiled::of(&Value::from([("spec", spec)])),
            on_dry_run: if quiet { OnDryRun::Ask } else { OnDryRun::Refuse },
            again: if again { Again::IfNeeded } else { Again::Never },
            version: version(entry),
            seconds: seconds.expect("it lies between 1 and 30"),
            wanted: entry.clone(),
        }
    }

    pub(crate) fn on_failure(&self) -> OnFailure {
        self.conditions.on_failure
    }

    /// Where it is; none, if its configuration does not say it.
    pub(crate) fn place(&self) -> Option<Place> {
        if let Some(url) = self.wanted.str_at(&["clientConfig", "url"]) {
            return Some(Place::Url(Text::new(url)));
        }
        let service = self.wanted.at(&["clientConfig", "service"])?;
        let text = |field: &str| Text::new(service.str_at(&[field]).unwrap_or_default());
        let port = service.at(&["port"]).and_then(Value::as_int).unwrap_or(443);
        let port = u16::try_from(port).ok()?;
        let (namespace, name, path) = (text("namespace"), text("name"), text("path"));
        Some(Place::Service { namespace, name, port, path })
    }

    pub(crate) fn question(&self, place: Place, review: Value) -> Question {
        let authority = self.wanted.str_at(&["clientConfig", "caBundle"]).unwrap_or_default();
        Question {
            webhook: self.name.clone(),
            place,
            authority: STANDARD.decode(authority).unwrap_or_default(),
            seconds: self.seconds,
            review,
        }
    }
}

/// The first form that both sides know.
fn version(entry: &Value) -> Option<Version> {
    let list = entry.at(&["admissionReviewVersions"]).and_then(Value::as_list)?;
    list.iter().find_map(|version| match version.as_str() {
        Some("v1") => Some(Version::V1),
        Some("v1beta1") => Some(Version::V1Beta1),
        _ => None,
    })
}

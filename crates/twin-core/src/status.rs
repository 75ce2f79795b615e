//! `Status`: how Kubernetes says no, and how it says that something is done.

use crate::registry::Resource;
use crate::store::Expired;
use crate::tree::{Text, Value};

/// Why something was refused, in a word that programs read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    BadRequest,
    NotFound,
    AlreadyExists,
    Conflict,
    Invalid,
    Expired,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMediaType,
    Forbidden,
    Unauthorized,
    /// The body is longer than anybody reads.
    TooLarge,
    TooManyRequests,
    /// No word: what Kubernetes did not expect.
    Internal,
    /// The same, with a word.
    Unexpected,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequest",
            Self::NotFound => "NotFound",
            Self::AlreadyExists => "AlreadyExists",
            Self::Conflict => "Conflict",
            Self::Invalid => "Invalid",
            Self::Expired => "Expired",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::NotAcceptable => "NotAcceptable",
            Self::UnsupportedMediaType => "UnsupportedMediaType",
            Self::Forbidden => "Forbidden",
            Self::Unauthorized => "Unauthorized",
            Self::TooLarge => "RequestEntityTooLarge",
            Self::TooManyRequests => "TooManyRequests",
            Self::Internal => "",
            Self::Unexpected => "InternalError",
        }
    }

    /// The HTTP status that goes with it.
    pub fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::Expired => 410,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::Internal | Self::Unexpected => 500,
        }
    }
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// `FieldValueInvalid`, `FieldManagerConflict`…
    pub reason: &'static str,
    pub message: String,
    pub field: String,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Status {
    pub reason: Reason,
    pub message: String,
    /// What `details` holds beside the causes.
    pub details: Vec<(&'static str, Value)>,
    pub causes: Vec<Cause>,
    /// The HTTP status, if it is not that of the reason.
    pub code: Option<u16>,
    /// The token by which a list that is no longer known goes on with what is there now.
    pub proceed: Option<Text>,
    /// The whole object, if somebody else has said it.
    pub whole: Option<Box<Value>>,
}

/// Names a resource as messages do: `deployments.apps`.
pub fn qualified(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

impl Status {
    /// A refusal without details.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            details: Vec::new(),
            causes: Vec::new(),
            code: None,
            proceed: None,
            whole: None,
        }
    }

    /// A refusal whose details are there, and empty.
    pub fn undetailed(reason: Reason, message: impl Into<String>) -> Self {
        Self { details: vec![("", Value::Null)], ..Self::new(reason, message) }
    }

    /// What somebody else has said, as it is.
    pub(crate) fn of_another(whole: Value, message: String, code: u16) -> Self {
        Self {
            code: Some(code),
            whole: Some(Box::new(whole)),
            ..Self::new(Reason::Internal, message)
        }
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Reason::BadRequest, message)
    }

    /// There is no such object.
    pub fn not_found(resource: &Resource, name: &str) -> Self {
        Self::named(Reason::NotFound, resource, name, |what| format!("{what} {name:?} not found"))
    }

    /// There is such an object.
    pub fn already_exists(resource: &Resource, name: &str) -> Self {
        Self::named(Reason::AlreadyExists, resource, name, |what| {
            format!("{what} {name:?} already exists")
        })
    }

    /// Somebody was faster.
    pub fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        Self::named(Reason::Conflict, resource, name, |what| {
            format!("Operation cannot be fulfilled on {what} {name:?}: {why}")
        })
    }

    /// Nobody may do this to the object.
    pub fn forbidden(resource: &Resource, name: &str, why: &str) -> Self {
        Self::named(Reason::Forbidden, resource, name, |what| {
            format!("{what} {name:?} is forbidden: {why}")
        })
    }

    fn named(
        reason: Reason,
        resource: &Resource,
        name: &str,
        message: impl Fn(&str) -> String,
    ) -> Self {
        let group = &resource.kind.group;
        let mut details = vec![("name", Value::text(name))];
        if !group.is_empty() {
            details.push(("group", Value::from(group.clone())));
        }
        details.push(("kind", Value::from(resource.plural.clone())));
        let message = message(&qualified(group, &resource.plural));
        Self {
            reason,
            message,
            details,
            causes: Vec::new(),
            code: None,
            proceed: None,
            whole: None,
        }
    }

    /// Fields of an object are wrong.
    pub fn invalid(group: &str, kind: &str, name: &str, causes: Vec<Cause>) -> Self {
        let shown: Vec<_> =
            causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let list =
            if let [one] = &shown[..] { one.clone() } else { format!("[{}]", shown.join(", ")) };
        let message = format!("{} {name:?} is invalid: {list}", qualified(group, kind));
        let mut details = vec![];
        if !name.is_empty() {
            details.push(("name", Value::text(name)));
        }
        if !group.is_empty() {
            details.push(("group", Value::text(group)));
        }
        details.push(("kind", Value::text(kind)));
        Self {
            reason: Reason::Invalid,
            message,
            details,
            causes,
            code: None,
            proceed: None,
            whole: None,
        }
    }

    /// The body is of a kind that nobody reads.
    pub fn media_type(accepted: &str) -> Self {
        Self::new(
            Reason::UnsupportedMediaType,
            format!(
                "the body of the request was in an unknown format - accepted media types include: {accepted}"
            ),
        )
    }

    /// The resource cannot do this.
    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::undetailed(Reason::MethodNotAllowed, message)
    }

    /// With another word for what it is about.
    #[must_use]
    pub fn with_kind(mut self, kind: &str) -> Self {
        for (_, value) in self.details.iter_mut().filter(|(key, _)| *key == "kind") {
            *value = Value::text(kind);
        }
        self
    }

    /// The HTTP status.
    pub fn code(&self) -> u16 {
        self.code.unwrap_or(self.reason.code())
    }

    /// As an object.
    pub fn value(&self) -> Value {
        if let Some(whole) = &self.whole {
            return Value::clone(whole);
        }
        let named = self.details.iter().filter(|(key, _)| !key.is_empty());
        let mut details: Vec<_> =
            named.map(|(key, value)| (Text::new_static(key), value.clone())).collect();
        if !self.causes.is_empty() {
            let causes: Vec<_> = self.causes.iter().map(cause).collect();
            details.push(("causes".into(), Value::from(causes)));
        }
        let mut metadata = Value::Map(crate::tree::Map::default());
        if let Some(token) = &self.proceed {
            metadata = metadata.with(&["continue"], token.clone().into());
        }
        let mut status = Value::from([
            ("kind", "Status".into()),
            ("apiVersion", "v1".into()),
            ("metadata", metadata),
            ("status", "Failure".into()),
            ("message", Value::text(&self.message)),
            ("code", i64::from(self.code()).into()),
        ]);
        if self.reason != Reason::Internal {
            status = status.with(&["reason"], self.reason.name().into());
        }
        if !self.details.is_empty() || !details.is_empty() {
            status = status.with(&["details"], Value::Map(details.into_iter().collect()));
        }
        status
    }
}

fn cause(cause: &Cause) -> Value {
    let mut value = Value::from([("message", Value::text(&cause.message))]);
    if !cause.reason.is_empty() {
        value = value.with(&["reason"], Value::text(cause.reason));
    }
    if !cause.field.is_empty() {
        value = value.with(&["field"], Value::text(&cause.field));
    }
    value
}

/// What is done is said as a Status too.
pub fn success(details: Value) -> Value {
    Value::from([
        ("kind", "Status".into()),
        ("apiVersion", "v1".into()),
        ("metadata", Value::Map(crate::tree::Map::default())),
        ("status", "Success".into()),
        ("details", details),
    ])
}

impl From<Expired> for Status {
    fn from(expired: Expired) -> Self {
        Self::new(Reason::Expired, expired.to_string())
    }
}

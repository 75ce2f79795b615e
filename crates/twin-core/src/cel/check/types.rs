//! Types of expressions.

use crate::tree::Text;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an expression may be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    Dyn,
    /// Of what is wrong: that is said once.
    Error,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List(Arc<Type>),
    Map(Arc<(Type, Type)>),
    /// An object with these fields.
    Object(Text, Arc<BTreeMap<String, Type>>),
    /// Known by name only, as `net.IP` and `optional_type(int)`.
    Opaque(Text, Arc<[Type]>),
    /// The type of a type.
    Meta(Arc<Type>),
    /// Not known yet.
    Param(u32),
}

pub(crate) const OPTIONAL: &str = "optional_type";

impl Type {
    pub(super) fn list(item: Type) -> Self {
        Self::List(Arc::new(item))
    }

    pub(super) fn map(key: Type, value: Type) -> Self {
        Self::Map(Arc::new((key, value)))
    }

    /// Of values that may be missing.
    pub(crate) fn optional(inner: Type) -> Self {
        Self::Opaque(Text::new_static(OPTIONAL), [inner].into())
    }

    /// What is in it, if it is of values that may be missing.
    pub(super) fn inner(&self) -> Option<&Type> {
        match self {
            Self::Opaque(name, params) if name == OPTIONAL => params.first(),
            _ => None,
        }
    }

    /// As sentences have it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Dyn => "dyn".to_owned(),
            Self::Error => "!error!".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::Int => "int".to_owned(),
            Self::Uint => "uint".to_owned(),
            Self::Double => "double".to_owned(),
            Self::String => "string".to_owned(),
            Self::Bytes => "bytes".to_owned(),
            Self::Duration => "duration".to_owned(),
            Self::Timestamp => "timestamp".to_owned(),
            Self::List(item) => format!("list({})", item.shown()),
            Self::Map(parts) => format!("map({}, {})", parts.0.shown(), parts.1.shown()),
            Self::Object(name, _) => name.to_string(),
            Self::Opaque(name, params) if params.is_empty() => name.to_string(),
            Self::Opaque(name, params) => {
                let params: Vec<_> = params.iter().map(Type::shown).collect();
                format!("{name}({})", params.join(", "))
            }
            Self::Meta(of) => format!("type({})", of.shown()),
            Self::Param(number) => format!("_var{number}"),
        }
    }
}

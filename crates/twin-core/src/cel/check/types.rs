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

    /// As sentences have it; of one that is very large, the beginning.
    pub(crate) fn shown(&self) -> String {
        let mut shown = String::new();
        self.show(&mut shown);
        shown
    }

    fn show(&self, shown: &mut String) {
        if shown.len() > SHOWN {
            return;
        }
        match self {
            Self::Dyn => shown.push_str("dyn"),
            Self::Error => shown.push_str("!error!"),
            Self::Null => shown.push_str("null"),
            Self::Bool => shown.push_str("bool"),
            Self::Int => shown.push_str("int"),
            Self::Uint => shown.push_str("uint"),
            Self::Double => shown.push_str("double"),
            Self::String => shown.push_str("string"),
            Self::Bytes => shown.push_str("bytes"),
            Self::Duration => shown.push_str("duration"),
            Self::Timestamp => shown.push_str("timestamp"),
            Self::List(item) => of("list", [&**item], shown),
            Self::Map(parts) => of("map", [&parts.0, &parts.1], shown),
            Self::Object(name, _) => shown.push_str(name),
            Self::Opaque(name, params) if params.is_empty() => shown.push_str(name),
            Self::Opaque(name, params) => of(name, &**params, shown),
            Self::Meta(inner) => of("type", [&**inner], shown),
            Self::Param(number) => shown.extend(["_var", &number.to_string()]),
        }
    }
}

/// What is longer nobody reads.
const SHOWN: usize = 8 << 10;

fn of<'a>(name: &str, parts: impl IntoIterator<Item = &'a Type>, shown: &mut String) {
    shown.push_str(name);
    for (at, part) in parts.into_iter().enumerate() {
        shown.push_str(if at == 0 { "(" } else { ", " });
        part.show(shown);
    }
    shown.push(')');
}

//! An object held against its type: what does not fit, what nobody knows, what is left.
//!
//! Kubernetes decodes JSON into Go structs: fields that it does not know are dropped, `null` is no
//! value, and a value of another kind is an error.

use super::{Scalar, Schema, Shape, TypeId, Zero, is_zero};
use crate::tree::{List, Map, Text, Value};
use std::collections::BTreeSet;

/// An object as its type has it.
#[derive(Debug)]
pub struct Conformed {
    /// Without what its type does not know.
    pub value: Value,
    /// What was dropped, as paths: `spec.foo`, `spec.containers[0].bar`.
    pub unknown: Vec<String>,
}

/// A value of another kind than its type asks for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("json: cannot unmarshal {found} into Go {place} of type {expected}")]
pub struct Mismatch {
    /// What stands there.
    pub found: &'static str,
    /// Where, in Go's words.
    pub place: String,
    /// What should stand there, in Go's words.
    pub expected: &'static str,
}

/// Holds a value against a type.
pub fn conform(schema: &Schema, ty: TypeId, value: &Value) -> Result<Conformed, Mismatch> {
    let mut walk = Walk { schema, path: Vec::new(), owner: String::new(), unknown: Vec::new() };
    let value = walk.value(ty, value)?.unwrap_or_default();
    Ok(Conformed { value, unknown: walk.unknown })
}

struct Walk<'a> {
    schema: &'a Schema,
    path: Vec<String>,
    /// The Go struct that we are in.
    owner: String,
    unknown: Vec<String>,
}

impl Walk<'_> {
    /// The value that stays, if one does: `null` is left out.
    fn value(&mut self, ty: TypeId, value: &Value) -> Result<Option<Value>, Mismatch> {
        if value.is_null() {
            return Ok(None);
        }
        let schema = self.schema;
        match (schema.shape(ty), value) {
            (Shape::Any, _) => Ok(Some(value.clone())),
            (Shape::Struct { .. }, Value::Map(map)) => self.fields(ty, map).map(Some),
            (Shape::Map { values, .. }, Value::Map(map)) => self.entries(*values, map).map(Some),
            (Shape::List { items, .. }, Value::List(list)) => self.items(*items, list).map(Some),
            (Shape::Scalar(scalar), _) if fits(*scalar, value) => {
                Ok(Some(canonical(*scalar, value)))
            }
            (shape, _) => Err(self.mismatch(shape, value)),
        }
    }

    fn fields(&mut self, ty: TypeId, map: &Map) -> Result<Value, Mismatch> {
        let name = self.schema.get(ty).name.as_deref().unwrap_or_default();
        let inner = name.rsplit('.').next().unwrap_or_default().to_owned();
        let outer = std::mem::replace(&mut self.owner, inner);
        let mut kept = Vec::with_capacity(map.len());
        for (key, value) in map {
            let Some((child, field)) = self.schema.child(ty, key) else {
                self.unknown.push(self.shown(key));
                continue;
            };
            if value.is_null() && field.is_some_and(|field| field.zero == Zero::Nullable) {
                kept.push((key.clone(), Value::Null));
                continue;
            }
            self.keep(key, child, value, &mut kept)?;
            // An empty list of managers is a wish: that nobody owns anything any more.
            let forgets =
                key != "managedFields" && field.is_some_and(|field| field.zero == Zero::Nothing);
            kept.pop_if(|(last, value)| forgets && last == key && is_zero(value));
        }
        let present: BTreeSet<Text> = kept.iter().map(|(key, _)| key.clone()).collect();
        self.fill(ty, &present, &mut kept)?;
        self.owner = outer;
        Ok(Value::Map(kept.into_iter().collect()))
    }

    /// Go writes structs that are no pointers, and some other zeros, even if nobody set them.
    fn fill(
        &mut self,
        ty: TypeId,
        present: &BTreeSet<Text>,
        kept: &mut Vec<(Text, Value)>,
    ) -> Result<(), Mismatch> {
        let schema = self.schema;
        let Shape::Struct { fields, .. } = schema.shape(ty) else { return Ok(()) };
        for (key, field) in fields.iter().filter(|(key, _)| !present.contains(*key)) {
            match field.zero {
                Zero::Something | Zero::Nullable | Zero::Nothing => {}
                Zero::Shown => kept.push((key.clone(), self.zero(field.ty)?)),
                Zero::Null => kept.push((key.clone(), Value::Null)),
            }
        }
        Ok(())
    }

    fn zero(&mut self, ty: TypeId) -> Result<Value, Mismatch> {
        match self.schema.shape(ty) {
            Shape::Struct { .. } => self.fields(ty, &Map::default()),
            Shape::Scalar(Scalar::String) => Ok(Value::text("")),
            Shape::Scalar(Scalar::Boolean) => Ok(Value::Bool(false)),
            Shape::Scalar(Scalar::Quantity) => Ok(Value::text("0")),
            Shape::Scalar(_) => Ok(Value::Int(0)),
            Shape::Map { .. } | Shape::List { .. } | Shape::Any => Ok(Value::Null),
        }
    }

    fn entries(&mut self, values: TypeId, map: &Map) -> Result<Value, Mismatch> {
        let mut kept = Vec::with_capacity(map.len());
        for (key, value) in map {
            // In a map of Go, `null` is the zero value.
            let string = matches!(self.schema.shape(values), Shape::Scalar(Scalar::String));
            let zero = Value::text("");
            self.keep(
                key,
                values,
                if string && value.is_null() { &zero } else { value },
                &mut kept,
            )?;
        }
        Ok(Value::Map(kept.into_iter().collect()))
    }

    fn keep(
        &mut self,
        key: &Text,
        ty: TypeId,
        value: &Value,
        kept: &mut Vec<(Text, Value)>,
    ) -> Result<(), Mismatch> {
        self.path.push(key.to_string());
        let value = self.value(ty, value)?;
        self.path.pop();
        kept.extend(value.map(|value| (key.clone(), value)));
        Ok(())
    }

    fn items(&mut self, items: TypeId, list: &List) -> Result<Value, Mismatch> {
        let mut kept = Vec::with_capacity(list.len());
        for (at, item) in list.iter().enumerate() {
            self.path.push(format!("[{at}]"));
            kept.push(self.value(items, item)?.unwrap_or_default());
            self.path.pop();
        }
        Ok(Value::from(kept))
    }

    fn shown(&self, key: &str) -> String {
        let mut text = String::new();
        for part in self.path.iter().map(String::as_str).chain([key]) {
            if !text.is_empty() && !part.starts_with('[') {
                text.push('.');
            }
            text.push_str(part);
        }
        text
    }

    fn mismatch(&self, shape: &Shape, value: &Value) -> Mismatch {
        let names = self.path.iter().filter(|part| !part.starts_with('['));
        let path = names.map(String::as_str).collect::<Vec<_>>().join(".");
        let owner = &self.owner;
        let place = if path.is_empty() {
            "value".to_owned()
        } else {
            format!("struct field {owner}.{path}")
        };
        Mismatch { found: value.kind_name(), place, expected: go_type(shape) }
    }
}

fn fits(scalar: Scalar, value: &Value) -> bool {
    match scalar {
        Scalar::String | Scalar::Bytes | Scalar::Time => matches!(value, Value::Text(_)),
        Scalar::Int32 | Scalar::Int64 => whole(value).is_some(),
        Scalar::Number => matches!(value, Value::Int(_) | Value::Float(_)),
        Scalar::Boolean => matches!(value, Value::Bool(_)),
        Scalar::IntOrString => matches!(value, Value::Text(_)) || whole(value).is_some(),
        Scalar::Quantity => matches!(value, Value::Text(_) | Value::Int(_) | Value::Float(_)),
    }
}

/// `1.0` is an integer to Go's decoder of Kubernetes.
#[allow(clippy::cast_possible_truncation, reason = "it is whole, and within the range of i32")]
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(int) => Some(*int),
        Value::Float(float) if float.fract() == 0.0 && float.abs() < f64::from(i32::MAX) => {
            Some(*float as i64)
        }
        _ => None,
    }
}

fn canonical(scalar: Scalar, value: &Value) -> Value {
    match (scalar, value) {
        // A quantity written as a number comes back as a string.
        (Scalar::Quantity, Value::Int(_) | Value::Float(_)) => Value::text(value.to_string()),
        (Scalar::Int32 | Scalar::Int64 | Scalar::IntOrString, Value::Float(_)) => {
            whole(value).map_or(Value::Null, Value::Int)
        }
        _ => value.clone(),
    }
}

fn go_type(shape: &Shape) -> &'static str {
    match shape {
        Shape::Scalar(Scalar::Int32) => "int32",
        Shape::Scalar(Scalar::Int64) => "int64",
        Shape::Scalar(Scalar::Number) => "float64",
        Shape::Scalar(Scalar::Boolean) => "bool",
        Shape::Scalar(_) => "string",
        Shape::Struct { .. } | Shape::Any => "struct",
        Shape::Map { .. } => "map[string]string",
        Shape::List { .. } => "[]string",
    }
}

#[cfg(test)]
mod tests {
    use super::{Schema, conform};
    use crate::tree::{Value, decode};

    fn check(name: &str, text: &str) -> Result<(String, Vec<String>), String> {
        let schema = Schema::builtin();
        let value: Value = decode(text.as_bytes()).unwrap();
        let conformed = conform(schema, schema.named(name).unwrap(), &value);
        conformed.map(|c| (c.value.to_string(), c.unknown)).map_err(|mismatch| mismatch.to_string())
    }

    #[test]
    fn unknown_fields_and_nulls_are_dropped() {
        let (kept, unknown) = check(
            "io.k8s.api.core.v1.Pod",
            r#"{"kind":"Pod","x":1,"spec":{"containers":[{"name":"a","y":2,"image":null}]}}"#,
        )
        .unwrap();
        assert_eq!(
            kept,
            r#"{"kind":"Pod","metadata":{},"spec":{"containers":[{"name":"a","resources":{}}]},"status":{}}"#
        );
        assert_eq!(unknown, ["spec.containers[0].y", "x"]);
    }

    #[test]
    fn values_of_another_kind_are_errors() {
        let error =
            check("io.k8s.api.apps.v1.Deployment", r#"{"spec":{"replicas":"3"}}"#).unwrap_err();
        assert_eq!(
            error,
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
        );
        assert!(check("io.k8s.api.core.v1.ConfigMap", r#"{"data":[]}"#).is_err());
        assert!(
            check("io.k8s.api.core.v1.ConfigMap", r#"{"data":{"a":null}}"#)
                .unwrap()
                .0
                .contains(r#""a":"""#)
        );
    }
}

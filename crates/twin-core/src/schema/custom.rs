//! Types of custom resources, from the structural schemas of their definitions.

use super::{Field, Grain, Patch, Scalar, Schema, Shape, Topology, Type, TypeId, Zero};
use crate::tree::{List, Text, Value};
use std::collections::BTreeMap;

const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

impl Schema {
    /// Adds the type of an `openAPIV3Schema`: a whole object, with its kind and metadata.
    pub fn define(&mut self, openapi: &Value) -> TypeId {
        if preserves(openapi) {
            return self.any();
        }
        let mut fields = self.fields(openapi);
        for name in ["apiVersion", "kind"] {
            fields.insert(name.into(), self.scalar(Scalar::String).into());
        }
        let metadata = self.named(METADATA).unwrap_or(self.any());
        fields.insert("metadata".into(), metadata.into());
        self.add(Shape::Struct { fields, required: Vec::new(), grain: Grain::Granular })
    }

    fn add(&mut self, shape: Shape) -> TypeId {
        let id = u32::try_from(self.types.len()).expect("memory ends before 2^32 types");
        self.types.push(Type { name: None, shape });
        TypeId(id)
    }

    fn scalar(&mut self, scalar: Scalar) -> TypeId {
        self.add(Shape::Scalar(scalar))
    }

    fn part(&mut self, openapi: &Value) -> TypeId {
        let says = |field: &str| openapi.at(&[field]).and_then(Value::as_bool) == Some(true);
        if says("x-kubernetes-int-or-string") {
            return self.scalar(Scalar::IntOrString);
        }
        if preserves(openapi) || says("x-kubernetes-embedded-resource") {
            let values = self.any();
            let atomic = is_atomic(openapi);
            return if atomic {
                self.add(Shape::Map { values, grain: Grain::Atomic })
            } else {
                values
            };
        }
        match openapi.str_at(&["type"]) {
            Some("object") => self.object(openapi),
            Some("array") => {
                let items = openapi.at(&["items"]).cloned().unwrap_or_default();
                let items = self.part(&items);
                self.add(Shape::List { items, topology: topology(openapi) })
            }
            Some("string") => self.scalar(Scalar::String),
            Some("integer") => self.scalar(Scalar::Int64),
            Some("number") => self.scalar(Scalar::Number),
            Some("boolean") => self.scalar(Scalar::Boolean),
            _ => self.any(),
        }
    }

    fn object(&mut self, openapi: &Value) -> TypeId {
        let grain = if is_atomic(openapi) { Grain::Atomic } else { Grain::Granular };
        let shape = match openapi.at(&["additionalProperties"]) {
            Some(Value::Map(values)) => {
                let values = self.part(&Value::Map(values.clone()));
                Shape::Map { values, grain }
            }
            Some(Value::Bool(_)) => Shape::Map { values: self.any(), grain },
            _ => Shape::Struct { fields: self.fields(openapi), required: Vec::new(), grain },
        };
        self.add(shape)
    }

    fn fields(&mut self, openapi: &Value) -> BTreeMap<Text, Field> {
        let properties = openapi.at(&["properties"]).and_then(Value::as_map).cloned();
        let properties = properties.unwrap_or_default();
        let field = |(name, part): &(Text, Value)| {
            let default = part.at(&["default"]).cloned();
            let nullable = part.at(&["nullable"]) == Some(&Value::Bool(true));
            let zero = if nullable { Zero::Nullable } else { Zero::Something };
            (name.clone(), Field { default, zero, ..self.part(part).into() })
        };
        properties.iter().map(field).collect()
    }
}

impl From<TypeId> for Field {
    fn from(ty: TypeId) -> Self {
        Self { ty, patch: Patch::default(), default: None, zero: Zero::Something }
    }
}

fn is_atomic(openapi: &Value) -> bool {
    openapi.str_at(&["x-kubernetes-map-type"]) == Some("atomic")
}

fn preserves(openapi: &Value) -> bool {
    let path = ["x-kubernetes-preserve-unknown-fields"];
    openapi.at(&path).and_then(Value::as_bool) == Some(true)
}

fn topology(openapi: &Value) -> Topology {
    let keys = openapi.at(&["x-kubernetes-list-map-keys"]).and_then(Value::as_list);
    let keys = keys.into_iter().flat_map(|list: &List| list.iter());
    match openapi.str_at(&["x-kubernetes-list-type"]) {
        Some("set") => Topology::Set,
        Some("map") => Topology::Map(keys.filter_map(Value::as_str).map(Text::new).collect()),
        _ => Topology::Atomic,
    }
}

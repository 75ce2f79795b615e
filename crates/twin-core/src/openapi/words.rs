//! What Kubernetes says of its types and fields, packed in the program and unpacked when asked for.

use crate::schema::{Schema, TypeId};
use crate::tree::{Map, Value, decode};
use flate2::read::GzDecoder;
use std::io::Read;
use std::sync::LazyLock;

static WORDS: LazyLock<Map> = LazyLock::new(|| {
    let packed = include_bytes!("../../data/descriptions.json.gz");
    let mut text = Vec::new();
    GzDecoder::new(&packed[..])
        .read_to_end(&mut text)
        .expect("the file is checked in, and a test reads it");
    let rows = decode(&text).expect("the file is checked in, and a test reads it");
    rows.as_map().cloned().unwrap_or_default()
});

pub(super) fn of_type(name: &str) -> Option<&'static Value> {
    WORDS.get(name)?.at(&[""])
}

pub(super) fn of_field(schema: &Schema, ty: TypeId, field: &str) -> Option<&'static Value> {
    of_named(schema.get(ty).name.as_deref()?, field)
}

pub(super) fn of_named(ty: &str, field: &str) -> Option<&'static Value> {
    WORDS.get(ty)?.at(&[field])
}

#[cfg(test)]
mod tests {
    use super::{Schema, of_field, of_type};

    #[test]
    fn types_and_fields_are_described() {
        let schema = Schema::builtin();
        let pod = schema.named("io.k8s.api.core.v1.Pod").unwrap();
        assert!(of_type("io.k8s.api.core.v1.Pod").is_some());
        assert!(of_field(schema, pod, "spec").is_some() && of_field(schema, pod, "x").is_none());
    }
}

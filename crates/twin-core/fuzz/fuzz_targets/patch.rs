//! Any two JSON documents, split at a line of `%%%`, as a Deployment and a patch of each kind.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_core::patch::{json, merge, strategic};
use twin_core::schema::Schema;
use twin_core::tree::decode;

fuzz_target!(|data: &[u8]| {
    let Some(at) = data.windows(5).position(|part| part == b"\n%%%\n") else { return };
    let (Ok(object), Ok(patch)) = (decode(&data[..at]), decode(&data[at + 5..])) else { return };
    let schema = Schema::builtin();
    let ty = schema.named("io.k8s.api.apps.v1.Deployment").expect("a built-in type");
    let merged = merge(&object, &patch);
    assert_eq!(merge(&merged, &patch), merged, "a merge patch is idempotent");
    let _ = json(&object, &patch);
    if let Ok(new) = strategic(schema, ty, &object, &patch) {
        let read = decode(&new.encoded());
        assert!(read.is_ok_and(|read| read == new), "what comes out can be read");
        let _ = strategic(schema, ty, &new, &patch);
    }
});

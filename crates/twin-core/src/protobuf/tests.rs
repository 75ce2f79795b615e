//! Bodies of Go clients, and bodies of nobody.

use super::wire::last;
use super::{MAGIC, Malformed, can_show, decode, encode, error_frame, frame};
use crate::registry::Registry;
use crate::schema::{Schema, apply_defaults, conform};
use crate::tree::Value;
use proptest::prelude::*;

fn varint(number: usize) -> Vec<u8> {
    let low = u8::try_from(number & 0x7F).unwrap();
    if number < 0x80 { vec![low] } else { [vec![low | 0x80], varint(number >> 7)].concat() }
}

fn field(number: usize, bytes: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(bytes.len()), bytes.to_vec()].concat()
}

fn read(body: &[u8]) -> Result<String, Malformed> {
    let schema = Schema::builtin();
    decode(schema, &Registry::builtin(schema), body).map(|object| object.to_string())
}

fn envelope(version: &str, kind: &str, object: &[u8]) -> Vec<u8> {
    let meta = [field(1, version.as_bytes()), field(2, kind.as_bytes())].concat();
    [MAGIC, &field(1, &meta), &field(2, object)].concat()
}

#[test]
fn zeros_count_where_go_has_pointers() {
    // spec: replicas 0 (a pointer), minReadySeconds 0 (none).
    let spec = [0x08, 0, 0x28, 0];
    let object = [field(1, &field(1, b"web")), field(2, &spec)].concat();
    assert_eq!(
        read(&envelope("apps/v1", "Deployment", &object)).unwrap(),
        r#"{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web"},"spec":{"replicas":0}}"#
    );
}

#[test]
fn what_lies_inside_is_shown_as_json_shows_it() {
    // A port with an int-or-string, a volume that is inline, bytes, a map.
    let port =
        [vec![0x18, 80], field(4, &field(3, b"web").into_iter().chain([8, 1]).collect::<Vec<_>>())];
    let spec = [field(1, &port.concat()), field(2, &[field(1, b"app"), field(2, b"x")].concat())];
    assert_eq!(
        read(&envelope("v1", "Service", &field(2, &spec.concat()))).unwrap(),
        r#"{"kind":"Service","apiVersion":"v1","spec":{"ports":[{"port":80,"targetPort":"web"}],"selector":{"app":"x"}}}"#
    );
    let volume = [field(1, b"v"), field(2, &field(2, &[]))].concat();
    assert_eq!(
        read(&envelope("v1", "Pod", &field(2, &field(1, &volume)))).unwrap(),
        r#"{"kind":"Pod","apiVersion":"v1","spec":{"volumes":[{"emptyDir":{},"name":"v"}]}}"#
    );
    let data = [field(1, b"k"), field(2, b"hi")].concat();
    assert_eq!(
        read(&envelope("v1", "Secret", &field(2, &data))).unwrap(),
        r#"{"kind":"Secret","apiVersion":"v1","data":{"k":"aGk="}}"#
    );
    let renewed = field(4, &[0x08, 1, 0x10, 0xD0, 0x0F]);
    assert_eq!(
        read(&envelope("coordination.k8s.io/v1", "Lease", &field(2, &renewed))).unwrap(),
        r#"{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","spec":{"renewTime":"1970-01-01T00:00:01.000002Z"}}"#
    );
}

#[test]
fn a_struct_that_is_merged_in_another_way_is_still_read() {
    // The claim of a volume, which is a reference to an object as others are.
    let claim = field(4, &[field(1, b"PersistentVolumeClaim"), field(3, b"c")].concat());
    assert_eq!(
        read(&envelope("v1", "PersistentVolume", &field(2, &claim))).unwrap(),
        r#"{"kind":"PersistentVolume","apiVersion":"v1","spec":{"claimRef":{"kind":"PersistentVolumeClaim","name":"c"}}}"#
    );
}

#[test]
fn a_schema_may_stand_where_a_list_or_a_bool_may() {
    let text = field(5, b"string");
    let array = [field(5, b"array"), field(24, &field(1, &text))].concat();
    let object = [field(5, b"object"), field(30, &field(2, &text))].concat();
    let closed = [field(5, b"object"), field(30, &[8, 0])].concat();
    let entry =
        |name: &[u8], schema: &[u8]| field(29, &[field(1, name), field(2, schema)].concat());
    let root = [entry(b"a", &array), entry(b"b", &object), entry(b"c", &closed)].concat();
    let version = [field(1, b"v1"), field(4, &field(1, &root))].concat();
    let spec = field(2, &field(7, &version));
    let kind = "CustomResourceDefinition";
    let read = read(&envelope("apiextensions.k8s.io/v1", kind, &spec)).unwrap();
    for part in [
        r#""a":{"items":{"type":"string"},"type":"array"}"#,
        r#""b":{"additionalProperties":{"type":"string"},"type":"object"}"#,
        r#""c":{"additionalProperties":false,"type":"object"}"#,
    ] {
        assert!(read.contains(part), "{read}");
    }
}

#[test]
fn other_bytes_are_refused() {
    for body in [b"".as_slice(), b"{}", b"k8s\0", b"k8s\0\xFF\xFF"] {
        assert_eq!(read(body), Err(Malformed));
    }
    let deep = (0..100).fold(Vec::new(), |inner, _| field(1, &inner[..inner.len().min(120)]));
    let _ = read(&envelope("v1", "Pod", &deep));
}

proptest! {
    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = read(&envelope("v1", "Pod", &bytes));
        let _ = read(&[MAGIC, &bytes].concat());
    }
}

/// Sound objects of many kinds, with fields of all sorts.
const SOUND: &str = include_str!("../../../twin/tests/line_oracle/sound.json");

#[test]
fn what_is_written_is_read_again() {
    let schema = Schema::builtin();
    let registry = Registry::builtin(schema);
    let objects = crate::tree::decode(SOUND.as_bytes()).unwrap();
    let mut kinds = 0;
    for (name, object) in objects.as_map().unwrap() {
        let (version, kind) = name.rsplit_once('/').unwrap();
        let resource = registry.of_kind(version, kind).unwrap();
        if !can_show(resource) {
            continue;
        }
        kinds += 1;
        let conformed = conform(schema, resource.ty, object).unwrap().value;
        let full = apply_defaults(schema, resource.ty, &conformed)
            .with(&["kind"], kind.into())
            .with(&["apiVersion"], version.into());
        let body = encode(resource, &full).unwrap();
        let read = decode(schema, &registry, &body).unwrap();
        let again = conform(schema, resource.ty, &read).unwrap().value;
        let again = apply_defaults(schema, resource.ty, &again)
            .with(&["kind"], kind.into())
            .with(&["apiVersion"], version.into());
        assert_eq!(again.to_string(), full.to_string());
    }
    assert!(kinds > 20, "{kinds}");
}

#[test]
fn frames_say_how_long_they_are() {
    let schema = Schema::builtin();
    let registry = Registry::builtin(schema);
    let pods = registry.of_kind("v1", "Pod").unwrap();
    let pod = crate::tree::decode(br#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"}}"#);
    for frame in [frame(pods, "ADDED", &pod.unwrap()), error_frame(&Value::Null)] {
        let (length, event) = frame.split_at(4);
        assert_eq!(u32::from_be_bytes(length.try_into().unwrap()) as usize, event.len());
        let object = last(last(event, 2).unwrap(), 1).unwrap();
        assert!(object.starts_with(MAGIC));
    }
}

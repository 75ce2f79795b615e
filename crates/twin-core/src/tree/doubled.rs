//! Keys that stand twice in one object of a JSON text: the last one counts, and who asks is told.

use serde::de::DeserializeSeed;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt::{Formatter, Result as FmtResult};

/// Their paths, in the order of the text: `spec.replicas`, `spec.containers[0].name`. None of a text
/// that is no JSON.
pub fn doubled(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(text);
    match (Walk { path: String::new(), found: &mut found }).deserialize(&mut json) {
        Ok(()) => found,
        Err(_) => Vec::new(),
    }
}

struct Walk<'a> {
    path: String,
    found: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> FmtResult {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { path, found } = self;
        for place in 0.. {
            let walk = Walk { path: format!("{path}[{place}]"), found: &mut *found };
            if items.next_element_seed(walk)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { path, found } = self;
        let mut seen = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            let place = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            if seen.insert(key) {
                entries.next_value_seed(Walk { path: place, found: &mut *found })?;
            } else {
                entries.next_value::<IgnoredAny>()?;
                found.push(place);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::doubled;

    #[test]
    fn the_second_time_is_told_with_its_place() {
        let text =
            br#"{"a":1,"b":{"c":1,"c":[{"x":1,"x":2}]},"l":[1,{"d":1,"e":2,"d":3}],"a":2.5}"#;
        assert_eq!(doubled(text), ["b.c", "l[1].d", "a"]);
        assert!(doubled(br#"[null,true,-1,18446744073709551615,"x"]"#).is_empty());
        assert!(doubled(br#"{"a":1,"a":"#).is_empty());
        assert!(doubled(&vec![b'['; 100_000]).is_empty());
    }
}

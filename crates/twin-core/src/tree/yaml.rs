//! From YAML.

use super::{Map, Text, Value};
use yaml::Node;

/// The value of a YAML node. Numbers that JSON does not have become texts.
pub fn from_yaml(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Bool(bool) => Value::Bool(*bool),
        yaml::Value::Int(int) => Value::Int(*int),
        yaml::Value::Float(float, text) if !float.is_finite() => Value::text(text),
        yaml::Value::Float(float, _) => Value::Float(*float),
        yaml::Value::Str(text) => Value::text(text),
        yaml::Value::Seq(items) => items.iter().map(from_yaml).collect::<Vec<_>>().into(),
        yaml::Value::Map(map) => {
            let entries =
                map.entries.iter().map(|(key, node)| (Text::new(&key.value), from_yaml(node)));
            Value::Map(entries.collect::<Map>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::from_yaml;
    use yaml::{FileId, Limits};

    #[test]
    fn nodes_become_what_json_can_say() {
        let text = "a: [1, 2.5, true, null, x]\nb: {c: .inf, d: .nan}\n";
        let node = yaml::parse(text, FileId(0), Limits::default());
        let value = from_yaml(&node.expect("it is YAML").expect("it is not empty"));
        let wanted = r#"{"a":[1,2.5,true,null,"x"],"b":{"c":".inf","d":".nan"}}"#;
        assert_eq!(value.to_string(), wanted);
    }
}

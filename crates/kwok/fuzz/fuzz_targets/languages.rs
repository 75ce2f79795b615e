//! Any text as a filter, as a rule and as a template: no panic, and places that lie in the text.

#![no_main]

use kwok::{Query, Rule, Template};
use libfuzzer_sys::fuzz_target;
use twin_core::tree::decode;

fuzz_target!(|text: &str| {
    let value =
        decode(br#"{"a":[{"b":1},{"c":"x"}],"d":null,"e":{"f":true}}"#).expect("it is JSON");
    match Query::parse(text) {
        Ok(query) => drop(query.run(&value)),
        Err(fault) => assert!(text.is_char_boundary(fault.at), "{fault}"),
    }
    if let Ok(rule) = Rule::parse(text) {
        let _ = rule.run(&value);
    }
    if let Err(fault) = Template::parse(text) {
        assert!(text.is_char_boundary(fault.at), "{fault}");
    }
});

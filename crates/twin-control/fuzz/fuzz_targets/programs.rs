//! Any text as what a shell is told to do.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use twin_control::program::{Files, Scene, Scratch, read};

#[derive(Debug)]
struct One;

impl Files for One {
    fn text(&self, path: &str) -> Option<String> {
        path.ends_with("/one").then(|| "1\n".to_owned())
    }
}

fuzz_target!(|text: &str| {
    let environment = [("A", "one two"), ("B", "7")];
    let environment: BTreeMap<_, _> =
        environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let scene = Scene {
        environment: &environment,
        files: &One,
        message_path: "/dev/termination-log",
        scratch: Scratch::Own,
    };
    let words = ["sh", "-c", text].map(str::to_owned);
    if let Some(course) = read(&words, &scene) {
        let written: usize = course.written.iter().map(|it| it.text.len()).sum();
        assert!(written <= 1 << 20, "more than it may");
    }
});

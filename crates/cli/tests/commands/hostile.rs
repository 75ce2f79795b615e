//! Input that wants to hurt gets a message. How soon, `cargo xtask bench hostile` measures.

use super::Place;
use std::fmt::Write;

#[track_caller]
fn refused(text: &str, part: &str) {
    let place = Place::new(&[("compose.yaml", text)]);
    for line in ["plan", "check .", "check compose.yaml"] {
        let run = place.muster(line);
        run.says(2, &[part]);
        assert!(run.stderr.len() < 20_000, "{line}: {} bytes", run.stderr.len());
    }
}

#[test]
fn a_huge_file() {
    let line = "  web: { image: nginx }\n";
    refused(&format!("services:\n{}", line.repeat((10 << 20) / line.len())), "bytes");
}

#[test]
fn an_alias_bomb() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let last = format!("*a{}", n - 1);
        writeln!(text, "a{n}: &a{n} [{}]", vec![last; 10].join(", ")).unwrap();
    }
    refused(&text, "error: ");
}

#[test]
fn deep_nesting() {
    refused(&format!("services: {}", "[".repeat(200_000)), "error: ");
}

#[test]
fn no_text() {
    let place = Place::new(&[]);
    std::fs::write(place.path("compose.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    for line in ["plan", "check ."] {
        place.muster(line).says(2, &["error: "]);
    }
}

#[test]
fn a_path_that_never_ends() {
    let place = Place::new(&[]);
    place.muster("plan /dev/zero").says(2, &["/dev/zero"]);
    place.muster("check /dev/zero").says(2, &["/dev/zero"]);
}

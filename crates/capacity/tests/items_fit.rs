//! The coefficients of items are those of the measured rows, and their errors are what the file says.

use capacity::items::{self, Family, Runtime};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/items_fit.toml");

fn fitted() -> String {
    let text = toml::to_string(&items::calibrate(&items::measured())).expect("numbers and names");
    format!(
        "# Written from items_measured.csv by\n# `cargo test -p capacity --test items_fit -- --ignored`.\n\n{text}"
    )
}

#[test]
fn the_coefficients_are_those_of_the_rows() {
    let now = fitted();
    println!("{now}");
    assert_eq!(std::fs::read_to_string(FILE).expect("the file"), now);
}

#[test]
#[ignore = "writes the file"]
fn write() {
    std::fs::write(FILE, fitted()).expect("the file");
}

#[test]
fn every_row_has_a_source() {
    let sources = items::sources();
    let rows = items::measured();
    assert!(rows.len() > 300);
    for row in rows {
        assert!(sources.iter().any(|s| s.id == row.source), "{}", row.source);
    }
}

#[test]
fn errors_are_bounded_where_much_was_measured() {
    let known = items::calibration();
    let of = |family, runtime| &known.of(family, runtime).expect("measured").errors;
    assert!(of(Family::Encoder, Runtime::TensorRt).fitted < 0.12);
    assert!(of(Family::Convolution, Runtime::TensorRt).fitted < 0.15);
    assert!(of(Family::Diffusion, Runtime::Eager).fitted < 0.06);
    assert!(of(Family::Encoder, Runtime::TensorRt).other_model.expect("several") < 0.15);
    assert!(of(Family::Convolution, Runtime::TensorRt).other_gpu.expect("several") < 0.30);
}

//! The files that come with the crate.

use std::sync::LazyLock;

use serde::Deserialize;

use super::fit::{Calibration, Measured};
use super::model::Written;
use super::{Device, Precision, Runtime};

/// `items.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) model: Vec<Written>,
    gpu: Vec<Chip>,
    slice: Vec<Share>,
    source: Vec<Source>,
    chip: Vec<Chips>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chips {
    id: String,
    gpus: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chip {
    id: String,
    bandwidth: f64,
    fp16: f64,
    int8: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Share {
    id: String,
    gpu: String,
    compute: f64,
    bandwidth: f64,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub id: String,
    pub url: String,
}

pub(super) fn file() -> File {
    toml::from_str(include_str!("../../data/items.toml")).expect("items.toml is read by a test")
}

/// Where the measured rows come from.
pub fn sources() -> Vec<Source> {
    file().source
}

/// The rows of `items_measured.csv`.
pub fn measured() -> Vec<Measured> {
    let file = file();
    let text = include_str!("../../data/items_measured.csv");
    text.lines()
        .skip(1)
        .map(|l| row(&file, l).expect("items_measured.csv is read by a test"))
        .collect()
}

/// What GPUs are called that behave alike.
pub(super) fn chip(gpu: &str) -> &str {
    CHIPS.iter().find(|c| c.gpus.iter().any(|g| g == gpu)).map_or(gpu, |c| c.id.as_str())
}

static CHIPS: LazyLock<Vec<Chips>> = LazyLock::new(|| file().chip);

/// The coefficients of `items_fit.toml`.
pub fn calibration() -> &'static Calibration {
    &CALIBRATION
}

static CALIBRATION: LazyLock<Calibration> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/items_fit.toml"))
        .expect("items_fit.toml is read by a test")
});

fn row(file: &File, line: &str) -> Option<Measured> {
    let f: Vec<&str> = line.split(',').collect();
    let [model, size, gpu, slice, precision, runtime, batch, ms, source] = f.try_into().ok()?;
    let model = super::model::model(model).ok()?;
    Some(Measured {
        model,
        size: if size.is_empty() { model.usual_size() } else { size.parse().ok()? },
        device: device(file, gpu, slice)?,
        precision: match precision {
            "fp16" => Precision::Fp16,
            "int8" => Precision::Int8,
            _ => return None,
        },
        runtime: match runtime {
            "tensorrt" => Runtime::TensorRt,
            "eager" => Runtime::Eager,
            _ => return None,
        },
        batch: if batch.is_empty() { None } else { Some(batch.parse().ok()?) },
        seconds: ms.parse::<f64>().ok()? / 1e3,
        source: source.to_owned(),
    })
}

/// From the catalogue, else from the GPUs that only rows have.
fn device(file: &File, gpu: &str, slice: &str) -> Option<Device> {
    let Some(chip) = file.gpu.iter().find(|c| c.id == gpu) else {
        let gpu = crate::gpu(gpu).ok()?;
        return match slice {
            "" => Some(Device::whole(gpu, None)),
            slice => Some(Device::cut(gpu, gpu.slice(slice).ok()?, None)),
        };
    };
    let whole = Device {
        gpu: gpu.to_owned(),
        slice: None,
        memory: 0.0,
        bandwidth: chip.bandwidth * 1e9,
        fp16: chip.fp16 * 1e12,
        fp8: 0.0,
        int8: chip.int8 * 1e12,
        price: None,
    };
    if slice.is_empty() {
        return Some(whole);
    }
    let share = file.slice.iter().find(|s| s.id == slice && s.gpu == gpu)?;
    Some(whole.sliced(slice, share.compute, share.bandwidth, 0.0))
}

//! What items are computed on: a GPU or a slice of one.

use serde::Deserialize;

use crate::gpu::{Gpu, Slice};

/// What numbers are computed in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    #[default]
    Fp16,
    Fp8,
    Int8,
}

impl Precision {
    /// Of a number.
    pub fn bytes(self) -> f64 {
        match self {
            Self::Fp16 => 2.0,
            Self::Fp8 | Self::Int8 => 1.0,
        }
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fp16 => "fp16",
            Self::Fp8 => "fp8",
            Self::Int8 => "int8",
        }
    }
}

/// A whole GPU or a slice; a slice has its share of the figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// The kind of GPU, by which measurements of it are found: `a100-80gb`.
    pub gpu: String,
    /// The MIG profile, where it is a slice.
    pub slice: Option<String>,
    /// Bytes.
    pub memory: f64,
    /// Bytes a second.
    pub bandwidth: f64,
    /// Dense operations a second; zero where the chip has none.
    pub fp16: f64,
    pub fp8: f64,
    pub int8: f64,
    /// Of one such device, an hour.
    pub price: Option<f64>,
}

impl Device {
    /// A whole GPU at a price for an hour.
    pub fn whole(gpu: &Gpu, price: Option<f64>) -> Self {
        Self {
            gpu: gpu.id.clone(),
            slice: None,
            memory: f64::from(u32::try_from(gpu.memory_mib).unwrap_or(u32::MAX)) * 1_048_576.0,
            bandwidth: gpu.bandwidth * 1e9,
            fp16: gpu.fp16 * 1e12,
            fp8: gpu.fp8 * 1e12,
            int8: gpu.int8 * 1e12,
            price,
        }
    }

    /// A slice of a GPU that has that price as a whole, all of it cut into such slices.
    pub fn cut(gpu: &Gpu, slice: &Slice, price: Option<f64>) -> Self {
        let compute = f64::from(slice.sms) / f64::from(gpu.sms.max(1));
        let whole = Self::whole(gpu, price.map(|p| p / f64::from(slice.most.max(1))));
        let memory = slice.gib * 1_073_741_824.0;
        whole.sliced(&slice.name, compute, f64::from(slice.memory) / 8.0, memory)
    }

    /// Shares of this GPU, at its price.
    #[must_use]
    pub fn sliced(self, name: &str, compute: f64, bandwidth: f64, memory: f64) -> Self {
        Self {
            slice: Some(name.to_owned()),
            memory,
            bandwidth: self.bandwidth * bandwidth,
            fp16: self.fp16 * compute,
            fp8: self.fp8 * compute,
            int8: self.int8 * compute,
            ..self
        }
    }

    /// By what measurements of it are found: kinds of GPU with the same chip behave alike.
    pub fn chip(&self) -> &str {
        super::data::chip(&self.gpu)
    }

    /// Dense operations a second.
    pub fn rate(&self, precision: Precision) -> f64 {
        match precision {
            Precision::Fp16 => self.fp16,
            Precision::Fp8 => self.fp8,
            Precision::Int8 => self.int8,
        }
    }

    /// `a100-80gb 1g.10gb`.
    pub fn name(&self) -> String {
        match &self.slice {
            None => self.gpu.clone(),
            Some(slice) => format!("{} {slice}", self.gpu),
        }
    }
}

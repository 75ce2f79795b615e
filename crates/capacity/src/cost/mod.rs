//! The time of a step: operators on a roofline, with fitted efficiencies.

mod coefficients;
mod roofline;

pub use coefficients::{
    Arithmetic, AttentionCost, Coefficients, EngineCost, Gemm, Kernels, Reduce,
};
pub use roofline::{Floor, Roofline};

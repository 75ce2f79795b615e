//! How many users a GPU serves, and how sure that is.
//!
//! A model of the time that an engine's step takes ([`StepTime`]), a simulation of continuous batching
//! over it, and a search for the cheapest deployment that keeps a promise. Pure functions: data sets,
//! traces and seeds are arguments.

pub mod accuracy;
pub mod calibrate;
mod calibration;
pub mod closed;
pub mod cost;
pub mod deployment;
pub mod engine;
pub mod evaluate;
pub mod gpu;
pub mod items;
pub mod load;
mod memory;
pub mod model;
mod nearest;
pub mod offers;
mod price;
pub mod search;
mod step;
mod time;
pub mod usual;

pub use calibration::{
    Band, Bands, Basis, Calibration, Check, DataSet, Errors, Knees, measured_loads,
};
pub use cost::{Coefficients, Roofline};
pub use deployment::{Cache, Deployment, Engine, Graphs, Unfit, Weights};
pub use gpu::{Gpu, gpu};
pub use memory::{Budget, Memory};
pub use model::{Model, model};
pub use price::{PriceFault, Prices};
pub use step::{Decode, Step, StepTime};
pub use time::Time;

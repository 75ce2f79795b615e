//! Models that answer one item at once: images, sequences, pictures from a prompt.
//!
//! An item costs operations and bytes ([`Work`]); a batch of them takes a time that was fitted on published
//! measurements ([`Coefficients`]); requests gather into batches as Triton gathers them ([`serve`]); and
//! the highest rate that keeps a promise gives how many devices are needed ([`answer`]).

mod answer;
mod data;
mod device;
mod fit;
mod model;
mod question;
mod queue;
mod search;
mod time;

pub use answer::answer;
pub use data::{Source, calibration, measured, sources};
pub use device::{Device, Precision};
pub use fit::{Calibration, Cell, Errors, Group, Measured, calibrate};
pub use model::{Family, ItemModel, Pass, Shape, UnknownModel, Work, model, models};
pub use question::{Answer, Basis, Choice, Impossible, Latency, Plan, Question, Refused};
pub use queue::{Arrivals, Batching, Served, serve};
pub use search::Promise;
pub use time::{Bottleneck, Coefficients, Parts, Runtime};

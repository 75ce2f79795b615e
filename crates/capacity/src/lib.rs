//! How many users a GPU serves, and how sure that is.
//!
//! A model of the time that an engine's step takes ([`StepTime`]), a simulation of continuous batching
//! over it, and a search for the cheapest deployment that keeps a promise. Pure functions: data sets,
//! traces and seeds are arguments.

pub mod items;
mod step;

pub use step::{Decode, Step, StepTime};

//! Label selectors and field selectors, as the query of a list has them.

mod fields;
mod labels;
mod parse;

pub use fields::FieldSelector;
pub use labels::LabelSelector;

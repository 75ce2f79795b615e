//! Label selectors and field selectors, as the query of a list has them.

mod fields;
mod labels;

pub use fields::FieldSelector;
pub use labels::LabelSelector;

//! Loading an ordinary project.
fn main() {}

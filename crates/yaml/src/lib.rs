//! YAML text to a tree that remembers where everything stood, and diagnostics with a caret.
//!
//! One reader serves every file a person writes: Compose files and Kubernetes manifests. It keeps
//! the position of every node, so that whoever decides something from a node can say which line
//! it came from. It is bounded: depth, node count and alias expansion have limits, so that no
//! input can exhaust memory.
//!
//! This crate does no I/O: text comes in, a tree or a [`Diagnostic`] comes out.

mod diagnostic;
pub mod fields;
mod node;
mod parse;
mod scalar;
mod source;

pub use diagnostic::{Diagnostic, Severity};
pub use node::{Mapping, Node, Tag, Value};
pub use parse::{Limits, parse, parse_all};
pub use source::{FileId, Pos, Sources, Span, Spanned};

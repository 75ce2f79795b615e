//! A Kubernetes API as a pure function.
//!
//! ```text
//! Request ─┐                                   ┌─▶ Response
//!          ├─▶ api ─▶ patch · apply ─▶ store ──┤
//! Moment ──┘        (schema, registry: data)   └─▶ Watch ─▶ frames
//! ```
//!
//! Nothing here waits, reads a clock or draws a number: time and chance come with each request, so
//! that the same requests give the same history. The crate `twin` gives it a clock and a client.
//!
//! - [`tree`]: JSON that is shared between objects that resemble each other.
//! - [`cel`]: expressions of strangers, within limits.
//! - [`schema`], [`registry`]: types and resources, generated from Kubernetes' documents.
//! - [`store`]: versions, indices, history.
//! - [`patch`], [`mod@apply`]: the five ways to change an object.
//! - [`hooks`]: what webhooks are asked, and what they answer.
//! - [`api`]: requests to responses.
//! - [`logs`]: what containers wrote; [`zones`]: what walls show.

pub mod api;
pub mod apply;
mod causes;
pub mod cel;
mod go_regex;
pub mod hooks;
pub mod logs;
mod names;
mod openapi;
pub mod patch;
mod policy;
mod protobuf;
pub mod quota;
pub mod registry;
pub mod schema;
pub mod selector;
pub mod status;
pub mod store;
pub mod table;
pub mod time;
pub mod tree;
mod validation;
pub mod zones;

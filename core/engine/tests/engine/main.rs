//! Views, their causes and the lines of other tools: against djust, and against themselves.
#![allow(clippy::unwrap_used)]

mod causes;
mod djust;
mod lines;
#[path = "../properties/mod.rs"]
mod properties;

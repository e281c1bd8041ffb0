//! The engine as a whole: against its oracles, against itself, and by tables of cases.
#![allow(clippy::unwrap_used)]

mod causes;
mod djust;
mod lines;
mod live;
mod model;
mod parameters;
#[path = "../properties/mod.rs"]
mod properties;

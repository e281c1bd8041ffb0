//! The engine as a whole: against its oracles, against itself, and by tables of cases.
#![allow(clippy::unwrap_used)]

mod bad_pages;
mod causes;
mod djust;
mod lines;
mod live;
mod model;
mod parameters;
mod parsers;
#[path = "../properties/mod.rs"]
mod properties;
mod revisions;
mod round_trip;

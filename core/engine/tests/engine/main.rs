//! The engine as a whole: against its oracles, against itself, and by tables of cases.
#![allow(clippy::unwrap_used)]

mod bad_pages;
mod bounds;
mod causes;
mod django_filters;
mod django_templates;
mod djust;
mod effort;
mod filter_bounds;
mod filters;
mod libraries;
mod lines;
mod live;
mod markers;
mod model;
mod oracle;
mod parameters;
mod parsers;
#[path = "../properties/mod.rs"]
mod properties;
mod random_templates;
mod reads;
mod revisions;
mod round_trip;
mod table;
mod tags;

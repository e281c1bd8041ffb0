//! Trees, patches and pages: against html5ever, against themselves, and with hostile HTML.
#![allow(clippy::unwrap_used)]

mod bad_pages;
mod parsers;
#[path = "../properties/mod.rs"]
mod properties;
mod revisions;
mod round_trip;

//! Templates: against Django and djust, against themselves, and by tables of cases.
#![allow(clippy::unwrap_used)]

mod bounds;
mod django_filters;
mod django_templates;
mod effort;
mod filter_bounds;
mod filters;
mod libraries;
mod markers;
#[path = "../properties/mod.rs"]
mod properties;
mod random_templates;
mod reads;
mod table;
mod tags;

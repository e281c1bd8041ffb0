//! The hub and its clients.

#![allow(clippy::unwrap_used)]

mod conformance;
mod doors;
mod live;
mod stand;

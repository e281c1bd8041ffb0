//! The hub and its clients.

#![allow(clippy::unwrap_used)]

mod code_and_page;
mod conformance;
mod doors;
mod live;
mod rerun;
mod stand;

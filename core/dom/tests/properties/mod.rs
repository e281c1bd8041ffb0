//! What is true of trees, patches and pages whatever comes in, for the tests of properties and for the fuzzers, which
//! take the same from bytes that they choose.
#![allow(clippy::unwrap_used)]

pub mod html;
pub mod patches;
pub mod revisions;

//! What is true of the engine whatever comes in, and what comes in: for the tests of properties, and for the fuzzers,
//! which take the same from bytes that they choose.
#![allow(clippy::unwrap_used)]

pub mod html;
pub mod lines;
pub mod patches;
pub mod revisions;

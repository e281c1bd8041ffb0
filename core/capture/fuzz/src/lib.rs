//! What the fuzz targets check is what the tests check; only the bytes are the fuzzer's.

#![allow(clippy::unwrap_used)]

pub mod damage;

#[path = "../../tests/capture/inputs.rs"]
pub mod inputs;

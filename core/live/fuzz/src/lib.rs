//! What the fuzz targets make of the bytes that the fuzzer chooses: what comes in, and what has to be true of it, is
//! that of the tests of properties.

mod pages;
mod text;

#[path = "../../../dom/tests/properties/mod.rs"]
pub mod dom_properties;
#[path = "../../../engine/tests/properties/mod.rs"]
pub mod engine_properties;
#[path = "../../../template/tests/properties/mod.rs"]
pub mod template_properties;

pub use pages::{AnyPage, Change};
pub use text::{Edit, drawn, of_pieces};

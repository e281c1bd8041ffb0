//! Django's template language.

pub mod environment;
pub mod escape;
pub mod filters;
pub mod formats;

pub use environment::Environment;

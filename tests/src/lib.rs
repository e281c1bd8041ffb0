//! What end-to-end tests need: the test project on a real server, a real browser, and the real binary.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

pub mod browser;
pub mod disk;
pub mod djscope;
pub mod dormant;
pub mod matrix;
pub mod paired;
pub mod project;
pub mod raw;

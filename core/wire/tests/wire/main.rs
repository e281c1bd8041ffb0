//! Frames of real sessions, and the decoder under arbitrary cuts.

#![allow(clippy::unwrap_used)]

mod captures;
mod decoder;

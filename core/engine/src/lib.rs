//! The `LiveView` engine: from a template and a state to HTML, and from two HTML trees to the smallest patches.
//!
//! Its results are those of djust 1.2.6 and of Django 5.2, case by case, so that a debugger that renders a recorded
//! state again gets what the server got. It does no I/O, reads no clock and starts no thread.

pub mod lines;
pub mod live;
pub mod view;

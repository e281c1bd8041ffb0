//! The recording as its users see it: what is written reads back, whatever happens to the file.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod damage;
mod filters;
mod findings;
mod moments;
mod names;
mod opening;
mod places;
mod placing;
mod round_trip;
mod sample;
mod states;
mod writing;

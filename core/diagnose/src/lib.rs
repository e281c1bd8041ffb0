//! Why a turn did what it did.
//!
//! [`chain`] tells the links from the cause to the browser and which of them broke; [`verdict`] the one sentence about
//! it; [`rules`] the findings. All of it is a function of what was recorded: it reads no file and no clock, and where
//! nothing was seen it says that it cannot tell.

pub mod chain;
mod facts;
mod handler_code;
pub mod page;
pub mod rules;
mod spelling;
pub mod verdict;

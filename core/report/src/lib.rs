//! What a recording says, as text and as JSON.
//!
//! One place for the words: values as Python prints them ([`value`]), numbers and sizes with their units ([`units`]),
//! the names of kinds and outcomes ([`words`]), paths into a state ([`path`]), a finding in lines ([`finding`]), and a turn
//! as a JSON object ([`turn`]).
//! Everything here is pure: it reads no file and no clock.

pub mod djbug;
pub mod finding;
pub mod path;
pub mod pytest;
pub mod python;
pub mod turn;
pub mod units;
pub mod value;
pub mod words;

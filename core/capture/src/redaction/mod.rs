//! Secrets are taken out before anything is written.
//!
//! [`Rules`] is the one list of what counts as a secret. [`redact`] applies
//! it to an entry and leaves a mark wherever it took something out:
//! `[redacted]` in frames, headers and texts, `{"$redacted": NAME}` in states.

mod bodies;
mod entries;
mod rules;
mod text;
mod values;

pub use entries::redact;
pub use rules::{Rules, RulesError};

/// What stands where a secret was.
pub const MARK: &str = "[redacted]";

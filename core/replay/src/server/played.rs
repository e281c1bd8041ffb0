//! What came of a recording that was played once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use djscope_recording::model::TurnId;
use serde_json::Value;

/// What came of a recorded turn.
#[derive(Clone, Debug, Default)]
pub struct Did {
    /// When its cause was sent.
    pub sent: Option<Instant>,
    /// When its last frame came.
    pub last: Option<Instant>,
    /// What was sent to the browser.
    pub frames: Vec<Value>,
    /// What was answered over HTTP.
    pub page: Option<String>,
    /// The status of that.
    pub status: Option<u16>,
    /// Why it was not played.
    pub not_played: Option<String>,
    /// Why it may differ although the code is as it was.
    pub lacks: Option<String>,
    /// Nothing but side frames follows.
    pub is_answered: bool,
    /// How often it was sent again.
    pub tries: u32,
}

impl Did {
    /// How long it took from its cause to its last frame.
    pub fn took(&self) -> Option<Duration> {
        self.last?.checked_duration_since(self.sent?)
    }
}

/// What went wrong, and on which side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// The server's doing, or that of the system that the replay runs on.
    pub is_servers: bool,
    /// What, in a sentence that is the same for every copy.
    pub what: String,
}

/// What a copy did.
#[derive(Debug, Default)]
pub struct Played {
    /// By recorded turn.
    pub turns: BTreeMap<TurnId, Did>,
    /// What went wrong.
    pub troubles: Vec<Trouble>,
}

impl Played {
    /// A copy that did not come to its end by a mistake of djscope's.
    pub fn broken(error: &dyn std::fmt::Display) -> Self {
        let trouble = Trouble {
            is_servers: false,
            what: format!("a copy ended early: {error}"),
        };
        Self {
            troubles: vec![trouble],
            ..Self::default()
        }
    }
}

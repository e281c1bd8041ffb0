use serde::{Deserialize, Serialize};

use super::{Snapshot, SnapshotId, TurnId};

/// What djust itself showed of a view's state in a turn, with `DEBUG` on and no probe: less than the state.
///
/// It can make a conclusion likely, never certain. Private names are not in it, values may be cut, and what djust did
/// not show is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugState {
    /// Where djust showed it.
    pub source: DebugSource,
    /// The state that was shown last before the turn's own; none if none was shown.
    pub before: Option<SnapshotId>,
    /// The turn at whose end `before` was shown; none if it was shown in this one.
    pub before_turn: Option<TurnId>,
    /// The state that this turn showed.
    pub after: Option<SnapshotId>,
    /// Names whose shown value differs between the two, in the order of `after`; none if there is no `before`. A value
    /// that was cut may differ in what was left out.
    pub changed: Option<Vec<String>>,
}

/// The frame of djust in which a state was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DebugSource {
    /// `_debug` of a frame with patches or HTML: every public name as Python prints it, cut at 100 characters.
    DebugPayload,
    /// `time_travel_event`: the public names that have JSON.
    TimeTravel,
}

impl DebugSource {
    /// The name in JSON and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DebugPayload => "debug_payload",
            Self::TimeTravel => "time_travel",
        }
    }

    /// What such a state is, for whoever sees it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::DebugPayload => "public, cut at 100 characters, from djust's debug payload",
            Self::TimeTravel => "public, as far as it is JSON, from djust's time travel",
        }
    }
}

/// The states of a turn's [`DebugState`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DebugStates {
    /// The one that was shown last before.
    pub before: Option<Snapshot>,
    /// The one that the turn showed.
    pub after: Option<Snapshot>,
}

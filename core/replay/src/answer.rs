//! What is said of a turn that was run again.

use djscope_recording::model::{TurnId, TurnKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Whether a witness agrees with the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Word {
    /// It says the same.
    #[serde(rename = "same")]
    Same,
    /// It says something else, and nothing but the code can be the reason.
    #[serde(rename = "differs")]
    Differs,
    /// Something was missing, or is not as it was; the reasons say what.
    #[serde(rename = "cannot tell")]
    CannotTell,
}

impl Word {
    /// As it is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// Who says something about a turn, besides the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// The handler, run again in djust.
    Djust,
    /// djscope's engine, from the recorded values that the renderer was given.
    Engine,
}

/// What of a turn is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The state after the turn.
    State,
    /// Which frames were sent, and what is in them besides patches and HTML.
    Frames,
    /// Patches, but for the numbers of new elements.
    Patches,
    /// HTML, but for the numbers of elements.
    Html,
    /// The exception.
    Error,
    /// Database queries: their shape and how many.
    Sql,
}

/// Something that a witness says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Who.
    pub witness: Witness,
    /// Of what.
    pub what: What,
    /// Where, as Python would write it.
    pub path: String,
    /// What was recorded; null if there was nothing.
    pub recorded: Value,
    /// What it says; null if it says nothing.
    pub got: Value,
}

/// A place that differs from run to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsteady {
    /// Where.
    pub path: String,
    /// Why, in words: `reads the clock`.
    pub why: String,
}

/// Something that was held back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct HeldBack {
    /// What `--allow` calls it.
    pub kind: String,
    /// What was wanted.
    pub wanted: String,
    /// Of what.
    pub of: String,
    /// How often.
    pub times: u64,
}

impl HeldBack {
    /// In words: `connect api.example:443 (3 times)`.
    pub fn text(&self) -> String {
        let times = if self.times > 1 {
            format!(" ({} times)", self.times)
        } else {
            String::new()
        };
        format!("{} {}{times}", self.wanted, self.of)
    }
}

/// What came of a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The turn.
    pub turn: TurnId,
    /// Its kind.
    pub kind: TurnKind,
    /// Class of its view.
    pub view: Option<String>,
    /// Its event.
    pub event: Option<String>,
    /// Its outcome in the recording.
    pub recorded: String,
    /// What djust says; none if the turn cannot be run again by itself.
    pub djust: Option<Word>,
    /// What the engine says; none if nothing was rendered.
    pub engine: Option<Word>,
    /// What they say otherwise.
    pub differs: Vec<Difference>,
    /// What differs from run to run.
    pub unsteady: Vec<Unsteady>,
    /// Why it cannot be told.
    pub reasons: Vec<String>,
    /// What was held back.
    pub held_back: Vec<HeldBack>,
    /// What else there is to say.
    pub notes: Vec<String>,
    /// Why the turn did not come to its end.
    pub error: Option<String>,
    /// How long the turn took, in microseconds.
    pub duration_us: u64,
}

impl Answer {
    /// Nobody says otherwise, and everybody who could say something did.
    pub fn agrees(&self) -> bool {
        let good = |word: Option<Word>| word.is_none_or(|word| word == Word::Same);
        good(self.djust) && good(self.engine)
    }

    /// True if a witness contradicts the recording.
    pub fn contradicts(&self) -> bool {
        [self.djust, self.engine].contains(&Some(Word::Differs))
    }

    /// The turn in one word.
    pub fn word(&self) -> Word {
        if self.contradicts() {
            Word::Differs
        } else if self.agrees() {
            Word::Same
        } else {
            Word::CannotTell
        }
    }

    /// The turn as a JSON object.
    pub fn object(&self) -> Value {
        let paths: Vec<&str> = self.unsteady.iter().map(|place| &*place.path).collect();
        json!({
            "turn": self.turn,
            "kind": self.kind,
            "view": self.view,
            "event": self.event,
            "recorded": self.recorded,
            "djust": self.djust,
            "engine": self.engine,
            "agree": self.agrees(),
            "differs": self.differs,
            "nondeterministic": paths,
            "unsteady": self.unsteady,
            "reasons": self.reasons,
            "held_back": self.held_back,
            "notes": self.notes,
            "error": self.error,
            "ms": self.duration_us as f64 / 1e3,
        })
    }
}

//! What is said of a turn that was played, over all copies.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use djscope_recording::model::{ConnectionId, TurnId, TurnKind};
use serde::Serialize;
use serde_json::{Value, json};

use super::latency::Latency;
use super::played::{Did, Played, Trouble};
use super::script::{Recorded, Script};
use crate::rerun::compare::{Side, differences};
use crate::rerun::{What, Word};

/// Two readings of the clock in one frame may be so far apart, in microseconds.
const SLACK_US: i64 = 1_000_000;

/// Something that the live server said otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Divergence {
    /// Of what.
    pub what: What,
    /// Where, as Python would write it.
    pub path: String,
    /// What was recorded; null if there was nothing.
    pub recorded: Value,
    /// What the server said; null if it said nothing.
    pub got: Value,
}

/// What came of a turn.
#[derive(Clone, Debug)]
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
    pub recorded: &'static str,
    /// Copies in which it was as recorded.
    pub same: usize,
    /// Copies in which it was not, and nothing but the server can be the reason.
    pub differing: usize,
    /// Copies of which nothing can be said.
    pub unknown: usize,
    /// What differs in the first copy in which something does.
    pub differs: Vec<Divergence>,
    /// Why nothing can be said.
    pub reasons: Vec<String>,
    /// How long it took.
    pub latency: Latency,
    /// How long it took in the recording.
    pub recorded_us: Option<u64>,
}

impl Answer {
    /// The turn in one word.
    pub fn word(&self) -> Word {
        match (self.differing, self.unknown) {
            (1.., _) => Word::Differs,
            (0, 1..) => Word::CannotTell,
            (0, 0) => Word::Same,
        }
    }

    /// The turn as a JSON object.
    pub fn object(&self) -> Value {
        json!({
            "turn": self.turn,
            "kind": self.kind,
            "view": self.view,
            "event": self.event,
            "recorded": self.recorded,
            "server": self.word(),
            "agree": self.word() == Word::Same,
            "copies": {"same": self.same, "differs": self.differing, "cannot tell": self.unknown},
            "differs": self.differs,
            "reasons": self.reasons,
            "recorded_ms": self.recorded_us.map(|us| us as f64 / 1e3),
            "ms": self.latency.object(),
        })
    }
}

/// What came of a recording.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Turn by turn.
    pub answers: Vec<Answer>,
    /// Turns that a clock of the server set off, and that nothing waited for.
    pub not_waited_for: usize,
    /// What went wrong, with how often.
    pub troubles: BTreeMap<Trouble, usize>,
    /// How long answers took.
    pub latency: Latency,
    /// How long they took in the recording.
    pub recorded: Latency,
    /// How often the recording was played.
    pub copies: usize,
}

impl Outcome {
    /// Compares what the copies did.
    pub fn of(script: &Script, copies: &[Played], is_login_missing: bool) -> Self {
        let mut outcome = Self {
            copies: copies.len(),
            ..Self::default()
        };
        let is_push = |turn: &&Recorded| turn.kind == TurnKind::Push;
        let pushed: BTreeSet<ConnectionId> = script
            .turns
            .values()
            .filter(is_push)
            .filter_map(|turn| turn.connection)
            .collect();
        let mut live_us = Vec::new();
        let mut recorded_us = Vec::new();
        for (number, recorded) in &script.turns {
            if recorded.frames.is_empty() && recorded.page.is_none() && !recorded.is_cut {
                continue;
            }
            let did: Vec<&Did> = copies.iter().filter_map(|copy| copy.turns.get(number)).collect();
            if recorded.kind == TurnKind::Tick && did.iter().all(|did| did.frames.is_empty()) {
                outcome.not_waited_for += 1;
                continue;
            }
            let mut why = Vec::new();
            if is_login_missing {
                why.push("the recorded visitor was logged in, and no login was given");
            }
            if copies.len() > 1
                && recorded
                    .connection
                    .is_some_and(|connection| pushed.contains(&connection))
            {
                why.push("the copies push to each other's pages");
            }
            let answer = answer(script, *number, &did, copies.len(), &why);
            if recorded.is_asked {
                live_us.extend(answer.latency.times_us());
                recorded_us.extend(answer.recorded_us);
            }
            outcome.answers.push(answer);
        }
        for trouble in copies.iter().flat_map(|copy| &copy.troubles) {
            *outcome.troubles.entry(trouble.clone()).or_default() += 1;
        }
        outcome.latency = Latency::of(live_us);
        outcome.recorded = Latency::of(recorded_us);
        outcome
    }

    /// How many turns are of a word.
    pub fn count(&self, word: Word) -> usize {
        self.answers.iter().filter(|answer| answer.word() == word).count()
    }

    /// True if the server did what it did in the recording, as far as can be told, and nothing went wrong.
    pub fn is_good(&self) -> bool {
        self.count(Word::Differs) == 0 && self.troubles.is_empty()
    }

    /// All in all as a JSON object.
    pub fn object(&self) -> Value {
        let troubles = self.troubles.iter();
        let troubles = troubles.map(|(trouble, times)| {
            let side = if trouble.is_servers { "server" } else { "djscope" };
            json!({"side": side, "what": trouble.what, "times": times})
        });
        json!({
            "turns": self.answers.len(),
            "copies": self.copies,
            "same": self.count(Word::Same),
            "differs": self.count(Word::Differs),
            "cannot tell": self.count(Word::CannotTell),
            "not_waited_for": self.not_waited_for,
            "errors": troubles.collect::<Vec<_>>(),
            "ms": self.latency.object(),
            "recorded_ms": self.recorded.object(),
        })
    }
}

/// What came of one turn; `why` holds what speaks against comparing it in any copy.
fn answer(script: &Script, number: TurnId, did: &[&Did], copies: usize, why: &[&str]) -> Answer {
    let recorded = &script.turns[&number];
    let mut answer = Answer {
        turn: number,
        kind: recorded.kind,
        view: recorded.view.clone(),
        event: recorded.event.clone(),
        recorded: recorded.outcome,
        same: 0,
        differing: 0,
        // Nothing is known of it where it was never reached.
        unknown: copies - did.len(),
        differs: Vec::new(),
        reasons: Vec::new(),
        latency: Latency::of(did.iter().filter_map(|did| did.took()).map(us).collect()),
        recorded_us: recorded.duration_us.filter(|_| recorded.is_asked),
    };
    let theirs = recorded_side(script, recorded);
    let played: Vec<&&Did> = did.iter().filter(|did| did.not_played.is_none()).collect();
    let found: Vec<Vec<Divergence>> = played.iter().map(|did| found(&theirs, recorded, did)).collect();
    let why: Vec<&str> = why.iter().copied().chain(from_copy_to_copy(&found)).collect();
    let mut reasons: Vec<String> = did.iter().filter_map(|did| did.not_played.clone()).collect();
    answer.unknown += reasons.len();
    for (did, found) in played.iter().zip(&found) {
        let against = why_not(recorded, did, &why);
        match (found.is_empty(), against.is_empty()) {
            (true, _) => answer.same += 1,
            (false, true) => answer.differing += 1,
            (false, false) => {
                answer.unknown += 1;
                reasons.extend(against);
            }
        }
    }
    for reason in reasons {
        if !answer.reasons.contains(&reason) {
            answer.reasons.push(reason);
        }
    }
    answer.differs = found
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default();
    answer
}

/// What the server says otherwise to each copy comes from chance, a clock, or what the copies share.
fn from_copy_to_copy(found: &[Vec<Divergence>]) -> Option<&'static str> {
    let first = found.first()?;
    (!found.iter().all(|other| other == first)).then_some("the copies are answered differently")
}

/// Why a difference may not be the server's.
fn why_not(recorded: &Recorded, did: &Did, why: &[&str]) -> Vec<String> {
    let mut reasons: Vec<String> = why.iter().map(|why| (*why).to_owned()).collect();
    if recorded.is_cut {
        reasons.push("what was sent to the browser is in the recording in part only".to_owned());
    }
    reasons.extend(did.lacks.clone());
    reasons
}

fn found(theirs: &Side, recorded: &Recorded, did: &Did) -> Vec<Divergence> {
    let ours = Side {
        frames: did.frames.clone(),
        page: did.page.clone(),
        ..Side::default()
    };
    let mut found = Vec::new();
    if let (Some(theirs), Some(ours)) = (recorded.status, did.status)
        && theirs != ours
    {
        found.push(Divergence {
            what: What::Frames,
            path: "status".to_owned(),
            recorded: theirs.into(),
            got: ours.into(),
        });
    }
    let others = differences(theirs, &ours, SLACK_US);
    found.extend(others.into_iter().map(|difference| Divergence {
        what: difference.what,
        path: difference.path,
        recorded: difference.recorded,
        got: difference.got,
    }));
    found
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// What was recorded, with the live server's name for itself.
fn recorded_side(script: &Script, recorded: &Recorded) -> Side {
    let renamed = |text: &str| match (&script.authority, &script.live_authority) {
        (Some(theirs), Some(ours)) if !theirs.is_empty() => text.replace(theirs.as_str(), ours),
        _ => text.to_owned(),
    };
    let frame =
        |frame: &Value| serde_json::from_str(&renamed(&frame.to_string())).unwrap_or_else(|_| frame.clone());
    Side {
        frames: recorded.frames.iter().map(frame).collect(),
        page: recorded.page.as_deref().map(renamed),
        ..Side::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: TurnId = 3;

    fn script(kind: TurnKind, frame: &Value) -> Script {
        let recorded = Recorded {
            kind,
            view: None,
            event: Some("go".to_owned()),
            outcome: "patched",
            connection: Some(1),
            duration_us: Some(1_000),
            is_asked: kind == TurnKind::Event,
            frames: vec![frame.clone()],
            page: None,
            status: None,
            is_cut: false,
        };
        Script {
            turns: [(TURN, recorded)].into(),
            authority: Some("127.0.0.1:41107".to_owned()),
            live_authority: Some("127.0.0.1:8000".to_owned()),
            ..Script::default()
        }
    }

    fn text(text: &str) -> Value {
        json!({"type": "patch", "version": 1, "patches": [{"type": "SetText", "path": [0], "text": text}]})
    }

    fn played(change: impl FnOnce(&mut Did)) -> Played {
        let mut did = Did::default();
        change(&mut did);
        Played {
            turns: [(TURN, did)].into(),
            troubles: Vec::new(),
        }
    }

    fn sent(frame: &Value) -> Played {
        played(|did| did.frames.push(frame.clone()))
    }

    fn words(script: &Script, copies: &[Played], is_login_missing: bool) -> (Word, String) {
        let outcome = Outcome::of(script, copies, is_login_missing);
        let answer = &outcome.answers[0];
        (answer.word(), answer.reasons.join("; "))
    }

    #[test]
    fn a_turn_differs_only_if_nothing_speaks_against_it() {
        let event = script(TurnKind::Event, &text("1"));
        let push = script(TurnKind::Push, &text("1"));
        let masked =
            || played(|did| did.not_played = Some("what the browser sent is masked: /params/a".to_owned()));
        let lacking = || {
            played(|did| {
                did.lacks = Some("something was not sent".to_owned());
                did.frames.push(text("2"));
            })
        };
        for (script, copies, is_login_missing, word, reason) in [
            (&event, vec![sent(&text("1"))], false, Word::Same, ""),
            (&event, vec![sent(&text("1"))], true, Word::Same, ""),
            (&event, vec![sent(&text("2"))], false, Word::Differs, ""),
            (
                &event,
                vec![sent(&text("2"))],
                true,
                Word::CannotTell,
                "no login was given",
            ),
            (&event, vec![masked()], false, Word::CannotTell, "/params/a"),
            (&event, vec![lacking()], false, Word::CannotTell, "was not sent"),
            (&event, vec![Played::default()], false, Word::CannotTell, ""),
            (
                &event,
                vec![sent(&text("2")), sent(&text("2"))],
                false,
                Word::Differs,
                "",
            ),
            (
                &event,
                vec![sent(&text("2")), sent(&text("3"))],
                false,
                Word::CannotTell,
                "answered differently",
            ),
            (
                &event,
                vec![sent(&text("1")), sent(&text("1"))],
                false,
                Word::Same,
                "",
            ),
            (&push, vec![sent(&text("2"))], false, Word::Differs, ""),
            (
                &push,
                vec![sent(&text("2")), sent(&text("2"))],
                false,
                Word::CannotTell,
                "each other's pages",
            ),
        ] {
            let (found, reasons) = words(script, &copies, is_login_missing);
            assert_eq!(found, word, "{reason} {reasons}");
            assert!(reasons.contains(reason), "{reasons}");
        }
    }

    #[test]
    fn the_servers_name_for_itself_is_no_difference() {
        let script = script(TurnKind::Event, &text("http://127.0.0.1:41107/a"));
        let live = sent(&text("http://127.0.0.1:8000/a"));
        assert_eq!(words(&script, &[live], false).0, Word::Same);
    }

    #[test]
    fn beats_that_nothing_waited_for_are_counted_apart() {
        let script = script(TurnKind::Tick, &text("1"));
        let outcome = Outcome::of(&script, &[Played::default()], false);
        assert_eq!((outcome.answers.len(), outcome.not_waited_for), (0, 1));
        assert!(outcome.is_good());
    }
}

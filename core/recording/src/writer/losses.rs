//! What could not be written, by turn: the file says of every turn what it lost.

use std::collections::{BTreeMap, BTreeSet};

use crate::Entry;
use crate::model::{SnapshotId, Turn, TurnId};

/// Turns of which losses are remembered; they may be written again as long as they go on.
const MAX_TURNS: usize = 20_000;

/// Lost states whose turns are still to come.
const MAX_SNAPSHOTS: usize = 100_000;

/// Turns that could not be written are kept until they can, up to so many bytes.
const MAX_KEPT_BYTES: usize = 8 << 20;

/// A larger turn is kept without its parameters and its traceback.
const MAX_TURN_BYTES: usize = 8 << 10;

/// Turns that are settled in one transaction.
const MAX_SETTLED: usize = 200;

/// What was lost.
#[derive(Debug, Default)]
pub(super) struct Losses {
    turns: BTreeMap<TurnId, LostTurn>,
    snapshots: BTreeSet<SnapshotId>,
    kept_bytes: usize,
    /// Turns whose loss the file does not tell of yet.
    unsettled: BTreeSet<TurnId>,
    /// True once a state was lost on which others build.
    has_lost_states: bool,
    reason: String,
}

#[derive(Debug, Default)]
struct LostTurn {
    parts: BTreeSet<&'static str>,
    /// The turn itself, if it was not written.
    turn: Option<Box<Turn>>,
    /// After how many entries that were handed over it came.
    position: u64,
    /// Goes up with everything that is lost of it.
    revision: u64,
    bytes: usize,
}

impl Losses {
    /// Remembers that `entry` was lost, and why. `position` says after how many entries that were handed over it came.
    pub(super) fn note(&mut self, entry: &Entry, position: u64, reason: &str) {
        if self.reason != reason {
            reason.clone_into(&mut self.reason);
        }
        match entry {
            Entry::Turn(turn) => self.keep(turn, position),
            Entry::Frame(frame) => self.part(frame.turn, "frames"),
            Entry::Patches { turn, .. } => self.part(Some(*turn), "patches"),
            Entry::Spans { turn, .. } => self.part(Some(*turn), "spans"),
            Entry::Log(log) => self.part(log.turn, "logs"),
            Entry::Http(http) => self.part(http.turn, "HTTP exchange"),
            Entry::Keyframe(keyframe) => self.part(Some(keyframe.turn), "page"),
            Entry::Finding(finding) => self.part(finding.turn, "findings"),
            Entry::Snapshot(delta) => {
                self.snapshots.insert(delta.snapshot);
                while self.snapshots.len() > MAX_SNAPSHOTS {
                    self.snapshots.pop_first();
                }
            }
            Entry::Connection(_)
            | Entry::View(_)
            | Entry::Source(_)
            | Entry::HttpTurn { .. }
            | Entry::Meta { .. } => {}
        }
    }

    fn part(&mut self, turn: Option<TurnId>, part: &'static str) {
        let Some(turn) = turn else { return };
        let lost = self.turns.entry(turn).or_default();
        if lost.parts.insert(part) {
            lost.revision += 1;
            self.unsettled.insert(turn);
        }
        self.forget_oldest();
    }

    fn keep(&mut self, turn: &Turn, position: u64) {
        let mut kept = Box::new(turn.clone());
        let mut bytes = Entry::Turn(kept.clone()).size();
        let lost = self.turns.entry(turn.turn).or_default();
        if bytes > MAX_TURN_BYTES {
            kept.params = serde_json::Value::Null;
            kept.exception = None;
            lost.parts.insert("parameters and traceback");
            bytes = MAX_TURN_BYTES;
        }
        self.kept_bytes = self.kept_bytes + bytes - std::mem::replace(&mut lost.bytes, bytes);
        lost.turn = Some(kept);
        lost.position = position;
        lost.revision += 1;
        self.unsettled.insert(turn.turn);
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        while self.turns.len() > MAX_TURNS || self.kept_bytes > MAX_KEPT_BYTES {
            let Some((number, lost)) = self.turns.pop_first() else {
                return;
            };
            self.kept_bytes -= lost.bytes;
            self.unsettled.remove(&number);
        }
    }

    /// The form of the turn that came at `position` was written: an older one that was lost is not needed.
    pub(super) fn superseded(&mut self, turn: TurnId, position: u64) {
        if let Some(lost) = self.turns.get_mut(&turn)
            && lost.position <= position
        {
            self.kept_bytes -= std::mem::take(&mut lost.bytes);
            lost.turn = None;
        }
    }

    /// A state was lost on which others build.
    pub(super) const fn lost_states(&mut self) {
        self.has_lost_states = true;
    }

    /// True once after states were lost on which others build.
    pub(super) const fn takes_lost_states(&mut self) -> bool {
        std::mem::replace(&mut self.has_lost_states, false)
    }

    /// True if nothing is known to be lost.
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.snapshots.is_empty()
    }

    /// True if the file does not tell of all losses yet.
    pub(super) fn is_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
    }

    /// What `turn` has lost, as it stands in [`Turn::missing`].
    pub(super) fn sentences(&self, turn: &Turn) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(lost) = self.turns.get(&turn.turn).filter(|lost| !lost.parts.is_empty()) {
            let parts: Vec<&str> = lost.parts.iter().copied().collect();
            found.push(format!("{}: not written, {}", parts.join(", "), self.reason));
        }
        let debug = turn.debug_state.as_ref();
        let states = [
            ("state before", turn.before),
            ("state after", turn.after),
            (
                "state before, as djust showed it",
                debug.and_then(|debug| debug.before),
            ),
            (
                "state after, as djust showed it",
                debug.and_then(|debug| debug.after),
            ),
        ];
        for (which, snapshot) in states {
            if snapshot.is_some_and(|snapshot| self.snapshots.contains(&snapshot)) {
                found.push(format!("{which}: not written, {}", self.reason));
            }
        }
        if turn.handed.is_some_and(|handed| self.snapshots.contains(&handed)) {
            found.push(format!(
                "values handed to the renderer: not written, {}",
                self.reason
            ));
        }
        found
    }

    /// Turns of which the file has to be told, some at a time. `written` are those just written, each at its position: a
    /// form that was lost before is not written over them.
    pub(super) fn to_settle(&self, written: &BTreeMap<TurnId, u64>) -> Vec<Unsettled> {
        let is_newest = |turn: &TurnId, lost: &LostTurn| {
            written.get(turn).is_none_or(|position| lost.position > *position)
        };
        let turns = self.unsettled.iter().take(MAX_SETTLED);
        turns
            .map(|number| {
                let lost = self.turns.get(number);
                let newest = lost.filter(|lost| is_newest(number, lost));
                Unsettled {
                    number: *number,
                    revision: lost.map_or(0, |lost| lost.revision),
                    turn: newest.and_then(|lost| lost.turn.clone()),
                }
            })
            .collect()
    }

    /// The file tells of these turns' losses now, each up to a revision.
    pub(super) fn settled(&mut self, turns: &[(TurnId, u64)]) {
        for (turn, revision) in turns {
            let current = self.turns.get(turn).map_or(*revision, |lost| lost.revision);
            // What was lost of it meanwhile is still to be told.
            if current == *revision {
                self.unsettled.remove(turn);
                self.superseded(*turn, u64::MAX);
            }
        }
    }
}

/// A turn of which the file has to be told.
pub(super) struct Unsettled {
    /// Its number.
    pub number: TurnId,
    /// What is known of its losses.
    pub revision: u64,
    /// The turn itself, if it was lost.
    pub turn: Option<Box<Turn>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SnapshotDelta;
    use crate::model::TurnKind;

    fn turn(number: TurnId) -> Turn {
        Turn::begun(number, TurnKind::Event, 0)
    }

    #[test]
    fn a_turn_says_what_it_lost() {
        let mut losses = Losses::default();
        losses.note(
            &Entry::Spans {
                turn: 3,
                spans: Vec::new(),
            },
            1,
            "the disk is full",
        );
        losses.note(
            &Entry::Patches {
                turn: 3,
                patches: Vec::new(),
            },
            1,
            "the disk is full",
        );
        losses.note(
            &Entry::Snapshot(SnapshotDelta {
                snapshot: 9,
                ..SnapshotDelta::default()
            }),
            1,
            "the disk is full",
        );
        let mut lost = turn(3);
        lost.after = Some(9);
        assert_eq!(
            losses.sentences(&lost),
            [
                "patches, spans: not written, the disk is full",
                "state after: not written, the disk is full"
            ]
        );
        assert!(losses.sentences(&turn(4)).is_empty());
    }

    #[test]
    fn a_lost_turn_is_kept_until_it_is_written_or_a_newer_one_is() {
        let mut losses = Losses::default();
        losses.note(&Entry::Turn(Box::new(turn(1))), 3, "x");
        losses.note(&Entry::Turn(Box::new(turn(2))), 4, "x");
        losses.superseded(2, 5);
        let kept: Vec<_> = losses
            .to_settle(&BTreeMap::new())
            .into_iter()
            .map(|unsettled| (unsettled.number, unsettled.turn.is_some()))
            .collect();
        assert_eq!(kept, [(1, true), (2, false)]);
        losses.settled(&[(1, 0), (2, 1)]);
        assert!(losses.is_unsettled(), "of the first more was lost meanwhile");
        losses.settled(&[(1, 1)]);
        assert!(!losses.is_unsettled() && losses.kept_bytes == 0);
    }

    /// A newer form that was given up because the queue was full is not forgotten when an older one, which still waited
    /// there, is written.
    #[test]
    fn an_older_form_does_not_stand_in_for_a_newer_one() {
        let mut losses = Losses::default();
        losses.note(&Entry::Turn(Box::new(turn(1))), 9, "x");
        let is_kept = |losses: &Losses, written| {
            losses.to_settle(&BTreeMap::from([(1, written)]))[0]
                .turn
                .is_some()
        };
        assert!(is_kept(&losses, 8) && !is_kept(&losses, 9));
        losses.superseded(1, 8);
        assert!(is_kept(&losses, 8));
        losses.superseded(1, 10);
        assert!(!is_kept(&losses, 8));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut losses = Losses::default();
        for number in 1..100_000 {
            let mut lost = turn(number);
            lost.params = serde_json::Value::String("x".repeat(100_000));
            losses.note(&Entry::Turn(Box::new(lost)), number, "x");
        }
        assert!(losses.kept_bytes <= MAX_KEPT_BYTES && losses.turns.len() <= MAX_TURNS);
        assert_eq!(
            losses.turns.last_key_value().map(|(number, _)| *number),
            Some(99_999)
        );
    }
}

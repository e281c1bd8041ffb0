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
    bytes: usize,
}

impl Losses {
    /// Remembers that `entry` was lost, and why.
    pub(super) fn note(&mut self, entry: &Entry, reason: &str) {
        if self.reason != reason {
            reason.clone_into(&mut self.reason);
        }
        match entry {
            Entry::Turn(turn) => self.keep(turn),
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
        if self.turns.entry(turn).or_default().parts.insert(part) {
            self.unsettled.insert(turn);
        }
        self.forget_oldest();
    }

    fn keep(&mut self, turn: &Turn) {
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

    /// A newer form of the turn waits to be written: the one that was lost is not needed.
    pub(super) fn superseded(&mut self, turn: TurnId) {
        if let Some(lost) = self.turns.get_mut(&turn) {
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
        for (which, snapshot) in [("before", turn.before), ("after", turn.after)] {
            if snapshot.is_some_and(|snapshot| self.snapshots.contains(&snapshot)) {
                found.push(format!("state {which}: not written, {}", self.reason));
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

    /// Turns of which the file has to be told, some at a time: their number, and the turn itself if it was lost.
    pub(super) fn to_settle(&self) -> Vec<(TurnId, Option<Box<Turn>>)> {
        let turns = self.unsettled.iter().take(MAX_SETTLED);
        turns
            .map(|turn| (*turn, self.turns.get(turn).and_then(|lost| lost.turn.clone())))
            .collect()
    }

    /// The file tells of these turns' losses now.
    pub(super) fn settled(&mut self, turns: &[TurnId]) {
        for turn in turns {
            self.unsettled.remove(turn);
            self.superseded(*turn);
        }
    }
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
            "the disk is full",
        );
        losses.note(
            &Entry::Patches {
                turn: 3,
                patches: Vec::new(),
            },
            "the disk is full",
        );
        losses.note(
            &Entry::Snapshot(SnapshotDelta {
                snapshot: 9,
                ..SnapshotDelta::default()
            }),
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
        losses.note(&Entry::Turn(Box::new(turn(1))), "x");
        losses.note(&Entry::Turn(Box::new(turn(2))), "x");
        losses.superseded(2);
        let kept: Vec<_> = losses
            .to_settle()
            .into_iter()
            .map(|(number, turn)| (number, turn.is_some()))
            .collect();
        assert_eq!(kept, [(1, true), (2, false)]);
        losses.settled(&[1, 2]);
        assert!(!losses.is_unsettled() && losses.kept_bytes == 0);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut losses = Losses::default();
        for number in 1..100_000 {
            let mut lost = turn(number);
            lost.params = serde_json::Value::String("x".repeat(100_000));
            losses.note(&Entry::Turn(Box::new(lost)), "x");
        }
        assert!(losses.kept_bytes <= MAX_KEPT_BYTES && losses.turns.len() <= MAX_TURNS);
        assert_eq!(
            losses.turns.last_key_value().map(|(number, _)| *number),
            Some(99_999)
        );
    }
}

//! What differs from run to run: found by running again at another time, and with other random numbers.

use std::collections::{BTreeMap, BTreeSet};

use djscope_recording::model::TurnId;

use super::Account;
use super::compare::{Side, differences};
use crate::answer::{Answer, Unsteady, What, Witness, Word};

/// How a run differs from the first one.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    /// How far its clock is from the recorded time.
    pub shift_us: i64,
    /// Where its random numbers begin.
    pub seed: u64,
    /// Where Python's hashes begin, if elsewhere: the order of sets.
    pub hash_seed: Option<&'static str>,
    /// What is said of a place that it makes otherwise.
    pub why: &'static str,
}

/// The runs that are made. The last is equal to the first one.
pub const TRIES: [Try; 4] = [
    Try {
        shift_us: 0,
        seed: 0,
        hash_seed: Some("4711"),
        why: "depends on the order of a set",
    },
    Try {
        // No round number in any unit, so that every part of a moment differs.
        shift_us: 90_061_001_001,
        seed: 0,
        hash_seed: None,
        why: "reads the clock",
    },
    Try {
        shift_us: 0,
        seed: 1_000_003,
        hash_seed: None,
        why: "draws random numbers",
    },
    Try {
        shift_us: 0,
        seed: 0,
        hash_seed: None,
        why: "differs from run to run",
    },
];

/// Turns that differ for no reason that is known yet.
#[derive(Debug, Default)]
pub(crate) struct Unexplained {
    /// What the first run made of them.
    first: BTreeMap<TurnId, Side>,
    /// Places that other runs have made otherwise, with the number of the last such run: the more it is like the first.
    places: BTreeMap<TurnId, BTreeMap<(What, String), usize>>,
}

impl Unexplained {
    pub fn wait(&mut self, turn: TurnId, side: Side) {
        self.first.insert(turn, side);
    }

    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// The last of them.
    pub fn last(&self) -> Option<TurnId> {
        self.first.keys().next_back().copied()
    }

    /// Notes what another run makes otherwise than the first.
    pub fn compare(&mut self, number: usize, account: &Account) {
        let turn = account.detail.turn.turn;
        let Some(first) = self.first.get(&turn) else {
            return;
        };
        let places = self.places.entry(turn).or_default();
        for difference in differences(first, &account.side(), 0) {
            places.insert((difference.what, difference.path), number);
        }
    }

    /// Says of every turn what is unsteady in it; one that differs nowhere else contradicts nobody.
    pub fn explain(self, answers: &mut [Answer]) {
        for answer in answers {
            let Some(places) = self.places.get(&answer.turn) else {
                continue;
            };
            let mut left = 0;
            let mut seen = BTreeSet::new();
            for difference in answer.differs.iter().filter(|d| d.witness == Witness::Djust) {
                match places.get(&(difference.what, difference.path.clone())) {
                    Some(number) if seen.insert(difference.path.clone()) => answer.unsteady.push(Unsteady {
                        path: difference.path.clone(),
                        why: TRIES[*number].why.to_owned(),
                    }),
                    Some(_) => {}
                    None => left += 1,
                }
            }
            if left == 0 && !answer.unsteady.is_empty() {
                answer.djust = Some(Word::CannotTell);
                answer.reasons.extend(
                    answer
                        .unsteady
                        .iter()
                        .map(|place| format!("{}: {}", place.path, place.why)),
                );
            }
        }
    }
}

//! Turns that are parts of others: mounts of embedded views, events that were put off.

use djscope_capture::probe::ProbeTurn;
use djscope_recording::model::TurnDetail;

use super::Account;
use super::compare::{Side, differences};
use super::messages::Did;

/// Parts that wait for the turn that reports them, and reports that wait for their part.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    waiting: Vec<TurnDetail>,
    /// What the last turns reported besides themselves.
    left: Vec<ProbeTurn>,
}

/// Reports that are kept for parts that come later.
const KEPT: usize = 64;

impl Parts {
    /// A part whose turn may have been run already, or comes next.
    pub fn wait(&mut self, detail: TurnDetail) {
        self.waiting.push(detail);
    }

    /// A turn that was run, and the parts that were reported by now; in the order of the recording.
    pub fn with(&mut self, mut account: Account) -> Vec<Account> {
        self.left.append(&mut account.did.turns);
        let mut found = self.reported();
        found.push(account);
        found.sort_by_key(|account| account.detail.turn.turn);
        let too_many = self.left.len().saturating_sub(KEPT);
        self.left.drain(..too_many);
        found
    }

    /// What is left at the end: parts that nobody has reported.
    pub fn rest(mut self) -> Vec<Account> {
        let mut found = self.reported();
        let missing = |detail| {
            Account::not_run(
                detail,
                "the turn that it is a part of did not report it".to_owned(),
            )
        };
        found.extend(self.waiting.into_iter().map(missing));
        found
    }

    fn reported(&mut self) -> Vec<Account> {
        let mut found = Vec::new();
        for detail in std::mem::take(&mut self.waiting) {
            match likest(&detail, &self.left) {
                Some(index) => found.push(Account {
                    did: Did::default(),
                    own: Some(self.left.remove(index)),
                    is_alone: false,
                    rolled: None,
                    detail,
                }),
                None => self.waiting.push(detail),
            }
        }
        found
    }
}

/// The report of a turn: several of one kind and view are told apart by their events and states.
pub(crate) fn likest(detail: &TurnDetail, reports: &[ProbeTurn]) -> Option<usize> {
    let turn = &detail.turn;
    let fits = |report: &ProbeTurn| {
        report.kind == turn.kind.name() && (turn.view.is_none() || report.class == turn.view)
    };
    let fitting: Vec<usize> = (0..reports.len())
        .filter(|index| fits(&reports[*index]))
        .collect();
    if fitting.len() < 2 {
        return fitting.first().copied();
    }
    let recorded = Side::recorded(detail, None);
    let distance = |report: &ProbeTurn| {
        let mut again = Side::again(&Did::default(), Some(report));
        again.frames.clone_from(&recorded.frames);
        let is_other = turn.event.is_some() && report.event != turn.event;
        (is_other, differences(&recorded, &again, 0).len())
    };
    fitting.into_iter().min_by_key(|index| distance(&reports[*index]))
}

//! A turn that was run again, with what came of it.

use djscope_capture::probe::ProbeTurn;
use djscope_recording::model::TurnDetail;

use super::compare::Side;
use super::messages::Did;
use super::{SLACK_US, parts};
use crate::answer::{Difference, What};

/// A turn with what came of it.
#[derive(Debug)]
pub(crate) struct Account {
    /// The turn.
    pub detail: TurnDetail,
    /// What the worker said of it.
    pub did: Did,
    /// What the probe reported of it.
    pub own: Option<ProbeTurn>,
    /// It was run without all that came before it.
    pub is_alone: bool,
    /// The databases were made what they were before it, by the writes that were recorded.
    pub rolled: Option<Rolled>,
}

/// What came of making databases what they were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rolled {
    /// Why they may be others all the same.
    pub doubt: Option<String>,
}

impl Account {
    /// A turn that was run.
    pub fn new(detail: TurnDetail, mut did: Did) -> Self {
        let own = own_report(&detail, &mut did.turns);
        Self {
            detail,
            did,
            own,
            is_alone: false,
            rolled: None,
        }
    }

    /// A turn that was not run, for this reason.
    pub fn not_run(detail: TurnDetail, reason: String) -> Self {
        let did = Did {
            not_run: Some(reason),
            ..Did::default()
        };
        Self {
            detail,
            did,
            own: None,
            is_alone: false,
            rolled: None,
        }
    }

    /// What came of it, as it is compared.
    pub fn side(&self) -> Side {
        Side::again(&self.did, self.own.as_ref())
    }

    /// How far two readings of the clock in it may be apart.
    pub fn slack_us(&self) -> i64 {
        let length = self.detail.turn.duration_us.unwrap_or(0);
        SLACK_US.saturating_add(i64::try_from(length).unwrap_or(i64::MAX))
    }

    /// A page that is rendered anew has other numbers on its elements; which are which is not always to be told.
    pub fn numbers_only(&self, differs: &[Difference]) -> Option<String> {
        let is_number = |difference: &Difference| {
            difference.what == What::Patches && difference.path.ends_with(".d")
                || difference.path.ends_with(".child_d")
        };
        (self.is_alone && !differs.is_empty() && differs.iter().all(is_number))
            .then(|| "the numbers of elements are not known for a turn that is run alone".to_owned())
    }

    /// A page whose turns before went another way shows that, whatever this turn does; its state was made as it was.
    pub fn page_only(&self, differs: &[Difference]) -> Option<String> {
        let is_page = |difference: &Difference| matches!(difference.what, What::Patches | What::Html);
        let is_pinned = !self.is_alone && !self.did.pinned.is_empty();
        (is_pinned && !differs.is_empty() && differs.iter().all(is_page)).then(|| {
            format!(
                "{} had another value after the turn before, and was made as it was; the page was not",
                self.did.pinned.join(", ")
            )
        })
    }

    /// Why nothing can be compared: the recording has a state, and the re-run reported nothing.
    pub fn unreported(&self) -> Option<String> {
        let is_known = self.detail.after.is_some() && self.own.is_none();
        (is_known && self.did.end.is_none() && self.did.escaped.is_none())
            .then(|| "djust did not begin this turn".to_owned())
    }
}

/// The report of a turn among those that a step has caused: of its kind and view, and the likest of these.
fn own_report(detail: &TurnDetail, reports: &mut Vec<ProbeTurn>) -> Option<ProbeTurn> {
    parts::likest(detail, reports).map(|index| reports.remove(index))
}

//! Reports of a probe that wait for their frames to come through the proxy.

use std::collections::VecDeque;

use djscope_recording::model::Micros;

use crate::probe::ProbeTurn;

/// Reports that wait at most; beyond that the oldest stand alone.
const MAX_REPORTS: usize = 1_000;

/// Memory that they may hold.
const MAX_BYTES: usize = 16 << 20;

/// The reports that wait, oldest first.
#[derive(Debug, Default)]
pub struct Waiting {
    reports: VecDeque<WaitingReport>,
    bytes: usize,
}

/// A report, and since when it waits.
#[derive(Debug)]
pub struct WaitingReport {
    /// When it came.
    pub since_us: Micros,
    /// The report.
    pub turn: ProbeTurn,
    bytes: usize,
}

impl Waiting {
    /// Adds a report that came at `since_us`.
    pub fn push(&mut self, since_us: Micros, turn: ProbeTurn) {
        let bytes = turn.size();
        self.push_again(WaitingReport {
            since_us,
            turn,
            bytes,
        });
    }

    /// Puts a report back that was taken out, behind the others.
    pub fn push_again(&mut self, report: WaitingReport) {
        self.bytes += report.bytes;
        self.reports.push_back(report);
    }

    /// Takes the oldest out.
    pub fn pop(&mut self) -> Option<WaitingReport> {
        let report = self.reports.pop_front()?;
        self.bytes -= report.bytes;
        Some(report)
    }

    /// Takes the oldest out if it came before `since_us`.
    pub fn pop_older_than(&mut self, since_us: Micros) -> Option<WaitingReport> {
        let is_older = self
            .reports
            .front()
            .is_some_and(|report| report.since_us < since_us);
        is_older.then(|| self.pop()).flatten()
    }

    /// Takes the oldest out if there are too many.
    pub fn pop_excess(&mut self) -> Option<WaitingReport> {
        (self.reports.len() > MAX_REPORTS || self.bytes > MAX_BYTES)
            .then(|| self.pop())
            .flatten()
    }

    /// The reports, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &ProbeTurn> {
        self.reports.iter().map(|report| &report.turn)
    }

    /// True if none waits.
    pub fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }
}

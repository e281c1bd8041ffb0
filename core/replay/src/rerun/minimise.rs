//! A turn made smaller: names of the state and earlier events are dropped as long as the symptom stays.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use djscope_recording::model::{Snapshot, TurnId};
use serde_json::{Map, Value};

use super::alone::Before;
use super::compare::{Comparison, Side, fits, kind};
use super::scene::Scene;
use super::steps::{Cause, Steps};
use super::unsteady::TRIES;
use super::{Account, Rerun, RerunError, SLACK_US};
use crate::answer::{What, Witness};

/// What has to stay as it was recorded while everything else is dropped. The kinds of answers and the exception always
/// have to.
#[derive(Clone, Debug, Default)]
pub struct Symptom {
    /// Names of the state whose values before and after the turn have to be as recorded.
    pub names: BTreeSet<String>,
    /// The texts of the patches have to be as recorded.
    pub patches: bool,
    /// Values are asserted as they were: those that differ from run to run are looked for.
    pub is_asserted: bool,
}

/// What was left of a turn.
#[derive(Clone, Debug, Default)]
pub struct Reduced {
    /// Names of the state that have to be restored.
    pub names: BTreeSet<String>,
    /// Events before the turn that have to be sent again.
    pub earlier: Vec<TurnId>,
    /// The symptom was seen again. If not, nothing was dropped.
    pub holds: bool,
    /// Names whose values differ from run to run, and why.
    pub unsteady: Vec<(String, &'static str)>,
    /// How often the turn was run.
    pub runs: u32,
    /// The time or the number of runs was used up before everything was tried.
    pub is_cut_short: bool,
}

/// Most runs, and the longest that they may take together.
const MAX_RUNS: u32 = 300;
const MAX_TIME: Duration = Duration::from_secs(60);

/// What a turn is run from.
#[derive(Clone, Debug, Default)]
struct Plan {
    names: BTreeSet<String>,
    earlier: Vec<TurnId>,
}

impl Rerun<'_> {
    /// Makes a turn smaller. `writable` are the names that can be restored; what else there is is left to `mount()`.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read, or the worker has ended.
    pub fn minimise(
        &mut self,
        scene: &Scene,
        symptom: &Symptom,
        writable: &BTreeSet<String>,
    ) -> Result<Reduced, RerunError> {
        let mut search = Search {
            wanted: Wanted::of(scene, symptom),
            rerun: self,
            scene,
            runs: 0,
            until: Instant::now() + MAX_TIME,
            is_cut_short: false,
            shares: Some(Shared { has_begun: false }),
        };
        let mut plan = search.smallest(writable)?;
        // What runs in one process left behind there may have helped, or been in the way.
        search.shares = None;
        if !plan
            .as_ref()
            .is_some_and(|plan| search.holds(plan).unwrap_or(false))
        {
            plan = search.smallest(writable)?;
        }
        let holds = plan.is_some();
        let plan = plan.unwrap_or_else(|| Plan {
            names: writable.clone(),
            earlier: Vec::new(),
        });
        Ok(Reduced {
            unsteady: match symptom.is_asserted {
                true => search.unsteady(&plan)?,
                false => Vec::new(),
            },
            runs: search.runs,
            is_cut_short: search.is_cut_short,
            names: plan.names,
            earlier: plan.earlier,
            holds,
        })
    }

    /// Runs the turn with a part of its state and of what came before it, as a test does; in the run that is under way.
    fn run_reduced(&mut self, scene: &Scene, plan: &Plan) -> Result<Account, RerunError> {
        let before = Before::of(self.reader, &scene.detail)?;
        let mut steps = Steps::of(self.reader)?;
        steps.note_mounts(&before.mounts)?;
        steps.is_first = before.is_first;
        steps.is_partial = true;
        steps.rows = Some(part(scene.detail.before.as_ref(), &plan.names));
        steps.rendered = Some(part(scene.detail.before.as_ref(), &plan.names));
        for earlier in &plan.earlier {
            if let Some(detail) = self.reader.turn(*earlier)?
                && let Cause::Step(mut step) = steps.cause(&detail)?
            {
                step.before = None;
                self.take(&mut steps, detail, *step)?;
            }
        }
        let detail = scene.detail.clone();
        Ok(match steps.cause(&detail)? {
            Cause::Step(mut step) => {
                step.before = None;
                self.take(&mut steps, detail, *step)?
            }
            Cause::Part => Account::not_run(detail, "it is a part of another turn".to_owned()),
            Cause::None(reason) => Account::not_run(detail, reason),
        })
    }
}

/// A state with some of its names.
fn part(state: Option<&Snapshot>, names: &BTreeSet<String>) -> Snapshot {
    let kept = |scope: &Map<String, Value>| {
        let kept = scope.iter().filter(|(name, _)| names.contains(*name));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    state.map_or_else(Snapshot::default, |state| Snapshot {
        public: kept(&state.public),
        private: kept(&state.private),
    })
}

/// What has to be seen again.
struct Wanted {
    side: Side,
    before: Snapshot,
    after: Snapshot,
    names: BTreeSet<String>,
    patches: bool,
}

impl Wanted {
    fn of(scene: &Scene, symptom: &Symptom) -> Self {
        let side = Side::recorded(&scene.detail, None);
        let before = scene.detail.before.clone().unwrap_or_default();
        Self {
            before: part(Some(&before), &symptom.names),
            after: part(side.state.as_ref(), &symptom.names),
            names: symptom.names.clone(),
            patches: symptom.patches,
            side,
        }
    }

    fn is_in(&self, account: &Account) -> bool {
        let did = &account.did;
        if did.end.is_some()
            || did.escaped.is_some()
            || account.unreported().is_some()
            || did.not_run.is_some()
        {
            return false;
        }
        let got = account.side();
        let before = account.own.as_ref().and_then(|own| own.before.as_ref());
        let before = before.map(|before| Snapshot {
            public: before.public.clone(),
            private: before.private.clone(),
        });
        let is_error_same = match (&self.side.error, &got.error) {
            (Some((class, text)), Some((other, got))) => class == other && fits(text, got),
            (None, None) => true,
            _ => false,
        };
        is_error_same
            && answers(&self.side) == answers(&got)
            && is_same(&self.after, &part(got.state.as_ref(), &self.names))
            && is_same(&self.before, &part(before.as_ref(), &self.names))
            && (!self.patches || patched(&self.side) == patched(&got))
    }
}

fn is_same(recorded: &Snapshot, got: &Snapshot) -> bool {
    let mut comparison = Comparison::new(Witness::Djust, What::State, SLACK_US);
    comparison.maps("", &recorded.public, &got.public);
    comparison.maps("", &recorded.private, &got.private);
    comparison.found.is_empty()
}

/// The kinds of answers, with the text of an error.
fn answers(side: &Side) -> Vec<(String, Option<&str>)> {
    let frames = side.ordered_frames();
    let each = frames.into_iter().map(|frame| {
        let is_empty = frame["patches"].as_array().is_some_and(Vec::is_empty);
        let mark = if is_empty { " without patches" } else { "" };
        (format!("{}{mark}", kind(frame)), frame["error"].as_str())
    });
    each.collect()
}

/// What patches do, without where.
fn patched(side: &Side) -> Vec<(&str, Option<&str>)> {
    let frames = side.frames.iter().filter_map(|frame| frame["patches"].as_array());
    let each = frames.flatten();
    each.map(|patch| (patch["type"].as_str().unwrap_or_default(), patch["text"].as_str()))
        .collect()
}

/// A search under way.
struct Search<'a, 'r> {
    rerun: &'a mut Rerun<'r>,
    scene: &'a Scene,
    wanted: Wanted,
    runs: u32,
    until: Instant,
    is_cut_short: bool,
    /// Runs share a process as long as there is one: that is faster, and finds what others have left behind.
    shares: Option<Shared>,
}

/// The process that runs share.
struct Shared {
    has_begun: bool,
}

impl Search<'_, '_> {
    /// The smallest that was found; none if the symptom is not seen even with everything.
    fn smallest(&mut self, writable: &BTreeSet<String>) -> Result<Option<Plan>, RerunError> {
        let of_names = |names: &[String]| Plan {
            names: names.iter().cloned().collect(),
            earlier: Vec::new(),
        };
        let names: Vec<String> = writable.iter().cloned().collect();
        if self.holds(&of_names(&names))? {
            let least = ddmin(names, &mut |names| self.holds(&of_names(names)))?;
            return Ok(Some(of_names(&least)));
        }
        let of_turns = |turns: &[TurnId]| Plan {
            names: BTreeSet::new(),
            earlier: turns.to_vec(),
        };
        let turns: Vec<TurnId> = self.scene.earlier.iter().map(|(turn, _)| *turn).collect();
        if !turns.is_empty() && self.holds(&of_turns(&turns))? {
            let least = ddmin(turns, &mut |turns| self.holds(&of_turns(turns)))?;
            return Ok(Some(of_turns(&least)));
        }
        Ok(None)
    }

    fn holds(&mut self, plan: &Plan) -> Result<bool, RerunError> {
        if self.runs >= MAX_RUNS || Instant::now() >= self.until {
            self.is_cut_short = true;
            return Ok(false);
        }
        let account = match &mut self.shares {
            None => self.run_by_itself(plan, 0, 0)?,
            Some(shared) => {
                self.runs += 1;
                if !shared.has_begun {
                    self.rerun.begin(0, 0, u64::from(MAX_RUNS) * 3)?;
                }
                let account = self.rerun.run_reduced(self.scene, plan)?;
                shared.has_begun = account.did.end.is_none();
                if let (true, Some(connection)) = (shared.has_begun, self.scene.detail.turn.connection) {
                    self.rerun.close(connection)?;
                }
                account
            }
        };
        Ok(self.wanted.is_in(&account))
    }

    /// Runs it in a process of its own.
    fn run_by_itself(&mut self, plan: &Plan, shift_us: i64, seed: u64) -> Result<Account, RerunError> {
        self.runs += 1;
        self.rerun.begin(shift_us, seed, 3 + plan.earlier.len() as u64)?;
        let account = self.rerun.run_reduced(self.scene, plan)?;
        self.rerun.worker.end()?;
        Ok(account)
    }

    /// Names that have another value at another time, or with other random numbers.
    fn unsteady(&mut self, plan: &Plan) -> Result<Vec<(String, &'static str)>, RerunError> {
        let first = self.run_by_itself(plan, 0, 0)?.side().state.unwrap_or_default();
        let mut found = BTreeMap::new();
        for each in TRIES.iter().filter(|each| each.hash_seed.is_none()) {
            let account = self.run_by_itself(plan, each.shift_us, each.seed)?;
            let mut comparison = Comparison::new(Witness::Djust, What::State, 0);
            let other = account.side().state.unwrap_or_default();
            comparison.maps("", &first.public, &other.public);
            comparison.maps("", &first.private, &other.private);
            for difference in comparison.found {
                let end = difference.path.find(['.', '[']).unwrap_or(difference.path.len());
                found.insert(difference.path[..end].to_owned(), each.why);
            }
        }
        Ok(found.into_iter().collect())
    }
}

/// A part of `items` that `holds`, of which no single item can be dropped: delta debugging, as Zeller and Hildebrandt
/// describe it. All of them are known to hold.
fn ddmin<T: Clone, E>(items: Vec<T>, holds: &mut dyn FnMut(&[T]) -> Result<bool, E>) -> Result<Vec<T>, E> {
    if items.is_empty() || holds(&[])? {
        return Ok(Vec::new());
    }
    let mut items = items;
    let mut pieces = 2.min(items.len());
    while items.len() > 1 {
        match smaller(&items, pieces, holds)? {
            Some((left, is_piece)) => {
                items = left;
                pieces = if is_piece { 2 } else { pieces - 1 };
                pieces = pieces.max(2).min(items.len());
            }
            None if pieces >= items.len() => break,
            None => pieces = (2 * pieces).min(items.len()),
        }
    }
    Ok(items)
}

/// One of so many pieces that holds, or everything without one of them; and which of both it is.
fn smaller<T: Clone, E>(
    items: &[T],
    pieces: usize,
    holds: &mut dyn FnMut(&[T]) -> Result<bool, E>,
) -> Result<Option<(Vec<T>, bool)>, E> {
    let length = items.len().div_ceil(pieces);
    for piece in items.chunks(length) {
        if holds(piece)? {
            return Ok(Some((piece.to_vec(), true)));
        }
    }
    // With two pieces each is what is left without the other.
    let starts = (0..items.len()).step_by(length).filter(|_| pieces > 2);
    for start in starts {
        let end = (start + length).min(items.len());
        let rest = [&items[..start], &items[end..]].concat();
        if holds(&rest)? {
            return Ok(Some((rest, false)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn least(count: u32, needed: &[u32]) -> (Vec<u32>, usize) {
        let mut tried = 0;
        let holds = &mut |items: &[u32]| {
            tried += 1;
            Ok::<_, Infallible>(needed.iter().all(|each| items.contains(each)))
        };
        let Ok(found) = ddmin((0..count).collect(), holds);
        (found, tried)
    }

    #[test]
    fn what_is_needed_is_left() {
        for needed in [
            &[][..],
            &[0],
            &[20],
            &[3, 17],
            &[0, 1, 2, 3, 4],
            &[1, 5, 9, 13, 20],
        ] {
            let (found, tried) = least(21, needed);
            assert_eq!(found, needed);
            assert!(tried <= 150, "{tried} tries for {needed:?}");
        }
        assert_eq!(least(1, &[0]).0, [0]);
        assert_eq!(least(0, &[]).0, [0; 0]);
    }

    #[test]
    fn an_error_ends_the_search() {
        let found = ddmin(vec![1, 2, 3], &mut |_: &[i32]| Err::<bool, _>("gone"));
        assert_eq!(found, Err("gone"));
    }
}

//! Recorded turns, run again in the project's own interpreter, and compared with what was recorded.
//!
//! [`Rerun`] drives the worker (`core/python/djscope_rerun`): a whole recording as a chain, in which every connection
//! lives on from turn to turn, or one turn alone, for which its view is mounted anew and given the recorded state.
//! Before a turn, what of the state is not as it was recorded is made so.

mod account;
mod alone;
pub mod bisect;
pub(crate) mod compare;
mod engine;
mod error;
mod messages;
mod minimise;
mod order;
mod parts;
mod project;
mod reasons;
mod scene;
mod setting;
mod single;
mod steps;
mod unsteady;
mod watched_files;
mod worker;
mod writes;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use djscope_recording::filter::Filter;
use djscope_recording::model::{TurnDetail, TurnId};
use djscope_recording::{BodySide, Reader};
use serde_json::{Map, Value};

pub use crate::answer::{Answer, Difference, HeldBack, Unsteady, What, Witness, Word};
pub use engine::engine_words;
pub use error::RerunError;
pub use messages::Ready;
pub use minimise::{Reduced, Symptom};
pub use project::{Project, Said};
pub use scene::Scene;
pub use watched_files::WatchedFiles;

use account::Account;
use compare::Side;
use engine::Engine;
use messages::{Run, Step};
use order::Order;
use parts::Parts;
use setting::Setting;
use steps::{Cause, Steps};
use unsteady::Unexplained;
use worker::Worker;
use writes::Writes;

/// How far two readings of the clock within a turn may be apart beyond its length, in microseconds.
const SLACK_US: i64 = 1_000_000;

/// How turns are run again.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is not held back: `net`, `process`, `files`, `mail`, `db-write`.
    pub allow: Vec<String>,
    /// Limit of each turn, in seconds.
    pub seconds: f64,
    /// Limit of memory beyond what the project takes by itself.
    pub memory_mb: u64,
    /// For whom everything is run, by primary key or name; for whom it was if none.
    pub user: Option<String>,
    /// State of the databases at the start of the recording, by alias.
    pub starts: BTreeMap<String, PathBuf>,
    /// Names of the state to set before the turn.
    pub edit_state: Option<Map<String, Value>>,
    /// Parameters to set in the event.
    pub edit_params: Option<Map<String, Value>>,
    /// Code and templates that have changed are no excuse for a turn that goes another way.
    pub is_strict: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            seconds: 10.0,
            memory_mb: 1024,
            user: None,
            starts: BTreeMap::new(),
            edit_state: None,
            edit_params: None,
            is_strict: false,
        }
    }
}

/// Whether a chain goes on.
type Going = Result<ControlFlow<()>, RerunError>;

/// A recording and the worker that runs its turns again.
pub struct Rerun<'a> {
    reader: &'a Reader,
    worker: Worker,
    options: Options,
    project: Project,
    setting: Setting,
    ready: Ready,
    runs: u32,
    /// What was written in the recording, once somebody has asked.
    writes: Option<Writes>,
    /// Rows that are in a state are put into the databases before a turn is run alone.
    puts_rows: bool,
}

impl<'a> Rerun<'a> {
    /// Starts the worker and sets the project up: its code runs from here on.
    ///
    /// # Errors
    ///
    /// If the interpreter cannot be started, or the project not be set up.
    pub fn open(reader: &'a Reader, project: &Project, options: Options) -> Result<Self, RerunError> {
        let (worker, ready) = worker_of(project, &options, None)?;
        Ok(Self {
            setting: Setting::of(reader, project, &ready, options.is_strict)?,
            project: project.clone(),
            reader,
            worker,
            options,
            ready,
            runs: 0,
            writes: None,
            puts_rows: false,
        })
    }

    /// What was found in the project.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Looks again what is not as it was when the recording was made: it may have grown.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn look_again(&mut self) -> Result<(), RerunError> {
        self.setting = Setting::of(self.reader, &self.project, &self.ready, self.options.is_strict)?;
        Ok(())
    }

    /// What if: names of the state, and parameters of the event, to set from now on in turns that are run alone.
    pub fn what_if(&mut self, state: Option<Map<String, Value>>, params: Option<Map<String, Value>>) {
        self.options.edit_state = state;
        self.options.edit_params = params;
    }

    /// Runs the whole recording as a chain and gives the turns that match, oldest first.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read, or the worker has ended.
    pub fn chain(&mut self, filter: &Filter) -> Result<Vec<Answer>, RerunError> {
        Ok(self.chain_up_to(filter, usize::MAX)?.0)
    }

    /// The same up to the first turn that differs, which is the last then.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read, or the worker has ended.
    pub fn chain_until_diverges(&mut self, filter: &Filter) -> Result<Vec<Answer>, RerunError> {
        let mut enough = 1;
        loop {
            let (mut answers, is_whole) = self.chain_up_to(filter, enough)?;
            if let Some(first) = answers.iter().position(Answer::contradicts) {
                answers.truncate(first + 1);
                return Ok(answers);
            }
            if is_whole {
                return Ok(answers);
            }
            // All of them came from the clock or from chance.
            enough *= 8;
        }
    }

    /// The turns up to so many that differ, and whether that is all.
    fn chain_up_to(&mut self, filter: &Filter, enough: usize) -> Result<(Vec<Answer>, bool), RerunError> {
        let mut answers = Vec::new();
        let mut unexplained = Unexplained::default();
        let mut engine = Engine::new(self.reader)?;
        let wanted = numbers(self.reader, filter)?;
        let mut differing = 0;
        self.setting.broken = None;
        self.run_chain(0, 0, None, &mut |rerun, account| {
            let word = engine.turn(&account.detail, &account.did);
            rerun.note_broken(&account);
            if wanted.binary_search(&account.detail.turn.turn).is_ok() {
                let answer = rerun.answer(&account, word, &mut unexplained)?;
                differing += usize::from(answer.contradicts());
                answers.push(answer);
            }
            Ok(match differing >= enough {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })?;
        self.explain(&mut answers, unexplained)?;
        Ok((answers, differing < enough))
    }

    /// What of the differences comes from the clock or from chance is found by running everything again.
    fn explain(&mut self, answers: &mut [Answer], mut unexplained: Unexplained) -> Result<(), RerunError> {
        if unexplained.is_empty() {
            return Ok(());
        }
        // What comes later says nothing of them.
        let last = unexplained.last();
        for number in 0..unsteady::TRIES.len() {
            self.try_again(number, |rerun, difference| {
                rerun.run_chain(difference.shift_us, difference.seed, last, &mut |_, account| {
                    unexplained.compare(number, &account);
                    Ok(ControlFlow::Continue(()))
                })
            })?;
        }
        unexplained.explain(answers);
        Ok(())
    }

    /// Does it again under other conditions; where hashes begin elsewhere, in another interpreter.
    fn try_again(
        &mut self,
        number: usize,
        mut again: impl FnMut(&mut Self, &unsteady::Try) -> Result<(), RerunError>,
    ) -> Result<(), RerunError> {
        let difference = &unsteady::TRIES[number];
        let Some(seed) = difference.hash_seed else {
            return again(self, difference);
        };
        if self.project.facts.hash_seed.is_some() {
            // The recorded server's own is known, and was used.
            return Ok(());
        }
        let (other, _) = worker_of(&self.project, &self.options, Some(seed))?;
        let own = std::mem::replace(&mut self.worker, other);
        let done = again(self, difference);
        self.worker = own;
        done
    }

    /// What a turn that did not go as it did has not written, later turns do not find.
    fn note_broken(&mut self, account: &Account) {
        let did = &account.did;
        let is_broken = did.not_run.is_some() || did.end.is_some() || did.escaped.is_some();
        if self.setting.broken.is_none() && (is_broken || !did.held_back.is_empty()) {
            self.setting.broken = Some(account.detail.turn.turn);
        }
    }

    fn begin(&mut self, shift_us: i64, seed: u64, steps: u64) -> Result<(), RerunError> {
        self.runs += 1;
        self.worker.begin(Run {
            run: self.runs,
            seconds: self.options.seconds,
            memory_mb: self.options.memory_mb,
            steps,
            clock_shift_us: shift_us,
            seed,
            user: self.options.user.clone(),
        })
    }

    /// Runs every turn in its order, up to the `last` that is wanted, and hands each with what came of it to `each`, as
    /// long as that wants more.
    fn run_chain(
        &mut self,
        shift_us: i64,
        seed: u64,
        last: Option<TurnId>,
        each: &mut dyn FnMut(&mut Self, Account) -> Going,
    ) -> Result<(), RerunError> {
        let mut numbers = numbers(self.reader, &Filter::default())?;
        if let Some(last) = last {
            // Some were numbered later and began earlier.
            numbers.retain(|number| *number <= last + order::AHEAD as TurnId);
        }
        let mut steps = Steps::of(self.reader)?;
        let mut parts = Parts::default();
        self.begin(shift_us, seed, numbers.len() as u64)?;
        let mut order = Order::new(self.reader, numbers);
        while let Some(detail) = order.next()? {
            for close in steps.closed_before(detail.turn.t_us)? {
                self.worker.step(close)?;
            }
            let account = match steps.cause(&detail)? {
                Cause::Part => {
                    parts.wait(detail);
                    continue;
                }
                Cause::None(reason) => Account::not_run(detail, reason),
                Cause::Step(step) => self.take(&mut steps, detail, *step)?,
            };
            for account in parts.with(account) {
                if each(self, account)?.is_break() {
                    return self.worker.end();
                }
            }
        }
        for account in parts.rest() {
            if each(self, account)?.is_break() {
                break;
            }
        }
        self.worker.end()
    }

    /// Takes a step; if its process has ended before, its connection is mounted anew.
    fn take(&mut self, steps: &mut Steps<'_>, detail: TurnDetail, step: Step) -> Result<Account, RerunError> {
        let mut lossy = Vec::new();
        let mut notes = Vec::new();
        let mut templates = BTreeMap::new();
        if let Some(mount) = steps.mount_before(&step) {
            let mut did = self.worker.step(mount.clone())?;
            if let (Some(false), Some(connection)) = (did.is_mounted, mount.connection)
                && mount.before.is_some()
            {
                // A page that cannot be rendered with this state: it is given to the view after its first render.
                self.close(connection)?;
                did = self.worker.step(Step {
                    before: None,
                    ..mount
                })?;
            }
            if let Some(end) = &did.end {
                steps.forget_process();
                return Ok(Account::not_run(detail, format!("mount(): {}", end.text())));
            }
            if did.is_mounted == Some(false) && step.before.is_some() {
                return Ok(Account::not_run(
                    detail,
                    "its view does not mount any more".to_owned(),
                ));
            }
            lossy = did.lossy;
            notes = did.notes;
            templates = did.templates;
        }
        let mut did = self.worker.step(step)?;
        if did.end.is_some() {
            steps.forget_process();
        }
        did.lossy.extend(lossy);
        did.notes.extend(notes);
        did.templates.extend(templates);
        Ok(Account::new(detail, did))
    }

    fn answer(
        &self,
        account: &Account,
        engine: engine::Said,
        unexplained: &mut Unexplained,
    ) -> Result<Answer, RerunError> {
        let detail = &account.detail;
        let did = &account.did;
        let page = match &detail.turn.http {
            Some(http) => self.reader.http_body(*http, BodySide::Response)?,
            None => None,
        };
        let recorded = Side::recorded(detail, page.filter(|page| !page.is_empty()));
        let mut error = did.end.as_ref().map(messages::End::text);
        error = error.or(did
            .escaped
            .as_ref()
            .map(|error| format!("{}: {}", error.class, error.message)));
        let not_run = did.not_run.clone().or_else(|| account.unreported());
        let mut reasons = reasons::reasons(account, &self.setting);
        let mut differs = Vec::new();
        let djust = if let Some(not_run) = not_run.filter(|_| error.is_none()) {
            reasons = vec![not_run];
            Word::CannotTell
        } else if error.is_some() {
            // What ended a re-run did not end the server: the recording has an answer.
            Word::CannotTell
        } else {
            differs = compare::differences(&recorded, &account.side(), account.slack_us());
            reasons.extend(account.numbers_only(&differs));
            reasons.extend(account.page_only(&differs));
            match (differs.is_empty(), reasons.is_empty()) {
                (true, _) => Word::Same,
                (false, false) => Word::CannotTell,
                (false, true) => Word::Differs,
            }
        };
        if djust == Word::Differs {
            unexplained.wait(detail.turn.turn, account.side());
        }
        if djust == Word::Same && engine.word != Some(Word::CannotTell) {
            reasons.clear();
        }
        differs.extend(engine.differs);
        reasons.extend(engine.reason);
        reasons.extend(
            error
                .iter()
                .map(|error| format!("the turn did not come to its end: {error}")),
        );
        Ok(Answer {
            turn: detail.turn.turn,
            kind: detail.turn.kind,
            view: detail.turn.view.clone(),
            event: detail.turn.event.clone(),
            recorded: detail.turn.outcome.name().to_owned(),
            djust: Some(djust),
            engine: engine.word,
            differs,
            unsteady: Vec::new(),
            reasons,
            held_back: did.held_back.clone(),
            notes: did.notes.clone(),
            error,
            duration_us: did.duration_us,
        })
    }
}

/// The numbers of the turns that match, ascending.
fn numbers(reader: &Reader, filter: &Filter) -> Result<Vec<TurnId>, RerunError> {
    let mut all = Vec::new();
    loop {
        let after = all.last().copied().unwrap_or(0);
        let some = reader.turn_numbers_after(filter, after, 10_000)?;
        if some.is_empty() {
            return Ok(all);
        }
        all.extend(some);
    }
}

/// A worker with the project set up; `hash_seed` is where Python's hashes begin, if not where they did.
fn worker_of(
    project: &Project,
    options: &Options,
    hash_seed: Option<&str>,
) -> Result<(Worker, Ready), RerunError> {
    let mut worker = Worker::start(project, hash_seed)?;
    let mut starts = project.database_starts.clone();
    starts.extend(options.starts.clone());
    let starts = starts
        .iter()
        // The worker has another working directory.
        .map(|(alias, path)| {
            (
                alias.clone(),
                std::path::absolute(path).unwrap_or_else(|_| path.clone()),
            )
        })
        .map(|(alias, path)| (alias, path.display().to_string()))
        .collect();
    let ready = worker.set_up(project.start(&worker.work(), options.allow.clone(), starts))?;
    Ok((worker, ready))
}

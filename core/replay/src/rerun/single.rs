//! Turns that are run alone: the view is mounted anew and given the state that it had.

use std::collections::BTreeMap;

use djscope_recording::model::{ConnectionId, TurnDetail, TurnId};
use serde_json::Value;

use super::account::{Account, Rolled};
use super::alone::{self, Before};
use super::engine::Engine;
use super::messages::Step;
use super::steps::{self, Cause, Steps};
use super::unsteady::{self, Unexplained};
use super::writes::{Earlier, Writes};
use super::{Rerun, RerunError, parts, reasons};
use crate::answer::{Answer, Word};

impl Rerun<'_> {
    /// Runs one turn alone: its view is mounted anew and given the state that it had.
    ///
    /// # Errors
    ///
    /// If there is no such turn, the recording cannot be read, or the worker has ended.
    pub fn single(&mut self, turn: TurnId) -> Result<Answer, RerunError> {
        let answer = self.single_once(turn)?;
        if answer.djust != Some(Word::CannotTell)
            || !answer
                .reasons
                .iter()
                .any(|reason| reason.contains(reasons::DATABASE))
        {
            return Ok(answer);
        }
        // The recording knows a part of the database: the rows that are in the state.
        self.puts_rows = true;
        let again = self.single_once(turn);
        self.puts_rows = false;
        let mut again = again?;
        if again.djust != Some(Word::Same) {
            return Ok(answer);
        }
        again
            .notes
            .push("the rows of the state were put into the database".to_owned());
        Ok(again)
    }

    fn single_once(&mut self, turn: TurnId) -> Result<Answer, RerunError> {
        let mut unexplained = Unexplained::default();
        let account = self.run_single(turn, 0, 0)?;
        let mut engine = Engine::new(self.reader)?;
        let word = engine.alone(&account.detail, &account.did)?;
        let answer = self.answer(&account, word, &mut unexplained)?;
        let mut answers = vec![answer];
        if !unexplained.is_empty() {
            for number in 0..unsteady::TRIES.len() {
                self.try_again(number, |rerun, difference| {
                    let account = rerun.run_single(turn, difference.shift_us, difference.seed)?;
                    unexplained.compare(number, &account);
                    Ok(())
                })?;
            }
            unexplained.explain(&mut answers);
        }
        answers.pop().ok_or(RerunError::NoTurn(turn))
    }

    /// Runs turns alone, one after the other in one process. That is faster than a process for each; what one of them
    /// leaves behind there, or in the database, the next one finds.
    ///
    /// # Errors
    ///
    /// If there is no such turn, the recording cannot be read, or the worker has ended.
    pub fn together(&mut self, turns: &[TurnId]) -> Result<Vec<Answer>, RerunError> {
        let mut answers = Vec::new();
        self.begin(0, 0, 3 * turns.len() as u64)?;
        for turn in turns {
            let detail = self.reader.turn(*turn)?.ok_or(RerunError::NoTurn(*turn))?;
            let connection = detail.turn.connection;
            let account = self.play(detail)?;
            let word = Engine::new(self.reader)?.alone(&account.detail, &account.did)?;
            answers.push(self.answer(&account, word, &mut Unexplained::default())?);
            match connection {
                Some(connection) if account.did.end.is_none() => self.close(connection)?,
                _ => self.begin(0, 0, 3 * turns.len() as u64)?,
            }
        }
        self.worker.end()?;
        Ok(answers)
    }

    /// The browser of a connection has gone.
    pub(super) fn close(&mut self, connection: ConnectionId) -> Result<(), RerunError> {
        let step = Step {
            kind: "close".to_owned(),
            connection: Some(connection),
            ..Step::default()
        };
        self.worker.step(step).map(drop)
    }

    fn run_single(&mut self, turn: TurnId, shift_us: i64, seed: u64) -> Result<Account, RerunError> {
        let detail = self.reader.turn(turn)?.ok_or(RerunError::NoTurn(turn))?;
        if steps::is_part(&detail) {
            return self.run_around(detail, shift_us, seed);
        }
        self.begin(shift_us, seed, 30)?;
        let rolled = self.roll_forward(&detail)?;
        let mut account = self.play(detail)?;
        account.rolled = rolled;
        self.worker.end()?;
        Ok(account)
    }

    /// Runs a turn alone in the run that is under way, with what has to come before it.
    fn play(&mut self, detail: TurnDetail) -> Result<Account, RerunError> {
        let before = Before::of(self.reader, &detail)?;
        let mut steps = Steps::of(self.reader)?;
        steps.note_mounts(&before.mounts)?;
        steps.rendered = before.rendered;
        steps.is_first = before.is_first;
        steps.rows = detail.before.clone().filter(|_| self.puts_rows);
        let mut templates = BTreeMap::new();
        for earlier in before.turns {
            if let Some(detail) = self.reader.turn(earlier)?
                && let Cause::Step(step) = steps.cause(&detail)?
            {
                templates.extend(self.take(&mut steps, detail, *step)?.did.templates);
            }
        }
        let mut account = match steps.cause(&detail)? {
            Cause::Part => Account::not_run(detail, "it is a part of another turn".to_owned()),
            Cause::None(reason) => Account::not_run(detail, reason),
            Cause::Step(mut step) => {
                self.edit(&mut step);
                self.take(&mut steps, detail, *step)?
            }
        };
        account.is_alone = true;
        account.did.templates.extend(templates);
        Ok(account)
    }

    /// A part of another turn: that is run alone, and reports it.
    fn run_around(&mut self, detail: TurnDetail, shift_us: i64, seed: u64) -> Result<Account, RerunError> {
        for whole in alone::around(self.reader, &detail)? {
            let mut account = self.run_single(whole, shift_us, seed)?;
            if let Some(index) = parts::likest(&detail, &account.did.turns) {
                account.own = Some(account.did.turns.remove(index));
                account.did.frames.clear();
                account.did.notes.push(format!("run as a part of turn {whole}"));
                account.detail = detail;
                return Ok(account);
            }
        }
        let reason = "it is a part of another turn, and none that was run reports it";
        Ok(Account::not_run(detail, reason.to_owned()))
    }

    /// Makes databases that are as at the start what they were before a turn. None if there is nothing to be made.
    fn roll_forward(&mut self, detail: &TurnDetail) -> Result<Option<Rolled>, RerunError> {
        if !self.setting.is_any_start_known() {
            return Ok(None);
        }
        let writes = match self.writes.take() {
            Some(writes) => writes,
            None => Writes::of(self.reader)?,
        };
        let Earlier {
            mut writes,
            missing,
            doubt,
        } = self.writes.insert(writes).before(detail);
        writes.retain(|write| self.setting.is_start_known(&write.alias));
        let is_whole = missing.is_none();
        let mut rolled = Rolled {
            doubt: missing.or(doubt),
        };
        if !writes.is_empty() && is_whole {
            let step = Step {
                turn: detail.turn.turn,
                kind: "writes".to_owned(),
                writes,
                ..Step::default()
            };
            let did = self.worker.step(step)?;
            rolled.doubt = did.not_run.or(did.end.map(|end| end.text())).or(rolled.doubt);
        }
        Ok(Some(rolled))
    }

    /// What if: other state, other parameters.
    fn edit(&self, step: &mut Step) {
        if let Some(edits) = &self.options.edit_state {
            match &mut step.before {
                Some(before) => *before = steps::edited(before, edits),
                None => step.edits = Some(edits.clone()),
            }
        }
        let Some(edits) = &self.options.edit_params else {
            return;
        };
        for frame in &mut step.frames {
            let text = frame["text"].as_str().unwrap_or_default();
            let Ok(mut payload) = serde_json::from_str::<Value>(text) else {
                continue;
            };
            if let Some(params) = payload.get_mut("params").and_then(Value::as_object_mut) {
                params.extend(edits.clone());
                frame["text"] = payload.to_string().into();
            }
        }
    }
}

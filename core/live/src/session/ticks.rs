//! What comes without the browser asking: ticks, pushes, work in the background, and the end of a long handler.

use std::sync::Arc;
use std::time::Duration;

use super::answers::Reply;
use super::{Output, Session, TaskId};
use crate::application::Clock;
use crate::effects::{Push, PushAction};
use crate::mounted::timed;
use crate::trace::{Cause, Outcome, Phase, Turn};
use crate::{Arguments, Raised};
use djscope_template::value::Value;

impl Session {
    /// The time has come for what was planned.
    pub(super) fn wake(&mut self, clock: &dyn Clock) {
        let now = clock.elapsed();
        if let Some(busy) = self.busy.take_if(|busy| busy.until <= now) {
            self.out.extend(busy.out);
            self.skip_ticks(busy.since, busy.until);
        }
        if self.busy.is_some() {
            return;
        }
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.delayed)
            .into_iter()
            .partition(|(due, ..)| *due <= now);
        self.delayed = later;
        self.out
            .extend(due.into_iter().map(|(_, task, work)| Output::Run(task, work)));
        if self.tick_due.is_some_and(|due| due <= now) {
            self.tick(clock);
        }
    }

    /// Ticks whose time came while a handler was under way are left out, not made up for.
    pub(super) fn skip_ticks(&mut self, since: Duration, until: Duration) {
        let interval = self.tick_interval();
        while let (Some(due), Some(interval)) = (self.tick_due, interval) {
            if due <= since || due > until {
                break;
            }
            self.tick_due = Some(due + interval);
            let mut turn = Turn::new(Cause::Tick);
            turn.outcome = Outcome::Skipped;
            self.trace(turn);
        }
    }

    fn tick_interval(&self) -> Option<Duration> {
        let declaration = self.mounted.as_ref()?.registered.declaration();
        let interval = declaration.tick_interval_ms?;
        Some(Duration::from_millis(interval.max(1)))
    }

    fn tick(&mut self, clock: &dyn Clock) {
        let interval = self.tick_interval();
        let begun = self.begin(Cause::Tick, clock);
        let (Some(mut turn), Some(mounted)) = (begun, &mut self.mounted) else {
            return;
        };
        let view = Arc::clone(&mounted.registered.view);
        let ticked = timed(clock, &mut turn, Phase::Handler, || {
            view.handle_tick(&mut mounted.instance)
        });
        self.tick_due = interval.map(|interval| clock.elapsed() + interval);
        if let Err(raised) = ticked {
            self.raised(&raised, "handle_tick", None, turn);
            return;
        }
        let reply = Reply {
            source: Some("tick"),
            event_name: Some("tick".into()),
            silent: true,
            ..Reply::default()
        };
        self.answer(&reply, turn, clock);
    }

    /// Somebody pushed to the view. It is always answered, as in djust, if only with no patches.
    pub(super) fn pushed(&mut self, push: Push, clock: &dyn Clock) {
        if !self.is_target(&push.target) {
            return;
        }
        let begun = self.begin(Cause::Push, clock);
        let (Some(mut turn), Some(mounted)) = (begun, &mut self.mounted) else {
            return;
        };
        let view = Arc::clone(&mounted.registered.view);
        let done = match push.action {
            PushAction::Set(state) => {
                let public = state
                    .into_iter()
                    .filter(|(name, _)| !name.to_str().starts_with('_'));
                for (name, value) in public {
                    mounted.instance.set(&name.to_str(), value);
                }
                Ok(())
            }
            PushAction::Call { handler, payload } => {
                let found = mounted.registered.declaration().handler(&handler);
                let allowed = found.filter(|found| found.is_event_handler || handler.starts_with("handle_"));
                turn.arguments = payload.clone();
                match allowed {
                    Some(found) => timed(clock, &mut turn, Phase::Handler, || {
                        let arguments = Arguments::new(payload, &found.signature);
                        view.handle_event(&mut mounted.instance, found, &arguments)
                    }),
                    None => Err(Raised::new(
                        "AttributeError",
                        format!("no handler '{handler}' that a push may call"),
                    )),
                }
            }
        };
        if let Err(raised) = done {
            self.raised(&raised, "push_to_view", None, turn);
            return;
        }
        let reply = Reply {
            source: Some("broadcast"),
            broadcast: true,
            always: true,
            ..Reply::default()
        };
        self.answer(&reply, turn, clock);
    }

    /// Work in the background is done.
    pub(super) fn task_done(&mut self, task: TaskId, result: Result<Value, Raised>, clock: &dyn Clock) {
        // The view that started it may be gone.
        let Some((event, done)) = self.tasks.remove(&task) else {
            return;
        };
        let begun = self.begin(Cause::Async(Arc::clone(&event)), clock);
        let (Some(mut turn), Some(mounted)) = (begun, &mut self.mounted) else {
            return;
        };
        let finished = timed(clock, &mut turn, Phase::Handler, || {
            done(&mut mounted.instance, result)
        });
        let reply = Reply {
            source: Some("async"),
            event_name: Some(Arc::clone(&event)),
            always: true,
            ..Reply::default()
        };
        match finished {
            Ok(()) => self.answer(&reply, turn, clock),
            Err(raised) => self.raised(&raised, &event, Some(&reply), turn),
        }
    }
}

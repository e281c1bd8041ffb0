//! Which turn kept a thread of the server busy, and when.

use std::collections::VecDeque;

use djscope_recording::model::{Micros, Span, SpanKind, TurnId};
use serde_json::{Value, json};

/// Spans that are remembered, of all processes together.
const MAX_SPANS: usize = 512;

/// A shorter overlap keeps nobody waiting.
const MIN_OVERLAP_US: Micros = 1_000;

/// What the threads of the server did a moment ago.
#[derive(Debug, Default)]
pub struct Threads {
    busy: VecDeque<Busy>,
}

#[derive(Debug)]
struct Busy {
    /// The process and its thread.
    thread: (u32, u64),
    turn: TurnId,
    kind: SpanKind,
    name: String,
    start_us: Micros,
    end_us: Micros,
}

impl Threads {
    /// Remembers the work of a turn that began at `t_us`, in process `pid`.
    pub fn worked(&mut self, pid: u32, turn: TurnId, t_us: Micros, spans: &[Span]) {
        for span in spans.iter().filter(|span| span.parent.is_none() && is_work(span)) {
            let Some(thread) = thread_of(span) else { continue };
            let start_us = t_us + span.start_us;
            self.busy.push_back(Busy {
                thread: (pid, thread),
                turn,
                kind: span.kind,
                name: span.name.clone(),
                start_us,
                end_us: start_us.saturating_add_unsigned(span.duration_us),
            });
        }
        while self.busy.len() > MAX_SPANS {
            self.busy.pop_front();
        }
    }

    /// Says in the `queue` span of a turn which other turn was at work meanwhile on the thread that it needed.
    pub fn explain_wait(&self, pid: u32, turn: TurnId, t_us: Micros, spans: &mut [Span]) {
        let needed: Vec<u64> = spans
            .iter()
            .filter(|span| is_work(span))
            .filter_map(thread_of)
            .collect();
        let first_work = spans
            .iter()
            .filter(|span| is_work(span))
            .map(|span| span.start_us)
            .min();
        let Some(wait) = spans.iter_mut().find(|span| span.kind == SpanKind::Queue) else {
            return;
        };
        let from_us = t_us + wait.start_us;
        let seen_to_us = from_us.saturating_add_unsigned(wait.duration_us);
        // The server may have looked at the cause, and waited for its thread only then.
        let to_us = first_work.map_or(seen_to_us, |start_us| seen_to_us.max(t_us + start_us));
        let overlap_us = |busy: &Busy| busy.end_us.min(to_us) - busy.start_us.max(from_us);
        let is_cause = |busy: &&Busy| {
            let (process, thread) = busy.thread;
            process == pid
                && busy.turn != turn
                && needed.contains(&thread)
                && overlap_us(busy) >= MIN_OVERLAP_US
        };
        let Some(busy) = self
            .busy
            .iter()
            .filter(is_cause)
            .max_by_key(|busy| overlap_us(busy))
        else {
            return;
        };
        if let Ok(waited_us) = u64::try_from(busy.end_us.min(to_us) - from_us) {
            wait.duration_us = wait.duration_us.max(waited_us);
        }
        let occupant = json!({"turn": busy.turn, "kind": busy.kind.name(), "name": busy.name,
            "thread": busy.thread.1, "overlap_us": overlap_us(busy)});
        match &mut wait.detail {
            Value::Object(detail) => {
                detail.insert("occupied_by".to_owned(), occupant);
            }
            detail => *detail = json!({"occupied_by": occupant}),
        }
    }
}

/// Spans that hold their thread.
const fn is_work(span: &Span) -> bool {
    matches!(
        span.kind,
        SpanKind::Handler | SpanKind::Context | SpanKind::Render | SpanKind::Other
    )
}

fn thread_of(span: &Span) -> Option<u64> {
    span.detail.get("thread")?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(kind: SpanKind, start_us: Micros, duration_us: u64, thread: Option<u64>) -> Span {
        Span {
            span: 0,
            parent: None,
            kind,
            name: kind.name().to_owned(),
            start_us,
            duration_us,
            detail: thread.map_or(Value::Null, |thread| json!({"thread": thread})),
        }
    }

    /// Seen on a busy server: it reads the event at once, and its handler waits for the thread.
    #[test]
    fn a_wait_goes_on_while_the_thread_is_taken() {
        let mut threads = Threads::default();
        threads.worked(
            7,
            1,
            1_000_000,
            &[span(SpanKind::Handler, 150_000, 300_000, Some(1))],
        );
        let waits = |thread, handler_us| {
            let mut spans = [
                span(SpanKind::Queue, 0, 90_000, None),
                span(SpanKind::Handler, handler_us, 100, Some(thread)),
            ];
            threads.explain_wait(7, 2, 1_050_000, &mut spans);
            (
                spans[0].duration_us,
                spans[0].detail["occupied_by"]["turn"].as_u64(),
            )
        };
        assert_eq!(waits(1, 405_000), (400_000, Some(1)));
        // Nobody had that thread, or not before the work began.
        assert_eq!(waits(2, 405_000), (90_000, None));
        assert_eq!(waits(1, 95_000), (90_000, None));
    }
}

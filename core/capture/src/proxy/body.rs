//! Bodies that are passed on and kept up to a limit at the same time.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use djscope_recording::model::HttpBody;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// What of a body has gone by.
#[derive(Clone, Debug, Default)]
pub struct Kept(Arc<Mutex<Pieces>>);

#[derive(Debug, Default)]
struct Pieces {
    pieces: Vec<Bytes>,
    kept: usize,
    length: u64,
}

impl Kept {
    fn push(&self, piece: &Bytes, limit: usize) {
        let mut pieces = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        pieces.length += piece.len() as u64;
        let room = limit.saturating_sub(pieces.kept).min(piece.len());
        if room > 0 {
            pieces.kept += room;
            pieces.pieces.push(piece.slice(..room));
        }
    }

    /// The body so far. The pieces are given away.
    pub fn take(&self) -> HttpBody {
        let mut pieces = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bytes = std::mem::take(&mut pieces.pieces).concat();
        HttpBody {
            length: pieces.length,
            bytes,
            redacted: false,
        }
    }
}

/// A body on its way through.
#[derive(Debug)]
pub struct Passing<E: FnOnce(Option<String>) + Unpin> {
    inner: Incoming,
    kept: Kept,
    limit: usize,
    says_empty: bool,
    at_end: Option<E>,
}

impl<E: FnOnce(Option<String>) + Unpin> Passing<E> {
    /// Passes `inner` on, keeps up to `limit` bytes in `kept`, and calls `at_end` once: when the
    /// body has ended, has failed (with the reason), or is dropped.
    pub const fn new(inner: Incoming, kept: Kept, limit: usize, at_end: E) -> Self {
        Self {
            inner,
            kept,
            limit,
            says_empty: false,
            at_end: Some(at_end),
        }
    }

    /// Says that the head has a `Content-Length: 0`, which hyper leaves as it is only if it asks the body first.
    pub const fn saying_empty(mut self, says_empty: bool) -> Self {
        self.says_empty = says_empty;
        self
    }

    fn end(&mut self, problem: Option<String>) {
        if let Some(at_end) = self.at_end.take() {
            at_end(problem);
        }
    }
}

impl<E: FnOnce(Option<String>) + Unpin> Body for Passing<E> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.kept.push(data, self.limit);
                }
            }
            Some(Err(error)) => {
                let problem = format!("the body broke off: {error}");
                self.end(Some(problem));
            }
            None => self.end(None),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && !self.says_empty
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<E: FnOnce(Option<String>) + Unpin> Drop for Passing<E> {
    fn drop(&mut self) {
        // hyper drops a body that says it is at its end without asking for the end once more.
        let problem =
            (!self.inner.is_end_stream()).then(|| "the other side went away before the end".to_owned());
        self.end(problem);
    }
}

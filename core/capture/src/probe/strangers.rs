//! Connections that have not shown yet that they belong to a probe.

use std::collections::VecDeque;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// Those that are waited for, oldest first. Anybody on this machine can connect: they are few.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    waiting: Arc<Mutex<VecDeque<Stranger>>>,
    last: std::cell::Cell<u64>,
}

#[derive(Debug)]
struct Stranger {
    number: u64,
    stream: TcpStream,
    thread: Option<JoinHandle<()>>,
}

impl Strangers {
    /// How many are waited for at a time. One more takes the place of the oldest.
    pub(super) const MAX_WAITING: usize = 8;

    /// Starts a thread for `stream`. `talk` gets it, and a question to ask once it has shown the token: whether it
    /// has kept its place until then. From then on it is no stranger.
    ///
    /// # Errors
    ///
    /// If the system refuses a thread or a second handle.
    pub(super) fn greet(
        &self,
        stream: TcpStream,
        talk: impl FnOnce(TcpStream, &dyn Fn() -> bool) + Send + 'static,
    ) -> io::Result<()> {
        let number = self.last.get() + 1;
        self.last.set(number);
        let (handle, waiting) = (stream.try_clone()?, Arc::clone(&self.waiting));
        lock(&self.waiting).push_back(Stranger {
            number,
            stream: handle,
            thread: None,
        });
        let leave = move || {
            let mut waiting = lock(&waiting);
            let place = waiting.iter().position(|stranger| stranger.number == number);
            place.and_then(|place| waiting.remove(place)).is_some()
        };
        let thread = thread::Builder::new().name("probe".to_owned()).spawn({
            let leave = leave.clone();
            move || {
                talk(stream, &leave);
                leave();
            }
        });
        let thread = thread.inspect_err(|_| {
            leave();
        })?;
        let too_many = {
            let mut waiting = lock(&self.waiting);
            if let Some(stranger) = waiting.iter_mut().find(|stranger| stranger.number == number) {
                stranger.thread = Some(thread);
            }
            (waiting.len() > Self::MAX_WAITING)
                .then(|| waiting.pop_front())
                .flatten()
        };
        if let Some(oldest) = too_many {
            let _ = oldest.stream.shutdown(Shutdown::Both);
            // It ends now: its stream gives and takes nothing any more.
            let _ = oldest.thread.map(JoinHandle::join);
        }
        Ok(())
    }
}

fn lock(waiting: &Mutex<VecDeque<Stranger>>) -> MutexGuard<'_, VecDeque<Stranger>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

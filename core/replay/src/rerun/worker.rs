//! The worker's process: started, asked, and ended with djscope.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, PipeWriter, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use djscope_python::Worker as Files;

use super::RerunError;
use super::messages::{Ask, Did, Ready, Reply, Run, Start, Step};
use super::project::Project;
use crate::answer::HeldBack;

/// How long the project may take to be set up.
const SET_UP_WITHIN: Duration = Duration::from_secs(120);

/// How much longer than its limit a step may take until its answer is here.
const GRACE: Duration = Duration::from_secs(15);

/// Lines of the project's own output that are kept, to be shown if it fails.
const KEPT_LINES: usize = 40;

/// A worker that has set the project up.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    asks: PipeWriter,
    replies: Receiver<String>,
    said: Arc<Mutex<VecDeque<String>>>,
    seconds: Duration,
    /// Removed when the worker has ended.
    files: Files,
}

impl Worker {
    /// Starts the project's interpreter with the worker in it. `hash_seed`: where its hashes begin, if not where those of
    /// the recorded server did.
    ///
    /// # Errors
    ///
    /// If it cannot be started, or does not say that it has.
    pub fn start(project: &Project, hash_seed: Option<&str>) -> Result<Self, RerunError> {
        let files = Files::unpack()?;
        let failed = |source| RerunError::Start {
            python: project.python.clone(),
            source,
        };
        let (their_asks, asks) = std::io::pipe().map_err(failed)?;
        let (our_replies, their_replies) = std::io::pipe().map_err(failed)?;
        let mut command = Command::new(&project.python);
        command
            .args(inherited(&files, &their_asks, &their_replies).map_err(failed)?)
            .envs(project.environment())
            .envs(hash_seed.map(|seed| ("PYTHONHASHSEED", seed)))
            .current_dir(&project.cwd)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        drop((their_asks, their_replies));
        let said = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(stream) = child.stdout.take() {
            listen(stream, Arc::clone(&said));
        }
        if let Some(stream) = child.stderr.take() {
            listen(stream, Arc::clone(&said));
        }
        let (sender, replies) = channel();
        thread::spawn(move || {
            for line in BufReader::new(our_replies).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut worker = Self {
            child,
            asks,
            replies,
            said,
            seconds: SET_UP_WITHIN,
            files,
        };
        match worker.reply(SET_UP_WITHIN)? {
            Reply::Hello => Ok(worker),
            _ => Err(RerunError::Ended(
                "it began with another word than hello".to_owned(),
            )),
        }
    }

    /// Where the worker may write.
    pub fn work(&self) -> std::path::PathBuf {
        self.files.work()
    }

    /// Sets the project up.
    ///
    /// # Errors
    ///
    /// If that fails; the error says at which stage.
    pub fn set_up(&mut self, start: Start) -> Result<Ready, RerunError> {
        self.ask(&Ask::Start(start))?;
        match self.reply(SET_UP_WITHIN)? {
            Reply::Ready(ready) => Ok(ready),
            Reply::Failed(failed) => Err(RerunError::SetUp {
                stage: failed.stage,
                message: failed.message,
                traceback: failed.traceback,
                held_back: failed.held_back.iter().map(HeldBack::text).collect(),
            }),
            _ => Err(RerunError::Ended("it answers another question".to_owned())),
        }
    }

    /// Begins a run; what ran before has ended then.
    ///
    /// # Errors
    ///
    /// If the worker has ended.
    pub fn begin(&mut self, run: Run) -> Result<(), RerunError> {
        self.seconds = Duration::from_secs_f64(run.seconds.max(0.0));
        self.ask(&Ask::Run(run))
    }

    /// Takes a step of the run.
    ///
    /// # Errors
    ///
    /// If the worker has ended or does not answer; what the step itself does, its process's end included, is no error.
    pub fn step(&mut self, step: Step) -> Result<Did, RerunError> {
        let is_close = step.kind == "close";
        self.ask(&Ask::Step(Box::new(step)))?;
        match self.reply(self.seconds + GRACE)? {
            Reply::Did(did) => Ok(*did),
            _ if is_close => Ok(Did::default()),
            _ => Err(RerunError::Ended("it answers another question".to_owned())),
        }
    }

    /// Ends the run.
    ///
    /// # Errors
    ///
    /// If the worker has ended.
    pub fn end(&mut self) -> Result<(), RerunError> {
        self.ask(&Ask::End)
    }

    fn ask(&mut self, ask: &Ask) -> Result<(), RerunError> {
        let mut line = serde_json::to_vec(ask)?;
        line.push(b'\n');
        self.asks
            .write_all(&line)
            .and_then(|()| self.asks.flush())
            .map_err(|_| self.ended())
    }

    fn reply(&mut self, within: Duration) -> Result<Reply, RerunError> {
        match self.replies.recv_timeout(within) {
            Ok(line) => Ok(serde_json::from_str(&line)?),
            Err(RecvTimeoutError::Timeout) => Err(RerunError::Silent(within)),
            Err(RecvTimeoutError::Disconnected) => Err(self.ended()),
        }
    }

    /// Why it is not there any more, with the last that it printed.
    fn ended(&mut self) -> RerunError {
        let status = self.child.wait();
        // Its last lines may be on their way.
        thread::sleep(Duration::from_millis(50));
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        if let Some(last) = said.iter().rev().find(|line| !line.trim().is_empty()) {
            text.push_str(&format!("; it said last: {last}"));
        }
        RerunError::Ended(text)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.ask(&Ask::Quit);
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps the last lines of a stream.
fn listen(stream: impl Read + Send + 'static, said: Arc<Mutex<VecDeque<String>>>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            if said.len() == KEPT_LINES {
                said.pop_front();
            }
            said.push_back(line.chars().take(1000).collect());
        }
    });
}

#[cfg(unix)]
fn inherited(
    files: &Files,
    asks: &std::io::PipeReader,
    replies: &PipeWriter,
) -> std::io::Result<[String; 5]> {
    use std::os::fd::AsRawFd;

    use nix::fcntl::{FcntlArg, FdFlag, fcntl};

    fcntl(asks, FcntlArg::F_SETFD(FdFlag::empty()))?;
    fcntl(replies, FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(files.arguments(asks.as_raw_fd(), replies.as_raw_fd()))
}

#[cfg(not(unix))]
fn inherited(_: &Files, _: &std::io::PipeReader, _: &PipeWriter) -> std::io::Result<[String; 5]> {
    Err(std::io::Error::new(
        std::io::ErrorKind::Unsupported,
        "turns are run again on Unix only so far",
    ))
}

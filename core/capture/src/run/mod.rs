//! One run: the server, the probe listener, the proxy and the recorder, from start to end.

mod attached;
mod database_starts;
mod error;
mod source;

use std::ffi::OsString;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use djscope_python::Probe;
use djscope_recording::{RecordingError, Replaced, Summary};
use serde_json::json;
use tokio::sync::oneshot;

use crate::launch::{Occupant, Server, Stops};
use crate::notices::Notices;
use crate::observation::Observation;
use crate::probe::{ProbeListener, ProbeReport};
use crate::proxy::{self, HostName, ProxyOptions, Rewriting, Upstream, UpstreamError};
use crate::recorder::{Recorder, RecorderOptions, Shared};
use crate::silence::{Place, Watch};
use attached::Attached;
use database_starts::ReplacedStarts;
pub use error::RunError;
pub use source::{Inside, InsideServer, Report, Source};

/// How long a server may take from its start to its first connection.
const START_PATIENCE: Duration = Duration::from_secs(120);

/// How long the last reports of a probe may take, before the server is stopped and after that.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What is run.
pub struct RunOptions {
    /// The server.
    pub source: Source,
    /// Where the proxy listens.
    pub listen: SocketAddr,
    /// Say the server's address in `Host` and `Origin` where the proxy's own names stand, and these; none to leave
    /// both as they are.
    pub rewrite_host: Option<Vec<HostName>>,
    /// The file.
    pub out: PathBuf,
    /// Replace a recording that is there already, once the server listens.
    pub overwrite: bool,
    /// Bytes of an HTTP body that are kept.
    pub body_limit: usize,
    /// Where the run says what the user should hear of.
    pub notices: Arc<Notices>,
    /// How it is recorded.
    pub recorder: RecorderOptions,
    /// End after this long.
    pub duration: Option<Duration>,
}

/// Why a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Ctrl-C or SIGTERM.
    Signal,
    /// The time that it was given is over.
    Time,
    /// The server has ended.
    Server(ExitStatus),
    /// The caller asked for it.
    Asked,
}

/// A run that has begun.
pub struct Run {
    /// Where the proxy listens.
    pub proxy: SocketAddr,
    /// The server.
    pub upstream: Upstream,
    /// Whether a probe reports from the server, or is awaited to.
    pub has_probe: bool,
    /// What can be seen of the recorder.
    pub recorder: Arc<Shared>,
    ending: Arc<Mutex<Option<Ending>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: JoinHandle<Result<Option<Summary>, RecordingError>>,
}

struct Started {
    proxy: SocketAddr,
    upstream: Upstream,
    has_probe: bool,
    recorder: Arc<Shared>,
}

impl Run {
    /// Starts everything and waits until the server listens. `at_end` is called once, when the run
    /// begins to end.
    ///
    /// # Errors
    ///
    /// [`RunError`] says what could not be started; nothing is left running then.
    pub fn start(options: RunOptions, at_end: impl FnOnce() + Send + 'static) -> Result<Self, RunError> {
        if !options.listen.ip().is_loopback() {
            return Err(RunError::NotLoopback(options.listen));
        }
        let (stop, stopped) = oneshot::channel();
        let (begin, begun) = mpsc::channel();
        let ending = Arc::new(Mutex::new(None));
        let ended = Arc::clone(&ending);
        let thread = thread::Builder::new().name("proxy".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = begin.send(Err(RunError::System(error)));
                    return Ok(None);
                }
            };
            let result = runtime.block_on(whole_run(options, stopped, &begin, &ended, at_end));
            drop(runtime);
            result
        })?;
        match begun.recv() {
            Ok(Ok(Started {
                proxy,
                upstream,
                has_probe,
                recorder,
            })) => Ok(Self {
                proxy,
                upstream,
                has_probe,
                recorder,
                ending,
                stop: Some(stop),
                thread,
            }),
            Ok(Err(error)) => {
                let _ = thread.join();
                Err(error)
            }
            Err(_) => match thread.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(_) => Err(RunError::Stopped),
            },
        }
    }

    /// Why the run has ended, once it has.
    pub fn ending(&self) -> Option<Ending> {
        *self.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the run ends by itself, and completes the recording.
    ///
    /// # Errors
    ///
    /// If the file could not be completed.
    pub fn wait(self) -> Result<(Option<Summary>, Ending), RecordingError> {
        let Self {
            ending, stop, thread, ..
        } = self;
        let summary = thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        drop(stop);
        let ending = ending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .unwrap_or(Ending::Asked);
        summary.map(|summary| (summary, ending))
    }

    /// Ends the run and completes the recording.
    ///
    /// # Errors
    ///
    /// If the file could not be completed.
    pub fn finish(mut self) -> Result<(Option<Summary>, Ending), RecordingError> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.wait()
    }
}

type Begin = mpsc::Sender<Result<Started, RunError>>;

async fn whole_run(
    options: RunOptions,
    mut stopped: oneshot::Receiver<()>,
    begin: &Begin,
    ending: &Mutex<Option<Ending>>,
    at_end: impl FnOnce(),
) -> Result<Option<Summary>, RecordingError> {
    let duration = options.duration;
    let mut stops = Stops::catch();
    let mut live = match Live::start(options, &mut stops).await {
        Ok(live) => live,
        Err(error) => {
            let _ = begin.send(Err(error));
            return Ok(None);
        }
    };
    let started = Started {
        proxy: live.proxy,
        upstream: live.upstream.clone(),
        has_probe: live.has_probe,
        recorder: live.recorder.shared(),
    };
    let _ = begin.send(Ok(started));
    let over = async {
        match duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    let server = async {
        match &mut live.server {
            Served::Child(server, _) => server.ended().await,
            Served::Inside(_) | Served::Attached(_) => std::future::pending().await,
        }
    };
    let asked = async {
        // The sender is dropped without a word when the caller only waits.
        if (&mut stopped).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let reason = tokio::select! {
        () = stops.asked() => Ending::Signal,
        () = over => Ending::Time,
        () = asked => Ending::Asked,
        Ok(status) = server => Ending::Server(status),
    };
    *ending.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    // Whoever reads the file closes it now, so that one file remains.
    at_end();
    live.end().await.map(Some)
}

/// What is at the other end of the proxy.
enum Served {
    /// A process of our own, and the probe in it.
    Child(Box<Server>, Option<(ProbeListener, Probe)>),
    /// A server in this process.
    Inside(InsideServer),
    /// A server of somebody else, and the probe in it that was switched on.
    Attached(Option<Attached>),
}

type Prepared = (Vec<(OsString, OsString)>, Option<(ProbeListener, Probe)>);

impl Served {
    /// Whether it reports of its turns.
    const fn has_probe(&self) -> bool {
        match self {
            Self::Child(_, probe) => probe.is_some(),
            Self::Inside(_) => true,
            Self::Attached(attached) => attached.is_some(),
        }
    }

    /// Where a probe should report from.
    fn place(&self, upstream: &Upstream) -> Option<Place> {
        match self {
            Self::Child(server, Some((_, probe))) => Some(Place {
                root: server.id()?,
                addresses: upstream.addresses().to_vec(),
                startup: probe.startup(),
            }),
            _ => None,
        }
    }
}

struct Live {
    proxy: SocketAddr,
    upstream: Upstream,
    has_probe: bool,
    recorder: Recorder,
    server: Served,
    serving: tokio::task::JoinHandle<io::Result<()>>,
    silence: Option<Arc<Watch>>,
}

impl Live {
    async fn start(options: RunOptions, stops: &mut Stops) -> Result<Self, RunError> {
        let listener = proxy::bind(options.listen)
            .await
            .map_err(|source| RunError::Listen {
                address: options.listen,
                by: (source.kind() == io::ErrorKind::AddrInUse)
                    .then(|| Occupant::of(options.listen))
                    .flatten(),
                source,
            })?;
        let expected = options.source.upstream()?;
        match (&expected, &options.source) {
            (Some(upstream), Source::Attached(_)) => check(upstream).await?,
            (Some(upstream), _) => refuse_if_taken(upstream).await?,
            (None, _) => {}
        }
        let command = options.source.command();
        // The old recording says which copies are its own: it is asked before it is moved.
        let starts = match options.source.keeps_databases() {
            true => Some(ReplacedStarts::take(&options.out, options.overwrite)?),
            false => None,
        };
        let replaced = if options.overwrite {
            Replaced::take(&options.out)?
        } else {
            None
        };
        let recorder = Recorder::start(&options.out, options.recorder)?;
        let started = Self::begin(
            options.source,
            &options.out,
            expected,
            &recorder,
            &options.notices,
            stops,
        )
        .await;
        let (server, upstream) = match started {
            Ok(started) => started,
            Err(error) => {
                // The old recording comes back after the new one has gone.
                discard(recorder);
                return Err(error);
            }
        };
        if let Some(replaced) = replaced {
            replaced.remove();
        }
        if let Some(starts) = starts {
            starts.remove();
        }
        // After the server has started, which gets the limit that it would have alone.
        allow_many_files();
        let proxy = listener.local_addr()?;
        let has_probe = server.has_probe();
        let tap = recorder.tap();
        for (key, value) in [
            ("command", json!(command.unwrap_or_default())),
            ("upstream", json!(upstream.to_string())),
            ("proxy", json!(format!("http://{proxy}"))),
            ("probe", json!(has_probe)),
            ("djscope", json!(env!("CARGO_PKG_VERSION"))),
        ] {
            tap.send(Observation::Fact { key, value });
        }
        let notices = Arc::clone(&options.notices);
        let options = ProxyOptions {
            upstream: upstream.clone(),
            rewriting: options
                .rewrite_host
                .map(|allowed| Rewriting::new(upstream.authority(), allowed)),
            body_limit: options.body_limit,
            notices: options.notices,
        };
        let serving = tokio::spawn(proxy::serve(listener, options, tap));
        let silence = server.place(&upstream).map(|place| {
            let (shared, clock, tap) = (recorder.shared(), recorder.clock(), recorder.tap());
            Arc::new(Watch::new(place, shared, clock, tap, notices))
        });
        if let Some(silence) = &silence {
            tokio::spawn(Arc::clone(silence).watch());
        }
        Ok(Self {
            proxy,
            upstream,
            has_probe,
            recorder,
            server,
            serving,
            silence,
        })
    }

    /// Starts the server, if it has to be started.
    async fn begin(
        source: Source,
        out: &Path,
        expected: Option<Upstream>,
        recorder: &Recorder,
        notices: &Notices,
        stops: &mut Stops,
    ) -> Result<(Served, Upstream), RunError> {
        match source {
            Source::Command {
                command,
                probe,
                keep,
                snapshot_databases,
                ..
            } => {
                let (mut environment, probes) = prepare(probe, recorder)?;
                if snapshot_databases {
                    environment.push(("DJSCOPE_SNAPSHOT_DB".into(), std::path::absolute(out)?.into()));
                }
                let server = Server::start(&command, environment, keep)?;
                Self::launched(server, expected, probes, stops).await
            }
            Source::Inside(inside) => begin_inside(inside, recorder),
            Source::Attached(text) => {
                let upstream = expected.ok_or(UpstreamError::Form(text))?;
                let attached = Attached::to(&upstream, recorder, notices).await?;
                Ok((Served::Attached(attached), upstream))
            }
        }
    }

    async fn launched(
        mut server: Server,
        expected: Option<Upstream>,
        probes: Option<(ProbeListener, Probe)>,
        stops: &mut Stops,
    ) -> Result<(Served, Upstream), RunError> {
        let address = tokio::select! {
            address = server.address(expected.as_ref().map(Upstream::addresses), START_PATIENCE) => address,
            () = stops.asked() => {
                server.stop().await;
                return Err(RunError::Stopped);
            }
        };
        match address {
            Ok(address) => Ok((
                Served::Child(Box::new(server), probes),
                expected.unwrap_or_else(|| address.into()),
            )),
            Err(error) => {
                server.stop().await;
                Err(error.into())
            }
        }
    }

    async fn end(self) -> Result<Summary, RecordingError> {
        let Self {
            recorder,
            server,
            serving,
            silence,
            ..
        } = self;
        if let Some(silence) = &silence {
            silence.before_end();
        }
        let probes = match server {
            Served::Child(server, probes) => {
                let connected = probes.as_ref().map(|(listener, _)| listener.connected());
                if let Some(connected) = connected {
                    // Few servers end in a way that lets the probe say what it has left.
                    connected.flush(LAST_WORDS).await;
                }
                let has_ended = server.stop().await;
                if let (Some(connected), true) = (connected, has_ended) {
                    connected.gone(LAST_WORDS).await;
                }
                probes
            }
            Served::Inside(server) => {
                (server.stop)();
                None
            }
            Served::Attached(attached) => {
                if let Some(attached) = attached {
                    attached.leave().await;
                }
                None
            }
        };
        if let Some(silence) = &silence {
            silence.end();
        }
        serving.abort();
        drop(probes);
        recorder.finish()
    }
}

/// Listens for probes and unpacks one, unless there shall be none. Gives the environment that a server needs for it.
fn prepare(with_probe: bool, recorder: &Recorder) -> Result<Prepared, RunError> {
    if !with_probe {
        return Ok((Vec::new(), None));
    }
    let (listener, token) = listen_for_probes(recorder)?;
    let probe = Probe::unpack()?;
    let inherited = std::env::var_os("PYTHONPATH");
    let environment = probe.environment(listener.address(), &token, inherited.as_deref());
    probe.check()?;
    Ok((environment, Some((listener, probe))))
}

/// Listens for probes, whose reports are recorded. Gives the token that they have to show, too.
fn listen_for_probes(recorder: &Recorder) -> io::Result<(ProbeListener, String)> {
    let token = token()?;
    let tap = recorder.tap();
    let listener = ProbeListener::start(token.clone(), move |report| {
        tap.send_waiting(Observation::Probe {
            t_us: tap.now_us(),
            report,
        });
    })?;
    let connected = Arc::clone(listener.connected());
    recorder
        .shared()
        .on_lost_states(move || connected.ask_for_whole_states());
    Ok((listener, token))
}

/// Starts a server in this process; what it says goes on the queue, or away if there is no room.
fn begin_inside(inside: Inside, recorder: &Recorder) -> Result<(Served, Upstream), RunError> {
    let tap = recorder.tap();
    let pid = std::process::id();
    let report: Report = Arc::new(move |message| {
        tap.send(Observation::Probe {
            t_us: tap.now_us(),
            report: ProbeReport::Message { pid, message },
        });
    });
    let mut server = (inside.start)(report)?;
    let forget = std::mem::replace(&mut server.forget_states, Box::new(|| ()));
    recorder.shared().on_lost_states(forget);
    let upstream = Upstream::from(server.address);
    Ok((Served::Inside(server), upstream))
}

/// A run that never began leaves no file behind.
fn discard(recorder: Recorder) {
    if let Ok(summary) = recorder.finish()
        && summary.health.moved.is_none()
    {
        let _ = std::fs::remove_file(summary.path);
    }
}

/// Each connection of a browser takes two files; the system gives more to whoever asks.
fn allow_many_files() {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};
        if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
            && soft < hard
        {
            // Without it there are as many as before, and running out of them is said.
            let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
        }
    }
}

/// 128 bits from the system's generator, in hexadecimal.
fn token() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Something that answers on the port before the server is started would be taken for it.
async fn refuse_if_taken(upstream: &Upstream) -> Result<(), RunError> {
    for address in upstream.addresses() {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return Err(RunError::InUse {
                address: upstream.authority(),
                by: Occupant::of(*address),
            });
        }
    }
    Ok(())
}

/// Asks the server for nothing in particular (RFC 9110, section 9.3.7) to see whether it speaks HTTP.
async fn check(upstream: &Upstream) -> Result<(), RunError> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let unreachable = |source| RunError::Unreachable {
        upstream: upstream.clone(),
        source,
    };
    let mut stream = tokio::net::TcpStream::connect(upstream.addresses())
        .await
        .map_err(unreachable)?;
    let request = format!(
        "OPTIONS * HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        upstream.authority()
    );
    stream.write_all(request.as_bytes()).await.map_err(unreachable)?;
    let mut start = [0; 5];
    let answer = tokio::time::timeout(Duration::from_secs(10), stream.read_exact(&mut start)).await;
    match answer {
        Ok(Ok(_)) if &start == b"HTTP/" => Ok(()),
        // A server that is busy may well be one that somebody wants to look at.
        Err(_) => Ok(()),
        Ok(_) => Err(RunError::NotHttp(upstream.clone())),
    }
}

/// The first address of `text`, for `--listen`.
///
/// # Errors
///
/// If it is no address.
pub fn listen_address(text: &str) -> io::Result<SocketAddr> {
    let with_port = if text.contains(':') {
        text.to_owned()
    } else {
        format!("127.0.0.1:{text}")
    };
    with_port
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))
}

//! `djscope run` and `djscope attach`: from a server to a recording, and the panel beside it.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use djscope_capture::notices::Notices;
use djscope_capture::recorder::RecorderOptions;
use djscope_capture::redaction::Rules;
use djscope_capture::run::{Ending, Run, RunOptions, Source};
use djscope_hub::socket::HubAddress;
use djscope_hub::{Client, Live, Mailbox};
use djscope_recording::{Commit, Summary};
use serde_json::json;

use crate::arguments::{AttachArguments, LiveArguments, RunArguments};
use crate::failure::Failure;
use crate::hub::{self, RunHub};
use crate::servers;
use crate::terminal::{note, say, say_json};
use crate::window;

/// Bytes of an HTTP body that are kept: more than any script or picture of a dev page.
const BODY_LIMIT: usize = 8 << 20;

/// `djscope run`.
pub fn run(options: RunArguments) -> Result<(), Failure> {
    let source = Source::Command {
        command: options.server,
        upstream: options.upstream,
        probe: !options.no_probe,
        keep: options.keep_server,
        snapshot_databases: options.snapshot_db,
    };
    record(&options.common, source)
}

/// `djscope attach`.
pub fn attach(options: AttachArguments) -> Result<(), Failure> {
    match options.upstream {
        Some(upstream) => record(&options.common, Source::Attached(upstream)),
        None => servers::list(&options.common),
    }
}

/// Records a server and shows the panel.
pub fn record(options: &LiveArguments, source: Source) -> Result<(), Failure> {
    if let Some(out) = &options.out {
        Failure::if_empty("the recording", out)?;
    }
    let rules = rules(options)?;
    let out = options.out.clone().map_or_else(default_path, Ok)?;
    let command = source.command();
    let mailbox = Mailbox::default();
    let mut recorder = RecorderOptions::within(options.memory);
    recorder.rules = rules;
    recorder.writer.on_commit = Some(say_at_once(mailbox.on_commit()));
    let look_again = Mutex::new(mailbox.on_commit());
    let notices = Arc::new(Notices::new(move |sentence| {
        note!("{sentence}");
        let look_again = look_again.lock().unwrap_or_else(PoisonError::into_inner);
        look_again(Commit::default());
    }));
    let run_options = RunOptions {
        source,
        listen: options.listen,
        rewrite_host: options.rewrite_host.then(|| options.allow_host.clone()),
        out: out.clone(),
        overwrite: options.overwrite,
        body_limit: BODY_LIMIT,
        notices: Arc::clone(&notices),
        recorder,
        duration: options.duration,
    };
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let closer = window::Closer::default();
    let close = closer.clone();
    let run_hub = RunHub::default();
    let close_hub = run_hub.clone();
    let run = Run::start(run_options, move || {
        over.store(true, Ordering::Relaxed);
        close.close();
        close_hub.close();
    })?;
    let proxy = format!("http://{}", run.proxy);
    announce(&proxy, &run, &out, options.json);
    if command.is_none() {
        note!("{}", words_on_probe(run.has_probe));
    }
    let live = Live {
        proxy,
        upstream: run.upstream.to_string(),
        command,
        with_probe: run.has_probe,
        recorder: Arc::clone(&run.recorder),
        notices,
    };
    let hub = run_hub.open(&out, live, mailbox)?;
    let served = match (&hub, options.hub) {
        (Some(hub), Some(port)) => Some(hub::serve(hub, port)?),
        _ => None,
    };
    if let Some(served) = &served {
        announce_hub(served.address(), options.json);
    }
    let wants_window = !options.headless && !is_over.load(Ordering::Relaxed);
    if wants_window && !window::has_display() {
        note!("no display: recording without a window");
    } else if wants_window && let Some(hub) = hub {
        let connect = move |wake: window::Wake| Ok(Box::new(hub.client(wake)) as Box<dyn Client>);
        let start = window::Start::default();
        if let Err(failure) = window::show(&hub::file_name(&out), connect, &start, &closer) {
            failure.print();
            note!("recording goes on without a window; Ctrl-C ends it");
            return report(run.wait(), options.json);
        }
        return report(run.finish(), options.json);
    }
    report(run.wait(), options.json)
}

/// What is said of a server that somebody else has started.
const fn words_on_probe(has_probe: bool) -> &'static str {
    if has_probe {
        "the probe in this server is switched on until djscope ends: state, SQL, logs and handler times are recorded"
    } else {
        "no probe reports from this server: private state, SQL, logs and handler times are missing, and of the public state \
         there is what djust itself shows with DEBUG on; djscope run has them all, and djscope attach as well, for servers \
         that are started after djscope probe install"
    }
}

fn announce_hub(address: &HubAddress, as_json: bool) {
    if as_json {
        say_json(&json!({"hub": address.to_string()}));
    } else {
        say(format_args!("hub {address}"));
    }
}

/// Says on standard error what happens to the file, as soon as it is noticed.
fn say_at_once(next: Box<dyn Fn(Commit) + Send>) -> Box<dyn Fn(Commit) + Send> {
    let said = RefCell::new(HashSet::new());
    Box::new(move |commit| {
        for sentence in commit.health.happened() {
            if said.borrow_mut().insert(sentence.clone()) {
                note!("{sentence}");
            }
        }
        next(commit);
    })
}

fn announce(proxy: &str, run: &Run, out: &Path, as_json: bool) {
    if as_json {
        say_json(&json!({"proxy": proxy, "upstream": run.upstream.to_string(), "recording": out}));
    } else {
        say(format_args!("proxy {proxy}"));
    }
    note!(
        "open {proxy} in your browser instead of {}; recording {}",
        run.upstream,
        out.display()
    );
}

type Finished = Result<(Option<Summary>, Ending), djscope_recording::RecordingError>;

fn report(finished: Finished, as_json: bool) -> Result<(), Failure> {
    let (summary, ending) = finished?;
    let Some(summary) = summary else { return Ok(()) };
    let health = &summary.health;
    let is_lost = health.moved.as_ref().is_some_and(|moved| moved.to.is_err());
    if as_json {
        say_json(&json!({
            "recording": (!is_lost).then_some(&summary.path), "turns": health.turns, "frames": health.frames,
            "bytes": health.size_bytes, "lost": health.dropped(), "ending": ending_name(ending),
            "moved": health.moved.as_ref().map(ToString::to_string),
        }));
    }
    let why = match ending {
        Ending::Server(status) => format!("the server ended ({status}); "),
        Ending::Time | Ending::Signal | Ending::Asked => String::new(),
    };
    if is_lost {
        note!("{why}no recording is left");
    } else {
        note!(
            "{why}{} turns and {} frames in {} ({} KB)",
            health.turns,
            health.frames,
            summary.path.display(),
            health.size_bytes / 1000
        );
    }
    if let Some(moved) = &health.moved {
        let hint = match &moved.to {
            Ok(path) => format!("djscope open {}", path.display()),
            Err(_) => "record again, into a folder that nothing tidies up".to_owned(),
        };
        return Err(Failure::new(format!("{} {}", moved.from.display(), moved.what)).with_hint(hint));
    }
    if health.dropped() > 0 {
        let reason = health
            .error
            .clone()
            .unwrap_or_else(|| "the recorder could not keep up".to_owned());
        return Err(Failure::new(format!(
            "{} entries could not be recorded: {reason}",
            health.dropped()
        ))
        .with_hint("what was recorded before and after is in the file"));
    }
    Ok(())
}

const fn ending_name(ending: Ending) -> &'static str {
    match ending {
        Ending::Signal => "signal",
        Ending::Time => "time",
        Ending::Server(_) => "server",
        Ending::Asked => "asked",
    }
}

fn rules(options: &LiveArguments) -> Result<Rules, Failure> {
    if options.no_redact {
        return Ok(Rules::none());
    }
    let mut rules = Rules::default();
    for name in &options.redact {
        rules.add(name);
    }
    for file in &options.redact_file {
        Failure::if_empty("a file of names to redact", file)?;
        rules.add_file(file)?;
    }
    Ok(rules)
}

/// A new file in the user's data folder, named after the time.
fn default_path() -> Result<PathBuf, Failure> {
    let folder = data_folder().ok_or_else(|| {
        Failure::new("cannot tell the user's data folder").with_hint("name the recording with --out FILE")
    })?;
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::new(format!("cannot make {}: {error}", folder.display()))
            .with_hint("name the recording with --out FILE")
    })?;
    let now = jiff::ZonedDateTime::now().strftime("%Y-%m-%d-%H%M%S").to_string();
    let free = (0..100u32)
        .map(|number| {
            if number == 0 {
                format!("{now}.djscope")
            } else {
                format!("{now}-{number}.djscope")
            }
        })
        .map(|name| folder.join(name))
        .find(|path| !path.exists());
    free.ok_or_else(|| Failure::new(format!("too many recordings in {}", folder.display())))
}

fn data_folder() -> Option<PathBuf> {
    dirs::data_dir().map(|data| data.join("djscope").join("recordings"))
}

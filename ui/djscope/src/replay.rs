//! `djscope replay`: a recording, played to a live server or to a browser.

use std::time::Duration;

use djscope_recording::Reader;
use djscope_replay::browser::{Client, Stage};
use djscope_replay::rerun::Word;
use djscope_replay::server::{Answer, Latency, Options, Outcome, Pace, Replay};
use djscope_report::value;
use tokio::runtime::Builder;

use crate::arguments::{PlayedClient, PlayedPace, ReplayArguments, ReplayTo};
use crate::consent;
use crate::failure::Failure;
use crate::terminal::{error_line, note, say, say_json};

/// How much of a value is printed, in bytes.
const VALUE_BYTES: usize = 100;

/// Differences of a turn that are printed as text; `--json` has all.
const PRINTED: usize = 3;

/// Plays a recording. False if the server did not do what it did, or something went wrong.
pub fn replay(options: &ReplayArguments) -> Result<bool, Failure> {
    let to = ReplayTo::of(&options.to).map_err(|reason| {
        Failure::new(reason).with_hint("--to server http://127.0.0.1:8000, or --to browser")
    })?;
    let reader = Reader::open(&options.recording)?;
    match to {
        ReplayTo::Server(address) => to_server(&reader, &address, options),
        ReplayTo::Browser => to_browser(reader, options).map(|()| true),
    }
}

fn to_server(reader: &Reader, address: &str, options: &ReplayArguments) -> Result<bool, Failure> {
    let replay = Replay::of(reader)?;
    replay.check(address, &options.allow_host)?;
    say_what(&replay, address, options);
    if !options.yes {
        consent::ask("Play it?", "played")?;
    }
    let outcome = replay.play(address, &options.allow_host, settled(options))?;
    for answer in &outcome.answers {
        if options.json {
            say_json(&answer.object());
        } else {
            print(answer, outcome.copies);
        }
    }
    if options.json {
        say_json(&serde_json::json!({"summary": outcome.object()}));
    }
    say_sum(&outcome);
    Ok(outcome.is_good())
}

fn settled(options: &ReplayArguments) -> Options {
    Options {
        pace: match options.pace {
            PlayedPace::Recorded => Pace::Recorded,
            PlayedPace::Reply => Pace::Reply,
            PlayedPace::Max => Pace::Max,
        },
        copies: options.copies,
        stagger: Duration::from_millis(options.stagger),
        login: options.login_cookie.clone(),
        patience: options.timeout,
        rate: options.rate,
    }
}

fn say_what(replay: &Replay, address: &str, options: &ReplayArguments) {
    let size = replay.size();
    let times = match options.copies {
        1 => String::new(),
        copies => format!(", {copies} times"),
    };
    note!(
        "this sends {} requests and {} messages over {} sockets to {address}{times}; the server does for them what it does for a \
         browser: it writes to its database, and sends mail",
        size.requests,
        size.messages,
        size.sockets
    );
    for left_out in replay.left_out() {
        note!("{left_out}");
    }
    if let (Some(user), true) = (replay.user(), options.login_cookie.is_empty()) {
        note!(
            "the recorded visitor was logged in (user {user}), and no login is given: --login-cookie sessionid=VALUE"
        );
    }
}

fn print(answer: &Answer, copies: usize) {
    let name = answer
        .event
        .as_deref()
        .or(answer.view.as_deref())
        .unwrap_or_default();
    let length =
        |us: Option<u64>| us.map_or_else(|| "-".to_owned(), |us| format!("{:.1} ms", us as f64 / 1e3));
    let counts = match copies {
        1 => String::new(),
        _ => format!(" · {} of {copies} same", answer.same),
    };
    say(format!(
        "{:>6}  {:<11} {:<10} {:<28} recorded {} in {} · now {}{counts}",
        answer.turn,
        answer.word().name(),
        answer.kind.name(),
        name,
        answer.recorded,
        length(answer.recorded_us),
        length(answer.latency.percentile_us(50)),
    ));
    for difference in answer.differs.iter().take(PRINTED) {
        say(format!(
            "        {}: recorded {}, now {}",
            difference.path,
            value::repr(&difference.recorded, VALUE_BYTES),
            value::repr(&difference.got, VALUE_BYTES),
        ));
    }
    if answer.differs.len() > PRINTED {
        say(format!("        … and {} more", answer.differs.len() - PRINTED));
    }
    for reason in &answer.reasons {
        say(format!("        because {reason}"));
    }
}

fn say_sum(outcome: &Outcome) {
    let line = |what: &str, latency: &Latency| {
        let ms = |percent| {
            latency
                .percentile_us(percent)
                .map_or_else(|| "-".to_owned(), |us| format!("{:.1} ms", us as f64 / 1e3))
        };
        error_line(&format!(
            "djscope: {what}: p50 {}, p90 {}, p99 {} ({} answers)",
            ms(50),
            ms(90),
            ms(99),
            latency.count()
        ));
    };
    line("recorded", &outcome.recorded);
    line("now", &outcome.latency);
    for (trouble, times) in &outcome.troubles {
        let side = if trouble.is_servers {
            "the server"
        } else {
            "djscope"
        };
        error_line(&format!("djscope: {side}, {times} times: {}", trouble.what));
    }
    if outcome.not_waited_for > 0 {
        note!(
            "{} beats of the server's clock were not waited for",
            outcome.not_waited_for
        );
    }
    error_line(&format!(
        "djscope: {} turns: {} same, {} differ, {} cannot be told",
        outcome.answers.len(),
        outcome.count(Word::Same),
        outcome.count(Word::Differs),
        outcome.count(Word::CannotTell)
    ));
}

/// Serves the recording until it is interrupted.
fn to_browser(reader: Reader, options: &ReplayArguments) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::new(format!("the system refuses what the replay needs: {error}"));
    let client = match options.client {
        PlayedClient::Recorded => Client::Recorded,
        PlayedClient::Ours => Client::Ours,
    };
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(failed)?;
    runtime.block_on(async {
        let stage = Stage::start(reader, options.port, client).await?;
        for text in stage.notes() {
            note!("{text}");
        }
        let turn = options.turn.map(|turn| format!("#turn={turn}")).unwrap_or_default();
        let address = format!("{}{turn}", stage.url());
        if options.json {
            say_json(&serde_json::json!({"replay": address}));
        } else {
            say(format!("replay {address}"));
        }
        note!("scripts of the recorded pages run in the browser, where they reach nothing but the recording; Ctrl-C ends it");
        let end = async {
            match options.duration {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = terminated() => {}
            () = end => {}
        }
        stage.stop().await;
        Ok(())
    })
}

/// Waits until somebody asks the process to end.
async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        terminated.recv().await;
        return;
    }
    std::future::pending::<()>().await;
}

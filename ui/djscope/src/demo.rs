//! `djscope demo`: the engine's own site, served, proxied and recorded like any other.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread;

use djscope_capture::run::{Inside, InsideServer, Report, Source};
use djscope_host::{CLIENT_SCRIPT, Host, HostOptions};
use djscope_live::{Application, Rate, Settings};
use djscope_replay::Reporter;
use tokio::sync::oneshot;

use crate::arguments::{LiveArguments, SmokeArguments};
use crate::failure::Failure;
use crate::live;
use crate::terminal::{self, note};

/// What stands where a command would.
const NAME: &str = "djscope demo";

/// Serves the demo, records it and shows the panel.
pub fn demo(options: &LiveArguments) -> Result<(), Failure> {
    let site = Arc::new(site()?);
    let inside = Inside {
        name: NAME.to_owned(),
        start: Box::new(move |report| serve(site, report)),
    };
    live::record(options, Source::Inside(inside))
}

fn site() -> Result<Application, Failure> {
    let settings = Settings {
        scripts: CLIENT_SCRIPT.into(),
        // Somebody who holds a key down is welcome here.
        messages: Rate {
            per_second: 1_000.0,
            burst: 1_000.0,
        },
        ..Settings::default()
    };
    djscope_demo::site(settings)
        .map_err(|error| Failure::new(format!("a template of the demo has an error: {error}")))
}

/// Serves a site on a free port of this machine, in threads of its own.
fn serve(site: Arc<Application>, report: Report) -> io::Result<InsideServer> {
    let (begin, begun) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let reporter = Arc::new(Reporter::new(report));
    let remembers = Arc::clone(&reporter);
    let thread = thread::Builder::new().name("demo".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => runtime.block_on(serve_until(site, reporter, &begin, stopped)),
            Err(error) => drop(begin.send(Err(error))),
        }
    })?;
    let ended = || io::Error::other("the demo's server ended before it listened");
    let address = begun.recv().map_err(|_| ended())??;
    Ok(InsideServer {
        address,
        forget_states: Box::new(move || remembers.forget_states()),
        stop: Box::new(move || {
            let _ = stop.send(());
            let _ = thread.join();
        }),
    })
}

async fn serve_until(
    site: Arc<Application>,
    reporter: Arc<Reporter>,
    begin: &mpsc::Sender<io::Result<SocketAddr>>,
    stopped: oneshot::Receiver<()>,
) {
    reporter.report_views(&site);
    let options = HostOptions {
        on_turn: Some(Arc::new(move |session, turn| reporter.report(session, turn))),
        ..HostOptions::default()
    };
    match Host::start(options, site).await {
        Ok(host) => {
            let _ = begin.send(Ok(host.address()));
            let _ = stopped.await;
            host.stop().await;
        }
        Err(error) => drop(begin.send(Err(error))),
    }
}

/// `djscope smoke`: tries every view of the demo with whatever may be sent.
pub fn smoke(options: &SmokeArguments) -> Result<bool, Failure> {
    use djscope_live::{SmokeOptions, smoke};
    let site = Arc::new(site()?);
    let tried = SmokeOptions {
        calls: options.calls,
        seed: options.seed,
        ..SmokeOptions::default()
    };
    let mut findings = Vec::new();
    let views: Vec<_> = site
        .views()
        .filter(|view| {
            options.views.is_empty() || options.views.iter().any(|name| *name == *view.declaration().path)
        })
        .collect();
    if views.is_empty() {
        return Err(
            Failure::new("the demo has no such view").with_hint("djscope smoke without a name tries all")
        );
    }
    for view in &views {
        findings.extend(smoke(&site, view, &tried));
    }
    for finding in &findings {
        if options.json {
            terminal::say_json(&serde_json::json!({
                "view": finding.view, "handler": finding.handler, "params": finding.params,
                "problem": finding.problem.to_string(),
            }));
        } else {
            let handler = finding.handler.as_deref().unwrap_or("mount");
            terminal::say(format_args!(
                "{}.{handler}: {} {}",
                finding.view, finding.problem, finding.params
            ));
        }
    }
    note!("{} views tried, {} findings", views.len(), findings.len());
    Ok(findings.is_empty())
}

//! How much one core serves: events a second, memory of a connection, and how long an answer takes, beside djust under
//! uvicorn.
//!
//! The server has one core to itself and this process, with its browsers, the other.

#![allow(clippy::unwrap_used, reason = "a bench that cannot do its work should stop")]

mod browsers;
mod servers;

use std::time::{Duration, Instant};

use browsers::Browsers;
use servers::{Kind, Server};

/// Connections that are open while events are counted.
const CONNECTIONS: usize = 1_000;

/// How often the two take turns.
const ROUNDS: usize = 3;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let [_, serve, threads] = &words[..]
        && serve == servers::SERVE
    {
        servers::serve(threads.parse().unwrap());
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // Cargo passes --bench; a word says that only one part is wanted.
    let only = words.iter().skip(1).find(|word| !word.starts_with('-'));
    let is_wanted = |part: &str| only.is_none_or(|only| only == part);
    println!("one core for the server, one for the browsers; page of 20 elements");
    runtime.block_on(async {
        if is_wanted("memory") {
            let (djscope, djust) = (memory(Kind::Djscope).await, memory(Kind::Djust).await);
            println!(
                "  ratio {:.1}; target 25 KB: {}",
                djust / djscope,
                verdict(djscope < 25.0)
            );
        }
        if is_wanted("throughput") {
            throughput().await;
        }
        if is_wanted("latency") {
            for per_second in [100, 2_000] {
                let djscope = latency(Kind::Djscope, per_second).await;
                let djust = latency(Kind::Djust, per_second).await;
                println!("  ratios {:.1}, {:.1}", djust.0 / djscope.0, djust.1 / djscope.1);
            }
        }
    });
}

async fn throughput() {
    let kinds = [Kind::Djscope, Kind::DjscopeThreads, Kind::Djust];
    let mut figures = kinds.map(|_| (Vec::new(), Vec::new()));
    for _ in 0..ROUNDS {
        for (kind, (rates, efforts)) in kinds.into_iter().zip(&mut figures) {
            let server = Server::start(kind);
            let mut browsers = Browsers::open(&server, CONNECTIONS).await;
            browsers.answer_after_answer(Duration::from_secs(1)).await;
            let (start, before) = (Instant::now(), server.processor_time());
            let answers = browsers.answer_after_answer(Duration::from_secs(4)).await;
            rates.push(f64::from(answers) / start.elapsed().as_secs_f64());
            let effort = server.processor_time() - before;
            efforts.push(effort.as_secs_f64() * 1e6 / f64::from(answers));
        }
    }
    println!(
        "\nevents on {CONNECTIONS} connections, each waiting for its answer (medians of {ROUNDS} rounds)"
    );
    let [djscope, threads, djust] = figures.map(|(rates, efforts)| (median(&rates), median(&efforts)));
    let figures =
        |(rate, effort): (f64, f64)| format!("{rate:.0} a second, {effort:.1} µs of the server's core each");
    println!("  djust: {}", figures(djust));
    for (name, ours) in [("djscope", djscope), ("djscope on two threads", threads)] {
        println!(
            "  {name}: {}; ratios {:.1}, {:.1}; target 20,000 a second: {}",
            figures(ours),
            ours.0 / djust.0,
            djust.1 / ours.1,
            verdict(ours.0 >= 20_000.0)
        );
    }
}

/// Kilobytes of each of many idle connections.
async fn memory(kind: Kind) -> f64 {
    let server = Server::start(kind);
    let first = Browsers::open(&server, 1).await;
    let before = server.resident_bytes();
    let mut all = vec![first];
    println!(
        "\nmemory of {kind:?}: {:.1} MB with one connection",
        before as f64 / 1e6
    );
    let (mut open, mut each) = (0, 0.0);
    for more in [1_000, 1_000] {
        all.push(Browsers::open(&server, more).await);
        open += more;
        tokio::time::sleep(Duration::from_millis(500)).await;
        each = (server.resident_bytes() - before) as f64 / 1e3 / open as f64;
        println!("  {open} idle connections: {each:.1} KB each");
    }
    each
}

/// Milliseconds of an answer: the median, and what 99 % do not exceed.
async fn latency(kind: Kind, per_second: u32) -> (f64, f64) {
    let server = Server::start(kind);
    let mut browsers = Browsers::open(&server, CONNECTIONS).await;
    browsers.at_a_rate(per_second, Duration::from_secs(1)).await;
    let mut times = browsers.at_a_rate(per_second, Duration::from_secs(5)).await;
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "\n{kind:?} under {per_second} events a second on {CONNECTIONS} connections: an answer takes {:.2} ms in the \
         median, {:.2} ms at 99 %, {:.2} ms at most",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    (at(0.5), at(0.99))
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

//! The loopback socket that probes report to.
//!
//! Each probe has a thread of its own: reading megabytes of state must not
//! delay the relay, and a probe that is read slowly throws messages away on
//! its side without slowing the app.

use std::io::{self, BufRead, BufReader, Cursor, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::connected::Connected;
use super::protocol::{Hello, OLDEST_VERSION, ProbeMessage, VERSION};
use super::strangers::Strangers;

/// Longest line that is read of a probe; its own bounds are far below.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// Longest first line. A probe says who it is in a few hundred bytes, and what it cannot see in a few more.
const LONGEST_HELLO: usize = 16 * 1024;

/// How long the whole first line may take. A probe sends it as soon as it is connected.
const HELLO_PATIENCE: Duration = Duration::from_secs(10);

/// How long nothing is accepted after the system had no socket to give.
const PAUSE: Duration = Duration::from_millis(20);

/// What the receiver has to say.
#[derive(Clone, Debug, PartialEq)]
pub enum ProbeReport {
    /// A message of the probe in process `pid`.
    Message {
        /// Process id.
        pid: u32,
        /// The message.
        message: ProbeMessage,
    },
    /// A line that could not be understood.
    Garbled {
        /// Process id.
        pid: u32,
        /// What was wrong.
        detail: String,
    },
    /// The connection of the probe in process `pid` has ended.
    Gone {
        /// Process id.
        pid: u32,
    },
}

/// The socket that probes report to.
#[derive(Debug)]
pub struct ProbeListener {
    address: SocketAddr,
    closing: Arc<AtomicBool>,
    connected: Arc<Connected>,
}

impl ProbeListener {
    /// Listens on a free loopback port. Reports go to `report`, from one thread a probe.
    ///
    /// # Errors
    ///
    /// If no port can be had.
    pub fn start(token: String, report: impl Fn(ProbeReport) + Send + Sync + 'static) -> io::Result<Self> {
        Self::start_with(token, HELLO_PATIENCE, report)
    }

    fn start_with(
        token: String,
        patience: Duration,
        report: impl Fn(ProbeReport) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let closing = Arc::new(AtomicBool::new(false));
        let connected = Arc::new(Connected::default());
        let probes = Arc::clone(&connected);
        let (stop, report, token) = (Arc::clone(&closing), Arc::new(report), Arc::new(token));
        thread::Builder::new()
            .name("probe listener".to_owned())
            .spawn(move || {
                let strangers = Strangers::default();
                for stream in listener.incoming() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let Ok(stream) = stream else {
                        thread::sleep(PAUSE);
                        continue;
                    };
                    let (report, token) = (Arc::clone(&report), Arc::clone(&token));
                    let probes = Arc::clone(&probes);
                    // Without a thread the probe finds its connection closed and stops; the app runs on.
                    let _ = strangers.greet(stream, move |stream, is_let_in| {
                        if let Some(probe) = admit(stream, &token, patience)
                            && is_let_in()
                        {
                            listen(probe, &probes, &*report);
                        }
                    });
                }
            })?;
        Ok(Self {
            address,
            closing,
            connected,
        })
    }

    /// The probes that report now.
    pub const fn connected(&self) -> &Arc<Connected> {
        &self.connected
    }

    /// Where probes report.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for ProbeListener {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts, so that it sees the flag.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_millis(200));
    }
}

/// A connection that has shown the token.
struct Admitted {
    stream: TcpStream,
    hello: Hello,
    /// What was read behind the first line.
    early: Vec<u8>,
}

/// Reads the first line and answers it. None for a stranger.
fn admit(mut stream: TcpStream, token: &str, patience: Duration) -> Option<Admitted> {
    let _ = stream.set_nodelay(true);
    let (line, early) = first_line(&mut stream, Instant::now() + patience)?;
    let Ok(ProbeMessage::Hello(hello)) = serde_json::from_slice(&line) else {
        return None;
    };
    if let Err(reason) = check(&hello, token) {
        answer(
            &mut stream,
            &serde_json::json!({"type": "refused", "reason": reason}),
        )
        .ok()?;
        // With bytes of it unread the other side would lose the answer.
        let _ = stream.shutdown(Shutdown::Write);
        return None;
    }
    answer(
        &mut stream,
        &serde_json::json!({"type": "welcome", "protocol": hello.protocol}),
    )
    .ok()?;
    stream.set_read_timeout(None).ok()?;
    Some(Admitted { stream, hello, early })
}

fn answer(stream: &mut TcpStream, answer: &serde_json::Value) -> io::Result<()> {
    stream.set_write_timeout(Some(HELLO_PATIENCE))?;
    stream.write_all(format!("{answer}\n").as_bytes())
}

/// The first line without its end, and what came behind it. None if it is too long or not whole by `deadline`,
/// however its bytes arrive.
fn first_line(stream: &mut TcpStream, deadline: Instant) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut read = Vec::new();
    let mut buffer = [0; LONGEST_HELLO];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        stream.set_read_timeout(Some(left)).ok()?;
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        read.extend_from_slice(&buffer[..length]);
        if let Some(end) = read.iter().position(|byte| *byte == b'\n') {
            let early = read.split_off(end + 1);
            read.pop();
            return Some((read, early));
        }
        if read.len() >= LONGEST_HELLO {
            return None;
        }
    }
}

/// Reads reports until the connection ends.
fn listen(probe: Admitted, connected: &Connected, report: &dyn Fn(ProbeReport)) {
    let pid = probe.hello.pid;
    let quiet = Hello {
        token: String::new(),
        ..probe.hello
    };
    report(ProbeReport::Message {
        pid,
        message: ProbeMessage::Hello(quiet),
    });
    let Ok(answers) = probe.stream.try_clone() else {
        return;
    };
    let connection = connected.add(answers);
    let bytes = Cursor::new(probe.early).chain(probe.stream);
    let mut lines = BufReader::with_capacity(256 * 1024, bytes);
    let mut line = Vec::new();
    while let Ok(true) = read_line(&mut lines, &mut line) {
        report(match serde_json::from_slice(&line) {
            Ok(ProbeMessage::Flushed) => {
                connection.has_flushed();
                continue;
            }
            Ok(message) => ProbeReport::Message { pid, message },
            Err(error) => ProbeReport::Garbled {
                pid,
                detail: error.to_string(),
            },
        });
    }
    report(ProbeReport::Gone { pid });
}

fn check(hello: &Hello, token: &str) -> Result<(), String> {
    let same = hello.token.len() == token.len()
        && hello
            .token
            .bytes()
            .zip(token.bytes())
            .fold(0, |sum, (a, b)| sum | (a ^ b))
            == 0;
    if !same {
        return Err("the token is not the one of this launch".to_owned());
    }
    if !(OLDEST_VERSION..=VERSION).contains(&hello.protocol) {
        return Err(format!(
            "this djscope speaks protocols {OLDEST_VERSION} to {VERSION}, the probe {}",
            hello.protocol
        ));
    }
    Ok(())
}

/// Reads one line without its end into `line`; false at the end of the stream.
fn read_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    line.shrink_to(1024 * 1024);
    lines.by_ref().take(LONGEST_LINE).read_until(b'\n', line)?;
    match line.pop() {
        Some(b'\n') => Ok(true),
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const HELLO: &str = r#"{"type":"hello","protocol":1,"token":"secret","pid":7}"#;

    /// Names of the threads of this process that read of somebody.
    #[cfg(target_os = "linux")]
    fn readers() -> usize {
        let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
        threads
            .filter(|thread| {
                std::fs::read_to_string(thread.path().join("comm")).is_ok_and(|name| name.trim() == "probe")
            })
            .count()
    }

    /// Sends a byte now and then and never a line; says when it was sent away.
    fn trickle(address: SocketAddr) -> thread::JoinHandle<Duration> {
        thread::spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            let since = Instant::now();
            loop {
                let is_gone = stream.write_all(b"{").is_err() || matches!(stream.read(&mut [0; 8]), Ok(0));
                if is_gone || since.elapsed() > Duration::from_secs(60) {
                    return since.elapsed();
                }
            }
        })
    }

    #[test]
    fn the_first_line_has_one_deadline_however_it_trickles() {
        let listener =
            ProbeListener::start_with("secret".to_owned(), Duration::from_millis(300), |_| {}).unwrap();
        let took = trickle(listener.address()).join().unwrap();
        assert!(
            took >= Duration::from_millis(290) && took < Duration::from_secs(30),
            "{took:?}"
        );
    }

    #[test]
    fn the_first_line_is_short() {
        let listener = ProbeListener::start("secret".to_owned(), |_| {}).unwrap();
        let mut stream = TcpStream::connect(listener.address()).unwrap();
        let since = Instant::now();
        let mut sent = 0;
        // What the system's buffers take is not read.
        while sent < 64 << 20 && stream.write_all(&[b'x'; 65536]).is_ok() {
            sent += 65536;
        }
        assert!(sent < 64 << 20, "{sent} bytes without a line were taken");
        assert!(since.elapsed() < HELLO_PATIENCE);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn strangers_are_few_and_a_probe_gets_in_all_the_same() {
        let (sender, reports) = mpsc::channel();
        let patience = Duration::from_secs(60);
        let listener = ProbeListener::start_with("secret".to_owned(), patience, move |report| {
            sender.send(report).unwrap();
        })
        .unwrap();
        let strangers: Vec<_> = (0..60).map(|_| trickle(listener.address())).collect();
        let since = Instant::now();
        let most = Strangers::MAX_WAITING;
        while strangers.iter().filter(|stranger| stranger.is_finished()).count() < 60 - most {
            // One that has to go needs a moment to notice it.
            assert!(readers() <= 2 * most + 1, "{} readers", readers());
            assert!(since.elapsed() < patience / 2);
            thread::sleep(Duration::from_millis(5));
        }
        // Each that comes takes the place of the one that has been there longest, so a probe has time for its line.
        let (mut probe, answer) = connect(&listener, HELLO);
        assert!(answer.contains("welcome"), "{answer}");
        let more: Vec<_> = (0..30).map(|_| trickle(listener.address())).collect();
        while more.iter().filter(|stranger| stranger.is_finished()).count() < 30 - most {
            thread::sleep(Duration::from_millis(5));
        }
        // Whoever has shown the token is no stranger any more.
        writeln!(probe, r#"{{"type":"lost","messages":3}}"#).unwrap();
        let second = reports.iter().nth(1).unwrap();
        assert!(matches!(
            second,
            ProbeReport::Message {
                pid: 7,
                message: ProbeMessage::Lost { .. }
            }
        ));
        // What has come in one packet with the first line is not lost.
        let (_eager, answer) = connect(
            &listener,
            &format!("{HELLO}\n{{\"type\":\"lost\",\"messages\":4}}"),
        );
        assert!(answer.contains("welcome"), "{answer}");
        let fourth = reports.iter().nth(1).unwrap();
        assert!(matches!(
            fourth,
            ProbeReport::Message {
                message: ProbeMessage::Lost { messages: 4 },
                ..
            }
        ));
    }

    fn connect(listener: &ProbeListener, hello: &str) -> (TcpStream, String) {
        let mut stream = TcpStream::connect(listener.address()).unwrap();
        writeln!(stream, "{hello}").unwrap();
        let mut answer = String::new();
        BufReader::new(stream.try_clone().unwrap())
            .read_line(&mut answer)
            .unwrap();
        (stream, answer)
    }

    #[test]
    fn only_a_probe_with_the_token_is_heard() {
        let (sender, reports) = mpsc::channel();
        let listener =
            ProbeListener::start("secret".to_owned(), move |report| sender.send(report).unwrap()).unwrap();
        let (_, answer) = connect(
            &listener,
            r#"{"type":"hello","protocol":1,"token":"guess!","pid":1}"#,
        );
        assert!(answer.contains("refused"), "{answer}");
        let (_, answer) = connect(
            &listener,
            r#"{"type":"hello","protocol":9,"token":"secret","pid":1}"#,
        );
        assert!(answer.contains("protocol"), "{answer}");

        let (newest, answer) = connect(
            &listener,
            r#"{"type":"hello","protocol":2,"token":"secret","pid":6}"#,
        );
        assert!(answer.contains("welcome") && answer.contains('2'), "{answer}");
        drop(newest);
        let of_newest: Vec<_> = reports.iter().take(2).collect();
        assert_eq!(of_newest[1], ProbeReport::Gone { pid: 6 });

        let (mut stream, answer) = connect(
            &listener,
            r#"{"type":"hello","protocol":1,"token":"secret","pid":7}"#,
        );
        assert!(answer.contains("welcome") && answer.contains('1'), "{answer}");
        writeln!(stream, r#"{{"type":"lost","messages":3}}"#).unwrap();
        writeln!(stream, "nonsense").unwrap();
        writeln!(stream, r#"{{"type":"of the future"}}"#).unwrap();
        drop(stream);
        let heard: Vec<_> = reports.iter().take(5).collect();
        assert!(
            matches!(&heard[0], ProbeReport::Message { pid: 7, message: ProbeMessage::Hello(hello) } if hello.token.is_empty())
        );
        assert_eq!(
            heard[1],
            ProbeReport::Message {
                pid: 7,
                message: ProbeMessage::Lost { messages: 3 }
            }
        );
        assert!(matches!(heard[2], ProbeReport::Garbled { .. }));
        assert_eq!(
            heard[3],
            ProbeReport::Message {
                pid: 7,
                message: ProbeMessage::Unknown
            }
        );
        assert_eq!(heard[4], ProbeReport::Gone { pid: 7 });
    }
}

//! The loopback socket that probes report to.
//!
//! Each probe has a thread of its own: reading megabytes of state must not
//! delay the relay, and a probe that is read slowly throws messages away on
//! its side without slowing the app.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::connected::Connected;
use super::protocol::{Hello, ProbeMessage, VERSION};

/// Longest line that is read; the probe's own bounds are far below.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);

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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let closing = Arc::new(AtomicBool::new(false));
        let connected = Arc::new(Connected::default());
        let probes = Arc::clone(&connected);
        let (stop, report, token) = (Arc::clone(&closing), Arc::new(report), Arc::new(token));
        thread::Builder::new()
            .name("probe listener".to_owned())
            .spawn(move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let Ok(stream) = stream else { continue };
                    let (report, token) = (Arc::clone(&report), Arc::clone(&token));
                    let probes = Arc::clone(&probes);
                    let reader = thread::Builder::new().name("probe".to_owned());
                    // Without a thread the probe finds its connection closed and stops; the app runs on.
                    let _ = reader.spawn(move || listen(stream, &token, &probes, &*report));
                }
            })?;
        Ok(Self {
            address,
            closing,
            connected,
        })
    }

    /// The probes that report now.
    pub fn connected(&self) -> &Connected {
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

fn listen(stream: TcpStream, token: &str, connected: &Connected, report: &dyn Fn(ProbeReport)) {
    let Ok(mut answers) = stream.try_clone() else {
        return;
    };
    let _ = stream.set_read_timeout(Some(HELLO_TIMEOUT));
    let _ = stream.set_nodelay(true);
    let mut lines = BufReader::with_capacity(256 * 1024, stream);
    let mut line = Vec::new();
    let Ok(true) = read_line(&mut lines, &mut line) else {
        return;
    };
    let Ok(ProbeMessage::Hello(hello)) = serde_json::from_slice(&line) else {
        return;
    };
    if let Err(reason) = admit(&hello, token) {
        let _ = writeln!(
            answers,
            "{}",
            serde_json::json!({"type": "refused", "reason": reason})
        );
        return;
    }
    if writeln!(
        answers,
        "{}",
        serde_json::json!({"type": "welcome", "protocol": VERSION})
    )
    .is_err()
    {
        return;
    }
    let _ = lines.get_ref().set_read_timeout(None);
    let pid = hello.pid;
    let quiet = Hello {
        token: String::new(),
        ..hello
    };
    report(ProbeReport::Message {
        pid,
        message: ProbeMessage::Hello(quiet),
    });
    let connection = connected.add(answers);
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

fn admit(hello: &Hello, token: &str) -> Result<(), String> {
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
    if hello.protocol != VERSION {
        return Err(format!(
            "this djscope speaks protocol {VERSION}, the probe {}",
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

        let (mut stream, answer) = connect(
            &listener,
            r#"{"type":"hello","protocol":1,"token":"secret","pid":7}"#,
        );
        assert!(answer.contains("welcome"), "{answer}");
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

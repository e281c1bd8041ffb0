//! What the proxy adds to the round trip of an event, beside what `socat` adds.

#![allow(clippy::unwrap_used, reason = "a bench that cannot do its work should stop")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use djscope_tests::djscope::Recording;
use djscope_tests::paired::{difference, estimate, rounds};
use djscope_tests::project::{Kind, Server, free_port, wait_for};
use djscope_tests::raw::Live;

const VIEW: &str = "shop.views.counter.CounterView";

/// Rounds whose times are not looked at.
const WARM_UP: usize = 60;

fn main() {
    let replying = replying_server();
    // Cargo passes --bench and names of benches; a number says how many rounds are wanted.
    let count = std::env::args().find_map(|word| word.parse().ok());
    println!("round trip of an event in ms: median [95 % of bootstrap resamples]");
    compare(
        "a server that only answers, back to back",
        replying,
        count.unwrap_or(6000),
        Duration::ZERO,
    );
    compare(
        "a server that only answers, 2 ms apart",
        replying,
        count.unwrap_or(1800),
        Duration::from_millis(2),
    );
    let daphne = Server::start(Kind::Daphne);
    compare(
        "djust's counter under daphne",
        daphne.address,
        count.unwrap_or(1800),
        Duration::from_millis(2),
    );
}

fn compare(what: &str, server: SocketAddr, count: usize, pause: Duration) {
    let socat = Socat::start(server);
    let recording = Recording::attach(&format!("http://{server}"), &[]);
    let mut lives =
        [server, socat.address, recording.proxy].map(|address| Live::mount(address, VIEW, "/counter/"));
    let [direct, relayed, recorded] = &mut lives;
    let mut ways = [direct, relayed, recorded].map(|live| {
        move || {
            live.event("increment", "{}");
        }
    });
    let [direct, relayed, recorded] = &mut ways;
    let ways: &mut [&mut dyn FnMut()] = &mut [direct, relayed, recorded];
    rounds(WARM_UP, pause, ways);
    let times = rounds(count, pause, ways);
    println!("\n{what} ({count} rounds)");
    for (name, times) in ["direct", "socat", "djscope"].iter().zip(&times) {
        println!("  {name:<24}{}", estimate(times));
    }
    let (socat, djscope) = (difference(&times[1], &times[0]), difference(&times[2], &times[0]));
    println!("  {:<24}{socat}", "socat - direct");
    println!("  {:<24}{djscope}", "djscope - direct");
    let beside = difference(&times[2], &times[1]);
    let verdict = match () {
        () if beside.high <= 0.0 => "less than socat",
        () if beside.low <= 0.0 => "not told apart from socat",
        () => "MORE than socat",
    };
    println!("  {:<24}{beside}  {verdict}", "djscope - socat");
    println!(
        "  {:<24}{:8.3}",
        "ratio of what is added",
        djscope.median / socat.median
    );
    let turns = recording.turns();
    assert!(
        turns.len() > count + WARM_UP,
        "{} turns of {count} rounds",
        turns.len()
    );
}

struct Socat {
    address: SocketAddr,
    child: Child,
}

impl Socat {
    fn start(server: SocketAddr) -> Self {
        let port = free_port();
        let child = Command::new("socat")
            .arg(format!("TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay"))
            .arg(format!("TCP:{server},nodelay"))
            .stdin(Stdio::null())
            .spawn()
            .expect("socat is not installed: apt-get install socat");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        wait_for(address);
        Self { address, child }
    }
}

impl Drop for Socat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that mounts anything and answers every event with the frame that djust's counter answers with.
fn replying_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || reply(stream));
        }
    });
    address
}

fn reply(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    if !head.starts_with(b"GET /ws/") {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    }
    let _ = stream.write_all(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    send(
        &mut stream,
        r#"{"type": "connect", "session_id": "3c4aea18-ca1d-4655-8e9a-245ed41fa829"}"#,
    );
    let mut number = 0;
    while let Some(text) = receive(&mut stream) {
        if text.contains(r#""type":"mount""#) {
            send(
                &mut stream,
                &format!(
                    r#"{{"type": "mount", "session_id": "3c4aea18-ca1d-4655-8e9a-245ed41fa829", "view": "{VIEW}", "version": 1, "html": "<p dj-id=\"1\">0</p>", "has_ids": true}}"#
                ),
            );
            continue;
        }
        number += 1;
        send(
            &mut stream,
            &format!(
                r#"{{"type": "patch", "patches": [{{"type": "SetText", "path": [1, 0], "text": "{number}"}}], "version": {}, "event_name": "increment", "source": "event", "ref": {number}, "timing": {{"render": 1.75}}}}"#,
                number + 1
            ),
        );
    }
}

fn send(stream: &mut TcpStream, text: &str) {
    let mut bytes = vec![0x81, 126];
    bytes.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    bytes.extend(text.as_bytes());
    let _ = stream.write_all(&bytes);
}

/// A masked text of at most 64 KiB; none at the end.
fn receive(stream: &mut TcpStream) -> Option<String> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).ok()?;
    let length = match head[1] & 0x7f {
        126 => {
            let mut long = [0; 2];
            stream.read_exact(&mut long).ok()?;
            usize::from(u16::from_be_bytes(long))
        }
        short => usize::from(short),
    };
    let mut masked = vec![0; 4 + length];
    stream.read_exact(&mut masked).ok()?;
    let (mask, payload) = masked.split_at(4);
    String::from_utf8(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask)
            .collect(),
    )
    .ok()
}

//! Bytes are the same with djscope between browser and server as without it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use djscope_recording::Reader;
use djscope_recording::model::HttpExchange;
use djscope_tests::djscope::Recording;
use djscope_tests::project::{Kind, Server};
use djscope_tests::raw::{Answer, BINARY, Connection, PING, Socket, TEXT};

/// A request: its name, method, path, further headers and body, and the status and length of its answer.
struct Asked {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    headers: &'static [&'static str],
    body_bytes: usize,
    status: u16,
    answer_bytes: Option<u64>,
}

const fn asked(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    status: u16,
    answer_bytes: Option<u64>,
) -> Asked {
    Asked {
        name,
        method,
        path,
        headers: &[],
        body_bytes: 0,
        status,
        answer_bytes,
    }
}

const REQUESTS: &[Asked] = &[
    Asked {
        body_bytes: 10 << 20,
        ..asked("a 10 MB upload", "POST", "/plain/upload/", 200, None)
    },
    Asked {
        body_bytes: 300_000,
        headers: &["Transfer-Encoding: chunked"],
        ..asked("an upload in chunks", "POST", "/plain/upload/", 200, None)
    },
    Asked {
        body_bytes: 100_000,
        headers: &["Expect: 100-continue"],
        ..asked(
            "an upload after 100 Continue",
            "POST",
            "/plain/upload/",
            200,
            None,
        )
    },
    asked("a page that does not exist", "GET", "/no/such/page/", 404, None),
    asked("a method that is not allowed", "GET", "/plain/upload/", 405, None),
    asked(
        "a range of everything",
        "GET",
        "/plain/range/",
        200,
        Some(131_072),
    ),
    Asked {
        headers: &["Range: bytes=1000-1999"],
        ..asked("a range", "GET", "/plain/range/", 206, Some(1000))
    },
    Asked {
        headers: &["Range: bytes=-5"],
        ..asked("the end of a range", "GET", "/plain/range/", 206, Some(5))
    },
    Asked {
        headers: &["Range: bytes=999999-"],
        ..asked("a range outside", "GET", "/plain/range/", 416, Some(0))
    },
    asked(
        "a big download",
        "GET",
        "/plain/download/?bytes=20000000",
        200,
        Some(20_000_000),
    ),
    asked(
        "an empty download",
        "GET",
        "/plain/download/?bytes=0",
        200,
        Some(0),
    ),
    asked("a redirect", "GET", "/plain/redirect/", 302, Some(0)),
    // daphne sends a body with any other head, which is against HTTP and ends the connection.
    asked("only a head", "HEAD", "/plain/range/", 405, Some(0)),
    asked(
        "server-sent events",
        "GET",
        "/plain/sse/?count=5&delay=20",
        200,
        None,
    ),
    Asked {
        headers: &[
            "X-CaSe: Kept",
            "Cookie: a=b; c=d",
            "Accept-Language: de",
            "X-Empty:",
            "X-Umlaut: %C3%A4",
        ],
        ..asked(
            "what the server sees of a request",
            "GET",
            "/plain/whoami/",
            200,
            None,
        )
    },
    asked("djust's own script", "GET", "/static/djust/client.js", 200, None),
];

impl Asked {
    fn send(&self, connection: &mut Connection, address: SocketAddr) -> Answer {
        let is_chunked = self
            .headers
            .iter()
            .any(|header| header.starts_with("Transfer-Encoding"));
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n",
            self.method, self.path
        );
        for header in self.headers {
            write!(head, "{header}\r\n").unwrap();
        }
        if self.body_bytes > 0 && !is_chunked {
            write!(head, "Content-Length: {}\r\n", self.body_bytes).unwrap();
        }
        connection.send((head + "\r\n").as_bytes());
        if self.headers.contains(&"Expect: 100-continue") {
            assert_eq!(connection.head().status, "HTTP/1.1 100 Continue");
        }
        let body = noise(self.body_bytes);
        if is_chunked {
            for piece in body.chunks(7001) {
                connection.send(format!("{:x}\r\n", piece.len()).as_bytes());
                connection.send(piece);
                connection.send(b"\r\n");
            }
            connection.send(b"0\r\n\r\n");
        } else {
            connection.send(&body);
        }
        connection.answer(self.method)
    }
}

/// Bytes that do not compress and are the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

/// What two visits must have in common: everything but the date, cookies' values and ports.
fn shape(answer: &Answer, address: SocketAddr) -> String {
    let own = address.to_string();
    let mut shape = answer.status.clone();
    for (name, value) in &answer.headers {
        let value = match name.to_ascii_lowercase().as_str() {
            "date" => "DATE".to_owned(),
            "set-cookie" => format!(
                "{}=VALUE{}",
                name_of_cookie(value),
                value.split_once(';').map_or("", |(_, rest)| rest)
            ),
            _ => value.replace(&own, "HOST"),
        };
        write!(shape, "\n{name}: {value}").unwrap();
    }
    let body = match String::from_utf8(answer.body.clone()) {
        Ok(text) => without_client_port(&text.replace(&own, "HOST")).into_bytes(),
        Err(error) => error.into_bytes(),
    };
    write!(
        shape,
        "\n\n{} bytes, blake3 {}",
        body.len(),
        blake3::hash(&body).to_hex()
    )
    .unwrap();
    shape
}

fn name_of_cookie(value: &str) -> &str {
    value.split('=').next().unwrap_or_default()
}

/// `/plain/whoami/` tells the port that the request came from.
fn without_client_port(text: &str) -> String {
    let start = "\"127.0.0.1\", ";
    let Some((before, after)) = text.split_once(start) else {
        return text.to_owned();
    };
    format!(
        "{before}{start}PORT{}",
        after.trim_start_matches(|character: char| character.is_ascii_digit())
    )
}

/// Everything over one connection, one after the other.
fn over_one_connection(address: SocketAddr) -> Vec<String> {
    let mut connection = Connection::open(address);
    REQUESTS
        .iter()
        .map(|asked| {
            let answer = asked.send(&mut connection, address);
            let status = answer.status.split(' ').nth(1).unwrap();
            assert_eq!(status, asked.status.to_string(), "{}: {answer:?}", asked.name);
            format!("{}: {}", asked.name, shape(&answer, address))
        })
        .collect()
}

/// A message on a socket.
enum Said {
    Whole(u8, usize),
    Pieces(u8, usize, usize),
    Deflated(u8, usize),
    Ping(&'static [u8]),
    PingInside(usize),
}

const PLAIN: &[Said] = &[
    Said::Whole(TEXT, 125),
    Said::Whole(TEXT, 126),
    Said::Whole(TEXT, 64 << 10),
    Said::Whole(BINARY, 64 << 10),
    Said::Whole(BINARY, 900_000),
    Said::Pieces(TEXT, 64 << 10, 10_000),
    Said::Pieces(BINARY, 64 << 10, 1_000),
    Said::Ping(b"are you there?"),
    Said::Ping(b""),
    Said::PingInside(20_000),
];

const DEFLATE: &str = "permessage-deflate";

const DEFLATED: &[Said] = &[
    Said::Deflated(TEXT, 10),
    Said::Deflated(TEXT, 64 << 10),
    Said::Deflated(BINARY, 64 << 10),
    Said::Deflated(TEXT, 64 << 10),
    Said::Whole(TEXT, 64 << 10),
    Said::Ping(b"between"),
    Said::Deflated(TEXT, 10),
];

fn payload(opcode: u8, length: usize) -> Vec<u8> {
    if opcode == BINARY {
        return noise(length);
    }
    let hex = noise(length / 2 + 1)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    hex.as_bytes()[..length].to_vec()
}

/// Says everything, waits for each answer, and gives the handshake and a hash of every byte that came after it.
fn on_a_socket(address: SocketAddr, extensions: &str, said: &[Said]) -> (String, usize) {
    let mut socket = Socket::open(address, "/ws/echo/", extensions);
    let mut compressed_frames = 0;
    for message in said {
        match message {
            Said::Whole(opcode, length) => socket.send(0x80 | opcode, &payload(*opcode, *length)),
            Said::Deflated(opcode, length) => socket.send_deflated(*opcode, &payload(*opcode, *length)),
            Said::Ping(text) => socket.send(0x80 | PING, text),
            Said::Pieces(opcode, length, piece) => {
                in_pieces(&mut socket, *opcode, &payload(*opcode, *length), *piece, None);
            }
            Said::PingInside(length) => {
                in_pieces(
                    &mut socket,
                    TEXT,
                    &payload(TEXT, *length),
                    length / 3,
                    Some(b"inside"),
                );
                socket.frame();
            }
        }
        while {
            let frame = socket.frame();
            compressed_frames += usize::from(frame.first & 0x40 != 0);
            frame.first & 0x80 == 0
        } {}
    }
    socket.close();
    let heard = format!(
        "{} bytes, blake3 {}",
        socket.heard.len(),
        blake3::hash(&socket.heard).to_hex()
    );
    (
        format!("{}\n{heard}", shape(&socket.answer, address)),
        compressed_frames,
    )
}

fn in_pieces(socket: &mut Socket, opcode: u8, payload: &[u8], piece: usize, ping: Option<&[u8]>) {
    let pieces: Vec<&[u8]> = payload.chunks(piece).collect();
    for (index, piece) in pieces.iter().enumerate() {
        let fin = if index + 1 == pieces.len() { 0x80 } else { 0 };
        socket.send(fin | if index == 0 { opcode } else { 0 }, piece);
        if let (0, Some(ping)) = (index, ping) {
            socket.send(0x80 | PING, ping);
        }
    }
}

fn compare(kind: Kind) {
    let direct = Server::start(kind);
    let mut recording = Recording::start(kind, &[]);
    let (without, through) = (
        over_one_connection(direct.address),
        over_one_connection(recording.proxy),
    );
    assert_eq!(without.join("\n\n"), through.join("\n\n"));
    let compresses = kind == Kind::Uvicorn;
    for (extensions, said) in [
        ("", PLAIN),
        (DEFLATE, PLAIN),
        (DEFLATE, if compresses { DEFLATED } else { PLAIN }),
    ] {
        let (without, _) = on_a_socket(direct.address, extensions, said);
        let (through, compressed_frames) = on_a_socket(recording.proxy, extensions, said);
        assert_eq!(without, through, "{extensions}");
        assert_eq!(
            compressed_frames > 0,
            compresses && !extensions.is_empty(),
            "{extensions}: {through}"
        );
    }
    let (code, log) = recording.stop("INT");
    assert_eq!(code, Some(0), "{log}");
    recorded(&recording);
}

/// Each exchange is in the recording, with what was asked, its status and the length of its answer.
fn recorded(recording: &Recording) {
    let reader = Reader::open(&recording.path).unwrap();
    let page = reader.http(0, 1000).unwrap();
    let plain: Vec<&HttpExchange> = page.rows.iter().filter(|row| row.status != 101).collect();
    assert_eq!(plain.len(), REQUESTS.len());
    for (asked, kept) in REQUESTS.iter().zip(plain) {
        assert_eq!(
            (kept.method.as_str(), kept.url.as_str(), kept.status),
            (asked.method, asked.path, asked.status),
            "{}",
            asked.name
        );
        assert_eq!(
            (kept.request_body.length, &kept.error),
            (asked.body_bytes as u64, &None),
            "{}",
            asked.name
        );
        assert!(kept.duration_us.is_some(), "{}", asked.name);
        if let Some(answer_bytes) = asked.answer_bytes {
            assert_eq!(kept.response_body.length, answer_bytes, "{}", asked.name);
        }
    }
    assert_eq!(reader.problems(), Vec::<String>::new());
}

#[test]
fn under_runserver() {
    compare(Kind::Runserver);
}

#[test]
fn under_daphne() {
    compare(Kind::Daphne);
}

#[test]
fn under_uvicorn_with_compression() {
    compare(Kind::Uvicorn);
}

/// The first line of the answer to a request with these names in it.
fn refused_or_not(address: SocketAddr, host: &str, origin: &str, is_socket: bool) -> String {
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                   Sec-WebSocket-Version: 13\r\n";
    let (path, upgrade) = if is_socket {
        ("/ws/echo/", upgrade)
    } else {
        ("/plain/whoami/", "")
    };
    let mut connection = Connection::open(address);
    connection
        .send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\n{upgrade}\r\n").as_bytes());
    connection.head().status
}

#[test]
fn foreign_names_are_refused_as_by_the_server_alone() {
    let direct = Server::start(Kind::Daphne);
    let recording = Recording::start(Kind::Daphne, &["--rewrite-host"]);
    for (host, origin, is_socket, status) in [
        ("OWN", "http://OWN", false, "200"),
        ("OWN", "http://OWN", true, "101"),
        ("rebound.example", "http://rebound.example", false, "400"),
        ("OWN", "http://evil.example", true, "403"),
        ("OWN", "http://127.0.0.1.evil.example", true, "403"),
        ("rebound.example", "http://rebound.example", true, "403"),
    ] {
        let answer = |address: SocketAddr| {
            let own = |text: &str| text.replace("OWN", &address.to_string());
            refused_or_not(address, &own(host), &own(origin), is_socket)
        };
        let (alone, through) = (answer(direct.address), answer(recording.proxy));
        assert_eq!(alone, through, "{host} {origin}");
        assert_eq!(alone.split(' ').nth(1), Some(status), "{host} {origin}");
    }
}

/// A server that gives each connection one answer, and says what it heard.
fn answering_as_told(answer: &'static [u8]) -> (SocketAddr, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, heard) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
            let mut bytes = Vec::new();
            let mut buffer = [0; 65536];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                bytes.extend_from_slice(&buffer[..length]);
            }
            let _ = stream.write_all(answer);
            let _ = sender.send(bytes);
        }
    });
    (address, heard)
}

/// Where the process has no files left, that is said, and the relay goes on as soon as there are some again.
#[test]
fn running_out_of_files_is_said() {
    let (upstream, _heard) =
        answering_as_told(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    let mut recording = Recording::limited("-n 64", Some(&format!("http://{upstream}")), &[]);
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", recording.proxy);
    let mut held: Vec<Connection> = (0..80).map(|_| Connection::open(recording.proxy)).collect();
    recording.wait_for_word("as many open files as the system allows");
    held.clear();
    let since = Instant::now();
    let answered = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(100));
        let mut connection = Connection::open(recording.proxy);
        connection.send(request.as_bytes());
        connection.answer("GET").status
    });
    let mut answered = answered.take_while(|_| since.elapsed() < Duration::from_secs(30));
    assert!(answered.any(|status| status.contains(" 200 ")));
    let (code, log) = recording.stop("INT");
    assert_eq!(code, Some(0), "{log}");
}

/// How many files a process may have open: what it has asked for, and what it could ask for.
fn limits(pid: &str) -> (String, String) {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let mut words = line.split_whitespace().skip(3).map(str::to_owned);
    (words.next().unwrap(), words.next().unwrap())
}

#[test]
fn djscope_takes_all_files_and_the_server_keeps_its_limit() {
    let command = Kind::Uvicorn.command(djscope_tests::project::free_port());
    let recording = Recording::limited("-Sn 333", None, &command);
    let pid = recording.pid().to_string();
    let (soft, hard) = limits(&pid);
    assert_eq!(soft, hard);
    assert_ne!(soft, "333", "this machine has no more");
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let children: String = threads
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok())
        .collect();
    let server = children.split_whitespace().next().unwrap();
    assert_eq!(limits(server).0, "333");
}

#[test]
fn many_requests_on_one_connection() {
    let mut recording = Recording::start(Kind::Uvicorn, &[]);
    let mut connection = Connection::open(recording.proxy);
    let request = format!(
        "GET /plain/range/ HTTP/1.1\r\nHost: {}\r\nRange: bytes=8-15\r\n\r\n",
        recording.proxy
    );
    for _ in 0..500 {
        connection.send(request.as_bytes());
        assert_eq!(connection.answer("GET").body, b"0000001\n");
    }
    connection.send(
        format!(
            "HEAD /static/djust/client.js HTTP/1.1\r\nHost: {}\r\n\r\n",
            recording.proxy
        )
        .as_bytes(),
    );
    assert!(
        connection
            .answer("HEAD")
            .header("content-length")
            .unwrap()
            .parse::<u64>()
            .unwrap()
            > 100_000
    );
    // Three at once: the answers come in order.
    connection.send(request.repeat(3).as_bytes());
    for _ in 0..3 {
        assert_eq!(connection.answer("GET").body, b"0000001\n");
    }
    assert_eq!(recording.stop("TERM").0, Some(0));
    let reader = Reader::open(&recording.path).unwrap();
    assert_eq!(reader.totals().unwrap().http, 504);
}

#[test]
fn events_arrive_when_they_are_sent() {
    let recording = Recording::start(Kind::Uvicorn, &[]);
    let mut connection = Connection::open(recording.proxy);
    connection.send(
        format!(
            "GET /plain/sse/?count=4&delay=400 HTTP/1.1\r\nHost: {}\r\n\r\n",
            recording.proxy
        )
        .as_bytes(),
    );
    connection.head();
    let since = Instant::now();
    let mut arrived = Vec::new();
    while connection.chunk().is_some() {
        arrived.push(since.elapsed());
    }
    assert_eq!(arrived.len(), 4, "{arrived:?}");
    let gaps = arrived.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(gaps.min().unwrap() > Duration::from_millis(200), "{arrived:?}");
}

/// A server whose only answer never ends, and which tells when its client has gone.
fn endless() -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (gone, has_gone) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(10) {
            stream_events(stream.unwrap(), &gone);
        }
    });
    (address, has_gone)
}

fn stream_events(mut stream: TcpStream, gone: &mpsc::Sender<()>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(request)) = lines.next() else { return };
    if request.starts_with("OPTIONS") {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    }
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        .unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut byte = [0];
    for _ in 0..1000 {
        let has_ended =
            stream.write_all(b"data: again\n\n").is_err() || matches!(stream.read(&mut byte), Ok(0));
        if has_ended {
            let _ = gone.send(());
            return;
        }
    }
}

#[test]
fn a_browser_that_leaves_is_gone_for_the_server_too() {
    let (upstream, has_gone) = endless();
    let mut recording = Recording::attach(&format!("http://{upstream}"), &[]);
    let mut connection = Connection::open(recording.proxy);
    connection.send(
        format!(
            "GET /events HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n\r\n",
            recording.proxy
        )
        .as_bytes(),
    );
    connection.head();
    assert_eq!(connection.bytes(13), b"data: again\n\n");
    drop(connection);
    has_gone
        .recv_timeout(Duration::from_secs(5))
        .expect("the server was not told");
    assert_eq!(recording.stop("INT").0, Some(0));
    let kept = Reader::open(&recording.path).unwrap().http(0, 10).unwrap().rows;
    assert_eq!(
        (kept.len(), kept[0].url.as_str(), kept[0].status),
        (1, "/events", 200)
    );
    assert_eq!(
        kept[0].error.as_deref(),
        Some("the other side went away before the end")
    );
}

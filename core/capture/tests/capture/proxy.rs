//! The relay between real sockets, with a server that does just what a test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use djscope_capture::observation::Observation;
use djscope_capture::proxy::{self, ProxyOptions, Rewriting, Upstream};
use djscope_capture::queue::{self, Clock, Queue};
use djscope_recording::model::{Direction, HttpExchange};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const PATIENCE: Duration = Duration::from_secs(10);

struct Bench {
    proxy: SocketAddr,
    queue: Queue,
}

async fn proxy_to(upstream: SocketAddr, rewrite_host: bool) -> Bench {
    let (tap, queue) = queue::queue(Clock::start(), 64 << 20);
    let listener = proxy::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let options = ProxyOptions {
        upstream: Upstream::from(upstream),
        rewriting: rewrite_host
            .then(|| Rewriting::new(upstream.to_string(), vec!["dev.example.org".parse().unwrap()])),
        body_limit: 1 << 20,
        notices: Arc::default(),
    };
    tokio::spawn(proxy::serve(listener, options, tap));
    Bench { proxy, queue }
}

/// A server that answers every connection with `script`, which gets the stream after the request head was read.
async fn server<F, R>(script: F) -> SocketAddr
where
    F: Fn(TcpStream, String) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(script);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let script = Arc::clone(&script);
            tokio::spawn(async move {
                let head = head(&mut stream).await;
                if !head.is_empty() {
                    script(stream, head).await;
                }
            });
        }
    });
    address
}

/// A message head with its empty line.
async fn head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => bytes.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(bytes).unwrap()
}

async fn ask(proxy: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn whole(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Bench {
    /// The next exchange that has ended.
    fn exchange(&self) -> HttpExchange {
        loop {
            if let Observation::HttpEnded { exchange } = self.queue.next(PATIENCE).unwrap() {
                return *exchange;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_pass_with_their_spelling_and_bodies_with_their_bytes() {
    let upstream = server(|mut stream, head| async move {
        assert!(
            head.contains("\r\nX-CaMeL: 1\r\n") && head.contains("\r\nHost: my.host:81\r\n"),
            "{head}"
        );
        assert!(
            head.contains("\r\nOrigin: http://my.host:81\r\n") && !head.to_lowercase().contains("forwarded"),
            "{head}"
        );
        let mut body = [0; 5];
        stream.read_exact(&mut body).await.unwrap();
        let answer = format!(
            "HTTP/1.1 201 Made It\r\nX-OdD: 2\r\nContent-Length: 7\r\nConnection: close\r\n\r\n<{}>",
            String::from_utf8_lossy(&body)
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let bench = proxy_to(upstream, false).await;
    let request = "POST /a?b=1 HTTP/1.1\r\nHost: my.host:81\r\nOrigin: http://my.host:81\r\nX-CaMeL: 1\r\nContent-Length: 5\r\n\r\nhello";
    let answer = whole(ask(bench.proxy, request).await).await;
    assert!(
        answer.starts_with("HTTP/1.1 201 ") && answer.contains("\r\nX-OdD: 2\r\n"),
        "{answer}"
    );
    assert!(
        answer.ends_with("\r\n\r\n<hello>") && !answer.to_lowercase().contains("\r\ndate:"),
        "{answer}"
    );
    let exchange = bench.exchange();
    assert_eq!(
        (exchange.method.as_str(), exchange.url.as_str(), exchange.status),
        ("POST", "/a?b=1", 201)
    );
    assert_eq!(
        (exchange.request_body.bytes, exchange.response_body.bytes),
        (b"hello".to_vec(), b"<hello>".to_vec())
    );
}

/// Whatever the server makes of a request comes behind what the request shows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_request_shows_is_said_before_the_server_has_it() {
    let queue = Arc::new(Mutex::new(None));
    let seen_by_server = Arc::new(Mutex::new(Vec::new()));
    let (of_server, seen) = (Arc::clone(&queue), Arc::clone(&seen_by_server));
    let upstream = server(move |mut stream, _| {
        let (queue, seen) = (Arc::clone(&of_server), Arc::clone(&seen));
        async move {
            let next = || match Option::<Queue>::as_ref(&queue.lock().unwrap())
                .unwrap()
                .next(Duration::from_millis(1))
            {
                Ok(Observation::HttpSeen { exchange }) => Some(exchange.request_body.bytes),
                Ok(_) => None,
                Err(_) => Some(b"nothing".to_vec()),
            };
            let mut said = Vec::new();
            said.extend(std::iter::from_fn(|| Some(next())).flatten().next());
            stream.read_exact(&mut [0; 5]).await.unwrap();
            said.extend(std::iter::from_fn(|| Some(next())).flatten().next());
            *seen.lock().unwrap() = said;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    })
    .await;
    let bench = proxy_to(upstream, false).await;
    *queue.lock().unwrap() = Some(bench.queue);
    let request = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
    whole(ask(bench.proxy, request).await).await;
    assert_eq!(*seen_by_server.lock().unwrap(), [b"".to_vec(), b"hello".to_vec()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_streams_and_may_never_end() {
    let upstream = server(|mut stream, _| async move {
        stream
            .write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
            )
            .await
            .unwrap();
        stream.write_all(b"9\r\ndata: 1\n\n\r\n").await.unwrap();
        // The second event comes only after the browser has had the first.
        let mut nothing = [0; 1];
        let _ = stream.read(&mut nothing).await;
    })
    .await;
    let bench = proxy_to(upstream, false).await;
    let mut stream = ask(bench.proxy, "GET /sse HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = head(&mut stream).await;
    assert!(answer.contains("text/event-stream"), "{answer}");
    let mut event = [0; 14];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut event))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&event, b"9\r\ndata: 1\n\n\r\n");
    drop(stream);
    let exchange = bench.exchange();
    assert_eq!(exchange.response_body.bytes, b"data: 1\n\n");
    assert!(exchange.error.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expected_continue_is_the_servers_to_give() {
    let upstream = server(|mut stream, _| async move {
        stream
            .write_all(b"HTTP/1.1 100 Continue\r\nX-Mine: 1\r\n\r\n")
            .await
            .unwrap();
        let mut body = [0; 4];
        stream.read_exact(&mut body).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        stream.write_all(&body).await.unwrap();
    })
    .await;
    let bench = proxy_to(upstream, false).await;
    let mut stream = ask(
        bench.proxy,
        "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
    )
    .await;
    let interim = tokio::time::timeout(PATIENCE, head(&mut stream)).await.unwrap();
    assert_eq!(interim, "HTTP/1.1 100 Continue\r\nX-Mine: 1\r\n\r\n");
    stream.write_all(b"body").await.unwrap();
    assert!(whole(stream).await.ends_with("\r\n\r\nbody"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_upgraded_socket_is_passed_on_byte_by_byte() {
    let upstream = server(|mut stream, head| async move {
        assert!(head.contains("\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"), "{head}");
        // The first bytes follow the head in the same packet.
        stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\nearly").await.unwrap();
        let mut buffer = vec![0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            stream.write_all(&buffer[..count]).await.unwrap();
        }
    })
    .await;
    let bench = proxy_to(upstream, false).await;
    let mut stream = ask(bench.proxy, "GET /ws/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n").await;
    let answer = head(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 101 ")
            && answer.contains("Sec-WebSocket-Extensions: permessage-deflate\r\n"),
        "{answer}"
    );
    let mut early = [0; 5];
    stream.read_exact(&mut early).await.unwrap();
    assert_eq!(&early, b"early");
    let noise: Vec<u8> = (0..1_000_000u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let (mut reader, mut writer) = stream.into_split();
    let sent = noise.clone();
    let sending = tokio::spawn(async move {
        writer.write_all(&sent).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut echoed = Vec::new();
    tokio::time::timeout(PATIENCE, reader.read_to_end(&mut echoed))
        .await
        .unwrap()
        .unwrap();
    sending.await.unwrap();
    assert!(echoed == noise, "{} of {} bytes", echoed.len(), noise.len());

    let (mut up, mut down, mut extensions) = (Vec::new(), Vec::new(), String::new());
    loop {
        match bench.queue.next(PATIENCE).unwrap() {
            Observation::SocketOpened(opened) => extensions = opened.extensions,
            Observation::SocketBytes {
                direction: Direction::ToServer,
                bytes,
                ..
            } => up.extend(bytes),
            Observation::SocketBytes {
                direction: Direction::ToBrowser,
                bytes,
                ..
            } => down.extend(bytes),
            Observation::SocketClosed { .. } => break,
            _ => {}
        }
    }
    assert_eq!(extensions, "permessage-deflate");
    assert!(up == noise && down[..5] == *b"early" && down[5..] == noise);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_serves_many_requests_and_ends_when_the_server_ends_it() {
    let upstream = server(|mut stream, _| async move {
        // Says keep-alive and closes all the same after two answers, as a server does that restarts.
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
            .await
            .unwrap();
        head(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")
            .await
            .unwrap();
    })
    .await;
    let bench = proxy_to(upstream, false).await;
    // A browser sees its connection end, as without the proxy, and opens another.
    for _ in 0..2 {
        let mut stream = TcpStream::connect(bench.proxy).await.unwrap();
        for expected in [b'1', b'2'] {
            stream
                .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                .await
                .unwrap();
            let answer = tokio::time::timeout(PATIENCE, head(&mut stream)).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            assert_eq!(stream.read_u8().await.unwrap(), expected);
        }
        assert_eq!(whole(stream).await, "");
    }
    for _ in 0..4 {
        assert_eq!(bench.exchange().error, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_to_the_server_come_back_to_the_proxy() {
    let upstream = server(|mut stream, head| async move {
        let own = stream.local_addr().unwrap();
        let target = match head.split(' ').nth(1).unwrap() {
            "/own" => format!("http://{own}/next?a=http://{own}/"),
            "/name" => format!("http://localhost:{}/next", own.port()),
            "/other" => "http://example.org/next".to_owned(),
            _ => "/next".to_owned(),
        };
        let answer = format!(
            "HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    for rewrite_host in [false, true] {
        let bench = proxy_to(upstream, rewrite_host).await;
        let cases = [
            (
                "/own",
                format!("http://{}/next?a=http://{upstream}/", bench.proxy),
            ),
            ("/name", format!("http://{}/next", bench.proxy)),
            ("/other", "http://example.org/next".to_owned()),
            ("/relative", "/next".to_owned()),
        ];
        for (path, location) in cases {
            let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", bench.proxy);
            let answer = whole(ask(bench.proxy, &request).await).await;
            assert!(
                answer.contains(&format!("\r\nLocation: {location}\r\n")),
                "{path}: {answer}"
            );
        }
    }
}

/// What the server gets to see of a request with these headers.
async fn as_seen_by_the_server(
    rewrite_host: bool,
    headers: &dyn Fn(SocketAddr) -> String,
) -> (SocketAddr, String) {
    let upstream = server(|mut stream, head| async move {
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{head}",
            head.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let bench = proxy_to(upstream, rewrite_host).await;
    let request = format!("GET / HTTP/1.1\r\n{}\r\n", headers(bench.proxy));
    let answer = whole(ask(bench.proxy, &request).await).await;
    let (_, seen) = answer.split_once("\r\n\r\n").unwrap();
    let (_, headers) = seen.split_once("\r\n").unwrap();
    (upstream, headers.trim_end().replace("\r\n", "\n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn host_and_origin_are_rewritten_only_if_asked_for() {
    let own = |proxy: SocketAddr| {
        format!("Host: {proxy}\r\nOrigin: http://{proxy}\r\nReferer: http://{proxy}/a?b=1\r\n")
    };
    let (upstream, seen) = as_seen_by_the_server(true, &own).await;
    assert_eq!(
        seen,
        format!("Host: {upstream}\nOrigin: http://{upstream}\nReferer: http://{upstream}/a?b=1")
    );
    let (upstream, seen) = as_seen_by_the_server(false, &own).await;
    assert!(!seen.contains(&upstream.to_string()), "{seen}");
    let named = |_| "Host: Dev.Example.Org:81\r\nOrigin: http://dev.example.org:81\r\n".to_owned();
    let (upstream, seen) = as_seen_by_the_server(true, &named).await;
    assert_eq!(seen, format!("Host: {upstream}\nOrigin: http://{upstream}"));
}

/// The server alone would refuse each of these; the proxy must not make them look like its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_names_are_never_rewritten() {
    for (host, origin) in [
        ("rebound.example:PORT", "http://rebound.example:PORT"),
        ("127.0.0.1:PORT", "http://evil.example"),
        ("127.0.0.1:PORT", "http://127.0.0.1:PORT.evil.example"),
        ("127.0.0.1:PORT", "http://127.0.0.1:PORT1"),
        ("127.0.0.1:PORT", "http://localhost:3000"),
        ("127.0.0.1:PORT", "null"),
        ("127.0.0.1:PORT@evil.example", "http://evil.example"),
        ("[::ffff:127.0.0.1]:PORT", "http://[::ffff:127.0.0.1]:PORT"),
    ] {
        let headers = |proxy: SocketAddr| {
            format!("Host: {host}\r\nOrigin: {origin}\r\nReferer: {origin}/page\r\n")
                .replace("PORT", &proxy.port().to_string())
        };
        let (upstream, seen) = as_seen_by_the_server(true, &headers).await;
        let origin_line = seen.lines().nth(1).unwrap();
        assert!(
            origin_line.starts_with("Origin: ") && !origin_line.contains(&upstream.to_string()),
            "{seen}"
        );
        assert!(
            !seen.lines().nth(2).unwrap().contains(&upstream.to_string()),
            "{seen}"
        );
        let is_own = host == "127.0.0.1:PORT";
        assert_eq!(
            seen.starts_with(&format!("Host: {upstream}\n")),
            is_own,
            "{host}: {seen}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_with_no_host_or_two_is_left_to_the_server() {
    let (_, seen) = as_seen_by_the_server(true, &|_| "X-Other: 1\r\n".to_owned()).await;
    assert_eq!(seen, "X-Other: 1");
    let two = |proxy: SocketAddr| format!("Host: {proxy}\r\nHost: evil.example\r\n");
    let (upstream, seen) = as_seen_by_the_server(true, &two).await;
    assert!(
        !seen.contains(&upstream.to_string()) && seen.contains("evil.example"),
        "{seen}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_down_is_a_502_and_nonsense_is_passed_on() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let down = proxy_to(free, false).await;
    let page = whole(
        ask(
            down.proxy,
            "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
        )
        .await,
    )
    .await;
    assert!(
        page.starts_with("HTTP/1.1 502 ")
            && page.contains("http-equiv=\"refresh\"")
            && page.contains("refused"),
        "{page}"
    );
    assert_eq!(down.exchange().error.as_deref(), Some("connection refused"));

    let nonsense = server(|mut stream, _| async move {
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap();
    })
    .await;
    let bench = proxy_to(nonsense, false).await;
    let text = whole(
        ask(
            bench.proxy,
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        )
        .await,
    )
    .await;
    assert_eq!(text, "SSH-2.0-OpenSSH_9.2\r\n", "nonsense is passed on as it is");
    let error = bench.exchange().error.unwrap();
    assert!(error.contains("does not begin as HTTP/1 does"), "{error}");

    let silent = server(|stream, _| async move { drop(stream) }).await;
    let bench = proxy_to(silent, false).await;
    let text = whole(
        ask(
            bench.proxy,
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        )
        .await,
    )
    .await;
    assert!(
        text.starts_with("HTTP/1.1 502 ") && text.contains("closed before an answer"),
        "{text}"
    );
}

/// Requests and answers of which every byte matters.
fn odd_messages() -> Vec<(&'static str, String, String)> {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let case = |name, request: &str, answer: &str| (name, request.to_owned(), answer.to_owned());
    let many: String = (0..300)
        .map(|number| format!("X-{number}: {number}\r\n"))
        .collect();
    vec![
        case("a raw query", "GET /?q=\"<b>\" HTTP/1.1\r\nHost: x\r\n\r\n", ok),
        case(
            "a query that is not ASCII",
            "GET /?q=ä HTTP/1.1\r\nHost: x\r\n\r\n",
            ok,
        ),
        case(
            "interleaved fields",
            "GET / HTTP/1.1\r\na: 1\r\nHost: x\r\nA: 2\r\nb:3\r\na:  4 \r\n\r\n",
            "HTTP/1.1 200 Fine By Me\r\nSet-Cookie: a\r\nX: y\r\nset-cookie: b\r\nContent-Length: 0\r\nVary:\r\n\r\n",
        ),
        case(
            "early hints",
            get,
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ),
        case(
            "trailers",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;ext=1\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n02\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n",
        ),
        case(
            "304 with a length",
            get,
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\nETag: \"a\"\r\n\r\n",
        ),
        case(
            "HEAD with chunks",
            "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        case(
            "a long URL",
            &format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(200_000)),
            ok,
        ),
        case(
            "many fields",
            &format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
            &format!("HTTP/1.1 200 OK\r\n{many}Content-Length: 0\r\n\r\n"),
        ),
        case(
            "HTTP/1.0",
            "GET / HTTP/1.0\r\n\r\n",
            "HTTP/1.0 200 OK\r\n\r\nuntil the end",
        ),
        case("a whole URL", "GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n", ok),
        case(
            "no Host",
            "GET / HTTP/1.1\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        ),
        case(
            "Latin-1",
            get,
            "HTTP/1.1 200 \u{fffd}\r\nContent-Length: 0\r\n\r\n",
        ),
        case(
            "not HTTP at all",
            "\u{16}\u{3}\u{1} hello\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\n\r\nno",
        ),
        case(
            "both lengths",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        ),
        case(
            "line feeds alone",
            "GET / HTTP/1.0\nHost: x\n\n",
            "HTTP/1.0 200 OK\n\nok",
        ),
        case(
            "HTTP/2 without asking",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "HTTP/1.1 505 HTTP Version Not Supported\r\n\r\n",
        ),
    ]
}

/// Whoever listens on either side hears what the other side said, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_byte_passes_as_it_came() {
    for (name, request, answer) in odd_messages() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bench = proxy_to(listener.local_addr().unwrap(), false).await;
        let (expected, said) = (request.clone(), answer.clone());
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = vec![0; expected.len()];
            stream.read_exact(&mut heard).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            // Nothing more comes than was sent, and the end comes too.
            let more = stream.read_to_end(&mut heard).await.unwrap();
            (heard, more)
        });
        let mut stream = ask(bench.proxy, &request).await;
        // A browser that has said all may say so, and still reads.
        stream.shutdown().await.unwrap();
        assert_eq!(whole(stream).await, answer, "{name}");
        let (heard, more) = tokio::time::timeout(PATIENCE, serving).await.unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&heard), request, "{name}");
        assert_eq!(more, 0, "{name}");
        let exchange = bench.exchange();
        assert!(exchange.duration_us.is_some(), "{name}: it is in the recording");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_closed_connection_still_gets_its_answer() {
    let upstream = server(|mut stream, _| async move {
        // The end of the request is heard before the answer is given.
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .await
            .unwrap();
    })
    .await;
    let bench = proxy_to(upstream, false).await;
    let mut stream = ask(bench.proxy, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    stream.shutdown().await.unwrap();
    assert!(whole(stream).await.ends_with("ok"));
    assert_eq!(bench.exchange().error, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_leaves_before_its_upgrade_is_answered_is_gone_for_the_server() {
    let (sender, mut has_gone) = tokio::sync::mpsc::channel(1);
    let upstream = server(move |mut stream, _| {
        let sender = sender.clone();
        async move {
            assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
            sender.send(()).await.unwrap();
        }
    })
    .await;
    let bench = proxy_to(upstream, false).await;
    let request = "GET /ws/ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    drop(ask(bench.proxy, request).await);
    tokio::time::timeout(PATIENCE, has_gone.recv())
        .await
        .unwrap()
        .unwrap();
}

/// A browser that asks and asks and never reads takes no more memory than a hundred requests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn very_many_requests_at_once_pass_and_are_not_all_remembered() {
    let upstream = server(|mut stream, _| async move {
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".repeat(500);
        let length = heard.len().to_string();
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.write_all(length.as_bytes()).await.unwrap();
    })
    .await;
    let bench = proxy_to(upstream, false).await;
    let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut stream = ask(bench.proxy, &request.repeat(500)).await;
    stream.shutdown().await.unwrap();
    let answers = whole(stream).await;
    assert_eq!(answers.matches("200 OK").count(), 500);
    // The server has had all of them; the first was read by the bench.
    assert!(
        answers.ends_with(&(request.len() * 499).to_string()),
        "{}",
        &answers[answers.len() - 20..]
    );
    let recorded: Vec<HttpExchange> = (0..101).map(|_| bench.exchange()).collect();
    assert!(
        recorded[..100]
            .iter()
            .all(|exchange| exchange.status == 200 && exchange.error.is_none())
    );
    let last = recorded[100].error.as_deref().unwrap();
    assert!(last.contains("too many requests wait"), "{last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_is_refused_leaves_the_connection_as_it_was() {
    let upstream = server(|mut stream, first| async move {
        assert!(first.contains("/ws/"), "{first}");
        stream
            .write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            .await
            .unwrap();
        let second = head(&mut stream).await;
        assert!(second.contains("/next"), "{second}");
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")
            .await
            .unwrap();
    })
    .await;
    let bench = proxy_to(upstream, false).await;
    // The second request does not wait for the answer to the first.
    let stream = ask(
        bench.proxy,
        "GET /ws/ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nGET /next HTTP/1.1\r\n\r\n",
    )
    .await;
    let answers = whole(stream).await;
    assert!(
        answers.contains("403 Forbidden") && answers.ends_with("yes"),
        "{answers}"
    );
    let (first, second) = (bench.exchange(), bench.exchange());
    assert_eq!(
        (first.status, second.status, second.url.as_str()),
        (403, 200, "/next")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_is_passed_whole_and_kept_in_part() {
    let upstream = server(|mut stream, _| async move {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        stream.write_all(&vec![b'x'; 3_000_000]).await.unwrap();
    })
    .await;
    let bench = proxy_to(upstream, false).await;
    let answer = whole(ask(bench.proxy, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await).await;
    assert_eq!(answer.split("\r\n\r\n").nth(1).unwrap().len(), 3_000_000);
    let body = bench.exchange().response_body;
    assert_eq!((body.length, body.bytes.len()), (3_000_000, 1 << 20));
}

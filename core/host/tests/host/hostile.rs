//! What no browser of ours would do. Each time another browser goes on as if nothing had been.

use std::time::Duration;

use djscope_host::{HostOptions, Limits, StaticFile};
use djscope_live::Settings;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::browser::{Browser, connect};
use crate::http::{ask, send};
use crate::site::{start, start_site, start_with, start_with_limits, unlimited};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_92_pages_of_other_sites_cannot_connect() {
    let host = start().await;
    let mut other = Browser::open(&host).await;
    for origin in [
        "http://evil.example",
        "null",
        "http://localhost.evil.example",
        "",
        "http://",
    ] {
        let refused = connect(host.address(), &[("origin", origin)]).await;
        assert_eq!(refused.err(), Some(403), "{origin}");
    }
    for origin in ["http://localhost:1234", "https://127.0.0.1", "http://[::1]:80"] {
        assert!(
            connect(host.address(), &[("origin", origin)]).await.is_ok(),
            "{origin}"
        );
    }
    other.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_92_a_name_that_was_made_to_point_here_is_refused() {
    let host = start().await;
    let address = host.address();
    for headers in [
        "Host: evil.example\r\n",
        "",
        "Host: localhost\r\nHost: evil.example\r\n",
        "Host: \r\n",
    ] {
        for path in ["/", "/static/djscope/client/client.js", "/ws/live/"] {
            assert_eq!(
                ask(address, "GET", path, headers).await.status,
                400,
                "{headers:?} {path}"
            );
        }
    }
    assert_eq!(
        connect(address, &[("host", "evil.example")]).await.err(),
        Some(400)
    );
    let absolute = b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(send(address, absolute).await.status, 400);
    let named = HostOptions {
        allowed_hosts: vec!["demo.example".to_owned()],
        ..HostOptions::default()
    };
    let named = start_site(named, unlimited()).await;
    let answer = ask(named.address(), "GET", "/", "Host: demo.example:80\r\n").await;
    assert_eq!(answer.status, 200);
    Browser::open(&host).await.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes_that_are_none() {
    let host = start().await;
    let upgrade = "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    for headers in [
        "Host: localhost\r\n".to_owned(),
        format!("{upgrade}Sec-WebSocket-Version: 13\r\n"),
        format!("{upgrade}Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"),
    ] {
        assert_eq!(
            ask(host.address(), "GET", "/ws/live/", &headers).await.status,
            400,
            "{headers}"
        );
    }
    Browser::open(&host).await.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_make_no_sense_get_an_error_and_the_connection_stays() {
    let host = start().await;
    let (mut other, mut browser) = (Browser::open(&host).await, Browser::connected(&host).await);
    let text = |text: &str| Message::text(text.to_owned());
    let messages = [
        (
            text(r#"{"type":"event","event":"add","params":{}}"#),
            "View not mounted. Please reload the page.",
        ),
        (text(r#"{"type":"event""#), "Invalid JSON"),
        (text(""), "Invalid JSON"),
        (text(&"[".repeat(10_000)), "Invalid JSON"),
        (text("[]"), "Message without a type"),
        (text(r#"{"type":"dance"}"#), "Unknown message type: dance"),
        (
            text(r#"{"type":"mount","view":"demo.Missing","params":{},"url":"/"}"#),
            "View demo.Missing is not allowed",
        ),
        (text(r#"{"type":"mount","view":7}"#), "Invalid mount message"),
        (
            Message::binary(vec![0xff, 0, 0xfe]),
            "Invalid message: neither JSON, msgpack nor part of an upload",
        ),
        (
            Message::binary(Vec::new()),
            "Invalid message: neither JSON, msgpack nor part of an upload",
        ),
        (
            Message::binary(vec![0x91; 60_000]),
            "Invalid message: neither JSON, msgpack nor part of an upload",
        ),
        (
            Message::binary(vec![1; 40]),
            "View not mounted. Please reload the page.",
        ),
    ];
    for (message, expected) in messages {
        browser.socket.send(message.clone()).await.unwrap();
        let answer = browser.next().await;
        assert_eq!(
            (&answer["type"], &answer["error"]),
            (&json!("error"), &json!(expected)),
            "{message:?}"
        );
    }
    browser.mount("demo.Counter", "/").await;
    browser.still_works().await;
    other.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_messages_are_answered_and_break_nothing() {
    let host = start().await;
    let (mut other, mut browser) = (Browser::open(&host).await, Browser::open(&host).await);
    let whole = [
        r#"{"type":"event","event":"add","params":{"amount":7,"_args":[1,"2",null],"x":{"y":[1.5e3]}},"ref":1}"#,
        r#"{"type":"event","event":"update_model","params":{"field":"note","value":"a"},"ref":2}"#,
        r#"{"type":"mount","view":"demo.Counter","params":{"a":"b"},"url":"/","has_prerendered":true,"client_timezone":"Asia/Tokyo"}"#,
        r#"{"type":"live_redirect_mount","view":"demo.Item","params":{},"url":"/items/a%20b/"}"#,
        r#"{"type":"url_change","params":{"q":"x"},"uri":"/items/a/?q=x"}"#,
        r#"{"type":"upload_register","upload_name":"document","ref":"r","client_name":"a","client_type":"b","client_size":3}"#,
        r#"{"type":"request_html"}"#,
        r#"{"type":"presence_heartbeat"}"#,
    ];
    let pieces = [
        "null",
        "-1",
        "1e999",
        "9223372036854775808",
        "\"\"",
        "[]",
        "{}",
        "\\ud800",
        "\u{0}",
        "é",
        "%ff",
        "__class__",
    ];
    let mut draw = 1_u64;
    let mut next = |below: usize| {
        draw = draw
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (draw >> 33) as usize % below
    };
    for turn in 0..4_000 {
        let mut text: Vec<char> = whole[next(whole.len())].chars().collect();
        for _ in 0..=next(3) {
            let start = next(text.len());
            let end = (start + next(8)).min(text.len());
            text.splice(start..end, pieces[next(pieces.len())].chars());
        }
        let text: String = text.into_iter().collect();
        let message = match turn % 10 {
            0 => Message::binary([&[1 + (turn / 10 % 3) as u8][..], text.as_bytes()].concat()),
            _ => Message::text(text),
        };
        browser.socket.send(message).await.unwrap();
    }
    // Some had no answer; the one to this comes after all others, and no closing frame before it.
    browser.send(&json!({"type": "ping"})).await;
    while browser.next().await["type"] != "pong" {}
    browser.mount("demo.Counter", "/").await;
    browser.still_works().await;
    other.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_large_gets_an_error_and_a_huge_one_ends_the_connection() {
    let host = start().await;
    let (mut other, mut browser) = (Browser::open(&host).await, Browser::open(&host).await);
    for length in [64 * 1024 + 1, 70_000, 1 << 20] {
        for message in [
            Message::text("x".repeat(length)),
            Message::binary(vec![0xff; length]),
        ] {
            browser.socket.send(message).await.unwrap();
            let answer = browser.next().await;
            assert_eq!(answer["error"], format!("Message too large ({length} bytes)"));
        }
    }
    browser.still_works().await;
    browser
        .socket
        .send(Message::text("x".repeat(64 * 1024)))
        .await
        .unwrap();
    assert_eq!(
        browser.next().await["error"],
        "Invalid JSON",
        "one that is just small enough"
    );
    // The server closes before it has all of it.
    let _ = browser.socket.send(Message::text("x".repeat(2 << 20))).await;
    assert_eq!(browser.until_closed().await, (Vec::new(), 1009));
    other.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_frames_end_the_connection() {
    let host = start().await;
    let mut other = Browser::open(&host).await;
    let cases: [(&[u8], u16); 5] = [
        (&[0x81, 1, b'a'], 1002),
        (&[0xff; 20], 1002),
        (&[0x80, 0x80, 0, 0, 0, 0], 1002),
        (&[0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007),
        (
            &[
                0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
            ],
            1009,
        ),
    ];
    for (bytes, code) in cases {
        let browser = Browser::open(&host).await;
        let mut stream = browser.socket.into_inner();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer[0], 0x88, "{bytes:?} {answer:?}");
        assert_eq!(u16::from_be_bytes([answer[2], answer[3]]), code, "{bytes:?}");
    }
    other.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_djusts_limits_a_burst_is_warned_of_and_then_ends_the_connection() {
    let host = start_site(HostOptions::default(), Settings::default()).await;
    let (mut other, mut browser) = (Browser::open(&host).await, Browser::open(&host).await);
    let frame = json!({"type": "event", "event": "add", "params": {}, "ref": 1}).to_string();
    for _ in 0..10_000 {
        if browser.socket.feed(Message::text(frame.clone())).await.is_err() {
            break;
        }
    }
    let _ = browser.socket.flush().await;
    let (frames, code) = browser.until_closed().await;
    assert_eq!(code, 4429);
    let of_kind = |kind: &str| frames.iter().filter(|frame| frame["type"] == kind).count();
    assert_eq!(of_kind("rate_limit_exceeded"), 2, "the third warning is the end");
    assert!((19..200).contains(&of_kind("patch")), "{}", of_kind("patch"));
    other.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_limits_a_burst_is_answered_in_order() {
    let host = start().await;
    let (mut other, browser) = (Browser::open(&host).await, Browser::open(&host).await);
    let (mut sender, mut receiver) = browser.socket.split();
    let sending = tokio::spawn(async move {
        for reference in 1..=10_000 {
            let frame = json!({"type": "event", "event": "add", "params": {"amount": 1}, "ref": reference});
            sender.feed(Message::text(frame.to_string())).await.unwrap();
        }
        sender.flush().await.unwrap();
    });
    for reference in 1..=10_000 {
        let message = receiver.next().await.unwrap().unwrap();
        let answer: Json = serde_json::from_str(message.to_text().unwrap()).unwrap();
        assert_eq!(answer["ref"], reference);
        assert_eq!(answer["version"], reference + 1);
        assert_eq!(answer["patches"][0]["text"], reference.to_string());
    }
    sending.await.unwrap();
    other.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_takes_nothing_is_given_up_and_costs_little_until_then() {
    let limits = Limits {
        write_timeout: Duration::from_millis(1500),
        ..Limits::default()
    };
    let host = start_with_limits(limits).await;
    let (mut other, mut browser) = (Browser::open(&host).await, Browser::connected(&host).await);
    browser.mount("demo.Large", "/large/").await;
    let before = resident_bytes();
    // 2,000 answers of 100 KB would be 200 MB.
    let frame = json!({"type": "event", "event": "more", "params": {}, "ref": 1}).to_string();
    for _ in 0..2_000 {
        browser.socket.feed(Message::text(frame.clone())).await.unwrap();
    }
    browser.socket.flush().await.unwrap();
    let mut most = 0;
    while host.connections() > 1 {
        other.still_works().await;
        most = most.max(resident_bytes().saturating_sub(before));
    }
    assert!(most < 40_000_000, "{most} bytes more");
}

/// Memory of this process.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_gives_no_sign_of_life_is_given_up() {
    let limits = Limits {
        ping_after: Duration::from_millis(100),
        silence_limit: Duration::from_millis(600),
        ..Limits::default()
    };
    let host = start_with_limits(limits).await;
    // It is not read, so that it answers no ping.
    let silent = Browser::open(&host).await;
    let mut other = Browser::open(&host).await;
    let mut pings = 0;
    while host.connections() > 1 {
        // What answers pings is the client's reading.
        if let Some(Message::Ping(_)) = other.message(Duration::from_millis(50)).await {
            pings += 1;
        }
    }
    assert!(pings >= 3, "{pings} pings");
    other.still_works().await;
    drop(silent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_does_not_end_and_a_connection_that_asks_nothing_are_given_up() {
    let limits = Limits {
        head_timeout: Duration::from_millis(300),
        ..Limits::default()
    };
    let host = start_with_limits(limits).await;
    for request in [
        &b"GET / HTTP/1.1\r\nHost: loc"[..],
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n",
        b"",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(host.address()).await.unwrap();
        stream.write_all(request).await.unwrap();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut Vec::new())).await;
        assert!(read.is_ok(), "{request:?} is still open");
    }
    Browser::open(&host).await.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_takes_no_file_is_given_up() {
    let host = start_with(HostOptions {
        files: vec![StaticFile {
            name: "large".to_owned(),
            media_type: "application/octet-stream".to_owned(),
            content: vec![7; 40_000_000],
        }],
        limits: Limits {
            page_connection_time: Duration::from_millis(200),
            write_timeout: Duration::from_millis(200),
            ..Limits::default()
        },
        ..HostOptions::default()
    })
    .await;
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let request = b"GET /static/large HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(800)).await;
    let mut taken = Vec::new();
    // The connection may end with or without an error.
    let _ = stream.read_to_end(&mut taken).await;
    assert!((1..40_000_000).contains(&taken.len()), "{}", taken.len());
    // Whoever takes what is sent gets all of it.
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    taken.clear();
    stream.read_to_end(&mut taken).await.unwrap();
    assert!(taken.len() > 40_000_000, "{}", taken.len());
    Browser::open(&host).await.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_too_many_is_told_so() {
    let limits = Limits {
        max_connections: 2,
        ..Limits::default()
    };
    let host = start_with_limits(limits).await;
    let (mut first, second) = (Browser::open(&host).await, Browser::open(&host).await);
    assert_eq!(connect(host.address(), &[]).await.err(), Some(503));
    first.still_works().await;
    drop(second);
    while host.connections() > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Browser::open(&host).await.still_works().await;
}

//! Who gets in, and what happens when one side goes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use djscope_hub::socket::{HubAddress, RemoteClient};
use djscope_hub::{Answer, Ask, Bell, Client, ErrorCode, Event, Message, Query, Request, Waiting};

use crate::stand::{LONG, Stand, begun, total};

/// The status line of an upgrade with these headers.
fn knock(address: SocketAddr, target: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let request = format!(
        "GET {target} HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[9..]).into_owned()
}

#[test]
fn a_browser_is_answered_with_what_the_address_is_for() {
    let stand = Stand::of(vec![begun(1)]);
    let HubAddress { address, token } = stand.server.address().clone();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    write!(
        stream,
        "GET /?token={token} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 426 ") && answer.contains("djscope open ADDRESS"),
        "{answer}"
    );
    assert!(!answer.contains(&token));
}

#[test]
fn only_who_has_the_token_and_comes_from_here_gets_in() {
    let stand = Stand::of(vec![begun(1)]);
    let HubAddress { address, token } = stand.server.address().clone();
    let port = address.port();
    let (good, own) = (format!("/?token={token}"), format!("Host: 127.0.0.1:{port}\r\n"));
    let knocks = [
        ("101", good.clone(), own.clone()),
        ("101", good.clone(), format!("Host: localhost:{port}\r\n")),
        // Through a tunnel.
        (
            "101",
            good.clone(),
            "Host: 127.0.0.1:9\r\nOrigin: http://127.0.0.1:9\r\n".to_owned(),
        ),
        (
            "101",
            good.clone(),
            format!("{own}Origin: http://127.0.0.1:{port}\r\n"),
        ),
        ("401", "/".to_owned(), own.clone()),
        ("401", format!("/?token={}", &token[1..]), own.clone()),
        ("401", format!("/?token={token}0"), own.clone()),
        ("401", format!("/hub?token={token}"), own.clone()),
        ("400", good.clone(), "Host: evil.example\r\n".to_owned()),
        ("400", good.clone(), format!("Host: evil.example:{port}\r\n")),
        ("400", good.clone(), "Host: 127.0.0.1.evil.example\r\n".to_owned()),
        ("400", good.clone(), "X-Host: 127.0.0.1\r\n".to_owned()),
        ("400", good.clone(), format!("{own}{own}")),
        (
            "403",
            good.clone(),
            format!("{own}Origin: http://evil.example\r\n"),
        ),
        (
            "403",
            good.clone(),
            format!("{own}Origin: https://127.0.0.1:{port}\r\n"),
        ),
        (
            "403",
            good.clone(),
            format!("{own}Origin: http://127.0.0.1:8000\r\n"),
        ),
        ("403", good.clone(), format!("{own}Origin: null\r\n")),
    ];
    for (status, target, headers) in knocks {
        assert_eq!(knock(address, &target, &headers), status, "{target} {headers}");
    }
    let wrong = HubAddress {
        address,
        token: "0".repeat(32),
    };
    let Err(error) = RemoteClient::connect(&wrong, || {}) else {
        panic!("a wrong token opens")
    };
    assert_eq!(error.code, ErrorCode::ConnectionLost);
    assert!(error.message.contains("the token is wrong"), "{error}");
}

/// What is said first after the upgrade, frame by frame, and the last text that comes back before the end.
fn talk(stand: &Stand, frames: &[(u8, &[u8])]) -> String {
    let HubAddress { address, token } = stand.server.address();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let request = format!(
        "GET /?token={token} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    for (opcode, payload) in frames {
        let mut frame = vec![0x80 | opcode, 0xff];
        frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        // A mask of zeros leaves the payload as it is.
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        if stream.write_all(&frame).is_err() {
            break;
        }
    }
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard);
    String::from_utf8_lossy(&heard).into_owned()
}

#[test]
fn what_is_no_request_ends_the_connection_with_a_reason() {
    let stand = Stand::of(vec![begun(1)]);
    let hello = br#"{"hello":{"protocol":1,"credit":5}}"#.as_slice();
    let too_long = vec![b' '; 70_000];
    for (frames, reason) in [
        (vec![(1, b"{}".as_slice())], "has to be hello"),
        (
            vec![(1, br#"{"hello":{"protocol":99,"credit":1}}"#)],
            "version 1 of the protocol, not 99",
        ),
        (vec![(1, hello), (1, hello)], "hello was said already"),
        (vec![(1, hello), (1, b"nonsense")], "this is no request"),
        (
            vec![
                (1, hello),
                (1, br#"{"request":{"id":1,"query":{"open":"/etc/passwd"}}}"#),
            ],
            "this is no request",
        ),
        (vec![(1, hello), (2, b"\x01")], "messages are JSON texts"),
        (
            vec![(1, hello), (1, too_long.as_slice())],
            "a request of 70000 bytes: at most 65536 are taken",
        ),
        (vec![(1, too_long.as_slice())], "has to be hello"),
        (vec![(1, hello), (7, b"")], "welcome"),
    ] {
        let heard = talk(&stand, &frames);
        assert!(heard.contains(reason), "{reason}: {heard}");
    }
    let mut user = stand.user(crate::stand::Transport::Socket);
    assert_eq!(total(&mut user, ""), 1);
}

/// Passes bytes on until it is told to hang up, and then those of whoever connects again.
struct Wire {
    address: SocketAddr,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Wire {
    fn to(hub: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&open);
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (near, far) = (near.unwrap(), TcpStream::connect(hub).unwrap());
                kept.lock()
                    .unwrap()
                    .extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                for (mut from, mut to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)]
                {
                    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                }
            }
        });
        Self { address, open }
    }

    fn hang_up(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

#[test]
fn a_lost_connection_is_said_and_made_again() {
    let stand = Stand::of((1..=20).map(begun).collect());
    let hub = stand.server.address();
    let wire = Wire::to(hub.address);
    let through = HubAddress {
        address: wire.address,
        token: hub.token.clone(),
    };
    let bell = Bell::default();
    let rung = bell.clone();
    let client = RemoteClient::connect(&through, move || rung.ring()).unwrap();
    let mut user = Waiting::new(client, bell, LONG);
    for _ in 0..3 {
        assert!(matches!(user.query(Query::Status), Ok(Answer::Status(_))));
        wire.hang_up();
        let since = Instant::now();
        let (mut is_lost, mut is_back) = (false, false);
        while !is_back {
            assert!(since.elapsed() < LONG);
            match user.next_event(LONG) {
                Some(Event::ConnectionLost { .. }) => is_lost = true,
                Some(Event::Connected) => is_back = true,
                _ => {}
            }
        }
        assert!(is_lost);
    }
    assert_eq!(total(&mut user, ""), 20);
}

/// When the hub ends, whoever waits is told so, and later requests fail at once or with an error.
#[test]
fn a_hub_that_ends_is_said() {
    let mut stand = Stand::of(crate::stand::rich());
    let (mut client, bell) = stand.client(crate::stand::Transport::Socket);
    for id in 1..=40 {
        let ask = Ask::Query(Query::WholeTurn { turn: 1 });
        client.send(Request { id, ask }).unwrap();
    }
    drop(stand.writer.take());
    let Stand { hub, server, .. } = stand;
    drop(server);
    drop(hub);
    let since = Instant::now();
    let (mut replies, mut is_lost) = (0, false);
    while replies < 40 || !is_lost {
        assert!(since.elapsed() < LONG, "{replies} replies");
        bell.wait(Duration::from_millis(100));
        for message in client.receive() {
            match message {
                Message::Reply(_) => replies += 1,
                Message::Event(Event::ConnectionLost { .. }) => is_lost = true,
                Message::Event(_) => {}
            }
        }
    }
    let ask = Ask::Query(Query::Status);
    if client.send(Request { id: 99, ask }).is_ok() {
        let since = Instant::now();
        loop {
            assert!(since.elapsed() < LONG);
            bell.wait(Duration::from_millis(100));
            let of_last = client.receive().into_iter().find_map(|message| match message {
                Message::Reply(reply) if reply.id == 99 => Some(reply.into_result()),
                _ => None,
            });
            if let Some(result) = of_last {
                assert_eq!(result.unwrap_err().code, ErrorCode::ConnectionLost);
                break;
            }
        }
    }
}

//! What has to be true of any bytes that come in: the parsers of `djscope` never panic, and bytes that are cut elsewhere
//! say the same. The fuzz targets of `core/capture/fuzz` check this on what a fuzzer chooses; here inputs are drawn.

use std::cell::RefCell;

use djscope_capture::probe::{ProbeMessage, ProbeReport};
use djscope_capture::redaction::{Redactor, Rules};
use djscope_capture::turns::{Assembler, Seen};
use djscope_recording::Entry;
use djscope_recording::filter::Filter;
use djscope_recording::model::{HttpBody, HttpExchange};
use djscope_wire::websocket::{Decoder, Event, Extensions, Peer};
use djscope_wire::{ClientMessage, ServerMessage};

/// WebSocket bytes (RFC 6455), from either side, with and without compression: cut anywhere they give the same messages.
pub fn websocket(bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else {
        return;
    };
    let from = if choice & 1 == 0 {
        Peer::Client
    } else {
        Peer::Server
    };
    let header = if choice & 2 == 0 { "" } else { "permessage-deflate" };
    let read = |cut: usize| -> (Vec<Event>, bool) {
        let mut decoder = Decoder::new(from, &Extensions::parse(header), 4096);
        let mut events = Vec::new();
        let failed = bytes
            .chunks(cut.max(1))
            .any(|chunk| decoder.feed(chunk, &mut events).is_err());
        (events, failed)
    };
    assert_eq!(read(bytes.len()), read(usize::from(choice >> 2) % 7 + 1));
}

/// Frames of djust as text and as msgpack: what was read is written as something that reads the same.
pub fn wire_json(bytes: &[u8]) {
    let _ = ClientMessage::from_binary(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let server = ServerMessage::from_text(text.to_owned());
    let written = server.0.frame.to_json().unwrap();
    let again = ServerMessage::from_text(written.clone());
    assert_eq!(again.0.frame.to_json().unwrap(), written);
    if let ClientMessage::Text(parsed) = ClientMessage::from_text(text.to_owned()) {
        let written = parsed.frame.to_json().unwrap();
        let ClientMessage::Text(again) = ClientMessage::from_text(written.clone()) else {
            panic!("text stays text");
        };
        assert_eq!(again.frame.to_json().unwrap(), written);
    }
}

/// A line of a probe: understood or not, assembly goes on.
pub fn probe_line(bytes: &[u8]) {
    let mut assembler = Assembler::new(0);
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(message) = serde_json::from_slice::<ProbeMessage>(line) {
            let report = ProbeReport::Message { pid: 7, message };
            let _ = assembler.observe(Seen::Probe { t_us: 1, report });
        }
    }
    let _ = assembler.finish(10);
}

/// The filter grammar: a filter that was understood is printed as one that means the same.
pub fn filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(filter) = Filter::parse(text) {
        let printed = filter.to_string();
        assert_eq!(Filter::parse(&printed).as_ref(), Ok(&filter), "{printed}");
    }
}

const MEDIA: &[&str] = &[
    "text/html",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=B",
    "text/plain",
    "application/xml",
    "text/javascript",
    "",
    "image/png",
    "text/html; charset=latin-1",
];
const CODINGS: &[&str] = &["", "", "", "gzip", "deflate", "br", "zstd"];

/// HTTP bodies and redaction: any bytes of any kind, looked at twice as after a new secret.
pub fn redaction(bytes: &[u8]) {
    let [media, coding, bytes @ ..] = bytes else {
        return;
    };
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![
        header("Content-Type", MEDIA[usize::from(*media) % MEDIA.len()]),
        header("Content-Encoding", CODINGS[usize::from(*coding) % CODINGS.len()]),
        header("X-Note", &String::from_utf8_lossy(bytes)),
    ];
    let body = HttpBody {
        length: bytes.len() as u64,
        bytes: bytes.to_vec(),
        redacted: false,
    };
    let exchange = HttpExchange {
        http: 1,
        turn: None,
        t_us: 0,
        duration_us: None,
        method: "GET".to_owned(),
        url: String::from_utf8_lossy(bytes).into_owned(),
        status: 200,
        request_headers: headers.clone(),
        response_headers: headers,
        request_body: body.clone(),
        response_body: body,
        error: None,
    };
    // One for all inputs: it is what a run has, and making one takes longer than most inputs.
    thread_local!(static REDACTOR: RefCell<Redactor> = RefCell::new(Redactor::new(Rules::default())));
    REDACTOR.with_borrow_mut(|redactor| redacted_once(redactor, exchange));
}

fn redacted_once(redactor: &mut Redactor, exchange: HttpExchange) {
    let mut entry = Entry::Http(Box::new(exchange));
    redactor.redact(&mut entry);
    redactor.redact(&mut entry);
}

#[cfg(test)]
mod drawn {
    use super::*;

    /// What damaged inputs begin as.
    const SEEDS: &[&[u8]] = &[
        b"\x00\x81\x85abcd\x00\x00\x00\x00\x00", b"\x02\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", b"\x01\x88\x05\x03\xe8bye\x89\x00",
        b"{\"type\":\"event\",\"event\":\"save\",\"params\":{\"password\":\"x1y2z3\",\"n\":[1,2.5,null]},\"ref\":7}",
        b"{\"type\":\"patch\",\"patches\":[{\"type\":\"SetText\",\"path\":[0,1],\"d\":\"a\",\"text\":\"x\"}],\"version\":3,\"_debug\":{}}",
        b"{\"type\":\"turn\",\"transport\":\"http\",\"kind\":\"mount\",\"view\":\"7-1\",\"after\":{\"base\":false,\"public\":{\"a\":{\"$cut\":{\"kept\":[1]}}}}}",
        b"kind:event outcome:noop (key:basket or not view:Cart) ms>5 sql:\"x y\" finding:*",
        b"\x00\x00<form><input name=token value='abc123xyz'><textarea name=secret>x</textarea></form>",
        b"\x02\x00user%5Bpassword%5D=abc123&token=%41bc&next=%2Fx%3Fcode%3D1",
        b"\x03\x00--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter22\r\n--B--\r\n",
        b"\x04\x00(0.001) SELECT \"a\" FROM b WHERE token = 'x''y' AND c IN (1, 2); args=('x',)",
        b"\x01\x00{\"Authorization\": \"Bearer abc123\", \"url\": \"postgres://u:p@h/\", \"list\": [[\"pin\", 1234]]}",
    ];

    fn next(state: &mut u64) -> usize {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state >> 11).unwrap()
    }

    /// A seed with a few bytes changed, dropped, doubled, or taken from another.
    fn damaged(state: &mut u64) -> Vec<u8> {
        let mut bytes = SEEDS[next(state) % SEEDS.len()].to_vec();
        for _ in 0..next(state) % 6 {
            let at = next(state) % (bytes.len() + 1);
            match next(state) % 5 {
                0 if at < bytes.len() => bytes[at] = next(state).to_le_bytes()[0],
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"\"'<>=&%\\:{}[]\n\0\xff"[next(state) % 16]),
                3 => bytes.truncate(at),
                _ => {
                    let other = SEEDS[next(state) % SEEDS.len()];
                    let from = next(state) % other.len();
                    bytes.splice(at..at, other[from..].iter().copied());
                }
            }
        }
        bytes
    }

    #[test]
    fn no_input_breaks_a_parser() {
        let cases = std::env::var("PROPTEST_CASES")
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(256)
            * 16;
        let mut state = 0x5DEE_CE66_D123_4567;
        for _ in 0..cases {
            let bytes = damaged(&mut state);
            for check in [websocket, wire_json, probe_line, filter, redaction] {
                check(&bytes);
            }
        }
    }

    /// Texts that would take hours if something were read again and again: the test ends or is ended.
    #[test]
    fn long_texts_take_no_longer_than_long_texts() {
        let many = |piece: &str| piece.repeat(100_000 / piece.len());
        let nested = (0..200).fold("x".to_owned(), |inner, _| {
            format!(
                "<a title=\"token {}\">",
                inner
                    .replace('&', "&amp;")
                    .replace('"', "&quot;")
                    .replace('<', "&lt;")
            )
            .chars()
            .take(20_000)
            .collect()
        });
        let deep = [vec![0x91; 100_000], vec![0xc0]].concat();
        for text in [
            many("token=["),
            many("token=\""),
            many("token='"),
            many("password: {"),
            many("select token "),
            many("<td>token</td>"),
            many("<input name=token value="),
            many("&#112;"),
            many("%70"),
            many("eyJ"),
            many("://a:b@"),
            many("token/"),
            many("\\"),
            many("token\\"),
            many("&amp;token="),
            many("<a token=\"&lt;"),
            many("[redacted:"),
            "token".repeat(60_000),
            "a".repeat(300_000),
            nested,
        ] {
            redaction(&[b"\x00\x00", text.as_bytes()].concat());
            redaction(&[b"\x01\x00", text.as_bytes()].concat());
        }
        redaction(&[b"\x00\x00", &deep[..]].concat());
        wire_json(&deep);
        let frame = djscope_recording::model::FrameRecord {
            frame: 1,
            connection: 1,
            turn: None,
            t_us: 0,
            direction: djscope_recording::model::Direction::ToServer,
            opcode: djscope_recording::model::Opcode::Binary,
            kind: String::new(),
            length: deep.len() as u64,
            payload: base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &deep),
            redacted: Vec::new(),
            cut: false,
        };
        let mut entry = Entry::Frame(frame);
        Redactor::new(Rules::default()).redact(&mut entry);
    }
}

//! Lines of `planted.txt` and `innocent.txt`, put where they say: through the recorder, as the relay and a probe would.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use djscope_capture::observation::{Observation, SocketOpened};
use djscope_capture::probe::{ProbeMessage, ProbeReport};
use djscope_capture::queue::Tap;
use djscope_recording::model::{Direction, HttpBody, HttpExchange};
use serde_json::{Value, json};

/// A line of a corpus.
#[derive(Clone, Debug)]
pub struct Line {
    /// The heading above it.
    pub kind: String,
    /// Where it goes.
    pub place: String,
    /// The text, with the secret in it.
    pub text: String,
    /// The secret; empty if it has none.
    pub secret: String,
}

/// The lines of a corpus. Each has a secret of its own.
pub fn lines(corpus: &str) -> Vec<Line> {
    let mut kind = String::new();
    let mut found = Vec::new();
    for line in corpus.lines() {
        if let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            kind = heading.to_owned();
        } else if let Some((place, text)) = line.split_once("  ").filter(|_| !line.starts_with('#')) {
            let text = text.replace('⏎', "\n").replace('⇥', "\t");
            let number = found.len();
            let secret = if text.contains("{w}") {
                word(number)
            } else if text.contains("{n}") {
                format!(
                    "4{:015}",
                    739_391_133_u64 * (number as u64 + 11) % 1_000_000_000_000_000
                )
            } else if text.contains("{s") {
                drawn(number)
            } else {
                String::new()
            };
            found.push(Line {
                kind: kind.clone(),
                place: place.to_owned(),
                text: spelled(&text, &secret),
                secret,
            });
        }
    }
    found
}

/// A line with `{v}` and its spellings written out.
pub fn line(template: &str, value: &str) -> Line {
    let references: String = value
        .chars()
        .map(|character| format!("&#{};", u32::from(character)))
        .collect();
    let (place, text) = template.split_once("  ").unwrap();
    let percent: String = value
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    let html = value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;");
    let json = serde_json::to_string(value).unwrap();
    let text = text
        .replace('⏎', "\n")
        .replace("{v|percent}", &percent)
        .replace("{v|html}", &html)
        .replace("{v|json}", json.trim_matches('"'))
        .replace("{v|repr}", &value.replace('\\', "\\\\").replace('\'', "\\'"))
        .replace("{v|base64}", &STANDARD.encode(format!("n:{value}:x")))
        .replace("{v|codes}", &each(value, |byte| format!("%{byte:02x}")))
        .replace("{v|references}", &references)
        .replace("{v|capitals}", &value.to_uppercase())
        .replace("{v|hex}", &each(value, |byte| format!("{byte:02x}")))
        .replace("{v}", value);
    Line {
        kind: String::new(),
        place: place.to_owned(),
        text: spelled(&text, value),
        secret: value.to_owned(),
    }
}

fn each(text: &str, write: impl FnMut(u8) -> String) -> String {
    text.bytes().map(write).collect()
}

fn spelled(text: &str, secret: &str) -> String {
    text.replace("{s|percent}", &each(secret, |byte| format!("%{byte:02X}")))
        .replace("{s|base64}", &STANDARD.encode(format!("ada:{secret}")))
        .replace(
            "{s|json64}",
            &STANDARD.encode(format!("{{\"name\": \"ada\", \"password\": \"{secret}\"}}")),
        )
        .replace("{s}", secret)
        .replace("{w}", secret)
        .replace("{n}", secret)
}

/// Letters and digits, as a generator draws them.
pub fn drawn(number: usize) -> String {
    let mut state = (number as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(0x1234_5678_9ABC_DEF1);
    let letters = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut text = String::from("Zq7");
    for _ in 0..13 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text.push(char::from(letters[(state >> 33) as usize % letters.len()]));
    }
    text
}

/// What reads like a word that nobody uses.
fn word(number: usize) -> String {
    let mut rest = number * 7 + 12_345;
    let mut text = String::from("zu");
    for _ in 0..4 {
        text.push(char::from(b"bdfgklmnprstvz"[rest % 14]));
        rest /= 14;
        text.push(char::from(b"aeiou"[(rest + number) % 5]));
    }
    text
}

/// The bytes of a WebSocket frame (RFC 6455, section 5.2); those of a browser are masked, here with zeros.
pub fn websocket(opcode: u8, payload: &[u8], from_browser: bool) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode];
    let mask = if from_browser { 0x80 } else { 0 };
    match payload.len() {
        length @ 0..=125 => bytes.push(mask | length as u8),
        length @ 126..=65535 => {
            bytes.push(mask | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(mask | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    if from_browser {
        bytes.extend([0; 4]);
    }
    bytes.extend(payload);
    bytes
}

/// Puts lines into a recording, each on a connection or in a turn of its own.
pub struct Planter {
    tap: Tap,
    number: u64,
}

impl Planter {
    pub fn new(tap: Tap) -> Self {
        Self { tap, number: 0 }
    }

    /// Where observations go.
    pub fn tap(&self) -> Tap {
        self.tap.clone()
    }

    pub fn plant(&mut self, line: &Line) {
        let (place, detail) = line.place.split_once(' ').unwrap_or((&line.place, ""));
        let text = line.text.as_str();
        self.number += 1;
        match place {
            "url" => self.exchange(|exchange| text.clone_into(&mut exchange.url)),
            "header" => self.exchange(|exchange| exchange.request_headers.push(header(text))),
            "answer" => self.exchange(|exchange| exchange.response_headers.push(header(text))),
            "request" => self.request(detail, "", text.as_bytes().to_vec()),
            "response" => self.response(detail, "", text.as_bytes().to_vec()),
            "gzip" | "deflate" | "br" | "zstd" => self.response(detail, place, packed(place, text)),
            "gzip-request" => self.request(detail, "gzip", packed("gzip", text)),
            "zstd-request" => self.request(detail, "zstd", packed("zstd", text)),
            "unknown" => self.response(detail, "x-compress", packed("gzip", text)),
            "latin" => self.response(
                detail,
                "",
                text.chars().map(|character| character as u8).collect(),
            ),
            "utf16" => {
                let units = [0xfeff]
                    .into_iter()
                    .chain(text.encode_utf16())
                    .flat_map(u16::to_le_bytes);
                self.response(detail, "", units.collect());
            }
            "multipart" => self.request(
                "multipart/form-data; boundary=B",
                "",
                text.replace('\n', "\r\n").into_bytes(),
            ),
            "path" => self.socket(text, &[]),
            "sent" => self.socket("/ws/live/", &[(1, text.as_bytes().to_vec(), true)]),
            "frame" | "raw" => self.socket("/ws/live/", &[(1, text.as_bytes().to_vec(), false)]),
            "binary" => self.socket("/ws/live/", &[(2, text.as_bytes().to_vec(), true)]),
            "packed" => {
                let value: Value = serde_json::from_str(text).unwrap();
                self.socket("/ws/live/", &[(2, rmp_serde::to_vec(&value).unwrap(), true)]);
            }
            "upload" => {
                let chunk = [&[1][..], &[7; 16], &[0, 0, 0, 0], text.as_bytes()].concat();
                self.socket("/ws/live/", &[(2, chunk, true)]);
            }
            "close" => self.socket(
                "/ws/live/",
                &[(8, [&4000_u16.to_be_bytes()[..], text.as_bytes()].concat(), false)],
            ),
            "ping" => self.socket("/ws/live/", &[(9, text.as_bytes().to_vec(), false)]),
            "pong" => self.socket("/ws/live/", &[(10, text.as_bytes().to_vec(), true)]),
            "meta" => self.tap.send(Observation::Fact {
                key: ["command", "upstream"][usize::from(text.starts_with("http"))],
                value: json!(text),
            }),
            "log" => self.probe(
                json!({"type": "log", "time_us": 1, "level": "INFO", "logger": "app", "message": text}),
            ),
            "template" | "handler" | "default" => self.view(place, text),
            _ => self.turn(place, text),
        }
    }

    fn exchange(&self, change: impl FnOnce(&mut HttpExchange)) {
        let mut exchange = HttpExchange {
            http: self.number,
            turn: None,
            t_us: 1,
            duration_us: Some(1),
            method: "GET".to_owned(),
            url: "/".to_owned(),
            status: 200,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            request_body: HttpBody::default(),
            response_body: HttpBody::default(),
            error: None,
        };
        change(&mut exchange);
        self.tap.send(Observation::HttpEnded {
            exchange: Box::new(exchange),
        });
    }

    fn request(&self, media_type: &str, coding: &str, bytes: Vec<u8>) {
        self.exchange(|exchange| {
            exchange.request_headers = headers(media_type, coding);
            exchange.request_body = body(bytes);
        });
    }

    fn response(&self, media_type: &str, coding: &str, bytes: Vec<u8>) {
        self.exchange(|exchange| {
            exchange.response_headers = headers(media_type, coding);
            exchange.response_body = body(bytes);
        });
    }

    fn socket(&self, path: &str, frames: &[(u8, Vec<u8>, bool)]) {
        let connection = self.number;
        self.tap.send(Observation::SocketOpened(SocketOpened {
            connection,
            t_us: 1,
            path: path.to_owned(),
            status: 101,
            extensions: String::new(),
            server: String::new(),
            is_websocket: true,
        }));
        let mount = json!({"type": "mount", "view": "app.V", "params": {}, "url": "/"}).to_string();
        let first = [(1, mount.into_bytes(), true)];
        for (opcode, payload, from_browser) in first.iter().chain(frames) {
            self.tap.send(Observation::SocketBytes {
                connection,
                t_us: 2,
                direction: if *from_browser {
                    Direction::ToServer
                } else {
                    Direction::ToBrowser
                },
                bytes: Bytes::from(websocket(*opcode, payload, *from_browser)),
            });
        }
    }

    fn probe(&self, message: Value) {
        let message: ProbeMessage = serde_json::from_value(message).unwrap();
        self.tap.send(Observation::Probe {
            t_us: 3,
            report: ProbeReport::Message { pid: 7, message },
        });
    }

    fn view(&self, place: &str, text: &str) {
        let class = format!("app.V{}", self.number);
        let handler = match place {
            "handler" => json!({"name": "save", "source": text, "params": []}),
            "default" => {
                let (name, default) = text.split_once('=').unwrap();
                json!({"name": "save", "params": [{"name": name, "required": false, "default": default}]})
            }
            _ => json!({"name": "save", "params": []}),
        };
        let source = if place == "template" { text } else { "" };
        let template =
            json!({"name": "a.html", "sources": [{"name": "a.html", "role": "self", "source": source}]});
        self.probe(json!({"type": "view", "class": class, "handlers": [handler], "template": template}));
        self.probe(json!({"type": "turn", "transport": "http", "kind": "mount", "class": class, "start_us": 1, "duration_us": 1}));
    }

    fn turn(&self, place: &str, text: &str) {
        let mut turn = json!({"type": "turn", "transport": "http", "kind": "event", "event": "save", "class": "app.V",
                              "view": format!("7-{}", self.number), "start_us": 1, "duration_us": 1});
        let exception = |message: &str, traceback: &str, source: &str| {
            json!({"type": "app.Error", "message": message, "traceback": traceback,
                   "frames": [{"file": "a.py", "line": 3, "function": "f", "source": source}]})
        };
        match place {
            "state" => {
                let state: Value = serde_json::from_str(text).unwrap();
                turn["after"] = json!({"base": false, "public": state, "private": {}});
            }
            "error" | "exception" => turn["exception"] = exception(text, "", ""),
            "traceback" => turn["exception"] = exception("", text, ""),
            "source" => turn["exception"] = exception("", "", text),
            "page" => turn["html"] = json!(text),
            "sql" => {
                turn["spans"] = json!([{"id": 1, "kind": "sql", "name": text, "detail": {"params": null}}]);
            }
            "params" => {
                let (sql, params) = text.split_once('¶').unwrap();
                let params: Value = serde_json::from_str(params).unwrap();
                turn["spans"] = json!([{"id": 1, "kind": "sql", "name": sql, "detail": {"params": params}}]);
            }
            other => panic!("no such place: {other}"),
        }
        self.probe(turn);
    }
}

fn header(text: &str) -> (String, String) {
    let (name, value) = text.split_once(": ").unwrap();
    (name.to_owned(), value.to_owned())
}

fn headers(media_type: &str, coding: &str) -> Vec<(String, String)> {
    [("Content-Type", media_type), ("Content-Encoding", coding)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn body(bytes: Vec<u8>) -> HttpBody {
    HttpBody {
        length: bytes.len() as u64,
        bytes,
        redacted: false,
    }
}

fn packed(coding: &str, text: &str) -> Vec<u8> {
    use std::io::Write;
    let level = flate2::Compression::default();
    match coding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => zstd::encode_all(text.as_bytes(), 3).unwrap(),
        "br" => stored_brotli(text.as_bytes()),
        other => panic!("no such coding: {other}"),
    }
}

/// Brotli (RFC 7932, section 9.2) with its content uncompressed: a window of 16 bits, one stored meta-block, the last empty one.
fn stored_brotli(bytes: &[u8]) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![false];
    let mut push = |value: u32, count: u32| (0..count).for_each(|bit| bits.push(value >> bit & 1 == 1));
    push(0, 1);
    push(0, 2);
    push(bytes.len() as u32 - 1, 16);
    push(1, 1);
    let mut out: Vec<u8> = bits
        .chunks(8)
        .map(|byte| {
            byte.iter()
                .enumerate()
                .fold(0, |sum, (at, bit)| sum | u8::from(*bit) << at)
        })
        .collect();
    out.extend(bytes);
    out.push(0b11);
    out
}

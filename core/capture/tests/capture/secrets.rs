//! Planted secrets: none is in the file, and nothing else is taken for one.

mod planting;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use djscope_capture::observation::Observation;
use djscope_capture::probe::ProbeReport;
use djscope_capture::queue::{Clock, queue};
use djscope_capture::recorder::{Recorder, RecorderOptions};
use djscope_capture::redaction::{Redactor, Rules};
use djscope_capture::sockets::Sockets;
use djscope_capture::turns::Assembler;
use djscope_recording::filter::Filter;
use djscope_recording::model::{HttpBody, HttpExchange};
use djscope_recording::{BodySide, Entry, Reader};
pub use planting::websocket;
use planting::{Line, Planter, lines};
use serde_json::json;

const PLANTED: &str = include_str!("secrets/planted.txt");
const INNOCENT: &str = include_str!("secrets/innocent.txt");

/// Records what `plant` does, and gives everything that can be read of the file, and the bytes on disk while it was
/// being written and after.
fn recorded(plant: impl FnOnce(&mut Planter)) -> (String, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets.djscope");
    let recorder = Recorder::start(&path, RecorderOptions::default()).unwrap();
    plant(&mut Planter::new(recorder.tap()));
    std::thread::sleep(Duration::from_millis(300));
    let mut bytes = on_disk(folder.path());
    recorder.finish().unwrap();
    bytes.extend(on_disk(folder.path()));
    (everything(&path), bytes)
}

/// The probe reports what a view made of a request long before the answer of that request has ended.
#[test]
fn a_secret_of_a_request_is_known_before_the_server_reports_what_it_made_of_it() {
    let exchange = |body: &str| HttpExchange {
        http: 1,
        turn: None,
        t_us: 0,
        duration_us: None,
        method: "POST".to_owned(),
        url: "/zq/?token=ZQquerysecret01".to_owned(),
        status: 0,
        request_headers: [
            ("Cookie", "sessionid=ZQcookiesecret02"),
            ("X-Api-Key", "ZQheadersecret03"),
            ("Content-Type", "application/json"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        response_headers: Vec::new(),
        request_body: HttpBody {
            length: body.len() as u64,
            bytes: body.as_bytes().to_vec(),
            redacted: false,
        },
        response_body: HttpBody::default(),
        error: None,
    };
    let turn = json!({
        "type": "turn", "seq": 1, "transport": "http", "client": ["127.0.0.1", 40_001], "kind": "mount",
        "class": "shop.views.Zq", "view": "7-1", "start_us": 10, "duration_us": 500,
        "after": {"base": false, "private": {}, "public": {
            "asked": "ZQquerysecret01", "who": "ZQcookiesecret02", "by": "ZQheadersecret03", "note": "ZQbodysecret04",
        }},
    });
    let (text, bytes) = recorded(|planter| {
        let tap = planter.tap();
        tap.send_waiting(Observation::HttpSeen {
            exchange: Box::new(exchange("")),
        });
        tap.send_waiting(Observation::HttpBegan {
            http: 1,
            port: 40_001,
        });
        let body = r#"{"password": "ZQbodysecret04", "note": "ZQbodysecret04"}"#;
        tap.send_waiting(Observation::HttpSeen {
            exchange: Box::new(exchange(body)),
        });
        tap.send_waiting(Observation::Probe {
            t_us: 600,
            report: ProbeReport::Message {
                pid: 7,
                message: serde_json::from_value(turn.clone()).unwrap(),
            },
        });
        tap.send_waiting(Observation::HttpEnded {
            exchange: Box::new(exchange(body)),
        });
    });
    assert!(
        text.contains("shop.views.Zq") && text.contains("[redacted:") && !text.contains("ZQ"),
        "{text}"
    );
    assert!(!bytes.windows(2).any(|pair| pair == b"ZQ"));
}

fn on_disk(folder: &Path) -> Vec<u8> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().flat_map(|file| fs::read(file).unwrap()).collect()
}

/// Every turn with all its parts, every connection and its frames, every exchange with its bodies, every fact.
fn everything(path: &Path) -> String {
    let reader = Reader::open(path).unwrap();
    let mut out = serde_json::to_string(&reader.meta().unwrap()).unwrap();
    let mut add = |text: String| {
        out.push('\n');
        out.push_str(&text);
    };
    for row in reader.turns(&Filter::default(), 0, 10_000).unwrap().rows {
        add(serde_json::to_string(&row).unwrap());
        add(serde_json::to_string(&reader.turn(row.turn).unwrap()).unwrap());
        if let Some(page) = reader.dom(row.turn).unwrap() {
            add(format!("page {page:?}"));
        }
    }
    for connection in reader.connections().unwrap() {
        add(serde_json::to_string(&connection).unwrap());
        for frame in reader
            .frames_of_connection(connection.connection, 0, 1000)
            .unwrap()
        {
            add(serde_json::to_string(&frame).unwrap());
            let decoded = STANDARD.decode(&frame.payload).unwrap_or_default();
            add(String::from_utf8_lossy(&decoded).into_owned());
        }
    }
    for view in reader.views().unwrap() {
        add(serde_json::to_string(&view).unwrap());
    }
    for log in reader.logs(0, 10_000).unwrap() {
        add(serde_json::to_string(&log).unwrap());
    }
    for exchange in reader.http(0, 10_000).unwrap().rows {
        add(serde_json::to_string(&exchange).unwrap());
        for side in [BodySide::Request, BodySide::Response] {
            let body = reader.http_body(exchange.http, side).unwrap().unwrap_or_default();
            add(String::from_utf8_lossy(&body).into_owned());
        }
    }
    out
}

/// The spellings of a secret in which it must not be found either.
fn spellings(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let escapes: String = secret.bytes().map(|byte| format!("\\u00{byte:02x}")).collect();
    vec![
        secret.to_owned(),
        percent,
        escapes,
        STANDARD.encode(format!("ada:{secret}")),
        STANDARD.encode(secret),
    ]
}

fn leaked<'a>(lines: &'a [Line], text: &str, bytes: &[u8]) -> Vec<&'a Line> {
    let bytes = String::from_utf8_lossy(bytes);
    let holds = |line: &&Line| {
        spellings(&line.secret)
            .iter()
            .any(|secret| text.contains(secret) || bytes.contains(secret))
    };
    lines
        .iter()
        .filter(|line| !line.secret.is_empty())
        .filter(holds)
        .collect()
}

fn report(lines: &[&Line]) -> String {
    let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in lines {
        kinds
            .entry(&line.kind)
            .or_default()
            .push(format!("{}  {}", line.place, line.text));
    }
    kinds
        .iter()
        .map(|(kind, lines)| format!("[{kind}] {}\n{}\n", lines.len(), lines.join("\n")))
        .collect()
}

#[test]
fn no_planted_secret_is_recorded() {
    let planted = lines(PLANTED);
    let secrets = planted.iter().filter(|line| !line.secret.is_empty()).count();
    assert!(secrets >= 300, "{secrets} secrets are planted");
    let (text, bytes) = recorded(|planter| planted.iter().for_each(|line| planter.plant(line)));
    let leaked = leaked(&planted, &text, &bytes);
    assert!(
        leaked.is_empty(),
        "{} of {secrets} leaked:\n{}",
        leaked.len(),
        report(&leaked)
    );
}

/// Each line by itself, so that no memory of another helps.
#[test]
fn no_planted_secret_is_recorded_alone() {
    let planted = lines(PLANTED);
    let alone = |line: &&Line| {
        !line.secret.is_empty()
            && !leaked(
                std::slice::from_ref(line),
                &entries(&mut Redactor::new(Rules::default()), line),
                b"",
            )
            .is_empty()
    };
    let leaked: Vec<&Line> = planted.iter().filter(alone).collect();
    assert!(leaked.is_empty(), "{} leaked:\n{}", leaked.len(), report(&leaked));
}

/// What would be written of one line, without a file.
fn entries(redactor: &mut Redactor, line: &Line) -> String {
    let (tap, queue) = queue(Clock::start(), 64 << 20);
    Planter::new(tap).plant(line);
    let mut sockets = Sockets::new(16 << 20);
    let mut assembler = Assembler::new(0);
    let mut entries = Vec::new();
    while let Ok(observation) = queue.next(Duration::ZERO) {
        for seen in sockets.read(observation) {
            entries.extend(assembler.observe(seen));
        }
    }
    entries.extend(assembler.finish(10));
    let mut out = String::new();
    for mut entry in entries {
        redactor.redact(&mut entry);
        match &entry {
            Entry::Http(exchange) => {
                for body in [&exchange.request_body, &exchange.response_body] {
                    out += &String::from_utf8_lossy(&body.bytes);
                }
                out += &serde_json::to_string(exchange).unwrap();
            }
            Entry::Frame(frame) => {
                out += &frame.payload;
                out += &String::from_utf8_lossy(&STANDARD.decode(&frame.payload).unwrap_or_default());
            }
            other => out += &format!("{other:?}"),
        }
    }
    out
}

#[test]
fn nothing_innocent_is_masked() {
    let innocent = lines(INNOCENT);
    assert!(innocent.len() >= 200, "{} look-alikes", innocent.len());
    let masked: Vec<&Line> = innocent
        .iter()
        .filter(|line| is_marked(&entries(&mut Redactor::new(Rules::default()), line)))
        .collect();
    assert!(
        masked.is_empty(),
        "{} of {} masked:\n{}",
        masked.len(),
        innocent.len(),
        report(&masked)
    );
}

/// What the redactor has learned of other lines spoils none either.
#[test]
fn nothing_innocent_is_masked_beside_secrets() {
    let mut redactor = Redactor::new(Rules::default());
    for line in lines(PLANTED) {
        entries(&mut redactor, &line);
    }
    let innocent = lines(INNOCENT);
    let masked: Vec<&Line> = innocent
        .iter()
        .filter(|line| is_marked(&entries(&mut redactor, line)))
        .collect();
    assert!(
        masked.is_empty(),
        "{} of {} masked:\n{}",
        masked.len(),
        innocent.len(),
        report(&masked)
    );
}

fn is_marked(text: &str) -> bool {
    text.contains("redacted:") || text.contains("$redacted")
}

/// A secret that is seen once under its name, then in texts that do not say what it is.
#[test]
fn a_secret_once_seen_is_masked_everywhere() {
    let first = [
        "header  Cookie: sessionid={s}",
        "header  Authorization: Bearer {s}",
        "header  Authorization: Basic {s|base64}",
        "header  X-CSRFToken: {s}",
        "answer  Set-Cookie: csrftoken={s}; Path=/",
        "request application/x-www-form-urlencoded  password={s}",
        "request application/json  {\"api_key\": \"{s}\"}",
        "multipart  --B⏎Content-Disposition: form-data; name=\"token\"⏎⏎{s}⏎--B--⏎",
        "response text/html  <input name=\"csrfmiddlewaretoken\" value=\"{s}\">",
        "sent  {\"type\":\"event\",\"event\":\"x\",\"params\":{\"password\":\"{s}\"}}",
        "state  {\"_session_key\":\"{s}\"}",
        "url  /x?token={s}",
        "log  password={s}",
        "params  SELECT id FROM a WHERE token = %s¶[\"{s}\"]",
    ];
    let later = [
        "log  hello {v}, welcome",
        "log  repr: <Thing '{v|repr}'>",
        "log  base64 {v|base64}",
        "log  letters {v|codes}",
        "log  references {v|references}",
        "log  capitals {v|capitals}",
        "log  hex {v|hex}",
        "url  /search?q={v|percent}",
        "url  /search/{v|percent}/",
        "answer  X-Note: {v}",
        "response text/plain  note {v}",
        "gzip text/plain  note {v}",
        "response text/html  <p>{v|html}</p>",
        "response application/json  {\"note\":\"{v|json}\"}",
        "frame  {\"type\":\"patch\",\"patches\":[{\"type\":\"SetText\",\"path\":[0],\"d\":\"1\",\"text\":\"{v|json}\"}],\"version\":1}",
        "frame  {\"type\":\"noop\",\"_debug\":{\"variables\":{\"x\":{\"value\":\"'{v|json}'\"}}}}",
        "frame  {\"type\":\"push_event\",\"event\":\"x\",\"payload\":{\"{v|json}\":1}}",
        "state  {\"note\":\"{v|json}\"}",
        "state  {\"note\":[{\"$tuple\":[\"a {v|json} b\"]}]}",
        "raw  {\"note\": \"{v|json}\", \"cut",
        "source  note = '{v|repr}'",
        "exception  cannot use {v}",
        "page  <p>{v|html}</p>",
        "sql  SELECT id FROM a WHERE note = '{v}'",
        "close  bye {v}",
        "upload  note {v}",
    ];
    let secrets: Vec<String> = (0..first.len())
        .map(|number| match number % 3 {
            // What HTTP allows in a header, a cookie and base64.
            0 => planting::drawn(900 + number),
            1 => format!("{}~!*{number}", &planting::drawn(900 + number)[..10]),
            _ => format!("{}-é-\\x{number}", &planting::drawn(900 + number)[..10]),
        })
        .collect();
    let written = |template: &str, secret: &str| Line {
        kind: template.to_owned(),
        secret: secret.to_owned(),
        ..planting::line(template, secret)
    };
    let json_escaped = |secret: &str| {
        serde_json::to_string(secret)
            .unwrap()
            .trim_matches('"')
            .to_owned()
    };
    let (text, bytes) = recorded(|planter| {
        for (template, secret) in first.iter().zip(&secrets) {
            let is_json = template.contains("{\\\"") || template.contains("{\"") || template.contains("[\"");
            let spelled = if is_json {
                json_escaped(secret)
            } else {
                secret.clone()
            };
            planter.plant(&written(&template.replace("{s}", &spelled), secret));
        }
        for template in later {
            for secret in &secrets {
                planter.plant(&written(template, secret));
            }
        }
    });
    let all: Vec<Line> = first
        .iter()
        .zip(&secrets)
        .map(|(template, secret)| written(template, secret))
        .collect();
    let found: Vec<String> = all
        .iter()
        .filter(|line| {
            let json = json_escaped(&line.secret);
            let twice = json_escaped(&json);
            let other = ["{v|codes}", "{v|references}", "{v|capitals}", "{v|hex}"]
                .map(|spelling| planting::line(&format!("log  {spelling}"), &line.secret).text);
            [&line.secret, &json, &twice]
                .into_iter()
                .chain(&other)
                .any(|secret| text.contains(secret.as_str()))
                || String::from_utf8_lossy(&bytes).contains(&line.secret)
        })
        .map(|line| {
            let at = text.find(&line.secret).unwrap_or_default();
            format!(
                "{} {} near {}",
                line.kind,
                line.secret,
                text[text.floor_char_boundary(at.saturating_sub(60))..]
                    .chars()
                    .take(160)
                    .collect::<String>()
            )
        })
        .collect();
    assert!(
        found.is_empty(),
        "{} of {} first places:\n{}",
        found.len(),
        first.len(),
        found.join("\n")
    );
}

/// Equal secrets have equal marks within a recording, different ones different marks, another recording others.
#[test]
fn marks_show_whether_a_secret_changed() {
    let states = |values: &[&str]| -> Vec<serde_json::Value> {
        let mut redactor = Redactor::new(Rules::default());
        let mark = |value: &&str| {
            let public = serde_json::json!({"token": value}).as_object().cloned().unwrap();
            let mut entry = Entry::Snapshot(djscope_recording::SnapshotDelta {
                public,
                ..Default::default()
            });
            redactor.redact(&mut entry);
            let Entry::Snapshot(delta) = entry else {
                unreachable!()
            };
            delta.public["token"].clone()
        };
        values.iter().map(mark).collect()
    };
    let marks = states(&["first-one-1", "first-one-1", "second-one-2"]);
    assert_eq!(marks[0], marks[1]);
    assert_ne!(marks[0], marks[2]);
    assert_eq!(marks[0]["$redacted"]["type"], "str");
    assert_eq!(marks[0]["$redacted"]["length"], "9-16");
    assert_ne!(marks[0], states(&["first-one-1"])[0]);
}

/// A secret that is known is nowhere in what a probe of version 2 adds, in whatever field it stands.
#[test]
fn no_field_of_what_the_server_did_holds_a_known_secret() {
    use djscope_recording::model::{ClassData, ServerWork, SourceFile, Turn, TurnKind, View};
    const SECRET: &str = "Kx83hTq0vPz5LmWd";
    let mut redactor = Redactor::new(Rules::default());
    let public = json!({"token": SECRET}).as_object().cloned().unwrap();
    redactor.redact(&mut Entry::Snapshot(djscope_recording::SnapshotDelta {
        public,
        ..Default::default()
    }));
    let task = json!({"id": "7-1", "name": SECRET, "function": SECRET, "wrote": [SECRET]});
    let work: ServerWork = serde_json::from_value(json!({
        "mount": {"user": SECRET, "language": SECRET, "time_zone": SECRET, "kwargs": {"key": SECRET}, "url": SECRET},
        "pushes": [{"target": SECRET, "handler": SECRET, "state": [SECRET]}],
        "tasks": [task], "task": task,
        "threads": [{"name": SECRET, "target": SECRET, "file": SECRET}],
    }))
    .unwrap();
    let data: ClassData = serde_json::from_value(json!({
        "attributes": {"shown": SECRET}, "state_fields": [SECRET], "computed": [SECRET], "static_assigns": [SECRET],
        "temporary_assigns": [SECRET], "reserved": [SECRET], "before_init": [SECRET], "dropped": [SECRET],
        "components": [{"name": SECRET, "class": SECRET}], "sources": [{"module": SECRET, "file": SECRET}],
    }))
    .unwrap();
    let decision = json!({"changed": [SECRET]});
    let turn = Turn {
        djust: serde_json::from_value(decision).unwrap(),
        changed_keys: Some(vec![SECRET.to_owned()]),
        debug_state: serde_json::from_value(json!({"source": "debug_payload", "changed": [SECRET]})).unwrap(),
        work,
        ..Turn::begun(1, TurnKind::Event, 0)
    };
    let view = View {
        class_data: Some(Box::new(data)),
        ..View::default()
    };
    let text = format!("api_key = '{SECRET}'");
    let source = SourceFile {
        hash: "ab".to_owned(),
        module: SECRET.to_owned(),
        file: SECRET.to_owned(),
        text,
    };
    let process = json!([{"pid": 7, "cwd": SECRET, "argv": ["run", SECRET], "environment": [SECRET]}]);
    let meta = Entry::Meta {
        key: "processes".to_owned(),
        value: process,
    };
    for mut entry in [
        Entry::Turn(Box::new(turn)),
        Entry::View(view),
        Entry::Source(Box::new(source)),
        meta,
    ] {
        assert!(format!("{entry:?}").contains(SECRET));
        redactor.redact(&mut entry);
        let text = format!("{entry:?}");
        assert!(!text.contains(SECRET), "{text}");
    }
    // One that nobody has seen yet is known by its name.
    let mut fresh = Redactor::new(Rules::default());
    let attributes = json!({"api_key": "Zt81mQw7Rb", "page_size": 20});
    let data = ClassData {
        attributes: attributes.as_object().cloned().unwrap(),
        ..ClassData::default()
    };
    let mut entry = Entry::View(View {
        class_data: Some(Box::new(data)),
        ..View::default()
    });
    fresh.redact(&mut entry);
    let text = format!("{entry:?}");
    assert!(
        !text.contains("Zt81mQw7Rb") && text.contains("page_size"),
        "{text}"
    );
}

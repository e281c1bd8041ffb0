//! Entries to record.

use djscope_recording::model::{
    ClassData, CloseRecord, ComponentClass, Connection, DebugSource, DebugState, Decision, Direction,
    Evidence, Exception, Finding, FindingCode, FrameRecord, FullHtml, Handler, HandlerParam, HttpBody,
    HttpExchange, KnownEvidence, LogRecord, MountFacts, Opcode, Outcome, PatchRecord, Place, SentFrame,
    SentPush, ServerWork, SessionUse, Severity, SourceFile, SourceReference, Span, SpanKind, StartedThread,
    Task, Template, TemplateSource, TracebackFrame, Turn, TurnId, TurnKind, View,
};
use djscope_recording::{Entry, Keyframe, SnapshotDelta, Writer, WriterOptions};
use serde_json::{Map, Value, json};
use std::path::Path;

pub fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is not an object"),
    }
}

pub fn turn(number: TurnId) -> Turn {
    Turn {
        turn: number,
        kind: TurnKind::Event,
        connection: Some(1),
        view_id: Some(1),
        view: Some("app.views.CounterView".to_owned()),
        event: Some("increment".to_owned()),
        params: json!({"amount": "2"}),
        reference: Some(5),
        t_us: i64::try_from(number).unwrap() * 1_000_000,
        duration_us: Some(4_120),
        outcome: Outcome::Patched,
        changed: Some(vec!["count".to_owned()]),
        patches: Some(1),
        version: Some(3),
        before: None,
        after: None,
        debug_state: None,
        context: Some(vec!["count".to_owned(), "title".to_owned()]),
        rendered: Some(vec!["count".to_owned()]),
        djust: Some(Decision {
            changed: Some(vec!["count".to_owned()]),
            skip: false,
            force: true,
        }),
        handed: None,
        changed_keys: Some(vec!["count".to_owned()]),
        work: work(),
        error: None,
        exception: None,
        full_html: None,
        sent: Vec::new(),
        http: None,
        missing: Vec::new(),
    }
}

pub fn frame(number: u64, turn: Option<TurnId>, payload: &str) -> FrameRecord {
    FrameRecord {
        frame: number,
        connection: 1,
        turn,
        t_us: i64::try_from(number).unwrap() * 1000,
        direction: if number % 2 == 1 {
            Direction::ToServer
        } else {
            Direction::ToBrowser
        },
        opcode: Opcode::Text,
        kind: "patch".to_owned(),
        length: payload.len() as u64,
        payload: payload.to_owned(),
        redacted: Vec::new(),
        cut: false,
    }
}

/// One entry of each kind, all about turn 1, with every field set.
pub fn everything() -> Vec<Entry> {
    let mut full = turn(1);
    full.before = Some(1);
    full.after = Some(2);
    full.http = Some(1);
    full.error = Some("boom".to_owned());
    full.exception = Some(Exception {
        class: "builtins.ValueError".to_owned(),
        message: "boom".to_owned(),
        traceback: "Traceback …".to_owned(),
        frames: vec![TracebackFrame {
            file: "views.py".to_owned(),
            line: 22,
            function: "increment".to_owned(),
            source: Some("raise ValueError".to_owned()),
        }],
    });
    full.full_html = Some(FullHtml {
        reason: "no_patches".to_owned(),
        html_size: Some(450),
        previous_html_size: Some(449),
        patch_count: Some(0),
        version: Some(4),
    });
    full.sent = vec![SentFrame {
        kind: "patch".to_owned(),
        version: Some(3),
        reference: Some(5),
        t_us: 3_900,
    }];
    full.missing = vec!["spans: no probe".to_owned()];
    full.debug_state = Some(DebugState {
        source: DebugSource::DebugPayload,
        before: Some(3),
        before_turn: Some(1),
        after: Some(4),
        changed: Some(vec!["count".to_owned()]),
    });
    let mut long = frame(2, Some(1), &"{\"patches\": []} ".repeat(500));
    long.redacted = vec!["/params/password".to_owned()];
    long.cut = true;
    vec![
        Entry::Meta {
            key: "command".to_owned(),
            value: json!(["python", "manage.py"]),
        },
        Entry::Connection(connection()),
        Entry::View(view()),
        Entry::Source(Box::new(source())),
        Entry::Snapshot(SnapshotDelta {
            snapshot: 1,
            base: None,
            public: map(json!({"count": 1, "items": vec!["a long enough item"; 200]})),
            private: map(json!({"_secret": {"$decimal": "1.20"}})),
            unset: Vec::new(),
        }),
        Entry::Snapshot(SnapshotDelta {
            snapshot: 2,
            base: Some(1),
            public: map(json!({"count": 2})),
            ..SnapshotDelta::default()
        }),
        Entry::Snapshot(shown(3, 1)),
        Entry::Snapshot(shown(4, 2)),
        Entry::Turn(Box::new(full)),
        Entry::Frame(frame(1, Some(1), r#"{"type":"event"}"#)),
        Entry::Frame(long),
        Entry::Patches {
            turn: 1,
            patches: vec![patch(2, 0), patch(2, 1)],
        },
        Entry::Spans {
            turn: 1,
            spans: spans(),
        },
        Entry::Log(log()),
        Entry::Http(Box::new(http())),
        Entry::HttpTurn { http: 1, turn: 1 },
        Entry::Keyframe(Keyframe {
            turn: 1,
            connection: Some(1),
            view_id: Some(1),
            html: "<p dj-id=\"0\">1</p>".to_owned(),
        }),
        Entry::Finding(finding()),
    ]
}

/// A state as djust's debug payload shows it.
pub fn shown(snapshot: u64, count: u64) -> SnapshotDelta {
    SnapshotDelta {
        snapshot,
        public: map(
            json!({"count": count, "items": {"$shown": {"type": "list", "text": "['a",
                           "cut": true, "bytes": 4000}}}),
        ),
        ..SnapshotDelta::default()
    }
}

pub fn connection() -> Connection {
    Connection {
        connection: 1,
        opened_us: 10,
        closed_us: Some(5_000_000),
        path: "/ws/live/?a=b".to_owned(),
        session_id: Some("3c4aea18".to_owned()),
        status: 101,
        close: Some(CloseRecord {
            code: 4403,
            reason: "no".to_owned(),
            by: Direction::ToBrowser,
        }),
        is_djust: true,
        extensions: "permessage-deflate".to_owned(),
        problem: Some("a reserved bit was set".to_owned()),
    }
}

fn work() -> ServerWork {
    let task = Task {
        id: "7-1".to_owned(),
        name: "export".to_owned(),
        function: Some("app.views.CounterView.export".to_owned()),
        start_us: Some(40),
        ..Task::default()
    };
    ServerWork {
        session: Some(SessionUse {
            touched: true,
            saved: false,
        }),
        mount: Some(MountFacts {
            user: json!(7),
            language: Some("de".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
            kwargs: json!({"pk": 3}),
            url: Some("/counter/3/".to_owned()),
        }),
        pushes: vec![SentPush {
            target: "app.views.BoardView".to_owned(),
            handler: Some("on_news".to_owned()),
            state: vec!["news".to_owned()],
            t_us: 30,
            delivered: Some(2),
            skips_own: true,
        }],
        tasks: vec![task.clone()],
        task: Some(Task {
            end_us: Some(90),
            wrote: Some(vec!["rows".to_owned()]),
            ..task
        }),
        threads: vec![StartedThread {
            name: "Thread-1".to_owned(),
            target: Some("app.views.poll".to_owned()),
            t_us: 50,
            file: Some("views.py".to_owned()),
            line: Some(31),
        }],
    }
}

fn class_data() -> ClassData {
    ClassData {
        attributes: map(json!({"page_size": 20, "rate": {"$decimal": "0.5"}})),
        state_fields: vec!["open".to_owned()],
        reserved: vec!["page_title".to_owned()],
        components: vec![ComponentClass {
            name: "basket".to_owned(),
            class: "app.parts.Basket".to_owned(),
        }],
        sources: vec![SourceReference {
            module: "app.views".to_owned(),
            role: "view".to_owned(),
            file: "views.py".to_owned(),
            hash: source().hash,
        }],
        ..ClassData::default()
    }
}

pub fn source() -> SourceFile {
    SourceFile {
        hash: "9f86d081".repeat(8),
        module: "app.views".to_owned(),
        file: "views.py".to_owned(),
        text: "class CounterView(LiveView): …".to_owned(),
    }
}

pub fn view() -> View {
    View {
        view: 1,
        connection: Some(1),
        class: "app.views.CounterView".to_owned(),
        file: Some("views.py".to_owned()),
        line: Some(12),
        handlers: vec![Handler {
            name: "increment".to_owned(),
            file: Some("views.py".to_owned()),
            line: Some(20),
            source: Some("def increment(self): …".to_owned()),
            decorators: json!({"debounce": {"wait": 0.3}}),
            params: vec![HandlerParam {
                name: "amount".to_owned(),
                annotation: Some("int".to_owned()),
                required: false,
                default: Some("1".to_owned()),
            }],
        }],
        class_data: Some(Box::new(class_data())),
        template: Some(Template {
            name: Some("counter.html".to_owned()),
            sources: vec![TemplateSource {
                name: Some("counter.html".to_owned()),
                file: None,
                role: "self".to_owned(),
                source: "<p>{{ count }}</p>".to_owned(),
            }],
        }),
    }
}

pub fn patch(frame: u64, index: u32) -> PatchRecord {
    PatchRecord {
        frame,
        index,
        kind: "SetText".to_owned(),
        path: vec![0, 1],
        target: Some("3".to_owned()),
        summary: "text of <p> becomes 2".to_owned(),
        patch: json!({"type": "SetText", "path": [0, 1], "text": "2"}),
    }
}

pub fn spans() -> Vec<Span> {
    vec![
        Span {
            span: 0,
            parent: None,
            kind: SpanKind::Handler,
            name: "increment".to_owned(),
            start_us: 210,
            duration_us: 900,
            detail: Value::Null,
        },
        Span {
            span: 1,
            parent: Some(0),
            kind: SpanKind::Sql,
            name: "SELECT * FROM product".to_owned(),
            start_us: 300,
            duration_us: 120,
            detail: json!({"file": "views.py", "line": 22}),
        },
    ]
}

pub fn log() -> LogRecord {
    LogRecord {
        turn: Some(1),
        t_us: 1_000_300,
        level: "WARNING".to_owned(),
        logger: "app".to_owned(),
        message: "low stock".to_owned(),
        file: Some("views.py".to_owned()),
        line: Some(23),
        traceback: Some("Traceback …".to_owned()),
    }
}

pub fn http() -> HttpExchange {
    HttpExchange {
        http: 1,
        turn: Some(1),
        t_us: 5,
        duration_us: Some(900),
        method: "POST".to_owned(),
        url: "/counter/?a=b".to_owned(),
        status: 200,
        request_headers: vec![("Host".to_owned(), "127.0.0.1".to_owned())],
        response_headers: vec![("Content-Type".to_owned(), "text/html".to_owned())],
        request_body: HttpBody {
            length: 3,
            bytes: b"a=b".to_vec(),
            redacted: true,
        },
        response_body: HttpBody {
            length: 5000,
            bytes: b"<p>hello</p>".repeat(300),
            redacted: false,
        },
        error: Some("cut off".to_owned()),
    }
}

pub fn finding() -> Finding {
    Finding {
        code: FindingCode::Other("DJE-053".to_owned()),
        severity: Severity::Error,
        certain: true,
        primary: true,
        turn: Some(1),
        view: Some("shop.views.CartView".to_owned()),
        event: Some("add".to_owned()),
        place: Some(Place::Code {
            file: "/srv/shop/views.py".to_owned(),
            line: Some(20),
            column: None,
        }),
        message: "nothing changed on the page".to_owned(),
        fix: "name the key".to_owned(),
        evidence: vec![
            KnownEvidence::Span { span: 1 }.into(),
            Evidence::Other(json!({"keys": ["count"]})),
        ],
        rules: 1,
    }
}

/// A finished recording of these entries.
pub fn record(path: &Path, entries: Vec<Entry>) {
    let writer = Writer::create(path, WriterOptions::default()).unwrap();
    for entry in entries {
        writer.write(entry);
    }
    let summary = writer.finish().unwrap();
    assert_eq!(summary.health.dropped(), 0, "{:?}", summary.health.error);
    assert!(summary.is_one_file);
}

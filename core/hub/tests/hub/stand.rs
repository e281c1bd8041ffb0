//! A recording, a hub over it, and clients of both kinds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use djscope_hub::model::{
    Direction, Exception, FrameRecord, LogRecord, Opcode, Outcome, PatchRecord, SourceFile, Span, SpanKind,
    TracebackFrame, Turn, TurnKind,
};
use djscope_hub::socket::{RemoteClient, SocketServer};
use djscope_hub::{Answer, Ask, Bell, Client, Command, Event, Hub, HubError, Mailbox, Query, Waiting};
use djscope_recording::{Entry, SnapshotDelta, Writer, WriterOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than anything takes on a busy machine.
pub const LONG: Duration = Duration::from_secs(30);

pub type User = Waiting<Box<dyn Client>>;

/// How a client reaches the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Process,
    Socket,
}

pub const BOTH: [Transport; 2] = [Transport::Process, Transport::Socket];

pub struct Stand {
    pub hub: Arc<Hub>,
    pub server: SocketServer,
    pub path: PathBuf,
    pub writer: Option<Writer>,
    _folder: TempDir,
}

impl Stand {
    /// A recording of these entries that may grow. The rules look at it when it is opened, as at a saved one.
    pub fn of(entries: Vec<Entry>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.djscope");
        let mailbox = Mailbox::default();
        let options = WriterOptions {
            on_commit: Some(mailbox.on_commit()),
            ..WriterOptions::default()
        };
        let writer = Writer::create(&path, options).unwrap();
        entries.into_iter().for_each(|entry| writer.write(entry));
        assert!(writer.flush(LONG));
        let hub = Arc::new(Hub::open(&path, None, mailbox).unwrap());
        let server = SocketServer::start(Arc::clone(&hub), 0).unwrap();
        Self {
            hub,
            server,
            path,
            writer: Some(writer),
            _folder: folder,
        }
    }

    pub fn client(&self, transport: Transport) -> (Box<dyn Client>, Bell) {
        let bell = Bell::default();
        let rung = bell.clone();
        let wake = move || rung.ring();
        let client: Box<dyn Client> = match transport {
            Transport::Process => Box::new(self.hub.client(wake)),
            Transport::Socket => Box::new(RemoteClient::connect(self.server.address(), wake).unwrap()),
        };
        (client, bell)
    }

    pub fn user(&self, transport: Transport) -> User {
        let (client, bell) = self.client(transport);
        Waiting::new(client, bell, LONG)
    }

    pub fn write(&self, entry: Entry) {
        let writer = self.writer.as_ref().unwrap();
        writer.write(entry);
        assert!(writer.flush(LONG));
    }
}

pub fn command<C: Client>(user: &mut Waiting<C>, command: Command) -> Result<Answer, HubError> {
    user.ask(Ask::Command(command))
}

/// The first event that `wanted` makes something of.
pub fn heard<T>(user: &mut User, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        let event = user.next_event(LONG).expect("an event");
        if let Some(found) = wanted(event) {
            return found;
        }
        assert!(since.elapsed() < LONG);
    }
}

pub fn total<C: Client>(user: &mut Waiting<C>, filter: &str) -> u64 {
    let query = Query::Turns {
        filter: filter.to_owned(),
        from: 0,
        limit: 10,
    };
    match user.query(query).unwrap() {
        Answer::Turns(page) => page.total,
        other => panic!("{other:?}"),
    }
}

pub fn tick(number: u64) -> Turn {
    Turn::begun(number, TurnKind::Tick, i64::try_from(number).unwrap() * 1000)
}

pub fn begun(number: u64) -> Entry {
    Entry::Turn(Box::new(tick(number)))
}

/// An event whose handler raised.
pub fn raised(number: u64) -> Entry {
    let mut turn = tick(number);
    turn.kind = TurnKind::Event;
    turn.event = Some("save".to_owned());
    turn.outcome = Outcome::Error;
    turn.error = Some("An error occurred".to_owned());
    turn.exception = Some(Exception {
        class: "builtins.ValueError".to_owned(),
        message: "no".to_owned(),
        traceback: "Traceback …\nValueError: no".to_owned(),
        frames: vec![TracebackFrame {
            file: "/srv/shop/views.py".to_owned(),
            line: 88,
            function: "save".to_owned(),
            source: Some("raise ValueError(\"no\")".to_owned()),
        }],
    });
    Entry::Turn(Box::new(turn))
}

fn map(value: Value) -> serde_json::Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

/// A turn with a large state and much of everything.
pub fn rich() -> Vec<Entry> {
    let rows: Vec<Value> = (0..5_000)
        .map(|number| json!({"id": number, "name": format!("row {number}"), "price": {"$decimal": "1.20"}}))
        .collect();
    let mut turn = tick(1);
    turn.kind = TurnKind::Event;
    turn.event = Some("search".to_owned());
    turn.outcome = Outcome::Patched;
    turn.changed = Some(vec!["query".to_owned()]);
    turn.before = Some(1);
    turn.after = Some(2);
    let patches = (0..3_000).map(|index| PatchRecord {
        frame: 1,
        index,
        kind: "SetText".to_owned(),
        path: vec![0, index],
        target: Some(format!("{index:x}")),
        summary: "text".to_owned(),
        patch: json!({"type": "SetText", "d": format!("{index:x}"), "text": "x".repeat(120)}),
    });
    let spans = (0..400).map(|number| Span {
        span: number,
        parent: None,
        kind: SpanKind::Sql,
        name: "SELECT 1".to_owned(),
        start_us: i64::from(number),
        duration_us: 1,
        detail: Value::Null,
    });
    let log = |number: i64| LogRecord {
        turn: Some(1),
        t_us: number,
        level: "INFO".to_owned(),
        logger: "shop".to_owned(),
        message: format!("line {number} {}", "y".repeat(500)),
        file: None,
        line: None,
        traceback: None,
    };
    let process = |pid: u32| json!({"pid": pid, "argv": vec!["manage.py"; 9_000]});
    let mut entries = vec![
        Entry::Meta {
            key: "processes".to_owned(),
            value: (1..=6).map(process).collect(),
        },
        Entry::Source(Box::new(SourceFile {
            hash: "9f86d0".to_owned(),
            module: "shop.views".to_owned(),
            file: "/srv/shop/views.py".to_owned(),
            text: "z = 1\n".repeat(60_000),
        })),
        Entry::Snapshot(SnapshotDelta {
            snapshot: 1,
            public: map(json!({"query": "", "rows": rows})),
            private: map(json!({"_count": 1})),
            ..SnapshotDelta::default()
        }),
        Entry::Snapshot(SnapshotDelta {
            snapshot: 2,
            base: Some(1),
            public: map(json!({"query": "oak"})),
            ..SnapshotDelta::default()
        }),
        Entry::Turn(Box::new(turn)),
        Entry::Frame(FrameRecord {
            frame: 1,
            connection: 1,
            turn: Some(1),
            t_us: 1_500,
            direction: Direction::ToBrowser,
            opcode: Opcode::Text,
            kind: "patch".to_owned(),
            length: 600_000,
            payload: "é".repeat(300_000),
            redacted: Vec::new(),
            cut: false,
        }),
        Entry::Patches {
            turn: 1,
            patches: patches.collect(),
        },
        Entry::Spans {
            turn: 1,
            spans: spans.collect(),
        },
    ];
    entries.extend((0..1_000).map(|number| Entry::Log(log(number))));
    entries
}

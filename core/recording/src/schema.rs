//! The tables of a recording, and the versions of the format.
//!
//! `docs/recording-format.md` is the page for people; this is the source.

use std::sync::LazyLock;

use rusqlite_migration::{M, Migrations};

/// Changes when an older djscope can no longer read the file.
pub const FORMAT_MAJOR: u32 = 1;

/// Changes when something was added that an older djscope can do without.
pub const FORMAT_MINOR: u32 = 3;

/// `SQLite`'s `application_id`: "djsc".
pub(crate) const APPLICATION_ID: i32 = 0x646a_7363;

/// Longest stored value, body, payload or page of HTML, in bytes before compression.
pub const MAX_VALUE_BYTES: usize = 64 << 20;

pub(crate) static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![
        M::up(FORMAT_1_0),
        M::up(FORMAT_1_1),
        M::up(FORMAT_1_2),
        M::up(FORMAT_1_3),
    ])
});

/// Columns of rows that a list or a filter reads stand in `turns`; what only one turn's page needs stands in
/// `turn_details`, so that a scan over all turns stays short.
const FORMAT_1_0: &str = "
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE connections (
    connection INTEGER PRIMARY KEY,
    opened_us INTEGER NOT NULL,
    closed_us INTEGER,
    path TEXT NOT NULL,
    session_id TEXT,
    status INTEGER NOT NULL,
    close_code INTEGER,
    close_reason TEXT,
    close_by TEXT,
    is_djust INTEGER NOT NULL,
    extensions TEXT NOT NULL,
    problem TEXT
);
CREATE TABLE views (
    view INTEGER PRIMARY KEY,
    connection INTEGER,
    class TEXT NOT NULL,
    file TEXT,
    line INTEGER,
    code INTEGER
);
CREATE TABLE turns (
    turn INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    connection INTEGER,
    view_id INTEGER,
    view TEXT,
    event TEXT,
    cause TEXT NOT NULL,
    reference INTEGER,
    t_us INTEGER NOT NULL,
    duration_us INTEGER,
    patches INTEGER,
    version INTEGER,
    before INTEGER,
    after INTEGER,
    http INTEGER,
    queries INTEGER NOT NULL DEFAULT 0,
    findings INTEGER NOT NULL DEFAULT 0,
    changed TEXT,
    error TEXT,
    exception TEXT,
    params TEXT NOT NULL
);
CREATE INDEX turns_by_time ON turns (t_us);
CREATE INDEX turns_by_connection ON turns (connection, view_id, turn);
CREATE TABLE turn_details (
    turn INTEGER PRIMARY KEY,
    body BLOB NOT NULL
);
CREATE TABLE frames (
    frame INTEGER PRIMARY KEY,
    connection INTEGER NOT NULL,
    turn INTEGER,
    t_us INTEGER NOT NULL,
    direction TEXT NOT NULL,
    opcode TEXT NOT NULL,
    kind TEXT NOT NULL,
    length INTEGER NOT NULL,
    cut INTEGER NOT NULL,
    redacted TEXT,
    payload BLOB NOT NULL
);
CREATE INDEX frames_by_turn ON frames (turn);
CREATE INDEX frames_by_connection ON frames (connection);
CREATE TABLE patches (
    frame INTEGER PRIMARY KEY,
    turn INTEGER NOT NULL,
    count INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX patches_by_turn ON patches (turn);
CREATE TABLE spans (
    id INTEGER PRIMARY KEY,
    turn INTEGER NOT NULL,
    span INTEGER NOT NULL,
    parent INTEGER,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    start_us INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    detail TEXT
);
CREATE INDEX spans_by_turn ON spans (turn);
CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    turn INTEGER,
    t_us INTEGER NOT NULL,
    level TEXT NOT NULL,
    logger TEXT NOT NULL,
    message TEXT NOT NULL,
    file TEXT,
    line INTEGER,
    traceback TEXT
);
CREATE INDEX logs_by_turn ON logs (turn);
CREATE TABLE http (
    http INTEGER PRIMARY KEY,
    turn INTEGER,
    t_us INTEGER NOT NULL,
    duration_us INTEGER,
    method TEXT NOT NULL,
    url TEXT NOT NULL,
    status INTEGER NOT NULL,
    request_headers TEXT NOT NULL,
    response_headers TEXT NOT NULL,
    request_length INTEGER NOT NULL,
    request_redacted INTEGER NOT NULL,
    request_body INTEGER,
    response_length INTEGER NOT NULL,
    response_redacted INTEGER NOT NULL,
    response_body INTEGER,
    error TEXT
);
CREATE INDEX http_by_turn ON http (turn);
CREATE TABLE findings (
    id INTEGER PRIMARY KEY,
    turn INTEGER,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    message TEXT NOT NULL,
    fix TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX findings_by_turn ON findings (turn);
CREATE TABLE snapshots (
    snapshot INTEGER PRIMARY KEY,
    base INTEGER,
    body TEXT NOT NULL
);
CREATE TABLE blobs (
    blob INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    length INTEGER NOT NULL,
    base INTEGER,
    is_compressed INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE keyframes (
    id INTEGER PRIMARY KEY,
    turn INTEGER NOT NULL,
    connection INTEGER,
    view_id INTEGER,
    html INTEGER NOT NULL
);
CREATE INDEX keyframes_by_view ON keyframes (connection, view_id, turn);
";

/// Every row has a sum of its own since 1.1: a flipped bit is found where it is, also in a file that was never ended.
const FORMAT_1_1: &str = "
ALTER TABLE meta ADD COLUMN sum INTEGER;
ALTER TABLE connections ADD COLUMN sum INTEGER;
ALTER TABLE views ADD COLUMN sum INTEGER;
ALTER TABLE turns ADD COLUMN sum INTEGER;
ALTER TABLE turn_details ADD COLUMN sum INTEGER;
ALTER TABLE frames ADD COLUMN sum INTEGER;
ALTER TABLE patches ADD COLUMN sum INTEGER;
ALTER TABLE spans ADD COLUMN sum INTEGER;
ALTER TABLE logs ADD COLUMN sum INTEGER;
ALTER TABLE http ADD COLUMN sum INTEGER;
ALTER TABLE findings ADD COLUMN sum INTEGER;
ALTER TABLE snapshots ADD COLUMN sum INTEGER;
ALTER TABLE keyframes ADD COLUMN sum INTEGER;
";

/// Of what a class is made, and the text of its modules, since 1.2: in tables of their own, because the sum of a row
/// of `views` is over the columns that older readers know.
const FORMAT_1_2: &str = "
CREATE TABLE view_classes (
    view INTEGER PRIMARY KEY,
    body INTEGER NOT NULL,
    sum INTEGER
);
CREATE TABLE sources (
    hash TEXT PRIMARY KEY NOT NULL,
    module TEXT NOT NULL,
    file TEXT NOT NULL,
    text INTEGER NOT NULL,
    sum INTEGER
) WITHOUT ROWID;
";

/// What djust itself showed of a turn's state, since 1.3: beside `turns` for the same reason.
const FORMAT_1_3: &str = "
CREATE TABLE debug_states (
    turn INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    before INTEGER,
    before_turn INTEGER,
    after INTEGER,
    changed TEXT,
    sum INTEGER
);
";

/// The tables that a recording of 1.0 or 1.1 lacks.
pub(crate) const SINCE_1_2: [&str; 2] = ["view_classes", "sources"];

/// The tables that a recording of 1.2 lacks.
pub(crate) const SINCE_1_3: [&str; 1] = ["debug_states"];

/// The tables with sums, and the columns that the sum of a row is made of, in order. Contents of `blobs` have a hash.
pub(crate) const SUMMED: [(&str, &str); 16] = [
    ("meta", "key, value"),
    (
        "connections",
        "connection, opened_us, closed_us, path, session_id, status, close_code, close_reason, close_by, is_djust, \
         extensions, problem",
    ),
    ("views", "view, connection, class, file, line, code"),
    (
        "turns",
        "turn, kind, outcome, connection, view_id, view, event, cause, reference, t_us, duration_us, patches, version, \
         before, after, http, changed, error, exception, params, queries, findings",
    ),
    ("turn_details", "turn, body"),
    (
        "frames",
        "frame, connection, turn, t_us, direction, opcode, kind, length, cut, redacted, payload",
    ),
    ("patches", "frame, turn, count, body"),
    (
        "spans",
        "turn, span, parent, kind, name, start_us, duration_us, detail",
    ),
    (
        "logs",
        "turn, t_us, level, logger, message, file, line, traceback",
    ),
    (
        "http",
        "http, turn, t_us, duration_us, method, url, status, request_headers, response_headers, request_length, \
         request_redacted, request_body, response_length, response_redacted, response_body, error",
    ),
    ("findings", "turn, code, severity, message, fix, detail"),
    ("snapshots", "snapshot, base, body"),
    ("keyframes", "turn, connection, view_id, html"),
    ("view_classes", "view, body"),
    ("sources", "hash, module, file, text"),
    (
        "debug_states",
        "turn, source, before, before_turn, after, changed",
    ),
];

/// The columns of a row of `table` that its sum is made of.
pub(crate) fn summed(table: &str) -> &'static str {
    let known = SUMMED.iter().find(|(name, _)| *name == table);
    known.map_or("", |(_, columns)| columns)
}

/// The tables that a recording must have.
pub(crate) const TABLES: [&str; 14] = [
    "meta",
    "connections",
    "views",
    "turns",
    "turn_details",
    "frames",
    "patches",
    "spans",
    "logs",
    "http",
    "findings",
    "snapshots",
    "blobs",
    "keyframes",
];

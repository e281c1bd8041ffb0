//! What turns of the shop are made of.

use djscope_hub::model::{
    Connection, DebugStates, Direction, FrameRecord, Handler, LogRecord, Opcode, Outcome, PatchRecord,
    Snapshot, Span, SpanKind, Template, Turn, TurnDetail, TurnKind, View, changes_between,
};
use serde_json::{Map, Value, json};

/// The source file of the view.
pub const FILE: &str = "/srv/shop/cart/views.py";

/// Names of a state.
pub fn names(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// A state of the cart.
pub fn cart(query: &str, total: u32) -> Snapshot {
    let tea = json!({"$model": {"app": "shop", "model": "Product", "pk": 3, "fields":
        {"name": "Tea", "price": {"$decimal": "4.20"}}}});
    Snapshot {
        public: names(&json!({
            "query": query,
            "total": total,
            "price": {"$decimal": "12.60"},
            "items": [tea, {"$model": {"app": "shop", "model": "Product", "pk": 9, "fields": {"name": "Teapot", "price": {"$decimal": "31.00"}}}}],
            "tags": {"$set": ["green", "loose"]},
            "filters": {"in_stock": true, "max_price": null, "sort": {"$tuple": ["name", "asc"]}},
            "opened": {"$datetime": "2026-11-24T10:00:00+01:00"},
            "results": {"$queryset": {"model": "shop.Product", "rows": null, "sql": "SELECT 1"}},
        })),
        private: names(&json!({
            "_clicks": 4,
            "_api_token": "[redacted]",
            "_client": {"$repr": {"type": "shop.Client", "text": "<Client at 127.0.0.1>"}},
        })),
    }
}

/// The view of the cart.
pub fn view() -> View {
    let handler = |name: &str, line| Handler {
        name: name.to_owned(),
        file: Some(FILE.to_owned()),
        line: Some(line),
        ..Handler::default()
    };
    View {
        view: 1,
        connection: Some(1),
        class: "shop.cart.views.CartView".to_owned(),
        file: Some(FILE.to_owned()),
        line: Some(12),
        class_data: None,
        handlers: vec![
            handler("search", 31),
            handler("add_item", 47),
            handler("recount", 88),
            handler("save", 112),
        ],
        template: Some(Template {
            name: Some("cart/cart.html".to_owned()),
            sources: Vec::new(),
        }),
    }
}

/// Its connection.
pub fn connection() -> Connection {
    Connection {
        connection: 1,
        opened_us: 900_000,
        closed_us: None,
        path: "/ws/live/".to_owned(),
        session_id: Some("3c4aea18".to_owned()),
        status: 101,
        close: None,
        is_djust: true,
        extensions: String::new(),
        problem: None,
    }
}

/// A span without more facts.
pub fn span(
    number: u32,
    parent: Option<u32>,
    kind: SpanKind,
    name: &str,
    start_us: i64,
    duration_us: u64,
) -> Span {
    Span {
        span: number,
        parent,
        kind,
        name: name.to_owned(),
        start_us,
        duration_us,
        detail: Value::Null,
    }
}

/// A query.
pub fn sql(number: u32, name: &str, line: u32, start_us: i64, duration_us: u64, params: &Value) -> Span {
    Span {
        detail: json!({"params": params, "alias": "default", "file": FILE, "line": line, "function": "search", "rows": 12}),
        ..span(number, Some(1), SpanKind::Sql, name, start_us, duration_us)
    }
}

/// The spans of a render that begins at `from`.
pub fn render_spans(spans: &mut Vec<Span>, from: i64) {
    let first = spans.len() as u32;
    let render = Some(first + 1);
    spans.extend([
        span(first, None, SpanKind::Context, "get_context_data", from, 410),
        span(first + 1, None, SpanKind::Render, "render", from + 430, 2_610),
        span(
            first + 2,
            render,
            SpanKind::Template,
            "cart/cart.html",
            from + 440,
            1_480,
        ),
        span(first + 3, render, SpanKind::Parse, "parse", from + 1_930, 520),
        span(first + 4, render, SpanKind::Diff, "diff", from + 2_460, 390),
        span(
            first + 5,
            render,
            SpanKind::Serialize,
            "serialize",
            from + 2_860,
            170,
        ),
        span(first + 6, None, SpanKind::Send, "send", from + 3_060, 210),
        span(first + 7, None, SpanKind::Wire, "wire", from + 3_280, 120),
    ]);
}

/// A frame of text.
pub fn frame(number: u64, t_us: i64, direction: Direction, kind: &str, payload: &Value) -> FrameRecord {
    let payload = payload.to_string();
    FrameRecord {
        frame: number,
        connection: 1,
        turn: None,
        t_us,
        direction,
        opcode: Opcode::Text,
        kind: kind.to_owned(),
        length: payload.len() as u64,
        payload,
        redacted: Vec::new(),
        cut: false,
    }
}

/// A log record.
pub fn log(
    t_us: i64,
    level: &str,
    logger: &str,
    message: &str,
    line: u32,
    traceback: Option<&str>,
) -> LogRecord {
    LogRecord {
        turn: None,
        t_us,
        level: level.to_owned(),
        logger: logger.to_owned(),
        message: message.to_owned(),
        file: Some(FILE.to_owned()),
        line: Some(line),
        traceback: traceback.map(str::to_owned),
    }
}

/// A patch.
pub fn patch(frame: u64, index: u32, value: Value, summary: &str) -> PatchRecord {
    let path = value["path"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .map(|step| step as u32);
    PatchRecord {
        frame,
        index,
        kind: value["type"].as_str().unwrap_or_default().to_owned(),
        path: path.collect(),
        target: value["d"].as_str().map(str::to_owned),
        summary: summary.to_owned(),
        patch: value,
    }
}

/// A turn of the cart in which nothing has happened yet.
pub fn begun(number: u64, kind: TurnKind, event: Option<&str>) -> TurnDetail {
    let t_us = number as i64 * 870_000 + (number as i64 * 37 % 11) * 41_000;
    let mut turn = Turn::begun(number, kind, t_us);
    turn.connection = Some(1);
    turn.view_id = Some(1);
    turn.view = Some("shop.cart.views.CartView".to_owned());
    turn.event = event.map(str::to_owned);
    turn.params = json!({});
    TurnDetail {
        debug: DebugStates::default(),
        turn,
        connection: Some(connection()),
        view: Some(view()),
        before: None,
        after: None,
        handed: None,
        changes: Vec::new(),
        frames: Vec::new(),
        patches: Vec::new(),
        spans: vec![span(0, None, SpanKind::Queue, "queue", 0, 180)],
        logs: Vec::new(),
        http: None,
        left_out: Vec::new(),
    }
}

/// `detail` with both states and what differs.
pub fn with_states(mut detail: TurnDetail, before: Snapshot, after: Snapshot) -> TurnDetail {
    detail.changes = changes_between(&before, &after);
    let mut changed: Vec<String> = Vec::new();
    for change in &detail.changes {
        if !changed.contains(&change.path[0]) {
            changed.push(change.path[0].clone());
        }
    }
    detail.turn.context = Some(before.public.keys().cloned().collect());
    detail.turn.changed = Some(changed);
    (detail.before, detail.after) = (Some(before), Some(after));
    detail
}

/// `detail` with its end.
pub fn ended(mut detail: TurnDetail, outcome: Outcome, duration_us: u64) -> TurnDetail {
    detail.turn.outcome = outcome;
    detail.turn.duration_us = Some(duration_us);
    detail
}

/// The frame that brought the event.
pub fn event_frame(detail: &mut TurnDetail, number: u64) {
    let turn = &mut detail.turn;
    turn.reference = Some(number as i64);
    let mut payload = json!({"type": "event", "event": turn.event, "params": turn.params, "ref": number,
        "csrfmiddlewaretoken": "[redacted]"});
    if turn.kind == TurnKind::Tick {
        payload = json!({"type": "tick"});
    }
    let mut frame = frame(number * 2, turn.t_us, Direction::ToServer, "event", &payload);
    frame.redacted = vec!["/csrfmiddlewaretoken".to_owned()];
    detail.frames.push(frame);
}

//! A recording of a small shop, made by hand and the same every time.

use djscope_hub::model::{
    Direction, Exception, FullHtml, Opcode, Outcome, Snapshot, SpanKind, TracebackFrame, TurnDetail, TurnKind,
};
use serde_json::{Value, json};

use crate::parts::{
    FILE, begun, cart, ended, event_frame, frame, log, patch, render_spans, span, sql, with_states,
};

/// A mount.
pub fn mount(number: u64) -> TurnDetail {
    let mut detail = ended(begun(number, TurnKind::Mount, None), Outcome::Mounted, 21_400);
    let at = detail.turn.t_us;
    detail.frames = vec![
        frame(
            number * 2,
            at,
            Direction::ToServer,
            "mount",
            &json!({"type": "mount", "view": "shop.cart.views.CartView", "url": "/cart/"}),
        ),
        frame(
            number * 2 + 1,
            at + 20_900,
            Direction::ToBrowser,
            "mount",
            &json!({"type": "mount", "html": "<div dj-root>…</div>".repeat(40), "version": 1}),
        ),
    ];
    detail
        .spans
        .push(span(1, None, SpanKind::Handler, "mount", 200, 9_800));
    detail.spans.push(sql(
        2,
        "SELECT \"shop_product\".\"id\", \"shop_product\".\"name\" FROM \"shop_product\"",
        20,
        900,
        2_300,
        &json!([]),
    ));
    render_spans(&mut detail.spans, 10_200);
    detail.turn.version = Some(1);
    detail.after = Some(cart("", 3));
    detail.turn.changed = Some(cart("", 3).public.keys().cloned().collect());
    detail
}

/// A search with SQL and five patches.
pub fn search(number: u64) -> TurnDetail {
    let mut detail = begun(number, TurnKind::Event, Some("search"));
    detail.turn.params = json!({"query": "tea", "page": 1});
    let (before, mut after) = (cart("te", 3), cart("tea", 4));
    after.public["items"].as_array_mut().expect("a list").push(json!({"$model": {"app": "shop", "model": "Product", "pk": 12,
        "fields": {"name": "Tea towel with a name that is far longer than any column", "price": {"$decimal": "7.50"}}}}));
    after.private.insert("_clicks".to_owned(), json!(5));
    after
        .public
        .insert("message".to_owned(), json!("3 products found"));
    detail = ended(with_states(detail, before, after), Outcome::Patched, 18_240);
    event_frame(&mut detail, number);
    detail
        .spans
        .push(span(1, None, SpanKind::Handler, "search", 210, 13_200));
    let by_name = "SELECT \"shop_product\".\"id\", \"shop_product\".\"name\", \"shop_product\".\"price\" FROM \"shop_product\" WHERE UPPER(\"shop_product\".\"name\"::text) LIKE UPPER(%s) ORDER BY \"shop_product\".\"name\" ASC LIMIT 50";
    detail
        .spans
        .push(sql(2, by_name, 34, 480, 4_100, &json!(["%tea%"])));
    let by_id = "SELECT \"shop_price\".\"id\", \"shop_price\".\"amount\" FROM \"shop_price\" WHERE \"shop_price\".\"product_id\" = %s LIMIT 21";
    for (index, product) in [3, 9, 12].into_iter().enumerate() {
        detail.spans.push(sql(
            3 + index as u32,
            by_id,
            39,
            4_900 + index as i64 * 2_600,
            1_900,
            &json!([product]),
        ));
    }
    render_spans(&mut detail.spans, 13_600);
    let patches = [
        (
            json!({"type": "SetAttr", "path": [0, 1], "d": "4", "key": "value", "value": "tea"}),
            "value = \"tea\"",
        ),
        (
            json!({"type": "SetText", "path": [0, 2, 0], "text": "3 products found"}),
            "text \"3 products found\"",
        ),
        (
            json!({"type": "InsertChild", "path": [0, 3], "d": "7", "index": 2, "node": {"tag": "li", "attrs": {"class": "product"}, "children": [{"tag": "#text", "text": "Tea towel", "attrs": {}, "children": []}]}}),
            "insert <li.product> at 2",
        ),
        (
            json!({"type": "RemoveChild", "path": [0, 3], "d": "7", "index": 5, "child_d": "b"}),
            "remove child 5",
        ),
        (
            json!({"type": "MoveChild", "path": [0, 3], "d": "7", "from": 1, "to": 0}),
            "move child 1 to 0",
        ),
    ];
    let sent = Value::Array(patches.iter().map(|(patch, _)| patch.clone()).collect());
    let payload = json!({"type": "patch", "patches": sent, "version": 7, "ref": number, "timing": {"handler": 13.2, "render": 2.61, "is_cached": false, "note": null}});
    detail.frames.push(frame(
        number * 2 + 1,
        detail.turn.t_us + 17_400,
        Direction::ToBrowser,
        "patch",
        &payload,
    ));
    for (index, (value, summary)) in patches.into_iter().enumerate() {
        detail
            .patches
            .push(patch(number * 2 + 1, index as u32, value, summary));
    }
    detail.turn.patches = Some(5);
    detail.turn.version = Some(7);
    detail.turn.rendered = Some(["query", "total", "items", "message"].map(str::to_owned).to_vec());
    let at = detail.turn.t_us;
    detail.logs = vec![
        log(at + 300, "DEBUG", "shop.cart", "search for 'tea'", 32, None),
        log(at + 12_900, "INFO", "shop.cart", "3 products found", 43, None),
        log(
            at + 13_100,
            "WARNING",
            "shop.prices",
            "3 queries for prices where one would do",
            39,
            None,
        ),
    ];
    detail
}

/// A handler that changes nothing.
pub fn add_item(number: u64) -> TurnDetail {
    let mut detail = begun(number, TurnKind::Event, Some("add_item"));
    detail.turn.params = json!({"product": "9"});
    detail = ended(
        with_states(detail, cart("tea", 4), cart("tea", 4)),
        Outcome::Noop,
        4_100,
    );
    event_frame(&mut detail, number);
    detail
        .spans
        .push(span(1, None, SpanKind::Handler, "add_item", 210, 2_900));
    detail.frames.push(frame(
        number * 2 + 1,
        detail.turn.t_us + 4_000,
        Direction::ToBrowser,
        "noop",
        &json!({"type": "noop", "ref": number}),
    ));
    detail
}

/// State that changes without the page.
pub fn recount(number: u64) -> TurnDetail {
    let detail = begun(number, TurnKind::Event, Some("recount"));
    let mut detail = ended(
        with_states(detail, cart("tea", 3), cart("tea", 4)),
        Outcome::EmptyPatch,
        3_900,
    );
    event_frame(&mut detail, number);
    detail
        .spans
        .push(span(1, None, SpanKind::Handler, "recount", 210, 410));
    render_spans(&mut detail.spans, 640);
    let payload = json!({"type": "patch", "patches": [], "version": 8, "ref": number});
    detail.frames.push(frame(
        number * 2 + 1,
        detail.turn.t_us + 3_800,
        Direction::ToBrowser,
        "patch",
        &payload,
    ));
    detail.turn.patches = Some(0);
    detail.turn.version = Some(8);
    detail.turn.rendered = Some(vec!["total".to_owned()]);
    detail
}

/// An exception in a handler.
pub fn save(number: u64) -> TurnDetail {
    let mut detail = begun(number, TurnKind::Event, Some("save"));
    detail.turn.params = json!({"email": "ada@example.org", "password": "[redacted]"});
    detail = ended(
        with_states(detail, cart("tea", 4), cart("tea", 4)),
        Outcome::Error,
        9_000,
    );
    event_frame(&mut detail, number);
    detail
        .spans
        .push(span(1, None, SpanKind::Handler, "save", 210, 7_100));
    detail.frames.push(frame(
        number * 2 + 1,
        detail.turn.t_us + 8_800,
        Direction::ToBrowser,
        "error",
        &json!({"type": "error", "error": "An error occurred"}),
    ));
    let place = |file: &str, line, function: &str, source: &str| TracebackFrame {
        file: file.to_owned(),
        line,
        function: function.to_owned(),
        source: Some(source.to_owned()),
    };
    let traceback = "Traceback (most recent call last):\n  File \"/srv/shop/cart/views.py\", line 120, in save\n    self.order = Order.place(self.items)\n  File \"/srv/shop/orders/models.py\", line 54, in place\n    raise ValueError(f\"no stock left of {item.name}\")\nValueError: no stock left of Teapot";
    detail.turn.error = Some("An error occurred".to_owned());
    detail.turn.exception = Some(Exception {
        class: "builtins.ValueError".to_owned(),
        message: "no stock left of Teapot".to_owned(),
        traceback: traceback.to_owned(),
        frames: vec![
            place(
                "/venv/lib/python3.11/site-packages/djust/websocket.py",
                1204,
                "handle_event",
                "result = await handler(**params)",
            ),
            place(
                "/venv/lib/python3.11/site-packages/asgiref/sync.py",
                468,
                "__call__",
                "ret = await asyncio.shield(exec_coro)",
            ),
            place(FILE, 120, "save", "self.order = Order.place(self.items)"),
            place(
                "/srv/shop/orders/models.py",
                54,
                "place",
                "raise ValueError(f\"no stock left of {item.name}\")",
            ),
        ],
    });
    let at = detail.turn.t_us;
    detail.logs = vec![log(
        at + 7_200,
        "ERROR",
        "djust.websocket",
        "Error in handler save",
        1210,
        Some(traceback),
    )];
    detail
}

fn small(
    number: u64,
    kind: TurnKind,
    event: &str,
    change: impl FnOnce(&mut Snapshot),
    summary: &str,
) -> TurnDetail {
    let mut after = cart("tea", 4);
    change(&mut after);
    let detail = begun(number, kind, Some(event));
    let mut detail = ended(
        with_states(detail, cart("tea", 4), after),
        Outcome::Patched,
        2_200 + number * 7,
    );
    detail
        .spans
        .push(span(1, None, SpanKind::Handler, event, 210, 300));
    render_spans(&mut detail.spans, 520);
    let value = json!({"type": "SetText", "path": [0, 4, 0], "text": summary});
    let payload = json!({"type": "patch", "patches": [value], "version": 9});
    detail.frames.push(frame(
        number * 2 + 1,
        detail.turn.t_us + 2_100,
        Direction::ToBrowser,
        "patch",
        &payload,
    ));
    detail.patches.push(patch(number * 2 + 1, 0, value, summary));
    detail.turn.patches = Some(1);
    detail.turn.version = Some(9);
    detail
}

/// `handle_tick`.
pub fn tick(number: u64) -> TurnDetail {
    let now = json!({"$time": format!("10:00:{:02}", number % 60)});
    small(
        number,
        TurnKind::Tick,
        "handle_tick",
        |state| drop(state.public.insert("now".to_owned(), now)),
        "text of the clock",
    )
}

/// A message of another user.
pub fn push(number: u64) -> TurnDetail {
    small(
        number,
        TurnKind::Push,
        "stock_changed",
        |state| drop(state.public.insert("total".to_owned(), json!(5))),
        "text \"5\"",
    )
}

/// A chunk of an upload.
pub fn upload(number: u64) -> TurnDetail {
    let mut detail = ended(
        begun(number, TurnKind::Upload, Some("photo")),
        Outcome::Done,
        6_800,
    );
    let mut chunk = frame(
        number * 2,
        detail.turn.t_us,
        Direction::ToServer,
        "",
        &json!(null),
    );
    chunk.opcode = Opcode::Binary;
    chunk.length = 65_536;
    chunk.payload = "iVBORw0KGgoAAAANSUhEUgAA".repeat(80);
    chunk.cut = true;
    let payload = json!({"type": "upload_progress", "name": "photo", "received": 65_536, "total": 204_800});
    let answer = frame(
        number * 2 + 1,
        detail.turn.t_us + 6_700,
        Direction::ToBrowser,
        "upload_progress",
        &payload,
    );
    detail.frames = vec![chunk, answer];
    detail.turn.missing = vec!["state: djust handles upload chunks without a view".to_owned()];
    detail
}

/// Whole HTML.
pub fn refresh(number: u64) -> TurnDetail {
    let detail = begun(number, TurnKind::Event, Some("refresh"));
    let mut detail = ended(
        with_states(detail, cart("tea", 4), cart("te", 4)),
        Outcome::FullHtml,
        31_700,
    );
    event_frame(&mut detail, number);
    detail
        .spans
        .push(span(1, None, SpanKind::Handler, "refresh", 210, 900));
    render_spans(&mut detail.spans, 1_200);
    let payload = json!({"type": "html_update", "html": "<main>…</main>".repeat(900), "version": 10});
    detail.frames.push(frame(
        number * 2 + 1,
        detail.turn.t_us + 31_000,
        Direction::ToBrowser,
        "html_update",
        &payload,
    ));
    detail.turn.version = Some(10);
    detail.turn.full_html = Some(FullHtml {
        reason: "force_full_html".to_owned(),
        html_size: Some(12_600),
        previous_html_size: Some(12_580),
        patch_count: Some(0),
        version: Some(10),
    });
    detail
}

/// Whole HTML that the browser asked for.
pub fn recovery(number: u64) -> TurnDetail {
    let mut detail = ended(
        begun(number, TurnKind::Recovery, Some("request_html")),
        Outcome::Recovered,
        8_800,
    );
    event_frame(&mut detail, number);
    detail.frames.push(frame(
        number * 2 + 1,
        detail.turn.t_us + 8_700,
        Direction::ToBrowser,
        "html_recovery",
        &json!({"type": "html_recovery", "html": "<main/>"}),
    ));
    detail
}

/// Only a private name changes.
pub fn mark(number: u64) -> TurnDetail {
    let mut after = cart("tea", 4);
    after.private.insert("_seen".to_owned(), json!({"$set": [3, 9]}));
    let detail = begun(number, TurnKind::Event, Some("mark_seen"));
    let mut detail = ended(with_states(detail, cart("tea", 4), after), Outcome::Noop, 1_900);
    event_frame(&mut detail, number);
    detail
        .spans
        .push(span(1, None, SpanKind::Handler, "mark_seen", 210, 240));
    detail.frames.push(frame(
        number * 2 + 1,
        detail.turn.t_us + 1_800,
        Direction::ToBrowser,
        "noop",
        &json!({"type": "noop", "ref": number}),
    ));
    detail
}

/// No answer yet.
pub fn pending(number: u64) -> TurnDetail {
    let mut detail = begun(number, TurnKind::Event, Some("checkout"));
    event_frame(&mut detail, number);
    detail.spans.clear();
    detail
}

/// The order in which a session of `count` turns goes through the cases.
pub fn session(count: u64) -> Vec<TurnDetail> {
    let cases: [fn(u64) -> TurnDetail; 12] = [
        search, add_item, tick, recount, search, push, save, tick, mark, refresh, recovery, upload,
    ];
    (1..=count)
        .map(|number| match number {
            1 => mount(number),
            last if last == count => pending(number),
            other => cases[(other as usize - 2) % cases.len()](other),
        })
        .collect()
}

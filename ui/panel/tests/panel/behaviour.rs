//! What each view shows, and what keys and clicks do, as a screen reader would tell.

use djscope_hub::model::{DebugSource, DebugState, Outcome, Snapshot, TurnKind};
use djscope_hub::{Ask, Command, ProbeState, Query, RecordingState};
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

use crate::parts;
use crate::preview::Preview;
use crate::shop;
use crate::stage::Stage;

const SEARCH: u64 = 14;
const RECOUNT: u64 = 17;
const SAVE: u64 = 20;
const REFRESH: u64 = 23;
const UPLOAD: u64 = 25;

fn shop_at(turn: u64) -> Stage {
    let mut stage = Stage::new(&Preview::shop());
    stage.select(turn);
    stage
}

/// Numbers of the pages that were asked for.
fn pages(asked: &[Ask]) -> Vec<u64> {
    let froms = asked.iter().filter_map(|ask| match ask {
        Ask::Query(Query::Turns { from, .. }) => Some(*from / 128),
        _ => None,
    });
    froms.collect()
}

#[track_caller]
fn assert_title(stage: &Stage, title: &str) {
    assert!(
        stage.shows(title),
        "{title:?} is not the title: {:?}",
        stage.selected()
    );
}

#[test]
fn a_row_says_what_the_turn_did() {
    let stage = shop_at(SEARCH);
    stage.expect(&[
        "Turn 14 at 12.2 s: event search, patched, changed query, total, items, message, _clicks, 5 patches, 18.2 ms",
        "event add_item, noop, no key changed",
        "tick handle_tick, patched",
        "recovery request_html, recovered, keys unknown",
        "43 turns",
        "0 findings",
        "118 KB",
        "probe ok",
        "0 dropped",
        "rec 00:42",
        "proxy 127.0.0.1:8010 to server 127.0.0.1:8000",
    ]);
    assert!(stage.selected().iter().any(|label| label.starts_with("Turn 14 ")));
}

#[test]
fn summary_tells_the_chain() {
    let stage = shop_at(SEARCH);
    stage.expect(&[
        "cause: search, event, ref 14, 0.18 ms",
        "query = 'tea'",
        "handler: search(), cart/views.py:31, 13.2 ms",
        "4 queries in this turn, 9.80 ms",
        "changed: query  total  items  message  _clicks, 5 differences",
        "total: 3 → 4",
        "template: cart/cart.html, 8 names in context, 3.02 ms",
        "patches: 5 patches",
        "browser: patch, 548 B, version 7, 0.33 ms",
    ]);
    assert!(!stage.shows("broken"));
}

#[test]
fn summary_shows_the_link_that_broke() {
    for (turn, parts) in [
        (
            15,
            [
                "No key changed, so nothing was rendered",
                "changed: no key changed, broken",
            ],
        ),
        (
            RECOUNT,
            [
                "total changed, and the patch is empty",
                "patches: 0 patches, 0.00 ms, broken",
            ],
        ),
        (
            SAVE,
            [
                "ValueError in place()",
                "handler: save(), cart/views.py:112, 7.10 ms, broken",
            ],
        ),
        (
            22,
            [
                "Only private names changed: _seen",
                "template: not rendered, broken",
            ],
        ),
        (
            REFRESH,
            [
                "The whole HTML was sent instead of patches",
                "patches: full HTML instead of patches, reason: force_full_html",
            ],
        ),
    ] {
        shop_at(turn).expect(&parts.map(|part| part.split(", 0.00 ms").next().unwrap_or(part)));
    }
    shop_at(SAVE).expect(&[
        "orders/models.py:54 · no stock left of Teapot",
        "cart/views.py:120 in save: self.order = Order.place(self.items)",
        "Copy the traceback",
    ]);
    let upload = shop_at(UPLOAD);
    assert!(!upload.shows("broken"), "an upload has nothing to render");
    upload.expect(&["Not seen", "state: djust handles upload chunks without a view"]);
}

#[test]
fn a_changed_key_leads_to_state() {
    let mut stage = shop_at(SEARCH);
    stage.click("total: 3 → 4");
    assert!(stage.selected().contains(&"State".to_owned()));
    assert!(stage.selected().contains(&"total: changed 3 → 4".to_owned()));
}

#[test]
fn state_is_a_tree_of_both() {
    let mut stage = shop_at(SEARCH);
    stage.key(Key::Num2);
    stage.expect(&[
        "public, 9 names, 4 changed",
        "private, 3 names, 1 changed",
        "query: changed 'te' → 'tea'",
        "price: Decimal('12.60')",
        "message: added '3 products found'",
        "_api_token: redacted",
        "2: added <Product pk=12>",
    ]);
    stage
        .click_part("filters: {'in_stock'")
        .expect(&["in_stock: True", "max_price: None"]);
    stage.click("Only changes");
    assert!(!stage.shows("price: Decimal") && stage.shows("total: changed 3 → 4"));
}

#[test]
fn state_of_one_side_and_of_none() {
    let mut stage = shop_at(1);
    stage.key(Key::Num2).expect(&["total: 3"]);
    assert!(!stage.shows("Only changes"));
    let mut stage = shop_at(UPLOAD);
    stage.key(Key::Num2).expect(&["No state of this turn"]);
}

#[test]
fn patches_are_listed_with_the_selected_one_whole() {
    let mut stage = shop_at(SEARCH);
    stage
        .key(Key::Num3)
        .expect(&["Patch 0: value = \"tea\"", "\"type\": \"SetAttr\","]);
    stage
        .click("Patch 2: insert <li.product> at 2")
        .expect(&["\"type\": \"InsertChild\","]);
    for (turn, words) in [
        (REFRESH, "No patches: the whole HTML was sent"),
        (15, "No patches: djust answered with noop"),
        (RECOUNT, "The patch frame holds no patches"),
        (SAVE, "No patches: the turn ended with an error"),
        (43, "No patches: there is no answer"),
    ] {
        stage.select(turn).expect(&[words]);
    }
}

#[test]
fn timing_counts_the_same_sql() {
    let mut stage = shop_at(SEARCH);
    stage.key(Key::Num4).expect(&[
        "4 queries, 9.80 ms, 2 of them the same SQL again",
        "handler search, 13.2 ms",
    ]);
    stage.click_part("sql SELECT \"shop_product\"").expect(&[
        "place cart/views.py:34 in search()",
        "params ['%tea%']",
        "rows 12",
    ]);
    let mut stage = shop_at(43);
    stage.key(Key::Num4).expect(&["No timing of this turn"]);
}

#[test]
fn frames_say_what_is_not_whole() {
    let mut stage = shop_at(SEARCH);
    stage.key(Key::Num5).expect(&[
        "Frame 28 to server: event",
        "Redacted before it was written: /csrfmiddlewaretoken",
    ]);
    stage
        .click_part("Frame 29 to browser")
        .expect(&["\"type\": \"patch\",", "\"path\": [0, 1],"]);
    stage.click("Raw").expect(&["{\"type\":\"patch\",\"patches\":["]);
    stage.select(UPLOAD).expect(&[
        "Cut: only the beginning of 65.5 KB was kept",
        "Binary, shown as base64",
    ]);
}

#[test]
fn logs_open_their_traceback() {
    let mut stage = shop_at(SEARCH);
    stage
        .key(Key::Num6)
        .expect(&["WARNING shop.prices: 3 queries for prices where one would do"]);
    stage
        .select(SAVE)
        .click("ERROR djust.websocket: Error in handler save");
    stage.expect(&[
        "Traceback (most recent call last):",
        "ValueError: no stock left of Teapot",
    ]);
    stage.select(15).expect(&["Nothing was logged in this turn"]);
    let preview = Preview::shop();
    let long = "0123456789".repeat(25);
    let message = long.clone();
    preview.change(move |recording| recording.turns[13].logs[1].message = message);
    let mut stage = Stage::new(&preview);
    stage
        .select(SEARCH)
        .key(Key::Num6)
        .click_part("INFO shop.cart")
        .expect(&[&long[..100], &long[200..]]);
}

#[test]
fn keys_go_through_turns_and_tabs() {
    let mut stage = shop_at(SEARCH);
    stage.key(Key::ArrowDown);
    assert_title(&stage, "Turn 15: add_item");
    stage.key(Key::ArrowUp).key(Key::ArrowUp);
    assert_title(&stage, "Turn 13: photo");
    stage.key(Key::Home);
    assert_title(&stage, "Turn 1: ");
    stage.key(Key::ArrowUp);
    assert_title(&stage, "Turn 1: ");
    stage.key(Key::PageDown);
    assert!(!stage.shows("Turn 1: "));
    stage.key(Key::End);
    assert_title(&stage, "Turn 43: checkout");
    for (key, tab) in [
        (Key::Num2, "State"),
        (Key::Num5, "Frames"),
        (Key::Num1, "Summary"),
    ] {
        stage.key(key);
        assert!(stage.selected().contains(&tab.to_owned()));
    }
}

/// Rows stand where they belong to the pixel, wherever the list is.
#[test]
fn ten_million_turns_are_listed_exactly() {
    let preview = Preview::shop();
    preview.change(|recording| recording.count = 12_000_000);
    let mut stage = Stage::new(&preview);
    stage.select(1);
    let top = |stage: &Stage, turn: u64| {
        stage
            .harness
            .get_by_label_contains(&format!("Turn {turn} at"))
            .rect()
    };
    let first = top(&stage, 1);
    stage.key(Key::End);
    let last = top(&stage, 12_000_000);
    assert!(last.bottom() <= 800.0 && last.top() > first.top(), "{last:?}");
    for above in 1..15 {
        let rect = top(&stage, 12_000_000 - above);
        assert_eq!(rect.top(), last.top() - above as f32 * first.height());
    }
    for _ in 0..3 {
        stage.key(Key::PageUp);
    }
    let selected = stage
        .selected()
        .into_iter()
        .find(|label| label.starts_with("Turn "))
        .unwrap();
    assert!(
        selected.starts_with("Turn 11,9999") || selected.starts_with("Turn 119999"),
        "{selected}"
    );
    stage.select(7_654_321);
    let rect = top(&stage, 7_654_321);
    assert!(rect.top() >= first.top() && rect.bottom() <= 800.0, "{rect:?}");
    stage.key(Key::Home);
    assert_eq!(top(&stage, 1), first);
}

#[test]
fn keys_are_letters_while_typing() {
    let preview = Preview::shop();
    let mut stage = Stage::new(&preview);
    stage.select(SEARCH).text("/");
    stage.text("2").text("f").text(" ").text("?").text("t");
    stage.harness.key_press(Key::Num2);
    stage.harness.key_press(Key::Space);
    stage.run();
    stage.expect(&["2f ?t", "rec 00:42"]);
    assert!(stage.selected().contains(&"Summary".to_owned()));
    assert!(
        !preview
            .take_asked()
            .iter()
            .any(|ask| matches!(ask, Ask::Command(Command::Pause { .. })))
    );
    stage.key(Key::Escape).key(Key::Num2);
    assert!(stage.selected().contains(&"State".to_owned()));
}

#[test]
fn the_filter_box_filters_and_says_what_it_does_not_understand() {
    let mut stage = shop_at(SEARCH);
    stage.text("/").text("outcome:error");
    stage.expect(&["3 of 43 turns", "Turn 20 at"]);
    assert!(!stage.shows("Turn 15 at"));
    stage.key(Key::Escape).key(Key::ArrowDown);
    assert_title(&stage, "Turn 20: save");
    stage.key(Key::ArrowDown);
    assert_title(&stage, "Turn 32: save");
    stage.key(Key::Escape);
    stage.expect(&["43 turns", "Turn 31 at"]);
    stage.harness.state_mut().set_filter("handlr:x");
    stage.run();
    stage.expect(&["filter: `handlr` is not a key (column 1)"]);
}

#[test]
fn a_filter_without_matches_can_be_cleared() {
    let mut stage = shop_at(SEARCH);
    stage.harness.state_mut().set_filter("nowhere");
    stage.run();
    stage.expect(&["No turn matches", "nowhere", "0 of 43 turns"]);
    stage.click("Clear").expect(&["Turn 20 at", "43 turns"]);
}

#[test]
fn follow_keeps_the_newest_until_one_is_selected() {
    let preview = Preview::shop();
    let mut stage = Stage::new(&preview);
    assert_title(&stage, "Turn 43: checkout");
    preview.grow(shop::tick);
    stage.run();
    assert_title(&stage, "Turn 44: handle_tick");
    stage.click_part("Turn 40 at");
    preview.grow(shop::tick);
    stage.run();
    assert_title(&stage, "Turn 40: handle_tick");
    stage.expect(&["45 turns"]);
    stage.text("f");
    assert_title(&stage, "Turn 45: handle_tick");
}

#[test]
fn a_turn_that_changes_is_drawn_anew() {
    let preview = Preview::shop();
    let mut stage = Stage::new(&preview);
    stage.expect(&["event checkout, unanswered", "No answer"]);
    preview.change(|recording| {
        let turn = &mut recording.turns.last_mut().expect("a turn").turn;
        (turn.outcome, turn.patches, turn.kind) = (Outcome::Patched, Some(1), TurnKind::Event);
        recording.status.frames += 1;
    });
    stage.run();
    stage.expect(&["event checkout, patched"]);
}

#[test]
fn pause_is_asked_of_the_hub() {
    let preview = Preview::shop();
    let mut stage = Stage::new(&preview);
    stage.key(Key::Space).expect(&["paused 00:42"]);
    stage.click("Go on recording").expect(&["rec 00:42"]);
    let asked = preview.take_asked();
    assert!(
        asked.contains(&Ask::Command(Command::Pause { paused: true }))
            && asked.contains(&Ask::Command(Command::Pause { paused: false }))
    );
}

#[test]
fn a_saved_recording_has_nothing_to_pause_or_follow() {
    let preview = Preview::shop();
    preview.change(|recording| recording.status.recording = RecordingState::Saved);
    let stage = Stage::new(&preview);
    assert!(!stage.shows("Pause") && !stage.shows("Follow the newest turn"));
}

#[test]
fn the_palette_finds_and_runs() {
    let mut stage = shop_at(SEARCH);
    stage.harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    stage.run();
    stage.expect(&["Commands", "Next turn", "Show Patches"]);
    stage
        .text("frames")
        .key(Key::ArrowDown)
        .key(Key::ArrowUp)
        .key(Key::Enter);
    assert!(stage.selected().contains(&"Frames".to_owned()));
    assert!(!stage.shows("Next turn"));
    stage.click("Commands").key(Key::Escape);
    assert!(!stage.shows("Next turn"));
}

#[test]
fn help_lists_every_key() {
    let mut stage = shop_at(SEARCH);
    stage.text("?").expect(&[
        "↓: Next turn",
        "/: Filter turns…",
        "Space: Pause",
        "Ctrl K: Commands…",
        "6: Show Logs",
    ]);
    stage.key(Key::Num2);
    assert!(
        stage.selected().contains(&"Summary".to_owned()),
        "the help keeps keys for itself"
    );
    stage.key(Key::Escape);
    assert!(!stage.shows("↓: Next turn"));
}

#[test]
fn a_long_list_is_asked_for_page_by_page() {
    let preview = Preview::long(100_000);
    let mut stage = Stage::new(&preview);
    assert_eq!(
        pages(&preview.take_asked()),
        [0, 781],
        "the first page, and the last one that follow goes to"
    );
    stage.expect(&["Turn 100000 at", "100\u{2009}000 turns"]);
    stage.key(Key::Home);
    assert_title(&stage, "Turn 1: ");
    stage.select(50_000);
    assert_title(&stage, "Turn 50000: ");
    assert!(
        stage
            .selected()
            .iter()
            .any(|label| label.starts_with("Turn 50000 at"))
    );
    assert_eq!(pages(&preview.take_asked()), [390], "only what became visible");
    let rows = stage
        .words()
        .iter()
        .filter(|word| word.starts_with("Turn "))
        .count();
    assert!(rows < 60, "{rows} rows are drawn");
}

#[test]
fn a_selected_turn_is_found_again_under_a_filter() {
    let preview = Preview::long(20_000);
    let mut stage = Stage::new(&preview);
    stage.select(12_000);
    stage.harness.state_mut().set_filter("handle_tick");
    stage.run();
    preview.take_asked();
    stage.key(Key::ArrowDown);
    assert_title(&stage, "Turn 12001: handle_tick");
    assert!(pages(&preview.take_asked()).len() <= 1);
}

#[test]
fn the_overview_selects_the_turn_below_the_pointer() {
    let mut stage = shop_at(SEARCH);
    stage.click("Overview of the recording");
    assert_title(&stage, "Turn 22: mark_seen");
}

#[test]
fn empty_states_say_what_to_do() {
    let preview = Preview::of(Vec::new());
    let stage = Stage::new(&preview);
    stage.expect(&[
        "No turn yet",
        "Open http://127.0.0.1:8010 in your browser",
        "Copy",
    ]);

    preview.change(|recording| recording.status = djscope_hub::Status::default());
    Stage::new(&preview).expect(&[
        "No server",
        "djscope run -- python manage.py runserver",
        "djscope attach",
        "djscope open FILE",
    ]);
}

#[test]
fn what_a_missing_probe_hides_is_said_with_the_command_that_adds_it() {
    let mut turn = shop::pending(1);
    turn.turn.outcome = Outcome::Done;
    let preview = Preview::of(vec![turn]);
    for (probe, status, words) in [
        (ProbeState::Absent, "no probe", "there is no probe in this server"),
        (
            ProbeState::Waiting,
            "probe waiting",
            "the probe has not been heard of",
        ),
        (ProbeState::Gone, "probe gone", "the probe's process has ended"),
        (
            ProbeState::Silent {
                reason: "started with -I; start it without".to_owned(),
            },
            "probe silent",
            "started with -I; start it without",
        ),
    ] {
        let has_command = probe == ProbeState::Absent;
        preview.change(|recording| recording.status.probe = probe);
        let mut stage = Stage::new(&preview);
        for key in [Key::Num2, Key::Num4, Key::Num6] {
            stage.key(key).expect(&[status, words]);
            assert_eq!(
                stage.shows("djscope run -- python manage.py runserver"),
                has_command
            );
            assert_eq!(stage.shows("djscope probe install"), has_command);
        }
    }
}

#[test]
fn a_state_that_djust_showed_says_what_it_is() {
    let shown = |count: u32| Snapshot {
        public: parts::names(&serde_json::json!({
            "count": count,
            "rows": {"$shown": {"type": "list", "text": "[{'n': 1}, {'n'", "cut": true, "bytes": 4000}},
        })),
        private: serde_json::Map::new(),
    };
    let mut turn = shop::pending(8);
    turn.turn.outcome = Outcome::EmptyPatch;
    turn.turn.debug_state = Some(DebugState {
        source: DebugSource::DebugPayload,
        before: Some(1),
        before_turn: Some(7),
        after: Some(2),
        changed: Some(vec!["count".to_owned()]),
    });
    turn.debug.before = Some(shown(1));
    turn.debug.after = Some(shown(2));
    let preview = Preview::of(vec![turn]);
    preview.change(|recording| recording.status.probe = ProbeState::Absent);
    let mut stage = Stage::new(&preview);
    let words = "public, cut at 100 characters, from djust's debug payload";
    stage
        .key(Key::Num1)
        .expect(&["likely changed count", "likely count", words, "no probe"]);
    stage.key(Key::Num2).expect(&[
        &format!("No probe: {words}; before: as turn 7 ended"),
        "count: changed 1 → 2",
        "rows: [{'n': 1}, {'n'…",
    ]);
}

#[test]
fn problems_and_losses_are_on_the_status_bar() {
    let preview = Preview::shop();
    preview.change(|recording| {
        recording.status.dropped = 1_204;
        recording.status.problems = vec!["no space left".to_owned(), "the server is down".to_owned()];
        recording.status.probe = ProbeState::Connected {
            djust: Some("1.1.0".to_owned()),
            missing: vec!["render phases".to_owned()],
        };
    });
    Stage::new(&preview).expect(&[
        "1\u{2009}204 dropped",
        "no space left (and 1 more)",
        "probe ok, 1 missing",
    ]);
}

#[test]
fn nothing_is_drawn_while_nothing_happens() {
    let preview = Preview::shop();
    preview.change(|recording| recording.status.recording = RecordingState::Saved);
    let mut stage = Stage::new(&preview);
    for key in [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6] {
        stage.select(SEARCH).key(key);
        assert_eq!(stage.run(), 1, "one step and no wish for another");
        assert_eq!(delay(&stage), std::time::Duration::MAX);
    }
    preview.change(|recording| recording.status.recording = RecordingState::Live);
    stage.run();
    let live = delay(&stage);
    assert!(
        live > std::time::Duration::from_millis(500) && live <= std::time::Duration::from_secs(1),
        "{live:?}"
    );
}

/// How long the panel can wait for its next picture.
fn delay(stage: &Stage) -> std::time::Duration {
    stage.harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay
}

#[test]
fn the_address_is_copied() {
    let preview = Preview::of(Vec::new());
    let mut stage = Stage::new(&preview);
    stage.harness.get_by_label("Copy").click();
    let copied = (0..6).any(|_| {
        stage.harness.step();
        let commands = &stage.harness.output().platform_output.commands;
        commands.iter().any(
            |command| matches!(command, egui::OutputCommand::CopyText(text) if text == "http://127.0.0.1:8010"),
        )
    });
    assert!(copied);
}

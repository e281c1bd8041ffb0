//! A picture of each view in each set of colours.

use djscope_hub::{ProbeState, RecordingState};
use djscope_panel::ThemeChoice;
use egui::Key;

use crate::preview::Preview;
use crate::stage::{NARROW, Stage, WIDE};

/// Turns of [`crate::shop::session`].
const SEARCH: u64 = 14;
const ADD_ITEM: u64 = 15;
const RECOUNT: u64 = 17;
const SAVE: u64 = 20;
const REFRESH: u64 = 23;
const UPLOAD: u64 = 25;

fn stage(turn: u64) -> Stage {
    let mut stage = Stage::new(&Preview::shop());
    stage.select(turn);
    stage
}

#[test]
fn summary() {
    for (name, turn) in [
        ("summary", SEARCH),
        ("summary_noop", ADD_ITEM),
        ("summary_empty_patch", RECOUNT),
        ("summary_error", SAVE),
        ("summary_full_html", REFRESH),
        ("summary_upload", UPLOAD),
    ] {
        stage(turn).picture(name);
    }
}

#[test]
fn tabs() {
    for (name, turn, key) in [
        ("state", SEARCH, Key::Num2),
        ("patches", SEARCH, Key::Num3),
        ("patches_full_html", REFRESH, Key::Num3),
        ("timing", SEARCH, Key::Num4),
        ("frames", SEARCH, Key::Num5),
        ("frames_cut", UPLOAD, Key::Num5),
        ("logs", SEARCH, Key::Num6),
    ] {
        stage(turn).key(key).picture(name);
    }
}

#[test]
fn parts_that_are_opened() {
    stage(SEARCH)
        .key(Key::Num4)
        .click_part("sql SELECT \"shop_product\"")
        .picture("timing_sql");
    stage(SEARCH)
        .key(Key::Num5)
        .click_part("Frame 29 to browser")
        .picture("frames_patch");
    stage(SAVE)
        .key(Key::Num6)
        .click("ERROR djust.websocket: Error in handler save")
        .picture("logs_traceback");
    stage(SEARCH)
        .key(Key::Num2)
        .click("Only changes")
        .picture("state_only_changes");
}

#[test]
fn themes() {
    for (theme, name) in [(ThemeChoice::Light, "light"), (ThemeChoice::Contrast, "contrast")] {
        let mut stage = Stage::with(&Preview::shop(), WIDE, theme);
        stage.select(RECOUNT).picture(&format!("summary_{name}"));
        stage
            .select(SEARCH)
            .key(Key::Num2)
            .picture(&format!("state_{name}"));
        stage.key(Key::Num4).picture(&format!("timing_{name}"));
        stage.key(Key::Num5).picture(&format!("frames_{name}"));
    }
}

#[test]
fn narrow() {
    let mut stage = Stage::with(&Preview::shop(), NARROW, ThemeChoice::Dark);
    stage.select(SAVE).picture("narrow_summary");
    stage.select(SEARCH);
    for (key, name) in [
        (Key::Num2, "state"),
        (Key::Num3, "patches"),
        (Key::Num4, "timing"),
        (Key::Num5, "frames"),
        (Key::Num6, "logs"),
    ] {
        stage.key(key).picture(&format!("narrow_{name}"));
    }
}

#[test]
fn overlays() {
    let mut stage = stage(SEARCH);
    stage.text("?").picture("help");
    stage.key(Key::Escape);
    stage
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, Key::K);
    stage.run();
    stage.text("theme").picture("palette");
}

#[test]
fn empty_states() {
    Stage::new(&Preview::of(Vec::new())).picture("empty_no_turn");

    let preview = Preview::of(Vec::new());
    preview.change(|recording| {
        recording.status = djscope_hub::Status::default();
    });
    Stage::new(&preview).picture("empty_no_server");

    let mut stage = Stage::new(&Preview::shop());
    stage.harness.state_mut().set_filter("event:nowhere");
    stage.picture("empty_no_match");
    stage.harness.state_mut().set_filter("handlr:search");
    stage.picture("empty_filter_error");
}

#[test]
fn without_a_probe() {
    let mut turn = crate::shop::pending(1);
    turn.turn.outcome = djscope_hub::model::Outcome::Patched;
    turn.turn.patches = Some(2);
    let preview = Preview::of(vec![turn]);
    preview.change(|recording| {
        recording.status.probe = ProbeState::Absent;
        recording.status.recording = RecordingState::Saved;
        recording.status.proxy = None;
        recording.status.dropped = 12;
        recording.status.problems = vec!["cannot write the recording: no space left on the disk".to_owned()];
    });
    let mut stage = Stage::new(&preview);
    stage.picture("no_probe_summary");
    stage.key(Key::Num2).picture("no_probe_state");
}

#[test]
fn long_names_and_large_numbers() {
    let preview = Preview::of(vec![crate::ugly::turn(1), crate::ugly::turn(2)]);
    preview.change(|recording| {
        recording.count = 100_000;
        recording.status.turns = 1_234_567;
        recording.status.findings = 98_765;
        recording.status.size_bytes = 12_345_678_901;
        recording.status.dropped = 54_321;
        recording.status.duration_us = 360_000_000_000;
        recording.status.proxy = Some("http://a-development-machine.example.org:18010".to_owned());
        recording.status.upstream = Some("http://another-development-machine.example.org:18000".to_owned());
        recording.status.problems = vec!["cannot write the recording: ".repeat(20)];
    });
    let mut stage = Stage::with(&preview, NARROW, ThemeChoice::Dark);
    for (key, name) in [
        (Key::Num1, "summary"),
        (Key::Num2, "state"),
        (Key::Num3, "patches"),
        (Key::Num4, "timing"),
        (Key::Num5, "frames"),
        (Key::Num6, "logs"),
    ] {
        stage.key(key).picture(&format!("long_{name}"));
    }
}

#[test]
fn smallest_window() {
    let mut stage = Stage::with(&Preview::shop(), egui::vec2(720.0, 420.0), ThemeChoice::Dark);
    stage.select(RECOUNT).picture("smallest");
}

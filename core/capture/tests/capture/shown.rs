//! What djust itself shows of states, where no probe reports.

use djscope_capture::turns::Seen;
use djscope_recording::Entry;
use djscope_recording::model::{ConnectionId, Micros};
use serde_json::json;

use crate::playbook::{assemble, down, mounted, probe, up};

/// A patch with the debug payload of a view with one public name.
fn patch_that_shows(connection: ConnectionId, t_us: Micros, reference: i64, class: &str, text: &str) -> Seen {
    let frame = json!({
        "type": "patch", "patches": [], "version": reference + 1, "source": "event", "ref": reference,
        "_debug": {"view_class": "V", "variables": {"n": {"name": "n", "type": class, "value": text}},
                   "state_sizes": {"n": {"memory": 28, "serialized": text.len()}}},
    });
    down(connection, t_us, &frame)
}

fn event(connection: ConnectionId, t_us: Micros, reference: i64) -> Seen {
    up(
        connection,
        t_us,
        &json!({"type": "event", "event": "go", "params": {}, "ref": reference}),
    )
}

#[test]
fn what_djust_shows_is_compared_within_a_mounted_view() {
    let mut session = mounted(1, "a");
    session.extend([
        event(1, 100, 1),
        patch_that_shows(1, 110, 1, "int", "1"),
        event(1, 200, 2),
        patch_that_shows(1, 210, 2, "int", "2"),
        event(1, 300, 3),
        patch_that_shows(1, 310, 3, "int", "2"),
        up(
            1,
            400,
            &json!({"type": "mount", "view": "app.views.V", "params": {}, "url": "/"}),
        ),
        down(
            1,
            410,
            &json!({"type": "mount", "view": "app.views.V", "version": 5, "html": ""}),
        ),
        event(1, 500, 4),
        patch_that_shows(1, 510, 4, "int", "3"),
    ]);
    let written = assemble(session);
    let shown = |number: u64| written.turns[&number].debug_state.clone().unwrap();
    let changed: Vec<_> = [2, 3, 4, 6].map(|number| shown(number).changed).into();
    let name = || Some(vec!["n".to_owned()]);
    // Nothing was shown before the first event, and what an earlier instance showed is nothing to compare with.
    assert_eq!(changed, [None, name(), Some(Vec::new()), None]);
    assert_eq!((shown(3).before_turn, shown(4).before_turn), (Some(2), Some(3)));
    assert_eq!(shown(3).before, shown(2).after);
    assert_eq!(shown(4).before, shown(4).after);
}

#[test]
fn where_a_probe_reports_djust_need_not_show_anything() {
    let hello = json!({"type": "hello", "protocol": 2, "token": "", "time_us": 0, "pid": 7, "python": "3", "django": "5",
                       "djust": "1.2.6", "missing": []});
    let mut session = mounted(1, "a");
    session.extend([
        probe(50, hello),
        event(1, 100, 1),
        patch_that_shows(1, 110, 1, "int", "1"),
    ]);
    let written = assemble(session);
    assert_eq!(written.turns[&2].debug_state, None);
    let is_state = |entry: &Entry| matches!(entry, Entry::Snapshot(_));
    assert!(!written.entries.iter().any(is_state));
}

#[test]
fn states_that_djust_leaves_out_of_its_time_travel_are_not_known() {
    let mut session = mounted(1, "a");
    let left_out = json!({"_truncated": true, "_size": 20000});
    session.extend([
        event(1, 100, 1),
        down(
            1,
            110,
            &json!({"type": "time_travel_event", "history_len": 1, "entry": {"event_name": "go", "params": {}, "ref": 1, "ts": 0.1,
                    "state_before": left_out, "state_after": left_out, "error": null, "_truncated": true}}),
        ),
    ]);
    assert_eq!(assemble(session).turns[&2].debug_state, None);
}

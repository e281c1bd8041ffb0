//! A turn that no layout was made for.

use djscope_hub::model::{Exception, Outcome, TracebackFrame, TurnDetail};
use serde_json::{Map, Value, json};

use crate::parts::{cart, ended, with_states};
use crate::shop::search;

/// Everything longer, deeper and stranger than a column expects.
pub fn turn(number: u64) -> TurnDetail {
    let long = "a_handler_whose_name_goes_on_and_on_until_no_column_can_hold_it_any_more";
    let mut before = cart("tea", 4);
    let mut after = cart("line one\nline two\ttabbed", 1_234_567);
    let deep = (0..12).fold(
        json!("at the bottom"),
        |inner, level| json!({format!("level_{level}"): inner}),
    );
    for (state, value) in [(&mut before, json!(1)), (&mut after, deep)] {
        state.public.insert("nested".to_owned(), value);
        state
            .public
            .insert(format!("{long}_in_state"), json!("x".repeat(5_000)));
        state
            .public
            .insert("empty".to_owned(), json!({"list": [], "dict": {}, "text": ""}));
    }
    for index in 0..60 {
        after.public.insert(format!("{long}_{index}"), json!(index));
    }
    let mut detail = search(number);
    detail.turn.event = Some(long.to_owned());
    detail.turn.view = Some(format!("a.very.long.{}.View", "package.".repeat(20)));
    let mut detail = ended(with_states(detail, before, after), Outcome::Error, 123_456_789);
    let params: Map<String, Value> = (0..20)
        .map(|index| (format!("{long}_{index}"), json!(vec![long; 4])))
        .collect();
    detail.turn.params = Value::Object(params);
    detail.turn.error = Some(format!("first line\nsecond line {}", long.repeat(5)));
    let frame = TracebackFrame {
        file: format!("/srv/{}/views.py", "deep/".repeat(30)),
        line: 123_456,
        function: long.to_owned(),
        source: Some(format!("return {long}({long}, {long})")),
    };
    detail.turn.exception = Some(Exception {
        class: "app.errors.SomethingThatWentWrongInAWayThatNeedsAVeryLongName".to_owned(),
        message: format!("first line\nsecond line {}", long.repeat(4)),
        traceback: "Traceback".to_owned(),
        frames: vec![frame; 50],
    });
    detail.turn.missing = vec![format!(
        "render phases: {}",
        "a reason that takes its time ".repeat(12)
    )];
    for frame in &mut detail.frames {
        frame.kind = long.to_owned();
        frame.length = 123_456_789;
        frame.redacted = (0..40).map(|index| format!("/params/{long}/{index}")).collect();
    }
    for log in &mut detail.logs {
        log.logger = format!("{long}.{long}");
        log.message = format!("{long}\n{long}");
        log.file = Some(format!("/srv/{}/{long}.py", "deep/".repeat(30)));
    }
    for patch in &mut detail.patches {
        patch.path = (0..40).collect();
        patch.target = Some(long.to_owned());
        patch.summary = format!("text \"{}\"", long.repeat(4));
    }
    for span in &mut detail.spans {
        span.start_us *= 9_000;
        span.duration_us *= 9_000;
    }
    detail
}

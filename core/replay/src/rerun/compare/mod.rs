//! What two accounts of one turn say otherwise.

mod side;
mod sql;
mod text;
mod values;

use serde_json::Value;

use crate::answer::{Difference, What, Witness};

pub use side::Side;
pub use sql::is_write;
pub use text::{fits, is_masked, same_markup};
pub use values::Comparison;

/// Most differences that are kept of a turn.
const MAX_DIFFERENCES: usize = 50;

/// Everything that `got` says otherwise than `recorded`, as the witness djust.
///
/// `slack_us` is how far two readings of the clock within the turn may be apart.
pub fn differences(recorded: &Side, got: &Side, slack_us: i64) -> Vec<Difference> {
    let mut found = Vec::new();
    if let (Some(recorded), Some(got)) = (&recorded.state, &got.state) {
        let mut comparison = Comparison::new(Witness::Djust, What::State, slack_us);
        comparison.maps("", &recorded.public, &got.public);
        comparison.maps("", &recorded.private, &got.private);
        found.extend(comparison.found);
    } else if recorded.state.is_some() != got.state.is_some() {
        let told = |side: &Side| Value::Bool(side.state.is_some());
        found.push(Difference {
            witness: Witness::Djust,
            what: What::State,
            path: "(is there a state)".to_owned(),
            recorded: told(recorded),
            got: told(got),
        });
    }
    found.extend(frames(recorded, got, slack_us));
    if recorded.error != got.error {
        let is_same = match (&recorded.error, &got.error) {
            (Some((class, text)), Some((other, got))) => class == other && fits(text, got),
            _ => false,
        };
        if !is_same {
            found.push(Difference {
                witness: Witness::Djust,
                what: What::Error,
                path: "exception".to_owned(),
                recorded: error_value(recorded),
                got: error_value(got),
            });
        }
    }
    found.extend(sql::difference(&recorded.sql, &got.sql));
    found.truncate(MAX_DIFFERENCES);
    found
}

fn error_value(side: &Side) -> Value {
    side.error.as_ref().map_or(Value::Null, |(class, text)| {
        Value::String(format!("{class}: {text}"))
    })
}

/// Frames in their order; those that djust sends besides an answer may come in another one.
fn frames(recorded: &Side, got: &Side, slack_us: i64) -> Vec<Difference> {
    let (theirs, ours) = (recorded.ordered_frames(), got.ordered_frames());
    let kinds = |frames: &[&Value]| -> Vec<String> { frames.iter().map(|frame| kind(frame)).collect() };
    let (their_kinds, our_kinds) = (kinds(&theirs), kinds(&ours));
    if their_kinds != our_kinds {
        return vec![Difference {
            witness: Witness::Djust,
            what: What::Frames,
            path: "frames".to_owned(),
            recorded: their_kinds.into(),
            got: our_kinds.into(),
        }];
    }
    let mut found = Vec::new();
    let mut ids = values::Ids::default();
    for (index, (theirs, ours)) in theirs.iter().zip(&ours).enumerate() {
        let mut comparison = Comparison::new(Witness::Djust, What::Frames, slack_us);
        comparison.ids = std::mem::take(&mut ids);
        comparison.frame(&format!("frames[{index}]"), theirs, ours);
        ids = std::mem::take(&mut comparison.ids);
        found.extend(comparison.found);
    }
    found.extend(page(recorded, got, slack_us));
    found
}

/// Answers over HTTP: events by POST are answered by JSON, as in a frame.
fn page(recorded: &Side, got: &Side, slack_us: i64) -> Vec<Difference> {
    let (Some(theirs), Some(ours)) = (&recorded.page, &got.page) else {
        return Vec::new();
    };
    let object = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    if let (Some(theirs), Some(ours)) = (object(theirs), object(ours)) {
        let mut comparison = Comparison::new(Witness::Djust, What::Frames, slack_us);
        comparison.frame("answer", &theirs, &ours);
        return comparison.found;
    }
    let mut found = Vec::new();
    if !text::same_page(theirs, ours) {
        let (path, recorded, got) = text::first_difference(theirs, ours);
        found.push(Difference {
            witness: Witness::Djust,
            what: What::Html,
            path: format!("page, {path}"),
            recorded: recorded.into(),
            got: got.into(),
        });
    }
    found
}

/// The type of a frame.
pub fn kind(frame: &Value) -> String {
    frame["type"].as_str().unwrap_or_default().to_owned()
}

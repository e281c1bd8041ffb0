//! The one sentence about how a turn ended.

use djscope_recording::model::{Outcome, TurnDetail};
use djscope_report::units;
use djscope_report::words::{self, short_class};
use serde::{Deserialize, Serialize};

/// What is certain about how the turn ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What happened.
    pub headline: String,
    /// Where, or what follows from it.
    pub text: String,
}

/// What the recording itself says for certain; nothing for a turn that did what it should.
pub fn verdict(detail: &TurnDetail) -> Option<Verdict> {
    let turn = &detail.turn;
    if let Some(exception) = &turn.exception {
        let place = exception
            .frames
            .last()
            .map(|frame| units::place(&frame.file, Some(frame.line.into())));
        let within = exception
            .frames
            .last()
            .map(|frame| format!(" in {}()", frame.function))
            .unwrap_or_default();
        let headline = format!("{}{within}", short_class(&exception.class));
        let text = place
            .into_iter()
            .chain([units::one_line(&exception.message, 300)])
            .collect::<Vec<_>>()
            .join(" · ");
        return Some(Verdict { headline, text });
    }
    let changed = turn.changed.as_deref();
    let (headline, text) = match (turn.outcome, changed) {
        (Outcome::Error, _) => (
            "The server answered with an error".to_owned(),
            turn.error.clone().unwrap_or_default(),
        ),
        (Outcome::EmptyPatch, Some(names)) if !names.is_empty() => (
            format!("{} changed, and the patch is empty", words::listed(names)),
            "The rendered page is the same as before".to_owned(),
        ),
        (Outcome::EmptyPatch, _) => (
            "The patch is empty".to_owned(),
            match likely(detail) {
                Some(names) => format!("The page stays as it is; {names}"),
                None => "The page stays as it is".to_owned(),
            },
        ),
        (Outcome::Noop, Some([])) => (
            "No key changed, so nothing was rendered".to_owned(),
            "djust answered with noop".to_owned(),
        ),
        (Outcome::Noop, Some(names)) if names.iter().all(|name| name.starts_with('_')) => (
            format!("Only private names changed: {}", words::listed(names)),
            "They are never in the template context; djust answered with noop".to_owned(),
        ),
        (Outcome::Noop, Some(names)) => (
            format!("{} changed, and djust answered with noop", words::listed(names)),
            String::new(),
        ),
        (Outcome::FullHtml, _) => (
            "The whole HTML was sent instead of patches".to_owned(),
            full_html(detail),
        ),
        (Outcome::Recovered, _) => (
            "The browser asked for the whole HTML again".to_owned(),
            "A patch before this turn did not apply".to_owned(),
        ),
        (Outcome::Unanswered, _) => (
            "No answer".to_owned(),
            "The server is still at work, or the connection closed before it answered".to_owned(),
        ),
        _ => return None,
    };
    Some(Verdict { headline, text })
}

/// What changed as far as djust itself showed it, in words that say so.
fn likely(detail: &TurnDetail) -> Option<String> {
    let shown = detail.turn.debug_state.as_ref()?;
    let names = shown.changed.as_ref().filter(|names| !names.is_empty())?;
    detail.shown_states().2?;
    Some(format!(
        "likely changed: {} ({})",
        words::listed(names),
        shown.source.words()
    ))
}

fn full_html(detail: &TurnDetail) -> String {
    let Some(full) = &detail.turn.full_html else {
        return String::new();
    };
    let mut parts = vec![format!("djust's reason: {}", full.reason)];
    if let Some(size) = full.html_size {
        parts.push(units::counted(size, "character", "characters"));
    }
    if let Some(count) = full.patch_count.filter(|count| *count > 0) {
        parts.push(format!("{} given up", units::counted(count, "patch", "patches")));
    }
    parts.join(" · ")
}

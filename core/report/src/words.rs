//! Names of kinds and outcomes as people say them.

use djscope_recording::model::{Outcome, TurnKind};

/// The word for how a turn ended.
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::EmptyPatch => "empty patch",
        Outcome::FullHtml => "full HTML",
        other => other.name(),
    }
}

/// The word for what set a turn off.
pub const fn kind(kind: TurnKind) -> &'static str {
    match kind {
        TurnKind::UrlChange => "URL change",
        TurnKind::HotReload => "hot reload",
        TurnKind::TimeTravel => "time travel",
        other => other.name(),
    }
}

/// The last part of a dotted name: `CartView` of `shop.views.CartView`.
pub fn short_class(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

/// Names in a sentence: `a`, `a and b`, `a, b and 3 more`.
pub fn listed(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
        [] => String::new(),
    }
}

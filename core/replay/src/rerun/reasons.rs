//! Why a difference may not be the code's: what was missing, masked, cut, held back, or is another one now.

use djscope_recording::model::{Direction, SpanKind, TurnDetail};
use serde_json::Value;

use super::compare::is_masked;
use super::{Account, Setting};

/// How a reason begins that is about a database.
pub const DATABASE: &str = "the database ";

/// Everything that speaks against comparing a turn, in sentences.
pub fn reasons(account: &Account, setting: &Setting) -> Vec<String> {
    let Account { detail, did, .. } = account;
    let mut found = Vec::new();
    let sent = detail
        .frames
        .iter()
        .filter(|frame| frame.direction == Direction::ToServer);
    for frame in sent {
        if frame.cut {
            found.push(format!("frame {} is in the recording in part only", frame.frame));
        } else if !frame.redacted.is_empty() || is_masked(&frame.payload) {
            found.push(format!(
                "what the browser sent is masked: {}",
                places(&frame.redacted)
            ));
        }
    }
    for (path, why) in &did.lossy {
        found.push(format!("{path}: {why}"));
    }
    for why in &did.touched {
        found.push(format!("the turn used what the recording does not hold: {why}"));
    }
    for held in &did.held_back {
        found.push(format!("held back: {}", held.text()));
    }
    found.extend(did.assumed.iter().cloned());
    found.extend(database(account, setting));
    if let Some(sources) = changed(detail, setting).filter(|_| !setting.is_strict) {
        found.push(sources);
    }
    let context = detail.turn.context.iter().flatten();
    if account.is_alone && context.into_iter().any(|name| name == "streams") {
        found.push("streams: what turns before have put into them is not in the state".to_owned());
    }
    found.extend(setting.others.iter().cloned());
    if let Some(request) = setting.request_before(detail.turn.t_us) {
        found.push(request);
    }
    let threads = detail.turn.work.threads.iter();
    found.extend(threads.map(|thread| format!("it starts a thread, {}, that nobody waits for", thread.name)));
    found.dedup();
    found
}

fn places(pointers: &[String]) -> String {
    match pointers {
        [] => "a part of it".to_owned(),
        pointers => pointers.join(", "),
    }
}

/// A turn that asked a database which is not as it was.
fn database(account: &Account, setting: &Setting) -> Option<String> {
    let Account { detail, did, own, .. } = account;
    let recorded = detail
        .spans
        .iter()
        .filter(|span| span.kind == SpanKind::Sql)
        .map(|span| (&*span.name, &span.detail));
    let ours = did.turns.iter().chain(own).flat_map(|turn| &turn.spans);
    let ours = ours
        .filter(|span| span.kind == "sql")
        .map(|span| (&*span.name, &span.detail));
    let mut aliases: Vec<&str> = recorded
        .chain(ours)
        .filter(|(sql, _)| !sql.contains("django_session"))
        .filter_map(|(_, detail)| detail["alias"].as_str())
        .collect();
    aliases.sort_unstable();
    aliases.dedup();
    let unknown: Vec<&str> = aliases
        .into_iter()
        .filter(|alias| {
            let is_before = !account.is_alone
                || account
                    .rolled
                    .as_ref()
                    .is_some_and(|rolled| rolled.doubt.is_none());
            !is_before || setting.broken.is_some() || !setting.is_start_known(alias)
        })
        .collect();
    if let (Some(turn), false, false) = (setting.broken, account.is_alone, unknown.is_empty()) {
        return Some(format!(
            "turn {turn}, which came before, could not be run as it was: the database may differ"
        ));
    }
    if unknown.iter().any(|alias| setting.is_start_known(alias)) {
        let doubt = account.rolled.as_ref().and_then(|rolled| rolled.doubt.as_deref());
        return Some(match doubt {
            Some(doubt) => format!(
                "the database {} may not be as before this turn: {doubt}",
                unknown.join(", ")
            ),
            None => format!(
                "the database {} is as at the start, not as before this turn",
                unknown.join(", ")
            ),
        });
    }
    (!unknown.is_empty()).then(|| {
        format!(
            "the database {} is as it is now, not as it was (--db {}=FILE gives its state at the start)",
            unknown.join(", "),
            unknown[0]
        )
    })
}

/// Code or templates of the view that are others now.
fn changed(detail: &TurnDetail, setting: &Setting) -> Option<String> {
    let view = detail.view.as_ref()?;
    let sources = view.class_data.iter().flat_map(|data| &data.sources);
    let mut names: Vec<String> = sources
        .map(|source| source.module.clone())
        .filter(|module| setting.changed.contains(module))
        .collect();
    let templates = view.template.iter().flat_map(|template| &template.sources);
    names.extend(
        templates
            .filter(|source| !is_masked(&source.source))
            .filter_map(|source| {
                let file = setting.relocated(source.file.as_deref()?);
                let now = std::fs::read_to_string(&file).ok();
                (now.as_deref() != Some(&*source.source)).then(|| file.display().to_string())
            }),
    );
    names.sort_unstable();
    names.dedup();
    (!names.is_empty()).then(|| format!("the code has changed since: {}", names.join(", ")))
}

/// True if something in a value is not whole.
pub fn is_lossy(value: &Value) -> bool {
    match value {
        Value::String(text) => is_masked(text),
        Value::Array(items) => items.iter().any(is_lossy),
        Value::Object(map) => map.iter().any(|(name, inner)| {
            matches!(name.as_str(), "$repr" | "$cut" | "$redacted" | "$cycle") || is_lossy(inner)
        }),
        _ => false,
    }
}

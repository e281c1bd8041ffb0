//! A turn cut into parts, none of which is larger than an answer. Pure: it works on a [`TurnDetail`] in memory.

mod state;

use djscope_diagnose::{chain, verdict};
use djscope_recording::model::{Finding, LogRecord, PatchRecord, Scope, SourceFile, Span, TurnDetail};
use serde::Serialize;
use serde_json::Value;

use crate::api::{
    Answer, Counts, ErrorCode, FrameRow, HubError, MAX_ANSWER_BYTES, Page, PayloadPiece, Query, Side,
    SourcePiece, TurnSummary,
};
pub use state::{SEPARATOR, StateTree, path_of};

/// Most parameters of an event that a summary holds, in bytes of JSON.
const MAX_PARAMS_BYTES: usize = 64 << 10;

/// Longest traceback that a summary holds, in bytes; the end of a longer one says what was raised.
const MAX_TRACEBACK_BYTES: usize = 64 << 10;

/// What a turn is, what led to what, and how much belongs to it.
pub fn summary(detail: &TurnDetail, findings: Vec<Finding>) -> TurnSummary {
    let mut turn = detail.turn.clone();
    let mut left_out = detail.left_out.clone();
    if json_bytes(&turn.params) > MAX_PARAMS_BYTES {
        turn.params = Value::Null;
        left_out.push("the parameters are too long to be shown here; the frame has them".to_owned());
    }
    if let Some(exception) = &mut turn.exception {
        let from = exception.traceback.len().saturating_sub(MAX_TRACEBACK_BYTES);
        let from = exception.traceback.ceil_char_boundary(from);
        exception.traceback.drain(..from);
    }
    let (before, after, state_source) = detail.shown_states();
    TurnSummary {
        connection: detail.connection.clone(),
        subject: chain::subject(detail),
        chain: chain::links(detail),
        verdict: verdict::verdict(detail),
        findings,
        was_probed: chain::was_probed(detail),
        http: detail
            .http
            .as_ref()
            .map(|http| format!("{} {}, {}", http.method, http.url, http.status)),
        counts: Counts {
            changes: detail.changes.len() as u64,
            patches: detail.patches.len() as u64,
            frames: detail.frames.len() as u64,
            spans: detail.spans.len() as u64,
            logs: detail.logs.len() as u64,
            has_before: before.is_some(),
            has_after: after.is_some(),
        },
        state_source,
        turn,
        left_out,
    }
}

/// The answer to a question about one turn, except the rows of its tree, which are worth keeping between questions.
///
/// # Errors
///
/// [`ErrorCode::NotFound`] if the turn has no such part.
pub fn answer(detail: &TurnDetail, query: &Query) -> Result<Answer, HubError> {
    let limit = u32::MAX;
    Ok(match query {
        Query::Patches { from, .. } => Answer::Patches(cut_page(&detail.patches, *from, limit, patch_row)),
        Query::Frames { from, .. } => Answer::Frames(cut_page(&detail.frames, *from, limit, FrameRow::of)),
        Query::Spans { from, .. } => Answer::Spans(cut_page(&detail.spans, *from, limit, span_row)),
        Query::Logs { from, .. } => Answer::Logs(cut_page(&detail.logs, *from, limit, log_row)),
        Query::Value {
            side, scope, path, ..
        } => value(detail, *side, *scope, path)?,
        Query::FindInState { text, limit, .. } => Answer::Paths(find(detail, text, *limit)),
        other => {
            let message = format!("{other:?} is no question about the parts of a turn");
            return Err(HubError::new(ErrorCode::Unknown, message));
        }
    })
}

/// Longest text of a row, in bytes. What is cut ends with how long it was.
const MAX_TEXT_BYTES: usize = 32 << 10;

fn patch_row(patch: &PatchRecord) -> PatchRecord {
    let mut row = patch.clone();
    cut_texts(&mut row.patch);
    row
}

fn span_row(span: &Span) -> Span {
    let mut row = span.clone();
    cut_text(&mut row.name);
    cut_texts(&mut row.detail);
    row
}

fn log_row(log: &LogRecord) -> LogRecord {
    let mut row = log.clone();
    cut_text(&mut row.message);
    if let Some(traceback) = &mut row.traceback {
        cut_text(traceback);
    }
    row
}

fn cut_text(text: &mut String) {
    if text.len() > MAX_TEXT_BYTES {
        let length = text.len();
        text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
        text.push_str(&format!("… ({length} bytes)"));
    }
}

/// Cuts long texts wherever they stand; a value that is too much all the same says only how long it is.
fn cut_texts(value: &mut Value) {
    fn cut_in(value: &mut Value) {
        match value {
            Value::String(text) => cut_text(text),
            Value::Array(items) => items.iter_mut().for_each(cut_in),
            Value::Object(map) => map.values_mut().for_each(cut_in),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    cut_in(value);
    let bytes = json_bytes(value);
    if bytes > MAX_ANSWER_BYTES / 2 {
        *value = serde_json::json!({"$cut": format!("{bytes} bytes of JSON; the frame has them")});
    }
}

/// A piece of a payload, from a byte that begins a character.
pub fn payload_piece(frame: u64, payload: &str, from: u64) -> PayloadPiece {
    let (from, text) = piece(payload, from);
    PayloadPiece {
        frame,
        from,
        total: payload.len() as u64,
        text,
    }
}

/// A piece of the text of a module.
pub fn source_piece(source: SourceFile, from: u64) -> SourcePiece {
    let total = source.text.len() as u64;
    let (from, text) = piece(&source.text, from);
    SourcePiece {
        source: SourceFile { text, ..source },
        from,
        total,
    }
}

/// As much of a text as an answer holds, and where that begins.
fn piece(text: &str, from: u64) -> (u64, String) {
    let begin = usize::try_from(from).unwrap_or(usize::MAX).min(text.len());
    let begin = text.ceil_char_boundary(begin);
    let end = text.floor_char_boundary((begin + MAX_ANSWER_BYTES / 2).min(text.len()));
    (begin as u64, text[begin..end].to_owned())
}

/// A page of what is known of the server's processes.
pub fn processes(facts: &serde_json::Map<String, Value>, from: u64) -> Page<Value> {
    let all = facts.get("processes").and_then(Value::as_array);
    let row = |process: &Value| {
        let mut row = process.clone();
        cut_texts(&mut row);
        row
    };
    cut_page(all.map_or(&[][..], Vec::as_slice), from, u32::MAX, row)
}

/// As many rows from `from` as an answer holds, at least one.
fn cut_page<T, R: Serialize>(rows: &[T], from: u64, limit: u32, row: impl Fn(&T) -> R) -> Page<R> {
    let total = rows.len() as u64;
    let first = usize::try_from(from).unwrap_or(usize::MAX).min(rows.len());
    let mut page = Page {
        from: first as u64,
        total,
        rows: Vec::new(),
    };
    let mut bytes = 0;
    for item in rows[first..].iter().take(limit as usize) {
        let item = row(item);
        bytes += json_bytes(&item) + 1;
        if bytes > MAX_ANSWER_BYTES && !page.rows.is_empty() {
            break;
        }
        page.rows.push(item);
    }
    page
}

/// How long something is as JSON, without making it.
fn json_bytes(value: &impl Serialize) -> usize {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Counting cannot fail; what has no JSON has no length.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

fn value(detail: &TurnDetail, side: Side, scope: Scope, path: &[String]) -> Result<Answer, HubError> {
    let missing = |what: &str| HubError::new(ErrorCode::NotFound, what);
    let (before, after, _) = detail.shown_states();
    let state = match side {
        Side::Before => before,
        Side::After => after,
    };
    let state = state.ok_or_else(|| missing("this state is not known"))?;
    let names = match scope {
        Scope::Public => &state.public,
        Scope::Private => &state.private,
    };
    let (name, rest) = path.split_first().ok_or_else(|| missing("the path is empty"))?;
    let found = rest
        .iter()
        .try_fold(names.get(name), |value, part| {
            Some(value.and_then(|value| part_of(value, part)))
        })
        .flatten();
    let found = found.ok_or_else(|| {
        missing(&format!(
            "there is no {} in this state",
            djscope_report::path::text(path)
        ))
    })?;
    let mut json = found.to_string();
    let length = json.len() as u64;
    json.truncate(json.floor_char_boundary(MAX_ANSWER_BYTES / 2));
    Ok(Answer::Value { json, length })
}

fn part_of<'a>(value: &'a Value, part: &str) -> Option<&'a Value> {
    let parts = djscope_report::value::children(value);
    parts
        .into_iter()
        .find(|(name, _)| name == part)
        .map(|(_, value)| value)
}

/// Paths whose last name or whose plain value holds `text`, in the order of the state, that after the turn first.
fn find(detail: &TurnDetail, text: &str, limit: u32) -> Vec<(Scope, Vec<String>)> {
    let mut search = Search {
        text: text.to_lowercase(),
        limit: limit as usize,
        left_bytes: MAX_ANSWER_BYTES / 2,
        found: Vec::new(),
    };
    let (before, after, _) = detail.shown_states();
    for state in [after, before].into_iter().flatten() {
        for (scope, names) in [(Scope::Public, &state.public), (Scope::Private, &state.private)] {
            for (name, value) in names {
                search.visit(scope, &mut vec![name.clone()], value);
            }
        }
    }
    search.found
}

struct Search {
    text: String,
    limit: usize,
    left_bytes: usize,
    found: Vec<(Scope, Vec<String>)>,
}

impl Search {
    fn visit(&mut self, scope: Scope, path: &mut Vec<String>, value: &Value) {
        if self.found.len() >= self.limit {
            return;
        }
        let holds = |text: &str| text.to_lowercase().contains(&self.text);
        let parts = djscope_report::value::children(value);
        let is_match = path.last().is_some_and(|name| holds(name))
            || (parts.is_empty() && holds(&djscope_report::value::repr(value, 4096)));
        if is_match
            && !self
                .found
                .iter()
                .any(|(own, known)| *own == scope && known == path)
        {
            let bytes: usize = path.iter().map(|part| part.len() + 8).sum();
            if bytes > self.left_bytes {
                self.limit = 0;
                return;
            }
            self.left_bytes -= bytes;
            self.found.push((scope, path.clone()));
        }
        for (name, part) in parts {
            path.push(name);
            self.visit(scope, path, part);
            path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::{Snapshot, Turn, TurnKind};
    use serde_json::json;

    use super::*;

    fn detail(after: &Value) -> TurnDetail {
        TurnDetail {
            after: Some(Snapshot {
                public: after.as_object().cloned().unwrap(),
                private: serde_json::Map::new(),
            }),
            ..TurnDetail::of(Turn::begun(1, TurnKind::Event, 0))
        }
    }

    #[test]
    fn pages_are_as_large_as_an_answer_and_follow_each_other() {
        let rows: Vec<String> = (0..50).map(|number| format!("{number:0>20000}")).collect();
        let (mut seen, mut pages) = (Vec::new(), 0);
        while seen.len() < rows.len() {
            let page = cut_page(&rows, seen.len() as u64, u32::MAX, Clone::clone);
            assert_eq!((page.from, page.total), (seen.len() as u64, 50));
            assert!(json_bytes(&page.rows) <= MAX_ANSWER_BYTES && !page.rows.is_empty());
            seen.extend(page.rows);
            pages += 1;
        }
        assert!(seen == rows && pages == 4, "{pages} pages");
    }

    #[test]
    fn a_row_that_is_too_large_comes_alone() {
        let rows = ["a".to_owned(), "b".repeat(MAX_ANSWER_BYTES * 2)];
        assert_eq!(cut_page(&rows, 0, 9, Clone::clone).rows.len(), 1);
        assert_eq!(cut_page(&rows, 1, 9, Clone::clone).rows.len(), 1);
        assert_eq!(cut_page(&rows, 7, 9, Clone::clone).rows.len(), 0);
    }

    #[test]
    fn long_texts_of_rows_are_cut_and_say_so() {
        let long = "é".repeat(MAX_ANSWER_BYTES);
        let mut one = json!({"text": long, "d": "1"});
        cut_texts(&mut one);
        assert!(one["text"].as_str().unwrap().ends_with("… (524288 bytes)") && one["d"] == "1");
        let mut many = json!(vec![long; 20]);
        cut_texts(&mut many);
        assert!(json_bytes(&many) < 100, "{many}");
    }

    #[test]
    fn a_payload_comes_in_pieces_between_characters() {
        let payload = "é".repeat(MAX_ANSWER_BYTES);
        let (mut text, mut from) = (String::new(), 0);
        while from < payload.len() as u64 {
            let piece = payload_piece(3, &payload, from);
            from = piece.from + piece.text.len() as u64;
            text.push_str(&piece.text);
        }
        assert_eq!(text, payload);
        assert_eq!(payload_piece(3, "é", 1).text, "");
    }

    #[test]
    fn one_value_and_paths_to_it() {
        let detail = detail(&json!({"rows": [{"Name": "Oak"}, {"$tuple": [1, {"deep": "oak"}]}], "n": 1}));
        let path = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        let found = find(&detail, "oak", 10);
        assert_eq!(
            found,
            [
                (Scope::Public, path(&["rows", "0", "Name"])),
                (Scope::Public, path(&["rows", "1", "1", "deep"])),
            ]
        );
        let answer = value(&detail, Side::After, Scope::Public, &found[1].1).unwrap();
        assert_eq!(
            answer,
            Answer::Value {
                json: "\"oak\"".to_owned(),
                length: 5
            }
        );
        let missing = value(&detail, Side::After, Scope::Public, &path(&["rows", "7"])).unwrap_err();
        assert_eq!(missing.message, "there is no rows[7] in this state");
        assert!(value(&detail, Side::Before, Scope::Public, &path(&["n"])).is_err());
    }
}

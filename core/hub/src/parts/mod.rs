//! A turn cut into parts, none of which is larger than an answer. Pure: it works on [`TurnTexts`] in memory.

mod state;

use djscope_diagnose::chain::{self, StateNames};
use djscope_diagnose::verdict;
use djscope_recording::model::{
    Finding, JsonText, LogRecord, PatchRecord, Scope, Span, StateText, TurnTexts, View,
};
use djscope_report::value;
use serde::Serialize;
use serde_json::Value;

use crate::api::{
    Answer, Counts, ErrorCode, FrameRow, HubError, MAX_ANSWER_BYTES, Page, Query, Side, TextPiece,
    TurnSummary,
};
pub use state::{SEPARATOR, StateTree, path_of};

/// Most parameters of an event that a summary holds, in bytes of JSON.
const MAX_PARAMS_BYTES: usize = 64 << 10;

/// Longest traceback that a summary holds, in bytes; the end of a longer one says what was raised.
const MAX_TRACEBACK_BYTES: usize = 64 << 10;

/// What a turn is, what led to what, and how much belongs to it.
pub fn summary(texts: &TurnTexts, findings: Vec<Finding>) -> TurnSummary {
    let detail = &texts.detail;
    // Names that only djust itself showed are no report of a probe.
    let of_probe = |state: &Option<StateText>| {
        state
            .as_ref()
            .filter(|_| texts.source.is_none())
            .map(StateText::len)
    };
    let states = StateNames {
        before: of_probe(&texts.before),
        after: of_probe(&texts.after),
    };
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
    TurnSummary {
        connection: detail.connection.clone(),
        subject: chain::subject(detail),
        chain: chain::links(detail, states),
        verdict: verdict::verdict(detail),
        findings,
        was_probed: chain::was_probed(detail, states),
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
            has_before: texts.before.is_some(),
            has_after: texts.after.is_some(),
        },
        state_source: texts.source,
        turn,
        left_out,
    }
}

/// The answer to a question about one turn, except the rows of its tree, which are worth keeping between questions.
///
/// # Errors
///
/// [`ErrorCode::NotFound`] if the turn has no such part.
pub fn answer(texts: &TurnTexts, query: &Query) -> Result<Answer, HubError> {
    let detail = &texts.detail;
    let limit = u32::MAX;
    Ok(match query {
        Query::Patches { from, .. } => Answer::Patches(cut_page(&detail.patches, *from, limit, patch_row)),
        Query::Frames { from, .. } => Answer::Frames(cut_page(&detail.frames, *from, limit, FrameRow::of)),
        Query::Spans { from, .. } => Answer::Spans(cut_page(&detail.spans, *from, limit, span_row)),
        Query::Logs { from, .. } => Answer::Logs(cut_page(&detail.logs, *from, limit, log_row)),
        Query::Value {
            side, scope, path, ..
        } => value(texts, *side, *scope, path)?,
        Query::FindInState { text, limit, .. } => Answer::Paths(find(texts, text, *limit)),
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

/// A piece of a text, from a byte that begins a character.
pub fn text_piece(text: &str, from: u64) -> TextPiece {
    let begin = usize::try_from(from).unwrap_or(usize::MAX).min(text.len());
    let begin = text.ceil_char_boundary(begin);
    let end = text.floor_char_boundary((begin + MAX_ANSWER_BYTES / 2).min(text.len()));
    TextPiece {
        from: begin as u64,
        total: text.len() as u64,
        text: text[begin..end].to_owned(),
    }
}

/// The code of a view, as much as an answer holds: long texts are cut, and when there are many the last are left out.
pub fn code(view: &View) -> View {
    let mut view = view.clone();
    let sources = view
        .handlers
        .iter_mut()
        .filter_map(|handler| handler.source.as_mut());
    let templates = view
        .template
        .iter_mut()
        .flat_map(|template| &mut template.sources);
    let mut left = MAX_ANSWER_BYTES / 2;
    for text in sources.chain(templates.map(|template| &mut template.source)) {
        cut_text(text);
        if text.len() > left {
            *text = format!("… ({} bytes)", text.len());
        }
        left = left.saturating_sub(text.len());
    }
    if let Some(class) = &mut view.class_data {
        class.attributes.values_mut().for_each(cut_texts);
        if json_bytes(&class.attributes) > MAX_ANSWER_BYTES / 4 {
            class.attributes.clear();
        }
    }
    view
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

fn value(texts: &TurnTexts, side: Side, scope: Scope, path: &[String]) -> Result<Answer, HubError> {
    let missing = |what: &str| HubError::new(ErrorCode::NotFound, what);
    let state = match side {
        Side::Before => texts.before.as_ref(),
        Side::After => texts.after.as_ref(),
    };
    let state = state.ok_or_else(|| missing("this state is not known"))?;
    let (name, rest) = path.split_first().ok_or_else(|| missing("the path is empty"))?;
    let found = state
        .names(scope)
        .find(|(own, _)| own == name)
        .and_then(|(_, value)| {
            rest.iter()
                .try_fold(value, |value, part| value::child(value, part))
        });
    let found = found.ok_or_else(|| {
        missing(&format!(
            "there is no {} in this state",
            djscope_report::path::text(path)
        ))
    })?;
    let mut json = String::from_utf8_lossy(found.bytes()).into_owned();
    let length = json.len() as u64;
    json.truncate(json.floor_char_boundary(MAX_ANSWER_BYTES / 2));
    Ok(Answer::Value { json, length })
}

/// Paths whose last name or whose plain value holds `text`, in the order of the state, that after the turn first.
fn find(texts: &TurnTexts, text: &str, limit: u32) -> Vec<(Scope, Vec<String>)> {
    let mut search = Search {
        text: text.to_lowercase(),
        limit: limit as usize,
        left_bytes: MAX_ANSWER_BYTES / 2,
        found: Vec::new(),
    };
    for state in [&texts.after, &texts.before].into_iter().flatten() {
        for scope in [Scope::Public, Scope::Private] {
            for (name, value) in state.names(scope) {
                search.visit(scope, &mut vec![name.to_owned()], value);
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
    fn visit(&mut self, scope: Scope, path: &mut Vec<String>, value: JsonText<'_>) {
        if self.found.len() >= self.limit {
            return;
        }
        let holds = |text: &str| text.to_lowercase().contains(&self.text);
        let parts = value::children(value);
        let is_match = path.last().is_some_and(|name| holds(name))
            || (parts.is_empty() && holds(&value::repr(value, 4096)));
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
            path.push(name.into_owned());
            self.visit(scope, path, part);
            path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::{Snapshot, Turn, TurnDetail, TurnKind};
    use serde_json::json;

    use super::*;

    fn texts(after: &Value) -> TurnTexts {
        let after = Snapshot {
            public: after.as_object().cloned().unwrap(),
            private: serde_json::Map::new(),
        };
        TurnTexts {
            detail: TurnDetail::of(Turn::begun(1, TurnKind::Event, 0)),
            source: None,
            before: None,
            after: Some(StateText::from(&after)),
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
            let piece = text_piece(&payload, from);
            from = piece.from + piece.text.len() as u64;
            text.push_str(&piece.text);
        }
        assert_eq!(text, payload);
        assert_eq!(text_piece("é", 1).text, "");
    }

    #[test]
    fn one_value_and_paths_to_it() {
        let detail = texts(&json!({"rows": [{"Name": "Oak"}, {"$tuple": [1, {"deep": "oak"}]}], "n": 1}));
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

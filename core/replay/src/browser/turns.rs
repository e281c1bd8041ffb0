//! The turns that can be shown, and the frames that lead to each.

use djscope_recording::filter::Filter;
use djscope_recording::model::{ConnectionId, Direction, FrameRecord, Micros, Opcode, Turn, TurnId};
use djscope_recording::{BodySide, Reader, RecordingError};
use serde::Serialize;
use serde_json::{Value, json};

use super::pages::{Page, Pages};

/// Most that a page is given to come to a turn; before that the page is taken as a whole.
const MAX_GIVEN: usize = 1_000;

/// Turns with a page.
#[derive(Debug, Default)]
pub struct Turns {
    turns: Vec<Value>,
    hidden: usize,
}

impl Turns {
    /// Finds them.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn of(reader: &Reader, pages: &Pages) -> Result<Self, RecordingError> {
        let mut turns = Self::default();
        let mut after = 0;
        loop {
            let numbers = reader.turn_numbers_after(&Filter::default(), after, 1_000)?;
            let Some(last) = numbers.last() else {
                return Ok(turns);
            };
            after = *last;
            for number in numbers {
                let Some(turn) = reader.turn_record(number)? else {
                    continue;
                };
                match page_of(pages, &turn) {
                    Some(page) => turns.turns.push(row(&turn, page)),
                    None => turns.hidden += 1,
                }
            }
        }
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// How many have no page.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// The rows, as the outer page takes them.
    pub fn rows(&self) -> &[Value] {
        &self.turns
    }
}

fn page_of<'a>(pages: &'a Pages, turn: &Turn) -> Option<&'a Page> {
    match (turn.connection, turn.http) {
        (Some(connection), _) => pages.of_socket(connection),
        (None, Some(http)) => pages.of_document(http).or_else(|| pages.of_post(http)),
        (None, None) => None,
    }
}

fn row(turn: &Turn, page: &Page) -> Value {
    json!({
        "turn": turn.turn,
        "kind": turn.kind,
        "event": turn.event,
        "view": turn.view.as_deref().unwrap_or_default().rsplit('.').next(),
        "outcome": turn.outcome.name(),
        "ms": turn.duration_us.map(|us| us as f64 / 1e3),
        "page": page.name,
        "url": page.url,
        "client": page.has_client,
        "document": page.document.is_some(),
    })
}

/// What leads to a turn.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Leading {
    /// What the server sent, in its order: a frame as a text, an answer over HTTP as an object with its event.
    pub frames: Vec<Value>,
    /// So much that the page was given came before the turn's own.
    pub before: usize,
    /// So much that the page was given is not here: the first of these stand in its place.
    pub skipped: usize,
    /// How many stand in its place.
    pub stand_ins: usize,
    /// What is not played, and why.
    pub notes: Vec<String>,
}

/// Something that the server gave to a page.
#[derive(Debug)]
struct Given {
    t_us: Micros,
    turn: Option<TurnId>,
    kind: String,
    content: Value,
    /// Why it is not given again.
    left_out: Option<String>,
}

/// What the server gave to a page up to and with a turn.
///
/// # Errors
///
/// If the recording cannot be read.
pub fn leading(
    reader: &Reader,
    pages: &Pages,
    page: &Page,
    number: TurnId,
) -> Result<Leading, RecordingError> {
    let mut leading = Leading::default();
    let Some(turn) = reader.turn_record(number)? else {
        return Ok(leading);
    };
    if turn.connection.is_none() && turn.http == page.document {
        // The page as it was loaded, before anything else was said.
        return Ok(leading);
    }
    let given = given(reader, pages, page)?;
    let is_own = |given: &Given| given.turn == Some(number);
    let (first, end) = match (given.iter().position(is_own), given.iter().rposition(is_own)) {
        (Some(first), Some(last)) => (first, last + 1),
        // Nothing was given: what had come when it began.
        _ => {
            let end = given.iter().filter(|given| given.t_us <= turn.t_us).count();
            (end, end)
        }
    };
    let left_out = given[..end].iter().filter_map(|given| given.left_out.clone());
    leading.notes.extend(left_out);
    let played = |given: &'_ [Given]| given.iter().filter(|given| given.left_out.is_none()).count();
    leading.before = played(&given[..first]);
    let mut begin = 0;
    if end > MAX_GIVEN
        && let Some((stand_ins, after)) = shortened(reader, &given[..first])?
    {
        leading.skipped = played(&given[..after]);
        leading.stand_ins = stand_ins.len();
        leading.frames = stand_ins;
        begin = after;
    }
    let rest = given
        .into_iter()
        .take(end)
        .skip(begin)
        .filter(|given| given.left_out.is_none());
    leading.frames.extend(rest.map(|given| given.content));
    Ok(leading)
}

/// All that the server gave to a page, in the order of time.
fn given(reader: &Reader, pages: &Pages, page: &Page) -> Result<Vec<Given>, RecordingError> {
    let mut found = Vec::new();
    if let Some(connection) = page.connection {
        frames(reader, connection, &mut found)?;
    }
    for post in pages.posts(page) {
        let body = |side| Ok::<_, RecordingError>(reader.http_body(post.http, side)?.unwrap_or_default());
        let (asked, answer) = (body(BodySide::Request)?, body(BodySide::Response)?);
        found.push(Given {
            t_us: post.t_us,
            turn: post.turn,
            kind: "post".to_owned(),
            content: json!({
                "event": post.event,
                "params": serde_json::from_slice::<Value>(&asked).unwrap_or_else(|_| json!({})),
                "answer": String::from_utf8_lossy(&answer),
            }),
            left_out: None,
        });
    }
    found.sort_by_key(|given| given.t_us);
    Ok(found)
}

fn frames(reader: &Reader, connection: ConnectionId, found: &mut Vec<Given>) -> Result<(), RecordingError> {
    let mut after = 0;
    loop {
        let frames = reader.frames_of_connection(connection, after, 2_000)?;
        let Some(last) = frames.last() else { return Ok(()) };
        after = last.frame;
        let is_sent =
            |frame: &FrameRecord| frame.direction == Direction::ToBrowser && frame.opcode == Opcode::Text;
        found.extend(frames.into_iter().filter(is_sent).map(|frame| Given {
            t_us: frame.t_us,
            turn: frame.turn,
            left_out: not_played(&frame),
            kind: frame.kind,
            content: frame.payload.into(),
        }));
    }
}

/// In place of a long beginning, a mount with the page as it was later; and how much of the beginning it stands for.
fn shortened(reader: &Reader, given: &[Given]) -> Result<Option<(Vec<Value>, usize)>, RecordingError> {
    let content = |kind: &str| {
        given
            .iter()
            .find(|given| given.kind == kind)
            .map(|given| given.content.clone())
    };
    let mount = content("mount").and_then(|mount| serde_json::from_str::<Value>(mount.as_str()?).ok());
    let Some(mut mount) = mount else { return Ok(None) };
    let turns = given
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(place, given)| Some((place, given.turn?)));
    for (place, turn) in turns.take(MAX_GIVEN) {
        let Some(source) = reader.dom(turn)?.filter(|source| source.turn == turn) else {
            continue;
        };
        let version = reader.turn_record(turn)?.and_then(|record| record.version);
        mount["html"] = source.html.into();
        mount["has_ids"] = true.into();
        mount["version"] = version.map_or_else(|| mount["version"].clone(), Value::from);
        let stand_ins = content("connect").into_iter().chain([mount.to_string().into()]);
        return Ok(Some((stand_ins.collect(), place + 1)));
    }
    Ok(None)
}

/// Why a frame is not given to the client again.
fn not_played(frame: &FrameRecord) -> Option<String> {
    if frame.cut {
        return Some(format!(
            "frame {} is in the recording in part only: the page may differ from here on",
            frame.frame
        ));
    }
    let value = || serde_json::from_str::<Value>(&frame.payload).unwrap_or(Value::Null);
    match frame.kind.as_str() {
        "reload" => Some("the server had the page loaded anew: see the turns after this one".to_owned()),
        "error" if value()["recoverable"] == false => {
            Some("after this error the page loaded itself anew: see the turns after this one".to_owned())
        }
        _ => None,
    }
}

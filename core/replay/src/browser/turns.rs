//! The turns that can be shown, and the frames that lead to each.

use djscope_recording::filter::Filter;
use djscope_recording::model::{ConnectionId, Direction, FrameId, FrameRecord, Opcode, Turn, TurnId};
use djscope_recording::{Reader, RecordingError};
use serde::Serialize;
use serde_json::{Value, json};

use super::pages::{Page, Pages};

/// Most frames that lead to a turn; before them the page is taken as a whole.
const MAX_FRAMES: usize = 1_000;

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
                match page_of(reader, pages, &turn)? {
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

fn page_of<'a>(reader: &Reader, pages: &'a Pages, turn: &Turn) -> Result<Option<&'a Page>, RecordingError> {
    if let Some(connection) = turn.connection {
        return Ok(pages.of_socket(connection));
    }
    let Some(http) = turn.http else { return Ok(None) };
    if let Some(page) = pages.of_document(http) {
        return Ok(Some(page));
    }
    // An event by POST happens on the page that was there before.
    let exchange = reader.http_exchange(http)?;
    Ok(exchange.and_then(|exchange| pages.last_at(exchange.url.split('?').next()?, exchange.t_us)))
}

fn row(turn: &Turn, page: &Page) -> Value {
    let is_posted = turn.connection.is_none() && turn.http != page.document;
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
        "posted": is_posted,
    })
}

/// The frames that lead to a turn.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Leading {
    /// What the server sent, in its order.
    pub frames: Vec<String>,
    /// So many frames of the page came before the turn's own.
    pub before: usize,
    /// So many frames of the page are not here: the first of these stand in their place.
    pub skipped: usize,
    /// How many stand in their place.
    pub stand_ins: usize,
    /// What is not played, and why.
    pub notes: Vec<String>,
}

/// What the server sent to a page up to and with a turn.
///
/// # Errors
///
/// If the recording cannot be read.
pub fn leading(reader: &Reader, page: &Page, number: TurnId) -> Result<Leading, RecordingError> {
    let mut leading = Leading::default();
    let (Some(connection), Some(turn)) = (page.connection, reader.turn_record(number)?) else {
        return Ok(leading);
    };
    if turn.connection.is_none() {
        // The page as it was loaded, before its socket said anything.
        return Ok(leading);
    }
    let frames = sent(reader, connection)?;
    let own = |frame: &&FrameRecord| frame.turn == Some(number);
    let end = match frames.iter().rfind(own) {
        Some(last) => last.frame,
        // Nothing was sent: what had come when it began.
        None => frames
            .iter()
            .filter(|frame| frame.t_us <= turn.t_us)
            .map(|frame| frame.frame)
            .max()
            .unwrap_or(0),
    };
    let first = frames.iter().find(own).map_or(FrameId::MAX, |frame| frame.frame);
    let mut played: Vec<&FrameRecord> = Vec::new();
    for frame in frames.iter().filter(|frame| frame.frame <= end) {
        match not_played(frame) {
            Some(why) => leading.notes.push(why),
            None => played.push(frame),
        }
    }
    leading.before = played.iter().filter(|frame| frame.frame < first).count();
    if played.len() > MAX_FRAMES {
        let all = played.len();
        leading.frames = shortened(reader, &mut played, first)?;
        leading.stand_ins = leading.frames.len();
        leading.skipped = all - played.len();
    }
    leading
        .frames
        .extend(played.iter().map(|frame| frame.payload.clone()));
    Ok(leading)
}

/// What was sent to the browser over a socket.
fn sent(reader: &Reader, connection: ConnectionId) -> Result<Vec<FrameRecord>, RecordingError> {
    let mut found = Vec::new();
    let mut after = 0;
    loop {
        let frames = reader.frames_of_connection(connection, after, 2_000)?;
        let Some(last) = frames.last() else {
            return Ok(found);
        };
        after = last.frame;
        let is_sent =
            |frame: &FrameRecord| frame.direction == Direction::ToBrowser && frame.opcode == Opcode::Text;
        found.extend(frames.into_iter().filter(is_sent));
    }
}

/// In place of a long beginning, a mount with the page as it was later; takes out what that stands for.
fn shortened(
    reader: &Reader,
    frames: &mut Vec<&FrameRecord>,
    first: FrameId,
) -> Result<Vec<String>, RecordingError> {
    let greeting = frames
        .iter()
        .find(|frame| frame.kind == "connect")
        .map(|frame| frame.payload.clone());
    let mount = frames.iter().find(|frame| frame.kind == "mount");
    let before = frames
        .iter()
        .rev()
        .filter(|frame| frame.frame < first)
        .filter_map(|frame| frame.turn);
    let Some(mut mount) = mount.and_then(|mount| serde_json::from_str::<Value>(&mount.payload).ok()) else {
        return Ok(Vec::new());
    };
    for turn in before.take(MAX_FRAMES) {
        let Some(source) = reader.dom(turn)?.filter(|source| source.turn == turn) else {
            continue;
        };
        let Some(last) = frames
            .iter()
            .filter(|frame| frame.turn == Some(turn))
            .map(|frame| frame.frame)
            .max()
        else {
            continue;
        };
        let version = reader.turn_record(turn)?.and_then(|record| record.version);
        mount["html"] = source.html.into();
        mount["has_ids"] = true.into();
        mount["version"] = version.map_or_else(|| mount["version"].clone(), Value::from);
        frames.retain(|frame| frame.frame > last);
        return Ok(greeting.into_iter().chain([mount.to_string()]).collect());
    }
    Ok(Vec::new())
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

//! What has to come before a turn that is run alone.

use djscope_recording::model::{
    ConnectionId, Direction, FrameRecord, HttpExchange, Snapshot, Turn, TurnDetail, TurnId, TurnKind,
};
use djscope_recording::{Reader, RecordingError};

/// What comes before a turn.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// Mounts of its connection.
    pub mounts: Vec<TurnId>,
    /// The state of its view when the page that the browser has was rendered.
    pub rendered: Option<Snapshot>,
    /// Turns that leave something behind which is not in the state: background work, uploads, a page to recover.
    pub turns: Vec<TurnId>,
    /// It is the first turn after a mount: what `mount()` wanted to say besides is said in it.
    pub is_first: bool,
}

impl Before {
    /// Looks through the turns before this one.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn of(reader: &Reader, detail: &TurnDetail) -> Result<Self, RecordingError> {
        match (detail.turn.connection, &detail.http) {
            (Some(connection), _) => Self::on_connection(reader, &detail.turn, connection),
            (None, Some(http)) => Self::over_http(reader, http),
            (None, None) => Ok(Self::default()),
        }
    }

    fn on_connection(reader: &Reader, turn: &Turn, connection: ConnectionId) -> Result<Self, RecordingError> {
        let mut before = Self::default();
        let mut earlier = earlier_turns(reader, turn, connection)?;
        earlier.sort_by_key(|earlier| (earlier.t_us, earlier.turn));
        let of_view = |earlier: &&Turn| earlier.view_id == turn.view_id && earlier.rendered.is_some();
        let rendered = earlier.iter().rfind(of_view).map(|earlier| earlier.turn);
        for earlier in &earlier {
            before.is_first = earlier.kind == TurnKind::Mount;
            before.takes(earlier, turn);
        }
        if turn.kind == TurnKind::Recovery {
            before.turns = rendered.into_iter().collect();
        }
        let first = before.turns.first().copied();
        if let Some(rendered) = rendered.filter(|rendered| first.is_none_or(|first| *rendered < first)) {
            before.rendered = reader.turn(rendered)?.and_then(|detail| detail.after);
        }
        if let Some(page) = page_before(reader, turn, before.mounts.last().copied())? {
            before.turns.insert(0, page);
        }
        Ok(before)
    }

    fn takes(&mut self, earlier: &Turn, turn: &Turn) {
        match earlier.kind {
            TurnKind::Mount => {
                self.turns.clear();
                self.mounts.push(earlier.turn);
            }
            TurnKind::Upload => self.turns.push(earlier.turn),
            _ => {
                let task = turn.work.task.as_ref();
                let has_started =
                    task.is_some_and(|task| earlier.work.tasks.iter().any(|each| each.id == task.id));
                if has_started {
                    self.turns.push(earlier.turn);
                }
            }
        }
    }

    /// The page, and the events on it by POST: its state is in the session.
    fn over_http(reader: &Reader, http: &HttpExchange) -> Result<Self, RecordingError> {
        let mut before = Self::default();
        if http.method == "GET" {
            return Ok(before);
        }
        let mut from = 0;
        loop {
            let page = reader.http(from, 1000)?;
            if page.rows.is_empty() {
                return Ok(before);
            }
            from += page.rows.len() as u64;
            for row in page.rows.iter().filter(|row| row.http < http.http) {
                if let Some(turn) = row.turn
                    && path_of(&row.url) == path_of(&http.url)
                {
                    if row.method == "GET" {
                        before.turns.clear();
                    }
                    before.turns.push(turn);
                }
            }
        }
    }
}

/// The turn that rendered the page of a mount over HTTP, if it left something for it in the session.
fn page_before(
    reader: &Reader,
    turn: &Turn,
    mount: Option<TurnId>,
) -> Result<Option<TurnId>, RecordingError> {
    let mount = match mount {
        Some(mount) => reader.turn(mount)?,
        None => reader
            .turn(turn.turn)?
            .filter(|detail| detail.turn.kind == TurnKind::Mount),
    };
    let Some(mount) = mount else { return Ok(None) };
    let sent = mount
        .frames
        .iter()
        .find(|frame| frame.direction == Direction::ToServer && !frame.cut);
    let sent = sent.and_then(|frame| serde_json::from_str::<serde_json::Value>(&frame.payload).ok());
    let Some(path) = sent.as_ref().and_then(|frame| frame["url"].as_str()).map(path_of) else {
        return Ok(None);
    };
    let mut found = None;
    let mut from = 0;
    loop {
        let page = reader.http(from, 1000)?;
        if page.rows.is_empty() {
            break;
        }
        from += page.rows.len() as u64;
        let earlier = page
            .rows
            .iter()
            .filter(|row| row.t_us < mount.turn.t_us && row.method == "GET");
        let of_path = earlier.filter(|row| path_of(&row.url) == path);
        found = of_path.filter_map(|row| row.turn).next_back().or(found);
    }
    let Some(page) = found else { return Ok(None) };
    let record = reader
        .turn_record(page)?
        .filter(|record| record.view == mount.turn.view);
    let is_left = record.is_some_and(|record| record.work.session.is_some_and(|session| session.touched));
    Ok(is_left.then_some(page))
}

fn path_of(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}

/// Turns that a turn may be a part of, the likeliest first: those that were at work when it began, then the next one after
/// it and the last one before; on its connection, or over HTTP like it.
///
/// # Errors
///
/// If the recording cannot be read.
pub(crate) fn around(reader: &Reader, detail: &TurnDetail) -> Result<Vec<TurnId>, RecordingError> {
    let turn = &detail.turn;
    let first = turn.turn.saturating_sub(NEAR);
    let mut near = Vec::new();
    for number in (first..=turn.turn + NEAR).filter(|number| *number != turn.turn) {
        let Some(other) = reader
            .turn(number)?
            .filter(|other| other.turn.connection == turn.connection)
        else {
            continue;
        };
        let is_sent = |frame: &FrameRecord| frame.direction == Direction::ToServer;
        if other.http.is_some() || other.frames.iter().any(is_sent) {
            let length_us = i64::try_from(other.turn.duration_us.unwrap_or(0)).unwrap_or(i64::MAX);
            let end_us = other.turn.t_us.saturating_add(length_us);
            let is_within = other.turn.t_us <= turn.t_us && turn.t_us <= end_us;
            near.push((!is_within, number < turn.turn, number.abs_diff(turn.turn), number));
        }
    }
    near.sort_unstable();
    Ok(near.into_iter().take(MOST_TRIED).map(|(.., turn)| turn).collect())
}

/// So far from a part its turn is looked for, in turns; and so many are tried.
const NEAR: u64 = 12;
const MOST_TRIED: usize = 3;

/// So many turns may have been numbered before one that began earlier: their causes were seen first.
const LATE: u64 = 64;

/// The turns of a connection that began before this one.
pub(crate) fn earlier_turns(
    reader: &Reader,
    turn: &Turn,
    connection: ConnectionId,
) -> Result<Vec<Turn>, RecordingError> {
    let mut found = Vec::new();
    let mut after = 0;
    loop {
        let rows = reader.turns_of_connection(connection, after, 1000)?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.turn;
        for row in &rows {
            if row.turn > turn.turn + LATE {
                return Ok(found);
            }
            let is_earlier = row.t_us < turn.t_us || (row.t_us == turn.t_us && row.turn < turn.turn);
            if is_earlier && let Some(earlier) = reader.turn_record(row.turn)? {
                found.push(earlier);
            }
        }
    }
}

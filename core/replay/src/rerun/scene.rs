//! What a browser did to bring a turn about: what a test of the turn is played from.

use djscope_recording::Reader;
use djscope_recording::model::{Direction, Opcode, TurnDetail, TurnId, TurnKind};
use serde_json::{Map, Value, json};

use super::RerunError;
use super::alone::earlier_turns;

/// What a browser did.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The turn.
    pub detail: TurnDetail,
    /// Dotted path of the view.
    pub view: String,
    /// The frame that mounts the view.
    pub mount: Map<String, Value>,
    /// Who was logged in, by primary key; null if nobody.
    pub user: Value,
    /// What was sent between the mount and the turn, each with its turn.
    pub earlier: Vec<(TurnId, Value)>,
    /// What was sent in the turn; none if the turn is the mount.
    pub event: Option<Value>,
}

impl Scene {
    /// Looks it up.
    ///
    /// # Errors
    ///
    /// If there is no such turn, or it is none that a browser has sent over the socket; the recording cannot be read.
    pub fn of(reader: &Reader, turn: TurnId) -> Result<Self, RerunError> {
        let detail = reader.turn(turn)?.ok_or(RerunError::NoTurn(turn))?;
        let none = |why: &str| RerunError::NoTest {
            turn,
            why: why.to_owned(),
        };
        let Some(connection) = detail.turn.connection else {
            return Err(none("it came over plain HTTP"));
        };
        let is_mount = detail.turn.kind == TurnKind::Mount;
        if !is_mount && !matches!(detail.turn.kind, TurnKind::Event | TurnKind::UrlChange) {
            return Err(none(&format!(
                "it is of the kind {}, which no browser asks for",
                detail.turn.kind.name()
            )));
        }
        let mut turns = earlier_turns(reader, &detail.turn, connection)?;
        turns.sort_by_key(|earlier| (earlier.t_us, earlier.turn));
        let mut mounted = None;
        for (index, earlier) in turns.iter().enumerate().rev().filter(|_| !is_mount) {
            if earlier.kind == TurnKind::Mount
                && let Some(mount) = reader.turn(earlier.turn)?.filter(has_frame)
            {
                mounted = Some((index, mount));
                break;
            }
        }
        let first = mounted.as_ref().map_or(turns.len(), |(index, _)| index + 1);
        let mount = match mounted {
            Some((_, mount)) => mount,
            None if is_mount => detail.clone(),
            None => return Err(none("its mount is not in the recording")),
        };
        let view = mount
            .turn
            .view
            .clone()
            .ok_or_else(|| none("its view is not known"))?;
        if detail.turn.view.as_ref().is_some_and(|own| *own != view) {
            return Err(none("it is of a view that another one embeds"));
        }
        let event = sent(&detail);
        if event.is_none() && !is_mount {
            return Err(none(
                "what the browser sent is not in the recording, or only in part",
            ));
        }
        let mut earlier = Vec::new();
        for row in turns.iter().skip(first) {
            if let Some(detail) = reader.turn(row.turn)?
                && let Some(frame) = sent(&detail)
            {
                earlier.push((row.turn, frame));
            }
        }
        Ok(Self {
            mount: mount_frame(&mount, &view),
            user: mount
                .turn
                .work
                .mount
                .as_ref()
                .map_or(Value::Null, |mount| mount.user.clone()),
            event: event.filter(|_| !is_mount),
            detail,
            view,
            earlier,
        })
    }
}

/// True for what a browser asked for: an embedded view is mounted by the one around it.
fn has_frame(mount: &TurnDetail) -> bool {
    mount
        .frames
        .iter()
        .any(|frame| frame.direction == Direction::ToServer)
}

/// The event or change of address that the browser sent in a turn, whole.
fn sent(detail: &TurnDetail) -> Option<Value> {
    let mut frames = detail.frames.iter().filter(|frame| {
        frame.direction == Direction::ToServer
            && frame.opcode == Opcode::Text
            && matches!(&*frame.kind, "event" | "url_change")
    });
    let frame = frames.next_back().filter(|frame| !frame.cut)?;
    serde_json::from_str(&frame.payload).ok().filter(Value::is_object)
}

/// The frame that mounts the view: as it was sent, or made from what djust knew if it came with others or by a redirect.
fn mount_frame(mount: &TurnDetail, view: &str) -> Map<String, Value> {
    let text = mount.frames.iter().find(|frame| {
        frame.direction == Direction::ToServer
            && frame.kind == "mount"
            && frame.opcode == Opcode::Text
            && !frame.cut
    });
    let sent = text.and_then(|frame| serde_json::from_str::<Map<String, Value>>(&frame.payload).ok());
    let mut frame = Map::new();
    frame.insert("type".to_owned(), json!("mount"));
    frame.insert("view".to_owned(), json!(view));
    let url = mount.turn.work.mount.as_ref().and_then(|mount| mount.url.clone());
    let field = |name: &str| sent.as_ref().and_then(|sent| sent.get(name)).cloned();
    frame.insert(
        "url".to_owned(),
        field("url").unwrap_or_else(|| json!(url.unwrap_or_default())),
    );
    frame.insert("params".to_owned(), field("params").unwrap_or_else(|| json!({})));
    if let Some(zone) = field("client_timezone").filter(|zone| !zone.is_null()) {
        frame.insert("client_timezone".to_owned(), zone);
    }
    frame
}

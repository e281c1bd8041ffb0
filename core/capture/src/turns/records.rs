//! Messages as the records that are written of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use djscope_recording::model::{ConnectionId, Direction, FrameId, FrameRecord, Micros, Opcode, PatchRecord};
use djscope_wire::{ClientMessage, Patch, ServerFrame};
use serde_json::Value;

use super::Message;

/// A frame as it is written.
pub fn frame(
    number: FrameId,
    connection: ConnectionId,
    t_us: Micros,
    direction: Direction,
    message: &Message,
) -> FrameRecord {
    let (opcode, length, payload, kept) = match message {
        Message::Text { text, length } => (Opcode::Text, *length, text.clone(), text.len() as u64),
        Message::Binary { bytes, length } => (
            Opcode::Binary,
            *length,
            STANDARD.encode(bytes),
            bytes.len() as u64,
        ),
        Message::Ping(bytes) => (
            Opcode::Ping,
            bytes.len() as u64,
            STANDARD.encode(bytes),
            bytes.len() as u64,
        ),
        Message::Pong(bytes) => (
            Opcode::Pong,
            bytes.len() as u64,
            STANDARD.encode(bytes),
            bytes.len() as u64,
        ),
        Message::Close { code, reason } => {
            let length = if *code == 1005 { 0 } else { 2 + reason.len() as u64 };
            (
                Opcode::Close,
                length,
                format!("{code} {reason}").trim_end().to_owned(),
                length,
            )
        }
    };
    FrameRecord {
        frame: number,
        connection,
        turn: None,
        t_us,
        direction,
        opcode,
        kind: String::new(),
        length,
        payload,
        redacted: Vec::new(),
        cut: kept < length,
    }
}

/// The name of a frame from the browser.
pub fn client_kind(message: &ClientMessage) -> &str {
    match message {
        ClientMessage::Text(parsed) | ClientMessage::Packed(parsed) => parsed.frame.kind(),
        ClientMessage::Upload(_) => "upload",
        ClientMessage::Binary(_) => "",
    }
}

/// The whole HTML that a frame from the server carries.
pub fn whole_html(frame: &ServerFrame) -> Option<&str> {
    match frame {
        ServerFrame::Mount(body) => body.html.as_deref(),
        ServerFrame::HtmlUpdate(body) => Some(&body.html),
        ServerFrame::HtmlRecovery(body) => Some(&body.html),
        _ => None,
    }
}

/// The patches that a frame from the server carries.
pub fn patches(frame: &ServerFrame, number: FrameId) -> Vec<PatchRecord> {
    let patches: &[Patch] = match frame {
        ServerFrame::Patch(body) => &body.patches,
        ServerFrame::ChildUpdate(body) | ServerFrame::StickyUpdate(body) => &body.patches,
        _ => &[],
    };
    records(patches.iter(), number)
}

/// The same for patches that came by another way, as JSON; what is no patch is kept as it is.
pub fn patch_records(patches: &[Value], number: FrameId) -> Vec<PatchRecord> {
    let parsed: Vec<Patch> = patches
        .iter()
        .map(|patch| serde_json::from_value(patch.clone()).unwrap_or_else(|_| Patch::Other(patch.clone())))
        .collect();
    records(parsed.iter(), number)
}

fn records<'a>(patches: impl Iterator<Item = &'a Patch>, number: FrameId) -> Vec<PatchRecord> {
    let record = |(index, patch): (usize, &Patch)| PatchRecord {
        frame: number,
        index: u32::try_from(index).unwrap_or(u32::MAX),
        kind: patch.kind().to_owned(),
        path: patch.path().to_vec(),
        target: patch.target().map(str::to_owned),
        summary: patch.summary(),
        patch: serde_json::to_value(patch).unwrap_or(Value::Null),
    };
    patches.enumerate().map(record).collect()
}

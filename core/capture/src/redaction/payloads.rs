//! Secrets in WebSocket messages.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use djscope_recording::model::{FrameRecord, Opcode};
use djscope_wire::{UploadFrame, UploadPart};
use serde_json::Value;

use super::bodies::{self, Content};
use super::text::Context;
use super::trees::{self, Style};
use super::{Redactor, media};

/// Uploads whose kind is remembered.
const MAX_UPLOADS: usize = 1024;

/// Bytes of a chunk in front of the file's: kind, UUID and number (djust `uploads/__init__.py`).
const CHUNK_HEAD_BYTES: usize = 1 + 16 + 4;

/// The media types of the files that are being uploaded, by the UUID of the upload.
#[derive(Debug, Default)]
pub struct Uploads {
    media_types: HashMap<String, String>,
}

impl Uploads {
    fn registered(&mut self, frame: &Value) {
        let (Some(reference), Some(media_type)) = (frame["ref"].as_str(), frame["client_type"].as_str())
        else {
            return;
        };
        if self.media_types.len() >= MAX_UPLOADS {
            self.media_types.clear();
        }
        self.media_types
            .insert(reference.to_owned(), media_type.to_owned());
    }
}

/// Takes secrets out of a message. The places go into [`FrameRecord::redacted`].
pub fn redact(redactor: &mut Redactor, frame: &mut FrameRecord) {
    match frame.opcode {
        Opcode::Text => text(redactor, frame),
        Opcode::Close => {
            if redactor.clean(&mut frame.payload, Context::Message) {
                mark_whole(frame);
            }
        }
        Opcode::Binary | Opcode::Ping | Opcode::Pong => binary(redactor, frame),
    }
}

fn text(redactor: &mut Redactor, frame: &mut FrameRecord) {
    let registers_upload = frame.kind == "upload_register";
    if !registers_upload && redactor.is_clean(&frame.payload) {
        redactor.clean_frame = Some((frame.frame, redactor.memory.generation()));
        return;
    }
    match serde_json::from_str::<Value>(&frame.payload) {
        Ok(mut value) => {
            if registers_upload {
                redactor.uploads.registered(&value);
            }
            let places = trees::redact(redactor, &mut value, Style::Text);
            if !places.is_empty() {
                frame.payload = value.to_string();
                add(frame, places);
            }
        }
        // A cut or broken message has no structure to go by.
        Err(_) => {
            if redactor.clean(&mut frame.payload, Context::Message) {
                mark_whole(frame);
            }
        }
    }
}

fn binary(redactor: &mut Redactor, frame: &mut FrameRecord) {
    if frame.payload.is_empty() || !frame.redacted.is_empty() {
        return;
    }
    let Ok(bytes) = STANDARD.decode(&frame.payload) else {
        return;
    };
    let clean = match UploadFrame::parse(&bytes) {
        Some(UploadFrame {
            reference,
            part: UploadPart::Chunk { .. },
        }) => chunk(redactor, &bytes, &reference),
        Some(_) => None,
        None => message_pack(redactor, &bytes).unwrap_or_else(|| content(redactor, &bytes, "")),
    };
    if let Some(clean) = clean {
        frame.payload = STANDARD.encode(clean);
        mark_whole(frame);
    }
}

/// Part of a file: its head stays.
fn chunk(redactor: &mut Redactor, bytes: &[u8], reference: &str) -> Option<Vec<u8>> {
    let (head, data) = bytes.split_at_checked(CHUNK_HEAD_BYTES)?;
    let media_type = redactor
        .uploads
        .media_types
        .get(reference)
        .cloned()
        .unwrap_or_default();
    let clean = content(redactor, data, &media_type)?;
    Some([head, &clean].concat())
}

/// Content without its secrets; none if it has none.
fn content(redactor: &mut Redactor, bytes: &[u8], media_type: &str) -> Option<Vec<u8>> {
    match bodies::content(redactor, bytes, media_type) {
        Content::Clean => None,
        Content::Redacted(clean) => Some(clean),
        Content::Unreadable => {
            Some(format!("[left out: {} bytes that are no text]", bytes.len()).into_bytes())
        }
    }
}

/// A frame in msgpack, which djust accepts as well as JSON. The outer none if it is no msgpack.
#[expect(
    clippy::option_option,
    reason = "no msgpack, clean msgpack and redacted msgpack are three things"
)]
fn message_pack(redactor: &mut Redactor, bytes: &[u8]) -> Option<Option<Vec<u8>>> {
    if media::as_text(bytes, "").is_some() {
        return None;
    }
    let mut value = djscope_wire::unpacked(bytes)?;
    if !value.is_object() && !value.is_array() {
        return None;
    }
    let places = trees::redact(redactor, &mut value, Style::Text);
    if places.is_empty() {
        return Some(None);
    }
    djscope_wire::packed(&value).map(Some)
}

/// The whole payload as the place of a redaction (RFC 6901: the empty pointer).
fn mark_whole(frame: &mut FrameRecord) {
    add(frame, vec![String::new()]);
}

fn add(frame: &mut FrameRecord, places: Vec<String>) {
    for place in places {
        if !frame.redacted.contains(&place) {
            frame.redacted.push(place);
        }
    }
}

//! A message as it came, beside what it says.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::{ClientFrame, ServerFrame, UploadFrame, lenient};

/// What was wrong with a message that was parsed all the same.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// The text is not JSON, or too deeply nested.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// JSON, but no object with a `type`.
    #[error("an object with a type was expected")]
    NoType,
    /// A known type with a field of another shape than djust 1.2.6 sends.
    #[error("a {kind} frame of an unexpected shape: {detail}")]
    Shape {
        /// The frame's `type`.
        kind: String,
        /// What did not fit.
        detail: String,
    },
    /// Not JSON by RFC 8259; non-finite numbers or lone surrogates were read as `null` and U+FFFD.
    #[error("Python-only JSON (NaN, Infinity or a lone surrogate)")]
    PythonOnly,
    /// Binary that is neither an upload frame nor msgpack.
    #[error("binary of an unknown kind")]
    UnknownBinary,
}

/// A text and what it says.
///
/// The text is kept, so that what is not understood survives byte for byte.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<T> {
    /// The frame.
    pub frame: T,
    /// What was wrong with the text, if anything.
    pub problem: Option<Problem>,
    text: String,
}

impl<T> Parsed<T> {
    /// The text as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as it came.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// A frame type whose unknown members carry their JSON.
pub(crate) trait Vocabulary: Sized {
    /// The frame of a known `kind`; none if this version does not know it.
    fn known(kind: &str, text: &str) -> Option<Result<Self, serde_json::Error>>;
    /// The frame that stands for anything else.
    fn unknown(kind: String, value: Value) -> Self;
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
}

pub(crate) fn parse<T: Vocabulary>(text: String) -> Parsed<T> {
    let (frame, problem) = match parse_strict(&text) {
        (frame, Some(Problem::NotJson(detail))) => {
            match lenient::repaired(&text).map(|fixed| parse_strict(&fixed)) {
                Some((frame, None)) => (frame, Some(Problem::PythonOnly)),
                _ => (frame, Some(Problem::NotJson(detail))),
            }
        }
        parsed => parsed,
    };
    Parsed { frame, problem, text }
}

fn parse_strict<T: Vocabulary>(text: &str) -> (T, Option<Problem>) {
    let kind = match serde_json::from_str::<Head>(text) {
        Ok(head) => head.kind,
        Err(_) => {
            return match serde_json::from_str::<Value>(text) {
                Ok(value) => (T::unknown(String::new(), value), Some(Problem::NoType)),
                Err(error) => (
                    T::unknown(String::new(), Value::Null),
                    Some(Problem::NotJson(error.to_string())),
                ),
            };
        }
    };
    let shape = match T::known(&kind, text) {
        Some(Ok(frame)) => return (frame, None),
        Some(Err(error)) => Some(error.to_string()),
        None => None,
    };
    match serde_json::from_str(text) {
        Ok(value) => {
            let problem = shape.map(|detail| Problem::Shape {
                kind: kind.clone(),
                detail,
            });
            (T::unknown(kind, value), problem)
        }
        Err(error) => (
            T::unknown(kind, Value::Null),
            Some(Problem::NotJson(error.to_string())),
        ),
    }
}

/// How deep msgpack may be nested: as deep as JSON may be. What comes with the crate is too deep for a small stack.
const MAX_NESTED: usize = 128;

/// A message from the browser.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    /// A text message.
    Text(Parsed<ClientFrame>),
    /// Part of an upload (djust `uploads/__init__.py`).
    Upload(UploadFrame),
    /// A frame in msgpack; `text` is its JSON.
    Packed(Parsed<ClientFrame>),
    /// Any other binary message.
    Binary(Vec<u8>),
}

impl ClientMessage {
    /// Reads a text message.
    pub fn from_text(text: String) -> Self {
        Self::Text(parse(text))
    }

    /// Reads a binary message: an upload frame, msgpack, or neither.
    pub fn from_binary(bytes: &[u8]) -> Self {
        if let Some(upload) = UploadFrame::parse(bytes) {
            return Self::Upload(upload);
        }
        match unpacked(bytes) {
            Some(value) if value.is_object() => Self::Packed(parse(value.to_string())),
            _ => Self::Binary(bytes.to_vec()),
        }
    }
}

/// Reads msgpack as JSON; none if it is none, or is nested too deeply.
pub fn unpacked(bytes: &[u8]) -> Option<Value> {
    let mut packed = rmp_serde::Deserializer::from_read_ref(bytes);
    packed.set_max_depth(MAX_NESTED);
    Value::deserialize(&mut packed).ok()
}

/// Writes JSON as msgpack; none if it cannot be written so.
pub fn packed(value: &Value) -> Option<Vec<u8>> {
    rmp_serde::to_vec(value).ok()
}

/// A text message from the server. djust sends no binary ones.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerMessage(pub Parsed<ServerFrame>);

impl ServerMessage {
    /// Reads a text message.
    pub fn from_text(text: String) -> Self {
        Self(parse(text))
    }
}

/// Declares an enum of frames: one variant a `type`, and `Unknown` for all others.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($kind:literal => $variant:ident($body:ty): $variant_doc:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $name {
            $(#[doc = $variant_doc] $variant($body),)+
            /// A type that this version does not know, or a known one of an unexpected shape.
            Unknown {
                /// Its `type`; empty if it has none.
                kind: String,
                /// The whole frame; null if it was not JSON.
                value: serde_json::Value,
            },
        }

        impl $name {
            /// Every `type` that this version knows.
            pub const KINDS: &'static [&'static str] = &[$($kind),+];

            /// The frame's `type`.
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $kind,)+
                    Self::Unknown { kind, .. } => kind,
                }
            }

            /// The frame as JSON, with its `type` first.
            ///
            /// # Errors
            ///
            /// Never for frames that were parsed.
            pub fn to_json(&self) -> Result<String, serde_json::Error> {
                match self {
                    $(Self::$variant(body) => crate::frame::tagged($kind, body),)+
                    Self::Unknown { value, .. } => serde_json::to_string(value),
                }
            }
        }

        impl crate::frame::Vocabulary for $name {
            fn known(kind: &str, text: &str) -> Option<Result<Self, serde_json::Error>> {
                match kind {
                    $($kind => Some(serde_json::from_str::<$body>(text).map(Self::$variant)),)+
                    _ => None,
                }
            }

            fn unknown(kind: String, value: serde_json::Value) -> Self {
                Self::Unknown { kind, value }
            }
        }
    };
}
pub(crate) use vocabulary;

pub(crate) fn tagged<T: serde::Serialize>(kind: &str, body: &T) -> Result<String, serde_json::Error> {
    #[derive(serde::Serialize)]
    struct Tagged<'a, T> {
        #[serde(rename = "type")]
        kind: &'a str,
        #[serde(flatten)]
        body: &'a T,
    }
    serde_json::to_string(&Tagged { kind, body })
}

/// Declares the body of a frame. Fields that it does not name are kept in `other`.
macro_rules! body {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
            /// Fields that this version does not name, `type` not among them.
            #[serde(flatten, deserialize_with = "crate::frame::without_type")]
            pub other: serde_json::Map<String, serde_json::Value>,
        }
    };
}
pub(crate) use body;

pub(crate) fn without_type<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<serde_json::Map<String, Value>, D::Error> {
    let mut fields = serde_json::Map::deserialize(deserializer)?;
    fields.shift_remove("type");
    Ok(fields)
}

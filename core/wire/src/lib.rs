//! djust's frames, patches and debug payloads as types, and a sans-io WebSocket decoder.
//!
//! This is the only crate that knows djust's JSON. It does no I/O, keeps no
//! clock and never panics on input: parsing gives a value and what was wrong
//! with the text. Frames and fields that this version does not know are kept
//! as they came.
//!
//! [`websocket::Decoder`] turns bytes into messages; [`ClientMessage`] and
//! [`ServerMessage`] turn messages into frames.

mod bug_capture;
mod client;
mod debug;
mod frame;
mod lenient;
mod patch;
mod server;
mod upload;
pub mod websocket;

pub use bug_capture::{BugCapture, BugCaptureError};
pub use client::{
    ClientApplied, ClientFrame, CursorMove, Event, ForwardReplay, LiveRedirectMount, Mount, MountBatch,
    MountBatchItem, Simple, TimeTravelComponentJump, TimeTravelJump, UploadRegister, UploadResume, UrlChange,
};
pub use debug::{DebugPayload, DebugVariable, ShownName, StateSize, TimeTravelEntry};
pub use frame::{ClientMessage, Parsed, Problem, ServerMessage, packed, unpacked};
pub use patch::{Node, Patch};
pub use server::{
    Accessibility, BugCaptureShareResult, ChildUpdate, Connect, EmbeddedUpdate, ErrorFrame, Flash, Focus,
    HotViewReplaced, HtmlRecovery, HtmlUpdate, I18n, Layout, Mounted, MountedBatch, Navigate, Navigation,
    Noop, PageMetadata, PatchFrame, PresenceEvent, PushEvent, RateLimitExceeded, Reload, ServerFrame,
    StickyHold, StreamFrame, TimeTravelEvent, TimeTravelState, Timing, TypeProblem, UploadProgress,
    UploadRegistered, UploadResumed, ValidationDetails,
};
pub use upload::{UploadFrame, UploadPart};

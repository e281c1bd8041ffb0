//! Frames from the server to the browser (djust `websocket.py`, `runtime.py`, `streaming.py`).

use serde_json::{Map, Value};

use crate::frame::{body, vocabulary};
use crate::{Patch, Simple, TimeTravelEntry};

vocabulary! {
    /// A frame from the server.
    ServerFrame {
        "connect" => Connect(Connect): "First frame of a socket.",
        "mount" => Mount(Mounted): "A view was mounted.",
        "mount_batch" => MountBatch(MountedBatch): "Several views were mounted.",
        "patch" => Patch(PatchFrame): "Changes of the DOM; an empty list says that nothing changed.",
        "html_update" => HtmlUpdate(HtmlUpdate): "The whole HTML instead of patches.",
        "html_recovery" => HtmlRecovery(HtmlRecovery): "The whole HTML because the browser asked.",
        "noop" => Noop(Noop): "The handler changed nothing that djust noticed.",
        "error" => Error(ErrorFrame): "Something went wrong; carries no `ref`.",
        "push_event" => PushEvent(PushEvent): "An event for hooks in the browser.",
        "navigation" => Navigation(Navigation): "Change the address, or go to another view.",
        "navigate" => Navigate(Navigate): "Go to another page, after a refused mount.",
        "flash" => Flash(Flash): "Show or clear a message.",
        "page_metadata" => PageMetadata(PageMetadata): "Title or meta of the page.",
        "layout" => Layout(Layout): "Replace the page around the view.",
        "accessibility" => Accessibility(Accessibility): "Announcements for screen readers.",
        "focus" => Focus(Focus): "Move the keyboard focus.",
        "i18n" => I18n(I18n): "Language and direction of the page.",
        "presence_event" => PresenceEvent(PresenceEvent): "Somebody came, went or moved.",
        "stream" => Stream(StreamFrame): "Operations on a stream's element.",
        "embedded_update" => EmbeddedUpdate(EmbeddedUpdate): "The whole HTML of an embedded view.",
        "child_update" => ChildUpdate(ChildUpdate): "Patches of an embedded view.",
        "sticky_update" => StickyUpdate(ChildUpdate): "Patches of a sticky view.",
        "sticky_hold" => StickyHold(StickyHold): "Sticky views that survive the next mount.",
        "upload_registered" => UploadRegistered(UploadRegistered): "The server expects the file.",
        "upload_progress" => UploadProgress(UploadProgress): "How much of a file has arrived.",
        "upload_resumed" => UploadResumed(UploadResumed): "Where an interrupted upload goes on.",
        "rate_limit_exceeded" => RateLimitExceeded(RateLimitExceeded): "A message was thrown away.",
        "pong" => Pong(Simple): "Answer to `ping`.",
        "reload" => Reload(Reload): "Load the page again: a file changed.",
        "hvr-applied" => HotViewReplaced(HotViewReplaced): "The code of the running view was replaced.",
        "time_travel_event" => TimeTravelEvent(TimeTravelEvent): "djust recorded an event, with public state before and after.",
        "time_travel_state" => TimeTravelState(TimeTravelState): "Where djust's time travel stands.",
        "bug_capture_share_result" => BugCaptureShareResult(BugCaptureShareResult): "A `djbug1` blob.",
    }
}

body! {
    /// `connect`.
    Connect {
        /// UUID of the socket, the key of djust's observability endpoints.
        session_id: String,
    }
}

body! {
    /// `mount` from the server.
    Mounted {
        /// UUID of the socket.
        #[serde(default)]
        session_id: Option<String>,
        /// Dotted path of the class.
        #[serde(default)]
        view: String,
        /// Checked version, 1 for the first on a socket.
        #[serde(default)]
        version: Option<i64>,
        /// Inner HTML of the root with `dj-id`s; absent if the page already has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        html: Option<String>,
        /// True if `html` carries `dj-id`s.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        has_ids: Option<bool>,
        /// Place of the view in a batch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_id: Option<String>,
        /// `@cache` settings by handler.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cache_config: Option<Value>,
        /// `@debounce` and `@throttle` settings by handler.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        handler_config: Option<Value>,
        /// `@optimistic` rules by event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        optimistic_rules: Option<Value>,
        /// Settings of upload slots by name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        upload_configs: Option<Value>,
    }
}

body! {
    /// `mount_batch` from the server.
    MountedBatch {
        /// UUID of the socket.
        #[serde(default)]
        session_id: Option<String>,
        /// The mounted views.
        #[serde(default)]
        views: Vec<Mounted>,
        /// Those that failed: `{target_id, view, error}`.
        #[serde(default)]
        failed: Vec<Value>,
    }
}

body! {
    /// Milliseconds on the server.
    Timing {
        /// The whole of `render_with_diff`.
        #[serde(default)]
        render: Option<f64>,
        /// `component` if only a component was rendered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
    }
}

body! {
    /// `patch`.
    PatchFrame {
        /// The changes in the order in which djust made them.
        #[serde(default)]
        patches: Vec<Patch>,
        /// Checked version.
        #[serde(default)]
        version: Option<i64>,
        /// The handler, `url_change`, `tick` …
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event_name: Option<String>,
        /// `event`, `tick`, `broadcast` or `async`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// The event that it answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<i64>,
        /// True if a background task goes on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        async_pending: Option<bool>,
        /// True if it follows a changed file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hotreload: Option<bool>,
        /// True if it is sent to every connection of a view.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        broadcast: Option<bool>,
        /// Milliseconds on the server, when `DEBUG` is on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timing: Option<Timing>,
    }
}

body! {
    /// `html_update`.
    HtmlUpdate {
        /// Inner HTML of the root.
        #[serde(default)]
        html: String,
        /// Checked version.
        #[serde(default)]
        version: Option<i64>,
        /// The handler.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event_name: Option<String>,
        /// `event`, `tick`, `broadcast` or `async`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// The event that it answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<i64>,
        /// True if a background task goes on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        async_pending: Option<bool>,
        /// Milliseconds on the server, when `DEBUG` is on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timing: Option<Timing>,
    }
}

body! {
    /// `html_recovery`.
    HtmlRecovery {
        /// Inner HTML of the root.
        #[serde(default)]
        html: String,
        /// Checked version.
        #[serde(default)]
        version: Option<i64>,
    }
}

body! {
    /// `noop`.
    Noop {
        /// `event`, or absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// The handler.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event_name: Option<String>,
        /// The event that it answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<i64>,
        /// True if a background task goes on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        async_pending: Option<bool>,
    }
}

body! {
    /// `error`.
    ErrorFrame {
        /// The text; a general one when `DEBUG` is off.
        #[serde(default)]
        error: String,
        /// Python's traceback, when `DEBUG` is on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        traceback: Option<String>,
        /// The handler, in some cases.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<String>,
        /// What was wrong with the parameters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        validation_details: Option<ValidationDetails>,
        /// `permission_denied` or `login_required`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// False if only a page reload helps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recoverable: Option<bool>,
    }
}

body! {
    /// What was wrong with the parameters of an event.
    ValidationDetails {
        /// Names that the handler takes.
        #[serde(default)]
        expected_params: Option<Vec<String>>,
        /// Names that were sent.
        #[serde(default)]
        provided_params: Option<Vec<String>>,
        /// Values of the wrong type.
        #[serde(default)]
        type_errors: Option<Vec<TypeProblem>>,
    }
}

body! {
    /// A parameter of the wrong type.
    TypeProblem {
        /// Name.
        #[serde(default)]
        param: String,
        /// Type that the handler wants.
        #[serde(default)]
        expected: String,
        /// Type that came.
        #[serde(default)]
        actual: String,
        /// The value that came.
        #[serde(default)]
        value: Value,
    }
}

body! {
    /// `push_event`.
    PushEvent {
        /// Its name.
        event: String,
        /// Its data.
        #[serde(default)]
        payload: Value,
    }
}

body! {
    /// `navigation`.
    Navigation {
        /// `live_patch` or `live_redirect`.
        #[serde(default)]
        action: String,
        /// Replace the history entry instead of adding one.
        #[serde(default)]
        replace: bool,
        /// New query parameters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        params: Option<Map<String, Value>>,
        /// New path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    }
}

body! {
    /// `navigate`.
    Navigate {
        /// Address of the page to load.
        #[serde(default)]
        to: String,
    }
}

body! {
    /// `flash`.
    Flash {
        /// `put` or `clear`.
        #[serde(default)]
        action: String,
        /// `info`, `error` …
        #[serde(default, skip_serializing_if = "Option::is_none")]
        level: Option<String>,
        /// The text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    }
}

body! {
    /// `page_metadata`.
    PageMetadata {
        /// `title` or `meta`.
        #[serde(default)]
        action: String,
        /// New title.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
        /// Name of the meta element.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Content of the meta element.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    }
}

body! {
    /// `layout`.
    Layout {
        /// Name of the layout.
        #[serde(default)]
        path: String,
        /// Its HTML.
        #[serde(default)]
        html: String,
    }
}

body! {
    /// `accessibility`.
    Accessibility {
        /// What to announce.
        #[serde(default)]
        announcements: Vec<Value>,
    }
}

body! {
    /// `focus`.
    Focus {
        /// CSS selector.
        #[serde(default)]
        selector: String,
        /// Options of `focus()`.
        #[serde(default)]
        options: Value,
    }
}

body! {
    /// `i18n`: its fields are in `other`.
    I18n {}
}

body! {
    /// `presence_event`.
    PresenceEvent {
        /// Its name.
        #[serde(default)]
        event: String,
        /// Its data.
        #[serde(default)]
        payload: Value,
    }
}

body! {
    /// `stream`.
    StreamFrame {
        /// Name of the stream.
        #[serde(default)]
        stream: String,
        /// Operations: `{op, target, html?, text?, mode?, error?}`.
        #[serde(default)]
        ops: Vec<Value>,
    }
}

body! {
    /// `embedded_update`.
    EmbeddedUpdate {
        /// Id of the embedded view.
        #[serde(default)]
        view_id: String,
        /// Its whole HTML.
        #[serde(default)]
        html: String,
        /// The handler.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event_name: Option<String>,
        /// The event that it answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<i64>,
    }
}

body! {
    /// `child_update` and `sticky_update`.
    ChildUpdate {
        /// Id of the view.
        #[serde(default)]
        view_id: String,
        /// The changes.
        #[serde(default)]
        patches: Vec<Patch>,
        /// Version of that view.
        #[serde(default)]
        version: Option<i64>,
    }
}

body! {
    /// `sticky_hold`.
    StickyHold {
        /// Ids of the views that stay.
        #[serde(default)]
        views: Vec<Value>,
    }
}

body! {
    /// `upload_registered`.
    UploadRegistered {
        /// UUID of the upload.
        #[serde(rename = "ref", default)]
        reference: String,
        /// Name of the slot.
        #[serde(default)]
        upload_name: String,
    }
}

body! {
    /// `upload_progress`.
    UploadProgress {
        /// UUID of the upload.
        #[serde(rename = "ref", default)]
        reference: String,
        /// 0 to 100.
        #[serde(default)]
        progress: f64,
        /// `uploading`, `complete`, `error` or `cancelled`.
        #[serde(default)]
        status: String,
        /// What went wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    }
}

body! {
    /// `upload_resumed`.
    UploadResumed {
        /// UUID of the upload.
        #[serde(rename = "ref", default)]
        reference: String,
        /// `resumed`, `not_found` or `locked`.
        #[serde(default)]
        status: String,
    }
}

body! {
    /// `rate_limit_exceeded`.
    RateLimitExceeded {
        /// The text.
        #[serde(default)]
        message: String,
    }
}

body! {
    /// `reload`.
    Reload {
        /// The file that changed.
        #[serde(default)]
        file: String,
    }
}

body! {
    /// `hvr-applied`.
    HotViewReplaced {
        /// Dotted path of the class.
        #[serde(default)]
        view: String,
        /// A counter of its own, not the checked version.
        #[serde(default)]
        version: Option<i64>,
        /// The file that changed.
        #[serde(default)]
        file: String,
    }
}

body! {
    /// `time_travel_event`.
    TimeTravelEvent {
        /// The recorded event.
        entry: TimeTravelEntry,
        /// Events in the server's history.
        #[serde(default)]
        history_len: Option<u64>,
        /// `main` or `branch-N`.
        #[serde(default)]
        branch_id: Option<String>,
    }
}

body! {
    /// `time_travel_state`.
    TimeTravelState {
        /// Index in the history.
        #[serde(default)]
        cursor: Option<i64>,
        /// `before` or `after`.
        #[serde(default)]
        which: Option<String>,
        /// Events in the history.
        #[serde(default)]
        history_len: Option<u64>,
        /// `main` or `branch-N`.
        #[serde(default)]
        branch_id: Option<String>,
    }
}

body! {
    /// `bug_capture_share_result`.
    BugCaptureShareResult {
        /// See [`crate::BugCapture`].
        #[serde(default)]
        blob: Option<String>,
    }
}

impl ServerFrame {
    /// The version that the browser checks: each is one more than the last (djust `02-response-handler.js`).
    pub fn version(&self) -> Option<i64> {
        match self {
            Self::Mount(body) => body.version,
            Self::MountBatch(body) => body.views.iter().filter_map(|view| view.version).max(),
            Self::Patch(body) => body.version,
            Self::HtmlUpdate(body) => body.version,
            Self::HtmlRecovery(body) => body.version,
            _ => None,
        }
    }

    /// The event that it answers.
    pub fn reference(&self) -> Option<i64> {
        match self {
            Self::Patch(body) => body.reference,
            Self::HtmlUpdate(body) => body.reference,
            Self::Noop(body) => body.reference,
            Self::EmbeddedUpdate(body) => body.reference,
            Self::TimeTravelEvent(body) => body.entry.reference,
            _ => None,
        }
    }
}

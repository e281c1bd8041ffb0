//! Frames from the browser to the server (djust `websocket.py`, `LiveViewConsumer.receive`).

use serde_json::{Map, Value};

use crate::frame::{body, vocabulary};

vocabulary! {
    /// A frame from the browser.
    ClientFrame {
        "mount" => Mount(Mount): "Mount the view of the page.",
        "mount_batch" => MountBatch(MountBatch): "Mount several views of one page at once.",
        "event" => Event(Event): "Call an event handler.",
        "url_change" => UrlChange(UrlChange): "The address changed by `dj-patch`, back or forward.",
        "live_redirect_mount" => LiveRedirectMount(LiveRedirectMount): "Mount another view on the same socket.",
        "request_html" => RequestHtml(Simple): "Patches failed or a version was missed: ask for the whole HTML.",
        "ping" => Ping(Simple): "Heartbeat, every 30 s.",
        "presence_heartbeat" => PresenceHeartbeat(Simple): "The user is still there.",
        "cursor_move" => CursorMove(CursorMove): "Position of the pointer, for presence.",
        "upload_register" => UploadRegister(UploadRegister): "A file will follow in binary frames.",
        "upload_resume" => UploadResume(UploadResume): "Go on with an interrupted upload.",
        "debug_panel_open" => DebugPanelOpen(Simple): "Send `_debug` with frames again.",
        "debug_panel_close" => DebugPanelClose(Simple): "Send no more `_debug` with frames.",
        "time_travel_jump" => TimeTravelJump(TimeTravelJump): "Restore a recorded state.",
        "time_travel_component_jump" => TimeTravelComponentJump(TimeTravelComponentJump): "Restore a recorded state of one component.",
        "forward_replay" => ForwardReplay(ForwardReplay): "Run recorded events again.",
        "bug_capture_share" => BugCaptureShare(Simple): "Ask for a `djbug1` blob.",
        "client_applied" => ClientApplied(ClientApplied): "djscope's own browser client: what became of a frame. Only servers that ask for it get it.",
    }
}

body! {
    /// A frame that is only its type.
    Simple {}
}

body! {
    /// `mount`: the view of the page.
    Mount {
        /// Dotted path of the class.
        view: String,
        /// Query parameters of the page.
        #[serde(default)]
        params: Value,
        /// Path of the page.
        #[serde(default)]
        url: String,
        /// True if the page already holds the view's HTML.
        #[serde(default)]
        has_prerendered: bool,
        /// IANA name of the browser's time zone.
        #[serde(default)]
        client_timezone: Option<String>,
    }
}

body! {
    /// `mount_batch`: several views of one page.
    MountBatch {
        /// The views.
        views: Vec<MountBatchItem>,
        /// IANA name of the browser's time zone.
        #[serde(default)]
        client_timezone: Option<String>,
    }
}

body! {
    /// One view of a `mount_batch`.
    MountBatchItem {
        /// Dotted path of the class.
        view: String,
        /// Query parameters of the page.
        #[serde(default)]
        params: Value,
        /// Path of the page.
        #[serde(default)]
        url: String,
        /// Where the answer goes.
        #[serde(default)]
        target_id: Option<String>,
        /// True if the page already holds the view's HTML.
        #[serde(default)]
        has_prerendered: bool,
    }
}

body! {
    /// `event`: call a handler.
    Event {
        /// Name of the handler.
        event: String,
        /// Its parameters, with `_args` for positional ones.
        #[serde(default)]
        params: Map<String, Value>,
        /// The page's event counter; absent for events pushed by hooks.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<i64>,
    }
}

body! {
    /// `url_change`: the address changed without a new page.
    UrlChange {
        /// The new query parameters.
        #[serde(default)]
        params: Value,
        /// The new path and query.
        #[serde(default)]
        uri: String,
    }
}

body! {
    /// `live_redirect_mount`: another view on the same socket.
    LiveRedirectMount {
        /// Dotted path of the class.
        view: String,
        /// Query parameters.
        #[serde(default)]
        params: Value,
        /// Path of the new page.
        #[serde(default)]
        url: String,
        /// A signed state to restore.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state_snapshot: Option<Value>,
    }
}

body! {
    /// `cursor_move`: position of the pointer.
    CursorMove {
        /// Pixels from the left.
        x: f64,
        /// Pixels from the top.
        y: f64,
    }
}

body! {
    /// `upload_register`: a file will follow.
    UploadRegister {
        /// Name of the upload slot.
        upload_name: String,
        /// UUID of the upload, which the binary frames carry.
        #[serde(rename = "ref")]
        reference: String,
        /// File name.
        #[serde(default)]
        client_name: String,
        /// Media type that the browser guessed.
        #[serde(default)]
        client_type: String,
        /// Size in bytes.
        #[serde(default)]
        client_size: u64,
        /// True if it may be resumed.
        #[serde(default)]
        resumable: bool,
    }
}

body! {
    /// `upload_resume`: go on with an interrupted upload.
    UploadResume {
        /// UUID of the upload.
        #[serde(rename = "ref")]
        reference: String,
    }
}

body! {
    /// `time_travel_jump`: restore a recorded state.
    TimeTravelJump {
        /// Index in the server's history.
        index: i64,
        /// `before` or `after`.
        #[serde(default)]
        which: String,
    }
}

body! {
    /// `time_travel_component_jump`: restore a recorded state of one component.
    TimeTravelComponentJump {
        /// Index in the server's history.
        index: i64,
        /// The component.
        #[serde(default)]
        component_id: String,
        /// `before` or `after`.
        #[serde(default)]
        which: String,
    }
}

body! {
    /// `client_applied`: what the browser made of a frame.
    ClientApplied {
        /// Checked version of the frame.
        #[serde(default)]
        version: Option<i64>,
        /// How long it took to change the page.
        #[serde(default)]
        milliseconds: f64,
        /// Patches that found nothing to change.
        #[serde(default)]
        failed: u64,
        /// The element whose event the frame answers: `button#save`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        element: Option<String>,
    }
}

body! {
    /// `forward_replay`: run recorded events again.
    ForwardReplay {
        /// First index in the server's history.
        from_index: i64,
        /// Parameters to use instead of the recorded ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_params: Option<Value>,
    }
}

//! What holds for all views of an application.

use std::sync::Arc;

use super::encoding::Decimals;

/// What holds for all views of an application (djust `config.py`).
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DEBUG`: errors say what happened, and state that cannot be kept is an error.
    pub debug: bool,
    /// How `Decimal` is written.
    pub decimals: Decimals,
    /// Where somebody is sent who has to log in.
    pub login_url: Arc<str>,
    /// Bytes of a message from the browser.
    pub max_message_bytes: usize,
    /// Messages of one connection.
    pub messages: Rate,
    /// Pieces of files of one connection.
    pub upload_frames: Rate,
    /// So many messages too many are only warned about; then the connection is closed.
    pub max_warnings: u32,
    /// What the browser writes by `dj-model` is shown at once, as djust's documentation promises; djust itself waits for
    /// the next event.
    pub model_writes_render: bool,
    /// Frames tell the public state before and after each event (`time_travel_event`).
    pub tells_state: bool,
    /// What every page gets before its `</body>`, or at its end: the browser client.
    pub scripts: Arc<str>,
}

/// A bucket that holds `burst` tokens and gets `per_second` more each second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Tokens a second.
    pub per_second: f64,
    /// Tokens in the full bucket.
    pub burst: f64,
}

impl Rate {
    /// No bound.
    pub const UNLIMITED: Rate = Rate {
        per_second: f64::INFINITY,
        burst: f64::INFINITY,
    };
}

/// djust's defaults, in debug mode.
impl Default for Settings {
    fn default() -> Self {
        Self {
            debug: true,
            decimals: Decimals::Text,
            login_url: "/accounts/login/".into(),
            max_message_bytes: 64 * 1024,
            messages: Rate {
                per_second: 100.0,
                burst: 20.0,
            },
            upload_frames: Rate {
                per_second: 200.0,
                burst: 400.0,
            },
            max_warnings: 3,
            model_writes_render: true,
            tells_state: false,
            scripts: "".into(),
        }
    }
}

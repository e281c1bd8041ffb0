//! The server's side of a recording, played to a real browser: recorded pages, files and frames, with no Django running.
//!
//! [`Stage`] serves two kinds of pages. The **outer page** has the list of turns, steps through them, and holds the frames;
//! it needs the token of the launch. The **recorded page** stands inside, in a frame of another origin, and gets its
//! frames from a socket that is none. Whatever its scripts do, they reach nothing but what was recorded.

mod document;
mod door;
mod pages;
mod turns;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use djscope_host::{Limits, Server};
use djscope_recording::{Reader, RecordingError};
use thiserror::Error;
use tokio::net::TcpListener;

use door::Door;
use pages::Pages;
use turns::Turns;

/// Which browser client runs in the recorded pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Client {
    /// The one that the server sent, where the recording holds it.
    #[default]
    Recorded,
    /// djscope's own.
    Ours,
}

/// Why a recording cannot be shown.
#[derive(Debug, Error)]
pub enum StageError {
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// It has no page.
    #[error("the recording has no page to show: no answer with HTML, and no socket of djust's")]
    Empty,
    /// The port is taken, or the system gives no random bytes.
    #[error("cannot serve the replay: {0}")]
    System(#[from] io::Error),
}

/// A recording that is served to a browser until it is stopped or dropped.
#[derive(Debug)]
pub struct Stage {
    server: Server,
    url: String,
    notes: Vec<String>,
}

/// What all requests share.
struct Shown {
    /// Reading takes turns: a browser asks for many files at once.
    reader: Mutex<Reader>,
    door: Door,
    pages: Pages,
    turns: Turns,
    client: Client,
}

impl Stage {
    /// Serves a recording at a port of 127.0.0.1, or at a free one for 0.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read or has no page, or the port is taken.
    pub async fn start(reader: Reader, port: u16, client: Client) -> Result<Self, StageError> {
        let pages = Pages::of(&reader)?;
        let turns = Turns::of(&reader, &pages)?;
        if turns.is_empty() {
            return Err(StageError::Empty);
        }
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let door = Door::new(listener.local_addr()?.port())?;
        let url = door.outer_url();
        let notes = notes(&pages, &turns, client);
        let shown = Arc::new(Shown {
            reader: Mutex::new(reader),
            door,
            pages,
            turns,
            client,
        });
        let routes = Router::new().fallback(document::answer).with_state(shown);
        let server = Server::serve(listener, Limits::default(), routes)?;
        Ok(Self { server, url, notes })
    }

    /// Where the outer page is, with the token of the launch.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What there is to say before it is looked at.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Ends it.
    pub async fn stop(&self) {
        self.server.stop().await;
    }
}

fn notes(pages: &Pages, turns: &Turns, client: Client) -> Vec<String> {
    let mut notes = Vec::new();
    let without = pages.without_client();
    if client == Client::Recorded && without > 0 {
        notes.push(format!(
            "djust's client.js is not whole in the recording for {without} pages (the browser had it, or it was cut): djscope's own is \
             served in its place"
        ));
    }
    let unseen = pages.without_document();
    if unseen > 0 {
        notes.push(format!(
            "{unseen} sockets have no recorded page: an empty one is served around what was sent"
        ));
    }
    let hidden = turns.hidden();
    if hidden > 0 {
        notes.push(format!("{hidden} turns have no page and are left out"));
    }
    notes
}

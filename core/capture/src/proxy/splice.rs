//! Two sockets after `101 Switching Protocols`.

use djscope_recording::model::{ConnectionId, Direction};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::observation::Observation;
use crate::queue::Tap;

const BUFFER: usize = 64 * 1024;

/// A socket that HTTP has let go of, with what was read of it too early.
pub struct Socket {
    stream: TcpStream,
    already_read: bytes::Bytes,
}

impl Socket {
    /// The TCP stream under an upgraded connection. None if it is none, which the proxy never makes.
    pub fn of(upgraded: Upgraded) -> Option<Self> {
        let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
        Some(Self {
            stream: parts.io.into_inner(),
            already_read: parts.read_buf,
        })
    }
}

/// Passes bytes both ways until both sides have ended, and puts a copy on the queue.
pub async fn splice(mut browser: Socket, mut server: Socket, connection: ConnectionId, tap: &Tap) {
    let (browser_early, server_early) = (browser.already_read, server.already_read);
    let (from_browser, to_browser) = browser.stream.split();
    let (from_server, to_server) = server.stream.split();
    tokio::join!(
        pass(
            from_browser,
            to_server,
            browser_early,
            connection,
            Direction::ToServer,
            tap
        ),
        pass(
            from_server,
            to_browser,
            server_early,
            connection,
            Direction::ToBrowser,
            tap
        ),
    );
}

async fn pass(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    early: bytes::Bytes,
    connection: ConnectionId,
    direction: Direction,
    tap: &Tap,
) {
    let mut buffer = vec![0; BUFFER].into_boxed_slice();
    let mut is_open = early.is_empty() || hand_on(&early, &mut to, connection, direction, tap).await;
    drop(early);
    while is_open {
        is_open = match from.read(&mut buffer).await {
            Ok(0) | Err(_) => false,
            Ok(length) => hand_on(&buffer[..length], &mut to, connection, direction, tap).await,
        };
    }
    // The other direction may go on: a half-closed socket stays half-closed.
    let _ = to.shutdown().await;
}

/// Writes `bytes` and queues a copy that is no larger than they are. False if they could not be written.
async fn hand_on(
    bytes: &[u8],
    to: &mut WriteHalf<'_>,
    connection: ConnectionId,
    direction: Direction,
    tap: &Tap,
) -> bool {
    let t_us = tap.now_us();
    let copy = || Observation::SocketBytes {
        connection,
        t_us,
        direction,
        bytes: bytes::Bytes::copy_from_slice(bytes),
    };
    // The copy of a request is queued before the server can answer it, so that a probe never reports
    // a turn whose cause is unknown. An answer is passed on first: the page waits for it.
    match direction {
        Direction::ToServer => {
            tap.send(copy());
            to.write_all(bytes).await.is_ok()
        }
        Direction::ToBrowser => {
            let is_written = to.write_all(bytes).await.is_ok();
            tap.send(copy());
            is_written
        }
    }
}

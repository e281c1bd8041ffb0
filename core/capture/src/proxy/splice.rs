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
    let mut early = Some(early).filter(|early| !early.is_empty());
    loop {
        let bytes = match early.take() {
            Some(early) => early,
            // What is queued is as large as what was read: a frame of 100 bytes must not hold a whole buffer.
            None => match from.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(length) => bytes::Bytes::copy_from_slice(&buffer[..length]),
            },
        };
        let copy = Observation::SocketBytes {
            connection,
            t_us: tap.now_us(),
            direction,
            bytes: bytes.clone(),
        };
        // The copy of a request is queued before the server can answer it, so that a probe never reports
        // a turn whose cause is unknown. An answer is passed on first: the page waits for it.
        let failed = match direction {
            Direction::ToServer => {
                tap.send(copy);
                to.write_all(&bytes).await.is_err()
            }
            Direction::ToBrowser => {
                let failed = to.write_all(&bytes).await.is_err();
                tap.send(copy);
                failed
            }
        };
        if failed {
            break;
        }
    }
    // The other direction may go on: a half-closed socket stays half-closed.
    let _ = to.shutdown().await;
}

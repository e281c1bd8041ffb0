//! One direction of a socket, after `101 Switching Protocols`.

use djscope_recording::model::{ConnectionId, Direction};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::observation::Observation;
use crate::queue::Tap;

/// Passes bytes of a socket on until its side has ended, and puts a copy on the queue.
pub async fn pass(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut buffer: Box<[u8]>,
    early: &[u8],
    connection: ConnectionId,
    direction: Direction,
    tap: &Tap,
) {
    let mut is_open = early.is_empty() || hand_on(early, &mut to, connection, direction, tap).await;
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

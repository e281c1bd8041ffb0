//! The relay between browser and server: HTTP/1.1 and whatever it is upgraded to, on one loopback port.
//!
//! Each connection of the browser has its own connection to the server, so
//! that keep-alive, order and closing are the server's own. Heads are parsed
//! and written again with their spelling and order; bodies and upgraded
//! sockets are passed on as they come. Everything runs on one thread: a frame
//! costs one wake-up a direction.

mod address;
mod body;
mod exchange;
mod host;
mod splice;
mod unreachable;

pub use address::{Upstream, UpstreamError};
pub use host::{HostName, HostNameError, Rewriting};

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::queue::Tap;
use exchange::Relay;

/// Most headers of a message; djust and Django send about twenty.
const MOST_HEADERS: usize = 256;

/// What the proxy does.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// The server.
    pub upstream: Upstream,
    /// What the server gets to see in `Host` and `Origin` in place of the proxy's own names; none to leave them.
    pub rewriting: Option<Rewriting>,
    /// Bytes of a body that are kept.
    pub body_limit: usize,
}

/// Serves every connection that `listener` accepts, until the future is dropped.
///
/// # Errors
///
/// If the listener fails for good.
pub async fn serve(listener: TcpListener, options: ProxyOptions, tap: Tap) -> io::Result<()> {
    let relay = Arc::new(Relay {
        options,
        tap,
        own_address: listener.local_addr()?,
    });
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&relay)));
            }
            // A browser that went away before it was accepted, or too many open files: the next one may work.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Binds the port for [`serve`].
///
/// # Errors
///
/// If the port is taken or not allowed.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

async fn connection(stream: TcpStream, relay: Arc<Relay>) {
    let _ = stream.set_nodelay(true);
    let upstream = Arc::new(tokio::sync::Mutex::new(None));
    let service = service_fn(move |request| {
        let (relay, upstream) = (Arc::clone(&relay), Arc::clone(&upstream));
        async move { relay.exchange(request, &upstream).await }
    });
    // An error here is the browser's: it went away, or what it sent is not HTTP and was answered with 400.
    let _ = http1::Builder::new()
        .preserve_header_case(true)
        .auto_date_header(false)
        .max_headers(MOST_HEADERS)
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

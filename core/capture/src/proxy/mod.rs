//! The relay between browser and server: HTTP/1.1 and whatever it is upgraded to, on one loopback port.
//!
//! Each connection of the browser has its own connection to the server, and
//! what comes from one goes to the other byte for byte. Messages are told
//! apart on the way, to record them and to know where a socket begins; what
//! cannot be told apart is passed on unread. Changed are only `Location`,
//! and `Host`, `Origin` and `Referer` if that was asked for. What is not as
//! without djscope stands in `docs/transparency.md`. Everything runs on one
//! thread: a frame costs one wake-up a direction.

mod address;
mod answers;
mod exchange;
mod framing;
mod head;
mod host;
mod messages;
#[cfg(test)]
mod playbook;
mod relay;
mod requests;
mod splice;
mod unreachable;

pub use address::{Upstream, UpstreamError};
pub use host::{HostName, HostNameError, Rewriting};

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::notices::Notices;
use crate::queue::Tap;
use head::Head;

/// What the proxy does.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// The server.
    pub upstream: Upstream,
    /// What the server gets to see in `Host` and `Origin` in place of the proxy's own names; none to leave them.
    pub rewriting: Option<Rewriting>,
    /// Bytes of a body that are kept.
    pub body_limit: usize,
    /// Where it says what the user should hear of.
    pub notices: Arc<Notices>,
}

/// What all connections of a proxy share.
struct Relay {
    options: ProxyOptions,
    tap: Tap,
    own_address: SocketAddr,
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
                tokio::spawn(relay::connection(stream, Arc::clone(&relay)));
            }
            // A browser that went away before it was accepted, or too many open files: the next one may work.
            Err(error) => {
                relay.connect_failed(&error);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
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

impl Relay {
    async fn connect(&self) -> io::Result<TcpStream> {
        let mut problem = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in self.options.upstream.addresses() {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    /// Says so if it is the system that has nothing left: then the page fails for a reason that is ours.
    fn connect_failed(&self, error: &io::Error) {
        if is_out_of_files(error) {
            self.options.notices.say(
                "this process has as many open files as the system allows: connections of the browser wait or fail; \
                 see ulimit -Hn",
            );
        }
    }

    /// What stands in the place of a `Location`, if it leads to the server's own address: it would leave the proxy
    /// behind. `host` is what the browser asked for.
    fn location(&self, location: &str, host: &str) -> Option<String> {
        let (scheme, rest) = location
            .split_once("//")
            .filter(|(scheme, _)| matches!(*scheme, "http:" | ""))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if !self.options.upstream.is(authority) {
            return None;
        }
        let host = if host.is_empty() || self.options.upstream.is(host) {
            self.own_address.to_string()
        } else {
            host.to_owned()
        };
        Some(format!("{scheme}//{host}{path}"))
    }
}

#[cfg(unix)]
fn is_out_of_files(error: &io::Error) -> bool {
    use nix::errno::Errno;
    let code = error.raw_os_error().map(Errno::from_raw);
    matches!(code, Some(Errno::EMFILE | Errno::ENFILE))
}

#[cfg(not(unix))]
const fn is_out_of_files(_: &io::Error) -> bool {
    false
}

/// Tells the server its own name, where the proxy's stands.
fn rewrite(rewriting: &Rewriting, head: &mut Head) {
    // A whole URL in the first line says more than `Host`; it is the server that has to say what it makes of both.
    let head::Start::Request { target, .. } = &head.start else {
        return;
    };
    if !(target.starts_with('/') || target == "*") {
        return;
    }
    let hosts = head.values("host");
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let Some(place) = rewriting.place(&hosts) else {
        return;
    };
    head.replace("host", rewriting.host());
    for name in ["origin", "referer"] {
        if let [url] = head.values(name).as_slice()
            && let Some(rewritten) = rewriting.url(url, &place)
        {
            head.replace(name, &rewritten);
        }
    }
}

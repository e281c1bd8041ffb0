//! How a site is served.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use djscope_live::User;
use djscope_live::trace::Turn;

use crate::files::StaticFile;
use crate::visitor::Visitor;

/// Says who a visitor is. Asked for each page and each connection.
pub type Users = dyn Fn(&Visitor) -> User + Send + Sync;

/// Is told of each turn, with the id of its session, on the thread that serves the session.
pub type OnTurn = dyn Fn(&str, &Turn) + Send + Sync;

/// How a site is served.
#[derive(Clone)]
pub struct HostOptions {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Names that a browser may use for this host, beside those of the loopback interface, without a port.
    pub allowed_hosts: Vec<String>,
    /// Files beside those of the browser client.
    pub files: Vec<StaticFile>,
    /// Who visitors are; without it nobody has logged in.
    pub users: Option<Arc<Users>>,
    /// Who is told of each turn; without it sessions are not traced.
    pub on_turn: Option<Arc<OnTurn>>,
    /// Bounds of what browsers can use up.
    pub limits: Limits,
}

/// Bounds of what browsers can use up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections that are open at once as a WebSocket.
    pub max_connections: usize,
    /// The same of one address; on the loopback interface only the bound of all counts.
    pub max_connections_per_address: usize,
    /// A message of more bytes closes its WebSocket. One that is only larger than the application wants gets an error.
    pub max_socket_message_bytes: u64,
    /// The head of a request has to be there in this time; an open connection may wait so long for its next request.
    pub head_timeout: Duration,
    /// A connection that asks for pages and files is ended after this time; browsers open a new one when they need it.
    pub page_connection_time: Duration,
    /// A browser has to take what it is sent in this time.
    pub write_timeout: Duration,
    /// A browser that says nothing for this time is asked for a sign of life.
    pub ping_after: Duration,
    /// A browser that says nothing for this time is given up.
    pub silence_limit: Duration,
    /// How long [`Host::stop`](crate::Host::stop) waits for connections to end.
    pub stop_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 2_000,
            max_connections_per_address: 100,
            max_socket_message_bytes: 1 << 20,
            head_timeout: Duration::from_secs(10),
            page_connection_time: Duration::from_secs(60),
            write_timeout: Duration::from_secs(10),
            ping_after: Duration::from_secs(30),
            silence_limit: Duration::from_secs(90),
            stop_timeout: Duration::from_secs(3),
        }
    }
}

/// A free port of the loopback interface.
impl Default for HostOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allowed_hosts: Vec::new(),
            files: Vec::new(),
            users: None,
            on_turn: None,
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for HostOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HostOptions")
            .field("address", &self.address)
            .field("allowed_hosts", &self.allowed_hosts)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

//! Servers that run and offer themselves: a file of each in the user's runtime folder, and a socket beside it.
//!
//! `djscope probe install` has put the probe into their environment. Whoever asks over the socket, and knows the token
//! in the file, has the probe report to a listener of its own. See `docs/probe-protocol.md`.

pub(crate) mod listening;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;

use serde::Deserialize;

#[cfg(unix)]
mod files;

/// A process that offers itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Offer {
    /// Its process id.
    pub pid: u32,
    /// When it was started, in clock ticks since the system was; none where that is not known.
    pub started: Option<u64>,
    /// What has to be shown to it.
    token: String,
    /// Name of the socket, beside the file.
    socket: PathBuf,
    /// Version of djust.
    pub djust: Option<String>,
    /// The djscope that it reports to now.
    #[serde(default)]
    pub held_by: Option<u32>,
}

/// What a process says when it is asked to report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Answer {
    /// It does.
    Attached,
    /// It does not.
    Refused {
        /// Why.
        reason: String,
        /// The djscope that it reports to, if that is why and it is known.
        #[serde(default)]
        held_by: Option<u32>,
    },
}

impl Offer {
    /// The TCP addresses that the process listens on.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        listening::addresses_of(self.pid)
    }

    /// Whether both are offers of one process: what an offer says of who is attached comes and goes.
    pub fn is_of_same_process(&self, other: &Self) -> bool {
        (self.pid, self.started, &self.token) == (other.pid, other.started, &other.token)
    }

    /// Whether the process listens on one of these addresses. It does not on those of another machine.
    pub fn listens_on(&self, addresses: &[SocketAddr]) -> bool {
        let listening = self.addresses();
        addresses
            .iter()
            .filter(|address| is_here(address.ip()))
            .any(|address| listening.iter().any(|own| reaches(*own, *address)))
    }
}

#[cfg(unix)]
pub use files::all;

/// Every process of this user that offers itself: none on a system without Unix sockets.
#[cfg(not(unix))]
pub fn all() -> Vec<Offer> {
    Vec::new()
}

#[cfg(not(unix))]
impl Offer {
    /// Asks the process to report to `address`.
    ///
    /// # Errors
    ///
    /// Always: there is nobody to ask.
    pub fn attach(&self, _: SocketAddr, _: &str) -> std::io::Result<Answer> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

/// Whether an address is one of this machine: the system gives nobody a socket with another.
fn is_here(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// Whether who connects to `address` reaches who listens on `own`.
fn reaches(own: SocketAddr, address: SocketAddr) -> bool {
    let (own_ip, ip) = (own.ip().to_canonical(), address.ip().to_canonical());
    // Linux connects who names no address with this machine.
    let ip = match ip {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        named => named,
    };
    let takes_all = own_ip.is_unspecified() && (own.is_ipv6() || ip.is_ipv4());
    own.port() == address.port() && (own_ip == ip || takes_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_not_here() {
        // RFC 5737 keeps this network for documents.
        let cases = [("127.0.0.1", true), ("192.0.2.1", false)];
        for (ip, expected) in cases {
            assert_eq!(is_here(ip.parse().unwrap()), expected, "{ip}");
        }
    }

    #[test]
    fn who_listens_on_all_addresses_is_reached_by_each() {
        let cases = [
            ("127.0.0.1:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "127.0.0.1:81", false),
            ("127.0.0.1:80", "127.0.0.2:80", false),
            ("0.0.0.0:80", "127.0.0.2:80", true),
            ("0.0.0.0:80", "[::1]:80", false),
            ("[::]:80", "127.0.0.1:80", true),
            ("[::]:80", "[::1]:80", true),
            ("[::ffff:127.0.0.1]:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "0.0.0.0:80", true),
        ];
        for (own, address, expected) in cases {
            assert_eq!(
                reaches(own.parse().unwrap(), address.parse().unwrap()),
                expected,
                "{own} {address}"
            );
        }
    }
}

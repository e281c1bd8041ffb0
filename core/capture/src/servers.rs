//! The dev servers of this user that listen on loopback, and what a djscope that attaches to each can see.
//!
//! Only what the system and the offers of dormant probes say is read (proc(5), the user's runtime folder). Nobody is
//! asked over the network: a server that belongs to something else must not notice.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::Serialize;

use crate::launch::CommandLine;
use crate::offers::{self, Offer};

/// A server that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundServer {
    /// Where it is reached, `http://127.0.0.1:8000`.
    pub address: String,
    /// The processes that listen there.
    pub processes: Vec<FoundProcess>,
    /// What a djscope that attaches can see.
    pub sees: Sees,
    /// Version of djust, if a probe has said it.
    pub djust: Option<String>,
    /// The djscope that its probe reports to now, if the probe has said it.
    pub held_by: Option<u32>,
}

/// A process that listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundProcess {
    /// Its process id.
    pub pid: u32,
    /// The beginning of its command line.
    pub command: Option<String>,
}

/// What can be seen of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sees {
    /// A probe sleeps in it: all that djscope run shows.
    Everything,
    /// A probe reports to another djscope: this one sees what it would without a probe.
    Taken,
    /// djust is loaded and no probe: the wire, and with `DEBUG` on what djust itself shows of the state.
    Djust,
    /// A Python without djust: HTTP and WebSocket messages, if it speaks them.
    Wire,
}

impl Sees {
    /// What can be seen, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Everything => "state, handlers, SQL and logs: a probe sleeps in it",
            Self::Taken => {
                "the wire, and with DEBUG on what djust shows of the state: its probe reports to another djscope"
            }
            Self::Djust => "the wire, and with DEBUG on what djust shows of the state: djust without a probe",
            Self::Wire => "HTTP and WebSocket messages, if it speaks them: djust is not loaded",
        }
    }
}

/// Every Python of this user that listens on loopback, what can be seen best first.
pub fn found() -> Vec<FoundServer> {
    let offers = offers::all();
    let mut servers: Vec<FoundServer> = listening(&offers)
        .into_iter()
        .filter_map(|(address, pids)| server(address, &pids, &offers))
        .collect();
    servers.sort_by(|one, other| (one.sees, &one.address).cmp(&(other.sees, &other.address)));
    servers
}

fn server(address: SocketAddr, pids: &[u32], offers: &[Offer]) -> Option<FoundServer> {
    let offer = offers.iter().find(|offer| pids.contains(&offer.pid));
    let lines: Vec<(u32, CommandLine)> = pids.iter().map(|pid| (*pid, CommandLine::of(*pid))).collect();
    let is_python = lines.iter().any(|(pid, line)| line.is_python(*pid));
    let sees = match offer {
        Some(offer) if offer.held_by.is_some() => Sees::Taken,
        Some(_) => Sees::Everything,
        None if !is_python => return None,
        None if !pids.iter().any(|pid| has_djust(*pid)) => Sees::Wire,
        None if pids.iter().any(|pid| is_under_run(*pid)) => Sees::Taken,
        None => Sees::Djust,
    };
    Some(FoundServer {
        address: format!("http://{address}"),
        processes: lines
            .into_iter()
            .map(|(pid, line)| FoundProcess {
                pid,
                command: line.shown(),
            })
            .collect(),
        sees,
        djust: offer.and_then(|offer| offer.djust.clone()),
        held_by: offer.and_then(|offer| offer.held_by),
    })
}

/// Where who is on this machine reaches who listens on `address`; none from outside only.
fn reached(address: SocketAddr) -> Option<SocketAddr> {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip if ip.to_canonical().is_loopback() => ip.to_canonical(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, address.port()))
}

/// Loopback addresses, each with the processes that listen there.
#[cfg(unix)]
fn listening(offers: &[Offer]) -> Vec<(SocketAddr, Vec<u32>)> {
    let mut by_address = std::collections::BTreeMap::<SocketAddr, Vec<u32>>::new();
    let user = nix::unistd::geteuid().as_raw();
    for found in offers::listening::of_user(user) {
        if let Some(address) = reached(found.address) {
            by_address.entry(address).or_default().extend(found.pids);
        }
    }
    for offer in offers {
        for address in offer.addresses().into_iter().filter_map(reached) {
            let pids = by_address.entry(address).or_default();
            if !pids.contains(&offer.pid) {
                pids.push(offer.pid);
            }
        }
    }
    by_address.into_iter().collect()
}

#[cfg(not(unix))]
const fn listening(_: &[Offer]) -> Vec<(SocketAddr, Vec<u32>)> {
    Vec::new()
}

/// djust brings a library of its own, which is in the memory of every process that has imported it.
fn has_djust(pid: u32) -> bool {
    let maps = std::fs::read(format!("/proc/{pid}/maps")).unwrap_or_default();
    maps.split(|byte| *byte == b'\n').any(|line| {
        let line = String::from_utf8_lossy(line);
        line.rsplit_once("/djust/")
            .is_some_and(|(_, file)| file.starts_with("_rust."))
    })
}

/// djscope run has put the address of its listener into the environment.
fn is_under_run(pid: u32) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let name = djscope_python::ADDRESS_VARIABLE.as_bytes();
    environment.split(|byte| *byte == 0).any(|entry| {
        entry
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(b"="))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_for_others_only_is_not_on_loopback() {
        let cases = [
            ("127.0.0.1:80", Some("127.0.0.1:80")),
            ("127.0.1.1:80", Some("127.0.1.1:80")),
            ("0.0.0.0:80", Some("127.0.0.1:80")),
            ("[::]:80", Some("[::1]:80")),
            ("[::1]:80", Some("[::1]:80")),
            ("[::ffff:127.0.0.1]:80", Some("127.0.0.1:80")),
            ("192.0.2.1:80", None),
        ];
        for (address, expected) in cases {
            let reached = reached(address.parse().unwrap()).map(|address| address.to_string());
            assert_eq!(reached.as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn what_can_be_seen_best_comes_first() {
        assert!(Sees::Everything < Sees::Taken && Sees::Taken < Sees::Djust && Sees::Djust < Sees::Wire);
    }
}

//! Where a process listens. Several may share a socket (workers): each of them counts.

use std::net::SocketAddr;

/// The TCP addresses that process `pid` listens on; none if the system does not say.
#[cfg(target_os = "linux")]
pub(super) fn addresses_of(pid: u32) -> Vec<SocketAddr> {
    let own = linux::sockets(pid);
    ["tcp", "tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).ok())
        .flat_map(|table| table.lines().filter_map(linux::listening).collect::<Vec<_>>())
        .filter(|found| own.contains(&found.inode))
        .map(|found| found.address)
        .collect()
}

/// A TCP address that processes of one user listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// The address.
    pub address: SocketAddr,
    /// The processes: several may share the socket.
    pub pids: Vec<u32>,
}

/// Every TCP address that processes of user `uid` listen on, by address; none if the system does not say. It only reads
/// what the system knows: no server notices.
#[cfg(target_os = "linux")]
pub fn of_user(uid: u32) -> Vec<Listening> {
    linux::of_user(uid)
}

/// Every TCP address that processes of user `uid` listen on: this system does not say whose they are.
#[cfg(not(target_os = "linux"))]
pub const fn of_user(_: u32) -> Vec<Listening> {
    Vec::new()
}

/// The TCP addresses that process `pid` listens on; none if the system does not say.
#[cfg(not(target_os = "linux"))]
pub(super) fn addresses_of(pid: u32) -> Vec<SocketAddr> {
    listeners::get_all()
        .into_iter()
        .flatten()
        .filter(|listener| {
            listener.process.pid == pid
                && listener.protocol == listeners::Protocol::TCP
                && listener.state == listeners::SocketState::Listen
        })
        .map(|listener| listener.socket)
        .collect()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::{BTreeMap, HashMap, HashSet};
    use std::fs;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    use std::os::unix::fs::MetadataExt;

    use super::Listening;

    /// `TCP_LISTEN` of the kernel.
    const LISTEN: &str = "0A";

    /// Inodes of the sockets of a process: `/proc/PID/fd/N` is a link to `socket:[INODE]`.
    pub(super) fn sockets(pid: u32) -> HashSet<u64> {
        let open = fs::read_dir(format!("/proc/{pid}/fd"));
        open.into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let target = fs::read_link(entry.path()).ok()?;
                let inode = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
                inode.parse().ok()
            })
            .collect()
    }

    /// A listening socket.
    pub(super) struct Socket {
        pub(super) address: SocketAddr,
        pub(super) inode: u64,
        uid: u32,
    }

    /// The addresses that processes of a user listen on, as this process sees the network.
    pub(super) fn of_user(uid: u32) -> Vec<Listening> {
        let tables = ["tcp", "tcp6"].map(|table| fs::read_to_string(format!("/proc/self/net/{table}")));
        let tables: Vec<String> = tables.into_iter().flatten().collect();
        let found = tables
            .iter()
            .flat_map(|table| table.lines().filter_map(listening));
        let by_inode: HashMap<u64, SocketAddr> = found
            .filter(|socket| socket.uid == uid)
            .map(|socket| (socket.inode, socket.address))
            .collect();
        let mut by_address: BTreeMap<SocketAddr, Vec<u32>> = BTreeMap::new();
        for pid in processes_of(uid) {
            let own: HashSet<SocketAddr> = sockets(pid)
                .iter()
                .filter_map(|inode| by_inode.get(inode).copied())
                .collect();
            for address in own {
                by_address.entry(address).or_default().push(pid);
            }
        }
        by_address
            .into_iter()
            .map(|(address, pids)| Listening { address, pids })
            .collect()
    }

    fn processes_of(uid: u32) -> Vec<u32> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let mut found: Vec<u32> = entries
            .filter(|entry| entry.metadata().is_ok_and(|folder| folder.uid() == uid))
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        found.sort_unstable();
        found
    }

    /// A listening socket, from a line of `/proc/PID/net/tcp` or `tcp6`.
    pub(super) fn listening(line: &str) -> Option<Socket> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        if *state != LISTEN {
            return None;
        }
        let (ip, port) = local.split_once(':')?;
        let address = SocketAddr::new(address(ip)?, u16::from_str_radix(port, 16).ok()?);
        Some(Socket {
            address,
            inode: inode.parse().ok()?,
            uid: fields.get(7)?.parse().ok()?,
        })
    }

    /// One group of eight digits or four, each a word in the byte order of the machine.
    fn address(digits: &str) -> Option<IpAddr> {
        let word = |at: usize| {
            let digits = digits.get(at * 8..at * 8 + 8)?;
            Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
        };
        match digits.len() {
            8 => Some(Ipv4Addr::from(word(0)?).into()),
            32 => {
                let mut bytes = [0; 16];
                for (at, part) in bytes.chunks_exact_mut(4).enumerate() {
                    part.copy_from_slice(&word(at)?);
                }
                Some(Ipv6Addr::from(bytes).into())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn this_process_listens_where_it_does() {
        let listeners: Vec<_> = ["127.0.0.1:0", "[::1]:0"]
            .iter()
            .filter_map(|address| TcpListener::bind(address).ok())
            .collect();
        assert!(!listeners.is_empty());
        for listener in &listeners {
            let address = listener.local_addr().unwrap();
            assert!(addresses_of(std::process::id()).contains(&address), "{address}");
        }
        #[cfg(target_os = "linux")]
        for listener in &listeners {
            let address = listener.local_addr().unwrap();
            let all = of_user(nix::unistd::geteuid().as_raw());
            let found = all.iter().find(|found| found.address == address).unwrap();
            assert!(found.pids.contains(&std::process::id()), "{found:?}");
        }
        let gone: Vec<_> = listeners.iter().map(|one| one.local_addr().unwrap()).collect();
        drop(listeners);
        assert!(
            gone.iter()
                .all(|address| !addresses_of(std::process::id()).contains(address))
        );
        assert_eq!(addresses_of(u32::MAX), Vec::new());
    }
}

use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use thiserror::Error;

/// Where the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    host: String,
    port: u16,
    addresses: Vec<SocketAddr>,
}

/// Why an address cannot be the server's.
#[derive(Debug, Error)]
pub enum UpstreamError {
    /// Not a URL of the form `http://HOST:PORT`.
    #[error("{0} is not an address of the form http://HOST:PORT")]
    Form(String),
    /// An encrypted server.
    #[error("{0} is encrypted; djscope speaks plain HTTP with the dev server")]
    Encrypted(String),
    /// The name has no address.
    #[error("cannot find the host {host}: {source}")]
    Host {
        /// The name.
        host: String,
        /// Why.
        source: std::io::Error,
    },
}

impl FromStr for Upstream {
    type Err = UpstreamError;

    fn from_str(text: &str) -> Result<Self, UpstreamError> {
        let form = || UpstreamError::Form(text.to_owned());
        let rest = match text.split_once("://") {
            Some(("http" | "ws", rest)) => rest,
            Some(("https" | "wss", _)) => return Err(UpstreamError::Encrypted(text.to_owned())),
            Some(_) => return Err(form()),
            None => text,
        };
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let (host, port) = match authority.rsplit_once(':') {
            // The colons inside brackets are the address's own.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| form())?),
            _ => (authority, 80),
        };
        let has_odd =
            |host: &str| host.contains(|it: char| it.is_whitespace() || it.is_control() || it == '@');
        if host.is_empty() || has_odd(host) {
            return Err(form());
        }
        let host = host.to_owned();
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let mut addresses: Vec<SocketAddr> = (name, port)
            .to_socket_addrs()
            .map_err(|source| UpstreamError::Host {
                host: host.clone(),
                source,
            })?
            .collect();
        // Dev servers listen on IPv4 far more often than `localhost` says.
        addresses.sort_by_key(SocketAddr::is_ipv6);
        Ok(Self {
            host,
            port,
            addresses,
        })
    }
}

impl From<SocketAddr> for Upstream {
    fn from(address: SocketAddr) -> Self {
        let ip = address.ip();
        let reachable = if ip.is_unspecified() { loopback_of(ip) } else { ip };
        let address = SocketAddr::new(reachable, address.port());
        let host = if reachable.is_ipv6() {
            format!("[{reachable}]")
        } else {
            reachable.to_string()
        };
        Self {
            host,
            port: address.port(),
            addresses: vec![address],
        }
    }
}

const fn loopback_of(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
    }
}

impl Upstream {
    /// `HOST:PORT` as in a `Host` header.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Where to connect, in the order to try.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// True if `authority` (`HOST:PORT`, or `HOST` for port 80) is this server.
    pub fn is(&self, authority: &str) -> bool {
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                (host, port.parse().unwrap_or(0))
            }
            _ => (authority, 80),
        };
        let same_host = host.eq_ignore_ascii_case(&self.host)
            || (is_loopback_name(host) && self.addresses.iter().all(|address| address.ip().is_loopback()));
        port == self.port && same_host
    }
}

fn is_loopback_name(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Display for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers() {
        let server: Upstream = "http://127.0.0.1:8000".parse().unwrap();
        assert_eq!(server.to_string(), "http://127.0.0.1:8000");
        assert!(server.is("127.0.0.1:8000") && server.is("localhost:8000"));
        assert!(!server.is("127.0.0.1:8001") && !server.is("example.org:8000"));
        assert_eq!("127.0.0.1:8000".parse::<Upstream>().unwrap(), server);
        assert!(matches!(
            "https://localhost".parse::<Upstream>(),
            Err(UpstreamError::Encrypted(_))
        ));
        assert!(matches!(
            "ftp://x".parse::<Upstream>(),
            Err(UpstreamError::Form(_))
        ));
        assert!(matches!(
            "http://".parse::<Upstream>(),
            Err(UpstreamError::Form(_))
        ));
        let any: SocketAddr = "0.0.0.0:80".parse().unwrap();
        assert_eq!(Upstream::from(any).authority(), "127.0.0.1:80");
    }
}

//! The server that a recording is played to.

use std::net::{IpAddr, SocketAddr};

use hyper::Uri;
use tokio::net::TcpStream;

use super::ReplayError;

/// A server, looked up once: whatever its name points to later, nothing goes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `HOST:PORT`, as it stands in `Host` and `Origin`.
    authority: String,
    addresses: Vec<SocketAddr>,
}

impl Target {
    /// The server of an address such as `http://127.0.0.1:8000`. Names and addresses that are not of this machine have to
    /// be in `allowed`.
    ///
    /// # Errors
    ///
    /// If the address is none, asks for TLS, is of another machine, or has a name that is not known.
    pub async fn find(address: &str, allowed: &[String]) -> Result<Self, ReplayError> {
        let (host, port) = parts(address)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_allowed = allowed
            .iter()
            .any(|name| name.eq_ignore_ascii_case(&host) || name == bare);
        let is_named_local =
            host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
        if !is_allowed && !is_named_local && !bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
            return Err(ReplayError::Foreign(host));
        }
        let found = tokio::net::lookup_host((bare, port)).await;
        let addresses: Vec<SocketAddr> = found
            .map_err(|source| ReplayError::Unknown {
                host: host.clone(),
                source,
            })?
            .filter(|found| is_allowed || found.ip().is_loopback())
            .collect();
        if addresses.is_empty() {
            return Err(ReplayError::Foreign(host));
        }
        Ok(Self {
            authority: format!("{host}:{port}"),
            addresses,
        })
    }

    /// `HOST:PORT`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// A connection to it.
    ///
    /// # Errors
    ///
    /// If nothing listens there.
    pub async fn connect(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.addresses[..]).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Looks whether anything listens there.
    ///
    /// # Errors
    ///
    /// If nothing does.
    pub async fn check(&self) -> Result<(), ReplayError> {
        let connected = self.connect().await;
        connected.map(drop).map_err(|source| ReplayError::Unreachable {
            address: self.authority.clone(),
            source,
        })
    }
}

/// Host and port of an address.
fn parts(address: &str) -> Result<(String, u16), ReplayError> {
    let wrong = |reason: &str| ReplayError::Address {
        address: address.to_owned(),
        reason: reason.to_owned(),
    };
    let with_scheme = match address.contains("://") {
        true => address.to_owned(),
        false => format!("http://{address}"),
    };
    let uri: Uri = with_scheme
        .parse()
        .map_err(|error: hyper::http::uri::InvalidUri| wrong(&error.to_string()))?;
    match uri.scheme_str() {
        Some("http" | "ws") => {}
        Some("https" | "wss") => return Err(ReplayError::Tls(address.to_owned())),
        _ => return Err(wrong("it begins with http:// or ws://")),
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(wrong("the paths come from the recording"));
    }
    let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return Err(wrong("it names no host, or a user as well"));
    }
    if authority.port_u16().is_none() && authority.as_str() != authority.host() {
        return Err(wrong("its port is none"));
    }
    Ok((authority.host().to_owned(), authority.port_u16().unwrap_or(80)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(address: &str, allowed: &[&str]) -> Result<Target, ReplayError> {
        let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(Target::find(address, &allowed))
    }

    #[test]
    fn servers_of_this_machine() {
        for (address, authority) in [
            ("http://127.0.0.1:8000", "127.0.0.1:8000"),
            ("http://127.0.0.1:8000/", "127.0.0.1:8000"),
            ("ws://127.0.0.9:1", "127.0.0.9:1"),
            ("127.0.0.1:8000", "127.0.0.1:8000"),
            ("http://localhost", "localhost:80"),
            ("http://[::1]:8000", "[::1]:8000"),
        ] {
            assert_eq!(found(address, &[]).unwrap().authority(), authority, "{address}");
        }
    }

    #[test]
    fn what_is_no_server_of_this_machine() {
        for (address, allowed, expected) in [
            ("http://192.0.2.1:8000", vec![], "is not this machine"),
            ("http://[2001:db8::1]:80", vec![], "is not this machine"),
            ("http://localhost.example:80", vec![], "is not this machine"),
            ("http://127.0.0.1.example", vec![], "is not this machine"),
            ("https://127.0.0.1", vec![], "asks for TLS"),
            ("wss://127.0.0.1:8443/", vec![], "asks for TLS"),
            ("ftp://127.0.0.1", vec![], "begins with http"),
            ("http://user@127.0.0.1", vec![], "names no host"),
            (
                "http://127.0.0.1/app",
                vec![],
                "the paths come from the recording",
            ),
            ("http://127.0.0.1:99999", vec![], "not the address"),
            ("", vec![], "not the address"),
            ("http://192.0.2.2:1", vec!["192.0.2.1"], "is not this machine"),
        ] {
            let error = found(address, &allowed).unwrap_err();
            assert!(error.to_string().contains(expected), "{address}: {error}");
            assert!(error.hint().is_some(), "{address}");
        }
    }

    #[test]
    fn a_foreign_server_has_to_be_named() {
        let target = found("http://192.0.2.1:8000", &["192.0.2.1"]).unwrap();
        assert_eq!(target.authority(), "192.0.2.1:8000");
    }
}

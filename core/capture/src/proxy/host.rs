//! Names of hosts: whose `Host` and `Origin` may be told to the server as its own.
//!
//! A server checks both to tell its own pages from foreign ones. A page of a
//! foreign site can reach the proxy by pointing its name to this machine (DNS
//! rebinding), and then sends its own name. Only a name that nobody else can
//! own may therefore be replaced: those of the loopback interface, and those
//! that the user has named.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

/// A name of this server, as in `--allow-host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

/// Why a text is no name of a host.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not the name of a host, as in dev.example.org")]
pub struct HostNameError(String);

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(text: &str) -> Result<Self, HostNameError> {
        match Authority::parse(text) {
            Some(Authority { host, port: None }) if !host.is_empty() => Ok(Self(host)),
            _ => Err(HostNameError(text.to_owned())),
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// `HOST` or `HOST:PORT`, in the one spelling that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// In lower case, without the dot of the root; an IPv6 address in brackets.
    host: String,
    port: Option<u16>,
}

impl Authority {
    /// What a `Host` header says. None for everything that a browser would not send: user names, zones of IPv6
    /// addresses, an empty port, characters that no name has.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            // The colons inside brackets are the address's own.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        let port = match port {
            Some(port) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(port.parse().ok()?)
            }
            Some(_) => return None,
            None => None,
        };
        let host = match host.strip_prefix('[') {
            Some(address) => {
                let address: std::net::Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
                format!("[{address}]")
            }
            None => name(host)?,
        };
        Some(Self { host, port })
    }

    /// True for a name that only this machine can have.
    fn is_loopback(&self) -> bool {
        let address = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    fn is_same_place(&self, other: &Self) -> bool {
        self.host == other.host && self.port.unwrap_or(80) == other.port.unwrap_or(80)
    }
}

fn name(host: &str) -> Option<String> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_name = !host.is_empty()
        && host.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        });
    is_name.then(|| host.to_ascii_lowercase())
}

/// The authority of an `http://` URL, and what comes after it.
fn split_url(url: &str) -> Option<(&str, &str)> {
    let rest = match url.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("http://") => &url[7..],
        _ => return None,
    };
    Some(rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())))
}

/// What is put in the place of the proxy's own names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewriting {
    /// `HOST:PORT` of the server.
    authority: String,
    allowed: Vec<HostName>,
}

impl Rewriting {
    /// Puts `authority` in the place of loopback names and of those in `allowed`.
    pub const fn new(authority: String, allowed: Vec<HostName>) -> Self {
        Self { authority, allowed }
    }

    /// The place that a request came to, if its name may be replaced. `hosts` are the values of all its `Host`
    /// headers: with none or more than one it is the server that has to say what it makes of that.
    pub fn place(&self, hosts: &[&str]) -> Option<Authority> {
        let [host] = hosts else { return None };
        let authority = Authority::parse(host)?;
        let is_own = authority.is_loopback() || self.allowed.iter().any(|own| own.0 == authority.host);
        is_own.then_some(authority)
    }

    /// The server's own `Host`.
    pub fn host(&self) -> &str {
        &self.authority
    }

    /// An `Origin` or `Referer` with the server's name; none if it is of another place than the request came to.
    pub fn url(&self, url: &str, place: &Authority) -> Option<String> {
        let (authority, rest) = split_url(url)?;
        Authority::parse(authority)?
            .is_same_place(place)
            .then(|| format!("http://{}{rest}", self.authority))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewriting() -> Rewriting {
        Rewriting::new(
            "127.0.0.1:8000".to_owned(),
            vec!["Dev.Example.ORG.".parse().unwrap()],
        )
    }

    #[test]
    fn only_names_that_nobody_else_can_own_are_replaced() {
        for own in [
            "localhost",
            "localhost:8010",
            "LocalHost:8010",
            "localhost.:8010",
            "shop.localhost:8010",
            "127.0.0.1:8010",
            "127.8.9.10",
            "[::1]:8010",
            "[0:0:0:0:0:0:0:1]",
            "dev.example.org:1",
            "DEV.example.org.",
        ] {
            assert!(rewriting().place(&[own]).is_some(), "{own}");
        }
        for foreign in [
            "",
            "evil.example",
            "evil.example:8010",
            "localhost.evil.example",
            "evil-localhost",
            "notlocalhost:8010",
            "127.0.0.1.evil.example",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0.0.0.0:8010",
            "10.0.0.1:8010",
            "[::]",
            "[::ffff:127.0.0.1]:8010",
            "[::1%lo]:8010",
            "[::1%25lo]",
            "::1",
            "[::1]evil.example",
            "user@localhost:8010",
            "localhost:8010@evil.example",
            "localhost:",
            "localhost:80:80",
            "localhost:99999",
            "localhost:8010/",
            "localhost..",
            ".localhost",
            "localhost, evil.example",
            "localhost evil.example",
            "sub.dev.example.org",
            "l\u{f6}calhost",
        ] {
            assert!(rewriting().place(&[foreign]).is_none(), "{foreign}");
        }
        assert!(rewriting().place(&[]).is_none());
        assert!(rewriting().place(&["localhost", "localhost"]).is_none());
        assert!(rewriting().place(&["localhost", "evil.example"]).is_none());
    }

    #[test]
    fn an_origin_is_replaced_only_if_it_is_the_place_that_was_asked() {
        let rewriting = rewriting();
        let url = |url, host| rewriting.url(url, &rewriting.place(&[host]).unwrap());
        let replaced = |text: &str| Some(text.to_owned());
        assert_eq!(
            url("http://localhost:8010", "LOCALHOST:8010"),
            replaced("http://127.0.0.1:8000")
        );
        assert_eq!(
            url(
                "HTTP://localhost:8010/a?b=http://localhost:8010/",
                "localhost:8010"
            ),
            replaced("http://127.0.0.1:8000/a?b=http://localhost:8010/")
        );
        assert_eq!(
            url("http://localhost", "localhost:80"),
            replaced("http://127.0.0.1:8000")
        );
        for foreign in [
            "null",
            "",
            "http://",
            "http://evil.example",
            "http://localhost:80101",
            "http://localhost:8010.evil.example",
            "http://localhost:8010@evil.example",
            "http://evil.example/http://localhost:8010",
            "http://evil.example#http://localhost:8010",
            "http://localhost:8011",
            "http://127.0.0.1:8010",
            "https://localhost:8010",
            "ws://localhost:8010",
            "file://localhost:8010",
            "localhost:8010",
            "http:\\\\localhost:8010",
            "http://localhost:8010\\@evil.example",
        ] {
            assert_eq!(url(foreign, "localhost:8010"), None, "{foreign}");
        }
    }

    #[test]
    fn what_is_allowed_is_the_name_of_a_host() {
        for name in ["dev.example.org", "Dev-1.example", "[fd00::1]", "192.168.1.4"] {
            assert!(name.parse::<HostName>().is_ok(), "{name}");
        }
        for text in ["", "http://a", "a:80", "*.example.org", "a/b", "a b", "*"] {
            assert!(text.parse::<HostName>().is_err(), "{text}");
        }
    }
}

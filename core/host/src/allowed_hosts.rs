//! By which names the host may be asked.
//!
//! A page of another site must not reach it: neither by opening a WebSocket (`Origin`), nor by having a name of its
//! own point here (`Host`).

/// The names by which a host may be asked.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    names: Vec<String>,
}

impl AllowedHosts {
    /// Those of the loopback interface, and others.
    pub fn new(others: &[String]) -> Self {
        Self {
            names: others.iter().map(|name| name.to_ascii_lowercase()).collect(),
        }
    }

    /// Whether a `Host` header names this host.
    pub fn allow_host(&self, header: &str) -> bool {
        let name = without_port(header).to_ascii_lowercase();
        matches!(&*name, "localhost" | "127.0.0.1" | "[::1]")
            || name.ends_with(".localhost")
            || self.names.contains(&name)
    }

    /// Whether an `Origin` header names a page of this host. As in djust, scheme and port do not matter.
    pub fn allow_origin(&self, header: &str) -> bool {
        header
            .split_once("://")
            .is_some_and(|(_, host)| self.allow_host(host))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let hosts = AllowedHosts::new(&["Demo.example".to_owned()]);
        for host in [
            "localhost",
            "LOCALHOST:80",
            "a.localhost:8000",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:8000",
            "demo.example:443",
        ] {
            assert!(hosts.allow_host(host), "{host}");
            assert!(hosts.allow_origin(&format!("https://{host}")), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example:127.0.0.1",
            "127.0.0.2",
            "[::1",
            "user@localhost",
            "localhost/",
            "évil",
        ] {
            assert!(!hosts.allow_host(host), "{host}");
            assert!(!hosts.allow_origin(&format!("http://{host}")), "{host}");
        }
        for origin in ["null", "", "localhost", "http:localhost", "://"] {
            assert!(!hosts.allow_origin(origin), "{origin}");
        }
    }
}

//! Where a hub is, and the secret that opens it.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use crate::api::{ErrorCode, HubError};

/// Where a hub is: `http://127.0.0.1:PORT/?token=TOKEN`.
#[derive(Clone, PartialEq, Eq)]
pub struct HubAddress {
    /// Address on the loopback interface.
    pub address: SocketAddr,
    /// The secret of this launch.
    pub token: String,
}

impl fmt::Display for HubAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}/?token={}", self.address, self.token)
    }
}

/// The token stays out of logs.
impl fmt::Debug for HubAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HubAddress({})", self.address)
    }
}

impl FromStr for HubAddress {
    type Err = HubError;

    fn from_str(text: &str) -> Result<Self, HubError> {
        let wrong = || HubError {
            code: ErrorCode::NotFound,
            message: format!("`{text}` is not the address of a hub"),
            hint: Some("djscope run --hub 127.0.0.1:0 prints one: http://127.0.0.1:PORT/?token=…".to_owned()),
        };
        let rest = text.strip_prefix("http://").ok_or_else(wrong)?;
        let (address, token) = rest.split_once("/?token=").ok_or_else(wrong)?;
        let address: SocketAddr = address.parse().map_err(|_| wrong())?;
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !address.ip().is_loopback() || !is_token {
            return Err(wrong());
        }
        Ok(Self {
            address,
            token: token.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_printed() {
        let text = "http://127.0.0.1:4711/?token=ab12";
        assert_eq!(text.parse::<HubAddress>().unwrap().to_string(), text);
        for wrong in [
            "",
            "http://127.0.0.1/?token=a",
            "http://127.0.0.1:1/",
            "http://127.0.0.1:1/?token=",
            "http://10.0.0.1:1/?token=a",
            "http://127.0.0.1:1/?token=a b",
            "ws://127.0.0.1:1/?token=a",
        ] {
            assert!(wrong.parse::<HubAddress>().is_err(), "{wrong}");
        }
    }
}

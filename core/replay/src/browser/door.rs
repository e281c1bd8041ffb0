//! Who may ask for what: names, tokens, origins.
//!
//! The outer page is at `http://127.0.0.1:PORT/TOKEN/`. Each recorded page has an origin of its own,
//! `http://PAGE.OTHER-TOKEN.localhost:PORT`, which no page of the internet can name, and whose scripts can see neither the
//! first token nor another origin's storage.

use std::io;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};

/// Bytes of a token: 128 bits.
const TOKEN_BYTES: usize = 16;

/// The names of a launch.
#[derive(Debug)]
pub struct Door {
    port: u16,
    outer: String,
    inner: String,
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A part of the outer page, by its name.
    Outer(String),
    /// A file of a recorded page, by the name of that page.
    Inner(String),
}

impl Door {
    /// With new tokens.
    ///
    /// # Errors
    ///
    /// If the system gives no random bytes.
    pub fn new(port: u16) -> io::Result<Self> {
        Ok(Self {
            port,
            outer: token()?,
            inner: token()?,
        })
    }

    /// Where the outer page is.
    pub fn outer_url(&self) -> String {
        format!("{}/{}/", self.outer_origin(), self.outer)
    }

    /// The origin of the outer page.
    pub fn outer_origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What follows the name of a page in the origin of a recorded page.
    pub fn inner_host(&self) -> String {
        format!("{}.localhost:{}", self.inner, self.port)
    }

    /// What a request is for, by its `Host`, its path and where it comes from.
    ///
    /// # Errors
    ///
    /// A status and a sentence for a name that is not served, a wrong token, and pages of others.
    pub fn asked(&self, headers: &HeaderMap, path: &str) -> Result<Asked, (StatusCode, &'static str)> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = hosts
            .next()
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let host = host.to_ascii_lowercase();
        let asked = match (hosts.next(), self.outer_part(&host, path), self.page(&host)) {
            (None, Some(part), _) => part.map(Asked::Outer),
            (None, None, Some(page)) => Ok(Asked::Inner(page)),
            _ => Err((StatusCode::BAD_REQUEST, "This host has another name.")),
        }?;
        let own = format!("http://{host}");
        if !headers
            .get_all(ORIGIN)
            .iter()
            .all(|origin| origin == own.as_str())
        {
            return Err((StatusCode::FORBIDDEN, "Pages of other origins are not served."));
        }
        let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
        let is_of_others = matches!(site, Some("cross-site" | "same-site"));
        if is_of_others && matches!(&asked, Asked::Outer(name) if !name.is_empty()) {
            return Err((StatusCode::FORBIDDEN, "Pages of other origins are not served."));
        }
        Ok(asked)
    }

    /// The part of the outer page that is asked for, if the host is its own.
    fn outer_part(&self, host: &str, path: &str) -> Option<Result<String, (StatusCode, &'static str)>> {
        let is_outer = [
            format!("127.0.0.1:{}", self.port),
            format!("localhost:{}", self.port),
        ]
        .iter()
        .any(|own| own == host);
        if !is_outer {
            return None;
        }
        let (token, part) = path.strip_prefix('/')?.split_once('/').unwrap_or(("", ""));
        Some(match is_same(token, &self.outer) {
            true => Ok(part.to_owned()),
            false => Err((StatusCode::UNAUTHORIZED, "The token is wrong.")),
        })
    }

    /// The recorded page whose origin has this host.
    fn page(&self, host: &str) -> Option<String> {
        let (page, rest) = host.split_once('.')?;
        is_same(rest, &self.inner_host()).then(|| page.to_owned())
    }
}

/// Compares in a time that does not depend on where the texts differ.
fn is_same(one: &str, other: &str) -> bool {
    let differs = one
        .bytes()
        .zip(other.bytes())
        .fold(0, |differs, (one, other)| differs | (one ^ other));
    one.len() == other.len() && differs == 0
}

fn token() -> io::Result<String> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(door: &Door, headers: &[(&'static str, &str)], path: &str) -> Result<Asked, u16> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        door.asked(&map, path).map_err(|(status, _)| status.as_u16())
    }

    #[test]
    fn only_who_knows_the_names_gets_in() {
        let door = Door::new(4711).unwrap();
        let outer = format!("/{}/", door.outer);
        let inner = format!("c7.{}", door.inner_host());
        let inner_origin = format!("http://{inner}");
        let part = |name: &str| Ok(Asked::Outer(name.to_owned()));
        for (headers, path, expected) in [
            (vec![("host", "127.0.0.1:4711")], outer.clone(), part("")),
            (
                vec![("host", "LOCALHOST:4711")],
                format!("{outer}turns"),
                part("turns"),
            ),
            (
                vec![("host", "127.0.0.1:4711"), ("sec-fetch-site", "cross-site")],
                outer.clone(),
                part(""),
            ),
            (
                vec![("host", "127.0.0.1:4711"), ("sec-fetch-site", "cross-site")],
                format!("{outer}turns"),
                Err(403),
            ),
            (
                vec![("host", "127.0.0.1:4711"), ("origin", &inner_origin)],
                format!("{outer}turns"),
                Err(403),
            ),
            (
                vec![("host", "127.0.0.1:4711"), ("origin", "null")],
                format!("{outer}turns"),
                Err(403),
            ),
            (vec![("host", "127.0.0.1:4711")], "/".to_owned(), Err(401)),
            (
                vec![("host", "127.0.0.1:4711")],
                format!("/{}/turns", door.inner),
                Err(401),
            ),
            (vec![("host", "127.0.0.1:4712")], outer.clone(), Err(400)),
            (vec![("host", "evil.example:4711")], outer.clone(), Err(400)),
            (vec![], outer.clone(), Err(400)),
            (
                vec![("host", "127.0.0.1:4711"), ("host", "127.0.0.1:4711")],
                outer.clone(),
                Err(400),
            ),
            (
                vec![("host", &inner)],
                "/counter/".to_owned(),
                Ok(Asked::Inner("c7".to_owned())),
            ),
            (
                vec![("host", &inner), ("origin", "http://evil.example")],
                "/".to_owned(),
                Err(403),
            ),
            (vec![("host", "c7.0000.localhost:4711")], "/".to_owned(), Err(400)),
            (vec![("host", "c7.localhost:4711")], "/".to_owned(), Err(400)),
        ] {
            assert_eq!(asked(&door, &headers, &path), expected, "{headers:?} {path}");
        }
    }
}

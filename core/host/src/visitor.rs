//! Who asks: a cookie names the visitor.

use std::io;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random;

const COOKIE_NAME: &str = "djscope_visitor";

/// Length of a name: 128 bits.
const NAME_BYTES: usize = 16;

/// Somebody with a browser.
#[derive(Clone, Debug)]
pub struct Visitor {
    name: Arc<str>,
    cookies: String,
    /// The browser did not have the cookie yet.
    is_new: bool,
}

impl Visitor {
    /// The visitor of a request.
    ///
    /// # Errors
    ///
    /// If the system gives no random bytes.
    pub(crate) fn of(headers: &HeaderMap) -> io::Result<Self> {
        let cookies: Vec<&str> = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .collect();
        let cookies = cookies.join("; ");
        let known = cookie(&cookies, COOKIE_NAME)
            .filter(|name| is_name(name))
            .map(Arc::from);
        let (name, is_new) = match known {
            Some(name) => (name, false),
            None => (
                URL_SAFE_NO_PAD.encode(random::bytes::<NAME_BYTES>()?).into(),
                true,
            ),
        };
        Ok(Self {
            name,
            cookies,
            is_new,
        })
    }

    /// Random name, the same on every page and connection of the browser. Whoever knows it can be the visitor.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookie(&self.cookies, name)
    }

    /// `Set-Cookie` for a browser that does not have the cookie.
    pub(crate) fn new_cookie(&self) -> Option<String> {
        self.is_new
            .then(|| format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Lax", self.name))
    }
}

fn cookie<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    cookies
        .split(';')
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

/// Only names that this host could have given count.
fn is_name(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == NAME_BYTES)
}

/// Makes the tokens that forms carry.
#[derive(Debug)]
pub struct CsrfTokens {
    key: [u8; 32],
}

impl CsrfTokens {
    /// With a key of their own.
    ///
    /// # Errors
    ///
    /// If the system gives no random bytes.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            key: random::bytes()?,
        })
    }

    /// The token of a visitor. It stands in pages, where scripts can read it, and does not give away the name.
    pub fn of(&self, visitor: &Visitor) -> Arc<str> {
        let hash = blake3::keyed_hash(&self.key, visitor.name.as_bytes());
        URL_SAFE_NO_PAD.encode(hash.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(cookies: &str) -> Visitor {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookies.parse().unwrap());
        Visitor::of(&headers).unwrap()
    }

    #[test]
    fn a_visitor_keeps_the_name_and_cannot_choose_one() {
        let new = visitor("");
        let set = new.new_cookie().unwrap();
        let (pair, _) = set.split_once(';').unwrap();
        let again = visitor(&format!("a=1; {pair}; b=2=3"));
        assert_eq!((again.name(), again.new_cookie()), (new.name(), None));
        assert_eq!(
            (again.cookie("a"), again.cookie("b"), again.cookie("c")),
            (Some("1"), Some("2=3"), None)
        );
        for chosen in [
            "djscope_visitor=",
            "djscope_visitor=admin",
            "djscope_visitor=AAAA\u{ff}AAAA",
        ] {
            let visitor = visitor(chosen);
            assert!(visitor.new_cookie().is_some(), "{chosen}");
            assert_ne!(visitor.name(), new.name());
        }
    }

    #[test]
    fn tokens_belong_to_a_visitor_and_a_run() {
        let (one, other) = (visitor(""), visitor(""));
        let (tokens, later) = (CsrfTokens::new().unwrap(), CsrfTokens::new().unwrap());
        assert_eq!(tokens.of(&one), tokens.of(&one));
        assert_ne!(tokens.of(&one), tokens.of(&other));
        assert_ne!(tokens.of(&one), later.of(&one));
    }
}

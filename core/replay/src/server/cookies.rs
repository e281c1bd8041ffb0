//! Cookies of the visitors: which there were, and which the live server gives them.

use std::collections::HashMap;

/// The cookies of one visitor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jar {
    cookies: Vec<(String, String)>,
}

impl Jar {
    /// With cookies from the start: a login.
    pub fn with(cookies: &[(String, String)]) -> Self {
        let mut jar = Self::default();
        for (name, value) in cookies {
            jar.set(name, value);
        }
        jar
    }

    fn set(&mut self, name: &str, value: &str) {
        self.cookies.retain(|(known, _)| known != name);
        self.cookies.push((name.to_owned(), value.to_owned()));
    }

    /// Takes what an answer sets, and forgets what it takes away.
    pub fn take(&mut self, set_cookie: &str) {
        let mut parts = set_cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let is_gone = parts.any(|part| part.eq_ignore_ascii_case("max-age=0"));
        if is_gone || value.is_empty() || value == "\"\"" {
            self.cookies.retain(|(known, _)| known != name);
        } else {
            self.set(name, value);
        }
    }

    /// The `Cookie` header; none without cookies.
    pub fn header(&self) -> Option<String> {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The token against forgery that Django gave.
    pub fn csrf_token(&self) -> Option<&str> {
        let found = self.cookies.iter().find(|(name, _)| is_csrf(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// True for names of tokens against forgery, whether of cookies, fields or headers.
pub fn is_csrf(name: &str) -> bool {
    name.to_ascii_lowercase().contains("csrf")
}

/// Who was who in the recording. Values of cookies may be masked there; equal marks are equal values.
#[derive(Debug, Default)]
pub struct Visitors {
    known: HashMap<String, usize>,
    count: usize,
}

impl Visitors {
    /// The number of the visitor of a request.
    pub fn of(&mut self, request: &[(String, String)], response: &[(String, String)]) -> usize {
        let sent = values(request, "cookie").flat_map(|header| header.split(';'));
        let sent: Vec<String> = sent.filter_map(session).collect();
        let given: Vec<String> = values(response, "set-cookie")
            .filter_map(|header| header.split(';').next().and_then(session))
            .collect();
        let known = sent.iter().find_map(|pair| self.known.get(pair).copied());
        let visitor = match known {
            Some(visitor) => visitor,
            // Somebody without a session, now or later, is the first one.
            None if sent.is_empty() && given.is_empty() && self.count > 0 => 0,
            None => {
                self.count += 1;
                self.count - 1
            }
        };
        for pair in sent.into_iter().chain(given) {
            self.known.insert(pair, visitor);
        }
        visitor
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.count.max(1)
    }
}

fn values<'a>(headers: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .iter()
        .filter(move |(header, _)| header.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// A cookie that tells visitors apart.
fn session(pair: &str) -> Option<String> {
    let pair = pair.trim();
    let (name, value) = pair.split_once('=')?;
    let is_session = name.to_ascii_lowercase().contains("session") || name == "djscope_visitor";
    (is_session && !value.is_empty()).then(|| pair.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &str, values: &[&str]) -> Vec<(String, String)> {
        values
            .iter()
            .map(|value| (name.to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_jar_keeps_what_the_server_gives() {
        let mut jar = Jar::with(&[("sessionid".to_owned(), "login".to_owned())]);
        jar.take("csrftoken=abc; Path=/; SameSite=Lax");
        assert_eq!(jar.header().unwrap(), "sessionid=login; csrftoken=abc");
        assert_eq!(jar.csrf_token(), Some("abc"));
        jar.take("sessionid=other; HttpOnly");
        jar.take("csrftoken=; Max-Age=0");
        jar.take("no cookie");
        assert_eq!(jar.header().unwrap(), "sessionid=other");
        assert_eq!(Jar::default().header(), None);
    }

    #[test]
    fn visitors_are_told_apart_by_their_marks() {
        let mut visitors = Visitors::default();
        let (a, b) = (
            "sessionid=[redacted:str:17-32:aa]",
            "sessionid=[redacted:str:17-32:bb]",
        );
        let set = |mark: &str| {
            headers(
                "set-cookie",
                &["csrftoken=1; Path=/", &format!("{mark}; HttpOnly")],
            )
        };
        assert_eq!(visitors.of(&[], &set(a)), 0);
        assert_eq!(visitors.of(&headers("cookie", &[&format!("x=1; {a}")]), &[]), 0);
        assert_eq!(visitors.of(&[], &set(b)), 1);
        // A login gives the same visitor another session.
        assert_eq!(visitors.of(&headers("cookie", &[b]), &set("sessionid=c")), 1);
        assert_eq!(visitors.of(&headers("Cookie", &["sessionid=c"]), &[]), 1);
        assert_eq!(visitors.of(&[], &[]), 0);
        assert_eq!(visitors.count(), 2);
    }
}

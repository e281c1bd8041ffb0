//! Who asks for a view, and where.

use std::collections::BTreeSet;
use std::sync::Arc;

use djscope_template::quoting::unquote;
use djscope_template::value::{Dict, Value};

/// The user of a request, as far as views may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Name; `None` for somebody who has not logged in.
    pub name: Option<Arc<str>>,
    /// What the user may do: `shop.delete_item`.
    pub permissions: BTreeSet<Arc<str>>,
}

impl User {
    /// Somebody who has not logged in.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// Somebody who has logged in.
    pub fn named(name: &str, permissions: &[&str]) -> Self {
        Self {
            name: Some(name.into()),
            permissions: permissions.iter().map(|&permission| permission.into()).collect(),
        }
    }

    /// Whether the user has logged in.
    pub fn is_authenticated(&self) -> bool {
        self.name.is_some()
    }

    /// Whether the user has a permission.
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.contains(permission)
    }
}

/// What a view is mounted for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Path of the page, decoded.
    pub path: Arc<str>,
    /// Query parameters; of those with one name the last.
    pub query: Dict,
    /// What the route took out of the path.
    pub kwargs: Dict,
    /// The user.
    pub user: User,
    /// Names the visitor over all connections: rates are counted by it. Never shown.
    pub visitor: Arc<str>,
    /// What `{% csrf_token %}` writes.
    pub csrf_token: Arc<str>,
    /// The browser's time zone, by its IANA name.
    pub timezone: Option<Arc<str>>,
}

impl Request {
    /// A request of somebody unknown for a path with its query, as a browser sends them: `/tabs/?tab=at%20home`.
    pub fn get(address: &str) -> Self {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        Self {
            path: unquote(path).into(),
            query: parse_query(query),
            ..Self::default()
        }
    }

    /// The same of another user.
    #[must_use]
    pub fn by(mut self, user: User) -> Self {
        self.user = user;
        self
    }
}

/// `a=1&b=2` (<https://url.spec.whatwg.org/#urlencoded-parsing>).
pub fn parse_query(query: &str) -> Dict {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (Value::from(decode(name)), Value::from(decode(value)))
        })
        .collect()
}

fn decode(text: &str) -> String {
    unquote(&text.replace('+', " ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let query = parse_query("tab=a%20b&page=2&page=3&flag&x=%zz+%C3%A9");
        let shown: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{}={}", name.to_str(), value.to_str()))
            .collect();
        assert_eq!(shown, ["tab=a b", "page=3", "flag=", "x=%zz é"]);
        assert_eq!(
            &*parse_query("a=%+5")
                .get_value(&Value::from("a"))
                .unwrap()
                .to_str(),
            "% 5"
        );
    }

    #[test]
    fn paths() {
        let request = Request::get("/caf%C3%A9/1+1/%zz?x=1");
        assert_eq!(&*request.path, "/café/1+1/%zz");
    }
}

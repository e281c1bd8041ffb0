//! Which view a path shows: Django's `path()` (<https://docs.djangoproject.com/en/5.2/topics/http/urls/>).

use std::sync::Arc;

use djscope_template::value::{Dict, Value};

/// A pattern of paths: `/products/<int:pk>/`. A part is literal, `<name>`, `<str:name>`, `<slug:name>` or `<int:name>`.
#[derive(Clone, Debug)]
pub struct Route {
    pattern: Arc<str>,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Literal(Arc<str>),
    Text(Arc<str>),
    Int(Arc<str>),
}

impl Route {
    /// Reads a pattern.
    pub fn new(pattern: &str) -> Self {
        let part = |part: &str| match part.strip_prefix('<').and_then(|part| part.strip_suffix('>')) {
            Some(name) => match name.split_once(':') {
                Some(("int", name)) => Part::Int(name.into()),
                Some((_, name)) => Part::Text(name.into()),
                None => Part::Text(name.into()),
            },
            None => Part::Literal(part.into()),
        };
        Self {
            pattern: pattern.into(),
            parts: pattern.split('/').map(part).collect(),
        }
    }

    /// The pattern.
    pub fn pattern(&self) -> &Arc<str> {
        &self.pattern
    }

    /// What the named parts of a path are, if the path fits.
    pub fn fit(&self, path: &str) -> Option<Dict> {
        let mut kwargs = Dict::new();
        let mut parts = self.parts.iter();
        for text in path.split('/') {
            match parts.next()? {
                Part::Literal(literal) if **literal == *text => {}
                Part::Literal(_) => return None,
                Part::Text(_) if text.is_empty() => return None,
                Part::Text(name) => {
                    kwargs.insert(Value::Str(Arc::clone(name)), text);
                }
                Part::Int(name) => {
                    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
                    let number: i64 = text.parse().ok().filter(|_| is_digits)?;
                    kwargs.insert(Value::Str(Arc::clone(name)), number);
                }
            }
        }
        parts.next().is_none().then_some(kwargs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_fit() {
        let shown = |pattern: &str, path: &str| {
            Route::new(pattern)
                .fit(path)
                .map(|kwargs| Value::from(kwargs).repr())
        };
        assert_eq!(shown("/", "/").as_deref(), Some("{}"));
        assert_eq!(shown("/a/", "/a"), None);
        assert_eq!(
            shown("/p/<int:pk>/<slug>/", "/p/7/x-y/").as_deref(),
            Some("{'pk': 7, 'slug': 'x-y'}")
        );
        assert_eq!(shown("/p/<int:pk>/", "/p/+7/"), None);
        assert_eq!(shown("/p/<int:pk>/", "/p/99999999999999999999/"), None);
        assert_eq!(shown("/p/<slug>/", "/p//"), None);
    }
}

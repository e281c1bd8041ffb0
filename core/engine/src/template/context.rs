//! The names that a template can read (`django/template/context.py`).

use std::sync::Arc;

use super::TemplateError;
use crate::value::{Dict, Value};

/// What a template is rendered with.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The names and their values.
    pub values: Dict,
    /// Who answers `{% url %}`; without, no URL has a name.
    pub urls: Option<Arc<dyn UrlResolver>>,
    /// Name of the djust component that is rendered, a part of the ids of its markers.
    pub component: Arc<str>,
}

impl Context {
    /// A context with the given names.
    pub fn new(values: Dict) -> Self {
        Self {
            values,
            urls: None,
            component: Arc::default(),
        }
    }
}

impl From<Dict> for Context {
    fn from(values: Dict) -> Self {
        Self::new(values)
    }
}

/// Finds the URL of a view: `django.urls.reverse`.
pub trait UrlResolver: std::fmt::Debug + Send + Sync {
    /// The URL of the view `name` with the given arguments.
    ///
    /// # Errors
    ///
    /// `NoReverseMatch` if there is none.
    fn reverse(&self, request: &UrlRequest<'_>) -> Result<String, TemplateError>;
}

/// What [`UrlResolver::reverse`] is asked.
#[derive(Debug)]
pub struct UrlRequest<'a> {
    /// Name of the view.
    pub name: &'a Value,
    /// Arguments without a name.
    pub arguments: &'a [Value],
    /// Arguments with a name.
    pub keywords: &'a [(Arc<str>, Value)],
    /// Instance of the app that the request belongs to.
    pub current_app: Option<Value>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Bound {
    /// A value.
    Value(Value),
    /// `forloop`: a loop by its number.
    Loop(usize),
    /// `block`: a block by its number.
    Block(usize),
}

/// The context while a template renders: names in scopes, the innermost last.
#[derive(Debug)]
pub(super) struct Scopes<'a> {
    /// The names given from outside; `None` where they cannot be seen.
    root: Option<&'a Dict>,
    names: Vec<(Arc<str>, Bound)>,
    /// Where each scope begins in `names`. The first holds what is set outside of every other scope.
    starts: Vec<usize>,
    /// The scope that is the outermost one that can be seen.
    floor: usize,
}

/// What [`Scopes::isolate`] hid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hidden<'a> {
    root: Option<&'a Dict>,
    floor: usize,
}

/// Where [`Scopes`] stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScopesPlace<'a> {
    hidden: Hidden<'a>,
    scopes: usize,
}

impl<'a> Scopes<'a> {
    pub(super) fn new(root: &'a Dict) -> Self {
        Self {
            root: Some(root),
            names: Vec::new(),
            starts: vec![0],
            floor: 0,
        }
    }

    /// Opens a scope.
    pub(super) fn push(&mut self) {
        self.starts.push(self.names.len());
    }

    /// Closes the innermost scope.
    pub(super) fn pop(&mut self) {
        if let Some(start) = self.starts.pop() {
            self.names.truncate(start);
        }
    }

    /// Opens a scope from which nothing outside can be seen (`Context.new`).
    pub(super) fn isolate(&mut self) -> Hidden<'a> {
        let hidden = Hidden {
            root: self.root.take(),
            floor: self.floor,
        };
        self.floor = self.starts.len();
        self.push();
        hidden
    }

    /// Closes the scope that [`Scopes::isolate`] opened.
    pub(super) fn reveal(&mut self, hidden: Hidden<'a>) {
        self.pop();
        self.root = hidden.root;
        self.floor = hidden.floor;
    }

    /// Where the scopes stand.
    pub(super) fn place(&self) -> ScopesPlace<'a> {
        ScopesPlace {
            hidden: Hidden {
                root: self.root,
                floor: self.floor,
            },
            scopes: self.starts.len(),
        }
    }

    /// Closes the scopes that were opened since.
    pub(super) fn unwind(&mut self, place: ScopesPlace<'a>) {
        if let Some(&end) = self.starts.get(place.scopes) {
            self.names.truncate(end);
            self.starts.truncate(place.scopes);
        }
        self.root = place.hidden.root;
        self.floor = place.hidden.floor;
    }

    /// Sets a name in the innermost scope.
    pub(super) fn set(&mut self, name: &Arc<str>, bound: Bound) {
        let start = self.starts.last().copied().unwrap_or_default();
        match self.names[start..]
            .iter_mut()
            .find(|(own, _)| same_name(own, name))
        {
            Some((_, own)) => *own = bound,
            None => self.names.push((Arc::clone(name), bound)),
        }
    }

    /// Sets a name where it is set already, else in the innermost scope (`Context.set_upward`).
    pub(super) fn set_upward(&mut self, name: &Arc<str>, value: Value) {
        let visible = self.starts.get(self.floor).copied().unwrap_or_default();
        if let Some((_, own)) = self.names[visible..]
            .iter_mut()
            .rev()
            .find(|(own, _)| same_name(own, name))
        {
            *own = Bound::Value(value);
        } else if self.root.is_some_and(|root| root.get(name).is_some()) {
            // The values given from outside stay as they are; the first scope stands in front of them.
            let end = self.starts.get(1).copied().unwrap_or(self.names.len());
            self.names.insert(end, (Arc::clone(name), Bound::Value(value)));
            self.starts.iter_mut().skip(1).for_each(|start| *start += 1);
        } else {
            self.set(name, Bound::Value(value));
        }
    }

    /// What a name stands for, if it is set while the template renders.
    pub(super) fn bound(&self, name: &str) -> Option<&Bound> {
        let visible = self.starts.get(self.floor).copied().unwrap_or_default();
        self.names[visible..]
            .iter()
            .rev()
            .find(|(own, _)| **own == *name)
            .map(|(_, bound)| bound)
    }

    /// The value of a name given from outside.
    pub(super) fn given(&self, name: &str) -> Option<&Value> {
        self.root.and_then(|root| root.get(name))
    }

    /// The names given from outside.
    pub(super) fn root(&self) -> Option<&Dict> {
        self.root
    }

    /// The scopes that can be seen, the outermost first.
    pub(super) fn visible(&self) -> impl Iterator<Item = &[(Arc<str>, Bound)]> {
        (self.floor..self.starts.len()).map(|scope| {
            let end = self.starts.get(scope + 1).copied().unwrap_or(self.names.len());
            &self.names[self.starts[scope]..end]
        })
    }
}

fn same_name(own: &Arc<str>, name: &Arc<str>) -> bool {
    Arc::ptr_eq(own, name) || own == name
}

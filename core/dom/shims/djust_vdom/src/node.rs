//! A node as djust's tests build and look at it.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize, Serializer};

use crate::names::Names;

/// A node and what is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VNode {
    /// The element's name, or `#text` or `#comment`.
    pub tag: String,
    /// Attributes, `dj-id` among them.
    #[serde(serialize_with = "by_name")]
    pub attrs: HashMap<String, String>,
    /// Children in order.
    pub children: Vec<VNode>,
    /// The text of a text or comment.
    pub text: Option<String>,
    /// What names it among its siblings.
    pub key: Option<String>,
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub djust_id: Option<String>,
    /// Its HTML, if it was written before.
    #[serde(skip)]
    pub cached_html: Option<String>,
}

/// The sequence of attributes in JSON is that of their names.
fn by_name<S: Serializer>(attrs: &HashMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    attrs.iter().collect::<BTreeMap<_, _>>().serialize(serializer)
}

impl VNode {
    fn new(tag: String, text: Option<String>) -> Self {
        Self {
            tag,
            attrs: HashMap::new(),
            children: Vec::new(),
            text,
            key: None,
            djust_id: None,
            cached_html: None,
        }
    }

    /// An element without anything.
    pub fn element(tag: impl Into<String>) -> Self {
        Self::new(tag.into(), None)
    }

    /// A text.
    pub fn text(content: impl Into<String>) -> Self {
        Self::new("#text".to_owned(), Some(content.into()))
    }

    /// With an id, which is not an attribute by that.
    #[must_use]
    pub fn with_djust_id(self, id: impl Into<String>) -> Self {
        Self {
            djust_id: Some(id.into()),
            ..self
        }
    }

    /// With an attribute.
    #[must_use]
    pub fn with_attr(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attrs.insert(name.into(), value.into());
        self
    }

    /// With a key.
    #[must_use]
    pub fn with_key(self, key: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            ..self
        }
    }

    /// With one child more.
    #[must_use]
    pub fn with_child(mut self, child: VNode) -> Self {
        self.children.push(child);
        self
    }

    /// With these children.
    #[must_use]
    pub fn with_children(self, children: Vec<VNode>) -> Self {
        Self { children, ..self }
    }

    /// Whether it is a text.
    pub fn is_text(&self) -> bool {
        self.tag == "#text"
    }

    /// Whether it is a comment.
    pub fn is_comment(&self) -> bool {
        self.tag == "#comment"
    }

    /// How many elements stand in each other, itself counted.
    pub fn element_depth(&self) -> usize {
        let below = self.children.iter().map(Self::element_depth).max().unwrap_or(0);
        usize::from(!self.is_text() && !self.is_comment()) + below
    }

    /// As HTML.
    pub fn to_html(&self) -> String {
        let mut names = Names::default();
        let tree = names.tree(self);
        names.html_out(&tree.to_html())
    }
}

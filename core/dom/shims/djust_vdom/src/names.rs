//! Between the ids of djust's tests, which are any text, and those of the engine, which are numbers.
//!
//! In djust a node has an id and, apart from that, an attribute `dj-id`; a parser gives it both. The tests also build
//! nodes that have one of them only, so that an id without the attribute is a number of its own here, which is not
//! written.

use std::collections::HashMap;

use djscope_dom::tree::{ElementId, Namespace, Tree};
use djscope_wire::Node;

use crate::VNode;

/// The first number of those that stand for an id that is no number.
const FIRST: u64 = 1 << 63;

/// The ids of the trees and patches of one call.
#[derive(Default)]
pub(crate) struct Names {
    texts: Vec<Name>,
    numbers: HashMap<String, u64>,
    /// A number is what it says, with the attribute; any other id is none.
    is_plain: bool,
}

struct Name {
    text: String,
    /// The node has the attribute `dj-id` as well.
    is_attribute: bool,
}

impl Names {
    /// For nodes that a parser made.
    pub fn plain() -> Self {
        Self {
            is_plain: true,
            ..Self::default()
        }
    }

    /// The number of an id.
    pub fn number(&mut self, text: &str) -> ElementId {
        let next = FIRST + self.texts.len() as u64;
        let number = *self.numbers.entry(text.to_owned()).or_insert_with(|| {
            self.texts.push(Name {
                text: text.to_owned(),
                is_attribute: true,
            });
            next
        });
        ElementId(number)
    }

    fn name(&self, number: &str) -> Option<&Name> {
        let index = ElementId::parse(number)?.0.checked_sub(FIRST)?;
        self.texts.get(usize::try_from(index).ok()?)
    }

    /// The id of a number.
    pub fn text(&self, number: &str) -> String {
        self.name(number)
            .map_or_else(|| number.to_owned(), |name| name.text.clone())
    }

    /// A node and what is in it, for the engine.
    pub fn wire(&mut self, node: &VNode) -> Node {
        let id = match &node.djust_id {
            Some(id) if self.is_plain => Some(id.clone()),
            Some(id) => {
                let number = self.number(id);
                let index = (number.0 - FIRST) as usize;
                self.texts[index].is_attribute = node.attrs.contains_key("dj-id");
                Some(number.to_string())
            }
            None => None,
        };
        Node {
            tag: node.tag.clone(),
            attrs: node
                .attrs
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().into()))
                .collect(),
            children: node.children.iter().map(|child| self.wire(child)).collect(),
            text: node.text.clone(),
            key: node.key.clone(),
            djust_id: id,
            ..Node::default()
        }
    }

    /// The same as a tree.
    pub fn tree(&mut self, node: &VNode) -> Tree {
        let namespace = match node.tag.as_str() {
            "svg" => Namespace::Svg,
            "math" => Namespace::MathMl,
            _ => Namespace::Html,
        };
        self.tree_in(node, namespace)
    }

    /// The same; `namespace` is that of the node.
    pub fn tree_in(&mut self, node: &VNode, namespace: Namespace) -> Tree {
        Tree::from_wire(&self.wire(node), namespace)
    }

    /// A node and what is in it, from the engine.
    pub fn node(&self, node: &Node) -> VNode {
        let id = node.djust_id.as_deref();
        let is_attribute = id
            .and_then(|id| self.name(id))
            .is_none_or(|name| name.is_attribute);
        let mut attrs: HashMap<String, String> = node
            .attrs
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        if let Some(id) = id
            && is_attribute
            && node.text.is_none()
        {
            attrs.insert("dj-id".to_owned(), self.text(id));
        } else {
            attrs.remove("dj-id");
        }
        VNode {
            tag: node.tag.clone(),
            attrs,
            children: node.children.iter().map(|child| self.node(child)).collect(),
            text: node.text.clone(),
            key: node.key.clone(),
            djust_id: id.map(|id| self.text(id)),
            cached_html: None,
        }
    }

    /// HTML for the engine.
    pub fn html_in(&mut self, html: &str) -> String {
        with_ids(html, |id| Some(self.number(id).to_string()))
    }

    /// HTML from the engine.
    pub fn html_out(&self, html: &str) -> String {
        with_ids(html, |id| match self.name(id) {
            Some(name) => name.is_attribute.then(|| name.text.clone()),
            None => Some(id.to_owned()),
        })
    }
}

/// HTML with other ids, or without them.
fn with_ids(html: &str, mut rename: impl FnMut(&str) -> Option<String>) -> String {
    const START: &str = " dj-id=\"";
    let mut renamed = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once(START)
        && let Some((id, after)) = after.split_once('"')
    {
        renamed.push_str(before);
        if let Some(id) = rename(id) {
            renamed.push_str(START);
            renamed.push_str(&id);
            renamed.push('"');
        }
        rest = after;
    }
    renamed.push_str(rest);
    renamed
}

//! A tree as HTML, byte for byte as djust writes it (`djust_vdom::VNode::write_html`).

use super::names::Traits;
use super::{ChildContext, ElementId, Kind, Namespace, NodeId, Tree};

/// Where an element is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The element's namespace; what is not known is taken for something foreign, where all text is escaped.
    pub namespace: Option<Namespace>,
    /// The parser that reads it has scripting on, so that `noscript` holds text.
    pub scripting: bool,
}

/// Takes note of how long nodes are.
trait Measure {
    fn note(&mut self, node: NodeId, length: usize);
}

impl Measure for () {
    fn note(&mut self, _node: NodeId, _length: usize) {}
}

impl Measure for Vec<u32> {
    fn note(&mut self, node: NodeId, length: usize) {
        if let Some(noted) = self.get_mut(node.0 as usize) {
            *noted = length as u32;
        }
    }
}

impl Tree {
    /// The whole page, with `dj-id`s.
    pub fn to_html(&self) -> String {
        let mut html = String::with_capacity(self.text.len() + self.nodes.len() * 12);
        self.write(self.root, self.root_place(), &mut html);
        html
    }

    /// What is inside the root, with `dj-id`s.
    pub fn inner_html(&self) -> String {
        let (start, end) = self.root_tags();
        let mut html = self.to_html();
        html.truncate(html.len() - end);
        html.drain(..start);
        html
    }

    pub(crate) fn root_place(&self) -> Place {
        Place {
            namespace: Some(self.root_namespace),
            scripting: true,
        }
    }

    /// `node` and what is in it.
    pub(crate) fn write(&self, node: NodeId, place: Place, html: &mut String) {
        self.write_node(node, place, false, html, &mut ());
    }

    /// The same; `written` gets for every node how many bytes it takes.
    pub(crate) fn write_noting(&self, node: NodeId, place: Place, html: &mut String, written: &mut Vec<u32>) {
        self.write_node(node, place, false, html, written);
    }

    fn write_node(
        &self,
        node: NodeId,
        place: Place,
        is_verbatim: bool,
        html: &mut String,
        measure: &mut impl Measure,
    ) {
        let start = html.len();
        match self.kind(node) {
            Kind::Text if is_verbatim => html.push_str(self.text(node)),
            Kind::Text => escape_text(self.text(node), html),
            Kind::Comment => {
                html.push_str("<!--");
                html.push_str(self.text(node));
                html.push_str("-->");
            }
            Kind::Element => self.write_element(node, place, html, measure),
        }
        measure.note(node, html.len() - start);
    }

    fn write_element(&self, node: NodeId, place: Place, html: &mut String, measure: &mut impl Measure) {
        let name = self.name(node);
        self.write_start(node, html);
        if self.is_void(node) {
            html.push_str(" />");
            return;
        }
        html.push('>');
        let is_verbatim = self.is_verbatim(node, place);
        for &child in self.children(node) {
            let child_place = match self.kind(child) {
                Kind::Element => self.place_of_child(node, place, child),
                Kind::Text | Kind::Comment => place,
            };
            self.write_node(child, child_place, is_verbatim, html, measure);
        }
        html.push_str("</");
        html.push_str(name);
        html.push('>');
    }

    /// How long the root's start tag is in the written page, and its end tag.
    pub(crate) fn root_tags(&self) -> (usize, usize) {
        let mut start = String::new();
        self.write_start(self.root, &mut start);
        if self.is_void(self.root) {
            return (start.len() + " />".len(), 0);
        }
        (start.len() + 1, self.name(self.root).len() + "</>".len())
    }

    /// The start tag without its end.
    fn write_start(&self, node: NodeId, html: &mut String) {
        html.push('<');
        html.push_str(self.name(node));
        let mut id = self.id(node);
        for (name, value) in self.attributes(node) {
            if name > "dj-id"
                && let Some(id) = id.take()
            {
                write_id(id, html);
            }
            html.push(' ');
            html.push_str(name);
            html.push_str("=\"");
            escape_attribute(value, html);
            html.push('"');
        }
        if let Some(id) = id {
            write_id(id, html);
        }
    }

    /// Whether the element has no end tag. Names as the parser spells them: SVG has no `link`, but would be written so.
    fn is_void(&self, node: NodeId) -> bool {
        self.traits(node).has(Traits::VOID)
    }

    /// Whether the text in an element is written as it is.
    fn is_verbatim(&self, node: NodeId, place: Place) -> bool {
        self.traits(node).has(Traits::RAW_TEXT)
            && place.namespace == Some(Namespace::Html)
            && (place.scripting || self.name(node) != "noscript")
    }

    /// How `node` places its children.
    pub(crate) fn child_context(&self, node: NodeId, namespace: Namespace) -> ChildContext {
        if namespace == Namespace::Html {
            return ChildContext::Html;
        }
        namespace.of_children(self.name(node), self.attribute(node, "encoding"))
    }

    pub(crate) fn place_of_child(&self, node: NodeId, place: Place, child: NodeId) -> Place {
        Place {
            namespace: place
                .namespace
                .map(|namespace| self.child_context(node, namespace).namespace_of(self.name(child))),
            ..place
        }
    }

    /// Bytes that [`Tree::write`] makes before the first child of an element.
    pub(crate) fn start_length(&self, node: NodeId) -> usize {
        let mut start = String::with_capacity(64);
        self.write_start(node, &mut start);
        start.len() + 1
    }
}

fn write_id(id: ElementId, html: &mut String) {
    html.push_str(" dj-id=\"");
    id.write(html);
    html.push('"');
}

fn escape_text(text: &str, html: &mut String) {
    // U+00A0 is C2 A0.
    escape(text, html, |byte, next| match byte {
        b'&' => Some(("&amp;", 1)),
        b'<' => Some(("&lt;", 1)),
        b'>' => Some(("&gt;", 1)),
        0xc2 if next == Some(0xa0) => Some(("&nbsp;", 2)),
        _ => None,
    });
}

fn escape_attribute(value: &str, html: &mut String) {
    escape(value, html, |byte, _| match byte {
        b'&' => Some(("&amp;", 1)),
        b'<' => Some(("&lt;", 1)),
        b'>' => Some(("&gt;", 1)),
        b'"' => Some(("&quot;", 1)),
        _ => None,
    });
}

#[inline]
fn escape(
    text: &str,
    html: &mut String,
    stands_for: impl Fn(u8, Option<u8>) -> Option<(&'static str, usize)>,
) {
    let bytes = text.as_bytes();
    let mut written = 0;
    let mut at = 0;
    while at < bytes.len() {
        match stands_for(bytes[at], bytes.get(at + 1).copied()) {
            Some((escaped, length)) => {
                html.push_str(&text[written..at]);
                html.push_str(escaped);
                at += length;
                written = at;
            }
            None => at += 1,
        }
    }
    html.push_str(&text[written..]);
}

//! html5ever as the parser of every page that is not plainly well-formed.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{
    Attribute, ExpandedName, LocalName, ParseOpts, QualName, local_name, ns, parse_document, parse_fragment,
};

use super::build::{Builder, ReadAttribute};
use super::names::Traits;
use super::parse::{Ids, InsertedInto};
use super::{IdCounter, Namespace, NodeId, ParseError, Tree};

/// How deep tags may nest. The tree builder looks through its open elements at every tag.
const MAX_OPEN: usize = 4096;

/// How many nodes a byte of source may make on average; formatting elements that are never closed are made anew in
/// every block.
const MAX_NODES_PER_BYTE: usize = 4;

/// Bytes that are parsed before the number of nodes is looked at.
const CHUNK: usize = 8192;

/// Parses a page.
pub(super) fn parse(source: &str, ids: Ids) -> Result<(Tree, IdCounter), ParseError> {
    let sink = Sink::default();
    let document = sink.document();
    let parser = parse_document(sink, ParseOpts::default());
    let dom = feed(parser, source)?;
    let root = dom.find_root(document);
    let mut builder = Builder::new("", ids);
    dom.build(root, &mut builder);
    let namespace = dom.namespace(root);
    builder.finish(0, namespace).ok_or(ParseError::NoElement)
}

/// Parses what a client inserts into an element (`<template>.innerHTML`, where scripting is off), and keeps every node
/// that the client counts (`djust_vdom::parser::parse_html_fragment_client_view`).
pub(super) fn parse_inserted(
    source: &str,
    tree: &mut Tree,
    into: InsertedInto<'_>,
) -> Result<Vec<NodeId>, ParseError> {
    let namespace = match into.namespace {
        Namespace::Html => ns!(html),
        Namespace::Svg => ns!(svg),
        Namespace::MathMl => ns!(mathml),
    };
    let encoding = into.encoding.map(|encoding| Attribute {
        name: QualName::new(None, ns!(), local_name!("encoding")),
        value: encoding.into(),
    });
    let sink = Sink::default();
    let document = sink.document();
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts {
            scripting_enabled: false,
            ..TreeBuilderOpts::default()
        },
        ..ParseOpts::default()
    };
    let context = QualName::new(None, namespace, LocalName::from(into.name));
    let parser = parse_fragment(sink, options, context, Vec::from_iter(encoding), false);
    let dom = feed(parser, source)?;
    let mut builder = Builder::onto(std::mem::take(tree), Ids::Kept, 1);
    dom.build_fragment(document, &mut builder);
    let (built, nodes) = builder.finish_inserted();
    *tree = built;
    Ok(nodes)
}

/// Parses what stands in an HTML element, which the root of the tree stands for.
pub(super) fn parse_content(
    source: &str,
    parent: &str,
    ids: IdCounter,
) -> Result<(Tree, IdCounter), ParseError> {
    let sink = Sink::default();
    let document = sink.document();
    let context = QualName::new(None, ns!(html), LocalName::from(parent));
    let parser = parse_fragment(sink, ParseOpts::default(), context, Vec::new(), false);
    let dom = feed(parser, source)?;
    let mut builder = Builder::new("", Ids::Counted(ids));
    dom.build_fragment(document, &mut builder);
    let mut read = builder.finish_children(Traits::of(parent), 0);
    read.tree.set_root_element(parent, &read.children);
    Ok((read.tree, read.ids))
}

fn feed(mut parser: html5ever::Parser<Sink>, source: &str) -> Result<Dom, ParseError> {
    if deepest(source) > MAX_OPEN {
        return Err(ParseError::TooDeep { most: MAX_OPEN });
    }
    let most = source.len() * MAX_NODES_PER_BYTE + 1024;
    let mut rest = source;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK.min(rest.len())));
        parser.process(StrTendril::from(chunk));
        if parser.tokenizer.sink.sink.count() > most {
            return Err(ParseError::TooManyNodes { most });
        }
        rest = after;
    }
    Ok(parser.finish())
}

/// An upper bound of how many elements can be open at once.
fn deepest(source: &str) -> usize {
    let bytes = source.as_bytes();
    let (mut open, mut most) = (0_usize, 0_usize);
    for at in memchr::memchr_iter(b'<', bytes) {
        match bytes.get(at + 1) {
            Some(b'/') => open = open.saturating_sub(1),
            Some(letter) if letter.is_ascii_alphabetic() => {
                let length = bytes[at + 1..]
                    .iter()
                    .take(16)
                    .take_while(|byte| byte.is_ascii_alphanumeric())
                    .count();
                let name = source[at + 1..at + 1 + length].to_ascii_lowercase();
                if !Traits::of(&name).has(Traits::VOID) {
                    open += 1;
                    most = most.max(open);
                }
            }
            _ => {}
        }
    }
    most
}

#[derive(Clone)]
struct Handle {
    index: usize,
    element: Option<Rc<Element>>,
}

struct Element {
    name: QualName,
    holds_html: bool,
}

enum Data {
    Document,
    Element(Rc<Element>, Vec<Attribute>),
    Text(StrTendril),
    Comment(StrTendril),
    Other,
}

struct Entry {
    data: Data,
    parent: Option<usize>,
    children: Vec<usize>,
    /// What a `template` holds, which is not among its children.
    content: Option<usize>,
}

#[derive(Default)]
struct Sink {
    nodes: RefCell<Vec<Entry>>,
    document: Cell<Option<usize>>,
}

/// The finished document.
struct Dom {
    nodes: RefCell<Vec<Entry>>,
}

impl Sink {
    fn count(&self) -> usize {
        self.nodes.borrow().len()
    }

    fn document(&self) -> usize {
        if let Some(document) = self.document.get() {
            return document;
        }
        let document = self.add(Data::Document);
        self.document.set(Some(document));
        document
    }

    fn add(&self, data: Data) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Entry {
            data,
            parent: None,
            children: Vec::new(),
            content: None,
        });
        nodes.len() - 1
    }

    /// Puts `child` at a place among the children of `parent`, into the text before it if both are text.
    fn insert(&self, parent: usize, at: usize, child: NodeOrText<Handle>) {
        let index = match child {
            NodeOrText::AppendNode(handle) => {
                self.detach(handle.index);
                handle.index
            }
            NodeOrText::AppendText(text) => {
                let mut nodes = self.nodes.borrow_mut();
                let before = at.checked_sub(1).map(|before| nodes[parent].children[before]);
                if let Some(before) = before
                    && let Data::Text(existing) = &mut nodes[before].data
                {
                    existing.push_tendril(&text);
                    return;
                }
                drop(nodes);
                self.add(Data::Text(text))
            }
        };
        let mut nodes = self.nodes.borrow_mut();
        let at = at.min(nodes[parent].children.len());
        nodes[index].parent = Some(parent);
        nodes[parent].children.insert(at, index);
    }

    fn detach(&self, index: usize) {
        let mut nodes = self.nodes.borrow_mut();
        if let Some(parent) = nodes[index].parent.take() {
            // What moves was mostly put there last.
            if let Some(at) = nodes[parent].children.iter().rposition(|&child| child == index) {
                nodes[parent].children.remove(at);
            }
        }
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Dom;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Dom {
        Dom { nodes: self.nodes }
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle {
            index: self.document(),
            element: None,
        }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        const NONE: ExpandedName<'static> = ExpandedName {
            ns: &ns!(),
            local: &local_name!(""),
        };
        target
            .element
            .as_ref()
            .map_or(NONE, |element| element.name.expanded())
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let is_template = flags.template;
        let element = Rc::new(Element {
            name,
            holds_html: flags.mathml_annotation_xml_integration_point,
        });
        let index = self.add(Data::Element(Rc::clone(&element), attributes));
        if is_template {
            let content = self.add(Data::Document);
            self.nodes.borrow_mut()[index].content = Some(content);
        }
        Handle {
            index,
            element: Some(element),
        }
    }

    fn create_comment(&self, text: StrTendril) -> Handle {
        Handle {
            index: self.add(Data::Comment(text)),
            element: None,
        }
    }

    fn create_pi(&self, _target: StrTendril, _data: StrTendril) -> Handle {
        Handle {
            index: self.add(Data::Other),
            element: None,
        }
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        if let NodeOrText::AppendNode(node) = &child {
            self.detach(node.index);
        }
        let at = self.nodes.borrow()[parent.index].children.len();
        self.insert(parent.index, at, child);
    }

    fn append_based_on_parent_node(&self, element: &Handle, before: &Handle, child: NodeOrText<Handle>) {
        let has_parent = self.nodes.borrow()[element.index].parent.is_some();
        if has_parent {
            self.append_before_sibling(element, child);
        } else {
            self.append(before, child);
        }
    }

    fn append_doctype_to_document(&self, _name: StrTendril, _public_id: StrTendril, _system_id: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        let content = self.nodes.borrow()[target.index].content;
        Handle {
            index: content.unwrap_or(target.index),
            element: None,
        }
    }

    fn same_node(&self, a: &Handle, b: &Handle) -> bool {
        a.index == b.index
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        if let NodeOrText::AppendNode(node) = &child {
            self.detach(node.index);
        }
        let place = {
            let nodes = self.nodes.borrow();
            nodes[sibling.index].parent.and_then(|parent| {
                let children = &nodes[parent].children;
                let at = children.iter().rposition(|&other| other == sibling.index)?;
                Some((parent, at))
            })
        };
        if let Some((parent, at)) = place {
            self.insert(parent, at, child);
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, attributes: Vec<Attribute>) {
        if let Data::Element(_, existing) = &mut self.nodes.borrow_mut()[target.index].data {
            for attribute in attributes {
                if !existing.iter().any(|other| other.name == attribute.name) {
                    existing.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.detach(target.index);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        let mut nodes = self.nodes.borrow_mut();
        let moved = std::mem::take(&mut nodes[node.index].children);
        for &child in &moved {
            nodes[child].parent = Some(new_parent.index);
        }
        nodes[new_parent.index].children.extend(moved);
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &Handle) -> bool {
        handle.element.as_ref().is_some_and(|element| element.holds_html)
    }
}

impl Dom {
    fn name_is(&self, node: usize, name: &str) -> bool {
        matches!(&self.nodes.borrow()[node].data, Data::Element(element, _) if &*element.name.local == name)
    }

    fn namespace(&self, node: usize) -> Namespace {
        match &self.nodes.borrow()[node].data {
            Data::Element(element, _) if element.name.ns == ns!(svg) => Namespace::Svg,
            Data::Element(element, _) if element.name.ns == ns!(mathml) => Namespace::MathMl,
            _ => Namespace::Html,
        }
    }

    fn first_element(&self, parent: usize, name: Option<&str>) -> Option<usize> {
        let children = self.nodes.borrow()[parent].children.clone();
        children.into_iter().find(|&child| {
            let is_element = matches!(self.nodes.borrow()[child].data, Data::Element(..));
            is_element && name.is_none_or(|name| self.name_is(child, name))
        })
    }

    /// The first element in the body with `dj-root` or `dj-view`, else the first in the body, else the first of all
    /// (`djust_vdom::parser::find_root`).
    fn find_root(&self, document: usize) -> usize {
        let html = self.first_element(document, Some("html"));
        let body = html.and_then(|html| self.first_element(html, Some("body")));
        if let Some(body) = body {
            let nodes = self.nodes.borrow();
            let mut open: Vec<usize> = nodes[body].children.iter().rev().copied().collect();
            while let Some(node) = open.pop() {
                if let Data::Element(_, attributes) = &nodes[node].data {
                    let is_root = attributes
                        .iter()
                        .any(|attribute| matches!(&*attribute.name.local, "dj-root" | "dj-view"));
                    if is_root {
                        return node;
                    }
                    open.extend(nodes[node].children.iter().rev());
                }
            }
        }
        body.and_then(|body| self.first_element(body, None))
            .or_else(|| self.first_element(document, None))
            .unwrap_or(document)
    }

    /// Gives what was read as a fragment to the builder: html5ever puts it into an `html` of its own.
    fn build_fragment(&self, document: usize, builder: &mut Builder) {
        let nodes = self.nodes.borrow();
        let wrapper = nodes[document].children.first().copied().unwrap_or(document);
        for &top in &nodes[wrapper].children {
            self.build(top, builder);
        }
    }

    /// Gives `node` and what is in it to the builder.
    fn build(&self, node: usize, builder: &mut Builder) {
        enum Step {
            Enter(usize),
            Leave,
        }
        let nodes = self.nodes.borrow();
        let mut steps = vec![Step::Enter(node)];
        let mut read = Vec::new();
        while let Some(step) = steps.pop() {
            let Step::Enter(node) = step else {
                builder.close(0..0);
                continue;
            };
            match &nodes[node].data {
                Data::Element(element, attributes) => {
                    let local = &*element.name.local;
                    read.clear();
                    for attribute in attributes {
                        read.push(ReadAttribute {
                            name: builder.store(&attribute.name.local),
                            value: builder.store(&attribute.value),
                        });
                    }
                    let name = builder.store(local);
                    builder.open(name, Traits::of(local), &mut read, 0..0);
                    steps.push(Step::Leave);
                    steps.extend(nodes[node].children.iter().rev().map(|&child| Step::Enter(child)));
                }
                Data::Text(text) => {
                    let text = builder.store(text);
                    builder.text(text, 0..0);
                }
                Data::Comment(text) => {
                    let text = builder.store(text);
                    builder.comment(text, 0..0);
                }
                Data::Document | Data::Other => {}
            }
        }
    }
}

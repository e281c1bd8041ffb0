//! From HTML to nodes and back.

use djscope_dom::diff::keep_ignored;
use djscope_dom::tree::{IdCounter, Namespace, ParseError, Parser, parse, parse_content};

use crate::VNode;
use crate::ids::{counter, set_counter};
use crate::names::Names;

/// Reads a page, elements numbered from 0.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_html(html: &str) -> Result<VNode, ParseError> {
    parse_html_with_namespace(html).map(|(root, _)| root)
}

/// Reads a page, elements numbered on from those before.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_html_continue(html: &str) -> Result<VNode, ParseError> {
    parse_html_continue_with_namespace(html).map(|(root, _)| root)
}

/// As [`parse_html`], with the namespace of the root.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_html_with_namespace(html: &str) -> Result<(VNode, Namespace), ParseError> {
    set_counter(IdCounter::default());
    parse_html_continue_with_namespace(html)
}

/// As [`parse_html_continue`], with the namespace of the root.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_html_continue_with_namespace(html: &str) -> Result<(VNode, Namespace), ParseError> {
    let parsed = parse(html, counter(), Parser::default())?;
    set_counter(parsed.ids);
    let root = Names::plain().node(&parsed.tree.to_wire(parsed.tree.root()));
    Ok((root, parsed.tree.root_namespace()))
}

/// Reads what stands in an element.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_html_fragment(html: &str, context_tag: &str) -> Result<Vec<VNode>, ParseError> {
    let parsed = parse_content(html, context_tag, counter(), Parser::default())?;
    set_counter(parsed.ids);
    Ok(Names::plain()
        .node(&parsed.tree.to_wire(parsed.tree.root()))
        .children)
}

/// Puts the old content of every `dj-update="ignore"` into `new`.
pub fn splice_ignore_subtrees(old: &VNode, new: &mut VNode) {
    let mut names = Names::default();
    let old = names.tree(old);
    let mut kept = names.tree(new);
    keep_ignored(&old, &mut kept);
    *new = names.node(&kept.to_wire(kept.root()));
}

/// Writes every `dj-update="ignore"` once and keeps what was written.
pub fn cache_ignore_subtree_html(node: &mut VNode) {
    if node.attrs.get("dj-update").is_some_and(|value| value == "ignore") {
        if node.cached_html.is_none() {
            node.cached_html = Some(node.to_html());
        }
        return;
    }
    node.children.iter_mut().for_each(cache_ignore_subtree_html);
}

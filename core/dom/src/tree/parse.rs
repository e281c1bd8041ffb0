//! From HTML to a tree.

use thiserror::Error;

use super::{IdCounter, Namespace, NodeId, Tree, fast, reference};

/// A page that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// The parser looks through all open elements at every tag, so their number has a limit.
    #[error("HTML nests deeper than {most} elements")]
    TooDeep {
        /// The limit.
        most: usize,
    },
    /// Formatting elements that are never closed are made anew in every block, so that few bytes make many nodes.
    #[error("HTML makes more than {most} nodes")]
    TooManyNodes {
        /// The limit.
        most: usize,
    },
    /// Offsets have 32 bits.
    #[error("HTML has {length} bytes; the most is {most}")]
    TooLong {
        /// Its length.
        length: usize,
        /// The limit.
        most: usize,
    },
    /// The parser made no element, which HTML does not allow.
    #[error("HTML without an element")]
    NoElement,
}

/// The longest page.
const MAX_LENGTH: usize = 512 << 20;

/// Which parser reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parser {
    /// The fast one where it can, else html5ever.
    #[default]
    Fast,
    /// Always html5ever.
    Reference,
}

/// Where elements get their ids from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ids {
    /// From a counter.
    Counted(IdCounter),
    /// From the page, and where it has none from a counter that starts at 0.
    Written,
    /// From the page; where it has none, the element has none.
    Kept,
}

/// A page that was read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// Its tree.
    pub tree: Tree,
    /// The numbers that are left.
    pub ids: IdCounter,
    /// The fast parser read it; then every node of a page knows where it stands in the source.
    pub is_fast: bool,
}

/// Reads a page: the root is the first element with `dj-root` or `dj-view`, else the first of the body.
///
/// Elements get their ids from `ids` in document order.
///
/// # Errors
///
/// HTML itself has no errors; a [`ParseError`] is a limit that is passed.
pub fn parse(source: &str, ids: IdCounter, parser: Parser) -> Result<Parsed, ParseError> {
    read(source, Ids::Counted(ids), parser)
}

/// Reads a page that the server has written: a `dj-id` in it is the element's id.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_written(source: &str) -> Result<Parsed, ParseError> {
    read(source, Ids::Written, Parser::Fast)
}

/// Reads a page as a browser has it: a `dj-id` in it is the element's id, and an element without one has none.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_sent(source: &str) -> Result<Parsed, ParseError> {
    read(source, Ids::Kept, Parser::Fast)
}

/// Reads what stands in an HTML element of the name `parent`, in lower case; an element of that name, which has
/// neither attributes nor an id, is the root.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_content(
    source: &str,
    parent: &str,
    ids: IdCounter,
    parser: Parser,
) -> Result<Parsed, ParseError> {
    check_length(source)?;
    if parser == Parser::Fast && parent == "body" {
        let (mut tree, mut ids) = (Tree::default(), ids);
        if let Some(children) = fast::parse_among(source, &mut tree, &mut ids, 1, &[]) {
            tree.set_root_element(parent, &children);
            return Ok(Parsed {
                tree,
                ids,
                is_fast: true,
            });
        }
    }
    let (tree, ids) = reference::parse_content(source, parent, ids)?;
    Ok(Parsed {
        tree,
        ids,
        is_fast: false,
    })
}

fn check_length(source: &str) -> Result<(), ParseError> {
    if source.len() > MAX_LENGTH {
        return Err(ParseError::TooLong {
            length: source.len(),
            most: MAX_LENGTH,
        });
    }
    Ok(())
}

fn read(source: &str, ids: Ids, parser: Parser) -> Result<Parsed, ParseError> {
    check_length(source)?;
    if parser == Parser::Fast
        && let Some((tree, ids)) = fast::parse(source, ids)
    {
        return Ok(Parsed {
            tree,
            ids,
            is_fast: true,
        });
    }
    let (tree, ids) = reference::parse(source, ids)?;
    Ok(Parsed {
        tree,
        ids,
        is_fast: false,
    })
}

/// Reads source that takes the place of children of an element `depth` elements deep, of which the names and those of
/// the elements above it are `around`; adds its nodes to the tree and gives them.
///
/// `None` if that cannot be done apart from the rest of the page; then the tree is as it was.
pub(crate) fn parse_among(
    source: &str,
    tree: &mut Tree,
    depth: usize,
    around: &[&str],
) -> Option<Vec<NodeId>> {
    let before = tree.sizes();
    let nodes = fast::parse_among(source, tree, &mut IdCounter::default(), depth, around);
    if nodes.is_none() || tree.has_ignored {
        tree.shrink_to(before);
        tree.has_ignored = false;
        return None;
    }
    nodes
}

/// What HTML is inserted into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InsertedInto<'a> {
    /// The element's name.
    pub name: &'a str,
    /// Its namespace.
    pub namespace: Namespace,
    /// Its attribute `encoding`, which matters for `annotation-xml`.
    pub encoding: Option<&'a str>,
}

/// Reads HTML that a client inserts among the children of an element, with the ids that are written in it; adds its
/// nodes to the tree and gives them.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn parse_inserted(
    source: &str,
    tree: &mut Tree,
    into: InsertedInto<'_>,
) -> Result<Vec<NodeId>, ParseError> {
    reference::parse_inserted(source, tree, into)
}

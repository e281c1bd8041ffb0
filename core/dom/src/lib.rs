//! HTML trees as djust keeps them: read from a page, told apart by the smallest patches, and changed by patches as the
//! browser changes them.
//!
//! ```
//! use djscope_dom::apply::apply;
//! use djscope_dom::diff::DiffOptions;
//! use djscope_dom::page::{Page, Work};
//! use djscope_dom::tree::parse_written;
//!
//! let first = "<div dj-root><p>one</p><b>!</b></div>".to_owned();
//! let mut page = Page::new(first, DiffOptions::default())?;
//! assert_eq!(page.html(), r#"<div dj-id="0" dj-root=""><p dj-id="1">one</p><b dj-id="2">!</b></div>"#);
//!
//! let mut browser = parse_written(page.html())?.tree;
//! let patches = page.update("<div dj-root><p>two</p><b>!</b></div>".to_owned(), Work::Changed)?;
//! assert_eq!(patches.len(), 1);
//! apply(&mut browser, &patches);
//! assert_eq!(browser.to_html(), page.html());
//! # Ok::<(), djscope_dom::tree::ParseError>(())
//! ```
//!
//! `tree` has the trees and their parsers, `diff` the patches from one to another, `page` a page that goes from source
//! to source with as little work as the change needs, and `apply` the browser's side. Results are those of djust 1.2.6.
//! The crate stands by itself: it does no I/O, reads no clock, starts no thread, and will never know what a template
//! or a view is.

pub mod apply;
pub mod diff;
pub mod page;
pub mod tree;

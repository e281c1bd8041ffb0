//! A view: a template with a state, rendered again and again, of which each change reaches the browser as patches.

mod page;

pub use page::{Page, Work};

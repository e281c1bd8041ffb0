//! The public interface of djust's `djust_vdom` as far as its integration tests use it, with every answer from
//! `djscope_dom`, so that djust's own tests say whether it does what djust does.
//!
//! Nothing is decided here: nodes become trees and back ([`node`], [`names`]), patches those of the wire and back
//! ([`patch`]), and the counter of ids, which in djust belongs to a thread, holds the engine's.

pub mod diff;
mod html;
mod ids;
mod names;
mod node;
pub mod patch;

pub use diff::{diff, diff_in, sync_ids};
pub use djscope_dom::tree::{MAX_DEPTH as MAX_VDOM_DEPTH, Namespace};
pub use html::{
    cache_ignore_subtree_html, parse_html, parse_html_continue, parse_html_continue_with_namespace,
    parse_html_fragment, parse_html_with_namespace, splice_ignore_subtrees,
};
pub use ids::{
    ensure_id_counter_at_least, from_base62, get_id_counter, max_djust_id_in, next_djust_id,
    reset_id_counter, set_id_counter, to_base62,
};
pub use node::VNode;
pub use patch::Patch;

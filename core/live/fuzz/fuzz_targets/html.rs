//! Any HTML: the fast parser never gives another tree than the reference parser.
#![no_main]

use djscope_live_fuzz::dom_properties::html::{PIECES, parsers_agree};
use djscope_live_fuzz::of_pieces;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let source = of_pieces(bytes, PIECES);
    parsers_agree(&source);
    parsers_agree(&format!("<div dj-root>{source}</div>"));
});

//! A template, with one that it includes or extends: the same text or error each time, and its parts make the whole.
#![no_main]

use djscope_live_fuzz::of_pieces;
use djscope_live_fuzz::template_properties::{parts_are_the_page, renders_the_same_each_time};
use djscope_oracle::templates::PIECES;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8], bool)| {
    let (page, part, if_markers) = input;
    let (page, part) = (of_pieces(page, PIECES), of_pieces(part, PIECES));
    renders_the_same_each_time(&page, &part, if_markers);
    parts_are_the_page(&page, &part);
});

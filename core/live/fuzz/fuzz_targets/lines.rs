//! A line of another tool: it has an answer, whatever it asks for.
#![no_main]

use djscope_live_fuzz::engine_properties::{PIECES, REQUESTS, line, line_is_answered};
use djscope_live_fuzz::{Edit, drawn};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Any(&'a [u8]),
    /// A line of the tests, in which something is put in the place of something else.
    Changed(u32, Vec<Edit<'a>>),
}

fuzz_target!(|input: Input| match input {
    Input::Any(line) => {
        for &request in REQUESTS {
            line_is_answered(request, line);
        }
    }
    Input::Changed(seed, edits) => {
        let Some((request, line)) = drawn(&line(), seed) else {
            return;
        };
        let mut line = line.to_string();
        for edit in &edits {
            edit.apply(&mut line, PIECES);
        }
        line_is_answered(request, line.as_bytes());
    }
});

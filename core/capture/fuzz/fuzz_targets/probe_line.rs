#![no_main]

use djscope_capture_fuzz::inputs;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| inputs::probe_line(bytes));

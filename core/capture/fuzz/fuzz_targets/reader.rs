#![no_main]

use djscope_capture_fuzz::damage::read_damaged;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|changes: &[u8]| read_damaged(changes));

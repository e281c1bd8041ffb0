//! Documents that a test writes: what they say is what the test has seen.

use std::path::Path;

/// Compares a document of `docs` with what it has to say, or writes it if `DJSCOPE_BLESS` is 1.
///
/// # Panics
///
/// If it says something else.
pub(crate) fn check(name: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    if std::env::var_os("DJSCOPE_BLESS").is_some_and(|bless| bless == "1") {
        std::fs::write(&path, wanted).unwrap();
        return;
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = there
        .lines()
        .zip(wanted.lines())
        .find(|(there, wanted)| there != wanted);
    assert!(
        there == wanted,
        "docs/{name} is out of date: run this test with DJSCOPE_BLESS=1 and look at what it changes.\n\
         {differing:#?}"
    );
}

//! Names of files that are something else to `SQLite`.

use std::fs;
use std::process::Command;

use djscope_recording::{Reader, Writer, WriterOptions};

/// The working directory is one for the whole process: this test runs itself again in a folder of its own.
#[test]
fn a_name_is_a_name_whatever_it_looks_like() {
    if std::env::var_os("DJSCOPE_TEST_NAMES").is_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("victim.db"), "").unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "names::a_name_is_a_name_whatever_it_looks_like"])
            .env("DJSCOPE_TEST_NAMES", "1")
            .current_dir(folder.path())
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    for name in [
        "file:victim.db",
        ":memory:",
        "file:x?mode=memory",
        "plain.djscope",
    ] {
        let summary = Writer::create(name, WriterOptions::default())
            .unwrap()
            .finish()
            .unwrap();
        assert_eq!(summary.health.dropped(), 0);
        assert!(
            fs::metadata(name).unwrap().len() > 10_000,
            "{name} is the recording"
        );
        assert_eq!(Reader::open(name).unwrap().totals().unwrap().turns, 0);
    }
    assert_eq!(
        fs::metadata("victim.db").unwrap().len(),
        0,
        "nobody else's file was touched"
    );
}

//! Turns run again from the databases as they were when the recording began.

use std::path::Path;
use std::process::{Command, Output};

use djscope_tests::djscope::{Recording, binary};
use djscope_tests::project::{self, Kind};
use djscope_tests::raw::Live;
use serde_json::Value;

const PRODUCTS: &str = "shop.views.products.ProductListView";

fn rerun(recording: &Recording, options: &[&str]) -> Output {
    Command::new(binary())
        .arg("rerun")
        .arg(&recording.path)
        .args(options)
        .args(["--all", "--json", "--yes"])
        .current_dir(project::folder())
        .env("DJSCOPE_TEST_DB", recording.database())
        .env("DJSCOPE_TEST_FAST", "1")
        .output()
        .unwrap()
}

/// What djust says of the turns that bump a product.
fn bumps(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let answers = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let words: Vec<String> = answers
        .filter(|answer| answer["event"] == "bump")
        .map(|answer| answer["djust"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        words.len(),
        2,
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    words
}

fn bumped(options: &[&str]) -> Recording {
    let mut recording = Recording::start(Kind::Daphne, options);
    let mut live = Live::mount(recording.proxy, PRODUCTS, "/products/");
    live.event("bump", r#"{"product_id": 1}"#);
    live.event("bump", r#"{"product_id": 1}"#);
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    recording
}

fn beside(recording: &Path) -> std::path::PathBuf {
    let mut name = recording.as_os_str().to_owned();
    name.push(".default.sqlite3");
    name.into()
}

#[test]
fn what_the_database_was_is_kept_if_that_is_wanted() {
    let recording = bumped(&[]);
    assert!(!beside(&recording.path).exists());
    assert_eq!(bumps(&rerun(&recording, &[])), ["cannot tell", "cannot tell"]);

    let recording = bumped(&["--snapshot-db"]);
    let copy = beside(&recording.path);
    assert!(copy.is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = std::fs::read(&copy).unwrap();
    assert_eq!(bumps(&rerun(&recording, &[])), ["same", "same"]);
    assert_eq!(std::fs::read(&copy).unwrap(), before, "the copy was written to");
    // What is said on the command line counts more.
    let now = format!("default={}", recording.database().display());
    assert_ne!(bumps(&rerun(&recording, &["--db", &now])), ["same", "same"]);
    std::fs::remove_file(&copy).unwrap();
    assert_eq!(bumps(&rerun(&recording, &[])), ["cannot tell", "cannot tell"]);
}

/// The worker has another working directory than djscope, and what `SQLite` is given is a URI.
#[test]
fn copies_are_found_by_relative_and_by_odd_names() {
    let recording = bumped(&["--snapshot-db"]);
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("odd #1 %41?b");
    std::fs::create_dir(&odd).unwrap();
    std::fs::copy(&recording.path, odd.join("r.djscope")).unwrap();
    std::fs::copy(beside(&recording.path), odd.join("r.djscope.default.sqlite3")).unwrap();
    for options in [&[][..], &["--db", "default=r.djscope.default.sqlite3"]] {
        let output = Command::new(binary())
            .args(["rerun", "r.djscope", "--all", "--json", "--yes"])
            .args(options)
            .current_dir(&odd)
            .env("DJSCOPE_TEST_DB", recording.database())
            .env("DJSCOPE_TEST_FAST", "1")
            .output()
            .unwrap();
        assert_eq!(bumps(&output), ["same", "same"]);
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_copy_of_another_recording_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a.djscope");
    std::fs::write(beside(&out), "notes of somebody").unwrap();
    for options in [&[][..], &["--overwrite"]] {
        let output = Command::new(binary())
            .args(["run", "--headless", "--snapshot-db", "--out"])
            .arg(&out)
            .args(options)
            .args(["--", "true"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("a.djscope.default.sqlite3"), "{said}");
        assert_eq!(std::fs::read(beside(&out)).unwrap(), b"notes of somebody");
        assert!(!out.exists());
    }
}

//! djust's own bug reports, out of a recording and into one, as djust itself reads and writes them.

use std::process::{Command, Output};

use djscope_tests::djscope::{Recording, binary};
use djscope_tests::project::{self, Kind};
use djscope_tests::raw::Live;
use serde_json::{Value, json};

/// djust's own code over a blob.
fn djust(script: &str, argument: &str) -> String {
    let output = Command::new(project::program("python"))
        .args(["-c", script, argument])
        .current_dir(project::folder())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

const DECODE: &str = "import json, sys
from djust.bug_capture import BugCapture
print(json.dumps(BugCapture.decode(sys.argv[1]).to_dict()))";

const ENCODE: &str = "import json, sys
from django.conf import settings
settings.configure(DEBUG=True)
from djust.bug_capture import BugCapture
print(BugCapture(**json.loads(sys.argv[1])).encode())";

fn djscope(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).output().unwrap()
}

#[test]
fn a_turn_becomes_a_report_that_djust_reads() {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    let file = recording.path.display().to_string();
    let shown = djscope(&["show", &file, "--json", "--filter", "event:increment"]);
    let turn: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let output = djscope(&[
        "report",
        &file,
        "--format",
        "djbug",
        "--turn",
        &turn["turn"].to_string(),
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let blob = String::from_utf8(output.stdout).unwrap();
    let decoded: Value = serde_json::from_str(&djust(DECODE, blob.trim())).unwrap();
    assert_eq!(decoded["event_name"], "increment");
    assert_eq!(decoded["state_before"]["count"], 0);
    assert_eq!(decoded["state_after"]["count"], 1);
    let patches = decoded["vdom_patches"].as_array().unwrap();
    assert_eq!(patches.len() as u64, turn["patches"].as_u64().unwrap());
    assert!(patches.iter().any(|patch| patch["type"] == "SetText"));
}

#[test]
fn a_report_of_djust_becomes_a_recording() {
    let report = json!({
        "event_name": "add", "scrubbed_fields": ["password"],
        "state_before": {"items": [1], "token": "abcdef0123456789abcdef"},
        "state_after": {"items": [1, 2], "token": "abcdef0123456789abcdef"},
        "vdom_patches": [{"type": "SetText", "path": [0], "d": "1", "text": "2"}, {"type": "Unheard"}],
    });
    let blob = djust(ENCODE, &report.to_string());
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("bug.djscope").display().to_string();
    let address = format!("http://localhost:8000/__djust__/replay/{}", blob.trim());
    let output = djscope(&["import", &address, "--out", &out]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let shown = djscope(&["show", &out, "--json"]);
    let turn: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(
        (&turn["event"], &turn["outcome"]),
        (&json!("add"), &json!("patched"))
    );
    assert_eq!(turn["changed"], json!(["items"]));
    assert_eq!(turn["after"]["public"]["items"], json!([1, 2]));
    assert_eq!(turn["patches"], 2);
    let missing = turn["missing"].to_string();
    assert!(
        missing.contains("bug report of djust") && missing.contains("left out password"),
        "{missing}"
    );
    // What is a secret by its name does not get into a file this way either.
    assert!(!turn.to_string().contains("abcdef0123456789abcdef"), "{turn}");

    // Not over another recording, unless that is wanted; and what is no report is said to be none.
    let again = djscope(&["import", &address, "--out", &out]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        djscope(&["import", &address, "--out", &out, "--overwrite"])
            .status
            .success()
    );
    for (source, expected) in [
        (
            "djbug1.store.abcdefghijklmnopqrstuv",
            "only the server that made it",
        ),
        ("no report", "there is no djbug1"),
    ] {
        let other = folder.path().join("other.djscope").display().to_string();
        let output = djscope(&["import", source, "--out", &other]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(expected) && said.contains("hint: "), "{said}");
        assert!(!std::path::Path::new(&other).exists());
    }
}

//! However djscope ends, the recording opens.

use std::process::Command;
use std::time::Duration;

use djscope_tests::djscope::{self, Recording};
use djscope_tests::project::Kind;
use djscope_tests::raw::Live;

/// Processes that djscope has started.
fn children(pid: u32) -> Vec<String> {
    let output = Command::new("pgrep")
        .args(["-P", &pid.to_string()])
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn is_running(pid: &str) -> bool {
    Command::new("kill")
        .args(["-0", pid])
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap()
        .success()
}

#[test]
fn every_ending_leaves_a_recording_that_opens() {
    for (signal, code) in [("INT", Some(0)), ("TERM", Some(0)), ("KILL", None)] {
        let mut recording = Recording::start(Kind::Daphne, &[]);
        let mut live = Live::mount(recording.proxy, "shop.views.counter.CounterView", "/counter/");
        for _ in 0..5 {
            live.event("increment", "{}");
        }
        // Longer than a batch of the writer waits.
        std::thread::sleep(Duration::from_millis(400));
        let servers = children(recording.pid());
        assert!(!servers.is_empty(), "{signal}: no server");
        let (ended, log) = recording.stop(signal);
        assert_eq!(ended, code, "{signal}: {log}");
        let left: Vec<&String> = servers.iter().filter(|pid| is_running(pid)).collect();
        if signal == "KILL" {
            for pid in left {
                Command::new("kill").args(["-9", pid]).status().unwrap();
            }
        } else {
            assert!(left.is_empty(), "{signal}: {left:?} still runs");
        }
        let turns = djscope::turns(&recording.path, "kind:event outcome:patched");
        assert_eq!(turns.len(), 5, "{signal}");
        assert_eq!(turns[4]["after"]["public"]["count"], 5, "{signal}");
    }
}

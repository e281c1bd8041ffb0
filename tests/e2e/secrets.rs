//! Planted secrets, as the command line shows a recording of them.

#[path = "../../core/capture/tests/capture/secrets/planting.rs"]
#[allow(dead_code, reason = "the tests of capture use all of it")]
mod planting;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use djscope_capture::recorder::{Recorder, RecorderOptions};
use djscope_tests::djscope;
use planting::{Planter, lines};

const PLANTED: &str = include_str!("../../core/capture/tests/capture/secrets/planted.txt");

#[test]
fn no_planted_secret_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets.djscope");
    let recorder = Recorder::start(&path, RecorderOptions::default()).unwrap();
    let planted = lines(PLANTED);
    let mut planter = Planter::new(recorder.tap());
    planted.iter().for_each(|line| planter.plant(line));
    recorder.finish().unwrap();

    let file = path.to_str().unwrap();
    let outputs = [&["show", file, "--json"][..], &["show", file]].map(djscope::run);
    for output in &outputs {
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let shown: String = outputs
        .iter()
        .flat_map(|output| [&output.stdout, &output.stderr])
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    assert!(
        shown.matches("redacted:").count() > 100,
        "what is masked is shown as masked"
    );
    let leaked: Vec<&str> = planted
        .iter()
        .filter(|line| !line.secret.is_empty())
        .filter(|line| {
            shown.contains(&line.secret) || shown.contains(&STANDARD.encode(format!("ada:{}", line.secret)))
        })
        .map(|line| line.text.as_str())
        .collect();
    assert!(leaked.is_empty(), "{leaked:#?}");
}

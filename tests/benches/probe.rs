//! What the probe adds to the turn of a handler that takes 5 ms.

use djscope_tests::djscope::Recording;
use djscope_tests::paired::{count_of_rounds, show_without_and_with, without_and_with};
use djscope_tests::project::Kind;
use djscope_tests::raw::Live;

fn main() {
    let times = without_and_with(
        count_of_rounds(1500),
        |with_probe| Recording::start(Kind::Daphne, if with_probe { &[] } else { &["--no-probe"] }),
        |recording| Live::mount(recording.proxy, "shop.views.failing.SlowView", "/slow/"),
        |live| {
            live.event("run", r#"{"ms":5}"#);
        },
    );
    show_without_and_with(
        "round trip of an event whose handler takes 5 ms, under daphne, through the proxy, in ms",
        "the probe",
        &times,
    );
}

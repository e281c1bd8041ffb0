//! A second djscope that looks on while the first one records.

use std::time::{Duration, Instant};

use djscope_tests::djscope::{self, Recording};
use djscope_tests::project::Kind;
use djscope_tests::raw::Live;

/// The line after the proxy's says where the hub is.
fn recording() -> (Recording, String) {
    let mut recording = Recording::start(Kind::Runserver, &["--hub", "0"]);
    let line = recording.next_line();
    let address = line
        .trim()
        .strip_prefix("hub ")
        .unwrap_or_else(|| panic!("{line}"))
        .to_owned();
    (recording, address)
}

fn shown(place: &str, arguments: &[&str]) -> (i32, String, String) {
    let output = djscope::run(&[&["show", place], arguments].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn a_second_djscope_shows_what_the_first_records() {
    let (mut recording, hub) = recording();
    let mut live = Live::mount(recording.proxy, "shop.views.failing.ErrorView", "/error/");
    live.send("fail", "{}");
    live.until("\"type\": \"error\"");
    let since = Instant::now();
    let rows = loop {
        let (code, rows, said) = shown(&hub, &["--filter", "finding:handler-raised"]);
        assert_eq!(code, 0, "{said}");
        if rows.lines().count() == 2 {
            break rows;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{rows}");
    };
    assert!(
        rows.lines()
            .nth(1)
            .unwrap()
            .contains("ValueError: the handler broke"),
        "{rows}"
    );
    let (_, objects, _) = shown(&hub, &["--json"]);
    let path = recording.path.clone();
    assert_eq!(recording.stop("INT").0, Some(0));
    assert!(!path.with_extension("djscope-wal").exists(), "one file is left");
    let (_, of_file, _) = shown(path.to_str().unwrap(), &["--json"]);
    assert_eq!(of_file, objects, "the same words whoever is asked");
    let object: serde_json::Value = serde_json::from_str(objects.lines().last().unwrap()).unwrap();
    let finding = &object["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["certain"]),
        (&"handler-raised".into(), &true.into())
    );
    assert!(
        finding["place"]["file"]
            .as_str()
            .unwrap()
            .ends_with("shop/views/failing.py")
    );

    let (code, _, said) = shown(&hub, &[]);
    assert_eq!(code, 2);
    assert!(
        said.contains("cannot be reached") && said.contains("hint: "),
        "{said}"
    );
}

#[test]
fn an_address_that_is_none_is_said() {
    for wrong in [
        "http://127.0.0.1:1/",
        "http://10.0.0.1:1/?token=ab",
        "http://127.0.0.1:1/?token=",
    ] {
        let (code, _, said) = shown(wrong, &[]);
        assert_eq!(code, 2, "{wrong}");
        assert!(said.contains("is not the address of a hub"), "{wrong}: {said}");
    }
    let nobody = format!(
        "http://127.0.0.1:{}/?token=ab",
        djscope_tests::project::free_port()
    );
    let (code, _, said) = shown(&nobody, &[]);
    assert!(code == 2 && said.contains("cannot be reached"), "{said}");
}

//! `fixtures/*.jsonl`: sessions of djust 1.2.6 with Chromium, one frame a line.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use djscope_wire::{
    BugCapture, ClientFrame, ClientMessage, DebugPayload, Patch, Problem, ServerFrame, ServerMessage,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn frames() -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut frames = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        frames.extend(
            text.lines()
                .map(|line| (name.clone(), serde_json::from_str(line).unwrap())),
        );
    }
    assert!(frames.len() > 200, "only {} frames", frames.len());
    frames
}

#[test]
fn no_frame_of_a_real_session_is_unknown() {
    for (session, frame) in frames() {
        let data = frame["data"].as_str().unwrap().to_owned();
        match (frame["dir"].as_str().unwrap(), frame["opcode"].as_str().unwrap()) {
            ("c2s", "text") => {
                let ClientMessage::Text(parsed) = ClientMessage::from_text(data.clone()) else {
                    unreachable!()
                };
                assert_eq!(parsed.problem, None, "{session}: {data}");
                assert!(
                    !matches!(parsed.frame, ClientFrame::Unknown { .. }),
                    "{session}: {data}"
                );
                assert_same(&parsed.frame.to_json().unwrap(), &data);
                assert_eq!(parsed.into_text(), data);
            }
            ("c2s", "binary") => {
                let bytes = STANDARD.decode(&data).unwrap();
                assert!(
                    matches!(ClientMessage::from_binary(&bytes), ClientMessage::Upload(_)),
                    "{session}"
                );
            }
            ("s2c", "text") => {
                let parsed = ServerMessage::from_text(data.clone()).0;
                assert_eq!(parsed.problem, None, "{session}: {data}");
                assert!(
                    !matches!(parsed.frame, ServerFrame::Unknown { .. }),
                    "{session}: {data}"
                );
                if let ServerFrame::Patch(body) = &parsed.frame {
                    assert!(
                        !body.patches.iter().any(|patch| matches!(patch, Patch::Other(_))),
                        "{session}: {data}"
                    );
                    if let Some(debug) = body.other.get("_debug") {
                        let debug: DebugPayload = serde_json::from_value(debug.clone()).unwrap();
                        assert!(!debug.view_class.is_empty() && !debug.variables.is_empty());
                    }
                }
                assert_same(&parsed.frame.to_json().unwrap(), &data);
                assert_eq!(parsed.into_text(), data);
            }
            other => panic!("{session}: {other:?}"),
        }
    }
}

/// Both texts say the same, apart from absent fields that are written as `null`, `false` or empty.
fn assert_same(ours: &str, theirs: &str) {
    let ours: Value = serde_json::from_str(ours).unwrap();
    let theirs: Value = serde_json::from_str(theirs).unwrap();
    for (name, value) in theirs.as_object().unwrap() {
        assert_eq!(&ours[name], value, "{name}");
    }
}

#[test]
fn shared_bug_captures_read() {
    let mut read = 0;
    for (_, frame) in frames() {
        let data = frame["data"].as_str().unwrap().to_owned();
        if let ServerFrame::BugCaptureShareResult(result) = ServerMessage::from_text(data).0.frame {
            let capture = BugCapture::decode(&result.blob.unwrap()).unwrap();
            assert_eq!(capture.v, "djbug1");
            assert!(capture.state_after.contains_key("count"));
            read += 1;
        }
    }
    assert!(read > 0);
}

#[test]
fn what_is_not_understood_survives_byte_for_byte() {
    let cases = [
        (r#"{"type":  "brand_new", "x": [1,2 ]}"#, "brand_new", None),
        (r#"{"type": "noop", "future": {"a": 1}}"#, "noop", None),
        (r#"{"no": "type"}"#, "", Some(Problem::NoType)),
        ("[1]", "", Some(Problem::NoType)),
        (
            r#"{"type": "flash", "message": NaN}"#,
            "flash",
            Some(Problem::PythonOnly),
        ),
    ];
    for (text, kind, problem) in cases {
        let parsed = ServerMessage::from_text(text.to_owned()).0;
        assert_eq!((parsed.frame.kind(), &parsed.problem), (kind, &problem), "{text}");
        assert_eq!(parsed.text(), text);
    }
    let shape = ServerMessage::from_text(r#"{"type": "patch", "version": "seven"}"#.to_owned()).0;
    assert!(matches!(shape.problem, Some(Problem::Shape { .. })));
    assert_eq!(shape.frame.kind(), "patch");
    let broken = ServerMessage::from_text("{\"type\": ".to_owned()).0;
    assert!(matches!(broken.problem, Some(Problem::NotJson(_))));
}

#[test]
fn frames_in_msgpack_are_frames() {
    let packed =
        rmp_serde::to_vec(&json!({"type": "event", "event": "add", "params": {"n": 1}, "ref": 4})).unwrap();
    let ClientMessage::Packed(parsed) = ClientMessage::from_binary(&packed) else {
        panic!("not packed")
    };
    assert!(
        matches!(parsed.frame, ClientFrame::Event(event) if event.event == "add" && event.reference == Some(4))
    );
}

proptest! {
    #[test]
    fn parsing_never_panics_and_keeps_the_text(text in r#"[{}\[\]":,a-ztypeNaI\\0-9 é]{0,80}"#) {
        prop_assert_eq!(ServerMessage::from_text(text.clone()).0.into_text(), text.clone());
        let ClientMessage::Text(parsed) = ClientMessage::from_text(text.clone()) else { unreachable!() };
        prop_assert_eq!(parsed.into_text(), text);
    }

    #[test]
    fn any_binary_is_safe(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = ClientMessage::from_binary(&bytes);
    }

    #[test]
    fn unknown_fields_of_known_frames_are_kept(
        kind in proptest::sample::select(ServerFrame::KINDS),
        name in "x_[a-z]{1,8}",
        value in any::<i64>(),
    ) {
        let mut frame = json!({"type": kind, "session_id": "s", "event": "e", "entry": {"event_name": "e"}});
        frame[&name] = json!(value);
        let parsed = ServerMessage::from_text(frame.to_string()).0;
        prop_assert_eq!(parsed.problem, None);
        let written: Value = serde_json::from_str(&parsed.frame.to_json().unwrap()).unwrap();
        prop_assert_eq!(&written[&name], &json!(value));
        prop_assert_eq!(&written["type"], &json!(kind));
    }
}

#[test]
fn a_deeply_nested_message_needs_no_deep_stack() {
    for byte in [0x91_u8, 0x81] {
        // Each byte opens a list or a map in the one before.
        let bytes = vec![byte; 60_000];
        let read = std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || ClientMessage::from_binary(&bytes))
            .unwrap();
        assert!(matches!(read.join().unwrap(), ClientMessage::Binary(_)));
    }
}

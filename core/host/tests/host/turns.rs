//! What happens on connections that behave.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use djscope_host::HostOptions;
use djscope_live::{Push, PushAction};
use djscope_template::value::{Dict, Value};
use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::browser::Browser;
use crate::site::{checksum, start, start_with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_pushes_all_others_with_the_view_see() {
    let host = start().await;
    let mut first = Browser::open(&host).await;
    let mut second = Browser::open(&host).await;
    let mut elsewhere = Browser::connected(&host).await;
    elsewhere.mount("demo.Item", "/items/a/").await;
    let mut nowhere = Browser::connected(&host).await;
    let answer = first.event("tell_others", json!({})).await;
    assert_eq!(answer["type"], "noop");
    let told = second.next().await;
    assert_eq!(
        (&told["source"], &told["patches"][0]["text"]),
        (&json!("broadcast"), &json!("told")),
        "{told}"
    );
    for browser in [&mut first, &mut elsewhere, &mut nowhere] {
        assert_eq!(browser.message(Duration::from_millis(100)).await, None);
    }
    first.still_works().await;
    assert_eq!(host.lost_pushes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_outside_of_all_views_pushes() {
    let host = start().await;
    let mut browsers = [Browser::open(&host).await, Browser::open(&host).await];
    let pusher = host.pusher();
    let thread = std::thread::spawn(move || {
        for number in 1..=3 {
            pusher.push(Push {
                target: "demo.Counter".into(),
                action: PushAction::Set(Dict::from_iter([("note", Value::from(number))])),
            });
        }
    });
    thread.join().unwrap();
    for browser in &mut browsers {
        for number in 1..=3 {
            assert_eq!(browser.next().await["patches"][0]["text"], number.to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_that_a_busy_browser_cannot_take_are_counted_and_hold_up_nobody() {
    let host = start().await;
    let (mut busy, mut other) = (Browser::open(&host).await, Browser::open(&host).await);
    busy.post("block", json!({})).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    for number in 1..=1_000 {
        host.push(Push {
            target: "Counter".into(),
            action: PushAction::Set(Dict::from_iter([("note", Value::from(number))])),
        });
        assert_eq!(other.next().await["patches"][0]["text"], number.to_string());
    }
    assert!(
        start.elapsed() < Duration::from_millis(1300),
        "{:?}",
        start.elapsed()
    );
    assert!(
        (500..1_000).contains(&host.lost_pushes()),
        "{}",
        host.lost_pushes()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_in_the_background() {
    let host = start().await;
    let mut browser = Browser::open(&host).await;
    let answer = browser.event("work", json!({})).await;
    assert_eq!(answer["async_pending"], true, "{answer}");
    let done = browser.next().await;
    assert_eq!(
        (&done["source"], &done["event_name"]),
        (&json!("async"), &json!("work"))
    );
    assert!(done.to_string().contains("worked"), "{done}");
    browser.event("work_badly", json!({})).await;
    let done = browser.next().await;
    assert!(done.to_string().contains("the work is too hard"), "{done}");
    browser.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ticks_come_by_themselves() {
    let host = start().await;
    let mut browser = Browser::connected(&host).await;
    browser.mount("demo.Clock", "/clock/").await;
    let start = Instant::now();
    for ticks in 1..=5 {
        let frame = browser.next().await;
        assert_eq!(
            (&frame["source"], &frame["patches"][0]["text"]),
            (&json!("tick"), &json!(ticks.to_string()))
        );
    }
    assert!(
        start.elapsed() >= Duration::from_millis(80),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_in_pieces_arrives_whole() {
    let host = start().await;
    let mut browser = Browser::connected(&host).await;
    let mounted = browser.mount("demo.Files", "/files/").await;
    let piece_bytes = usize::try_from(
        mounted["upload_configs"]["document"]["chunk_size"]
            .as_u64()
            .unwrap(),
    )
    .unwrap();
    let data: Vec<u8> = (0..200_000_u32).map(|place| (place * 7 % 251) as u8).collect();
    let (reference, bytes) = (
        "00112233-4455-6677-8899-aabbccddeeff",
        0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128,
    );
    browser
        .send(
            &json!({"type": "upload_register", "upload_name": "document", "ref": reference,
            "client_name": "a.bin", "client_type": "application/octet-stream", "client_size": data.len()}),
        )
        .await;
    assert_eq!(browser.next().await["type"], "upload_registered");
    for (index, piece) in data.chunks(piece_bytes).enumerate() {
        let index = u32::try_from(index).unwrap();
        let message = [&[1][..], &bytes.to_be_bytes(), &index.to_be_bytes(), piece].concat();
        browser.socket.send(Message::binary(message)).await.unwrap();
        assert_eq!(browser.next().await["status"], "uploading");
    }
    let end = [&[2][..], &bytes.to_be_bytes()].concat();
    browser.socket.send(Message::binary(end)).await.unwrap();
    assert_eq!(browser.next().await["status"], "complete");
    let saved = browser.event("save", json!({})).await;
    assert_eq!(
        saved["patches"][0]["node"]["text"],
        format!("a.bin {}", checksum(&data)),
        "{saved}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_in_msgpack_and_pings() {
    let host = start().await;
    let mut browser = Browser::open(&host).await;
    // {"type": "ping"}
    browser
        .socket
        .send(Message::binary(b"\x81\xa4type\xa4ping".to_vec()))
        .await
        .unwrap();
    assert_eq!(browser.next().await["type"], "pong");
    browser.socket.send(Message::Ping("there?".into())).await.unwrap();
    assert_eq!(
        browser.message(Duration::from_secs(5)).await,
        Some(Message::Pong("there?".into()))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_holds_up_nobody_else() {
    let host = start().await;
    let mut other = Browser::open(&host).await;
    // At first nothing is known of the view, then its turns are known to be short, then no longer.
    for (slow, short_turns) in [(3, 300), (1, 1), (3, 1)] {
        let mut browsers = Vec::new();
        for _ in 0..slow {
            let mut browser = Browser::open(&host).await;
            browser.post("block", json!({})).await;
            browsers.push(browser);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let start = Instant::now();
        other.still_works().await;
        assert!(
            start.elapsed() < Duration::from_millis(700),
            "{:?}",
            start.elapsed()
        );
        for browser in &mut browsers {
            assert!(browser.next().await.to_string().contains("blocked"));
        }
        for _ in 0..short_turns {
            other.still_works().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_observer_is_told_of_turns() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&seen);
    let host = start_with(HostOptions {
        on_turn: Some(Arc::new(move |session, turn| {
            into.lock()
                .unwrap()
                .push((session.to_owned(), turn.cause.clone(), turn.after.len()));
        })),
        ..HostOptions::default()
    })
    .await;
    let mut browser = Browser::open(&host).await;
    browser.still_works().await;
    let seen = seen.lock().unwrap();
    let causes: Vec<String> = seen.iter().map(|(_, cause, _)| format!("{cause:?}")).collect();
    assert_eq!(causes, ["Mount", r#"Event { name: "add", reference: Some(1) }"#]);
    assert!(
        seen.iter()
            .all(|(session, _, names)| *session == browser.session_id && *names == 2),
        "{seen:?}"
    );
}

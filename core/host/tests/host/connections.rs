//! How connections begin and end.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::browser::{Browser, connect};
use crate::http::get;
use crate::site::start;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_connection_mounts_anew() {
    let host = start().await;
    let mut browser = Browser::connected(&host).await;
    let mounted = browser.mount("demo.Counter", "/").await;
    assert_eq!(mounted["version"], 1);
    for _ in 0..3 {
        browser.still_works().await;
    }
    let first_id = browser.session_id.clone();
    drop(browser);
    let mut again = Browser::connected(&host).await;
    let mounted = again.mount("demo.Counter", "/").await;
    assert_eq!(mounted["version"], 1);
    assert!(mounted["html"].as_str().unwrap().contains(">0<"), "{mounted}");
    assert_ne!(again.session_id, first_id);
    assert_eq!(mounted["session_id"], again.session_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_closes_is_answered() {
    let host = start().await;
    let mut browser = Browser::open(&host).await;
    let close = CloseFrame {
        code: 4999.into(),
        reason: "enough".into(),
    };
    browser.socket.send(Message::Close(Some(close))).await.unwrap();
    assert_eq!(browser.until_closed().await, (Vec::new(), 4999));
    let mut wordless = Browser::open(&host).await;
    wordless.socket.send(Message::Close(None)).await.unwrap();
    assert_eq!(
        wordless.message(Duration::from_secs(5)).await,
        Some(Message::Close(None))
    );
    while host.connections() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_panics_ends_its_own_connection_only() {
    let host = start().await;
    let (mut other, mut browser) = (Browser::open(&host).await, Browser::open(&host).await);
    browser.post("explode", json!({})).await;
    assert_eq!(browser.until_closed().await, (Vec::new(), 1011));
    let mut broken = Browser::connected(&host).await;
    broken
        .send(&json!({"type": "mount", "view": "demo.Broken", "params": {}, "url": "/broken/"}))
        .await;
    assert_eq!(broken.until_closed().await, (Vec::new(), 1011));
    other.still_works().await;
    Browser::open(&host).await.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_for_others_closes() {
    let host = start().await;
    let mut browser = Browser::connected(&host).await;
    browser
        .send(&json!({"type": "mount", "view": "demo.Secret", "params": {}, "url": "/secret/"}))
        .await;
    let (frames, code) = browser.until_closed().await;
    assert_eq!(
        (frames[0]["to"].as_str(), code),
        (Some("/accounts/login/?next=/secret/"), 4403),
        "{frames:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_tells_everybody() {
    let host = start().await;
    let address = host.address();
    let mut browsers = [Browser::open(&host).await, Browser::open(&host).await];
    let waiting = TcpStream::connect(address).await.unwrap();
    let stopping = tokio::spawn(async move { host.stop().await });
    for browser in &mut browsers {
        assert_eq!(browser.until_closed().await, (Vec::new(), 1001));
    }
    drop((browsers, waiting));
    assert!(stopping.await.unwrap(), "all have ended");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_does_not_wait_for_a_handler_for_ever() {
    let limits = djscope_host::Limits {
        stop_timeout: Duration::from_millis(200),
        ..djscope_host::Limits::default()
    };
    let host = crate::site::start_with_limits(limits).await;
    let mut browser = Browser::open(&host).await;
    browser.post("block", json!({})).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!host.stop().await);
}

#[tokio::test]
async fn one_thread_is_enough() {
    let host = start().await;
    assert_eq!(get(host.address(), "/").await.status, 200);
    let mut browser = connect(host.address(), &[]).await.unwrap();
    browser.mount("demo.Counter", "/").await;
    browser.still_works().await;
    browser.event("work", json!({})).await;
    assert_eq!(browser.next().await["source"], "async");
}

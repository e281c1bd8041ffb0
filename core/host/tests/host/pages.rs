//! Pages and files over HTTP.

use std::sync::Arc;

use djscope_host::{CLIENT_SCRIPT, HostOptions, StaticFile, Visitor};
use djscope_live::User;

use crate::browser::Browser;
use crate::http::{ask, get, send};
use crate::site::{start, start_site, start_with, unlimited};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_with_its_headers_and_a_name_for_its_visitor() {
    let host = start().await;
    let page = get(host.address(), "/").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(r#"dj-view="demo.Counter""#), "{}", page.body);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    let cookie = page.header("set-cookie").unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert!(pair.starts_with("djscope_visitor="), "{cookie}");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax");
    let headers = format!("Host: localhost\r\nCookie: {pair}\r\n");
    let again = ask(host.address(), "GET", "/", &headers).await;
    assert_eq!((again.status, again.header("set-cookie")), (200, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_no_page() {
    let host = start().await;
    let address = host.address();
    let missing = get(address, "/nowhere/").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.header("x-frame-options"), Some("DENY"));
    let login = get(address, "/secret/").await;
    assert_eq!(login.status, 302);
    assert_eq!(login.header("location"), Some("/accounts/login/?next=/secret/"));
    let login = get(address, "/secret/a%0d%0aSet-Cookie:%20x&b/").await;
    let next = "/secret/a%0D%0ASet-Cookie%3A%20x%26b/";
    assert_eq!(
        login.header("location"),
        Some(&*format!("/accounts/login/?next={next}"))
    );
    let broken = get(address, "/broken/").await;
    assert_eq!(broken.status, 500);
    assert!(!broken.body.contains("explodes"), "{}", broken.body);
    for path in ["/", "/static/djscope/client/client.js", "/nowhere/"] {
        let headers = "Host: localhost\r\nContent-Length: 3\r\n";
        let posted = ask(address, "POST", path, headers).await;
        assert_eq!(
            (posted.status, posted.header("allow")),
            (405, Some("GET, HEAD")),
            "{path}"
        );
    }
    let head = ask(address, "HEAD", "/", "Host: localhost\r\n").await;
    assert_eq!((head.status, &*head.body), (200, ""));
    let full = get(address, "/").await;
    assert_eq!(head.header("content-length"), Some(&*full.body.len().to_string()));
    Browser::open(&host).await.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_none() {
    let host = start().await;
    for request in [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\nbroken\r\n\r\n"[..],
        b"\x00\xff\x00\xff\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let answer = send(host.address(), request).await;
        assert_eq!(answer.status, 400, "{request:?}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(100_000));
    let answer = send(host.address(), long.as_bytes()).await;
    assert!(matches!(answer.status, 414 | 431), "{}", answer.status);
    Browser::open(&host).await.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_and_queries_are_decoded_for_the_page_and_for_its_connection() {
    let host = start().await;
    let page = get(host.address(), "/items/caf%C3%A9%20noir/?q=a%20b%26c").await;
    assert!(page.body.contains(">café noir a b&amp;c<"), "{}", page.body);
    let mut browser = Browser::connected(&host).await;
    let mounted = browser.mount("demo.Item", "/items/caf%C3%A9%20noir/").await;
    assert!(
        mounted["html"].as_str().unwrap().contains("café noir"),
        "{mounted}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_users_of_a_site() {
    let users = |visitor: &Visitor| match visitor.cookie("login") {
        Some(name) => User::named(name, &[]),
        None => User::anonymous(),
    };
    let host = start_with(HostOptions {
        users: Some(Arc::new(users)),
        ..HostOptions::default()
    })
    .await;
    assert_eq!(get(host.address(), "/secret/").await.status, 302);
    let cookies = "login=ada; djscope_visitor=AAAAAAAAAAAAAAAAAAAAAA";
    let headers = format!("Host: localhost\r\nCookie: {cookies}\r\n");
    let page = ask(host.address(), "GET", "/secret/", &headers).await;
    let shown = page.body.split("dj-root>").nth(1).unwrap();
    let (name, token) = shown.split('<').next().unwrap().split_once(' ').unwrap();
    assert_eq!(name, "ada");
    assert_eq!(token.len(), 43, "{token}");
    let mut browser = crate::browser::connect(host.address(), &[("cookie", cookies)])
        .await
        .unwrap();
    let mounted = browser.mount("demo.Secret", "/secret/").await;
    assert_eq!(
        mounted["html"],
        format!("ada {token}"),
        "the token is the same on the connection"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_93_files_and_nothing_else() {
    let host = start_with(HostOptions {
        files: vec![StaticFile {
            name: "djust/client.js".to_owned(),
            media_type: "text/javascript".to_owned(),
            content: b"window.djust = {};".to_vec(),
        }],
        ..HostOptions::default()
    })
    .await;
    let address = host.address();
    let module = get(address, "/static/djscope/client/client.js").await;
    assert_eq!(module.status, 200);
    assert_eq!(
        module.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    assert!(module.body.contains("export function start"), "{}", module.body);
    let headers = format!(
        "Host: localhost\r\nIf-None-Match: {}\r\n",
        module.header("etag").unwrap()
    );
    let again = ask(address, "GET", "/static/djscope/client/client.js", &headers).await;
    assert_eq!((again.status, &*again.body), (304, ""));
    let given = get(address, "/static/djust/client.js").await;
    assert_eq!((given.status, &*given.body), (200, "window.djust = {};"));
    assert_ne!(given.header("etag"), module.header("etag"));
    for path in [
        "/static/",
        "/static/djscope/client/",
        "/static/djscope/client/README.md",
        "/static/../Cargo.toml",
        "/static/djscope/client/../../../Cargo.toml",
        "/static/djscope/client/..%2f..%2fCargo.toml",
        "/static/%2e%2e/%2e%2e/Cargo.toml",
        "/static/djscope/client/%252e%252e%252fCargo.toml",
        "/static/djscope/client/..%5cCargo.toml",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/djscope/client/client.js%00.txt",
        "/static/djscope%2fclient%2fclient.js",
        "//static/djscope/client/client.js",
    ] {
        assert_eq!(get(address, path).await.status, 404, "{path}");
    }
    Browser::open(&host).await.still_works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_93_the_script_of_a_page_names_a_file_that_is_there() {
    let host = start_site(
        HostOptions::default(),
        djscope_live::Settings {
            scripts: CLIENT_SCRIPT.into(),
            ..unlimited()
        },
    )
    .await;
    let page = get(host.address(), "/").await;
    let address = page
        .body
        .split("from \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(get(host.address(), address).await.status, 200, "{address}");
}

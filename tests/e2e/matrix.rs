//! The views of `tests/matrix` are the same pages on every host and with every client.

use std::sync::Arc;

use djscope_host::{CLIENT_SCRIPT, HostOptions, StaticFile};
use djscope_tests::matrix;
use djscope_tests::project::{self, Kind, Server};

use crate::document;
use crate::equal_pages::{Client, Compared, Host, assert_equal, compare};
use crate::journeys::Step::{self, Back, Choose, Click, Escape, Fill, Leave, Until, Upload};

/// A page and what is done on it.
pub(crate) const MATRIX: &[(&str, &[Step])] = &[
    (
        "/matrix/counter/",
        &[
            Click("#increment"),
            Click("#decrement"),
            Click("#decrement"),
            Click("#add-five"),
            Click("#add"),
        ],
    ),
    (
        "/matrix/products/",
        &[
            Fill("#search", "bolt"),
            Until("document.querySelector('#found').textContent === '5 of 40'"),
            Fill("#search", "no such thing"),
            Until("document.querySelector('#found').textContent === '0 of 40'"),
            Fill("#search", ""),
            Until("document.querySelector('#found').textContent === '40 of 40'"),
            Click("#by-name"),
            Click("#by-price"),
            Click("#by-price"),
            Click("#rows tr:nth-child(3) button"),
            Fill("#search", "Red N"),
            Until("document.querySelector('#found').textContent === '2 of 39'"),
            Click("#rows tr:first-child button"),
            Fill("#search", ""),
            Until("document.querySelector('#found').textContent === '38 of 38'"),
        ],
    ),
    (
        "/matrix/contact/",
        &[
            Fill("[name=email]", "no mail"),
            Leave,
            Click("#send"),
            Fill("[name=name]", "Ada"),
            Leave,
            Fill("[name=email]", "ada@example.org"),
            Leave,
            Fill("[name=message]", "Hi"),
            Leave,
            Fill("[name=message]", "Hello <there>"),
            Leave,
            Click("#send"),
        ],
    ),
    (
        "/matrix/tabs/?page=2",
        &[
            Click("#tab-second"),
            Click("#next-page"),
            Click("#tab-third"),
            Back,
            Click("#tab-first"),
            Click("#leave"),
            Click("#increment"),
        ],
    ),
    (
        "/matrix/chat/",
        &[
            Click("#send"),
            Fill("#say [name=text]", "hello"),
            Click("#send"),
            Fill("#say [name=text]", "1 < 2 & \"so\""),
            Click("#send"),
        ],
    ),
    (
        "/matrix/model/",
        &[
            Fill("#name", "Bob"),
            Click("#show"),
            Fill("#city", "Rome"),
            Leave,
            Click("#subscribed"),
            Choose("#color", "blue"),
            Click("#show"),
            Click("#subscribed"),
            Click("#show"),
        ],
    ),
    (
        "/matrix/tick/",
        &[
            Until("document.querySelector('#done')"),
            Click("#again"),
            Until("document.querySelector('#done')"),
        ],
    ),
    (
        "/matrix/push/",
        &[
            Click("#start"),
            Until("document.querySelector('#pushes').textContent === '1'"),
            Click("#start"),
            Until("document.querySelector('#pushes').textContent === '2'"),
        ],
    ),
    (
        "/matrix/decorators/",
        &[
            Fill("#debounced", "abc"),
            Until("document.querySelector('#last').textContent === 'debounced abc'"),
            Click("#throttled"),
            Click("#cached"),
            Click("#cached"),
            Click("#limited"),
            Click("#forbidden"),
            Escape,
            Click("#limited"),
        ],
    ),
    (
        "/matrix/upload/",
        &[
            Upload("#document"),
            Click("#keep"),
            Until("document.querySelector('#files').textContent === 'djscope-upload.txt: 17000 bytes'"),
        ],
    ),
];

/// The first is the one that the others are compared with.
const HOSTS: [&str; 4] = [
    "djust, djust's client",
    "djust, our client",
    "djscope, djust's client",
    "djscope, our client",
];

/// What a page of djust has before djust's client, as far as the client reads it.
const FLAGS: &str = "<script>Object.assign(window, {DJUST_USE_WEBSOCKET: true, DJUST_DEBUG_VDOM: false, \
                     DJUST_WS_COMPRESSION: true, djustDebug: true, DEBUG_MODE: true});</script>";

async fn serve(scripts: &str) -> djscope_host::Host {
    let client = StaticFile {
        name: "djust/client.js".into(),
        media_type: "text/javascript; charset=utf-8".into(),
        content: project::client_script().into(),
    };
    let options = HostOptions {
        files: vec![client],
        ..HostOptions::default()
    };
    djscope_host::Host::start(options, Arc::new(matrix::site(scripts)))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_equal_on_every_host() {
    let servers = [Server::start(Kind::Daphne), Server::start(Kind::Daphne)];
    let djusts_scripts = format!("{FLAGS}<script src=\"/static/djust/client.js\" defer></script>");
    let ours = [serve(&djusts_scripts).await, serve(CLIENT_SCRIPT).await];
    let host = |name: usize, address, client| Host {
        name: HOSTS[name],
        origin: format!("http://{address}"),
        client,
    };
    let hosts = [
        host(0, servers[0].address, Client::Djusts),
        host(1, servers[1].address, Client::OursInPlace),
        host(2, ours[0].address(), Client::Djusts),
        host(3, ours[1].address(), Client::Ours),
    ];
    let compared = compare(&hosts, MATRIX).await;
    assert_equal(&compared);
    document::check("matrix.md", &document(&compared));
}

fn document(compared: &[Compared]) -> String {
    let mut document = format!(
        "# The matrix\n\n\
         The views of `tests/matrix` are served by djust {} and by djscope's host, and visited in Chromium with djust's\n\
         client and with ours. `tests/e2e/matrix.rs`, which also writes this document, does the same with all four. After\n\
         each step it compares the page with what djust's client makes of it on djust: address, title, and every element,\n\
         attribute, text and field of the view. The table says how many pages were equal.\n\n\
         djscope's host answers `dj-model` with nothing here, as djust does (`Settings::model_writes_render`).\n\n\
         | page | steps | {} |\n| --- | --- | {} |\n",
        project::djust_version(),
        HOSTS[1..].join(" | "),
        ["---"; HOSTS.len() - 1].join(" | "),
    );
    for (path, steps) in MATRIX {
        let of_page = compared.iter().filter(|compared| compared.path == *path);
        let cells: Vec<String> = of_page
            .map(|Compared { equal, pages, .. }| format!("{equal} of {pages}"))
            .collect();
        document.push_str(&format!(
            "| `{path}` | {} | {} |\n",
            steps.len(),
            cells.join(" | ")
        ));
    }
    document
}

//! The views of `tests/matrix` are the same pages on every host and with every client.

use djscope_tests::project::{Kind, Server};

use crate::equal_pages::{Client, Host, compare};
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
    ("/matrix/upload/", &[Upload("#document"), Click("#keep")]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_equal_on_every_host() {
    let servers = [Server::start(Kind::Daphne), Server::start(Kind::Daphne)];
    let host = |name, server: &Server, client| Host {
        name,
        origin: format!("http://{}", server.address),
        client,
    };
    let hosts = [
        host("djust with its client", &servers[0], Client::OfServer),
        host("djust with our client", &servers[1], Client::Ours),
    ];
    compare(&hosts, MATRIX).await;
}

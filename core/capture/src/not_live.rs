//! A server that takes djust's WebSocket for a page: why its pages are not live, and what to do.

use crate::observation::SocketOpened;

/// djust's client connects here unless the project gives it another address (djust `03-websocket.js`).
pub const LIVE_PATH: &str = "/ws/live/";

/// Whether a path, with or without a query, is the one of djust's socket.
pub fn is_live_path(path: &str) -> bool {
    path.split('?').next() == Some(LIVE_PATH)
}

/// What is wrong if djust's socket was answered as a page that does not exist. None if it was not.
pub fn sentence(opened: &SocketOpened) -> Option<String> {
    if opened.status != 404 || !is_live_path(&opened.path) {
        return None;
    }
    let why = if opened.server.starts_with("WSGIServer") {
        format!(
            "it is served by WSGI ({}), which has no WebSockets",
            opened.server
        )
    } else {
        "the server takes it for a page, as WSGI servers do, and uvicorn without a WebSocket library"
            .to_owned()
    };
    Some(format!(
        "djust's pages are not live: {LIVE_PATH} was answered with 404, because {why}; put \"daphne\" first in \
         INSTALLED_APPS and set ASGI_APPLICATION, then runserver serves by ASGI, or start daphne or uvicorn[standard] \
         instead"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_live_socket_that_is_not_found_is_named() {
        let cases = [
            (
                "/ws/live/",
                404,
                "WSGIServer/0.2 CPython/3.11.7",
                Some("served by WSGI (WSGIServer/0.2"),
            ),
            ("/ws/live/?x=1", 404, "uvicorn", Some("takes it for a page")),
            ("/ws/live/", 101, "daphne", None),
            ("/ws/live/", 403, "daphne", None),
            ("/ws/echo/", 404, "WSGIServer/0.2", None),
        ];
        for (path, status, server, expected) in cases {
            let opened = SocketOpened {
                connection: 1,
                t_us: 0,
                path: path.to_owned(),
                status,
                extensions: String::new(),
                server: server.to_owned(),
                is_websocket: true,
            };
            let said = sentence(&opened);
            assert_eq!(said.is_some(), expected.is_some(), "{path} {status}");
            if let (Some(said), Some(expected)) = (said, expected) {
                assert!(
                    said.contains(expected) && said.contains("ASGI_APPLICATION"),
                    "{said}"
                );
            }
        }
    }
}

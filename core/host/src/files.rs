//! Static files: the browser client, and what the embedding program adds.

use std::collections::HashMap;
use std::io;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use include_dir::{Dir, include_dir};

static CLIENT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/client");

/// What a page needs for the browser client of djscope: for `Settings::scripts` of the engine.
pub const CLIENT_SCRIPT: &str =
    r#"<script type="module">import { start } from "/static/djscope/client/client.js"; start();</script>"#;

/// A module of the browser client by its name, as in `client.js`.
pub fn client_module(name: &str) -> Option<&'static [u8]> {
    let module = CLIENT.get_file(name).filter(|_| name.ends_with(".js"));
    module.map(include_dir::File::contents)
}

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// A file that the embedding program adds.
#[derive(Clone, Debug)]
pub struct StaticFile {
    /// Where it is: what follows `/static/`.
    pub name: String,
    /// Media type: `text/css`.
    pub media_type: String,
    /// Content.
    pub content: Vec<u8>,
}

/// All static files by their names. There is no file system behind them, and so no way out of it.
#[derive(Debug)]
pub struct Files {
    by_name: HashMap<String, File>,
}

#[derive(Debug)]
struct File {
    media_type: HeaderValue,
    etag: HeaderValue,
    content: Bytes,
}

impl Files {
    /// The browser client and other files.
    ///
    /// # Errors
    ///
    /// If a media type is none.
    pub fn new(others: Vec<StaticFile>) -> io::Result<Self> {
        let modules = CLIENT
            .files()
            .filter(|file| file.path().extension().is_some_and(|extension| extension == "js"))
            .map(|file| {
                let name = format!("djscope/client/{}", file.path().display());
                (name, JAVASCRIPT.to_owned(), Bytes::from_static(file.contents()))
            });
        let others = others
            .into_iter()
            .map(|file| (file.name, file.media_type, Bytes::from(file.content)));
        let by_name = modules
            .chain(others)
            .map(|(name, media_type, content)| Ok((name, File::new(&media_type, content)?)))
            .collect::<io::Result<_>>()?;
        Ok(Self { by_name })
    }

    /// The file of a name, if there is one.
    pub fn answer(&self, name: &str, request: &HeaderMap) -> Option<Response<Body>> {
        let file = self.by_name.get(name)?;
        let is_known = request.get(IF_NONE_MATCH) == Some(&file.etag);
        let mut response = Response::new(if is_known {
            Body::empty()
        } else {
            Body::from(file.content.clone())
        });
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, file.media_type.clone());
        headers.insert(ETAG, file.etag.clone());
        // It may be kept, but has to be asked for: modules come and go with the program.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Some(response)
    }
}

impl File {
    fn new(media_type: &str, content: Bytes) -> io::Result<Self> {
        let hash = blake3::hash(&content).to_hex();
        let header = |text: &str| {
            HeaderValue::from_str(text)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, format!("no media type: {text:?}")))
        };
        Ok(Self {
            media_type: header(media_type)?,
            etag: header(&format!("\"{}\"", &hash[..32]))?,
            content,
        })
    }
}

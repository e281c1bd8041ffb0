//! The pages of a recording: which document each socket lived in, and where the files of a page are.

use std::collections::HashMap;

use djscope_recording::model::{Connection, ConnectionId, Direction, HttpExchange, HttpId, Micros, TurnId};
use djscope_recording::{BodySide, Reader, RecordingError};
use serde_json::Value;

use crate::server::cookies::Visitors;
use crate::server::script::header;

/// Frames of a socket among which its mount is looked for.
const FIRST_FRAMES: u32 = 50;

/// A page that can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What it is called in its origin: `c7` for socket 7, `h12` for the answer 12 without a socket.
    pub name: String,
    /// Its socket.
    pub connection: Option<ConnectionId>,
    /// The answer with its document; none if that is not in the recording.
    pub document: Option<HttpId>,
    /// Path and query.
    pub url: String,
    /// Path of its socket.
    pub socket_path: String,
    /// Class of its view, as its mount says.
    pub view: String,
    /// djust's client is in the recording, whole.
    pub has_client: bool,
}

/// An event that the client sent over HTTP, as it does where its socket has no view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The exchange.
    pub http: HttpId,
    /// The turn.
    pub turn: Option<TurnId>,
    /// When its answer had come.
    pub t_us: Micros,
    /// The event.
    pub event: String,
    path: String,
    asked_us: Micros,
}

impl Post {
    fn of(exchange: &HttpExchange) -> Option<Self> {
        let event = header(&exchange.request_headers, "x-djust-event");
        (exchange.method == "POST" && !event.is_empty()).then(|| Self {
            http: exchange.http,
            turn: exchange.turn,
            t_us: exchange
                .t_us
                .saturating_add_unsigned(exchange.duration_us.unwrap_or(0)),
            event: event.to_owned(),
            path: path_of(&exchange.url).to_owned(),
            asked_us: exchange.t_us,
        })
    }
}

fn path_of(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}

/// An answer that is a file of pages.
#[derive(Clone, Copy, Debug)]
struct File {
    http: HttpId,
    t_us: Micros,
    is_redacted: bool,
}

/// All pages and files.
#[derive(Debug, Default)]
pub struct Pages {
    pages: Vec<Page>,
    by_name: HashMap<String, usize>,
    by_connection: HashMap<ConnectionId, usize>,
    by_document: HashMap<HttpId, usize>,
    /// By path and query.
    files: HashMap<String, Vec<File>>,
    posts: Vec<Post>,
    times: HashMap<HttpId, Micros>,
}

/// An answer with a document.
struct Document {
    exchange: HttpExchange,
    visitor: usize,
}

impl Pages {
    /// Finds them.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn of(reader: &Reader) -> Result<Self, RecordingError> {
        let mut pages = Self::default();
        let (documents, upgrades) = pages.exchanges(reader)?;
        let mut upgrades = upgrades.into_iter();
        for connection in reader.connections()? {
            if connection.status != 101 {
                continue;
            }
            let visitor = upgrades.next();
            if connection.is_djust {
                let page = pages.of_connection(reader, &documents, &connection, visitor)?;
                pages.add(page);
            }
        }
        for document in &documents {
            let http = document.exchange.http;
            if !pages.by_document.contains_key(&http) {
                let page = pages.without_socket(reader, &document.exchange)?;
                pages.add(page);
            }
        }
        Ok(pages)
    }

    /// Reads all answers. Gives those with a document, and who asked for each socket.
    fn exchanges(&mut self, reader: &Reader) -> Result<(Vec<Document>, Vec<usize>), RecordingError> {
        let mut visitors = Visitors::default();
        let (mut documents, mut upgrades) = (Vec::new(), Vec::new());
        let mut from = 0;
        loop {
            let page = reader.http(from, 1000)?;
            if page.rows.is_empty() {
                return Ok((documents, upgrades));
            }
            from += page.rows.len() as u64;
            for exchange in page.rows {
                let visitor = visitors.of(&exchange.request_headers, &exchange.response_headers);
                if exchange.status == 101 {
                    upgrades.push(visitor);
                }
                self.posts.extend(Post::of(&exchange));
                if exchange.method != "GET" || exchange.response_body.length == 0 {
                    continue;
                }
                self.times.insert(exchange.http, exchange.t_us);
                let file = File {
                    http: exchange.http,
                    t_us: exchange.t_us,
                    is_redacted: exchange.response_body.redacted,
                };
                if exchange.status == 200 {
                    self.files.entry(exchange.url.clone()).or_default().push(file);
                }
                if header(&exchange.response_headers, "content-type").contains("html") {
                    documents.push(Document { exchange, visitor });
                }
            }
        }
    }

    fn of_connection(
        &self,
        reader: &Reader,
        documents: &[Document],
        connection: &Connection,
        visitor: Option<usize>,
    ) -> Result<Page, RecordingError> {
        let mount = mount_of(reader, connection.connection)?;
        let path = mount["url"].as_str().unwrap_or_default();
        let before = || {
            documents
                .iter()
                .rev()
                .filter(|document| document.exchange.t_us <= connection.opened_us)
        };
        let is_of_path = |document: &&Document| path_of(&document.exchange.url) == path;
        let is_theirs = |document: &&Document| visitor.is_none_or(|visitor| document.visitor == visitor);
        let found = before()
            .find(|document| is_of_path(document) && is_theirs(document))
            .or_else(|| before().find(is_of_path))
            // A socket that mounted nothing belongs to the page that was loaded last.
            .or_else(|| before().find(is_theirs).filter(|_| path.is_empty()));
        let document = found.map(|document| &document.exchange);
        let url = document.map_or(path, |exchange| exchange.url.as_str());
        let (socket_path, _) = connection.path.split_once('?').unwrap_or((&connection.path, ""));
        Ok(Page {
            name: format!("c{}", connection.connection),
            connection: Some(connection.connection),
            document: document.map(|exchange| exchange.http),
            url: if url.starts_with('/') {
                url.to_owned()
            } else {
                "/".to_owned()
            },
            socket_path: socket_path.to_owned(),
            view: mount["view"].as_str().unwrap_or_default().to_owned(),
            has_client: match document {
                Some(exchange) => self.has_client(reader, exchange)?,
                None => false,
            },
        })
    }

    fn without_socket(&self, reader: &Reader, exchange: &HttpExchange) -> Result<Page, RecordingError> {
        Ok(Page {
            name: format!("h{}", exchange.http),
            connection: None,
            document: Some(exchange.http),
            url: exchange.url.clone(),
            socket_path: String::new(),
            view: String::new(),
            has_client: self.has_client(reader, exchange)?,
        })
    }

    /// Whether the scripts that the page names as djust's client are in the recording. One that names none needs none.
    fn has_client(&self, reader: &Reader, exchange: &HttpExchange) -> Result<bool, RecordingError> {
        let body = reader
            .http_body(exchange.http, BodySide::Response)?
            .unwrap_or_default();
        let html = String::from_utf8_lossy(&body);
        let mut sources = html
            .split("src=\"")
            .skip(1)
            .filter_map(|part| part.split('"').next());
        Ok(sources.all(|source| !is_client(source) || self.file(source, exchange.t_us, true).is_some()))
    }

    fn add(&mut self, page: Page) {
        let index = self.pages.len();
        self.by_name.insert(page.name.clone(), index);
        if let Some(connection) = page.connection {
            self.by_connection.insert(connection, index);
        }
        if let Some(document) = page.document {
            self.by_document.entry(document).or_insert(index);
        }
        self.pages.push(page);
    }

    /// The page of that name.
    pub fn named(&self, name: &str) -> Option<&Page> {
        self.by_name.get(name).map(|index| &self.pages[*index])
    }

    /// The page of a socket.
    pub fn of_socket(&self, connection: ConnectionId) -> Option<&Page> {
        self.by_connection
            .get(&connection)
            .map(|index| &self.pages[*index])
    }

    /// The page that an answer is the document of.
    pub fn of_document(&self, http: HttpId) -> Option<&Page> {
        self.by_document.get(&http).map(|index| &self.pages[*index])
    }

    /// The last page with that path before a moment.
    pub fn last_at(&self, path: &str, t_us: Micros) -> Option<&Page> {
        let time = |page: &Page| {
            page.document
                .and_then(|document| self.times.get(&document))
                .copied()
        };
        let is_of_path = |page: &&Page| path_of(&page.url) == path;
        let before = self
            .pages
            .iter()
            .filter(is_of_path)
            .filter(|page| time(page).is_some_and(|at| at <= t_us));
        before.max_by_key(|page| time(page))
    }

    /// The page on which an event was sent over HTTP.
    pub fn of_post(&self, http: HttpId) -> Option<&Page> {
        let post = self.posts.iter().find(|post| post.http == http)?;
        self.last_at(&post.path, post.asked_us)
    }

    /// The events that were sent over HTTP on a page, oldest first.
    pub fn posts<'a>(&'a self, page: &'a Page) -> impl Iterator<Item = &'a Post> {
        let is_on_it = move |post: &&Post| self.last_at(&post.path, post.asked_us) == Some(page);
        self.posts.iter().filter(is_on_it)
    }

    /// The answer that holds the file of an address, the nearest to a moment; with the same query, if there is one.
    pub fn file(&self, url: &str, t_us: Micros, is_whole: bool) -> Option<HttpId> {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let of = |url: &str| {
            let files = self
                .files
                .get(url)?
                .iter()
                .filter(|file| !is_whole || !file.is_redacted);
            files
                .min_by_key(|file| file.t_us.abs_diff(t_us))
                .map(|file| file.http)
        };
        of(url).or_else(|| of(path))
    }

    /// When the document of a page was asked for.
    pub fn time_of(&self, page: &Page) -> Micros {
        page.document
            .and_then(|document| self.times.get(&document).copied())
            .unwrap_or(0)
    }

    /// Pages for which djust's client is not in the recording.
    pub fn without_client(&self) -> usize {
        self.pages
            .iter()
            .filter(|page| page.document.is_some() && !page.has_client)
            .count()
    }

    /// Sockets whose document is not in the recording.
    pub fn without_document(&self) -> usize {
        self.pages.iter().filter(|page| page.document.is_none()).count()
    }
}

/// True for the address of djust's client: `/static/djust/client.js`, also with a hash in its name.
pub fn is_client(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit_once('/').is_some_and(|(folder, file)| {
        folder.ends_with("djust") && file.starts_with("client.") && file.ends_with(".js")
    })
}

/// The mount that the browser asked for over a socket.
fn mount_of(reader: &Reader, connection: ConnectionId) -> Result<Value, RecordingError> {
    let frames = reader.frames_of_connection(connection, 0, FIRST_FRAMES)?;
    let mount = frames
        .iter()
        .find(|frame| frame.direction == Direction::ToServer && frame.kind == "mount");
    Ok(mount
        .and_then(|frame| serde_json::from_str(&frame.payload).ok())
        .unwrap_or(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_scripts_are_djusts_client() {
        for (url, expected) in [
            ("/static/djust/client.js", true),
            ("/static/djust/client.min.js?v=1", true),
            ("/assets/djust/client.4f3b1c2d.js", true),
            ("/static/djust/client.min.4f3b.js", true),
            ("/static/djust/client-dev.js", false),
            ("/static/djust/debug-panel.js", false),
            ("/static/shop/client.js", false),
            ("client.js", false),
        ] {
            assert_eq!(is_client(url), expected, "{url}");
        }
    }
}

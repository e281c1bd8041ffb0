//! Many browsers that cost little: frames are written and read by hand.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::servers::Server;

/// Connections that are opened at the same time.
const AT_ONCE: usize = 50;

/// Browsers that have the page open.
pub struct Browsers {
    browsers: Vec<Browser>,
}

/// A WebSocket of the browser's side.
struct Browser {
    stream: TcpStream,
    /// What came and was not looked at yet.
    bytes: Vec<u8>,
    references: u32,
}

impl Browsers {
    pub async fn open(server: &Server, count: usize) -> Self {
        let mut browsers = Vec::with_capacity(count);
        while browsers.len() < count {
            let opening: Vec<_> = (0..AT_ONCE.min(count - browsers.len()))
                .map(|_| tokio::spawn(Browser::open(server.address, server.view())))
                .collect();
            for browser in opening {
                browsers.push(browser.await.unwrap());
            }
        }
        Self { browsers }
    }

    /// Each browser sends an event when it has the answer to the last; gives how many answers there were.
    pub async fn answer_after_answer(&mut self, duration: Duration) -> u32 {
        let end = Instant::now() + duration;
        let working: Vec<_> = self
            .browsers
            .drain(..)
            .map(|mut browser| {
                tokio::spawn(async move {
                    let mut answers = 0_u32;
                    while Instant::now() < end {
                        browser.send_event().await;
                        browser.answer().await;
                        answers += 1;
                    }
                    (browser, answers)
                })
            })
            .collect();
        let mut answers = 0;
        for work in working {
            let (browser, of_browser) = work.await.unwrap();
            self.browsers.push(browser);
            answers += of_browser;
        }
        answers
    }

    /// Events come at a rate, whatever the server does, from one browser after the other; gives how many milliseconds
    /// each answer took.
    pub async fn at_a_rate(&mut self, per_second: u32, duration: Duration) -> Vec<f64> {
        let start = Instant::now();
        let count = self.browsers.len();
        let events = (f64::from(per_second) * duration.as_secs_f64()) as usize;
        let working: Vec<_> = self
            .browsers
            .drain(..)
            .enumerate()
            .map(|(place, mut browser)| {
                let due: Vec<Instant> = (place..events)
                    .step_by(count)
                    .map(|event| start + duration.mul_f64(event as f64 / events as f64))
                    .collect();
                tokio::spawn(async move {
                    let times = browser.events_at(&due).await;
                    (browser, times)
                })
            })
            .collect();
        let mut times = Vec::with_capacity(events);
        for work in working {
            let (browser, of_browser) = work.await.unwrap();
            self.browsers.push(browser);
            times.extend(of_browser);
        }
        times
    }
}

impl Browser {
    async fn open(address: std::net::SocketAddr, view: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!(
            "GET /ws/live/ HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut browser = Self {
            stream,
            bytes: Vec::new(),
            references: 0,
        };
        let head_length = loop {
            if let Some(place) = browser.bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break place + 4;
            }
            browser.read().await;
        };
        assert!(browser.bytes.starts_with(b"HTTP/1.1 101"));
        browser.bytes.drain(..head_length);
        browser.frame("connect").await;
        let mount =
            format!(r#"{{"type":"mount","view":"{view}","params":{{}},"url":"/","has_prerendered":true}}"#);
        browser.send(&mount).await;
        browser.frame("mount").await;
        browser
    }

    async fn send(&mut self, text: &str) {
        // A mask of zeros leaves the bytes as they are.
        let mut frame = vec![0x81];
        match u8::try_from(text.len()) {
            Ok(short @ ..126) => frame.push(0x80 | short),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).await.unwrap();
    }

    async fn send_event(&mut self) {
        self.references += 1;
        let event = format!(
            r#"{{"type":"event","event":"increment","params":{{}},"ref":{}}}"#,
            self.references
        );
        self.send(&event).await;
    }

    async fn answer(&mut self) {
        self.frame("patch").await;
    }

    /// Sends events when they are due, and takes the answers, which come in their order; gives how many milliseconds
    /// each took.
    async fn events_at(&mut self, due: &[Instant]) -> Vec<f64> {
        let mut times = Vec::with_capacity(due.len());
        let mut sent = VecDeque::new();
        let mut due = due.iter().copied().peekable();
        while due.peek().is_some() || !sent.is_empty() {
            let next = due.peek().copied();
            tokio::select! {
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now).into()), if next.is_some() => {
                    due.next();
                    sent.push_back(Instant::now());
                    self.send_event().await;
                }
                () = self.answer(), if !sent.is_empty() => {
                    times.extend(sent.pop_front().map(|sent| sent.elapsed().as_secs_f64() * 1e3));
                }
            }
        }
        times
    }

    /// Waits for a frame of a type. What has come of it stays if nobody waits any longer.
    async fn frame(&mut self, kind: &str) {
        loop {
            if let Some((head, length)) = self.whole_frame() {
                let text = std::str::from_utf8(&self.bytes[head..head + length]).unwrap();
                // djust writes a space after the colon.
                let found = text
                    .strip_prefix(r#"{"type":"#)
                    .map(str::trim_start)
                    .unwrap_or_default();
                assert!(found.trim_start_matches('"').starts_with(kind), "{text}");
                self.bytes.drain(..head + length);
                return;
            }
            self.read().await;
        }
    }

    /// Length of the head and of what follows, if all of it is there.
    fn whole_frame(&self) -> Option<(usize, usize)> {
        let (head, length) = match *self.bytes.get(1)? {
            126 => (
                4,
                usize::from(u16::from_be_bytes([*self.bytes.get(2)?, *self.bytes.get(3)?])),
            ),
            short => (2, usize::from(short)),
        };
        (self.bytes.len() >= head + length).then_some((head, length))
    }

    async fn read(&mut self) {
        let read = self.stream.read_buf(&mut self.bytes).await.unwrap();
        assert!(read > 0, "the server has closed");
    }
}

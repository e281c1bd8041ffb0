//! RFC 6455 and RFC 7692 under arbitrary cuts.

use djscope_wire::websocket::{Decoder, Deflate, Event, Extensions, Failure, Payload, Peer};
use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Sent {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

/// One direction of a sender that does everything the RFCs allow.
struct Encoder {
    mask: Option<[u8; 4]>,
    deflate: Option<(Compress, bool)>,
    bytes: Vec<u8>,
}

impl Encoder {
    fn new(mask: Option<[u8; 4]>, deflate: Option<bool>) -> Self {
        let deflate = deflate.map(|fresh| (Compress::new(Compression::fast(), false), fresh));
        Self {
            mask,
            deflate,
            bytes: Vec::new(),
        }
    }

    fn frame(&mut self, first: u8, payload: &[u8]) {
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        self.bytes.push(first);
        match payload.len() {
            length @ 0..=125 => self.bytes.push(masked | u8::try_from(length).unwrap()),
            length @ 126..=65535 => {
                self.bytes.push(masked | 126);
                self.bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            length => {
                self.bytes.push(masked | 127);
                self.bytes.extend((length as u64).to_be_bytes());
            }
        }
        match self.mask {
            Some(mask) => {
                self.bytes.extend(mask);
                self.bytes.extend(
                    payload
                        .iter()
                        .zip(mask.iter().cycle())
                        .map(|(byte, key)| byte ^ key),
                );
            }
            None => self.bytes.extend(payload),
        }
    }

    fn message(&mut self, opcode: u8, payload: &[u8], pieces: usize, between: Option<&[u8]>) {
        let (payload, compressed) = match &mut self.deflate {
            Some((stream, fresh)) => {
                let mut out = Vec::with_capacity(payload.len() + 1024);
                let start = stream.total_in();
                loop {
                    let done = usize::try_from(stream.total_in() - start).unwrap();
                    out.reserve(1024);
                    stream
                        .compress_vec(&payload[done..], &mut out, FlushCompress::Sync)
                        .unwrap();
                    if stream.total_in() - start == payload.len() as u64 && out.capacity() > out.len() {
                        break;
                    }
                }
                assert!(out.ends_with(&[0, 0, 0xff, 0xff]));
                out.truncate(out.len() - 4);
                if *fresh {
                    stream.reset();
                }
                (out, 0x40)
            }
            None => (payload.to_vec(), 0),
        };
        let size = payload.len().div_ceil(pieces.max(1)).max(1);
        let mut parts: Vec<&[u8]> = payload.chunks(size).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        for (index, part) in parts.iter().enumerate() {
            let last = if index + 1 == parts.len() { 0x80 } else { 0 };
            if let (Some(ping), 0x80) = (between, last) {
                self.frame(0x89, ping);
            }
            let first = if index == 0 {
                last | compressed | opcode
            } else {
                last
            };
            self.frame(first, part);
        }
    }
}

fn decode(decoder: &mut Decoder, bytes: &[u8], cuts: &[usize]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut rest = bytes;
    let mut cuts = cuts.iter().cycle();
    while !rest.is_empty() {
        let count = cuts.next().copied().unwrap_or(rest.len()).clamp(1, rest.len());
        decoder.feed(&rest[..count], &mut events).unwrap();
        rest = &rest[count..];
    }
    events
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        4 => ".{0,300}".prop_map(Sent::Text),
        2 => proptest::collection::vec(any::<u8>(), 0..300).prop_map(Sent::Binary),
        1 => (0usize..3).prop_map(|times| Sent::Text("wide load ".repeat(times * 7000))),
        1 => proptest::collection::vec(any::<u8>(), 0..125).prop_map(Sent::Ping),
        1 => proptest::collection::vec(any::<u8>(), 0..125).prop_map(Sent::Pong),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_was_sent_is_read_at_any_cut(
        messages in proptest::collection::vec((sent(), 1usize..5), 1..8),
        mask in proptest::option::of(any::<[u8; 4]>()),
        deflate in proptest::option::of(any::<bool>()),
        cuts in proptest::collection::vec(1usize..4000, 1..20),
    ) {
        let mut encoder = Encoder::new(mask, deflate);
        let mut expected = Vec::new();
        for (message, pieces) in &messages {
            match message {
                Sent::Text(text) => {
                    encoder.message(1, text.as_bytes(), *pieces, None);
                    expected.push(Event::Message { payload: Payload::Text(text.clone()), length: text.len() as u64 });
                }
                Sent::Binary(bytes) => {
                    encoder.message(2, bytes, *pieces, Some(b"between"));
                    expected.push(Event::Ping(b"between".to_vec()));
                    expected.push(Event::Message { payload: Payload::Binary(bytes.clone()), length: bytes.len() as u64 });
                }
                Sent::Ping(bytes) => { encoder.frame(0x89, bytes); expected.push(Event::Ping(bytes.clone())); }
                Sent::Pong(bytes) => { encoder.frame(0x8A, bytes); expected.push(Event::Pong(bytes.clone())); }
            }
        }
        let deflate = deflate.map(|fresh| Deflate { client_no_context_takeover: fresh, server_no_context_takeover: fresh });
        let extensions = Extensions { deflate, unknown: None };
        let mut decoder = Decoder::new(Peer::Client, &extensions, 1 << 20);
        prop_assert_eq!(decode(&mut decoder, &encoder.bytes, &cuts), expected);
    }

    #[test]
    fn noise_never_panics(
        bytes in proptest::collection::vec(any::<u8>(), 0..2000),
        deflate in any::<bool>(),
        cut in 1usize..50,
    ) {
        let extensions = Extensions { deflate: deflate.then(Deflate::default), unknown: None };
        let mut decoder = Decoder::new(Peer::Server, &extensions, 4096);
        let mut events = Vec::new();
        for part in bytes.chunks(cut) {
            if decoder.feed(part, &mut events).is_err() {
                break;
            }
        }
        for event in events {
            if let Event::Message { payload: Payload::Text(text), .. } = event {
                prop_assert!(text.len() <= 4096);
            }
        }
    }
}

fn failure(bytes: &[u8]) -> Failure {
    let mut decoder = Decoder::new(Peer::Client, &Extensions::default(), 1000);
    let mut events = Vec::new();
    let first = decoder.feed(bytes, &mut events).unwrap_err();
    assert_eq!(decoder.feed(b"more", &mut events).unwrap_err(), first);
    first
}

#[test]
fn nonsense_is_named() {
    assert_eq!(failure(&[0xC1, 0x00]), Failure::ReservedBit);
    assert_eq!(failure(&[0xA1, 0x00]), Failure::ReservedBit);
    assert_eq!(failure(&[0x83, 0x00]), Failure::UndefinedOpcode(3));
    assert_eq!(failure(&[0x80, 0x00]), Failure::FragmentOrder);
    assert_eq!(failure(&[0x01, 0x00, 0x01, 0x00]), Failure::FragmentOrder);
    assert_eq!(failure(&[0x09, 0x00]), Failure::ControlFrame);
    assert_eq!(failure(&[0x89, 126, 0, 126]), Failure::ControlFrame);
    assert_eq!(failure(&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]), Failure::Length);
}

#[test]
fn an_unknown_extension_is_named() {
    let mut decoder = Decoder::new(Peer::Client, &Extensions::parse("zip2"), 1000);
    assert_eq!(
        decoder.feed(b"x", &mut Vec::new()),
        Err(Failure::UnknownExtension("zip2".to_owned()))
    );
}

#[test]
fn closing() {
    let mut decoder = Decoder::new(Peer::Server, &Extensions::default(), 1000);
    let mut events = Vec::new();
    decoder.feed(&[0x88, 0x00], &mut events).unwrap();
    decoder
        .feed(&[0x88, 0x04, 0x11, 0x33, b'n', b'o'], &mut events)
        .unwrap();
    assert_eq!(
        events,
        [
            Event::Close {
                code: 1005,
                reason: String::new()
            },
            Event::Close {
                code: 4403,
                reason: "no".to_owned()
            }
        ]
    );
}

#[test]
fn a_message_over_the_limit_is_cut_and_the_next_is_whole() {
    for deflate in [None, Some(false)] {
        let mut encoder = Encoder::new(None, deflate);
        encoder.message(1, "é".repeat(5000).as_bytes(), 3, None);
        encoder.message(1, b"after", 1, None);
        let extensions = Extensions {
            deflate: deflate.map(|_| Deflate::default()),
            unknown: None,
        };
        let mut decoder = Decoder::new(Peer::Server, &extensions, 1001);
        let events = decode(&mut decoder, &encoder.bytes, &[777]);
        assert_eq!(
            events,
            [
                Event::Message {
                    payload: Payload::Text("é".repeat(500)),
                    length: 10_000
                },
                Event::Message {
                    payload: Payload::Text("after".to_owned()),
                    length: 5
                },
            ]
        );
    }
}

#[test]
fn text_that_is_not_utf_8_is_kept() {
    let mut decoder = Decoder::new(Peer::Server, &Extensions::default(), 1000);
    let mut events = Vec::new();
    decoder.feed(&[0x81, 0x02, 0xC3, 0x28], &mut events).unwrap();
    assert_eq!(
        events,
        [Event::Message {
            payload: Payload::BrokenText(vec![0xC3, 0x28]),
            length: 2
        }]
    );
}

#[test]
fn an_endpoint_learns_of_a_large_message_before_it_is_there_and_refuses_frames_without_a_mask() {
    let mut decoder = Decoder::new(Peer::Client, &Extensions::default(), 1000).requiring_masks();
    let mut events = Vec::new();
    let masked = |first: u8, length: u16| [&[first, 0x80 | 126][..], &length.to_be_bytes(), &[0; 4]].concat();
    // A text in two fragments of 3,000 and 4,000 bytes, with a ping inside, of which the last byte is missing.
    decoder.feed(&masked(0x01, 3000), &mut events).unwrap();
    assert_eq!(decoder.announced_length(), 3000);
    decoder.feed(&[b'a'; 3000], &mut events).unwrap();
    decoder.feed(&[0x89, 0x80, 0, 0, 0, 0], &mut events).unwrap();
    decoder.feed(&masked(0x80, 4000), &mut events).unwrap();
    decoder.feed(&[b'a'; 3999], &mut events).unwrap();
    assert_eq!(decoder.announced_length(), 7000);
    assert_eq!(events, [Event::Ping(Vec::new())]);
    decoder.feed(b"a", &mut events).unwrap();
    assert!(matches!(events[1], Event::Message { length: 7000, .. }));
    assert_eq!(decoder.announced_length(), 0);
    assert_eq!(decoder.feed(&[0x81, 1, b'a'], &mut events), Err(Failure::NoMask));
}

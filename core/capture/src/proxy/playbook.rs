//! Bytes in, events out: what the relay makes of messages, whole and in pieces.

use proptest::prelude::*;

use super::framing::Framing;
use super::head::{Head, Start};
use super::messages::{Event, Messages, Side};

/// What was told apart, one line each, and all bytes that came out.
fn played(side: Side, method: &str, pieces: &[&[u8]]) -> (Vec<String>, Vec<u8>) {
    let mut messages = Messages::of(side);
    let (mut lines, mut out, mut content) = (Vec::new(), Vec::new(), Vec::new());
    for piece in pieces {
        let mut input = *piece;
        while let Some(event) = messages.next(&mut input) {
            match event {
                Event::Head(head) => {
                    out.extend_from_slice(head.bytes());
                    lines.push(told(&head));
                    let framing = match side {
                        Side::Browser => Framing::of_request(&head),
                        Side::Server => Framing::of_answer(&head, method),
                    };
                    match framing {
                        Ok(framing) => messages.expect(framing),
                        Err(refusal) => {
                            messages.give_up(refusal);
                            lines.push(format!("unread: {refusal}"));
                        }
                    }
                }
                Event::Bytes {
                    bytes,
                    content: is_content,
                } => {
                    out.extend_from_slice(bytes);
                    if is_content {
                        content.extend_from_slice(bytes);
                    }
                }
                Event::NoHead(bytes) => out.extend(bytes),
                Event::End => lines.push(format!(
                    "end {:?}",
                    String::from_utf8_lossy(&std::mem::take(&mut content))
                )),
                Event::Unreadable(refusal) => lines.push(format!("unread: {refusal}")),
            }
        }
        assert!(input.is_empty(), "everything is taken");
    }
    out.extend(messages.take_rest());
    if !content.is_empty() {
        lines.push(format!("open {:?}", String::from_utf8_lossy(&content)));
    }
    (lines, out)
}

fn told(head: &Head) -> String {
    match &head.start {
        Start::Request { method, target } => format!("{method} {target}"),
        Start::Answer { status } => status.to_string(),
    }
}

fn requests(bytes: &str) -> String {
    let (lines, out) = played(Side::Browser, "", &[bytes.as_bytes()]);
    assert_eq!(String::from_utf8_lossy(&out), bytes, "every byte comes out");
    lines.join(" | ")
}

fn answers(method: &str, bytes: &str) -> String {
    let (lines, out) = played(Side::Server, method, &[bytes.as_bytes()]);
    assert_eq!(String::from_utf8_lossy(&out), bytes, "every byte comes out");
    lines.join(" | ")
}

#[test]
fn requests_are_told_apart() {
    for (bytes, expected) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", r#"GET / | end """#),
        ("\r\nGET / HTTP/1.1\r\n\r\n", r#"GET / | end """#),
        (
            "GET /a?q=\"<x>\"|{}^`\\ HTTP/1.1\r\nHost: x\r\n\r\n",
            r#"GET /a?q="<x>"|{}^`\ | end """#,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.0\r\n\r\n",
            r#"POST / | end "hi" | GET /b | end """#,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n2;a=\"b\"\r\nhi\r\n00\r\nA: b\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
            r#"POST / | end "hi" | GET /b | end """#,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2 \t;x\r\nhi\r\n0\r\n\r\n",
            r#"POST / | end "hi""#,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhi",
            r#"POST / | open "hi""#,
        ),
        ("* / HTTP/1.1\r\n\r\n", r#"* / | end """#),
        ("OPTIONS * HTTP/1.1\r\n\r\n", r#"OPTIONS * | end """#),
        ("GET http://a/b HTTP/1.1\r\n\r\n", r#"GET http://a/b | end """#),
    ] {
        assert_eq!(requests(bytes), expected, "{bytes:?}");
    }
}

/// What two programs could read in two ways is read by none of ours.
#[test]
fn what_is_ambiguous_is_passed_on_unread() {
    let head = |fields: &str| format!("POST / HTTP/1.1\r\n{fields}\r\n\r\nhello");
    for bytes in [
        head("Content-Length: 5\r\nTransfer-Encoding: chunked"),
        head("Content-Length: 5\r\nContent-Length: 5"),
        head("Content-Length: 5, 5"),
        head("Content-Length: +5"),
        head("Content-Length: 0x5"),
        head("Content-Length: "),
        head("Content-Length: 99999999999999999999"),
        head("Transfer-Encoding: chunked, chunked"),
        head("Transfer-Encoding: chunked, identity"),
        head("Transfer-Encoding: xchunked"),
        head("Transfer-Encoding: \"chunked\""),
        head("Transfer-Encoding:\u{b}chunked"),
        head("Content-Length : 5"),
        head(" Content-Length: 5"),
        head("A: b\r\n Content-Length: 5"),
        head("A\u{0}: b"),
        head("A: b\u{0}"),
        head("A: b\rContent-Length: 5"),
        head("no colon"),
        head(": no name"),
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\nHost: x\n\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: x\n\r\n".to_owned(),
        "GET  / HTTP/1.1\r\n\r\n".to_owned(),
        "GET / b HTTP/1.1\r\n\r\n".to_owned(),
        "GET /\r\n\r\n".to_owned(),
        "GET / HTTP/2.0\r\n\r\n".to_owned(),
        "GET / http/1.1\r\n\r\n".to_owned(),
        "G(T / HTTP/1.1\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}".to_owned(),
        format!("GET /{} HTTP/1.1", "a".repeat(2 << 20)),
    ] {
        let told = requests(&bytes);
        assert!(
            told.contains("unread: "),
            "{:?}: {told}",
            &bytes[..bytes.len().min(80)]
        );
    }
    for chunks in [
        "5\nhello\n0\n\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "\r\nhello",
        "ffffffffffffffffffff\r\nhello",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "0\r\nA: b\n\r\n",
    ] {
        let told = requests(&format!(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
        ));
        assert!(told.contains("unread: "), "{chunks:?}: {told}");
    }
}

#[test]
fn answers_are_told_apart() {
    for (method, bytes, expected) in [
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            r#"200 | end "hi""#,
        ),
        (
            "GET",
            "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
            r#"200 | end """#,
        ),
        (
            "GET",
            "HTTP/1.0 200 OK\r\n\r\nuntil the end",
            r#"200 | open "until the end""#,
        ),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            r#"200 | end "" | 200 | end """#,
        ),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            r#"304 | end "" | 204 | end """#,
        ),
        (
            "GET",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            r#"103 | end "" | 200 | end """#,
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n",
            r#"200 | end "x""#,
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxyz",
            r#"200 | open "xyz""#,
        ),
        (
            "GET",
            "SSH-2.0-OpenSSH_9.2\r\n",
            "unread: it does not begin as HTTP/1 does",
        ),
        (
            "GET",
            "HTTP/2 200\r\n\r\n",
            "unread: it does not begin as HTTP/1 does",
        ),
        (
            "GET",
            "HTTP/1.1 20x\r\n\r\n",
            "unread: its status is not a number of three digits",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nhi",
            "200 | unread: it has both Transfer-Encoding and Content-Length",
        ),
    ] {
        assert_eq!(answers(method, bytes), expected, "{bytes:?}");
    }
}

#[test]
fn a_value_is_replaced_and_nothing_else() {
    let bytes = b"GET / HTTP/1.1\r\nA: 1\r\nhOsT:  x:1 \r\nB: x:1\r\nC:\r\n\r\n".to_vec();
    for value in ["", "y", "much.longer.example:8000"] {
        let mut head = Head::request(bytes.clone()).unwrap();
        head.replace("Host", value);
        let expected = format!("GET / HTTP/1.1\r\nA: 1\r\nhOsT:  {value} \r\nB: x:1\r\nC:\r\n\r\n");
        assert_eq!(String::from_utf8_lossy(head.bytes()), expected);
        head.replace("b", "z");
        head.replace("none", "z");
        assert_eq!(head.value("host"), value);
        let pairs = head.pairs();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(pairs, [("a", "1"), ("host", value), ("b", "z"), ("c", "")]);
    }
    let two = b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_vec();
    let mut head = Head::request(two.clone()).unwrap();
    head.replace("host", "c");
    assert_eq!(head.bytes(), two, "which of two is not for us to say");
}

/// Messages of both kinds, in order and not.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let whole = prop::sample::select(vec![
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: t\r\n\r\n",
        "POST /c HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 103 Early Hints\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nuntil the end",
        "\r\n",
    ]);
    let piece = prop_oneof![
        8 => whole.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same(
        bytes in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        side in prop::sample::select(vec![Side::Browser, Side::Server]),
        method in prop::sample::select(vec!["GET", "HEAD"]),
    ) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.extend([0, bytes.len()]);
        places.sort_unstable();
        let pieces: Vec<&[u8]> = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        let whole = played(side, method, &[&bytes]);
        prop_assert_eq!(&whole.1, &bytes);
        prop_assert_eq!(&played(side, method, &pieces), &whole);
        prop_assert_eq!(&played(side, method, &single), &whole);
    }
}

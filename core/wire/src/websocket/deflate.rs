//! permessage-deflate (RFC 7692).

use flate2::{Decompress, FlushDecompress, Status};

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// The browser.
    Client,
    /// The server.
    Server,
}

/// Agreed parameters of permessage-deflate that a decoder needs.
///
/// The window size is not among them: a 32 KiB window reads every smaller one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deflate {
    /// The client starts each message with an empty window.
    pub client_no_context_takeover: bool,
    /// The server starts each message with an empty window.
    pub server_no_context_takeover: bool,
}

/// What `Sec-WebSocket-Extensions` of the server's answer agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// permessage-deflate, if agreed.
    pub deflate: Option<Deflate>,
    /// The first extension that this decoder does not know; frames cannot be read then.
    pub unknown: Option<String>,
}

impl Extensions {
    /// Reads the header's value (RFC 6455, section 9.1).
    pub fn parse(header: &str) -> Self {
        let mut extensions = Self::default();
        for extension in header.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let mut parts = extension.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            if name.eq_ignore_ascii_case("permessage-deflate") {
                let mut deflate = Deflate::default();
                for parameter in parts {
                    let parameter = parameter.split('=').next().unwrap_or_default().trim();
                    deflate.client_no_context_takeover |=
                        parameter.eq_ignore_ascii_case("client_no_context_takeover");
                    deflate.server_no_context_takeover |=
                        parameter.eq_ignore_ascii_case("server_no_context_takeover");
                }
                extensions.deflate = Some(deflate);
            } else if extensions.unknown.is_none() {
                extensions.unknown = Some(name.to_owned());
            }
        }
        extensions
    }
}

/// One direction of a compressed connection.
pub(super) struct Inflate {
    stream: Decompress,
    fresh_window: bool,
}

/// The end of a message, which the sender leaves out (RFC 7692, section 7.2.2).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

impl Inflate {
    pub(super) fn new(deflate: Deflate, from: Peer) -> Self {
        let fresh_window = match from {
            Peer::Client => deflate.client_no_context_takeover,
            Peer::Server => deflate.server_no_context_takeover,
        };
        Self {
            stream: Decompress::new(false),
            fresh_window,
        }
    }

    /// Reads one whole message. Gives at most `limit` bytes and the length that it really has.
    pub(super) fn message(&mut self, compressed: &[u8], limit: usize) -> Result<(Vec<u8>, u64), String> {
        let mut out = Vec::with_capacity((compressed.len() * 4).clamp(256, 1 << 20).min(limit.max(256)));
        let mut length = self.part(compressed, &mut out, limit)?;
        if !out.is_empty() || !compressed.is_empty() {
            length += self.part(&TAIL, &mut out, limit)?;
        }
        out.truncate(limit);
        if self.fresh_window {
            self.stream.reset(false);
        }
        Ok((out, length))
    }

    /// Reads a part of a message. Gives the number of bytes that came out; a final block may have begun the count anew.
    fn part(&mut self, mut input: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<u64, String> {
        let mut scratch = [0; 16 * 1024];
        let mut length = 0;
        loop {
            let (read, wrote) = (self.stream.total_in(), self.stream.total_out());
            let status = self
                .stream
                .decompress(input, &mut scratch, FlushDecompress::Sync)
                .map_err(|error| error.to_string())?;
            let (read, wrote) = (self.stream.total_in() - read, self.stream.total_out() - wrote);
            input = &input[usize::try_from(read).unwrap_or(input.len())..];
            let room = limit.saturating_sub(out.len());
            let produced = usize::try_from(wrote).unwrap_or(scratch.len());
            out.extend_from_slice(&scratch[..produced.min(room)]);
            length += wrote;
            match status {
                // A final block ends the stream; the next message starts a new one.
                Status::StreamEnd => {
                    self.stream.reset(false);
                    return Ok(length);
                }
                _ if input.is_empty() && produced < scratch.len() => return Ok(length),
                _ if read == 0 && wrote == 0 => return Err("compressed data ends early".to_owned()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_real_servers() {
        let uvicorn =
            Extensions::parse("permessage-deflate; server_max_window_bits=12; client_max_window_bits=12");
        assert_eq!(uvicorn.deflate, Some(Deflate::default()));
        assert_eq!(uvicorn.unknown, None);
        let strict =
            Extensions::parse("permessage-deflate; server_no_context_takeover;client_no_context_takeover");
        assert_eq!(
            strict.deflate,
            Some(Deflate {
                client_no_context_takeover: true,
                server_no_context_takeover: true
            })
        );
        assert_eq!(Extensions::parse(""), Extensions::default());
        assert_eq!(
            Extensions::parse("x-webkit-deflate-frame").unknown.as_deref(),
            Some("x-webkit-deflate-frame")
        );
    }
}

//! What kind of content bytes are, and content without its coding.

use std::io::Read;

use djscope_recording::model::HttpBody;

/// Longest content that is unpacked; the rest is cut off.
const MAX_DECODED_BYTES: u64 = 32 << 20;

/// Media types that hold no text (RFC 6838): names of types, or of a type and subtype.
const WITHOUT_TEXT: &[&str] = &[
    "image/",
    "audio/",
    "video/",
    "font/",
    "application/font",
    "application/wasm",
    "application/vnd.ms-fontobject",
];

/// How files of such kinds begin.
const SIGNATURES: &[&[u8]] = &[
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"wOFF",
    b"wOF2",
    b"\0asm",
    b"OggS",
    b"ID3",
    b"fLaC",
    b"\0\x01\0\0",
    b"OTTO",
    b"\0\0\x01\0",
];

/// True if content of this kind cannot hold a text. An SVG is one.
pub fn holds_no_text(media_type: &str, bytes: &[u8]) -> bool {
    let media_type = media_type.to_ascii_lowercase();
    let by_type = WITHOUT_TEXT.iter().any(|kind| media_type.starts_with(kind)) && !media_type.contains("svg");
    let by_content = SIGNATURES.iter().any(|signature| bytes.starts_with(signature))
        || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"));
    by_type || by_content
}

/// The content of a body without its content codings (RFC 9110, section 8.4), as far as it goes.
///
/// # Errors
///
/// The name of the coding that is unknown or did not fit the bytes.
pub fn decoded(body: &HttpBody, codings: &str) -> Result<Vec<u8>, String> {
    let mut bytes = body.bytes.clone();
    for coding in codings.rsplit(',') {
        let coding = coding.trim().to_ascii_lowercase();
        bytes = match coding.as_str() {
            "" | "identity" => bytes,
            "gzip" | "x-gzip" => unpacked(flate2::read::MultiGzDecoder::new(&bytes[..])).ok_or(coding)?,
            "deflate" => unpacked(flate2::read::ZlibDecoder::new(&bytes[..]))
                .or_else(|| unpacked(flate2::read::DeflateDecoder::new(&bytes[..])))
                .ok_or(coding)?,
            "br" => unpacked(brotli_decompressor::Decompressor::new(&bytes[..], 4096)).ok_or(coding)?,
            "zstd" => zstd::stream::read::Decoder::new(&bytes[..])
                .ok()
                .and_then(unpacked)
                .ok_or(coding)?,
            _ => return Err(coding),
        };
    }
    Ok(bytes)
}

/// What a decoder gives before it ends or fails; none if it fails at once.
fn unpacked(decoder: impl Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    // Content that was cut while it was kept ends in an error.
    let result = decoder.take(MAX_DECODED_BYTES).read_to_end(&mut out);
    (result.is_ok() || !out.is_empty()).then_some(out)
}

/// Bytes as text: UTF-8, UTF-16 with a mark of its order, or what `charset` says is Latin-1. A letter may be cut at either
/// end.
pub fn as_text(bytes: &[u8], media_type: &str) -> Option<String> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => return Some(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => return Some(utf16(rest, u16::from_be_bytes)),
        _ => {}
    }
    let start = bytes
        .iter()
        .take(3)
        .take_while(|byte| (0x80..0xc0).contains(*byte))
        .count();
    match std::str::from_utf8(&bytes[start..]) {
        Ok(text) => return Some(text.to_owned()),
        Err(error) if error.error_len().is_none() => {
            return Some(String::from_utf8_lossy(&bytes[start..start + error.valid_up_to()]).into_owned());
        }
        Err(_) => {}
    }
    let media_type = media_type.to_ascii_lowercase();
    let is_latin = [
        "iso-8859-1",
        "latin-1",
        "latin1",
        "windows-1252",
        "cp1252",
        "iso-8859-15",
    ]
    .iter()
    .any(|charset| media_type.contains(charset));
    let is_text =
        media_type.starts_with("text/") || media_type.contains("json") || media_type.contains("xml");
    if is_latin || is_text {
        return Some(bytes.iter().map(|byte| char::from(*byte)).collect());
    }
    None
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| unit([pair[0], pair[1]]))
        .collect();
    String::from_utf16_lossy(&units)
}

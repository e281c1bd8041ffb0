//! zstd, with sizes that are checked before anything is allocated.

use zstd::zstd_safe::{CCtx, CParameter, DCtx, compress_bound, get_error_name, get_frame_content_size};

use crate::schema::MAX_VALUE_BYTES;

/// Texts shorter than this are stored as they are.
const MIN_COMPRESSED: usize = 512;

/// How hard to try: frames and patches come in a stream, values and bodies are kept once.
const STREAM_LEVEL: i32 = 1;
const VALUE_LEVEL: i32 = 3;

/// Compresses with contexts that are made once.
pub(crate) struct Compressor {
    stream: CCtx<'static>,
    value: CCtx<'static>,
}

impl Compressor {
    pub(crate) fn new() -> Self {
        let mut stream = CCtx::create();
        let mut value = CCtx::create();
        // Both levels are in zstd's range.
        let _ = stream.set_parameter(CParameter::CompressionLevel(STREAM_LEVEL));
        let _ = value.set_parameter(CParameter::CompressionLevel(VALUE_LEVEL));
        // Values are compared with their hash; other texts have only this.
        let _ = stream.set_parameter(CParameter::ChecksumFlag(true));
        Self { stream, value }
    }

    /// A payload in a stream of many; none if it is better kept as it is.
    pub(crate) fn stream(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        worthwhile(&mut self.stream, bytes)
    }

    /// A value that is kept once; none if it is better kept as it is.
    pub(crate) fn value(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        worthwhile(&mut self.value, bytes)
    }
}

fn worthwhile(context: &mut CCtx<'static>, bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() < MIN_COMPRESSED {
        return None;
    }
    let mut out = Vec::with_capacity(compress_bound(bytes.len()));
    context.compress2(&mut out, bytes).ok()?;
    (out.len() < bytes.len() / 8 * 7).then(|| {
        out.shrink_to_fit();
        out
    })
}

/// `bytes` as its difference from `prefix`.
pub(crate) fn delta(prefix: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let total = prefix.len() + bytes.len();
    let window_log = (total.next_power_of_two().trailing_zeros()).clamp(10, 27);
    let mut context = CCtx::create();
    // Every place of the prefix must stay in reach: a table with a slot for about each second byte of it.
    let table_log = window_log.saturating_sub(1).clamp(10, 22);
    for parameter in [
        CParameter::CompressionLevel(STREAM_LEVEL),
        CParameter::WindowLog(window_log),
        CParameter::HashLog(table_log),
    ] {
        context.set_parameter(parameter).ok()?;
    }
    context.ref_prefix(prefix).ok()?;
    let mut out = Vec::with_capacity(compress_bound(bytes.len()));
    context.compress2(&mut out, bytes).ok()?;
    out.shrink_to_fit();
    Some(out)
}

/// How many bytes a compressed text says that it has.
pub(crate) fn length(bytes: &[u8]) -> usize {
    match get_frame_content_size(bytes) {
        Ok(Some(size)) => usize::try_from(size).unwrap_or(usize::MAX),
        _ => 0,
    }
}

/// The bytes of a compressed text; `limit` bounds what a stranger's file can make this allocate.
pub(crate) fn decompress(bytes: &[u8], prefix: Option<&[u8]>, limit: usize) -> Result<Vec<u8>, String> {
    let Ok(Some(size)) = get_frame_content_size(bytes) else {
        return Err("a compressed value has no size".to_owned());
    };
    let size = usize::try_from(size)
        .ok()
        .filter(|size| *size <= limit.min(MAX_VALUE_BYTES));
    let Some(size) = size else {
        return Err("a compressed value is larger than a recording may hold".to_owned());
    };
    let mut context = DCtx::create();
    let failed = |code| format!("a compressed value does not decompress: {}", get_error_name(code));
    if let Some(prefix) = prefix {
        context.ref_prefix(prefix).map_err(failed)?;
    }
    let mut out = Vec::with_capacity(size);
    context.decompress(&mut out, bytes).map_err(failed)?;
    if out.len() == size {
        Ok(out)
    } else {
        Err("a compressed value is shorter than it says".to_owned())
    }
}

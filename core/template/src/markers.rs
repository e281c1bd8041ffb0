//! djust's `<!--dj-if-->` comments, which tell its client what a condition wrote.

use std::fmt::Write;

/// The number of a template in the ids of its markers: the low half of `SipHash-1-3` without a key over the source
/// and a byte 0xFF, which is how Rust's standard library hashes a `str`.
pub(crate) fn template_hash(source: &str) -> u32 {
    let mut state = Sip::new();
    let mut chunks = source.as_bytes().chunks_exact(8);
    for chunk in &mut chunks {
        state.absorb(little_endian(chunk));
    }
    let mut rest = chunks.remainder().to_vec();
    rest.push(0xff);
    let length = (source.len() as u64 + 1) << 56;
    if rest.len() == 8 {
        state.absorb(little_endian(&rest));
        rest.clear();
    }
    state.absorb(length | little_endian(&rest));
    state.finish() as u32
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// `SipHash` with one round a word and three at the end.
struct Sip([u64; 4]);

impl Sip {
    fn new() -> Self {
        Self([
            0x736f_6d65_7073_6575,
            0x646f_7261_6e64_6f6d,
            0x6c79_6765_6e65_7261,
            0x7465_6462_7974_6573,
        ])
    }

    fn absorb(&mut self, word: u64) {
        self.0[3] ^= word;
        self.round();
        self.0[0] ^= word;
    }

    fn round(&mut self) {
        let [a, b, c, d] = &mut self.0;
        *a = a.wrapping_add(*b);
        *c = c.wrapping_add(*d);
        *b = b.rotate_left(13) ^ *a;
        *d = d.rotate_left(16) ^ *c;
        *a = a.rotate_left(32);
        *c = c.wrapping_add(*b);
        *a = a.wrapping_add(*d);
        *b = b.rotate_left(17) ^ *c;
        *d = d.rotate_left(21) ^ *a;
        *c = c.rotate_left(32);
    }

    fn finish(mut self) -> u64 {
        self.0[2] ^= 0xff;
        for _ in 0..3 {
            self.round();
        }
        self.0.iter().fold(0, |hash, word| hash ^ word)
    }
}

/// Follows the text of a template to know whether an HTML tag is open, where no comment can stand.
///
/// As djust does, it starts over at every text with a `>`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OpenTag {
    inside: bool,
    quote: Option<char>,
}

impl OpenTag {
    pub(super) fn feed(&mut self, text: &str) {
        if text.contains('>') {
            *self = Self::default();
        }
        for character in text.chars() {
            match (self.inside, self.quote, character) {
                (false, None, '<') => self.inside = true,
                (true, None, '>') => self.inside = false,
                (true, None, '"' | '\'') => self.quote = Some(character),
                (true, Some(quote), _) if character == quote => self.quote = None,
                _ => {}
            }
        }
    }

    pub(super) fn is_inside(self) -> bool {
        self.inside
    }
}

/// What the id of a marker is made of.
#[derive(Debug)]
pub(super) struct MarkerId<'a> {
    /// See [`template_hash`].
    pub(super) template: u32,
    /// Number of the condition in its template.
    pub(super) condition: u32,
    /// Name of the component that is rendered.
    pub(super) namespace: &'a str,
    /// The `{% include %}`s that lead here: the template they stand in and their number there.
    pub(super) includes: &'a [(u32, u32)],
}

impl MarkerId<'_> {
    /// Writes the comment that begins what a condition wrote; `indices` are those of the loops around it.
    pub(super) fn write_opening(&self, indices: impl Iterator<Item = usize>, out: &mut String) {
        let _ = write!(out, "<!--dj-if id=\"if-{:08x}-{}", self.template, self.condition);
        if !self.namespace.is_empty() {
            let _ = write!(out, "-{}", self.namespace);
        }
        for (template, number) in self.includes {
            let _ = write!(out, "-i{template:08x}_{number}");
        }
        for index in indices {
            let _ = write!(out, "-{index}");
        }
        out.push_str("\"-->");
    }
}

/// The comment that ends what a condition wrote.
pub(super) const CLOSING: &str = "<!--/dj-if-->";
/// The comment that stands for text that a condition did not write.
pub(super) const PLACEHOLDER: &str = "<!--dj-if-->";

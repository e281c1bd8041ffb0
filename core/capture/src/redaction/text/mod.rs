//! The one notion of a text with a secret in it.
//!
//! [`Scanner`] looks for a name that says secret and takes what follows it,
//! whatever the text is: a message, a URL, a form body, HTML, JSON that was
//! cut, Python's `repr`, SQL, source code. Besides it knows texts that are
//! secrets by their form alone (a JWT, a password in a URL, a private key).

mod formats;
mod grams;
mod markup;
mod sql;
mod value;

use std::cell::{Cell, RefCell};
use std::ops::Range;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use rustc_hash::FxHashMap;

use super::Rules;
use super::names::{self, Place, Strength};
use grams::Grams;
pub use sql::{Statement, statement};
pub use value::is_sentence;

/// What kind of text it is, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Anything: messages, payloads, pages.
    Message,
    /// Source code: only literals are values.
    Code,
    /// A script or style sheet that is served to everybody: only literals that look drawn are secrets.
    Program,
    /// The query of a URL or a form body (`application/x-www-form-urlencoded`).
    Query,
}

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The bytes to mask.
    pub range: Range<usize>,
    /// The secret itself, without the encoding of the text.
    pub value: String,
    /// What its name says.
    pub strength: Strength,
    /// True if the mark needs quotes, so that JSON stays JSON.
    pub needs_quotes: bool,
}

/// A place in a text where a secret may follow.
#[derive(Clone, Debug)]
struct Hit {
    range: Range<usize>,
    kind: HitKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HitKind {
    /// A name that says secret.
    Name(Strength, Place),
    /// The beginning of a known form.
    Format,
    /// A reference or escape that may hide a name.
    Encoded,
}

/// Finds secrets in texts.
#[derive(Debug)]
pub struct Scanner {
    rules: Rules,
    needles: AhoCorasick,
    names: usize,
    formats: usize,
    grams: Grams,
    /// What names were found to say: a run has few of them, many times.
    strengths: RefCell<FxHashMap<String, Option<Strength>>>,
    /// How many texts inside texts are being read.
    depth: Cell<u8>,
}

/// Letters may be hidden behind these (`&#112;ass`, `%70ass`, `\u0070ass`).
const ENCODED: &[&str] = &["&#", "%4", "%5", "%6", "%7", "\\u00"];

/// Texts inside texts that are read: an attribute in an attribute, and so on.
const MAX_DEPTH: u8 = 6;

/// Names whose meaning is remembered.
const MAX_NAMES: usize = 8192;

impl Scanner {
    /// A scanner for the built-in names and those that `rules` add.
    pub fn new(rules: Rules) -> Self {
        let mut needles: Vec<String> = names::NEEDLES.iter().map(|needle| (*needle).to_owned()).collect();
        needles.extend(rules.extra().map(str::to_owned));
        let names = needles.len();
        needles.extend(formats::NEEDLES.iter().map(|needle| (*needle).to_owned()));
        let formats = needles.len();
        needles.extend(ENCODED.iter().map(|needle| (*needle).to_owned()));
        let grams = Grams::of(&needles);
        let needles = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(needles)
            .expect("names of at most 200 characters make an automaton");
        Self {
            rules,
            needles,
            names,
            formats,
            grams,
            strengths: RefCell::default(),
            depth: Cell::new(0),
        }
    }

    /// False if nothing is to be taken out.
    pub const fn is_enabled(&self) -> bool {
        self.rules.is_enabled()
    }

    /// True if nothing in `text` is worth a second look.
    pub fn is_clean(&self, text: &str) -> bool {
        self.hits(text, Context::Message).next().is_none()
    }

    /// How secret the value of this name is; none if it is no secret.
    pub fn strength(&self, name: &str, place: Place) -> Option<Strength> {
        if place == Place::Query {
            return self.rules.strength(name, place);
        }
        if self.grams.first(name.as_bytes()) == name.len() {
            return None;
        }
        let mut strengths = self.strengths.borrow_mut();
        if let Some(known) = strengths.get(name) {
            return *known;
        }
        let strength = self.rules.strength(name, place);
        if strengths.len() >= MAX_NAMES {
            strengths.clear();
        }
        strengths.insert(name.to_owned(), strength);
        strength
    }

    /// The secrets in `text`, in order, apart from each other.
    pub fn secrets(&self, text: &str, context: Context) -> Vec<Secret> {
        let hits: Vec<Hit> = self.hits(text, context).collect();
        if hits.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        if context == Context::Message && markup::is_markup(text) {
            markup::secrets(self, text, &hits, &mut found);
        } else {
            self.plain(text, 0..text.len(), &hits, context, &mut found);
        }
        apart(found)
    }

    /// The secrets in a text that stands encoded inside another; none beyond a few levels.
    fn secrets_inside(&self, text: &str, context: Context) -> Vec<Secret> {
        if self.depth.get() >= MAX_DEPTH {
            return Vec::new();
        }
        self.depth.set(self.depth.get() + 1);
        let secrets = self.secrets(text, context);
        self.depth.set(self.depth.get() - 1);
        secrets
    }

    /// The secrets in a part of a text that holds no markup. `hits` are those of the whole text.
    fn plain(&self, text: &str, part: Range<usize>, hits: &[Hit], context: Context, found: &mut Vec<Secret>) {
        let first = hits.partition_point(|hit| hit.range.start < part.start);
        let ours = hits[first..].iter().take_while(|hit| hit.range.end <= part.end);
        // What lies in a secret that was found needs no look of its own, or a text of nothing but names takes for ever.
        let mut covered = 0;
        let text = &text[..part.end];
        let mut names_a_secret = false;
        for hit in ours {
            if hit.range.start < covered {
                continue;
            }
            let before = found.len();
            match hit.kind {
                HitKind::Name(strength, place) => {
                    names_a_secret = true;
                    found.extend(value::after(text, hit.range.clone(), strength, place, context));
                }
                HitKind::Format => found.extend(formats::at(self, text, hit.range.clone())),
                HitKind::Encoded => {}
            }
            if let Some(secret) = found[before..].last() {
                covered = covered.max(secret.range.end);
            }
        }
        if names_a_secret && context == Context::Message {
            sql::literals(self, text, part, found);
        }
    }

    fn hits<'a>(&'a self, text: &'a str, context: Context) -> impl Iterator<Item = Hit> + 'a {
        let mut seen = 0;
        // Most texts hold none of the needles, which the grams tell sooner than the automaton.
        let from = self.grams.first(text.as_bytes());
        let input = Input::new(text).span(from..text.len());
        let found = (from < text.len()).then(|| self.needles.find_iter(input));
        found.into_iter().flatten().filter_map(move |found| {
            let pattern = found.pattern().as_usize();
            if (self.names..self.formats).contains(&pattern) {
                return Some(Hit {
                    range: found.range(),
                    kind: HitKind::Format,
                });
            }
            if found.start() < seen {
                return None;
            }
            let token = token_around(text, found.range());
            seen = token.end;
            let place = place(text, &token, context);
            if let Some(strength) = self.strength_in(text, &token, place) {
                return Some(Hit {
                    range: token,
                    kind: HitKind::Name(strength, place),
                });
            }
            let is_encoded = pattern >= self.formats && text.as_bytes()[found.start()] != b'%';
            is_encoded.then_some(Hit {
                range: found.range(),
                kind: HitKind::Encoded,
            })
        })
    }

    /// What a name says, or it and the word before it: `API key`.
    fn strength_in(&self, text: &str, token: &Range<usize>, place: Place) -> Option<Strength> {
        let name = &text[token.clone()];
        self.strength(name, place).or_else(|| {
            let before = text[..token.start].strip_suffix(' ')?;
            let start = before
                .rfind(|character: char| !character.is_ascii_alphanumeric())
                .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
            let first = before
                .get(start..)
                .filter(|word| !word.is_empty() && word.len() <= 16)?;
            (!name.contains(['_', '-']))
                .then(|| self.strength(&format!("{first}_{name}"), place))
                .flatten()
        })
    }
}

/// Sorted, and without those that lie in another.
fn apart(mut found: Vec<Secret>) -> Vec<Secret> {
    found.sort_by_key(|secret| (secret.range.start, std::cmp::Reverse(secret.range.end)));
    let mut end = 0;
    found.retain(|secret| {
        let is_apart = secret.range.start >= end;
        if is_apart {
            end = secret.range.end;
        }
        is_apart
    });
    found
}

/// The whole name that a needle is part of, with encoded letters and brackets in it.
fn token_around(text: &str, needle: Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes();
    let mut start = needle.start;
    loop {
        if start >= 3 && bytes[start - 3] == b'%' && is_name_code(&bytes[start - 2..start]) {
            start -= 3;
        } else if start > 0 && is_name_byte(bytes[start - 1]) && !ends_escape(bytes, start) {
            start -= 1;
        } else {
            break;
        }
    }
    let mut end = needle.end.max(start);
    while let Some(&byte) = bytes.get(end) {
        if byte == b'%' && bytes.get(end + 1..end + 3).is_some_and(is_name_code) {
            end += 3;
        } else if byte == b'\\'
            && bytes.get(end + 1..end + 4) == Some(b"u00")
            && text.is_char_boundary((end + 6).min(text.len()))
            && end + 6 <= text.len()
        {
            end += 6;
        } else if is_name_byte(byte) {
            end += 1;
        } else {
            break;
        }
    }
    // A name does not end in a sign of punctuation.
    while end > needle.end && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    while start < needle.start && (matches!(bytes[start], b'.' | b'-') || !text.is_char_boundary(start)) {
        start += 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80
}

/// The letter before a name may belong to an escape (`\n`, `\t`) that ends there.
fn ends_escape(bytes: &[u8], at: usize) -> bool {
    at >= 2
        && bytes[at - 2] == b'\\'
        && matches!(bytes[at - 1], b'n' | b't' | b'r')
        && (at < 3 || bytes[at - 3] != b'\\')
}

/// Percent codes of letters, digits, brackets, `_`, `-` and `.`: what a name may hold.
fn is_name_code(digits: &[u8]) -> bool {
    let text = std::str::from_utf8(digits).unwrap_or_default();
    u8::from_str_radix(text, 16).is_ok_and(|code| is_name_byte(code) || matches!(code, b'[' | b']'))
}

/// A name behind `?` or `&` is a parameter of a URL.
fn place(text: &str, token: &Range<usize>, context: Context) -> Place {
    let before = &text[..token.start];
    let begins_parameter = before.ends_with(['?', '&'])
        || ["&amp;", "%3F", "%3f", "%26", "\\u0026"]
            .iter()
            .any(|sign| before.ends_with(sign))
        || (context == Context::Query && before.is_empty());
    let has_value = text[token.end..].starts_with('=') || text[token.end..].starts_with("%3");
    if begins_parameter && has_value {
        Place::Query
    } else {
        Place::Anywhere
    }
}

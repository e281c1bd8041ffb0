//! Secrets are taken out before anything is written.
//!
//! There is one notion of a name that says secret ([`Rules`], `names`), one
//! of a text with a secret in it (`text`), and one memory of the secrets of
//! a run (`memory`): a value that was once seen under a secret name is masked
//! wherever it appears afterwards, in any usual encoding. `entries` says for
//! every entry which of its fields are texts, trees and code; nothing gets
//! into the file on another way.
//!
//! What stands in the place of a secret keeps its type and about its length,
//! and is equal for equal secrets of a run (`marks`).

mod bodies;
mod encodings;
mod entries;
mod headers;
mod marks;
mod media;
mod memory;
mod multipart;
mod names;
mod payloads;
mod rules;
mod text;
mod trees;

use djscope_recording::Entry;
use djscope_recording::model::{FrameId, HttpExchange};
use serde_json::Value;

use marks::Marks;
use memory::Memory;
use names::Strength;
pub use rules::{Rules, RulesError};
use text::{Context, Scanner};

/// Takes secrets out of entries, and remembers them for the run.
#[derive(Debug)]
pub struct Redactor {
    scanner: Scanner,
    marks: Marks,
    memory: Memory,
    uploads: payloads::Uploads,
    /// The last frame that held no secret, and what was known then: its patches hold none either.
    clean_frame: Option<(FrameId, u64)>,
}

impl Redactor {
    /// A redactor of a new run.
    pub fn new(rules: Rules) -> Self {
        Self {
            scanner: Scanner::new(rules),
            marks: Marks::drawn(),
            memory: Memory::default(),
            uploads: payloads::Uploads::default(),
            clean_frame: None,
        }
    }

    /// Takes the secrets out of an entry that is about to be written.
    pub fn redact(&mut self, entry: &mut Entry) {
        if !self.scanner.is_enabled() {
            return;
        }
        if let Entry::Http(exchange) = entry {
            bodies::unpack(&mut exchange.request_body, &exchange.request_headers);
            bodies::unpack(&mut exchange.response_body, &exchange.response_headers);
        }
        let known = self.memory.generation();
        entries::redact(self, entry);
        if self.memory.generation() != known {
            // What its end says is a secret may stand at its beginning as well.
            entries::redact(self, entry);
        }
    }

    /// Remembers the secrets of an exchange of which something has gone by. It is written when it has ended.
    pub fn learn_from(&mut self, exchange: Box<HttpExchange>) {
        self.redact(&mut Entry::Http(exchange));
    }

    /// Remembers a secret, and the password in it if it is one of HTTP's basic credentials.
    fn learn(&mut self, value: &str, strength: Strength) {
        self.memory.learn(value, strength);
        if strength == Strength::Token
            && let Some(decoded) = encodings::base64_decoded(value)
            && let Ok(text) = String::from_utf8(decoded)
            && let Some((_, password)) = text
                .split_once(':')
                .filter(|_| text.chars().all(|character| !character.is_control()))
        {
            self.memory.learn(password, Strength::Password);
        }
    }

    /// Remembers every text and number in a value that was masked as a whole.
    fn learn_all(&mut self, value: &Value, strength: Strength) {
        match value {
            Value::String(text) => self.learn(text, strength),
            Value::Number(number) => self.learn(&number.to_string(), strength),
            Value::Array(items) => items
                .iter()
                .take(64)
                .for_each(|item| self.learn_all(item, strength)),
            Value::Object(map) => map
                .iter()
                // The name of a type is no secret.
                .map(|(tag, value)| match tag.as_str() {
                    "$shown" | "$repr" => value.get("text").unwrap_or(value),
                    _ => value,
                })
                .take(64)
                .for_each(|item| self.learn_all(item, strength)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// `text` without its secrets; none if it has none.
    fn cleaned(&mut self, text: &str, context: Context) -> Option<String> {
        let mut secrets = self.scanner.secrets(text, context);
        if !secrets.is_empty() && text.contains(marks::MARK) {
            let marked = marks::places(text);
            secrets.retain(|secret| {
                !marked
                    .iter()
                    .any(|mark| mark.start <= secret.range.start && secret.range.end <= mark.end)
            });
        }
        for secret in &secrets {
            self.learn(&secret.value, secret.strength);
        }
        let known = self.memory.find(text);
        if secrets.is_empty() && known.is_empty() {
            return None;
        }
        let named = secrets.into_iter().map(|secret| {
            let mark = self.marks.of_text(&secret.value);
            (
                secret.range,
                if secret.needs_quotes {
                    format!("\"{mark}\"")
                } else {
                    mark
                },
            )
        });
        let remembered = known.into_iter().map(|found| {
            (
                found.range.clone(),
                self.marks.of_text(self.memory.secret(&found)),
            )
        });
        let mut marks: Vec<_> = named.chain(remembered).collect();
        marks.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (range, mark) in marks {
            if range.start < at {
                at = at.max(range.end);
                continue;
            }
            out.push_str(text.get(at..range.start).unwrap_or_default());
            out.push_str(&mark);
            at = range.end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        Some(out)
    }

    /// Takes the secrets out of `text`; true if it had some.
    fn clean(&mut self, text: &mut String, context: Context) -> bool {
        match self.cleaned(text, context) {
            Some(cleaned) => {
                *text = cleaned;
                true
            }
            None => false,
        }
    }

    /// True if `text` holds neither a name nor a form of a secret, nor one that is known.
    fn is_clean(&self, text: &str) -> bool {
        self.scanner.is_clean(text) && self.memory.find(text).is_empty()
    }
}

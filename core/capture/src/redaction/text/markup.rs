//! Secrets in HTML: fields, attributes, links, scripts, and tables of names and values.
//!
//! This is no parser of pages: it has to read pages that are broken, cut, or
//! written inside a JSON string with their quotes escaped.

use std::ops::Range;

use super::super::encodings;
use super::super::marks::MARK;
use super::super::names::{self, Place, Strength};
use super::value::is_sentence;
use super::{Context, Hit, Scanner, Secret};

/// Elements by which a text is known as HTML; Python's `<QuerySet [<Product: 1>]>` is none.
const ELEMENTS: &[&str] = &[
    "a", "abbr", "article", "aside", "b", "body", "br", "button", "code", "col", "data", "dd", "details",
    "dialog", "div", "dl", "dt", "em", "fieldset", "figure", "footer", "form", "frame", "h1", "h2", "h3",
    "h4", "h5", "h6", "head", "header", "hr", "html", "i", "iframe", "img", "input", "kbd", "label",
    "legend", "li", "link", "main", "meta", "nav", "noscript", "object", "ol", "optgroup", "option",
    "output", "p", "param", "pre", "samp", "script", "section", "select", "small", "source", "span",
    "strong", "style", "summary", "svg", "table", "tbody", "td", "template", "textarea", "tfoot", "th",
    "thead", "title", "tr", "u", "ul", "video",
];

/// Elements whose text is not markup (HTML, section 13.2.5.2 and the following).
const RAW_TEXT: &[&str] = &["script", "style", "textarea", "title"];

/// Attributes that hold the name of a value.
const NAMING: &[&str] = &[
    "name",
    "id",
    "property",
    "itemprop",
    "data-name",
    "data-field",
    "data-key",
    "http-equiv",
];

/// Places in a script that are tried as JSON.
const MAX_LITERALS: usize = 200;

/// Attributes that hold the value that a name is about.
const VALUED: &[&str] = &["value", "content", "data-value", "placeholder"];

/// True if `text` holds a tag of HTML or XML.
pub fn is_markup(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        // No `repr` of Python closes a tag: `</` is XML, if not HTML.
        if rest.starts_with("?xml") || rest.strip_prefix('/').is_some_and(is_closed_name) {
            return true;
        }
        let name = rest;
        let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let is_element = length <= 10 && ELEMENTS.contains(&name[..length].to_ascii_lowercase().as_str());
        let ends = matches!(
            name.as_bytes().get(length),
            Some(b'>' | b'/' | b' ' | b'\t' | b'\n' | b'\r' | b'\\')
        );
        if (is_element && ends)
            || rest.starts_with("!--")
            || rest.starts_with("!DOCTYPE")
            || rest.starts_with("!doctype")
        {
            return true;
        }
    }
    false
}

/// True if `text` begins with a name and `>`.
fn is_closed_name(text: &str) -> bool {
    let length = text
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_:.".contains(byte))
        .count();
    length > 0 && text[length..].trim_start().starts_with('>')
}

/// Adds the secrets of a text that holds markup.
pub fn secrets(scanner: &Scanner, text: &str, hits: &[Hit], found: &mut Vec<Secret>) {
    let mut reader = Reader {
        scanner,
        text,
        hits,
        found,
        secret_text: None,
        label: None,
        announced: None,
        in_secret_select: None,
    };
    reader.read();
}

struct Reader<'a> {
    scanner: &'a Scanner,
    text: &'a str,
    hits: &'a [Hit],
    found: &'a mut Vec<Secret>,
    /// The element whose text is a secret, and what its name says.
    secret_text: Option<(String, Strength)>,
    /// A cell said a secret name: the next cell holds the value.
    label: Option<Strength>,
    /// A text ended in a secret name and a colon: `<b>API key:</b> sk-1`.
    announced: Option<Strength>,
    in_secret_select: Option<Strength>,
}

/// A tag with its attributes.
struct Tag {
    /// In lower case.
    name: String,
    /// Where the name stands as it is written.
    written: Range<usize>,
    is_end: bool,
    attributes: Vec<Attribute>,
    end: usize,
}

struct Attribute {
    name: String,
    value: Range<usize>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = 0;
        while let Some(open) = self.text[at..].find('<').map(|found| at + found) {
            if let Some(data) = self.text[open..].strip_prefix("<![CDATA[") {
                // XML's text without markup.
                self.text_node(at..open, Context::Message);
                let start = open + "<![CDATA[".len();
                at = start + data.find("]]>").unwrap_or(data.len());
                self.text_node(start..at, Context::Message);
                continue;
            }
            let Some(tag) = tag(self.text, open) else {
                // A sign in the text; the text goes on behind it.
                let end = self.text[open + 1..]
                    .find('<')
                    .map_or(self.text.len(), |next| open + 1 + next);
                self.text_node(at..end, Context::Message);
                at = end;
                continue;
            };
            self.text_node(at..open, Context::Message);
            at = tag.end;
            if tag.name == "!--" {
                self.scanner
                    .plain(self.text, open..at, self.hits, Context::Message, self.found);
                continue;
            }
            if !tag.is_end {
                self.attributes(&tag);
            }
            if !ELEMENTS.contains(&tag.name.as_str()) {
                // What is between the brackets may be no attributes at all.
                self.scanner
                    .plain(self.text, open..at, self.hits, Context::Message, self.found);
            }
            self.enter(&tag);
            if RAW_TEXT.contains(&tag.name.as_str()) && !tag.is_end {
                let end = raw_text_end(self.text, at, &tag.name);
                let is_data = tag.attributes.iter().any(|attribute| {
                    attribute.name == "type" && self.text[attribute.value.clone()].contains("json")
                });
                match tag.name.as_str() {
                    "script" if is_data => {
                        self.scanner
                            .plain(self.text, at..end, self.hits, Context::Message, self.found);
                    }
                    "script" => self.script(at..end),
                    "style" => {}
                    _ => self.text_node(at..end, Context::Message),
                }
                at = end;
            }
        }
        self.text_node(at..self.text.len(), Context::Message);
    }

    /// A script: what is JSON in it (`window.state = {…}`) is read as JSON, the rest as code.
    fn script(&mut self, part: Range<usize>) {
        let mut at = part.start;
        let mut tried = 0;
        while let Some(open) = self.text[at..part.end].find(['{', '[']).map(|found| at + found) {
            let before = self.text[part.start..open].trim_end();
            tried += 1;
            if tried > MAX_LITERALS {
                break;
            }
            let length = before
                .ends_with(['=', '(', ',', ':'])
                .then(|| json_length(&self.text[open..part.end]));
            let Some(length) = length.flatten() else {
                self.scanner
                    .plain(self.text, at..open + 1, self.hits, Context::Code, self.found);
                at = open + 1;
                continue;
            };
            self.scanner
                .plain(self.text, at..open, self.hits, Context::Code, self.found);
            self.scanner.plain(
                self.text,
                open..open + length,
                self.hits,
                Context::Message,
                self.found,
            );
            at = open + length;
        }
        self.scanner
            .plain(self.text, at..part.end, self.hits, Context::Code, self.found);
    }

    fn text_node(&mut self, part: Range<usize>, context: Context) {
        let raw = &self.text[part.clone()];
        let trimmed = raw.trim();
        if trimmed.is_empty() {
            return;
        }
        let start = part.start + (raw.len() - raw.trim_start().len());
        let inner = start..start + trimmed.len();
        if let Some((_, strength)) = self.secret_text {
            self.mask_text(inner, strength);
            return;
        }
        if let Some(strength) = self.announced.take() {
            let first = trimmed.split_ascii_whitespace().next().unwrap_or_default();
            if first.len() >= 4 && first.bytes().any(|byte| byte.is_ascii_digit()) {
                self.mask_text(start..start + first.len(), strength);
                return;
            }
        }
        self.announced = trimmed.strip_suffix(':').and_then(|name| self.last_name(name));
        if raw.contains('&') && self.hits_in(&part) {
            self.decoded(inner, context);
        } else {
            self.scanner
                .plain(self.text, part, self.hits, context, self.found);
        }
    }

    fn hits_in(&self, part: &Range<usize>) -> bool {
        let first = self.hits.partition_point(|hit| hit.range.start < part.start);
        self.hits.get(first).is_some_and(|hit| hit.range.start < part.end)
    }

    fn mask_text(&mut self, range: Range<usize>, strength: Strength) {
        let value = encodings::html_decoded(&self.text[range.clone()]);
        let value = value.trim_matches(['\'', '"']);
        if is_worth_hiding(value) {
            self.found.push(Secret {
                range,
                value: value.to_owned(),
                strength,
                needs_quotes: false,
            });
        }
    }

    /// A part in which names or quotes may be written as references: it is read decoded, and masked whole if that finds
    /// what the text as it stands does not show.
    fn decoded(&mut self, range: Range<usize>, context: Context) {
        let before = self.found.len();
        self.scanner
            .plain(self.text, range.clone(), self.hits, context, self.found);
        let text = encodings::html_decoded(&self.text[range.clone()]);
        let secrets = self.scanner.secrets_inside(&text, context);
        if secrets.len() > self.found.len() - before {
            self.found.truncate(before);
            self.found.extend(secrets.into_iter().map(|secret| Secret {
                range: range.clone(),
                ..secret
            }));
        }
    }

    fn attributes(&mut self, tag: &Tag) {
        let named = self.named(tag);
        for attribute in &tag.attributes {
            let range = attribute.value.clone();
            if range.is_empty() {
                continue;
            }
            let own = self.scanner.strength(&attribute.name, Place::Anywhere);
            let about = named.filter(|_| VALUED.contains(&attribute.name.as_str()));
            let in_select = self
                .in_secret_select
                .filter(|_| tag.name == "option" && attribute.name == "value");
            match own.or(about).or(in_select) {
                Some(strength) if !NAMING.contains(&attribute.name.as_str()) => {
                    self.mask_text(range, strength);
                }
                _ if attribute.name == "class" || attribute.name == "style" => {}
                _ if self.hits_in(&range) => self.decoded(range, Context::Message),
                _ => {}
            }
        }
    }

    /// What the attributes that name an element say.
    fn named(&self, tag: &Tag) -> Option<Strength> {
        let by_name = tag.attributes.iter().find_map(|attribute| {
            let value = encodings::html_decoded(&self.text[attribute.value.clone()]);
            match attribute.name.as_str() {
                "autocomplete" => names::autocomplete_strength(&value),
                "type" => value
                    .eq_ignore_ascii_case("password")
                    .then_some(Strength::Password),
                "id" if !matches!(
                    tag.name.as_str(),
                    "input" | "textarea" | "select" | "meta" | "output"
                ) =>
                {
                    None
                }
                name if NAMING.contains(&name) => self.scanner.strength(&value, Place::Anywhere),
                _ => None,
            }
        });
        // A button's value is what it says; an input that is one, too.
        let is_label = tag.attributes.iter().any(|attribute| {
            attribute.name == "type"
                && matches!(
                    self.text[attribute.value.clone()].to_ascii_lowercase().as_str(),
                    "submit" | "button" | "checkbox" | "radio"
                )
        });
        by_name.filter(|_| !(is_label && tag.name == "input"))
    }

    /// Follows what a tag means for the text behind it.
    fn enter(&mut self, tag: &Tag) {
        let name = tag.name.as_str();
        if tag.is_end {
            if self.secret_text.as_ref().is_some_and(|(open, _)| open == name) {
                self.secret_text = None;
            }
            if name == "select" {
                self.in_secret_select = None;
            }
            return;
        }
        if self.secret_text.is_some() {
            return;
        }
        match name {
            "textarea" | "output" => {
                self.secret_text = self.named(tag).map(|strength| (tag.name.clone(), strength));
            }
            "select" => self.in_secret_select = self.named(tag),
            "option" => {
                self.secret_text = self.in_secret_select.map(|strength| (tag.name.clone(), strength));
            }
            "td" | "dd" => {
                self.secret_text = self.label.take().map(|strength| (tag.name.clone(), strength));
                if self.secret_text.is_none() {
                    self.label = self.labelled(tag.end);
                }
            }
            "th" | "dt" => self.label = self.labelled(tag.end),
            "tr" | "dl" => self.label = None,
            _ if !ELEMENTS.contains(&name) => {
                let strength = self
                    .scanner
                    .strength(&self.text[tag.written.clone()], Place::Anywhere);
                self.secret_text = strength.map(|strength| (tag.name.clone(), strength));
            }
            _ => {
                // `<code id="api-key">sk-1</code>`: what looks drawn, not what reads like a label.
                let id = tag
                    .attributes
                    .iter()
                    .find(|attribute| attribute.name == "id" || attribute.name == "data-field");
                let strength = id.and_then(|id| {
                    self.scanner
                        .strength(&self.text[id.value.clone()], Place::Anywhere)
                });
                let content = self.text[tag.end..].split('<').next().unwrap_or_default().trim();
                let looks_drawn = content.len() >= 6
                    && !content.contains(' ')
                    && content.bytes().any(|byte| byte.is_ascii_digit());
                if let Some(strength) = strength.filter(|_| looks_drawn) {
                    self.secret_text = Some((tag.name.clone(), strength));
                }
            }
        }
    }

    /// What the last words of a text say.
    fn last_name(&self, text: &str) -> Option<Strength> {
        let mut words = text
            .trim_end()
            .rsplit(|character: char| character.is_whitespace());
        let last = words.next()?;
        let strength = |name: &str| self.scanner.strength(name, Place::Anywhere);
        strength(last).or_else(|| strength(&format!("{}_{last}", words.next()?)))
    }

    /// What a cell says if its whole text is one name, as in Django's page of an exception.
    fn labelled(&self, from: usize) -> Option<Strength> {
        let text = self.text[from..].split('<').next().unwrap_or_default().trim();
        let text = text.trim_end_matches(':');
        let is_name = !text.is_empty()
            && text.len() <= 64
            && text.split(' ').count() <= 3
            && !text.contains(['{', '"', '=']);
        is_name
            .then(|| self.scanner.strength(&text.replace(' ', "_"), Place::Anywhere))
            .flatten()
    }
}

/// An empty value, a placeholder of a template, a flag and a sentence hide nothing.
fn is_worth_hiding(value: &str) -> bool {
    let value = value.trim();
    !(value.is_empty()
        || value.starts_with(MARK)
        || value.starts_with("{{")
        || value.starts_with("{%")
        || is_sentence(value)
        || matches!(
            value.to_ascii_lowercase().as_str(),
            "true"
                | "false"
                | "none"
                | "null"
                | "on"
                | "off"
                | "yes"
                | "no"
                | "required"
                | "password"
                | "token"
        ))
}

/// The length of the JSON value that `text` begins with; none if it is code.
fn json_length(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

/// The tag at `open`, where a `<` stands; none if it is only a sign in the text.
fn tag(text: &str, open: usize) -> Option<Tag> {
    let bytes = text.as_bytes();
    if text[open..].starts_with("<!--") {
        let end = text[open + 4..]
            .find("-->")
            .map_or(text.len(), |at| open + 4 + at + 3);
        return Some(Tag {
            name: "!--".to_owned(),
            written: open..open + 4,
            is_end: false,
            attributes: Vec::new(),
            end,
        });
    }
    let is_end = bytes.get(open + 1) == Some(&b'/');
    let start = open + 1 + usize::from(is_end);
    let length = bytes[start..]
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-!:".contains(byte))
        .count();
    if length == 0 || !(bytes[start].is_ascii_alphabetic() || bytes[start] == b'!') {
        return None;
    }
    let name = text[start..start + length].to_ascii_lowercase();
    let mut attributes = Vec::new();
    let mut at = start + length;
    loop {
        at = skip_blanks(text, at);
        match bytes.get(at) {
            None | Some(b'<') => break,
            Some(b'>') => {
                at += 1;
                break;
            }
            Some(_) => at = attribute(text, at, &mut attributes),
        }
    }
    Some(Tag {
        name,
        written: start..start + length,
        is_end,
        attributes,
        end: at,
    })
}

/// Blanks between attributes, also those written as escapes of a JSON string.
fn skip_blanks(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        if rest.starts_with(|character: char| character.is_ascii_whitespace()) {
            at += 1;
        } else if rest.starts_with("\\n") || rest.starts_with("\\t") || rest.starts_with("\\r") {
            at += 2;
        } else {
            return at;
        }
    }
}

/// Reads an attribute at `at`; gives where the next begins.
fn attribute(text: &str, at: usize, attributes: &mut Vec<Attribute>) -> usize {
    let ends_name = |character: char| character.is_ascii_whitespace() || "=>\"'".contains(character);
    let name_end = text[at..]
        .find(ends_name)
        .map_or(text.len(), |length| at + length);
    if name_end == at {
        return at + 1;
    }
    let name = text[at..name_end].trim_matches(['/', '\\']).to_ascii_lowercase();
    let sign = skip_blanks(text, name_end);
    if text.as_bytes().get(sign) != Some(&b'=') {
        return name_end;
    }
    let start = skip_blanks(text, sign + 1);
    let slashes = text[start..].bytes().take_while(|byte| *byte == b'\\').count();
    let quote = text[start + slashes..]
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''));
    let (value, end) = match quote {
        Some(quote) => {
            let from = start + slashes + 1;
            let pattern = format!("{}{quote}", "\\".repeat(slashes));
            let to = text[from..]
                .find(&pattern)
                .map_or(text.len(), |length| from + length);
            (from..to, (to + pattern.len()).min(text.len()))
        }
        None => {
            let to = text[start..]
                .find(|character: char| character.is_ascii_whitespace() || character == '>')
                .map_or(text.len(), |length| start + length);
            (start..to, to)
        }
    };
    attributes.push(Attribute { name, value });
    end
}

/// Where the text of an element ends that holds no markup.
fn raw_text_end(text: &str, from: usize, name: &str) -> usize {
    let mut at = from;
    while let Some(found) = text[at..].find("</").map(|found| at + found) {
        let rest = &text[found + 2..];
        if rest
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
        {
            return found;
        }
        at = found + 2;
    }
    text.len()
}

//! Long texts as lines: JSON with colours, or as it travelled.

use std::ops::Range;

use djscope_hub::model::FrameId;
use egui::{Color32, Role, Ui};
use serde_json::Value;

use crate::paint;
use crate::rows::Rows;
use crate::theme::Theme;
use crate::widgets;
use djscope_report::units;

/// Most characters of a line that are laid out.
const MAX_LINE: usize = 2_000;

/// Height of a line.
pub const LINE: f32 = 18.0;

/// Documents that were made in an earlier pass.
#[derive(Default)]
pub struct Documents {
    /// Of a frame: revision of the turn, the frame, whether it is raw, and its columns.
    pub payload: Made<(u64, FrameId, bool, usize)>,
    /// Of a patch: revision of the turn, and the row.
    pub patch: Made<(u64, usize)>,
}

/// A document, kept while what it was made from stays the same.
pub struct Made<K>(Option<(K, Document)>);

impl<K> Default for Made<K> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: PartialEq> Made<K> {
    /// The document of `key`.
    pub fn of(&mut self, key: K, make: impl FnOnce() -> Document) -> &Document {
        let kept = self.0.take().filter(|(made, _)| *made == key);
        &self.0.insert(kept.unwrap_or_else(|| (key, make()))).1
    }
}

/// A text cut into lines; only the visible ones are ever laid out.
#[derive(Clone, Debug, Default)]
pub struct Document {
    text: String,
    lines: Vec<Range<usize>>,
    longest: usize,
    is_json: bool,
}

impl Document {
    /// Indented JSON.
    pub fn of_value(value: &Value) -> Self {
        let mut text = String::new();
        write(value, 0, &mut text);
        let lines = breaks(&text);
        Self::new(text, lines, true)
    }

    /// `text` as indented JSON; none if it is not JSON.
    pub fn of_json(text: &str) -> Option<Self> {
        serde_json::from_str(text)
            .ok()
            .map(|value: Value| Self::of_value(&value))
    }

    /// `text` as it is, broken after so many characters.
    pub fn of_text(text: &str, columns: usize) -> Self {
        let mut lines = Vec::new();
        for range in breaks(text) {
            let mut start = range.start;
            let ends = text[range.clone()]
                .char_indices()
                .skip(columns)
                .step_by(columns.max(1));
            for end in ends.map(|(end, _)| range.start + end) {
                lines.push(start..end);
                start = end;
            }
            lines.push(start..range.end);
        }
        Self::new(text.to_owned(), lines, false)
    }

    fn new(text: String, lines: Vec<Range<usize>>, is_json: bool) -> Self {
        let longest = lines
            .iter()
            .map(ExactSizeIterator::len)
            .max()
            .unwrap_or(0)
            .min(MAX_LINE);
        Self {
            text,
            lines,
            longest,
            is_json,
        }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many lines it has.
    pub const fn lines(&self) -> usize {
        self.lines.len()
    }

    /// Draws the visible lines with their numbers.
    pub fn show(&self, ui: &mut Ui, theme: &Theme, salt: &'static str) {
        let font = theme.data();
        let digit = paint::width(ui.painter(), "0", &font);
        let gutter = digit * self.lines.len().max(100).to_string().len() as f32 + 20.0;
        let width = gutter + digit * (self.longest + 2) as f32;
        Rows::new(salt, self.lines.len(), LINE)
            .wide(width)
            .show(ui, |ui, index, rect| {
                let Some(line) = self
                    .lines
                    .get(index)
                    .and_then(|range| self.text.get(range.clone()))
                else {
                    return;
                };
                let id = ui.scope_id().with((salt, index));
                widgets::plain_row(ui, rect, id, Role::Paragraph, &units::one_line(line, 400));
                let number = rect.with_max_x(rect.left() + gutter - 12.0);
                let number_color = theme.colors.text[2];
                paint::right(
                    ui.painter(),
                    number,
                    &(index + 1).to_string(),
                    &theme.small_data(),
                    number_color,
                );
                let room = paint::from_left(rect, gutter);
                if self.is_json {
                    let shown = shortened(line);
                    let pieces: Vec<_> = lex(&shown)
                        .into_iter()
                        .map(|(text, token)| (text, &font, token.color(theme)))
                        .collect();
                    paint::pieces(ui.painter(), room, &pieces);
                } else {
                    paint::left(
                        ui.painter(),
                        room,
                        line.trim_end_matches('\r'),
                        &font,
                        theme.colors.text[1],
                    );
                }
            });
    }
}

/// A container that fits into so many characters stays on one line.
const INLINE: usize = 64;

fn write(value: &Value, depth: usize, out: &mut String) {
    let is_inline = depth > 0 && room_left(value, INLINE).is_some();
    let gap = |out: &mut String, depth: usize| {
        if !is_inline {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
    };
    let divide = |out: &mut String, index: usize| {
        if index > 0 {
            out.push_str(if is_inline { ", " } else { "," });
        }
        gap(out, depth + 1);
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                divide(out, index);
                write(item, depth + 1, out);
            }
            gap(out, depth);
            out.push(']');
        }
        Value::Object(map) if !map.is_empty() => {
            out.push('{');
            for (index, (name, item)) in map.iter().enumerate() {
                divide(out, index);
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push_str(": ");
                write(item, depth + 1, out);
            }
            gap(out, depth);
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// What is left of `room` after the value on one line; none if it does not fit.
fn room_left(value: &Value, room: usize) -> Option<usize> {
    match value {
        Value::Array(items) => items.iter().try_fold(room.checked_sub(2)?, |room, item| {
            room_left(item, room)?.checked_sub(2)
        }),
        Value::Object(map) => map.iter().try_fold(room.checked_sub(2)?, |room, (name, item)| {
            room_left(item, room.checked_sub(name.len() + 4)?)?.checked_sub(2)
        }),
        Value::String(text) => room.checked_sub(text.len() + 2),
        Value::Number(number) => room.checked_sub(number.to_string().len()),
        _ => room.checked_sub(5),
    }
}

fn breaks(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        lines.push(start..start + line.trim_end_matches('\n').len());
        start += line.len();
    }
    lines
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(MAX_LINE) {
        Some((end, _)) => {
            format!(
                "{}… {} more characters",
                &line[..end],
                units::count(line[end..].chars().count() as u64)
            )
        }
        None => line.to_owned(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Name,
    Text,
    Number,
    Keyword,
    Mark,
}

impl Token {
    const fn color(self, theme: &Theme) -> Color32 {
        let colors = &theme.colors;
        match self {
            Self::Name => colors.value.name,
            Self::Text => colors.value.text,
            Self::Number => colors.value.number,
            Self::Keyword => colors.value.keyword,
            Self::Mark => colors.text[2],
        }
    }
}

/// The pieces of one line of indented JSON.
fn lex(line: &str) -> Vec<(&str, Token)> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let (length, token) = match first {
            '"' => {
                let length = string_length(rest);
                let is_name = rest[length..].starts_with(':');
                (length, if is_name { Token::Name } else { Token::Text })
            }
            '-' | '0'..='9' => (
                run(rest, |c| c.is_ascii_digit() || "+-.eE".contains(c)),
                Token::Number,
            ),
            'a'..='z' => (run(rest, |c| c.is_ascii_lowercase()), Token::Keyword),
            _ => (
                run(rest, |c| !(c == '"' || c == '-' || c.is_ascii_alphanumeric())).max(first.len_utf8()),
                Token::Mark,
            ),
        };
        let (piece, after) = rest.split_at(length);
        pieces.push((piece, token));
        rest = after;
    }
    pieces
}

fn run(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|character| !is_part(character)).unwrap_or(text.len())
}

fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_falls_into_pieces() {
        let line = "  \"a\\\"b\": -1.5e3, \"x\", true,";
        let pieces = lex(line);
        assert_eq!(pieces.iter().map(|(text, _)| *text).collect::<String>(), line);
        assert!(pieces.contains(&("\"a\\\"b\"", Token::Name)));
        assert!(pieces.contains(&("-1.5e3", Token::Number)));
        assert!(pieces.contains(&("\"x\"", Token::Text)));
        assert!(pieces.contains(&("true", Token::Keyword)));
        assert_eq!(lex("\"open … é").len(), 1);
        assert_eq!(
            lex("Ä Z …").iter().map(|(text, _)| *text).collect::<String>(),
            "Ä Z …"
        );
    }

    #[test]
    fn short_containers_stay_on_one_line_and_nothing_is_lost() {
        let value = serde_json::json!({"path": [0, 1, 2], "node": {"tag": "li"}, "long": ["x".repeat(80), {}], "none": []});
        let document = Document::of_value(&value);
        assert!(
            document
                .text()
                .contains("\n  \"path\": [0, 1, 2],\n  \"node\": {\"tag\": \"li\"},\n  \"long\": [\n")
        );
        assert_eq!(serde_json::from_str::<Value>(document.text()).unwrap(), value);
    }

    #[test]
    fn raw_text_is_broken_into_columns() {
        let document = Document::of_text("abcdefg\nhä", 3);
        let lines: Vec<&str> = document
            .lines
            .iter()
            .map(|range| &document.text[range.clone()])
            .collect();
        assert_eq!(lines, ["abc", "def", "g", "hä"]);
    }
}

//! Cuts a template's source into tokens (`Lexer` of `django/template/base.py`), in one pass.

use std::ops::Range;

use memchr::{memchr, memchr2};

use super::text::strip;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Literal text.
    Text,
    /// `{{ … }}`.
    Variable,
    /// `{% … %}`.
    Block,
    /// `{# … #}`.
    Comment,
}

/// A line and a column of a template, both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl std::fmt::Display for Position {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// What is between the delimiters, without the space around it; all of it for text.
    pub contents: String,
    /// Where it stands in the source, in bytes.
    pub span: Range<usize>,
    /// Where it begins.
    pub position: Position,
}

/// Cuts `source` into tokens. Any text has some.
pub(crate) fn tokenize(source: &str) -> Vec<Token> {
    let mut tags = Tags::new(source);
    let mut cursor = Cursor::new(source);
    let mut tokens = Vec::new();
    let mut verbatim: Option<String> = None;
    let mut end_of_last = 0;
    while let Some(span) = tags.next() {
        push_text(&mut tokens, source, end_of_last..span.start, &mut cursor);
        end_of_last = span.end;
        push_tag(&mut tokens, source, span, &mut cursor, &mut verbatim);
    }
    push_text(&mut tokens, source, end_of_last..source.len(), &mut cursor);
    tokens
}

fn push_text(tokens: &mut Vec<Token>, source: &str, span: Range<usize>, cursor: &mut Cursor<'_>) {
    if !span.is_empty() {
        let position = cursor.position(span.start);
        tokens.push(Token {
            kind: TokenKind::Text,
            contents: source[span.clone()].to_owned(),
            span,
            position,
        });
    }
}

fn push_tag(
    tokens: &mut Vec<Token>,
    source: &str,
    span: Range<usize>,
    cursor: &mut Cursor<'_>,
    verbatim: &mut Option<String>,
) {
    let whole = &source[span.clone()];
    let contents = strip(&whole[2..whole.len() - 2]);
    let is_block = whole.as_bytes()[1] == b'%';
    let kind = match (&*verbatim, whole.as_bytes()[1]) {
        (Some(end), b'%') if contents == end => TokenKind::Block,
        (Some(_), _) => TokenKind::Text,
        (None, b'%') => TokenKind::Block,
        (None, b'{') => TokenKind::Variable,
        (None, _) => TokenKind::Comment,
    };
    if is_block && kind == TokenKind::Block {
        let begins = verbatim.is_none() && (contents == "verbatim" || contents.starts_with("verbatim "));
        *verbatim = begins.then(|| format!("end{contents}"));
    }
    let contents = if kind == TokenKind::Text { whole } else { contents };
    let position = cursor.position(span.start);
    tokens.push(Token {
        kind,
        contents: contents.to_owned(),
        span,
        position,
    });
}

/// The matches of Django's `tag_re`, `({%.*?%}|{{.*?}}|{#.*?#})`: a tag ends on the line where it begins.
struct Tags<'a> {
    source: &'a str,
    from: usize,
    /// For `%`, `{` and `#`: up to where it is known that no tag of that kind is closed.
    unclosed_until: [usize; 3],
}

impl<'a> Tags<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            from: 0,
            unclosed_until: [0; 3],
        }
    }

    fn next(&mut self) -> Option<Range<usize>> {
        let bytes = self.source.as_bytes();
        while let Some(offset) = memchr(b'{', &bytes[self.from..]) {
            let start = self.from + offset;
            if let Some(end) = self.end_of_tag(start) {
                self.from = end;
                return Some(start..end);
            }
            self.from = start + 1;
        }
        None
    }

    fn end_of_tag(&mut self, start: usize) -> Option<usize> {
        let bytes = self.source.as_bytes();
        let closing = match bytes.get(start + 1)? {
            b'{' => b'}',
            other => *other,
        };
        let kind = b"%}#".iter().position(|&byte| byte == closing)?;
        let inside = start + 2;
        if inside < self.unclosed_until[kind] {
            return None;
        }
        let mut at = inside;
        while let Some(offset) = memchr2(b'}', b'\n', &bytes[at..]) {
            let found = at + offset;
            if bytes[found] == b'\n' {
                self.unclosed_until[kind] = found;
                return None;
            }
            if found > inside && bytes[found - 1] == closing {
                return Some(found + 1);
            }
            at = found + 1;
        }
        self.unclosed_until[kind] = bytes.len();
        None
    }
}

/// Tells the line and column of growing offsets without starting over.
struct Cursor<'a> {
    source: &'a str,
    offset: usize,
    position: Position,
}

impl<'a> Cursor<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            offset: 0,
            position: Position { line: 1, column: 1 },
        }
    }

    fn position(&mut self, offset: usize) -> Position {
        let passed = &self.source[self.offset..offset];
        let lines = passed.bytes().filter(|&byte| byte == b'\n').count();
        let since_line = passed.rfind('\n').map_or(passed, |end| &passed[end + 1..]);
        let columns = u32::try_from(since_line.chars().count()).unwrap_or(u32::MAX);
        if lines > 0 {
            self.position.line = self
                .position
                .line
                .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            self.position.column = 1;
        }
        self.position.column = self.position.column.saturating_add(columns);
        self.offset = offset;
        self.position
    }
}

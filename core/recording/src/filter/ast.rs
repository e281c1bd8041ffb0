use std::fmt::{self, Write as _};

/// What a filter asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// All of them.
    And(Vec<Self>),
    /// One of them.
    Or(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// Event, view or error contains the text; `*` stands for any text.
    Word(String),
    /// Any text of the turn contains exactly this.
    Anywhere(String),
    /// A text field matches a pattern with `*`.
    Text(TextKey, String),
    /// A number compares.
    Number(NumberKey, Comparison, f64),
}

/// A field that holds text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKey {
    /// What set the turn off.
    Kind,
    /// How it ended.
    Outcome,
    /// Event or handler name.
    Event,
    /// A changed name of the state.
    Key,
    /// Dotted path of the view class, or its last parts.
    View,
    /// The error or the exception.
    Error,
    /// Code of a finding.
    Finding,
    /// Level of a log record.
    Log,
    /// Text of an SQL query.
    Query,
    /// Event parameters, as JSON.
    Params,
}

/// A field that holds a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKey {
    /// Length in milliseconds.
    Ms,
    /// Number of patches.
    Patches,
    /// Number of SQL queries.
    Sql,
    /// Number of findings.
    Findings,
    /// Seconds since the start of the recording.
    Time,
    /// Number of the turn.
    Turn,
    /// Number of the connection.
    Connection,
    /// Version of the last checked frame.
    Version,
    /// The browser's event counter.
    Reference,
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=` or `:`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// A key as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Text(TextKey),
    Number(NumberKey),
}

/// Every key, the canonical name of each before its other names.
pub(super) const KEYS: [(&str, Key); 21] = [
    ("kind", Key::Text(TextKey::Kind)),
    ("outcome", Key::Text(TextKey::Outcome)),
    ("handler", Key::Text(TextKey::Event)),
    ("event", Key::Text(TextKey::Event)),
    ("key", Key::Text(TextKey::Key)),
    ("view", Key::Text(TextKey::View)),
    ("error", Key::Text(TextKey::Error)),
    ("finding", Key::Text(TextKey::Finding)),
    ("log", Key::Text(TextKey::Log)),
    ("query", Key::Text(TextKey::Query)),
    ("params", Key::Text(TextKey::Params)),
    ("ms", Key::Number(NumberKey::Ms)),
    ("patches", Key::Number(NumberKey::Patches)),
    ("sql", Key::Number(NumberKey::Sql)),
    ("findings", Key::Number(NumberKey::Findings)),
    ("t", Key::Number(NumberKey::Time)),
    ("turn", Key::Number(NumberKey::Turn)),
    ("connection", Key::Number(NumberKey::Connection)),
    ("conn", Key::Number(NumberKey::Connection)),
    ("version", Key::Number(NumberKey::Version)),
    ("ref", Key::Number(NumberKey::Reference)),
];

impl Key {
    pub(super) fn name(self) -> &'static str {
        KEYS.iter()
            .find(|(_, key)| *key == self)
            .map_or("", |(name, _)| name)
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        KEYS.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, key)| *key)
    }
}

impl Comparison {
    /// As in a filter and in SQL.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        f.write_char(' ')?;
                    }
                    operand(f, part)?;
                }
                Ok(())
            }
            // All of them binds tighter than one of them.
            Self::Or(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" | ")?;
                    }
                    write!(f, "{part}")?;
                }
                Ok(())
            }
            Self::Not(inner) => {
                f.write_char('-')?;
                operand(f, inner)
            }
            Self::Word(word) => quoted(f, word),
            Self::Anywhere(text) => {
                f.write_char('/')?;
                escaped(f, text, '/')?;
                f.write_char('/')
            }
            Self::Text(key, pattern) => {
                write!(f, "{}:", Key::Text(*key).name())?;
                quoted(f, pattern)
            }
            Self::Number(key, comparison, number) => {
                write!(f, "{}{}{number}", Key::Number(*key).name(), comparison.symbol())
            }
        }
    }
}

/// A list inside something else needs parentheses.
fn operand(f: &mut fmt::Formatter<'_>, expr: &Expr) -> fmt::Result {
    if matches!(expr, Expr::And(_) | Expr::Or(_)) {
        write!(f, "({expr})")
    } else {
        write!(f, "{expr}")
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let is_plain = !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '*' | '.'))
        && !text.eq_ignore_ascii_case("or")
        && !text.eq_ignore_ascii_case("and");
    if is_plain {
        return f.write_str(text);
    }
    f.write_char('"')?;
    escaped(f, text, '"')?;
    f.write_char('"')
}

fn escaped(f: &mut fmt::Formatter<'_>, text: &str, end: char) -> fmt::Result {
    for c in text.chars() {
        if c == end || c == '\\' {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    Ok(())
}

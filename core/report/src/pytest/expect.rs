//! What a developer says should happen in a turn.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What should happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// A condition on the state after the turn, in Python with the names of the state.
    State(String),
    /// The page that the browser has contains a text.
    HtmlContains(String),
    /// The page that the browser has does not contain a text.
    HtmlLacks(String),
    /// The browser was sent patches.
    Patches,
    /// No error was answered.
    NoError,
    /// The page that the browser has says what a fresh page with the same state says.
    UpToDate,
    /// State and answer are as they were recorded.
    Recorded,
}

/// The forms that are known, as they are shown in a hint.
pub const FORMS: &str =
    "state:CONDITION, html-contains:TEXT, html-lacks:TEXT, patches, no-error, up-to-date, recorded";

impl FromStr for Expect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (word, rest) = text
            .split_once(':')
            .map_or((text, None), |(word, rest)| (word, Some(rest)));
        let given = |rest: Option<&str>| match rest.map(str::trim) {
            Some(rest) if !rest.is_empty() => Ok(rest.to_owned()),
            _ => Err(format!("{word}: needs something behind the colon")),
        };
        match word {
            "state" => given(rest).map(Self::State),
            "html-contains" => given(rest).map(Self::HtmlContains),
            "html-lacks" => given(rest).map(Self::HtmlLacks),
            "patches" if rest.is_none() => Ok(Self::Patches),
            "no-error" if rest.is_none() => Ok(Self::NoError),
            "up-to-date" if rest.is_none() => Ok(Self::UpToDate),
            "recorded" if rest.is_none() => Ok(Self::Recorded),
            _ => Err(format!("not one of {FORMS}")),
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(condition) => write!(out, "state:{condition}"),
            Self::HtmlContains(text) => write!(out, "html-contains:{text}"),
            Self::HtmlLacks(text) => write!(out, "html-lacks:{text}"),
            Self::Patches => out.write_str("patches"),
            Self::NoError => out.write_str("no-error"),
            Self::UpToDate => out.write_str("up-to-date"),
            Self::Recorded => out.write_str("recorded"),
        }
    }
}

/// A condition with every name of the state looked up on `view`, and the names that it looks at.
///
/// # Errors
///
/// If it looks at none of `names`, or is no condition of one line.
pub fn condition(text: &str, names: &BTreeSet<String>) -> Result<(String, BTreeSet<String>), String> {
    if text.contains(['\n', '\r', '#', ';']) {
        return Err(format!("{text} is not a condition of one line"));
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut seen = BTreeSet::new();
    let mut left = text;
    while let Some(first) = left.chars().next() {
        let length = match first {
            '\'' | '"' => literal_length(left, first)?,
            _ if first.is_alphabetic() || first == '_' => word_length(left),
            _ if first.is_ascii_digit() => number_length(left),
            _ => first.len_utf8(),
        };
        let (token, rest) = left.split_at(length);
        let is_free =
            !out.trim_end().ends_with('.') && !is_keyword_argument(rest) && !rest.starts_with(['\'', '"']);
        if names.contains(token) && is_free {
            out.push_str("view.");
            seen.insert(token.to_owned());
        }
        out.push_str(token);
        left = rest;
    }
    if seen.is_empty() {
        let some: Vec<&str> = names.iter().take(12).map(String::as_str).collect();
        return Err(format!(
            "{text} looks at no name of the state; there are {}",
            some.join(", ")
        ));
    }
    Ok((out, seen))
}

fn literal_length(text: &str, quote: char) -> Result<usize, String> {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if character == quote => return Ok(at + 1),
            _ => {}
        }
    }
    Err(format!("a text is not closed: {text}"))
}

fn word_length(text: &str) -> usize {
    text.find(|character: char| !character.is_alphanumeric() && character != '_')
        .unwrap_or(text.len())
}

/// A number with what belongs to it: `1e5`, `0x1f`, `1_000`.
fn number_length(text: &str) -> usize {
    text.find(|character: char| !character.is_alphanumeric() && !matches!(character, '_' | '.'))
        .unwrap_or(text.len())
}

/// True before the `=` of `round(x, ndigits=2)`.
fn is_keyword_argument(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.starts_with('=') && !rest.starts_with("==")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_is_read_and_shown_alike() {
        for text in [
            "state:total == 4",
            "html-contains:Total: 4",
            "html-lacks:x",
            "patches",
            "no-error",
            "up-to-date",
            "recorded",
        ] {
            assert_eq!(text.parse::<Expect>().unwrap().to_string(), text);
        }
        for text in ["", "state", "state:", "patches:3", "other"] {
            text.parse::<Expect>().unwrap_err();
        }
    }

    #[test]
    fn names_of_the_state_are_looked_up_on_the_view() {
        let names = ["total", "items", "n", "ndigits", "b"].map(str::to_owned).into();
        for (text, expected) in [
            ("total == 4", "view.total == 4"),
            ("len(items) == n", "len(view.items) == view.n"),
            ("items[0].total == 'total'", "view.items[0].total == 'total'"),
            ("round(n, ndigits=2) == 1e5", "round(view.n, ndigits=2) == 1e5"),
            ("items == [\"it's n\", b'n']", "view.items == [\"it's n\", b'n']"),
        ] {
            assert_eq!(condition(text, &names).unwrap().0, expected);
        }
        for text in ["other == 1", "total == 'x", "total\nimport os", "total # x"] {
            condition(text, &names).unwrap_err();
        }
    }
}

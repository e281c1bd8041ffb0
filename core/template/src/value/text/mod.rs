//! Texts as Python sees them: what counts as whitespace, as a digit, as printable; words, lines and title case.

mod case;
mod lines;

use std::borrow::Cow;
use std::fmt::{Display, Write};

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

pub use case::titlecase;
pub use lines::{expand_tabs, split_lines};

/// Appends what prints itself.
pub(crate) fn append(out: &mut String, value: impl Display) {
    // Writing into a `String` cannot fail.
    let _ = write!(out, "{value}");
}

/// `str.isspace()` of one character: Unicode's whitespace and the four separators of ASCII.
pub fn is_whitespace(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\x1c'..='\x1f')
}

/// `str.split()`: the words between runs of whitespace.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_whitespace).filter(|word| !word.is_empty())
}

/// The value of a decimal digit of any script.
pub fn digit_value(character: char) -> Option<u32> {
    if character.is_ascii() {
        return character.to_digit(10);
    }
    if character.general_category() != GeneralCategory::DecimalNumber {
        return None;
    }
    // Digits come in runs of ten that start at zero; a run may follow another directly.
    let code = u32::from(character);
    let mut first = code;
    while first > 0
        && char::from_u32(first - 1).is_some_and(|c| c.general_category() == GeneralCategory::DecimalNumber)
    {
        first -= 1;
    }
    Some((code - first) % 10)
}

/// The same text with the decimal digits of other scripts as ASCII digits: what `int()` and `Decimal()` read.
pub fn ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let digit = |c| {
        digit_value(c)
            .and_then(|value| char::from_digit(value, 10))
            .unwrap_or(c)
    };
    Cow::Owned(text.chars().map(digit).collect())
}

/// `\w` of a regular expression: letters and numbers of any script, and the underscore.
pub fn is_word_character(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || character == '_';
    }
    matches!(
        character.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number
    )
}

/// `str.isprintable()` of one character: `repr` escapes the others.
pub fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return matches!(character, ' '..='~');
    }
    !matches!(
        character.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Surrogate
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::SpaceSeparator
    )
}

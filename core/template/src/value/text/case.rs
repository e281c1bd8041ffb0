//! Title case.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// `str.title()`: a cased character begins a word unless it follows another.
pub fn titlecase(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut previous_is_cased = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if !previous_is_cased => push_titlecase(character, &mut out),
            'Σ' => out.push(if is_final_sigma(text, at) { 'ς' } else { 'σ' }),
            _ => out.extend(character.to_lowercase()),
        }
        previous_is_cased = is_cased(character);
    }
    out
}

/// Whether a sigma ends a word: a cased character before it, none behind it, whatever is between.
fn is_final_sigma(text: &str, at: usize) -> bool {
    let before = text[..at].chars().rev().find(|c| !is_case_ignorable(*c));
    let behind = text[at + 'Σ'.len_utf8()..]
        .chars()
        .find(|c| !is_case_ignorable(*c));
    before.is_some_and(is_cased) && !behind.is_some_and(is_cased)
}

fn is_cased(character: char) -> bool {
    character.is_lowercase()
        || character.is_uppercase()
        || character.general_category() == GeneralCategory::TitlecaseLetter
}

fn is_case_ignorable(character: char) -> bool {
    matches!(
        character,
        '\'' | '.' | ':' | '^' | '`' | '\u{a8}' | '\u{ad}' | '\u{b7}' | '\u{2018}' | '\u{2019}'
    ) || matches!(
        character.general_category(),
        GeneralCategory::NonspacingMark
            | GeneralCategory::EnclosingMark
            | GeneralCategory::Format
            | GeneralCategory::ModifierLetter
            | GeneralCategory::ModifierSymbol
    )
}

/// Appends a character in title case, where that is not upper case: digraphs, ligatures, Greek letters with an iota
/// below, and Georgian, which has no title case
/// (<https://www.unicode.org/Public/UCD/latest/ucd/SpecialCasing.txt>).
fn push_titlecase(character: char, out: &mut String) {
    match character {
        'Ǆ'..='ǆ' => out.push('ǅ'),
        'Ǉ'..='ǉ' => out.push('ǈ'),
        'Ǌ'..='ǌ' => out.push('ǋ'),
        'Ǳ'..='ǳ' => out.push('ǲ'),
        'ა'..='ჺ' | 'ჽ'..='ჿ' | 'ᾈ'..='ᾏ' | 'ᾘ'..='ᾟ' | 'ᾨ'..='ᾯ' | 'ᾼ' | 'ῌ' | 'ῼ' =>
        {
            out.push(character);
        }
        'ᾀ'..='ᾇ' | 'ᾐ'..='ᾗ' | 'ᾠ'..='ᾧ' => out.push(offset(character, 8)),
        'ŉ' => out.push_str("ʼN"),
        'ᾳ' => out.push('ᾼ'),
        'ῃ' => out.push('ῌ'),
        'ῳ' => out.push('ῼ'),
        // Of what becomes several characters, only the first stays upper case; a mark above has no case.
        _ => {
            let mut upper = character.to_uppercase();
            out.extend(upper.next());
            upper.for_each(|rest| push_after_first(character, rest, out));
        }
    }
}

fn push_after_first(character: char, rest: char, out: &mut String) {
    // `ᾷ` and its like write the iota below the letter again.
    if rest == 'Ι' && matches!(character, 'ᾲ' | 'ᾴ' | 'ᾷ' | 'ῂ' | 'ῄ' | 'ῇ' | 'ῲ' | 'ῴ' | 'ῷ')
    {
        out.push('\u{345}');
    } else {
        out.extend(rest.to_lowercase());
    }
}

fn offset(character: char, by: u32) -> char {
    char::from_u32(u32::from(character) + by).unwrap_or(character)
}

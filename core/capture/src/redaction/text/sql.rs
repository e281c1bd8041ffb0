//! Secrets in SQL: the literals and parameters of a statement that compares or writes a secret column.

use std::ops::Range;

use super::super::names::Place;
use super::super::names::Strength;
use super::{Scanner, Secret};

/// What a statement does with secret columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// It writes or compares one: which parameter belongs to it cannot be told for sure.
    UsesSecret,
    /// It names none, or only reads it along with others.
    Harmless,
}

/// What `sql` does with columns whose names say secret.
pub fn statement(scanner: &Scanner, sql: &str) -> Statement {
    if scanner.is_clean(sql) {
        return Statement::Harmless;
    }
    let words = words(sql);
    let is = |range: &Range<usize>, word: &str| sql[range.clone()].eq_ignore_ascii_case(word);
    let is_read = first_word(sql).is_some_and(|word| word.eq_ignore_ascii_case("select"));
    let columns_end = match words.iter().find(|word| is(word, "from")) {
        _ if !is_read => 0,
        Some(from) => from.start,
        None => sql.len(),
    };
    let uses_secret = words.iter().any(|word| {
        let is_only_read = || word.start < columns_end && !has_value(item_around(&sql[..columns_end], word));
        takes_whole_row(scanner, sql, word) || (is_column(scanner, sql, word) && !is_only_read())
    });
    if uses_secret {
        Statement::UsesSecret
    } else {
        Statement::Harmless
    }
}

/// The item of a list of columns that holds `word`: `coalesce(token, %s)`.
fn item_around<'a>(columns: &'a str, word: &Range<usize>) -> &'a str {
    let (mut depth, mut start, mut end) = (0_usize, 0, columns.len());
    for (at, byte) in columns.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 && at < word.start => start = at + 1,
            b',' if depth == 0 && at >= word.end => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    &columns[start..end]
}

/// True if a value stands in it, or a place for one.
fn has_value(item: &str) -> bool {
    item.contains(['\'', '?', '$']) || item.contains("%s") || item.contains("%(")
}

/// `INSERT INTO authtoken_token VALUES (…)`: a row of a table whose name says secret, without names of columns.
fn takes_whole_row(scanner: &Scanner, sql: &str, table: &Range<usize>) -> bool {
    let quotes = ['"', '`', '[', ']', ' ', '\n', '\t', '\r'];
    let after = sql[table.end..].trim_start_matches(quotes);
    ends_with_word(sql[..table.start].trim_end_matches(quotes), "into")
        && after
            .get(..6)
            .is_some_and(|word| word.eq_ignore_ascii_case("values"))
        && scanner.strength(&sql[table.clone()], Place::Anywhere).is_some()
}

/// A secret name that is no table (`FROM "auth_token"`) and no function.
fn is_column(scanner: &Scanner, sql: &str, word: &Range<usize>) -> bool {
    let name = &sql[word.clone()];
    if scanner.strength(name, Place::Anywhere).is_none() {
        return IN_SECRET_TABLES
            .iter()
            .any(|column| name.eq_ignore_ascii_case(column))
            && is_of_secret_table(scanner, sql, word);
    }
    let after = sql[word.end..].trim_start_matches(['"', '`', ']']);
    let before = sql[..word.start].trim_end_matches(['"', '`', '[', ' ', '\n', '\t', '\r']);
    let is_table = after.starts_with('.')
        || ["from", "join", "into", "update", "table"]
            .iter()
            .any(|keyword| ends_with_word(before, keyword));
    !is_table
}

/// Columns without a telling name that hold the secret in a table that has one: `authtoken_token.key`.
const IN_SECRET_TABLES: &[&str] = &["key", "value", "hash", "digest", "code"];

fn is_of_secret_table(scanner: &Scanner, sql: &str, column: &Range<usize>) -> bool {
    let quotes = ['"', '`', '[', ']'];
    let Some(before) = sql[..column.start].trim_end_matches(quotes).strip_suffix('.') else {
        return false;
    };
    let before = before.trim_end_matches(quotes);
    let start = before
        .rfind(|character: char| !(character.is_alphanumeric() || character == '_'))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    scanner.strength(&before[start..], Place::Anywhere).is_some()
}

fn ends_with_word(text: &str, word: &str) -> bool {
    text.len() >= word.len()
        && text
            .get(text.len() - word.len()..)
            .is_some_and(|end| end.eq_ignore_ascii_case(word))
}

/// The words of a statement, outside its strings.
fn words(sql: &str) -> Vec<Range<usize>> {
    let bytes = sql.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            at = string_end(bytes, at);
        } else if bytes[at].is_ascii_alphabetic() || bytes[at] == b'_' || bytes[at] >= 0x80 {
            let start = at;
            while bytes
                .get(at)
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
            {
                at += 1;
            }
            found.push(start..at);
        } else {
            at += 1;
        }
    }
    found
}

/// After the end of the string that begins at `at`; `''` in it is a quote.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            if bytes.get(at + 1) != Some(&b'\'') {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    at
}

fn first_word(sql: &str) -> Option<&str> {
    let start = sql.find(|character: char| character.is_ascii_alphabetic())?;
    let rest = &sql[start..];
    Some(
        &rest[..rest
            .find(|character: char| !character.is_ascii_alphabetic())
            .unwrap_or(rest.len())],
    )
}

/// Adds the literals of a statement inside a message that names a secret: `… IN ('a', 'b')`, `VALUES ('x')`, and what
/// Django's log of queries puts behind it (`args=('x',)`).
pub fn literals(scanner: &Scanner, text: &str, part: Range<usize>, found: &mut Vec<Secret>) {
    let Some((verb, values)) = statement_in(&text[part.clone()]) else {
        return;
    };
    if statement(scanner, &text[part.start + verb..part.end]) == Statement::Harmless {
        return;
    }
    let start = part.start + values;
    let bytes = text.as_bytes();
    let mut at = start;
    while at < part.end {
        if bytes[at] == b'\'' {
            let end = string_end(&bytes[..part.end], at);
            let closed = if end > at + 1 && bytes[end - 1] == b'\'' {
                end - 1
            } else {
                end
            };
            push(text, at + 1..closed, found);
            at = end.max(at + 1);
        } else if bytes[at].is_ascii_digit()
            && !bytes[at - 1].is_ascii_alphanumeric()
            && !b"_.\"$%-".contains(&bytes[at - 1])
        {
            let length = bytes[at..part.end]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if length >= 3 {
                push(text, at..at + length, found);
            }
            at += length;
        } else {
            at += 1;
        }
    }
}

fn push(text: &str, range: Range<usize>, found: &mut Vec<Secret>) {
    let value = text.get(range.clone()).unwrap_or_default();
    if !value.is_empty() && !value.starts_with(super::super::marks::MARK) {
        found.push(Secret {
            value: value.replace("''", "'"),
            range,
            strength: Strength::Token,
            needs_quotes: false,
        });
    }
}

/// Where a statement begins, and where the part of it begins in which values stand; none if `text` holds no statement.
fn statement_in(text: &str) -> Option<(usize, usize)> {
    let words = words(text);
    let is = |range: &Range<usize>, word: &str| text[range.clone()].eq_ignore_ascii_case(word);
    let verbs = words.iter().enumerate().filter_map(|(index, word)| {
        let form = FORMS.iter().find(|form| is(word, form.verb))?;
        Some((index, form))
    });
    verbs.take(MAX_VERBS).find_map(|(index, form)| {
        let follows = form
            .next
            .is_none_or(|next| words.get(index + 1).is_some_and(|word| is(word, next)));
        let rest = &words[index..words.len().min(index + MAX_WORDS)];
        let has_source = form
            .source
            .is_none_or(|source| rest.iter().any(|word| is(word, source)));
        let clause = rest
            .iter()
            .find(|word| form.values.iter().any(|clause| is(word, clause)))?;
        (follows && has_source).then_some((words[index].start, clause.end))
    })
}

/// How a statement is known in a text.
struct Form {
    verb: &'static str,
    /// The word behind the verb.
    next: Option<&'static str>,
    /// A word that it has to have somewhere.
    source: Option<&'static str>,
    /// Behind which words values stand.
    values: &'static [&'static str],
}

const FORMS: &[Form] = &[
    Form {
        verb: "select",
        next: None,
        source: Some("from"),
        values: &["select"],
    },
    Form {
        verb: "insert",
        next: Some("into"),
        source: None,
        values: &["values", "select"],
    },
    Form {
        verb: "update",
        next: None,
        source: Some("set"),
        values: &["set"],
    },
    Form {
        verb: "delete",
        next: Some("from"),
        source: None,
        values: &["where"],
    },
    Form {
        verb: "replace",
        next: Some("into"),
        source: None,
        values: &["values"],
    },
];

/// Words of a statement in which its clauses are looked for.
const MAX_WORDS: usize = 2_000;

/// Verbs that are tried: prose has some, too.
const MAX_VERBS: usize = 20;

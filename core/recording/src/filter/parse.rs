use super::ast::{Comparison, Expr, KEYS, Key, NumberKey, TextKey};
use super::{Filter, FilterError};
use crate::model::{Outcome, TurnKind};

/// How deep parentheses and negations may nest.
const MAX_DEPTH: usize = 32;

/// How many terms a filter may have.
const MAX_TERMS: usize = 100;

/// Reads a filter; none if it is blank.
pub(super) fn parse(text: &str) -> Result<Option<Expr>, FilterError> {
    let mut parser = Parser {
        chars: text.chars().collect(),
        at: 0,
        terms: 0,
    };
    if parser.chars.len() > Filter::MAX_LENGTH {
        let message = format!("longer than {} characters", Filter::MAX_LENGTH);
        return Err(parser.error(0, 1, message, None));
    }
    parser.skip_blanks();
    if parser.peek().is_none() {
        return Ok(None);
    }
    let expr = parser.alternatives(0)?;
    if parser.peek().is_some() {
        // Only a closing parenthesis ends the outermost list early.
        return Err(parser.error(parser.at, 1, "`)` without `(`".to_owned(), None));
    }
    Ok(Some(expr))
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    terms: usize,
}

impl Parser {
    fn alternatives(&mut self, depth: usize) -> Result<Expr, FilterError> {
        if depth > MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} deep");
            return Err(self.error(self.at, 1, message, None));
        }
        let mut parts = vec![self.all_of(depth)?];
        while self.take_or() {
            parts.push(self.all_of(depth)?);
        }
        Ok(joined(parts, Expr::Or))
    }

    fn all_of(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut parts = Vec::new();
        loop {
            self.skip_blanks();
            if self.keyword("and") && !parts.is_empty() {
                self.at += 3;
                parts.push(self.term(depth)?);
            } else if matches!(self.peek(), None | Some('|' | ')')) || self.keyword("or") {
                break;
            } else {
                parts.push(self.term(depth)?);
            }
        }
        if parts.is_empty() {
            return Err(self.error(self.at, 1, "a term is missing here".to_owned(), None));
        }
        Ok(joined(parts, Expr::And))
    }

    fn term(&mut self, depth: usize) -> Result<Expr, FilterError> {
        self.skip_blanks();
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(self.error(self.at, 1, format!("more than {MAX_TERMS} terms"), None));
        }
        let start = self.at;
        match self.peek() {
            None | Some('|' | ')') => Err(self.error(start, 1, "a term is missing here".to_owned(), None)),
            Some('-') => {
                self.at += 1;
                if self.peek().is_none_or(char::is_whitespace) {
                    let hint = Some("write it directly before a term, as in -kind:tick".to_owned());
                    return Err(self.error(start, 1, "`-` stands alone".to_owned(), hint));
                }
                if depth > MAX_DEPTH {
                    let message = format!("nested more than {MAX_DEPTH} deep");
                    return Err(self.error(start, 1, message, None));
                }
                Ok(match self.term(depth + 1)? {
                    // Twice the opposite is the term itself, which keeps a filter from growing when it is written out.
                    Expr::Not(inner) => *inner,
                    inner => Expr::Not(Box::new(inner)),
                })
            }
            Some('(') => {
                self.at += 1;
                let inner = self.alternatives(depth + 1)?;
                if self.peek() != Some(')') {
                    return Err(self.error(start, 1, "`(` is never closed".to_owned(), None));
                }
                self.at += 1;
                Ok(inner)
            }
            Some('/') => self.delimited('/').map(Expr::Anywhere),
            Some('"') => self.delimited('"').map(Expr::Word),
            Some(_) => self.key_or_word(),
        }
    }

    fn key_or_word(&mut self) -> Result<Expr, FilterError> {
        let start = self.at;
        let name: String = self.chars[start..]
            .iter()
            .take_while(|c| c.is_alphanumeric() || **c == '_')
            .collect();
        let length = name.chars().count();
        self.at += length;
        let Some((comparison, is_colon)) = self.comparison().filter(|_| length > 0) else {
            self.at = start;
            let word = self.bare();
            if word.is_empty() {
                let found = self.peek().map_or(String::new(), String::from);
                return Err(self.error(start, 1, format!("`{found}` was not expected here"), None));
            }
            return Ok(Expr::Word(word));
        };
        let Some(key) = Key::of_name(&name) else {
            let hint = nearest(&name, KEYS.iter().map(|(known, _)| *known)).map_or_else(
                || "put it in quotes to search for it as text".to_owned(),
                |known| format!("did you mean {known}?"),
            );
            return Err(self.error(start, length, format!("`{name}` is not a key"), Some(hint)));
        };
        let value_at = self.at;
        let value = if self.peek() == Some('"') {
            self.delimited('"')?
        } else {
            self.bare()
        };
        let value_length = (self.at - value_at).max(1);
        match key {
            Key::Number(number) => {
                let value = self.number(&value, &name, value_at, value_length)?;
                Ok(Expr::Number(number, comparison, value))
            }
            Key::Text(text) => {
                if !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
                    let message = format!(
                        "`{name}` holds text and cannot be compared with {}",
                        comparison.symbol()
                    );
                    let hint = Some(format!("write {name}:text"));
                    return Err(self.error(start, self.at - start, message, hint));
                }
                self.text_term(text, comparison, value, &name, (value_at, value_length), is_colon)
            }
        }
    }

    fn text_term(
        &self,
        key: TextKey,
        comparison: Comparison,
        value: String,
        name: &str,
        (at, length): (usize, usize),
        is_colon: bool,
    ) -> Result<Expr, FilterError> {
        if value.is_empty() {
            let hint = is_colon.then(|| format!("write {name}:* for any"));
            return Err(self.error(at, length, format!("`{name}` needs a value"), hint));
        }
        let known: &[&str] = match key {
            TextKey::Kind => &TurnKind::ALL.map(TurnKind::name),
            TextKey::Outcome => &Outcome::ALL.map(Outcome::name),
            _ => &[],
        };
        let is_unknown = !known.is_empty() && !known.iter().any(|known| matches_pattern(&value, known));
        if is_unknown {
            let hint = nearest(&value, known.iter().copied()).map_or_else(
                || format!("one of {}", known.join(", ")),
                |near| format!("did you mean {near}?"),
            );
            return Err(self.error(at, length, format!("no turn has {name} `{value}`"), Some(hint)));
        }
        let term = Expr::Text(key, value);
        Ok(if comparison == Comparison::NotEqual {
            Expr::Not(Box::new(term))
        } else {
            term
        })
    }

    fn number(&self, value: &str, name: &str, at: usize, length: usize) -> Result<f64, FilterError> {
        if value.is_empty() {
            return Err(self.error(at, length, format!("`{name}` needs a number"), None));
        }
        match value.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => {
                let hint = value
                    .trim_end_matches(|c: char| c.is_alphabetic())
                    .parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())
                    .map(|number| match Key::of_name(name) {
                        Some(Key::Number(NumberKey::Time)) => format!("seconds, without the unit: {number}"),
                        _ => format!("without the unit: {number}"),
                    });
                Err(self.error(at, length, format!("`{value}` is not a number"), hint))
            }
        }
    }

    /// `:`, `=`, `!=`, `<` … and whether it was the colon.
    fn comparison(&mut self) -> Option<(Comparison, bool)> {
        let next = self.chars.get(self.at + 1) == Some(&'=');
        let (comparison, length) = match (self.peek()?, next) {
            (':' | '=', _) => (Comparison::Equal, 1),
            ('!', true) => (Comparison::NotEqual, 2),
            ('<', true) => (Comparison::AtMost, 2),
            ('<', false) => (Comparison::Less, 1),
            ('>', true) => (Comparison::AtLeast, 2),
            ('>', false) => (Comparison::Greater, 1),
            _ => return None,
        };
        let is_colon = self.peek() == Some(':');
        self.at += length;
        Some((comparison, is_colon))
    }

    /// Text between two delimiters, with `\` before one that belongs to it.
    fn delimited(&mut self, end: char) -> Result<String, FilterError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '\\' if self.peek().is_some_and(|next| next == end || next == '\\') => {
                    text.extend(self.peek());
                    self.at += 1;
                }
                c if c == end => {
                    return if text.is_empty() {
                        Err(self.error(start, 2, "there is no text to search for".to_owned(), None))
                    } else {
                        Ok(text)
                    };
                }
                c => text.push(c),
            }
        }
        let hint = (end == '/').then(|| "write it in quotes if it is not a search".to_owned());
        Err(self.error(start, 1, format!("`{end}` is never closed"), hint))
    }

    fn bare(&mut self) -> String {
        let rest = &self.chars[self.at..];
        let word: String = rest
            .iter()
            .take_while(|c| !c.is_whitespace() && !matches!(c, '|' | '(' | ')' | '"'))
            .collect();
        self.at += word.chars().count();
        word
    }

    fn take_or(&mut self) -> bool {
        self.skip_blanks();
        if self.peek() == Some('|') {
            self.at += 1;
            // `||` is what a programmer's fingers type.
            if self.peek() == Some('|') {
                self.at += 1;
            }
            return true;
        }
        let is_or = self.keyword("or");
        if is_or {
            self.at += 2;
        }
        is_or
    }

    /// Is `word` next, as a whole word?
    fn keyword(&self, word: &str) -> bool {
        let length = word.len();
        let Some(next) = self.chars.get(self.at..self.at + length) else {
            return false;
        };
        let ends = self
            .chars
            .get(self.at + length)
            .is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '|'));
        ends && next.iter().collect::<String>().eq_ignore_ascii_case(word)
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn error(&self, at: usize, length: usize, message: String, hint: Option<String>) -> FilterError {
        FilterError {
            message,
            column: at + 1,
            length,
            hint,
            filter: self.chars.iter().collect(),
        }
    }
}

/// One part is itself; lists of the same sort become one list.
fn joined(mut parts: Vec<Expr>, list: fn(Vec<Expr>) -> Expr) -> Expr {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let wanted = std::mem::discriminant(&list(Vec::new()));
    let flat = parts.into_iter().flat_map(|part| match part {
        Expr::And(inner) if wanted == std::mem::discriminant(&Expr::And(Vec::new())) => inner,
        Expr::Or(inner) if wanted == std::mem::discriminant(&Expr::Or(Vec::new())) => inner,
        other => vec![other],
    });
    list(flat.collect())
}

/// Does `*`-pattern `pattern` match all of `text`, case ignored?
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let pattern = pattern.to_lowercase();
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut rest = rest;
    for part in middle {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// The known name that is closest to a mistyped one, if one is close.
fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    known
        .map(|name| (distance(&typed, name), name))
        .filter(|(distance, name)| *distance <= 2 && *distance < name.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

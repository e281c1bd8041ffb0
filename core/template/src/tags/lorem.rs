//! `{% lorem %}` (`django/utils/lorem_ipsum.py`).

use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::node::Tag;
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use crate::value::Value;

/// The paragraph that everyone knows. Its first words are those of `{% lorem … w %}`.
const COMMON: &str = "Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tempor incididunt ut \
    labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut \
    aliquip ex ea commodo consequat. Duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore \
    eu fugiat nulla pariatur. Excepteur sint occaecat cupidatat non proident, sunt in culpa qui officia deserunt \
    mollit anim id est laborum.";

/// How many of the common words stand at the beginning.
const COMMON_WORDS: usize = 19;

/// Words of the random paragraphs.
const WORDS: &str = "exercitationem perferendis perspiciatis laborum eveniet sunt iure nam nobis eum cum officiis \
    excepturi odio consectetur quasi aut quisquam vel eligendi itaque non odit tempore quaerat dignissimos facilis \
    neque nihil expedita vitae vero ipsum nisi animi cumque pariatur velit modi natus iusto eaque sequi illo sed ex \
    et voluptatibus tempora veritatis ratione assumenda incidunt nostrum placeat aliquid fuga provident praesentium \
    rem necessitatibus suscipit adipisci quidem possimus voluptas debitis sint accusantium unde sapiente voluptate \
    qui aspernatur laudantium soluta amet quo aliquam saepe culpa libero ipsa dicta";

/// The most paragraphs or words that are written.
const MAX_COUNT: i64 = 100_000;

/// `{% lorem %}`.
#[derive(Debug)]
struct Lorem {
    count: Expression,
    method: Method,
    is_common: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Method {
    Words,
    Paragraphs,
    Blocks,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let mut words = token.split_contents()?;
    let is_common = words.last().is_none_or(|word| word != "random");
    if !is_common {
        words.pop();
    }
    let method = match words.last().map(String::as_str) {
        Some("w") => Some(Method::Words),
        Some("p") => Some(Method::Paragraphs),
        Some("b") => Some(Method::Blocks),
        _ => None,
    };
    if method.is_some() {
        words.pop();
    }
    let count = if words.len() > 1 { words.pop() } else { None };
    let count = parser.compile(count.as_deref().unwrap_or("1"))?;
    if words.len() != 1 {
        let tag = Value::from(token.split().first().cloned().unwrap_or_default()).repr();
        return Err(TemplateError::syntax(format!("Incorrect format for {tag} tag")));
    }
    Ok(Box::new(Lorem {
        count,
        method: method.unwrap_or(Method::Blocks),
        is_common,
    }))
}

impl Tag for Lorem {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let count = renderer.evaluate(&self.count)?;
        let count = count.to_small_int().unwrap_or(1).min(MAX_COUNT);
        let mut dice = Dice(renderer.environment.seed);
        let text = match self.method {
            Method::Words => words(count, self.is_common, &mut dice),
            method => paragraphs(count, method, self.is_common, &mut dice),
        };
        out.push_str(&text);
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.expression(&self.count);
    }
}

fn words(count: i64, is_common: bool, dice: &mut Dice) -> String {
    let common = COMMON
        .split([' ', ',', '.'])
        .filter(|word| !word.is_empty())
        .take(COMMON_WORDS);
    let mut words: Vec<String> = if is_common {
        common.map(str::to_lowercase).collect()
    } else {
        Vec::new()
    };
    // A negative count takes words off the end, as Python's slice does.
    let have = i64::try_from(words.len()).unwrap_or(i64::MAX);
    let wanted = if count < 0 { (have + count).max(0) } else { count };
    let wanted = usize::try_from(wanted).unwrap_or_default();
    words.truncate(wanted);
    while words.len() < wanted {
        words.push(dice.word().to_owned());
    }
    words.join(" ")
}

fn paragraphs(count: i64, method: Method, is_common: bool, dice: &mut Dice) -> String {
    let paragraph = |index: i64| {
        let text = if index == 0 && is_common {
            COMMON.to_owned()
        } else {
            dice.paragraph()
        };
        if method == Method::Paragraphs {
            format!("<p>{text}</p>")
        } else {
            text
        }
    };
    (0..count).map(paragraph).collect::<Vec<_>>().join("\n\n")
}

/// Draws from a seed, as `SplitMix64` does.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = usize::try_from((number ^ number >> 31) >> 33).unwrap_or_default();
        number % bound.max(1)
    }

    fn word(&mut self) -> &'static str {
        let words = || WORDS.split(' ');
        words().nth(self.below(words().count())).unwrap_or_default()
    }

    fn sentence(&mut self) -> String {
        let mut text = String::new();
        for section in 0..=self.below(5) {
            if section > 0 {
                text.push_str(", ");
            }
            let words: Vec<&str> = (0..3 + self.below(10)).map(|_| self.word()).collect();
            text.push_str(&words.join(" "));
        }
        let mut characters = text.chars();
        let first = characters
            .next()
            .map(|first| first.to_ascii_uppercase())
            .unwrap_or_default();
        let end = if self.below(2) == 0 { '?' } else { '.' };
        format!("{first}{}{end}", characters.as_str())
    }

    fn paragraph(&mut self) -> String {
        (0..=self.below(4))
            .map(|_| self.sentence())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

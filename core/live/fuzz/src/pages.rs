//! The pages of the tests of properties, part by part as the fuzzer chooses them.

use djscope_oracle::pages::{NAMES, Page, Part, RAW, TEXTS};
use libfuzzer_sys::arbitrary::{Arbitrary, Result, Unstructured};

/// How deep elements and conditions stand in each other.
const DEPTH: usize = 5;

/// A page.
#[derive(Debug)]
pub struct AnyPage(pub Page);

impl<'a> Arbitrary<'a> for AnyPage {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        parts(bytes, DEPTH).map(|parts| Self(Page(parts)))
    }
}

/// A change of a page.
#[derive(Debug)]
pub struct Change {
    at: usize,
    new: Part,
    how: u8,
}

impl<'a> Arbitrary<'a> for Change {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            at: bytes.int_in_range(0..=6)?,
            new: part(bytes, DEPTH)?,
            how: bytes.int_in_range(0..=3)?,
        })
    }
}

impl Change {
    /// The page after the change.
    pub fn of(self, page: Page) -> Page {
        page.with_change(self.at, self.new, self.how)
    }
}

fn parts(bytes: &mut Unstructured, depth: usize) -> Result<Vec<Part>> {
    let count = bytes.int_in_range(0..=5)?;
    (0..count).map(|_| part(bytes, depth)).collect()
}

fn part(bytes: &mut Unstructured, depth: usize) -> Result<Part> {
    let kinds = if depth == 0 { 2 } else { 4 };
    Ok(match bytes.int_in_range(0..=kinds)? {
        0 => Part::Text(bytes.choose(TEXTS)?),
        1 => Part::Raw(bytes.choose(RAW)?),
        2 => rows(bytes)?,
        3 => Part::Element {
            name: bytes.choose(NAMES)?,
            class: bytes.arbitrary()?,
            title: bytes.arbitrary()?,
            parts: parts(bytes, depth - 1)?,
        },
        _ => {
            let id = bytes.arbitrary()?;
            let is_true = bytes.arbitrary()?;
            Part::Condition(
                id,
                if is_true {
                    Some(parts(bytes, depth - 1)?)
                } else {
                    None
                },
            )
        }
    })
}

/// Rows of which no two have one key.
fn rows(bytes: &mut Unstructured) -> Result<Part> {
    let count = bytes.int_in_range(0..=8)?;
    let mut rows: Vec<(u8, u8)> = Vec::new();
    for _ in 0..count {
        let key = bytes.int_in_range(0..=12)?;
        let text = bytes.int_in_range(0..=3)?;
        if rows.iter().all(|row| row.0 != key) {
            rows.push((key, text));
        }
    }
    Ok(Part::Rows(rows))
}

//! What differs between two sources.

use std::ops::Range;

/// A piece of the old source, and how much longer the new source is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) growth: isize,
}

/// A piece of two sources of a page; outside of such pieces they are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// In the old source, in bytes.
    pub old: Range<usize>,
    /// In the new source.
    pub new: Range<usize>,
}

impl Changed {
    /// All of both.
    pub(crate) fn all(old: &str, new: &str) -> Self {
        Self {
            old: 0..old.len(),
            new: 0..new.len(),
        }
    }
}

impl Region {
    /// What differs between two sources, in their order; `None` if a piece is none of a source.
    pub(super) fn between(old: &str, new: &str, changed: &[Changed]) -> Option<Vec<Self>> {
        let mut regions = Vec::with_capacity(changed.len());
        for piece in changed {
            let region = Self::in_piece(old.get(piece.old.clone())?, new.get(piece.new.clone())?);
            regions.extend(region.map(|region| Self {
                start: piece.old.start + region.start,
                end: piece.old.start + region.end,
                ..region
            }));
        }
        Some(regions)
    }

    fn in_piece(old: &str, new: &str) -> Option<Self> {
        let most = old.len().min(new.len());
        let mut start = common_prefix(old.as_bytes(), new.as_bytes());
        if start == old.len() && start == new.len() {
            return None;
        }
        while !old.is_char_boundary(start) {
            start -= 1;
        }
        let mut tail = common_suffix(old.as_bytes(), new.as_bytes()).min(most - start);
        while !old.is_char_boundary(old.len() - tail) {
            tail -= 1;
        }
        let region = Self {
            start,
            end: old.len() - tail,
            growth: new.len() as isize - old.len() as isize,
        };
        Some(region.slid_to_a_tag(old, new))
    }

    /// What was only inserted or only removed can be seen at several places, `[<li>a</li>]<li>b</li>` as well as
    /// `<li>[a</li><li>]b</li>`; this takes the one at a tag.
    fn slid_to_a_tag(self, old: &str, new: &str) -> Self {
        let (longer, length) = if self.start == self.end {
            (new.as_bytes(), self.growth)
        } else if self.growth == self.start as isize - self.end as isize {
            (old.as_bytes(), -self.growth)
        } else {
            return self;
        };
        let Ok(length) = usize::try_from(length) else {
            return self;
        };
        let mut start = self.start;
        while start > 0 && longer[start] != b'<' && longer[start - 1] == longer[start + length - 1] {
            start -= 1;
        }
        if longer.get(start) != Some(&b'<') {
            return self;
        }
        let back = self.start - start;
        Self {
            start,
            end: self.end - back,
            ..self
        }
    }

    /// From the start of this one to the end of a later one.
    pub(super) fn up_to(self, later: Self) -> Self {
        Self {
            start: self.start,
            end: self.end.max(later.end),
            growth: self.growth + later.growth,
        }
    }

    pub(super) fn is_in(self, range: &Range<usize>) -> bool {
        range.start <= self.start && self.end <= range.end
    }
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    const BLOCK: usize = 64;
    let most = a.len().min(b.len());
    let mut at = 0;
    while at + BLOCK <= most && a[at..at + BLOCK] == b[at..at + BLOCK] {
        at += BLOCK;
    }
    at + a[at..most]
        .iter()
        .zip(&b[at..most])
        .take_while(|(a, b)| a == b)
        .count()
}

fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    const BLOCK: usize = 64;
    let most = a.len().min(b.len());
    let (a, b) = (&a[a.len() - most..], &b[b.len() - most..]);
    let mut left = most;
    while left >= BLOCK && a[left - BLOCK..left] == b[left - BLOCK..left] {
        left -= BLOCK;
    }
    most - left
        + a[..left]
            .iter()
            .rev()
            .zip(b[..left].iter().rev())
            .take_while(|(a, b)| a == b)
            .count()
}

//! What differs between two sources.

/// A piece of the old source, and how much longer the new source is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) growth: isize,
}

impl Region {
    /// What differs between two sources; `None` if nothing does.
    pub(super) fn between(old: &str, new: &str) -> Option<Self> {
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
    pub(super) fn slid_to_a_tag(self, old: &str, new: &str) -> Self {
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

    pub(super) fn is_in(self, range: &std::ops::Range<usize>) -> bool {
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

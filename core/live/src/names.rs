//! Names that come from the browser.

/// Whether an event may name a handler at all: `^[a-z][a-z0-9_]*$` (djust, `security/event_guard.py`).
///
/// As in Python, where `$` also matches before a line end, one line feed may follow.
pub fn is_event_name(name: &str) -> bool {
    let name = name.strip_suffix('\n').unwrap_or(name);
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Names so short are near to far too much.
const SHORTEST: usize = 3;

/// Whether a name that was sent is likely a parameter's name written in another way: the same but for case and
/// underscores, or the beginning or the end of the other (djust #2144).
pub fn near_miss(sent: &str, parameter: &str) -> bool {
    let bare = |name: &str| name.to_lowercase().replace('_', "");
    let (sent, parameter) = (bare(sent), bare(parameter));
    if sent == parameter {
        return true;
    }
    let (short, long) = if sent.chars().count() <= parameter.chars().count() {
        (sent, parameter)
    } else {
        (parameter, sent)
    };
    short.chars().count() >= SHORTEST && (long.starts_with(&short) || long.ends_with(&short))
}

/// How alike two names are at least, so that one may be meant by the other.
const ALIKE: f64 = 0.6;

/// The up to three names most alike to one that was sent, as Python's `difflib.get_close_matches` finds them.
pub fn near_names<'a>(sent: &str, names: &[&'a str]) -> Vec<&'a str> {
    let mut near: Vec<(f64, &str)> = names
        .iter()
        .map(|name| (likeness(sent.as_bytes(), name.as_bytes()), *name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.1.cmp(a.1)));
    near.truncate(3);
    near.into_iter().map(|(_, name)| name).collect()
}

/// The share of letters in equal runs, longest first, 0 to 1 (Ratcliff and Obershelp).
fn likeness(a: &[u8], b: &[u8]) -> f64 {
    let length = a.len() + b.len();
    if length == 0 {
        return 1.0;
    }
    2.0 * equal_letters(a, b) as f64 / length as f64
}

/// Names are compared as far as this; nobody means a longer one by a slip.
const LONGEST: usize = 200;

fn equal_letters(a: &[u8], b: &[u8]) -> usize {
    if a.len() > LONGEST || b.len() > LONGEST {
        return 0;
    }
    let (mut start_a, mut start_b, mut length) = (0, 0, 0);
    let mut runs = vec![0usize; b.len() + 1];
    for (at_a, letter) in a.iter().enumerate() {
        for at_b in (0..b.len()).rev() {
            runs[at_b + 1] = if b[at_b] == *letter { runs[at_b] + 1 } else { 0 };
            let run = runs[at_b + 1];
            let (begin_a, begin_b) = (at_a + 1 - run, at_b + 1 - run.min(at_b + 1));
            let is_first = run == length && run > 0 && (begin_a, begin_b) < (start_a, start_b);
            if run > length || is_first {
                (start_a, start_b, length) = (begin_a, begin_b, run);
            }
        }
    }
    if length == 0 {
        return 0;
    }
    length
        + equal_letters(&a[..start_a], &b[..start_b])
        + equal_letters(&a[start_a + length..], &b[start_b + length..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_names() {
        for name in ["a", "add_item", "step2", "x\n"] {
            assert!(is_event_name(name), "{name:?}");
        }
        for name in [
            "",
            "_private",
            "__class__",
            "Add",
            "add-item",
            "add.item",
            "2nd",
            "é",
            "a\n\n",
            "a b",
        ] {
            assert!(!is_event_name(name), "{name:?}");
        }
    }

    #[test]
    fn names_that_may_be_meant() {
        let names = ["increment", "decrement", "add_item", "go"];
        assert_eq!(near_names("incremnt", &names), ["increment", "decrement"]);
        assert_eq!(near_names("goo", &names), ["go"]);
        assert_eq!(near_names("remove", &names), [""; 0]);
        assert!((likeness(b"abxcd", b"abcd") - 8.0 / 9.0).abs() < 1e-9);
    }

    #[test]
    fn near_misses() {
        let near = [
            ("itemId", "item_id"),
            ("field", "field_name"),
            ("checked", "is_checked"),
            ("val", "value"),
        ];
        for (sent, parameter) in near {
            assert!(near_miss(sent, parameter), "{sent} {parameter}");
        }
        for (sent, parameter) in [
            ("id", "uid"),
            ("q", "qs"),
            ("data", "date"),
            ("form", "from"),
            ("tab", "tag"),
        ] {
            assert!(!near_miss(sent, parameter), "{sent} {parameter}");
        }
    }
}

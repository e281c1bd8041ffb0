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

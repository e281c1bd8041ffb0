//! Texts with masked secrets in them, and HTML with numbered elements.

/// What begins a mark that stands for a secret.
const MARK: &str = "[redacted";

/// True if a part of the text was masked.
pub fn is_masked(text: &str) -> bool {
    text.contains(MARK)
}

/// True if `got` is `recorded`, where a mark in it stands for any text.
pub fn fits(recorded: &str, got: &str) -> bool {
    if !is_masked(recorded) {
        return recorded == got;
    }
    let parts = unmasked(recorded);
    let (Some((first, rest)), true) = (parts.split_first(), parts.len() > 1) else {
        return recorded == got;
    };
    let Some(mut left) = got.strip_prefix(first) else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return false;
    };
    for part in middle {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

/// The text between the marks.
fn unmasked(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut left = text;
    while let Some(at) = left.find(MARK) {
        let Some(end) = left[at..].find(']') else { break };
        parts.push(&left[..at]);
        left = &left[at + end + 1..];
    }
    parts.push(left);
    parts
}

/// The HTML without the numbers of its elements.
pub fn without_ids(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut left = html;
    while let Some(at) = left.find(" dj-id=\"") {
        out.push_str(&left[..at]);
        let inside = &left[at + " dj-id=\"".len()..];
        left = inside.find('"').map_or("", |end| &inside[end + 1..]);
    }
    out.push_str(left);
    out
}

/// Without the numbers of embedded views, which are counted in each process.
fn without_child_numbers(html: &str) -> String {
    const START: &str = "\"child_";
    let mut parts = html.split(START);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(START);
        out.push_str(part.trim_start_matches(|character: char| character.is_ascii_digit()));
    }
    out
}

/// True if two pages say the same, but for the numbers of their elements and for what was masked.
pub fn same_page(recorded: &str, got: &str) -> bool {
    fits(&bare(recorded), &bare(got))
}

/// Without numbers, and without what djust writes into a page for its own panel: sizes and addresses of objects.
fn bare(html: &str) -> String {
    const PANEL: &str = "window.DJUST_DEBUG_INFO = ";
    let mut text = without_child_numbers(&without_ids(html));
    if let Some(start) = text.find(PANEL) {
        let end = text[start..].find('\n').map_or(text.len(), |end| start + end);
        text.replace_range(start..end, PANEL);
    }
    text
}

/// Compares markup whose remarks and blanks between elements djust may have taken out; gives both texts around the first
/// difference.
pub fn same_markup(recorded: &str, got: &str) -> Result<(), (String, String)> {
    let (recorded, got) = (squeezed(&without_ids(recorded)), squeezed(&without_ids(got)));
    if fits(&recorded, &got) {
        return Ok(());
    }
    let (_, recorded, got) = first_difference(&recorded, &got);
    Err((recorded, got))
}

/// Without remarks, and with no blanks beside elements and one blank for many elsewhere.
fn squeezed(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut left = html;
    while let Some(at) = left.find("<!--") {
        text.push_str(&left[..at]);
        left = left[at..].find("-->").map_or("", |end| &left[at + end + 3..]);
    }
    text.push_str(left);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace("> ", ">").replace(" <", "<")
}

/// How much of two texts is shown around the first difference, in characters.
const AROUND: usize = 60;

/// Where two pages differ first: the line, and both texts around it.
pub fn first_difference(recorded: &str, got: &str) -> (String, String, String) {
    let (recorded, got) = (bare(recorded), bare(got));
    let (theirs, ours) = first_mismatch(&recorded, &got);
    let line = recorded[..theirs].matches('\n').count() + 1;
    (
        format!("line {line}"),
        around(&recorded, theirs),
        around(&got, ours),
    )
}

/// The first places, in bytes, at which two texts differ beside what was masked.
fn first_mismatch(recorded: &str, got: &str) -> (usize, usize) {
    let (mut theirs, mut ours) = (0, 0);
    for (index, part) in unmasked(recorded).into_iter().enumerate() {
        if index > 0 {
            // A mark: it stands for everything up to where the text goes on as it was.
            theirs += recorded[theirs..].find(']').map_or(0, |end| end + 1);
            let anchor: String = part.chars().take(ANCHOR).collect();
            match got[ours..].find(&anchor) {
                Some(at) => ours += at,
                None => return (theirs, ours),
            }
        }
        let same: usize = part
            .chars()
            .zip(got[ours..].chars())
            .take_while(|(a, b)| a == b)
            .map(|(character, _)| character.len_utf8())
            .sum();
        if same < part.len() {
            return (theirs + same, ours + same);
        }
        theirs += same;
        ours += same;
    }
    (theirs, ours)
}

/// How many characters behind a mark say where the text goes on.
const ANCHOR: usize = 12;

fn around(text: &str, at: usize) -> String {
    let before = text[..at].chars().count();
    let from = before.saturating_sub(AROUND);
    text.chars().skip(from).take(before - from + AROUND).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_for_any_text() {
        for (recorded, got, expected) in [
            ("abc", "abc", true),
            ("abc", "abd", false),
            ("a[redacted:str:1-8:1a2b3c4d]c", "abbbc", true),
            ("a[redacted:str:1-8:1a2b3c4d]c", "abbbd", false),
            ("[redacted]", "anything", true),
            ("[redacted] b [redacted]", "a b c", true),
            ("[redacted] b [redacted]", "a c", false),
            ("x[redacted", "x[redacted", true),
        ] {
            assert_eq!(fits(recorded, got), expected, "{recorded} {got}");
        }
    }

    #[test]
    fn what_djust_writes_for_its_panel_is_left_out() {
        let page =
            |size: u8| format!("<script>\n  window.DJUST_DEBUG_INFO = {{\"size\": {size}}};\n</script>");
        assert!(same_page(&page(1), &page(2)));
    }

    #[test]
    fn the_first_difference_is_not_a_mark() {
        let (place, recorded, got) = first_difference(
            "a\n<i x=\"[redacted:str:1-8:1a2b3c4d]\">one</i>",
            "a\n<i x=\"abc\">two</i>",
        );
        assert_eq!(place, "line 2");
        assert!(
            recorded.ends_with("\">one</i>") && got.ends_with("\">two</i>"),
            "{recorded} {got}"
        );
    }

    #[test]
    fn pages_are_the_same_but_for_ids() {
        assert!(same_page(
            "<p dj-id=\"1\">a</p><i dj-id=\"x\"></i>",
            "<p dj-id=\"7\">a</p><i dj-id=\"8\"></i>"
        ));
        assert!(same_page("<p id=\"child_7\">a</p>", "<p id=\"child_12\">a</p>"));
        assert!(!same_page("<p dj-id=\"1\">a</p>", "<p dj-id=\"1\">b</p>"));
    }
}

//! Paths into a state.

/// A path as Python would write it: `items[3].name`.
pub fn text(parts: &[String]) -> String {
    let mut text = String::new();
    for part in parts {
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push_str(&format!("[{part}]"));
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(part);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn indexes_are_in_brackets() {
        let parts = ["items", "3", "name"].map(str::to_owned);
        assert_eq!(super::text(&parts), "items[3].name");
    }
}

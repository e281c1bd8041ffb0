//! Doing again only what a change touches gives what doing everything again gives.

use proptest::prelude::*;

use crate::properties::revisions::{
    changed_is_all, changed_pieces_are_all, history, history_in_pieces, typed,
};

proptest! {
    #[test]
    fn pages_of_several_pieces(history in history_in_pieces()) {
        changed_pieces_are_all(&history);
    }

    #[test]
    fn pages_that_change(history in history()) {
        changed_is_all(&history);
    }

    #[test]
    fn sources_that_are_typed(history in typed()) {
        changed_is_all(&history);
    }
}

/// Rows of a table, of a list, and of plain text, of which one changes, comes, goes, or moves.
#[test]
fn rows() {
    let page = |kind: usize, rows: &[(u32, &str)]| {
        let rows: Vec<String> = rows
            .iter()
            .map(|(key, text)| match kind {
                0 => format!("<li dj-key=\"{key}\">{text}</li>\n"),
                1 => format!("<tr dj-key=\"{key}\"><td>{text}</td></tr>\n"),
                2 => format!(
                    "<tr><td>{text}</td></tr>{}",
                    if text.len() > 1 { "\n" } else { "" }
                ),
                3 => format!("<b>{text}</b> "),
                _ => format!("{text}, "),
            })
            .collect();
        let rows = rows.concat();
        match kind {
            0 => format!(
                "<div dj-root><h1>{}</h1><ul>\n{rows}</ul><p>end</p></div>",
                rows.len()
            ),
            1 => format!(
                "<div dj-root><table><thead><tr><th>h</th></tr></thead><tbody>\n{rows}</tbody></table></div>"
            ),
            2 => format!("<div dj-root><table>\n{rows}</table></div>"),
            _ => format!("<div dj-root><p>{rows}</p><i>x</i></div>"),
        }
    };
    let history: &[&[(u32, &str)]] = &[
        &[(1, "a"), (2, "b"), (3, "c")],
        &[(1, "a"), (2, "B &amp; <i>b</i>"), (3, "c")],
        &[(1, "a"), (2, "B"), (3, "c"), (4, "d")],
        &[(0, "z"), (1, "a"), (2, "B"), (3, "c"), (4, "d")],
        &[(0, "z"), (1, "a"), (3, "c"), (4, "d")],
        &[(4, "d"), (3, "c"), (1, "a"), (0, "z")],
        &[],
        &[(1, "a"), (1, "a"), (2, "b")],
        &[(1, "a"), (1, "x"), (2, "b")],
    ];
    for kind in 0..5 {
        let sources: Vec<String> = history.iter().map(|rows| page(kind, rows)).collect();
        changed_is_all(&sources);
    }
}

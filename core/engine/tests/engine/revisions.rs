//! Doing again only what a change touches gives what doing everything again gives.

use djscope_engine::diff::DiffOptions;
use djscope_engine::tree::Changed;
use djscope_engine::view::{Page, Work};
use proptest::prelude::*;

use crate::pages;

fn same(sources: &[String]) -> Result<(), TestCaseError> {
    let mut sources = sources.iter().cloned();
    let first = sources.next().unwrap();
    let mut changed = Page::new(first.clone(), DiffOptions::default()).unwrap();
    let mut all = Page::new(first, DiffOptions::default()).unwrap();
    for source in sources {
        let before = all.source().to_owned();
        let from_changed = changed.update(source.clone(), Work::Changed).unwrap();
        let from_all = all.update(source.clone(), Work::All).unwrap();
        prop_assert_eq!(&from_changed, &from_all, "\nbefore {}\nafter  {}", before, source);
        prop_assert_eq!(
            changed.html(),
            all.html(),
            "\nbefore {}\nafter  {}",
            before,
            source
        );
        prop_assert_eq!(changed.html(), changed.tree().to_html());
        prop_assert_eq!(changed.ids(), all.ids(), "\nbefore {}\nafter  {}", before, source);
        prop_assert!(changed.tree() == all.tree());
    }
    Ok(())
}

/// A page that changes again and again.
fn history() -> impl Strategy<Value = Vec<String>> {
    pages::page()
        .prop_flat_map(|page| {
            let changed = page.clone().changed();
            (Just(page), changed)
        })
        .prop_flat_map(|(first, second)| {
            let third = second.clone().changed();
            (Just(first), Just(second), third)
        })
        .prop_flat_map(|(first, second, third)| {
            let fourth = third.clone().changed();
            (Just(first), Just(second), Just(third), fourth)
        })
        .prop_map(|(a, b, c, d)| [a, b, c, d].iter().map(pages::Page::html).collect())
}

/// A page of which a few bytes are others.
fn typed() -> impl Strategy<Value = Vec<String>> {
    const PIECES: &[&str] = &[
        "x",
        " ",
        "<b>y</b>",
        "</div>",
        "<li>z</li>",
        "&amp;",
        "<",
        "é",
        "\n",
        "<!-- c -->",
        "<p>",
        "</p>",
        "<tr><td>1</td></tr>",
        "class=\"q\"",
    ];
    (
        pages::page(),
        prop::collection::vec(
            (
                any::<prop::sample::Index>(),
                0..6_usize,
                prop::sample::select(PIECES),
            ),
            1..4,
        ),
    )
        .prop_map(|(page, edits)| {
            let mut source = page.html();
            let mut history = vec![source.clone()];
            for (at, removed, piece) in edits {
                let floor = source.floor_char_boundary(at.index(source.len() + 1));
                let end = source.floor_char_boundary((floor + removed).min(source.len()));
                source.replace_range(floor..end.max(floor), piece);
                history.push(source.clone());
            }
            history
        })
}

/// Pages of which each part is a piece of its own, as the parts of a template are.
fn same_in_pieces(history: &[Vec<String>]) -> Result<(), TestCaseError> {
    let source = |parts: &Vec<String>| format!("<div dj-root>{}</div>", parts.concat());
    let mut changed = Page::new(source(&history[0]), DiffOptions::default()).unwrap();
    let mut all = Page::new(source(&history[0]), DiffOptions::default()).unwrap();
    for pair in history.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        let pieces = pieces(before, after);
        let from_changed = changed
            .update_pieces(source(after), &pieces, Work::Changed)
            .unwrap();
        let from_all = all.update(source(after), Work::All).unwrap();
        prop_assert_eq!(
            &from_changed,
            &from_all,
            "\nbefore {:?}\nafter  {:?}",
            before,
            after
        );
        prop_assert_eq!(
            changed.html(),
            all.html(),
            "\nbefore {:?}\nafter  {:?}",
            before,
            after
        );
        prop_assert_eq!(changed.html(), changed.tree().to_html());
        prop_assert_eq!(changed.ids(), all.ids());
    }
    Ok(())
}

/// Where two lists of parts, of which one may be longer, differ.
fn pieces(before: &[String], after: &[String]) -> Vec<Changed> {
    let start = "<div dj-root>".len();
    let (mut old, mut new) = (start, start);
    let mut pieces = Vec::new();
    for index in 0..before.len().max(after.len()) {
        let length = |parts: &[String]| parts.get(index).map_or(0, String::len);
        let (old_end, new_end) = (old + length(before), new + length(after));
        if before.get(index) != after.get(index) {
            pieces.push(Changed {
                old: old..old_end,
                new: new..new_end,
            });
        }
        (old, new) = (old_end, new_end);
    }
    pieces
}

/// Parts of a page, each of which may change at any time.
fn history_in_pieces() -> impl Strategy<Value = Vec<Vec<String>>> {
    let part = pages::page().prop_flat_map(|page| {
        let html = |page: &pages::Page| page.inner_html();
        let changed = page.clone().changed();
        let again = page.clone().changed();
        (Just(page), changed, again).prop_map(move |(a, b, c)| [html(&a), html(&b), html(&c), html(&a)])
    });
    prop::collection::vec((part, prop::collection::vec(0..4_usize, 5)), 1..5).prop_map(|parts| {
        (0..5)
            .map(|step| {
                let states = parts
                    .iter()
                    .map(|(states, choices)| states[choices[step]].clone());
                // A template has text between its nodes.
                states.flat_map(|state| [state, "<hr>".to_owned()]).collect()
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn pages_of_several_pieces(history in history_in_pieces()) {
        same_in_pieces(&history)?;
    }

    #[test]
    fn pages_that_change(history in history()) {
        same(&history)?;
    }

    #[test]
    fn sources_that_are_typed(history in typed()) {
        same(&history)?;
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
        same(&sources).unwrap();
    }
}

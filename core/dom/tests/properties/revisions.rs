//! Doing again only what a change touches gives what doing everything again gives.

use djscope_dom::diff::DiffOptions;
use djscope_dom::page::{Changed, Page, Work};
use djscope_oracle::pages;
use proptest::prelude::*;

/// Fails unless a page that goes through `sources` is the same whether all or only what changed is done again.
pub fn changed_is_all(sources: &[String]) {
    let mut sources = sources.iter().cloned();
    let first = sources.next().unwrap();
    let mut changed = Page::new(first.clone(), DiffOptions::default()).unwrap();
    let mut all = Page::new(first, DiffOptions::default()).unwrap();
    for source in sources {
        let before = all.source().to_owned();
        let from_changed = changed.update(source.clone(), Work::Changed).unwrap();
        let from_all = all.update(source.clone(), Work::All).unwrap();
        assert_eq!(&from_changed, &from_all, "\nbefore {before}\nafter  {source}");
        assert_eq!(changed.html(), all.html(), "\nbefore {before}\nafter  {source}");
        assert_eq!(changed.html(), changed.tree().to_html());
        assert_eq!(changed.ids(), all.ids(), "\nbefore {before}\nafter  {source}");
        assert!(changed.tree() == all.tree());
    }
}

/// A page that changes again and again.
pub fn history() -> impl Strategy<Value = Vec<String>> {
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
pub fn typed() -> impl Strategy<Value = Vec<String>> {
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

/// The same of pages of which each part is a piece of its own, as the parts of a template are.
pub fn changed_pieces_are_all(history: &[Vec<String>]) {
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
        assert_eq!(&from_changed, &from_all, "\nbefore {before:?}\nafter  {after:?}");
        assert_eq!(
            changed.html(),
            all.html(),
            "\nbefore {before:?}\nafter  {after:?}"
        );
        assert_eq!(changed.html(), changed.tree().to_html());
        assert_eq!(changed.ids(), all.ids());
    }
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
pub fn history_in_pieces() -> impl Strategy<Value = Vec<Vec<String>>> {
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

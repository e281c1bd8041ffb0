//! A page through its revisions: doing again only what changed gives what doing everything again gives.
#![no_main]

use djscope_live_fuzz::dom_properties::html::PIECES;
use djscope_live_fuzz::dom_properties::revisions::{changed_is_all, changed_pieces_are_all};
use djscope_live_fuzz::{AnyPage, Change, Edit, of_pieces};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// Parts of a page change.
    Changes(AnyPage, Vec<Change>),
    /// Several parts of a page change at once, as those of a template.
    Parts(Vec<AnyPage>, Vec<(u8, AnyPage)>),
    /// Someone types into the source of a page.
    Typed(AnyPage, Vec<Edit<'a>>),
    /// Someone types into any HTML.
    Pieces(&'a [u8], Vec<Edit<'a>>),
}

fuzz_target!(|input: Input| {
    let sources = match input {
        Input::Changes(AnyPage(first), changes) => {
            let pages = changes.into_iter().scan(first.clone(), |page, change| {
                *page = change.of(page.clone());
                Some(page.html())
            });
            std::iter::once(first.html()).chain(pages).collect()
        }
        Input::Parts(first, changes) => {
            changed_pieces_are_all(&parts(first, changes));
            return;
        }
        Input::Typed(AnyPage(first), edits) => edited(first.html(), &edits),
        Input::Pieces(first, edits) => {
            edited(format!("<div dj-root>{}</div>", of_pieces(first, PIECES)), &edits)
        }
    };
    changed_is_all(&sources);
});

/// The parts of a page, of which two change at each step.
fn parts(first: Vec<AnyPage>, changes: Vec<(u8, AnyPage)>) -> Vec<Vec<String>> {
    // A template has text between its nodes.
    let html = |AnyPage(page): &AnyPage| [page.inner_html(), "<hr>".to_owned()];
    let mut parts: Vec<String> = first.iter().flat_map(html).collect();
    let mut steps = vec![parts.clone()];
    for pair in changes.chunks(2) {
        for (at, page) in pair.iter().filter(|_| !first.is_empty()) {
            parts[usize::from(*at) % first.len() * 2] = page.0.inner_html();
        }
        steps.push(parts.clone());
    }
    steps
}

fn edited(mut source: String, edits: &[Edit]) -> Vec<String> {
    let mut sources = vec![source.clone()];
    for edit in edits {
        edit.apply(&mut source, PIECES);
        sources.push(source.clone());
    }
    sources
}

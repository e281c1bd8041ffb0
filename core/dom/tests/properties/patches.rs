//! Patches make of the old page the new one.

use djscope_dom::apply::apply;
use djscope_dom::diff::{DiffOptions, diff, sync_ids};
use djscope_dom::tree::{IdCounter, NodeId, Parser, Tree, parse, parse_written};
use djscope_oracle::pages::{Page, page};
use proptest::prelude::*;

fn read(source: &str, ids: IdCounter) -> (Tree, IdCounter) {
    let parsed = parse(source, ids, Parser::Fast).unwrap();
    (parsed.tree, parsed.ids)
}

/// What a browser shows of a tree: all but the ids, which patches do not carry for what stays.
fn shown(tree: &Tree, node: NodeId, out: &mut String) {
    out.push_str(tree.name(node));
    out.push_str(tree.text(node));
    for (name, value) in tree.attributes(node) {
        out.push_str(&format!(" {name}={value:?}"));
    }
    out.push('(');
    for &child in tree.children(node) {
        shown(tree, child, out);
        out.push(',');
    }
    out.push(')');
}

/// Fails unless the patches from `old` to `new` make of the old page the new one, with the ids that the server believes
/// the browser to have.
pub fn patches_lead_to_the_new_page(old: &str, new: &str, options: DiffOptions) {
    let (mut tree, ids) = read(old, IdCounter::default());
    let (mut target, _) = read(new, ids);
    let patches = diff(&tree, &target, options);
    let as_json: Vec<djscope_wire::Patch> =
        serde_json::from_str(&serde_json::to_string(&patches).unwrap()).unwrap();
    assert_eq!(&as_json, &patches);
    let before = tree.clone();
    let applied = apply(&mut tree, &patches);
    assert_eq!(
        applied.failed,
        Vec::<usize>::new(),
        "{old} -> {new}\n{patches:#?}"
    );
    let (mut got, mut expected) = (String::new(), String::new());
    shown(&tree, tree.root(), &mut got);
    shown(&target, target.root(), &mut expected);
    assert_eq!(got, expected, "{old} -> {new}\n{patches:#?}");
    // What the server believes the browser to have is what it has.
    sync_ids(&before, &mut target);
    assert_eq!(tree.to_html(), target.to_html(), "{old} -> {new}\n{patches:#?}");
    // Written and read again it is the same page.
    let again = parse_written(&tree.to_html()).unwrap().tree;
    assert_eq!(again.to_html(), tree.to_html());
}

/// A page, and the same after some of its parts changed.
pub fn page_that_changes() -> impl Strategy<Value = (Page, Page)> {
    page().prop_flat_map(|old| (Just(old.clone()), old.changed()))
}

/// The source of a page of which the rows are addressed by key.
pub fn of_a_window(page: &Page) -> String {
    page.html().replace("<ul>", "<ul dj-virtual>")
}

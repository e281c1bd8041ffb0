//! Patches make of the old page the new one.

use djscope_engine::apply::apply;
use djscope_engine::diff::{DiffOptions, diff, sync_ids};
use djscope_engine::tree::{ElementId, IdCounter, NodeId, Parser, Tree, parse, parse_written};
use proptest::prelude::*;

use crate::pages::{Page, page};

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

fn check(old: &str, new: &str, options: DiffOptions) -> Result<(), TestCaseError> {
    let (mut tree, ids) = read(old, IdCounter::default());
    let (mut target, _) = read(new, ids);
    let patches = diff(&tree, &target, options);
    let as_json: Vec<djscope_wire::Patch> =
        serde_json::from_str(&serde_json::to_string(&patches).unwrap()).unwrap();
    prop_assert_eq!(&as_json, &patches);
    let before = tree.clone();
    let applied = apply(&mut tree, &patches);
    prop_assert_eq!(
        applied.failed,
        Vec::<usize>::new(),
        "{} -> {}\n{:#?}",
        old,
        new,
        patches
    );
    let (mut got, mut expected) = (String::new(), String::new());
    shown(&tree, tree.root(), &mut got);
    shown(&target, target.root(), &mut expected);
    prop_assert_eq!(got, expected, "{} -> {}\n{:#?}", old, new, patches);
    // What the server believes the browser to have is what it has.
    sync_ids(&before, &mut target);
    prop_assert_eq!(
        tree.to_html(),
        target.to_html(),
        "{} -> {}\n{:#?}",
        old,
        new,
        patches
    );
    // Written and read again it is the same page.
    let again = parse_written(&tree.to_html()).unwrap().tree;
    prop_assert_eq!(again.to_html(), tree.to_html());
    Ok(())
}

proptest! {
    #[test]
    fn any_two_pages(old in page(), new in page()) {
        check(&old.html(), &new.html(), DiffOptions::default())?;
    }

    #[test]
    fn a_page_that_changes(pages in page().prop_flat_map(|old| (Just(old.clone()), old.changed()))) {
        let (old, new): (Page, Page) = pages;
        check(&old.html(), &new.html(), DiffOptions::default())?;
    }

    #[test]
    fn rows_of_a_window(pages in page().prop_flat_map(|old| (Just(old.clone()), old.changed()))) {
        let (old, new): (Page, Page) = pages;
        let rows = |page: &Page| page.html().replace("<ul>", "<ul dj-virtual>");
        check(&rows(&old), &rows(&new), DiffOptions { virtual_keys: true })?;
    }
}

/// A node of a patch has the id that it came with, or none: the client gives out none itself.
#[test]
fn nodes_from_outside_keep_their_ids() {
    let most = u64::MAX - 1;
    let page = format!("<div dj-id=\"{}\"><p dj-id=\"1\">a</p></div>", ElementId(most));
    let mut tree = parse_written(&page).unwrap().tree;
    let patches: Vec<djscope_wire::Patch> = serde_json::from_value(serde_json::json!([
        {"type": "InsertChild", "path": [], "index": 1, "node": {"tag": "i"}},
        {"type": "InsertChild", "path": [], "index": 2, "node": {"tag": "b", "djust_id": "2"}},
        {"type": "InsertSubtree", "id": "if-1-0", "path": [], "index": 3,
         "html": "<!--dj-if id=\"if-1-0\"--><u></u><s dj-id=\"3\"></s><!--/dj-if-->"},
        {"type": "SetAttr", "path": [1], "key": "class", "value": "c"},
        {"type": "SetText", "path": [0, 0], "d": "nobody", "text": "x"},
    ]))
    .unwrap();
    assert_eq!(apply(&mut tree, &patches).failed, Vec::<usize>::new());
    assert_eq!(
        tree.to_html(),
        format!(
            "<div dj-id=\"{}\"><p dj-id=\"1\">x</p><i class=\"c\"></i><b dj-id=\"2\"></b>\
             <!--dj-if id=\"if-1-0\"--><u></u><s dj-id=\"3\"></s><!--/dj-if--></div>",
            ElementId(most)
        )
    );
    assert_eq!(tree.largest_id(), Some(ElementId(most)));
    assert_eq!(
        Tree::from_wire(&tree.to_wire(tree.root()), tree.root_namespace()),
        tree
    );
}

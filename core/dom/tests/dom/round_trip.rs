//! Patches make of the old page the new one.

use djscope_dom::apply::apply;
use djscope_dom::diff::DiffOptions;
use djscope_dom::tree::{ElementId, Tree, parse_written};
use proptest::prelude::*;

use crate::properties::patches::{of_a_window, page_that_changes, patches_lead_to_the_new_page};
use djscope_oracle::pages::page;

proptest! {
    #[test]
    fn any_two_pages(old in page(), new in page()) {
        patches_lead_to_the_new_page(&old.html(), &new.html(), DiffOptions::default());
    }

    #[test]
    fn a_page_that_changes((old, new) in page_that_changes()) {
        patches_lead_to_the_new_page(&old.html(), &new.html(), DiffOptions::default());
    }

    #[test]
    fn rows_of_a_window((old, new) in page_that_changes()) {
        let options = DiffOptions { virtual_keys: true, ..DiffOptions::default() };
        patches_lead_to_the_new_page(&of_a_window(&old), &of_a_window(&new), options);
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

//! Hostile HTML: a tree or a clear error, in bounded space, with work that grows with the size.

use djscope_dom::apply::apply;
use djscope_dom::diff::{DiffOptions, diff};
use djscope_dom::page::{Page, Work};
use djscope_dom::tree::{IdCounter, ParseError, Parser, parse};

fn read(source: &str) -> Result<djscope_dom::tree::Tree, ParseError> {
    parse(source, IdCounter::default(), Parser::Fast).map(|parsed| parsed.tree)
}

#[test]
fn a_hundred_thousand_nested_elements() {
    const COUNT: usize = 100_000;
    let closed = format!("{}x{}", "<div>".repeat(COUNT), "</div>".repeat(COUNT));
    let open = "<div>".repeat(COUNT);
    for source in [&closed, &open] {
        let tree = read(source).unwrap();
        assert_eq!(
            tree.elements(),
            256,
            "deeper elements are flattened to their text"
        );
        assert!(tree.to_html().len() < 10_000);
        assert!(diff(&tree, &tree.clone(), DiffOptions::default()).is_empty());
    }
    // What html5ever has to read may not nest without bound: it looks through all open elements at every tag.
    for tag in [
        "<b>",
        "<p><b>",
        "<a href=x>",
        "<table><tr><td>",
        "<svg><g>",
        "<select>",
    ] {
        let source = tag.repeat(COUNT);
        match read(&source) {
            Ok(tree) => assert!(tree.elements() < 1000, "{tag}"),
            Err(error) => assert!(
                matches!(
                    error,
                    ParseError::TooDeep { .. } | ParseError::TooManyNodes { .. }
                ),
                "{tag}: {error}"
            ),
        }
    }
}

#[test]
fn few_bytes_do_not_make_many_nodes() {
    // Formatting elements that nobody closes are made anew in every paragraph.
    let open: String = (0..500).map(|n| format!("<b a={n}>")).collect();
    let source = format!("<p>{open}</p>{}", "<p>x</p>".repeat(20_000));
    assert!(matches!(read(&source), Err(ParseError::TooManyNodes { .. })));
}

#[test]
fn odd_characters() {
    for source in [
        "<p>\0</p>",
        "<p\0a=\0>x</p>",
        "\u{feff}<p>x</p>",
        "<p>\u{fffe}\u{10ffff}</p>",
        "<p>a\r\nb\r</p>",
        "<",
        "</",
        "<!",
        "<p",
        "&",
        "&#",
        "",
    ] {
        let tree = read(source).unwrap();
        assert!(tree.to_html().contains("dj-id=\"0\""), "{source:?}");
    }
}

/// Pages of which the reader, the differ or the client may do work for every pair of parts.
fn pages(size: usize) -> Vec<(&'static str, String)> {
    let rows: String = (0..size)
        .map(|key| format!("<li dj-key=\"{key}\">{key}</li>"))
        .collect();
    vec![
        (
            "open marks",
            format!("<div dj-root>{}</div>", "<!--dj-if id=\"a\"-->".repeat(size)),
        ),
        (
            "close marks",
            format!("<div dj-root>{}</div>", "<!--/dj-if-->".repeat(size)),
        ),
        (
            "nested marks",
            format!(
                "<div dj-root>{}{}</div>",
                "<!--dj-if id=\"a\"-->".repeat(size),
                "<!--/dj-if-->".repeat(size)
            ),
        ),
        (
            "comments in text",
            format!("<div dj-root>{}</div>", "a<!-- c -->".repeat(size)),
        ),
        (
            "spaces and comments",
            format!(
                "<div dj-root><b>x</b>{}<b>y</b></div>",
                " <!-- c -->".repeat(size)
            ),
        ),
        (
            "attributes",
            format!(
                "<div dj-root {}></div>",
                (0..size / 8).map(|n| format!("a{n}=1 ")).collect::<String>()
            ),
        ),
        ("rows", format!("<ul dj-root>{rows}</ul>")),
        (
            "one key",
            format!("<ul dj-root>{}</ul>", "<li dj-key=\"k\">x</li>".repeat(size)),
        ),
        (
            "fostered text",
            format!("<div dj-root><table>{}</table></div>", "x<b>y</b>".repeat(size)),
        ),
        (
            "unclosed quote",
            format!("<div dj-root>{}", "<a b=\"".repeat(size)),
        ),
        (
            "less-than signs",
            format!("<div dj-root>{}</div>", "< ".repeat(size)),
        ),
        (
            "open comments",
            format!("<div dj-root>{}</div>", "<!--".repeat(size)),
        ),
        (
            "scripts",
            format!("<div dj-root>{}</div>", "<script><!--<script>".repeat(size)),
        ),
    ]
}

/// Instructions are not counted here; but what is quadratic takes minutes at these sizes, and nextest ends it.
#[test]
fn work_grows_with_the_size() {
    const SIZE: usize = 100_000;
    for ((name, small), (_, large)) in pages(SIZE / 10).into_iter().zip(pages(SIZE)) {
        let (Ok(small_tree), Ok(large_tree)) = (read(&small), read(&large)) else {
            continue;
        };
        let patches = diff(&small_tree, &large_tree, DiffOptions::default());
        let mut applied = small_tree.clone();
        apply(&mut applied, &patches);
        let mut page = Page::new(small.clone(), DiffOptions::default()).unwrap();
        page.update(large, Work::Changed).unwrap();
        page.update(small, Work::Changed).unwrap();
        assert!(page.html().contains("dj-root"), "{name}");
    }
}

#[test]
fn every_element_of_a_large_page_is_replaced() {
    const COUNT: usize = 100_000;
    let page = |name: &str| {
        format!(
            "<div dj-root>{}</div>",
            format!("<{name}>x</{name}>").repeat(COUNT)
        )
    };
    let (mut tree, new) = (read(&page("p")).unwrap(), read(&page("h2")).unwrap());
    let patches = diff(&tree, &new, DiffOptions::default());
    assert_eq!(patches.len(), COUNT);
    assert!(apply(&mut tree, &patches).failed.is_empty());
    assert!(tree.to_html().matches("<h2").count() == COUNT);
}

#[test]
fn a_page_of_fifty_megabytes() {
    let row = "<tr dj-key=\"k\"><td>some text</td><td class=\"a b\">more text</td></tr>\n";
    let count = 50_000_000 / row.len();
    let rows: String = (0..count)
        .map(|key| row.replace("\"k\"", &format!("\"{key}\"")))
        .collect();
    let source = format!("<div dj-root><table><tbody>{rows}</tbody></table></div>");
    let mut page = Page::new(source.clone(), DiffOptions::default()).unwrap();
    let at = source.len() / 2 + source[source.len() / 2..].find("some text").unwrap();
    let mut changed = source;
    changed.replace_range(at..at + 4, "other");
    let patches = page.update(changed, Work::Changed).unwrap();
    assert_eq!(patches.len(), 1);
}

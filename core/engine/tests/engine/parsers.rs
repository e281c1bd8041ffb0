//! The fast parser never gives another tree than the reference parser.

use djscope_engine::tree::{IdCounter, Parser, parse, parse_content};
use proptest::prelude::*;

/// Pieces of pages: what templates write, and what the tree builder has rules for.
const PIECES: &[&str] = &[
    "<div>",
    "</div>",
    "<div class=\"a\" id=b>",
    "<p>",
    "</p>",
    "<span>",
    "</span>",
    "<b>",
    "</b>",
    "<a href=\"?a=1&b=2\">",
    "</a>",
    "<ul>",
    "</ul>",
    "<li dj-key=\"k\">",
    "</li>",
    "<table>",
    "</table>",
    "<tbody>",
    "</tbody>",
    "<thead>",
    "</thead>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th>",
    "</th>",
    "<colgroup>",
    "</colgroup>",
    "<col>",
    "<caption>",
    "</caption>",
    "<select>",
    "</select>",
    "<option selected>",
    "</option>",
    "<optgroup>",
    "</optgroup>",
    "<textarea>",
    "</textarea>",
    "<textarea>\n",
    "<pre>",
    "<pre>\n",
    "</pre>",
    "<script>",
    "</script>",
    "<script>if(a<b&&c){}</script>",
    "<style>a>b{}</style>",
    "<svg viewBox=\"0 0 1 1\">",
    "<svg>",
    "</svg>",
    "<path pathlength=\"2\" d=\"M0\"/>",
    "<g>",
    "</g>",
    "<title>",
    "</title>",
    "<circle r=1>",
    "</circle>",
    "<foreignObject>",
    "</foreignObject>",
    "<br>",
    "<br/>",
    "<hr>",
    "<img src=x alt='a \"b\"'>",
    "<input disabled value=\"v\">",
    "<button>",
    "</button>",
    "<form>",
    "</form>",
    "<h1>",
    "</h1>",
    "<h2>",
    "</h2>",
    "<dl>",
    "</dl>",
    "<dt>",
    "</dt>",
    "<dd>",
    "</dd>",
    "<my-tag>",
    "</my-tag>",
    "<html>",
    "</html>",
    "<head>",
    "</head>",
    "<body>",
    "</body>",
    "<!doctype html>",
    "<meta charset=x>",
    "<link rel=x>",
    "<noscript>",
    "</noscript>",
    "<iframe>",
    "</iframe>",
    "<template>",
    "</template>",
    "<ruby>",
    "<rt>",
    "<math>",
    "<!-- c -->",
    "<!--dj-if-->",
    "<!--dj-if id=\"if-1-0\"-->",
    "<!--/dj-if-->",
    "<!-->",
    "<!--x--!>",
    "text",
    " ",
    "\n  ",
    "\t",
    "a & b",
    "&amp;",
    "&lt;",
    "&nbsp;",
    "&hellip;",
    "&amp",
    "&copy2",
    "&#39;",
    "&#x80;",
    "\u{a0}",
    "\u{2003}",
    "é",
    "\0",
    "\r\n",
    "<",
    ">",
    "\"",
    "<div dj-root>",
    "<section dj-view=\"v\">",
    "</section>",
    "<DIV>",
    "<image>",
    "<nobr>",
    "<center>",
    "</center>",
    "<dialog>",
    "<object>",
    "</object>",
    "<details><summary>",
    "</summary></details>",
    "<frameset>",
    "<x y=z/>",
    "<a b",
    "<div a=1 a=2 dj-id=\"zz\">",
];

/// Whole elements, which fit into each other: most of what the fast parser reads.
fn element() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => prop::sample::select(vec!["x", "a &amp; b", " ", "\n  ", "<br>", "<!-- c -->", "<!--dj-if-->", "<input value=\"v\">", "é"]),
        1 => prop::sample::select(vec![
            "<table><tr><td>1</td></tr> <tr><th>2</th></tr></table>",
            "<table> <thead><tr><th>h</th></tr></thead><tbody><!-- c --><tr><td><p>x</p></td></tr></tbody></table>",
            "<select><option value=1>a</option> <option selected>b &lt;</option></select>",
            "<svg viewBox=\"0 0 1 1\"><path pathLength=\"2\" d=\"M0\"/><g fill=x><circle r=1></circle></g></svg>",
            "<textarea>\n a </textarea>", "<pre>\n a\n b </pre>", "<script>a<b && c</script>", "<noscript>n &amp; m</noscript>",
        ]),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 60, 5, |inner| {
        let name = prop::sample::select(vec![
            "div", "p", "ul", "li", "section", "h2", "b", "i", "span", "a", "button", "my-tag", "form",
            "code", "label", "dl", "dt", "dd", "em",
        ]);
        let attributes = prop::sample::select(vec![
            "",
            " class=\"a b\"",
            " dj-key=\"1\"",
            " title='&quot;'",
            " dj-update=\"ignore\" disabled",
            " b=1 a=2",
        ]);
        (name, attributes, prop::collection::vec(inner, 0..5)).prop_map(|(name, attributes, children)| {
            format!("<{name}{attributes}>{}</{name}>", children.concat())
        })
    })
}

fn same(source: &str) -> Result<(), TestCaseError> {
    let page = |parser| parse(source, IdCounter::starting_at(3), parser);
    let body = |parser| parse_content(source, "body", IdCounter::starting_at(3), parser);
    for (fast, reference) in [
        (page(Parser::Fast), page(Parser::Reference)),
        (body(Parser::Fast), body(Parser::Reference)),
    ] {
        match (fast, reference) {
            (Ok(fast), Ok(reference)) => {
                prop_assert_eq!(fast.tree.to_html(), reference.tree.to_html(), "{}", source);
                prop_assert!(fast.tree == reference.tree, "{}", source);
                prop_assert_eq!(fast.ids, reference.ids, "{}", source);
            }
            (fast, reference) => prop_assert_eq!(fast.err(), reference.err()),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
        same(&pieces.concat())?;
        same(&format!("<div dj-root>{}</div>", pieces.concat()))?;
    }

    #[test]
    fn whole_elements(elements in prop::collection::vec(element(), 1..4)) {
        same(&format!("<main dj-root>{}</main>", elements.concat()))?;
        same(&elements.concat())?;
    }

    #[test]
    fn any_text(text in "[<>/a-e =\"'&;!-]{0,40}") {
        same(&text)?;
    }
}

#[test]
fn what_stands_in_an_element() {
    for (parent, source, html) in [
        (
            "body",
            "<p>a</p> <b>b</b> <i>c</i>",
            "<body><p dj-id=\"3\">a</p><b dj-id=\"4\">b</b> <i dj-id=\"5\">c</i></body>",
        ),
        ("pre", " a\n<b>b</b>\n", "<pre> a\n<b dj-id=\"3\">b</b>\n</pre>"),
        (
            "table",
            "<tr><td>1",
            "<table><tbody dj-id=\"3\"><tr dj-id=\"4\"><td dj-id=\"5\">1</td></tr></tbody></table>",
        ),
    ] {
        let read = parse_content(source, parent, IdCounter::starting_at(3), Parser::Fast).unwrap();
        assert_eq!(read.tree.to_html(), html);
    }
    same(&"<div>".repeat(3000)).unwrap();
}

#[test]
fn templates_are_read_fast() {
    let pages = [
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>A &amp; b</title>\n<style>a > b {}</style>\n\
         <script src=\"/x.js\"></script></head>\n<body class=\"x\">\n<nav><a href=\"/\">Home</a></nav>\n<div dj-root dj-view=\"v\">\
         <h1>Hi</h1> <ul>\n<li dj-key=\"1\">a <b>b</b></li>\n</ul></div>\n<script>let a = 1 < 2;</script>\n</body>\n</html>\n",
        "<div dj-root><table class=\"t\"><thead><tr><th>a</th></tr></thead>\n<tbody>\n<tr dj-key=\"1\"><td>x</td></tr>\n</tbody></table></div>",
        "<div dj-root><form dj-submit=\"save\"><input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"x\"><label>n <input name=n></label>\
         <select name=\"s\"><option value=\"1\" selected>a</option></select><textarea>t</textarea><button type=submit>Go</button></form></div>",
        "<div dj-root><svg viewBox=\"0 0 24 24\"><path d=\"M0 0\" stroke-linecap=\"round\"/></svg></div>",
        "<div dj-root>",
    ];
    for page in pages {
        let parsed = parse(page, IdCounter::default(), Parser::Fast).unwrap();
        assert!(parsed.is_fast, "{page}");
        same(page).unwrap();
    }
}
